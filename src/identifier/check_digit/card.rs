//! The small numbers of a payment card: expiration date and security code. They have no check
//! digit; what stands beside them tells what they are not.

use super::context;
use crate::span::Span;

/// Not a part of a longer date, fraction or path, and no day of a log's clock: `11/23 10:15`.
pub(super) fn expiry(text: &str, span: Span) -> bool {
    let (before, after) = beside(text, span);
    let clock = |rest: &[u8]| match rest {
        [b' ', a, b, b':', c, ..] | [b' ', b, b':', a, c, ..] => {
            a.is_ascii_digit() && b.is_ascii_digit() && c.is_ascii_digit()
        }
        _ => false,
    };
    !(joined_before(before) || joined_after(after) || clock(after) || context::has_unit(text, span))
}

/// Not a part of a date, a clock time, an address with port, a percentage or an amount of money,
/// not followed by a unit, and, with four digits, not one group of a longer number.
pub(super) fn security_code(text: &str, span: Span) -> bool {
    let (before, after) = beside(text, span);
    let money = before.ends_with(b"$")
        || before.ends_with("€".as_bytes())
        || before.ends_with("£".as_bytes());
    let group =
        span.end - span.start == 4 && (is_group(before.iter().rev()) || is_group(after.iter()));
    let escape =
        matches!(after, [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let percentage = after.first() == Some(&b'%') && !escape;
    let joined = joined_before(before) || joined_after(after);
    let measure = context::has_unit(text, span) || context::is_clock_or_counter(text, span);
    !(joined || money || percentage || group || measure || source_line(before))
}

/// What stands before and behind the value.
fn beside(text: &str, span: Span) -> (&[u8], &[u8]) {
    (&text.as_bytes()[..span.start], &text.as_bytes()[span.end..])
}

/// A separator with a digit beyond it, which is not the last character of a name: `CVV2:739`.
fn joined_before(before: &[u8]) -> bool {
    let named = matches!(before, [.., a, b'0'..=b'9', _] if a.is_ascii_alphabetic());
    !named && matches!(before, [.., b'0'..=b'9', b'/' | b':'])
}

fn joined_after(after: &[u8]) -> bool {
    matches!(after, [b'/' | b':', b'0'..=b'9', ..])
}

/// Whether a space and four to six digits follow.
fn is_group<'t>(mut bytes: impl Iterator<Item = &'t u8>) -> bool {
    matches!(bytes.next(), Some(b' ' | b'-'))
        && (4..=6).contains(&bytes.take(7).take_while(|byte| byte.is_ascii_digit()).count())
}

/// Whether a source file stands before a colon: `Cvv.java:123`.
fn source_line(before: &[u8]) -> bool {
    const SUFFIXES: [&str; 11] =
        [".c:", ".cpp:", ".cs:", ".go:", ".java:", ".js:", ".kt:", ".py:", ".rb:", ".rs:", ".ts:"];
    SUFFIXES.iter().any(|suffix| before.ends_with(suffix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(test: fn(&str, Span) -> bool, text: &str, value: &str) -> bool {
        let start = text.find(value).expect("the value stands in the text");
        test(text, Span::new(start, start + value.len()))
    }

    #[test]
    fn dates_and_clocks_hold_no_expiration() {
        for (text, value, passes) in [
            ("exp 08/27", "08/27", true),
            ("exp:08/27, paid", "08/27", true),
            ("08/27 at noon", "08/27", true),
            ("05/08/27", "08/27", false),
            ("08/27/2024", "08/27", false),
            ("08/27 10:15:00", "08/27", false),
            ("08/27 9:15", "08/27", false),
            ("12/24 seconds", "12/24", false),
            ("1024 seconds", "1024", false),
        ] {
            assert_eq!(alone(expiry, text, value), passes, "{value} in {text}");
        }
    }

    #[test]
    fn amounts_clocks_ports_and_groups_are_no_security_codes() {
        for (text, value, passes) in [
            ("cvv:123", "123", true),
            ("cvv 123 456", "123", true),
            ("cvv 1234 ok", "1234", true),
            ("12/2027", "2027", false),
            ("10.0.0.1:8080", "8080", false),
            ("$123", "123", false),
            ("123%", "123", false),
            ("250 ms", "250", false),
            ("250 MS,", "250", true),
            ("status=402", "402", false),
            ("card.cvv: 123 US", "123", true),
            ("250 msisdn", "250", true),
            ("Cvv.java:123", "123", false),
            ("card.cvv:123", "123", true),
            ("4539 5787 6362", "4539", false),
            ("4539 5787 6362", "5787", false),
            ("3742 454554", "3742", false),
        ] {
            assert_eq!(alone(security_code, text, value), passes, "{value} in {text}");
        }
    }
}
