//! What a candidate has to pass: edges, keyword proximity, check.

use super::compile::GroupPattern;
use super::keywords::{IdentifierSet, KEYWORD_BYTES_MAX, KeywordHit};
use super::{scan, word};
use crate::identifier::{Edges, KeywordPlace};
use crate::message::count_chars;
use crate::span::Span;

/// Whether the candidate at `span` is a detection of `pattern`'s identifier.
pub(super) fn confirms(
    pattern: &GroupPattern,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
) -> bool {
    let identifier = 1 << pattern.identifier;
    edges_fit(pattern.edges, identifier, text, span, hits)
        && (!pattern.needs_keyword || keyword_near(pattern, text, span, hits))
        && pattern.check.passes(text, span)
}

/// Whether a keyword stands near enough to the value, and where the pattern asks for it.
fn keyword_near(pattern: &GroupPattern, text: &str, span: Span, hits: &[KeywordHit]) -> bool {
    let identifier: IdentifierSet = 1 << pattern.identifier;
    let chars = pattern.distance_chars;
    let place = pattern.keyword_place;
    let bytes = text.as_bytes();
    let within = |from: usize, to: usize| {
        to - from <= chars || (to - from <= chars * 4 && count_chars(&bytes[from..to]) <= chars)
    };
    scan::hits_near(hits, span, chars * 4 + KEYWORD_BYTES_MAX).iter().any(|hit| {
        hit.identifiers & identifier != 0
            && ((hit.end <= span.start
                && within(hit.end, span.start)
                && leads(place, &bytes[hit.end..span.start]))
                || (hit.start >= span.end
                    && within(span.end, hit.start)
                    && trails(place, &bytes[..span.start], &bytes[span.end..hit.start])))
    })
}

/// Whether a keyword speaks for the value behind it, with `between` between them.
// Choice: a keyword of `Alone` or `Leading` speaks for the first number behind it, and for none of
// a field of its own: `"cvv":null,"status":500`.
fn leads(place: KeywordPlace, between: &[u8]) -> bool {
    let other_field = || between.iter().any(|byte| b",;&|".contains(byte)) && assigned(between);
    place == KeywordPlace::Near || !(has_number(between) || other_field())
}

/// Whether a keyword speaks for the value before it, with `between` between them.
fn trails(place: KeywordPlace, before: &[u8], between: &[u8]) -> bool {
    match place {
        KeywordPlace::Near => true,
        KeywordPlace::Alone => !has_number(between) && !assigned(before),
        KeywordPlace::Leading => false,
    }
}

/// Two digits in a row, or two asterisks, which stand for a value that was masked before. One
/// digit alone is no number: `cvv (3 digits)`.
fn has_number(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair.iter().all(u8::is_ascii_digit) || pair == b"**")
}

/// Whether four hexadecimal digits between dashes stand beside the value, as in a UUID.
fn in_uuid(before: &[u8], after: &[u8]) -> bool {
    let group = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    matches!(before, [.., b'-', a, b, c, d, b'-'] if group(&[*a, *b, *c, *d]))
        || matches!(after, [b'-', a, b, c, d, b'-', ..] if group(&[*a, *b, *c, *d]))
}

/// Whether what follows is the value of a field: a sign of assignment, then quotes or spaces.
fn assigned(before: &[u8]) -> bool {
    let last = before.iter().rev().take(4).find(|byte| !b" \"'\\".contains(byte));
    matches!(last, Some(b'=' | b':'))
}

/// Whether what stands directly beside the value leaves it a value of its own.
fn edges_fit(
    edges: Edges,
    identifier: IdentifierSet,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
) -> bool {
    if edges == Edges::Any {
        return true;
    }
    let bytes = text.as_bytes();
    let keyword = |touches: fn(&KeywordHit, Span) -> bool| {
        let near = scan::hits_near(hits, span, KEYWORD_BYTES_MAX);
        near.iter().any(|hit| hit.identifiers & identifier != 0 && touches(hit, span))
    };
    // Choice: a bracket that opens a value is an edge by itself.
    let before = bytes[span.start] == b'('
        || !word::joined_before(text, span.start)
        || keyword(|hit, span| hit.end == span.start);
    let after = !word::joined_at(text, span.end)
        || keyword(|hit, span| hit.start == span.end)
        || (edges == Edges::Phone && is_extension(&bytes[span.end..]));
    before && after && stands_apart(edges, bytes, span)
}

/// An extension of a phone number, written right behind it: `x12`, `ext12`.
fn is_extension(after: &[u8]) -> bool {
    let digits = after.strip_prefix(b"ext").or_else(|| after.strip_prefix(b"x"));
    digits.is_some_and(|digits| digits.first().is_some_and(u8::is_ascii_digit))
}

/// What `edges` asks beyond letters and digits.
fn stands_apart(edges: Edges, bytes: &[u8], span: Span) -> bool {
    let (before, after) = (&bytes[..span.start], &bytes[span.end..]);
    match edges {
        Edges::Word | Edges::Any => true,
        Edges::Number | Edges::Phone => {
            let longer_before = matches!(before, [.., b'0'..=b'9', b'-' | b'.']);
            let longer_after = matches!(after, [b'-' | b'.', b'0'..=b'9', ..]);
            !longer_before && !longer_after && !in_uuid(before, after)
        }
        Edges::Base64 => {
            !matches!(before, [.., b'+' | b'/']) && !matches!(after, [b'+' | b'/' | b'=', ..])
        }
    }
}
