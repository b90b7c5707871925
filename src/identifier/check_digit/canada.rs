//! Numbers and codes of Canada.

use super::{Digits, context, luhn};
use crate::span::Span;

/// Social insurance number: nine digits by Luhn, the first not 0 or 8.
///
/// Source: Employment and Social Development Canada, SIN code of practice.
pub(super) fn social_insurance(digits: &Digits) -> bool {
    let digits = digits.as_slice();
    digits.len() == 9 && !matches!(digits[0], 0 | 8) && luhn::is_valid(digits)
}

/// Whether a text in the shape of a postal code is one, and not part of an id: nothing joins it to
/// other text, and what is not written as Canada Post asks (upper case, one space) is not
/// hexadecimal and not named as a version, a node or the like.
pub(super) fn postal_code(text: &str, span: Span) -> bool {
    let bytes = text.as_bytes();
    let value = &bytes[span.range()];
    let (before, after) = (&bytes[..span.start], &bytes[span.end..]);
    let joined = matches!(before.last(), Some(b'-' | b'_' | b'/' | b'.' | b'+' | b'@' | b'%'))
        || matches!(after, [b'-' | b'_' | b'/' | b'+' | b'@' | b'=', ..])
        || matches!(after, [b'.' | b':', next, ..] if next.is_ascii_alphanumeric());
    let formal = value.len() == 7 && value[3] == b' ' && value[0].is_ascii_uppercase();
    let letters = || value.iter().filter(|byte| byte.is_ascii_alphabetic());
    let one_case = letters().all(u8::is_ascii_uppercase) || letters().all(u8::is_ascii_lowercase);
    let named = || context::is_clock_or_counter(text, span);
    !joined && one_case && (formal || !(letters().all(u8::is_ascii_hexdigit) || named()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn social_insurance_numbers() {
        for (value, passes) in [
            // The example of python-stdnum.
            ("123 456 782", true),
            ("130 692 544", true),
            ("453-987-612", true),
            ("130 692 545", false),
            ("046 454 286", false),
            ("13069254", false),
        ] {
            assert_eq!(social_insurance(&Digits::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn postal_codes_are_not_parts_of_ids() {
        for (text, passes) in [
            ("at K1A 0B1.", true),
            ("at V6B1A1;", true),
            ("at v6b 1a1,", true),
            ("at A1B 2C3,", true),
            ("at A1B2C3\n", false),
            ("at a1b 2c3,", false),
            ("at V6b 1A1,", false),
            ("node=V6B1A1,", false),
            ("x-V6B1A1,,", false),
            ("at V6B1A1-", false),
        ] {
            let start = text.find([' ', '-', '=']).expect("a sign") + 1;
            let span = Span::new(start, text.len() - 1);
            let span = if text.starts_with('x') { Span::new(2, 8) } else { span };
            assert_eq!(postal_code(text, span), passes, "{text}");
        }
    }
}
