//! Registers of Germany: the tax identification number and the identity card.

use super::{Code, Digits, icao, iso7064};

/// Tax identification number: eleven digits, the first not 0. Of the first ten digits exactly one
/// occurs twice or three times, three never in a row; the last by ISO/IEC 7064 mod 11,10.
///
/// Source: Bundeszentralamt für Steuern; European Commission, TIN algorithms, Germany.
pub(super) fn tax_id(digits: &Digits) -> bool {
    let [number @ .., check] = digits.as_slice() else {
        return false;
    };
    number.len() == 10 && number[0] != 0 && repeats(number) && iso7064::mod_11_10(number) == *check
}

fn repeats(number: &[u8]) -> bool {
    let mut counts = [0u8; 10];
    for digit in number {
        counts[usize::from(*digit)] += 1;
    }
    let often = |n| counts.iter().filter(|count| **count == n).count();
    let in_a_row = number.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]);
    !in_a_row && matches!((often(2), often(3), often(1)), (1, 0, 8) | (0, 1, 7))
}

/// Serial number and check digit of an identity card, with or without D for the nationality.
/// Weights 7, 3, 1; A counts as 10, Z as 35; mod 10. Cards before November 2010 have ten digits.
///
/// Source: ICAO Doc 9303, part 3, section 4.9; Personalausweisverordnung.
pub(super) fn identity_card(code: &Code) -> bool {
    let (Some(serial), Some(check)) = (code.as_slice().get(..9), code.as_slice().get(9)) else {
        return false;
    };
    let digit = char::from(*check).to_digit(10);
    digit.is_some() && digit == icao::check_digit(serial) && serial != b"000000000"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_tax_ids_pass_and_repetitions_are_counted() {
        for (value, passes) in [
            // The example of python-stdnum, and that of the Bundeszentralamt für Steuern.
            ("36 574 261 809", true),
            ("86095742719", true),
            ("36574261808", false),
            ("02476291358", false),
            // Ten different digits, two digits twice, four of one digit, three in a row.
            ("12345678903", false),
            ("11223456789", false),
            ("3657426180", false),
        ] {
            assert_eq!(tax_id(&Digits::of(value)), passes, "{value}");
        }
        assert!(repeats(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 9]));
        assert!(repeats(&[1, 9, 2, 9, 3, 9, 4, 5, 6, 7]));
        assert!(!repeats(&[1, 2, 3, 4, 5, 6, 7, 9, 9, 9]));
        assert!(!repeats(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]));
        assert!(!repeats(&[1, 1, 2, 2, 3, 4, 5, 6, 7, 8]));
    }

    #[test]
    fn the_specimen_card_passes() {
        for (value, passes) in [
            // The numbers of two specimen cards.
            ("L01X00T471", true),
            ("T220001293", true),
            ("T220001293D", true),
            ("1220001297", true),
            ("T220001294", false),
            ("L220001293", false),
            ("T22000129", false),
        ] {
            assert_eq!(identity_card(&Code::of(value)), passes, "{value}");
        }
    }
}
