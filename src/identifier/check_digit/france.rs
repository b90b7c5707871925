//! Registers of France: the NIR and the tax number.

use super::{Code, Digits};

/// NIR: sex, year, month, department, commune, order, and 97 less the rest mod 97 of the thirteen
/// before. Corsica's 2A counts as 19, 2B as 18.
///
/// Source: INSEE, Répertoire national d'identification des personnes physiques; sex 3, 4, 7 and 8
/// while the registration is under way; months 20 to 42 and 50 to 99 where the month is not known.
pub(super) fn nir(code: &Code) -> bool {
    let bytes = code.as_slice();
    if bytes.len() != 15 {
        return false;
    }
    let mut number = [0; 15];
    number.copy_from_slice(bytes);
    match &bytes[5..7] {
        b"2A" => number[5..7].copy_from_slice(b"19"),
        b"2B" => number[5..7].copy_from_slice(b"18"),
        b"00" => return false,
        _ => {}
    }
    let Some(whole) = decimal(&number[..13]) else {
        return false;
    };
    let month = whole / 100_000_000 % 100;
    matches!(number[0], b'1'..=b'4' | b'7' | b'8')
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && !whole.is_multiple_of(1000)
        && decimal(&number[13..]) == Some(97 - whole % 97)
}

/// Tax number (SPI): thirteen digits, the first 0 to 3, the last three the rest mod 511 of the ten
/// before.
///
/// Source: European Commission, TIN algorithms, France.
pub(super) fn tax_number(digits: &Digits) -> bool {
    digits.as_slice().len() == 13
        && digits.number(0, 1) <= 3
        && digits.number(0, 10) > 0
        && digits.number(0, 10) % 511 == digits.number(10, 13)
}

fn decimal(bytes: &[u8]) -> Option<u64> {
    bytes
        .iter()
        .try_fold(0, |n, byte| byte.is_ascii_digit().then(|| n * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_their_key_pass() {
        for (value, passes) in [
            // The example of common descriptions of the rule, and those of python-stdnum.
            ("2 55 08 14 168 025 38", true),
            ("2 95 10 99 126 111 93", true),
            ("253072B07300470", true),
            ("185059912345607", true),
            ("1 86 02 2A 123 456 33", true),
            ("1 86 02 2B 123 456 33", false),
            ("186022A12345634", false),
            ("255081416802539", false),
            ("955081416802538", false),
            ("25508141680253", false),
        ] {
            assert_eq!(nir(&Code::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn tax_numbers_end_in_their_rest() {
        for (value, passes) in [
            // The example of the European Commission's TIN algorithms, and that of python-stdnum.
            ("30 23 217 600 053", true),
            ("07 01 987 765 493", true),
            ("0123456789211", true),
            ("3023217600054", false),
            ("4023217600053", false),
            ("0000000000000", false),
            ("302321760005", false),
        ] {
            assert_eq!(tax_number(&Digits::of(value)), passes, "{value}");
        }
    }
}
