//! Where words begin and end: data-identifiers of AWS say "within 30 characters", this is the rule
//! that we made of it.
// Choice: an occurrence of a keyword begins where the character before is not alphanumeric
// (Unicode), at a lower-to-upper change, at the last letter of an upper-case run that a lower-case
// letter follows (`XMLSsn`), or at a digit-to-letter change; it ends likewise, where a letter meets
// a digit. `_` is not alphanumeric.

use crate::span::Span;

/// The character before byte `at`.
pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at.wrapping_sub(1)) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        Some(_) => text.get(..at)?.chars().next_back(),
        None => None,
    }
}

/// The character that begins at byte `at`.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        Some(_) => text.get(at..)?.chars().next(),
        None => None,
    }
}

/// Whether a letter or digit stands before byte `at` that would make what follows part of a longer
/// word.
#[inline]
pub(super) fn joined_before(text: &str, at: usize) -> bool {
    char_before(text, at).is_some_and(joins) && !ends_escape(text.as_bytes(), at)
}

/// Whether a letter or digit stands at byte `at` that would make what precedes part of a longer
/// word.
#[inline]
pub(super) fn joined_at(text: &str, at: usize) -> bool {
    char_at(text, at).is_some_and(joins)
}

/// The most frequent letters outside ASCII, and two signs.
const LATIN: std::ops::RangeInclusive<char> = '\u{C0}'..='\u{24F}';

/// A letter or digit of a script that puts spaces between words.
// Choice: beside a value or a keyword, letters of Thai, Lao, Burmese, Khmer, Chinese, Japanese and
// Korean count as edges: those scripts write no space there.
#[inline]
fn joins(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    // Without a look at the tables of Unicode.
    if LATIN.contains(&c) {
        return !matches!(c, '×' | '÷');
    }
    let spaceless = matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1100..=0x11FF | 0x1780..=0x17FF | 0x2E80..=0x9FFF
        | 0xA960..=0xA97F | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0xFF66..=0xFFDC
        | 0x20000..=0x3FFFF);
    c.is_alphanumeric() && !spaceless
}

/// Bytes of a word joined by `_` and `-` that are looked at, on either side of a value.
const JOINED_BYTES_MAX: usize = 64;

/// Words before a number that leave it a value of its own: `value_40219876`.
const LABELS: [&str; 6] = ["code", "num", "numero", "number", "val", "value"];

/// Whether `_` ends `before`, or begins `after`, with a word of three letters or digits beyond.
// Choice: `id_`, `no_` and `_v2` leave a value its own, as words for number do; `order_` does not.
pub(super) fn joined_by_underscore(before: &[u8], after: &[u8]) -> bool {
    let behind = after.strip_prefix(b"_").is_some_and(|rest| part_len(rest.iter()) > 2);
    behind || before.strip_suffix(b"_").is_some_and(|rest| !is_label(last_part(rest)))
}

/// Whether `-` ends `before`, with a word of three small letters before it.
pub(super) fn joined_by_dash(before: &[u8]) -> bool {
    let part = before.strip_suffix(b"-").map(last_part);
    part.is_some_and(|part| !is_label(part) && part.iter().all(u8::is_ascii_lowercase))
}

/// The value and what letters, digits, `_` and `-` join to it, as far as one looks.
pub(super) fn joined(bytes: &[u8], span: Span) -> Span {
    let part = |byte: &&u8| joins_byte(byte) || matches!(byte, b'_' | b'-');
    let before = bytes[..span.start].iter().rev().take(JOINED_BYTES_MAX).take_while(part).count();
    let after = bytes[span.end..].iter().take(JOINED_BYTES_MAX).take_while(part).count();
    Span::new(span.start - before, span.end + after)
}

fn last_part(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.len() - part_len(bytes.iter().rev())..]
}

fn part_len<'t>(bytes: impl Iterator<Item = &'t u8>) -> usize {
    bytes.take(JOINED_BYTES_MAX).take_while(joins_byte).count()
}

fn joins_byte(byte: &&u8) -> bool {
    byte.is_ascii_alphanumeric() || **byte >= 0x80
}

fn is_label(part: &[u8]) -> bool {
    part.len() < 3 || LABELS.iter().any(|label| part.eq_ignore_ascii_case(label.as_bytes()))
}

/// Whether an escape ends before byte `at`, so that a letter or digit there belongs to it: `\n` and
/// its like or `\u003c` of a JSON string, `%3D` or `%253D` of a URL, `m` of a colour.
// Choice: a word may begin behind an escape, as behind the character that it stands for.
pub(super) fn ends_escape(bytes: &[u8], at: usize) -> bool {
    match &bytes[..at] {
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'\\', b'u' | b'U', a, b, c, d] => [a, b, c, d].iter().all(|x| x.is_ascii_hexdigit()),
        [.., b'%', a, b] | [.., b'%', b'2', b'5', a, b]
            if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() =>
        {
            true
        }
        [before @ .., b'm'] => in_colour(before),
        _ => false,
    }
}

/// Whether byte `at` lies inside an escape, where no value begins.
pub(super) fn inside_escape(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match &bytes[..at] {
        [.., b'\\'] => {
            is_json(bytes) && matches!(bytes[at], b'n' | b'r' | b't' | b'b' | b'f' | b'u')
        }
        before @ [.., b'[' | b';'] => in_colour(before),
        _ => false,
    }
}

/// Whether `before` ends inside a terminal's colour sequence: `ESC [`, then digits and semicolons.
pub(super) fn in_colour(before: &[u8]) -> bool {
    let parameters = before.iter().rev().take(24);
    let count = parameters.take_while(|b| b.is_ascii_digit() || **b == b';').count();
    let Some(start) = before[..before.len() - count].strip_suffix(b"[") else { return false };
    let spelt = |escape: &[u8]| {
        let tail = start.len().checked_sub(escape.len()).map(|from| &start[from..]);
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(escape))
    };
    [&b"\x1b"[..], b"\\u001b", b"\\x1b", b"\\033", b"\\e"].into_iter().any(spelt)
}

/// Whether the message is a JSON text, in which a backslash always begins an escape.
fn is_json(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// Whether a keyword may begin at byte `at`.
pub(super) fn begins(text: &str, at: usize) -> bool {
    let Some(before) = char_before(text, at).filter(|c| joins(*c)) else {
        return true;
    };
    let Some(first) = char_at(text, at) else {
        return false;
    };
    ends_escape(text.as_bytes(), at)
        || (before.is_lowercase() && first.is_uppercase())
        || (is_numeric(before) && first.is_alphabetic())
        || (before.is_uppercase() && first.is_uppercase() && lowercase_after(text, at, first))
}

/// Whether a keyword may end before byte `at`.
pub(super) fn ends(text: &str, at: usize) -> bool {
    let Some(after) = char_at(text, at).filter(|c| joins(*c)) else {
        return true;
    };
    let Some(last) = char_before(text, at) else {
        return false;
    };
    (last.is_lowercase() && after.is_uppercase())
        || (is_numeric(after) && last.is_alphabetic())
        || (last.is_uppercase() && after.is_uppercase() && lowercase_after(text, at, after))
}

/// [`char::is_numeric`]; of the most frequent letters without a look at the tables of Unicode.
fn is_numeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { !LATIN.contains(&c) && c.is_numeric() }
}

fn lowercase_after(text: &str, at: usize, first: char) -> bool {
    char_at(text, at + first.len_utf8()).is_some_and(char::is_lowercase)
}
