//! What a candidate has to pass: edges, keyword proximity, check.

use super::keywords::{KEYWORD_BYTES_MAX, KeywordHit};
use super::tables::{IdentifierSet, WalkPattern};
use super::{window, word};
use crate::identifier::{Check, Edges, KeywordPlace};
use crate::message::count_chars;
use crate::span::Span;

/// Why a candidate is no detection: the first test that it fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    Edge(Edge),
    NoKeyword,
    Check,
}

/// What stands directly beside a value and makes it part of something longer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Edge {
    /// A letter or digit stands before it.
    JoinedBefore,
    /// A letter or digit stands behind it.
    JoinedBehind,
    /// It is part of a longer number: `-` or `.` stands beside it, and a digit beyond.
    LongerNumber,
    /// It is part of a UUID.
    Uuid,
    /// It is part of longer base64: `+`, `/` or `=` stands beside it.
    LongerBase64,
    /// It is part of a longer word that holds no keyword: `_` or `-` joins it to letters.
    LongerWord,
}

/// Why a keyword does not speak for a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Silence {
    /// More characters lie between the two than the pattern allows.
    TooFar,
    /// It stands behind the value, and only one before it counts.
    Behind,
    /// A number stands between the two; the keyword speaks for the first number only.
    NumberBetween,
    /// A field of its own stands between the two, or the value is that of another field.
    OtherField,
}

/// Whether the candidate at `span` is a detection of `pattern`'s identifier.
pub(super) fn confirms(
    pattern: &WalkPattern,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
    checked: &mut Checked,
) -> bool {
    judge(pattern, text, span, hits, checked).is_ok()
}

/// The keywords of a text.
#[derive(Clone, Copy)]
pub(super) struct Hits<'h> {
    pub(super) all: &'h [KeywordHit],
    /// Those that may speak for the value at hand are among these.
    pub(super) near: &'h [KeywordHit],
}

/// What has been asked about a span before: identifiers ask alike.
#[derive(Clone, Copy, Default)]
pub(super) struct Checked {
    /// The checks that were asked, and those that were passed, as bits.
    asked: u128,
    passed: u128,
    joined_before: Option<bool>,
    joined_behind: Option<bool>,
}

impl Checked {
    /// What is known of another span that begins at the same byte.
    pub(super) fn of_same_start(self) -> Self {
        Self { joined_before: self.joined_before, ..Self::default() }
    }

    fn passes(&mut self, check: Check, text: &str, span: Span) -> bool {
        let bit = 1 << check as u32;
        if self.asked & bit == 0 {
            self.asked |= bit;
            self.passed |= bit * u128::from(check.passes(text, span));
        }
        self.passed & bit != 0
    }

    fn joined_before(&mut self, text: &str, at: usize) -> bool {
        *self.joined_before.get_or_insert_with(|| word::joined_before(text, at))
    }

    fn joined_behind(&mut self, text: &str, at: usize) -> bool {
        *self.joined_behind.get_or_insert_with(|| word::joined_at(text, at))
    }
}

/// Whether the candidate at `span` is a detection of `pattern`'s identifier, or why not.
#[inline]
pub(super) fn judge(
    pattern: &WalkPattern,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
    checked: &mut Checked,
) -> Result<(), Refusal> {
    let near =
        if pattern.needs_keyword { window::hits_near(hits, span, reach(pattern)) } else { &[] };
    judge_among(pattern, text, span, Hits { all: hits, near }, checked)
}

