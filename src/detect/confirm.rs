//! What a candidate has to pass: edges, keyword proximity, check.

use super::compile::GroupPattern;
use super::keywords::{IdentifierSet, KEYWORD_BYTES_MAX, KeywordHit};
use super::{scan, word};
use crate::identifier::Edges;
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
        && (!pattern.needs_keyword
            || keyword_near(identifier, pattern.distance_chars, text, span, hits))
        && pattern.check.passes(text, span)
}

/// Whether a keyword stands within `chars` characters before or after the value.
fn keyword_near(
    identifier: IdentifierSet,
    chars: usize,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
) -> bool {
    let bytes = text.as_bytes();
    let within = |from: usize, to: usize| {
        to - from <= chars || (to - from <= chars * 4 && count_chars(&bytes[from..to]) <= chars)
    };
    scan::hits_near(hits, span, chars * 4 + KEYWORD_BYTES_MAX).iter().any(|hit| {
        hit.identifiers & identifier != 0
            && ((hit.end <= span.start && within(hit.end, span.start))
                || (hit.start >= span.end && within(span.end, hit.start)))
    })
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
            !longer_before && !longer_after
        }
        Edges::Base64 => {
            !matches!(before, [.., b'+' | b'/']) && !matches!(after, [b'+' | b'/' | b'=', ..])
        }
    }
}
