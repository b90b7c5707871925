//! Codice fiscale of Italy.

use super::Code;

/// What a character counts at an odd place, by its value (0 to 9, A as 0 to Z as 25).
///
/// Source: Decreto ministeriale 23 December 1976, annex.
const ODD: [u8; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Letters that stand for 0 to 9 where two people would have the same code.
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";

/// Sixteen characters, the day 1 to 31 (41 to 71 for women), the last the sum mod 26.
pub(super) fn codice_fiscale(code: &Code) -> bool {
    let bytes = code.as_slice();
    if bytes.len() != 16 {
        return false;
    }
    let sum: u32 = bytes[..15].iter().enumerate().map(|(at, b)| u32::from(counts(at, *b))).sum();
    let day = digit(bytes[9]).zip(digit(bytes[10])).map(|(tens, ones)| tens * 10 + ones);
    u32::from(bytes[15].wrapping_sub(b'A')) == sum % 26 && matches!(day, Some(1..=31 | 41..=71))
}

/// What the character at that place, counted from 0, adds.
fn counts(at: usize, byte: u8) -> u8 {
    let value = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
    if at.is_multiple_of(2) { ODD[usize::from(value)] } else { value }
}

/// The digit that a character is or stands for.
fn digit(byte: u8) -> Option<u8> {
    if byte.is_ascii_digit() {
        return Some(byte - b'0');
    }
    let place = OMOCODIA.iter().position(|letter| *letter == byte)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_with_their_letter_pass() {
        for (value, passes) in [
            ("RSSMRA85T10A562S", true),
            ("mrtmtt91d08f205j", true),
            ("RSSMRA85T10A562T", false),
            ("RSSMRA85T10A562", false),
            // Two places of the surname changed about.
            ("SRSMRA85T10A562S", false),
        ] {
            assert_eq!(codice_fiscale(&Code::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn letters_stand_for_digits_and_days_are_days() {
        for (value, passes) in [
            // 5 at place 8 (even) becomes R: 17 - 5 more, S becomes E.
            ("RSSMRA8RT10A562E", true),
            ("RSSMRA8RT10A562S", false),
            // The day 1L is 10; the day 40 is none.
            ("RSSMRA85T1LA562S", false),
            ("RSSMRA85T40A562S", false),
        ] {
            assert_eq!(codice_fiscale(&Code::of(value)), passes, "{value}");
        }
    }
}