/// The same where it is known which keywords are near. The one place where candidates are judged,
/// for masking and for explaining.
#[inline]
pub(super) fn judge_among(
    pattern: &WalkPattern,
    text: &str,
    span: Span,
    hits: Hits<'_>,
    checked: &mut Checked,
) -> Result<(), Refusal> {
    edges_fit(pattern, text, span, hits.all, checked).map_err(Refusal::Edge)?;
    if pattern.needs_keyword {
        if in_longer_word(pattern, text.as_bytes(), span, hits.all) {
            return Err(Refusal::Edge(Edge::LongerWord));
        }
        let identifier: IdentifierSet = 1 << pattern.identifier;
        let speaks = |hit: &KeywordHit| {
            hit.identifiers & identifier != 0
                && speaks_for(pattern, text, span, hit) == Some(Ok(()))
        };
        if !hits.near.iter().any(speaks) {
            return Err(Refusal::NoKeyword);
        }
    }
    if checked.passes(pattern.check, text, span) { Ok(()) } else { Err(Refusal::Check) }
}

/// Whether the value is a part of a longer word that no keyword speaks in: `order_40219876`, and
/// for numbers without check digit `order-40219876`.
// Choice: a value that carries a check digit or separators of its own is never; nor one whose word
// is what a keyword's field or path holds: `passport/482913765_front.jpg`.
fn in_longer_word(pattern: &WalkPattern, bytes: &[u8], span: Span, hits: &[KeywordHit]) -> bool {
    let (before, after) = (&bytes[..span.start], &bytes[span.end..]);
    let weak = matches!(pattern.check, Check::Document | Check::LicenceAu | Check::LicenceFr);
    let dashed = weak && word::joined_by_dash(before);
    if !(dashed || word::joined_by_underscore(before, after)) {
        return false;
    }
    let own_separators = !bytes[span.range()].iter().all(u8::is_ascii_alphanumeric);
    if own_separators || pattern.check.carries_check_digit() {
        return false;
    }
    let whole = word::joined(bytes, span);
    !window::hits_near(hits, span, KEYWORD_BYTES_MAX).iter().any(|hit| {
        hit.identifiers & (1 << pattern.identifier) != 0
            && ((whole.start < hit.end && hit.end <= span.start)
                || (span.end <= hit.start && hit.start < whole.end)
                || (whole.start == span.start
                    && hit.end <= whole.start
                    && assigns(&bytes[hit.end..whole.start])))
    })
}

/// Whether what stands between a keyword and a word says that the word is the keyword's: signs of
/// assignment, quotes, slashes and spaces, but not spaces alone.
fn assigns(between: &[u8]) -> bool {
    between.iter().all(|byte| b"=:\"'/\\ ".contains(byte))
        && between.iter().any(|byte| *byte != b' ')
}

/// Bytes from the value within which a keyword that counts begins.
pub(super) fn reach(pattern: &WalkPattern) -> usize {
    pattern.distance_chars * 4 + KEYWORD_BYTES_MAX
}

/// Whether a keyword of the identifier speaks for the value; `None` when the two overlap.
#[inline]
pub(super) fn speaks_for(
    pattern: &WalkPattern,
    text: &str,
    span: Span,
    hit: &KeywordHit,
) -> Option<Result<(), Silence>> {
    let place = pattern.keyword_place;
    let bytes = text.as_bytes();
    let within = |between: &[u8]| {
        let chars = pattern.distance_chars;
        between.len() <= chars || (between.len() <= chars * 4 && count_chars(between) <= chars)
    };
    if hit.end <= span.start {
        let between = &bytes[hit.end..span.start];
        return Some(if within(between) { leads(place, between) } else { Err(Silence::TooFar) });
    }
    if hit.start >= span.end {
        let between = &bytes[span.end..hit.start];
        let trails = || trails(place, &bytes[..span.start], between);
        return Some(if within(between) { trails() } else { Err(Silence::TooFar) });
    }
    None
}

/// Whether a keyword speaks for the value behind it, with `between` between them.
// Choice: a keyword of `Alone` or `Leading` speaks for the first number behind it, and for none of
// a field of its own: `"cvv":null,"status":500`.
fn leads(place: KeywordPlace, between: &[u8]) -> Result<(), Silence> {
    let other_field = || between.iter().any(|byte| b",;&|".contains(byte)) && assigned(between);
    match place {
        KeywordPlace::Near => Ok(()),
        _ if has_number(between) => Err(Silence::NumberBetween),
        _ if other_field() => Err(Silence::OtherField),
        KeywordPlace::Alone | KeywordPlace::Leading => Ok(()),
    }
}

