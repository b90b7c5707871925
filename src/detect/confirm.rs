//! What a candidate has to pass: edges, keyword proximity, check.

use super::keywords::{KEYWORD_BYTES_MAX, KeywordHit};
use super::tables::{IdentifierSet, WalkPattern};
use super::{window, word};
use crate::identifier::{Around, Check, Edges, KeywordPlace};
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
    end: usize,
    /// The checks that were asked, and those that were passed, as bits.
    asked: u128,
    passed: u128,
    around: Around,
    joined_before: Option<bool>,
    joined_behind: Option<bool>,
}

impl Checked {
    /// What is known of the span that ends at byte `end`, among spans of the same start.
    #[inline(always)]
    pub(super) fn among(all: &mut Vec<Self>, end: usize) -> &mut Self {
        let known = all.iter().rposition(|checked| checked.end == end);
        let index = known.unwrap_or_else(|| {
            let joined_before = all.last().and_then(|other| other.joined_before);
            all.push(Self { end, joined_before, ..Self::default() });
            all.len() - 1
        });
        &mut all[index]
    }

    fn passes(&mut self, check: Check, text: &str, span: Span) -> bool {
        let bit = 1 << check as u32;
        if self.asked & bit == 0 {
            self.asked |= bit;
            self.passed |= bit * u128::from(check.passes_among(text, span, &mut self.around));
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

/// Whether the candidate at `span` is a detection of an identifier of `pattern`, or why not.
#[inline]
pub(super) fn judge(
    pattern: &WalkPattern,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
    checked: &mut Checked,
) -> Result<IdentifierSet, Refusal> {
    let near =
        if pattern.needs_keyword { window::hits_near(hits, span, reach(pattern)) } else { &[] };
    let hits = Hits { all: hits, near };
    judge_among(pattern, pattern.identifiers, text, span, hits, checked)
}

/// The same where it is known which keywords are near: for which of `identifiers` the candidate is
/// a detection, or why it is for none of them. The one place where candidates are judged, for
/// masking and for explaining.
#[inline]
pub(super) fn judge_among(
    pattern: &WalkPattern,
    identifiers: IdentifierSet,
    text: &str,
    span: Span,
    hits: Hits<'_>,
    checked: &mut Checked,
) -> Result<IdentifierSet, Refusal> {
    let mut left = edges_fit(pattern, identifiers, text, span, hits.all, checked)?;
    if pattern.needs_keyword {
        left = not_in_longer_word(pattern, left, text.as_bytes(), span, hits.all)?;
        let mut spoken_for = 0;
        for hit in hits.near {
            let speaks = hit.identifiers & left & !spoken_for;
            if speaks != 0 && speaks_for(pattern, text, span, hit) == Some(Ok(())) {
                spoken_for |= speaks;
                if spoken_for == left {
                    break;
                }
            }
        }
        left = some(spoken_for, Refusal::NoKeyword)?;
    }
    if checked.passes(pattern.check, text, span) { Ok(left) } else { Err(Refusal::Check) }
}

/// The identifiers, or `refusal` if there are none.
#[inline(always)]
fn some(identifiers: IdentifierSet, refusal: Refusal) -> Result<IdentifierSet, Refusal> {
    if identifiers == 0 { Err(refusal) } else { Ok(identifiers) }
}

/// Of the identifiers those for which the value is no part of a longer word that no keyword speaks
/// in: `order_40219876`, and for numbers without check digit `order-40219876`.
// Choice: a value that carries a check digit or separators of its own is never; nor one whose word
// is what a keyword's field or path holds: `passport/482913765_front.jpg`.
fn not_in_longer_word(
    pattern: &WalkPattern,
    identifiers: IdentifierSet,
    bytes: &[u8],
    span: Span,
    hits: &[KeywordHit],
) -> Result<IdentifierSet, Refusal> {
    let (before, after) = (&bytes[..span.start], &bytes[span.end..]);
    let weak = matches!(pattern.check, Check::Document | Check::LicenceAu | Check::LicenceFr);
    let dashed = weak && word::joined_by_dash(before);
    if !(dashed || word::joined_by_underscore(before, after)) {
        return Ok(identifiers);
    }
    let own_separators = !bytes[span.range()].iter().all(u8::is_ascii_alphanumeric);
    if own_separators || pattern.check.carries_check_digit() {
        return Ok(identifiers);
    }
    let whole = word::joined(bytes, span);
    let speaks = |hit: &KeywordHit| {
        (whole.start < hit.end && hit.end <= span.start)
            || (span.end <= hit.start && hit.start < whole.end)
            || (whole.start == span.start
                && hit.end <= whole.start
                && assigns(&bytes[hit.end..whole.start]))
    };
    some(identifiers & whose(hits, span, speaks), Refusal::Edge(Edge::LongerWord))
}

/// The identifiers of the keywords around the value that pass the test.
fn whose(hits: &[KeywordHit], span: Span, test: impl Fn(&KeywordHit) -> bool) -> IdentifierSet {
    let near = window::hits_near(hits, span, KEYWORD_BYTES_MAX).iter();
    near.filter(|hit| test(hit)).fold(0, |all, hit| all | hit.identifiers)
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

/// The identifiers for which what stands directly beside the value leaves it a value of its own.
#[inline(always)]
fn edges_fit(
    pattern: &WalkPattern,
    identifiers: IdentifierSet,
    text: &str,
    span: Span,
    hits: &[KeywordHit],
    checked: &mut Checked,
) -> Result<IdentifierSet, Refusal> {
    let (edges, mut left) = (pattern.edges, identifiers);
    if edges == Edges::Any {
        return Ok(left);
    }
    let bytes = text.as_bytes();
    // Choice: a bracket that opens a value is an edge by itself.
    if bytes[span.start] != b'(' && checked.joined_before(text, span.start) {
        left &= whose(hits, span, |hit| hit.end == span.start);
        some(left, Refusal::Edge(Edge::JoinedBefore))?;
    }
    if checked.joined_behind(text, span.end)
        && !(edges == Edges::Phone && is_extension(&bytes[span.end..]))
    {
        left &= whose(hits, span, |hit| hit.start == span.end);
        some(left, Refusal::Edge(Edge::JoinedBehind))?;
    }
    // The digit before a sign is that of a keyword if the value is named: `CVV2-739`.
    if needs_name(edges, bytes, span).map_err(Refusal::Edge)? {
        left &= whose(hits, span, |hit| hit.end + 1 == span.start);
        some(left, Refusal::Edge(Edge::LongerNumber))?;
    }
    Ok(left)
}

/// An extension of a phone number, written right behind it: `x12`, `ext12`.
fn is_extension(after: &[u8]) -> bool {
    let digits = after.strip_prefix(b"ext").or_else(|| after.strip_prefix(b"x"));
    digits.is_some_and(|digits| digits.first().is_some_and(u8::is_ascii_digit))
}

/// What `edges` asks beyond letters and digits; whether a keyword has to name the value, as a digit
/// and a sign stand before it.
#[inline(always)]
fn needs_name(edges: Edges, bytes: &[u8], span: Span) -> Result<bool, Edge> {
    let (before, after) = (&bytes[..span.start], &bytes[span.end..]);
    match edges {
        Edges::Word | Edges::Any => Ok(false),
        Edges::Number | Edges::Phone => {
            if in_uuid(before, after) {
                Err(Edge::Uuid)
            } else if matches!(after, [b'-' | b'.', b'0'..=b'9', ..]) {
                Err(Edge::LongerNumber)
            } else {
                Ok(matches!(before, [.., b'0'..=b'9', b'-' | b'.']))
            }
        }
        Edges::Base64 => {
            let longer = matches!(before, [.., b'+' | b'/']);
            let longer = longer || matches!(after, [b'+' | b'/' | b'=', ..]);
            if longer { Err(Edge::LongerBase64) } else { Ok(false) }
        }
    }
}
