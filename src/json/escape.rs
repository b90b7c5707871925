//! Strings of JSON: what they mean, and where they spell it.

use crate::span::Span;

/// Appends the text of a JSON string to `out`.
///
/// # Panics
///
/// Panics unless `source` is a string that [`Scanner`] accepted, quotes included.
// Choice: a surrogate without its other half becomes U+FFFD, as invalid UTF-8 does at the door.
pub(crate) fn unescape(source: &str, out: &mut String) {
    let mut rest = inside_quotes(source);
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(at);
        let (decoded, len) = decode_escape(escape);
        out.push_str(plain);
        out.push(decoded);
        rest = escape.get(len..).expect("an escape is ASCII");
    }
    out.push_str(rest);
}

/// For each byte of the unescaped text of `source`, where in `source` the character begins that it
/// belongs to; one more entry for the end.
///
/// # Panics
///
/// As [`unescape`].
pub(crate) fn offsets(source: &str, offsets: &mut Vec<usize>) {
    offsets.clear();
    let inside = inside_quotes(source);
    let mut raw = 0;
    while let Some(rest) = inside.get(raw..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().expect("not empty");
        let (c, len) = match first {
            '\\' => decode_escape(rest),
            _ => (first, first.len_utf8()),
        };
        offsets.resize(offsets.len() + c.len_utf8(), raw + 1);
        raw += len;
    }
    offsets.push(raw + 1);
}

/// The bytes of `source` that spell the character at byte `at` of its unescaped text; all of
/// `source` when there is none.
///
/// # Panics
///
/// As [`unescape`].
pub(crate) fn spelling(source: &str, at: usize) -> Span {
    let inside = inside_quotes(source);
    let (mut raw, mut decoded) = (0, 0);
    loop {
        let rest = inside.get(raw..).expect("characters are passed whole");
        let Some(first) = rest.chars().next() else {
            break;
        };
        let (c, len) = match first {
            '\\' => decode_escape(rest),
            _ => (first, first.len_utf8()),
        };
        decoded += c.len_utf8();
        if decoded > at {
            return Span::new(1 + raw, 1 + raw + len);
        }
        raw += len;
    }
    Span::new(0, source.len())
}

fn inside_quotes(source: &str) -> &str {
    source.get(1..source.len().saturating_sub(1)).expect("a JSON string has two quotes")
}

/// The character that `source` begins with an escape of, and the escape's length in bytes.
fn decode_escape(source: &str) -> (char, usize) {
    let simple = match source.as_bytes()[1] {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return decode_unicode_escape(source),
        other => char::from(other),
    };
    (simple, 2)
}

fn decode_unicode_escape(source: &str) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let escape = source.get(at..at + 6)?;
        u32::from_str_radix(escape.strip_prefix("\\u")?, 16).ok()
    };
    let first = unit(0).expect("the scanner saw four hexadecimal digits");
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, unit(6)) {
        let scalar = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(scalar).expect("two halves make a scalar value"), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}
