//! Numbers of identity documents that carry no check digit: what stands in and beside the value
//! tells a licence from a date, a time, a telephone number or a part of a UUID.

use super::calendar::is_date_of_some_century;
use super::{Digits, context};
use crate::span::Span;

/// Bytes of a UUID, and where its dashes stand.
const UUID_BYTES: usize = 36;
const UUID_DASHES: [usize; 4] = [8, 13, 18, 23];

/// Words that stand before a number where a document's number has letters.
const LABELS: [&str; 4] = ["ID", "NO", "NR", "NUM"];

/// Whether the candidate at `span` may be a document's number.
// Choice: beside a keyword a date of birth, issue or expiry is likelier than the one number in
// 2,000 that looks like one; dates with the year last are not that clear and count as numbers.
pub(super) fn is_number(text: &str, span: Span) -> bool {
    let value = &text.as_bytes()[span.range()];
    let before = &text.as_bytes()[..span.start];
    let after = &text.as_bytes()[span.end..];
    !begins_with_label(value)
        && !context::is_calendar(value)
        && !is_quantity(value)
        && before.last() != Some(&b'+')
        && !is_clock_of_line(before, value, after)
        && !is_port(before, value)
        && !is_half_of_a_timestamp(before, value, after)
        && !is_in_uuid(text.as_bytes(), span)
}

/// Australia: like any document's number, as which it is judged besides, with four digits at least.
///
/// Source: Austroads, National Exchange of Vehicle and Driver Information System (NEVDIS); New
/// South Wales: no more than eight characters, the third and fourth digits.
pub(super) fn australia(value: &str) -> bool {
    value.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// `NO 123456`: the letters are a word for "number", not part of it.
fn begins_with_label(value: &[u8]) -> bool {
    let Some(space) = value.iter().position(|byte| *byte == b' ') else {
        return false;
    };
    LABELS.iter().any(|label| value[..space].eq_ignore_ascii_case(label.as_bytes()))
}

/// `12345678ms`: the letters are a unit, not part of the number.
fn is_quantity(value: &[u8]) -> bool {
    const UNITS: [&str; 7] = ["gb", "kb", "kib", "mb", "ms", "ns", "us"];
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    UNITS.iter().any(|unit| value[digits..].eq_ignore_ascii_case(unit.as_bytes()))
}

/// Seconds or milliseconds since 1970, of 2014 to 2033, as the first word of the text: the clock of
/// a log line.
fn is_clock_of_line(before: &[u8], value: &[u8], after: &[u8]) -> bool {
    let first = before.iter().all(|byte| b"[(\"' ".contains(byte));
    let clock = matches!(value.len(), 10 | 13) && value[0] == b'1' && value[1] >= b'4';
    let digits = value.iter().all(u8::is_ascii_digit);
    first && clock && digits && matches!(after.first(), Some(b' ' | b'\t' | b']'))
}

/// `10.0.0.7:50010`.
fn is_port(before: &[u8], value: &[u8]) -> bool {
    value.len() <= 5 && matches!(before, [.., b'0'..=b'9', b':'])
}

/// `081109 203615`: six digits are a date (year first) and the six beside them a time of day.
fn is_half_of_a_timestamp(before: &[u8], value: &[u8], after: &[u8]) -> bool {
    let other_after = after.strip_prefix(b" ").and_then(|rest| rest.get(..6));
    let other_before =
        before.strip_suffix(b" ").and_then(|rest| rest.get(rest.len().checked_sub(6)?..));
    other_after.is_some_and(|other| is_date_and_time(value, other))
        || other_before.is_some_and(|other| is_date_and_time(other, value))
}

fn is_date_and_time(date: &[u8], time: &[u8]) -> bool {
    let pairs = |six: &[u8]| {
        let digits = six.len() == 6 && six.iter().all(u8::is_ascii_digit);
        let pair = |at: usize| u64::from(six[at] - b'0') * 10 + u64::from(six[at + 1] - b'0');
        digits.then(|| (pair(0), pair(2), pair(4)))
    };
    let (Some((year, month, day)), Some((hour, minute, second))) = (pairs(date), pairs(time))
    else {
        return false;
    };
    is_date_of_some_century(year, month, day) && hour < 24 && minute < 60 && second < 60
}

/// Whether the value lies in a UUID: its own dashes are edges like any other.
fn is_in_uuid(bytes: &[u8], span: Span) -> bool {
    // No stretch between its dashes is a whole one.
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_hexdigit() || *b == b'-');
    let alone = !goes_on(bytes[..span.start].last()) && !goes_on(bytes.get(span.end));
    if alone && !bytes[span.range()].contains(&b'-') {
        return false;
    }
    let first = span.end.saturating_sub(UUID_BYTES);
    let around = &bytes[first..bytes.len().min(span.start + UUID_BYTES)];
    around.contains(&b'-')
        && (first..=span.start).any(|at| bytes.get(at..at + UUID_BYTES).is_some_and(is_uuid))
}

