//! The audit report of one log event, as CloudWatch Logs writes it.
//!
//! Source: CloudWatch Logs User Guide, Audit findings.

use jiff::Timestamp;
use serde::Serialize;

use crate::span::Span;

/// The report of one log event under one policy: which identifiers, how often, where; never what.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// When the event was audited: RFC 3339, UTC, whole seconds (`2023-01-23T21:11:20Z`).
    pub audit_timestamp: String,
    /// The log group's ARN, with `:*` at its end.
    pub resource_arn: String,
    /// One entry per identifier found, in the policy's order.
    pub data_identifiers: Vec<IdentifierFinding>,
}

/// One identifier's part of a [`Finding`].
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct IdentifierFinding {
    /// The bare name, such as `EmailAddress`.
    pub name: String,
    /// How often it occurs in the event.
    pub count: usize,
    /// Where, in ascending order.
    pub detections: Vec<CharSpan>,
}

/// Positions in the event in characters (Unicode scalar values): `start..end`, counted from 0, the
/// end excluded.
// Choice: AWS says "by character count" and gives an example of 13 to 26 for thirteen characters,
// which zero-based positions with an excluded end fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct CharSpan {
    /// First character.
    pub start: usize,
    /// The character after the last.
    pub end: usize,
}

/// Bytes to characters, for spans in ascending order of their start, in one pass over `text`.
///
/// # Panics
///
/// Panics when the starts do not ascend or a span ends outside `text`.
pub(crate) fn char_spans(text: &str, spans: impl IntoIterator<Item = Span>) -> Vec<CharSpan> {
    let bytes = text.as_bytes();
    let count = |from: usize, to: usize| crate::message::count_chars(&bytes[from..to]);
    let (mut byte, mut chars) = (0, 0);
    let convert = |span: Span| {
        chars += count(byte, span.start);
        byte = span.start;
        CharSpan { start: chars, end: chars + count(span.start, span.end) }
    };
    spans.into_iter().map(convert).collect()
}

/// Milliseconds since 1970 UTC as RFC 3339 with whole seconds; times that no calendar holds are
/// clamped to its ends.
pub(crate) fn rfc3339_seconds(timestamp_ms: i64) -> String {
    let second = timestamp_ms.div_euclid(1000);
    let clamped = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let timestamp = Timestamp::from_second(clamped).expect("clamped into the calendar");
    timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let spans = char_spans("é 𝄞x y", [Span::new(3, 8), Span::new(3, 7), Span::new(9, 10)]);
        let pairs: Vec<_> = spans.iter().map(|span| (span.start, span.end)).collect();
        assert_eq!(pairs, [(2, 4), (2, 3), (5, 6)]);
    }

    #[test]
    fn timestamps_have_whole_seconds_and_never_fail() {
        assert_eq!(rfc3339_seconds(1_674_508_280_999), "2023-01-23T21:11:20Z");
        assert_eq!(rfc3339_seconds(-1), "1969-12-31T23:59:59Z");
        for extreme in [i64::MIN, i64::MAX] {
            assert!(rfc3339_seconds(extreme).ends_with('Z'));
        }
    }
}
