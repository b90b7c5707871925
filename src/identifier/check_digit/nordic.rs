//! Personal identity codes that Finnish and Swedish licences carry.

use super::calendar::{is_date, is_date_of_some_century};
use super::{Digits, luhn};

const HETU_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Finland (henkilötunnus): day, month, year, a sign for the century, an individual number of 002
/// to 899, and the character that the nine digits mod 31 select.
///
/// Source: Digital and Population Data Services Agency; decree 690/2022 for the new signs.
pub(super) fn hetu(value: &str) -> bool {
    let [date @ .., sign, _, _, _, check] = value.as_bytes() else {
        return false;
    };
    let digits = Digits::of(value.get(..value.len() - 1).unwrap_or_default());
    if date.len() != 6 || digits.as_slice().len() != 9 {
        return false;
    }
    let century = match sign.to_ascii_uppercase() {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return false,
    };
    let (day, month, year) = (digits.number(0, 2), digits.number(2, 4), digits.number(4, 6));
    let selected = usize::try_from(digits.number(0, 9) % 31).expect("below 31");
    is_date(century + year, month, day)
        && (2..=899).contains(&digits.number(6, 9))
        && HETU_CHARACTERS[selected] == check.to_ascii_uppercase()
}

/// Sweden (personnummer): the date of birth, three digits and Luhn over the last ten. A
/// coordination number (samordningsnummer) counts 60 on to the day.
///
/// Source: Skatteverket, personnummer and samordningsnummer.
pub(super) fn personnummer(value: &str) -> bool {
    let digits = Digits::of(value);
    let from = match digits.as_slice().len() {
        10 => 0,
        12 => 2,
        _ => return false,
    };
    let part = |at: usize| digits.number(from + at, from + at + 2);
    let (year, month, day) = (part(0), part(2), part(4));
    let day = if day > 60 { day - 60 } else { day };
    let dated = match from {
        0 => is_date_of_some_century(year, month, day),
        _ => {
            let year = digits.number(0, 4);
            (1800..2100).contains(&year) && is_date(year, month, day)
        }
    };
    dated && luhn::is_valid(&digits.as_slice()[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_finnish_codes_pass_and_one_change_fails() {
        // The specimen of licence and identity card; signs of three centuries.
        for value in ["131052-308T", "131052-308t", "280216A3171", "010594Y0020", "120198+0459"] {
            assert!(hetu(value), "{value}");
        }
        // The check character, the day, the leap day, the sign, the length, a temporary number.
        for value in [
            "131052-308U",
            "311152-3087",
            "290201A002M",
            "131052_308T",
            "131052-308",
            "010594Y9032",
            "",
        ] {
            assert!(!hetu(value), "{value}");
        }
    }

    #[test]
    fn published_swedish_numbers_pass_and_one_change_fails() {
        // Skatteverket's examples: 640823-3234 and the coordination number 701063-2391.
        for value in ["640823-3234", "811228-9874", "670919-9530", "701063-2391", "19811228-9874"] {
            assert!(personnummer(value), "{value}");
        }
        for value in ["811228-9873", "811328-9874", "640823-323", "218112289874", "811200-9879"] {
            assert!(!personnummer(value), "{value}");
        }
    }
}