fn is_uuid(bytes: &[u8]) -> bool {
    UUID_DASHES.iter().all(|at| bytes[*at] == b'-')
        && bytes.iter().enumerate().all(|(at, byte)| match UUID_DASHES.contains(&at) {
            true => *byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

/// France, the numbers of 1975 to 2013: year, month and department of issue, six more digits. It is
/// judged as any document's number besides.
///
/// Source: Ministère de l'Intérieur, permis de conduire (number of twelve digits).
pub(super) fn licence_fr(value: &str) -> bool {
    let digits = Digits::of(value);
    digits.as_slice().len() == 12
        && (1..=12).contains(&digits.number(2, 4))
        && matches!(digits.number(4, 6), 1..=95 | 97..=99)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, value: &str) -> bool {
        let start = text.find(value).expect("the value is in the text");
        is_number(text, Span::new(start, start + value.len()))
    }

    #[test]
    fn dates_times_and_parts_of_longer_values_are_not_numbers_of_documents() {
        for (text, value) in [
            ("licence 40219876", "40219876"),
            ("licence 20241310", "20241310"),
            ("licence 18240310", "18240310"),
            ("licence 10032024", "10032024"),
            ("permit AB 123456", "AB 123456"),
            ("permit KB 123456", "KB 123456"),
            ("licence 40219876 msg", "40219876"),
            ("licence resize 40219876", "40219876"),
            ("081309 203615 licence", "081309"),
            ("081109 203665 licence", "203665"),
            ("passport 482913765 US", "482913765"),
            ("licence 40219876 GB", "40219876"),
            ("1763892672, rijbewijs", "1763892672"),
            ("rijbewijs 1763892672", "1763892672"),
            ("licence 550e8400-e29b-41d4-a716 446655440000", "446655440000"),
        ] {
            assert!(judge(text, value), "{text}");
        }
        for (text, value) in [
            ("licence 20240310", "20240310"),
            ("licence 202403101259", "202403101259"),
            ("permit NO 123456", "NO 123456"),
            ("dl: 123456ms", "123456ms"),
            ("dl: 4091MB", "4091MB"),
            ("licence +40219876", "40219876"),
            ("[1763892672] licence", "1763892672"),
            ("1763892672123 licence", "1763892672123"),
            ("licence 20240310125959", "20240310125959"),
            ("licence from 10.0.0.7:50010", "50010"),
            ("081109 203615 licence", "081109"),
            ("081109 203615 licence", "203615"),
            ("licence 550e8400-e29b-41d4-a71f-446655440000", "446655440000"),
            ("licence 55048400-e29b-41d4-a71f-446655440000", "55048400"),
        ] {
            assert!(!judge(text, value), "{text}");
        }
    }

    #[test]
    fn french_numbers_hold_a_month_and_a_department() {
        for (value, valid) in [
            ("911075200123", true),
            ("050897400516", true),
            ("911375200123", false),
            ("910075200123", false),
            ("911000200123", false),
            ("911096200123", false),
        ] {
            assert_eq!(licence_fr(value), valid, "{value}");
        }
    }

    #[test]
    fn australian_numbers_hold_four_digits() {
        for (value, valid) in [("AB12CD34", true), ("1234AB", true), ("AB12CDE", false)] {
            assert_eq!(australia(value), valid, "{value}");
        }
    }
}
