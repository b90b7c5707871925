//! Codice fiscale of Italy.

use super::Code;
use super::calendar::is_date_of_some_century;

/// What a character counts at an odd place, by its value (0 to 9, A as 0 to Z as 25).
///
/// Source: Decreto ministeriale 23 December 1976, annex.
const ODD: [u8; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Letters that stand for 0 to 9 where two people would have the same code.
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";

/// Letters that stand for January to December.
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";

/// Sixteen characters, a date of birth (40 more on the day for women), the last the sum mod 26.
pub(super) fn codice_fiscale(code: &Code) -> bool {
    let bytes = code.as_slice();
    if bytes.len() != 16 {
        return false;
    }
    let sum: u32 = bytes[..15].iter().enumerate().map(|(at, b)| u32::from(counts(at, *b))).sum();
    u32::from(bytes[15].wrapping_sub(b'A')) == sum % 26 && is_born(&bytes[6..11]).unwrap_or(false)
}

/// Whether year, month and day make a date; `None` where a character stands for no digit.
fn is_born(date: &[u8]) -> Option<bool> {
    let number = |at: usize| Some(digit(date[at])? * 10 + digit(date[at + 1])?);
    let month = 1 + MONTHS.iter().position(|letter| *letter == date[2])?;
    let day = match number(3)? {
        woman @ 41.. => woman - 40,
        man => man,
    };
    let month = u64::try_from(month).expect("at most 12");
    Some(is_date_of_some_century(u64::from(number(0)?), month, u64::from(day)))
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
            // The example of python-stdnum; the next ones are common in descriptions of the rule.
            ("RCCMNL83S18D969H", true),
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
            // A woman's 29 February of 1984 and of 1985, 31 April, for a man and a woman.
            ("RSSMRA84B69A562C", true),
            ("RSSMRA85B69A562D", false),
            ("RSSMRA85D31A562M", false),
            ("RSSMRA85D71A562Q", false),
        ] {
            assert_eq!(codice_fiscale(&Code::of(value)), passes, "{value}");
        }
    }
}