/// Whether a keyword speaks for the value before it, with `between` between them.
fn trails(place: KeywordPlace, before: &[u8], between: &[u8]) -> Result<(), Silence> {
    match place {
        KeywordPlace::Near => Ok(()),
        KeywordPlace::Alone if has_number(between) => Err(Silence::NumberBetween),
        KeywordPlace::Alone if assigned(before) => Err(Silence::OtherField),
        KeywordPlace::Alone => Ok(()),
        KeywordPlace::Leading => Err(Silence::Behind),
    }
}

/// Two digits in a row, but for those of a colour, or three asterisks, which stand for a value that
/// was masked before. One digit alone is no number: `cvv (3 digits)`; two asterisks are bold text.
fn has_number(bytes: &[u8]) -> bool {
    let digits = |at: usize| bytes[at..].iter().take(2).filter(|b| b.is_ascii_digit()).count() == 2;
    (0..bytes.len())
        .any(|at| bytes[at..].starts_with(b"***") || digits(at) && !word::in_colour(&bytes[..=at]))
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
#[inline(always)]
fn edges_fit(
    pattern: &WalkPattern,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
    checked: &mut Checked,
) -> Result<(), Edge> {
    let edges = pattern.edges;
    if edges == Edges::Any {
        return Ok(());
    }
    let bytes = text.as_bytes();
    let keyword = |touches: fn(&KeywordHit, Span) -> bool| {
        let near = window::hits_near(hits, span, KEYWORD_BYTES_MAX);
        let identifier: IdentifierSet = 1 << pattern.identifier;
        near.iter().any(|hit| hit.identifiers & identifier != 0 && touches(hit, span))
    };
    // Choice: a bracket that opens a value is an edge by itself.
    let before = bytes[span.start] == b'('
        || !checked.joined_before(text, span.start)
        || keyword(|hit, span| hit.end == span.start);
    if !before {
        return Err(Edge::JoinedBefore);
    }
    let behind = !checked.joined_behind(text, span.end)
        || keyword(|hit, span| hit.start == span.end)
        || (edges == Edges::Phone && is_extension(&bytes[span.end..]));
    if !behind {
        return Err(Edge::JoinedBehind);
    }
    let named = || keyword(|hit, span| hit.end + 1 == span.start);
    stands_apart(edges, bytes, span, named)
}

/// An extension of a phone number, written right behind it: `x12`, `ext12`.
fn is_extension(after: &[u8]) -> bool {
    let digits = after.strip_prefix(b"ext").or_else(|| after.strip_prefix(b"x"));
    digits.is_some_and(|digits| digits.first().is_some_and(u8::is_ascii_digit))
}

/// What `edges` asks beyond letters and digits. The digit before a sign is that of a keyword if
/// the value is `named`: `CVV2-739`.
fn stands_apart(
    edges: Edges,
    bytes: &[u8],
    span: Span,
    named: impl Fn() -> bool,
) -> Result<(), Edge> {
    let (before, after) = (&bytes[..span.start], &bytes[span.end..]);
    match edges {
        Edges::Word | Edges::Any => Ok(()),
        Edges::Number | Edges::Phone => {
            let longer_before = matches!(before, [.., b'0'..=b'9', b'-' | b'.']);
            let longer_after = matches!(after, [b'-' | b'.', b'0'..=b'9', ..]);
            if in_uuid(before, after) {
                Err(Edge::Uuid)
            } else if longer_after || (longer_before && !named()) {
                Err(Edge::LongerNumber)
            } else {
                Ok(())
            }
        }
        Edges::Base64 => {
            let longer = matches!(before, [.., b'+' | b'/']);
            let longer = longer || matches!(after, [b'+' | b'/' | b'=', ..]);
            if longer { Err(Edge::LongerBase64) } else { Ok(()) }
        }
    }
}
