//! Numbers of American health care.

use super::{Digits, luhn, north_america};
use crate::span::Span;

/// National Provider Identifier: ten digits that begin with 1 or 2, Luhn with the prefix 80840,
/// which may be written.
///
/// Source: 45 CFR 162.406; CMS, NPI check digit.
pub(super) fn npi(digits: &Digits) -> bool {
    const PREFIX: [u8; 5] = [8, 0, 8, 4, 0];
    let digits = digits.as_slice();
    let number = digits.strip_prefix(&PREFIX).unwrap_or(digits);
    let mut whole = [0; 15];
    whole[..5].copy_from_slice(&PREFIX);
    number.len() == 10 && matches!(number[0], 1 | 2) && {
        whole[5..].copy_from_slice(number);
        luhn::is_valid(&whole)
    }
}

/// DEA registration: seven digits behind two characters; the last digit is that of d1 + d3 + d5
/// and twice d2 + d4 + d6.
///
/// Source: 21 CFR 1301; DEA Diversion Control Division, validating registration numbers.
pub(super) fn dea(value: &str) -> bool {
    let Some(number) = value.get(2..).filter(|rest| rest.len() == 7) else { return false };
    let digits = Digits::of(number);
    let [d1, d2, d3, d4, d5, d6, check] = *digits.as_slice() else { return false };
    (d1 + d3 + d5 + 2 * (d2 + d4 + d6)) % 10 == check && digits.number(0, 7) != 0
}

/// Health Insurance Claim Number: with nine digits they are a Social Security number.
///
/// Source: CMS, Medicare General Information, chapter 2, section 50.2.
// Choice: six digits behind a prefix of the Railroad Retirement Board are any.
pub(super) fn hicn(value: &str) -> bool {
    let has_suffix = value.as_bytes()[0].is_ascii_digit();
    let tail = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let head = if has_suffix && tail.len() < value.len() { tail } else { value };
    let digits = Digits::of(head);
    digits.as_slice().len() == 6 || north_america::ssn(&digits)
}

/// HCPCS code: not a part of a longer number; a modifier of two characters may follow a dash.
///
/// Source: CMS, HCPCS Level II coding; AMA, CPT (Level I).
pub(super) fn hcpcs(text: &[u8], span: Span) -> bool {
    let (before, after) = (&text[..span.start], &text[span.end..]);
    let joined_before = matches!(before, [.., b'0'..=b'9', b'-' | b'.' | b'/' | b':']);
    let joined_after = match after {
        [b'-', a, b, rest @ ..] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => {
            rest.first().is_some_and(u8::is_ascii_alphanumeric)
        }
        [b'-' | b'.' | b'/' | b':', digit, ..] => digit.is_ascii_digit(),
        _ => false,
    };
    !joined_before && !joined_after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_identifiers_are_luhn_behind_80840() {
        // CMS's own example, with and without the prefix.
        for value in ["1234567893", "808401234567893"] {
            assert!(npi(&Digits::of(value)), "{value}");
        }
        for value in ["1234567890", "3234567893", "123456789", "808411234567893"] {
            assert!(!npi(&Digits::of(value)), "{value}");
        }
    }

    #[test]
    fn registrations_end_in_their_check_digit() {
        for check in 0..10 {
            assert_eq!(dea(&format!("AB123456{check}")), check == 3, "{check}");
        }
        assert!(dea("F91234563"));
        assert!(!dea("AB0000000"));
    }

    #[test]
    fn claim_numbers_hold_a_social_security_number() {
        for value in ["536-90-4399-A", "536904399B1", "536904399C1", "WA123456", "A-536904399"] {
            assert!(hicn(value), "{value}");
        }
        for value in ["000-12-3456A", "666123456B1", "900123456D", "WA000123456"] {
            assert!(!hicn(value), "{value}");
        }
    }

    #[test]
    fn a_code_is_not_part_of_a_longer_number() {
        for (text, value, passes) in [
            ("99213", "99213", true),
            ("99213-25", "99213", true),
            ("J1100-JW,", "J1100", true),
            ("99213-4567", "99213", false),
            ("12-99213", "99213", false),
            ("99213.5", "99213", false),
            ("10:99213", "99213", false),
        ] {
            let start = text.find(value).expect("the value stands in the text");
            let span = Span::new(start, start + value.len());
            assert_eq!(hcpcs(text.as_bytes(), span), passes, "{text}");
        }
    }
}
