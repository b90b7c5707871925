//! Registers of Spain: DNI, NIE, NIF, CIF and the social security number.

use super::{Code, Digits};

/// Source: Ministerio del Interior, "Cálculo del dígito de control del NIF/NIE".
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// DNI of a citizen: eight digits and the letter of their rest mod 23.
pub(super) fn dni(code: &Code) -> bool {
    let [number @ .., letter] = code.as_slice() else {
        return false;
    };
    number.len() == 8 && number != b"00000000" && lettered(0, number, *letter)
}

/// NIE of a foreigner: X, Y or Z stands for 0, 1 or 2 before seven digits.
pub(super) fn nie(code: &Code) -> bool {
    let [first @ b'X'..=b'Z', number @ .., letter] = code.as_slice() else {
        return false;
    };
    number.len() == 7 && lettered(u64::from(first - b'X'), number, *letter)
}

/// NIF of a person: a DNI, a NIE, or K (minors), L (Spaniards abroad) or M (foreigners without
/// NIE) before seven digits and their letter.
///
/// Source: Orden EHA/451/2008; Real Decreto 1065/2007, articles 19 to 21.
pub(super) fn nif(code: &Code) -> bool {
    match code.as_slice() {
        [b'K' | b'L' | b'M', number @ .., letter] if number.len() == 7 => {
            lettered(0, number, *letter)
        }
        _ => dni(code) || nie(code),
    }
}

/// Tax number of a company (CIF, now NIF of legal persons): a letter for its form, seven digits,
/// and a digit or letter that they give.
///
/// Source: Orden EHA/451/2008. A, B, E and H end in a digit; N, P, Q, R, S and W in a letter.
pub(super) fn cif(code: &Code) -> bool {
    let [form, number @ .., control] = code.as_slice() else {
        return false;
    };
    if number.len() != 7 || !number.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u8 = number
        .iter()
        .enumerate()
        .map(|(place, byte)| match (place % 2, (byte - b'0') * 2) {
            (0, doubled) => doubled / 10 + doubled % 10,
            _ => byte - b'0',
        })
        .sum();
    let check = (10 - sum % 10) % 10;
    let digit = *control == b'0' + check;
    let letter = *control == b"JABCDEFGHI"[usize::from(check)];
    match form {
        b'A' | b'B' | b'E' | b'H' => digit,
        b'N' | b'P' | b'Q' | b'R' | b'S' | b'W' => letter,
        b'C' | b'D' | b'F' | b'G' | b'J' | b'U' | b'V' => digit || letter,
        _ => false,
    }
}

/// Social security number: province, sequence of eight digits (seven: an employer's), and their
/// rest mod 97. A sequence below ten million counts with seven digits.
///
/// Source: Tesorería General de la Seguridad Social; provinces 01 to 53, 66 from abroad.
pub(super) fn social_security(digits: &Digits) -> bool {
    let len = digits.as_slice().len();
    if !matches!(len, 11 | 12) {
        return false;
    }
    let (province, sequence) = (digits.number(0, 2), digits.number(2, len - 2));
    let whole =
        if sequence < 10_000_000 { province * 10_000_000 + sequence } else { digits.number(0, 10) };
    matches!(province, 1..=53 | 66) && sequence > 0 && whole % 97 == digits.number(len - 2, len)
}

/// Whether `letter` belongs to the number of `first` and the digits of `number`.
fn lettered(first: u64, number: &[u8], letter: u8) -> bool {
    number.iter().all(u8::is_ascii_digit) && {
        let whole = number.iter().fold(first, |n, byte| n * 10 + u64::from(byte - b'0'));
        LETTERS[usize::try_from(whole % 23).expect("below 23")] == letter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_other_letters_fail() {
        for (value, passes) in [
            // The example of the Ministerio del Interior, and that of python-stdnum.
            ("12345678Z", true),
            ("54362315-K", true),
            ("12345678A", false),
            ("1234567Z", false),
            ("00000000T", false),
        ] {
            assert_eq!(dni(&Code::of(value)), passes, "{value}");
        }
        for (value, passes) in
            [("X1234567L", true), ("x-2482300w", true), ("X1234567A", false), ("W1234567L", false)]
        {
            assert_eq!(nie(&Code::of(value)), passes, "{value}");
        }
        for (value, passes) in [
            ("12345678Z", true),
            ("X1234567L", true),
            ("M1234567L", true),
            ("K1234567L", true),
            ("I1234567L", false),
            ("M1234567A", false),
        ] {
            assert_eq!(nif(&Code::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn companies_end_in_the_control_of_their_form() {
        for (value, passes) in [
            // The example of the common descriptions of the rule, and that of python-stdnum.
            ("A58818501", true),
            ("J99216582", true),
            ("B-83412858", true),
            ("P5881850A", true),
            ("A5881850A", false),
            ("P58818501", false),
            ("G58818501", true),
            ("G5881850A", true),
            ("A58818502", false),
            ("I58818501", false),
        ] {
            assert_eq!(cif(&Code::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn social_security_numbers_end_in_their_rest() {
        for (value, passes) in [
            ("28/12345678/40", true),
            ("281234567840", true),
            ("281234567841", false),
            ("54/12345678/40", false),
            ("2812345678", false),
        ] {
            assert_eq!(social_security(&Digits::of(value)), passes, "{value}");
        }
    }
}
