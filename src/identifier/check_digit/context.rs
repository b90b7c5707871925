//! What stands beside a plain number and says that it is no one's: the name of a clock, a counter
//! or a part of a program before it, a unit behind it.

use super::Digits;
use super::calendar::is_date;
use super::word_list::WordList;
use crate::span::Span;

/// Names of times, measures, counters and parts of a program, whose numbers are no one's.
static NAMES: WordList = WordList::new(&[
    "arity",
    "build",
    "checksum",
    "crc",
    "errno",
    "fd",
    "inode",
    "len",
    "lsn",
    "micros",
    "millis",
    "ms",
    "nanos",
    "nonce",
    "ns",
    "offset",
    "partition",
    "pid",
    "ppid",
    "rev",
    "revision",
    "rss",
    "seq",
    "tid",
    "timestamp",
    "ts",
    "ttl",
    "uptime",
    "version",
]);

/// Such names that are ordinary words too. They count as the name of a field only, as in
/// `status=17` or `"status": 17`: in `SSN check, attempt 17` they say nothing of the number.
static WORDS: WordList = WordList::new(&[
    "attempt",
    "attempts",
    "bytes",
    "count",
    "cursor",
    "delay",
    "depth",
    "duration",
    "elapsed",
    "epoch",
    "height",
    "interval",
    "iteration",
    "lag",
    "latency",
    "length",
    "line",
    "node",
    "port",
    "pr",
    "process",
    "retries",
    "rows",
    "seed",
    "sequence",
    "session",
    "shard",
    "size",
    "status",
    "thread",
    "time",
    "timeout",
    "width",
]);

/// Whose `id` is no person's: `request_id=17`.
static THINGS: WordList = WordList::new(&[
    "batch",
    "block",
    "build",
    "connection",
    "container",
    "correlation",
    "event",
    "job",
    "message",
    "node",
    "order",
    "process",
    "query",
    "request",
    "session",
    "span",
    "task",
    "thread",
    "trace",
    "transaction",
]);

/// Words before a moment. Before any other number they say nothing: `phone updated 0612345678`.
static MOMENTS: WordList = WordList::new(&[
    "at", "created", "date", "exp", "expires", "iat", "modified", "nbf", "now", "seen", "since",
    "until", "updated",
]);

/// Units that are no word of another kind. `GB`, `MB`, `MS` and `us` are countries and places too.
const UNITS: [&str; 20] = [
    "B/s", "KB", "bps", "byte", "bytes", "gbps", "kB", "kb", "kbps", "kib", "mbps", "mib",
    "millis", "minutes", "ms", "ns", "sec", "seconds", "secs", "µs",
];

/// Longest of them, in bytes.
const UNIT_MAX: usize = 7;

/// Units that a number is one of where a word of measure leads it: `took 48213 mb`.
const MEASURED: [&str; 2] = ["gb", "mb"];

/// Digits from which on a number in a row is long enough to be taken for a person's.
const LONG: usize = 5;

/// Most digits of the number of a line in a file.
const LINE_DIGITS_MAX: usize = 7;

/// Longest Amazon Resource Name before an account that is looked at, in bytes.
const ARN_BYTES_MAX: usize = 80;

/// Whether a number in one row of digits is a time, a measure, a counter or the number of a part of
/// a program, as the text beside it says. Values with letters or separators are never: clocks and
/// counters write none.
pub(super) fn is_of_another_kind(text: &str, span: Span) -> bool {
    let value = &text.as_bytes()[span.range()];
    value.len() >= LONG
        && value.iter().all(u8::is_ascii_digit)
        && (is_clock_or_counter(text, span)
            || has_unit(text, span)
            || is_account_of_arn(&text.as_bytes()[..span.start]))
}

/// Whether the name directly before the value, as in `ts=1700000000` or `"startTime": 17`, is one
/// of a time, a counter or a part of a program. The last word of the name decides; of a name that
/// ends in `id`, the one before.
pub(super) fn is_clock_or_counter(text: &str, span: Span) -> bool {
    let before = &text.as_bytes()[..span.start];
    let value = &text.as_bytes()[span.range()];
    let gap = |byte: &&u8| b" =:\"'[(#\\".contains(byte);
    let end = before.len() - before.iter().rev().take(5).take_while(gap).count();
    let Some(start) = last_word(&before[..end]) else { return false };
    let field = is_field(&before[end..]);
    let name = &before[start..end];
    if name.eq_ignore_ascii_case(b"id") {
        let thing_end = match before[..start].last() {
            Some(b'_' | b'-' | b' ') => start - 1,
            _ => start,
        };
        let thing = last_word(&before[..thing_end]).map(|from| &before[from..thing_end]);
        return field && thing.is_some_and(|thing| THINGS.contains(thing));
    }
    let line = name.eq_ignore_ascii_case(b"line") && value.len() > LINE_DIGITS_MAX;
    let passport = name == b"Port"
        && before[..start].last_chunk::<4>().is_some_and(|four| four.eq_ignore_ascii_case(b"pass"));
    let named = NAMES.contains(name) || (field && WORDS.contains(name));
    (named && !line && !passport) || (MOMENTS.contains(name) && is_moment(value))
}

/// Whether the signs between a name and a value make the name that of a field: `=`, or a quote and
/// a colon. A colon alone may follow any sentence: `could not process: 17`.
fn is_field(gap: &[u8]) -> bool {
    gap.contains(&b'=') || gap.windows(2).any(|pair| matches!(pair, b"\":" | b"':"))
}

/// Where the word begins that `name` ends with: letters, from a capital behind a small letter on.
/// None if it is longer than any name, or goes on in letters beyond ASCII.
fn last_word(name: &[u8]) -> Option<usize> {
    let mut start = name.len();
    while start > 0 && name.len() - start < 12 && name[start - 1].is_ascii_alphabetic() {
        start -= 1;
        if name[start].is_ascii_uppercase() && start > 0 && name[start - 1].is_ascii_lowercase() {
            return Some(start);
        }
    }
    let cut = start > 0 && (name[start - 1] >= 0x80 || name[start - 1].is_ascii_alphabetic());
    (!cut).then_some(start)
}

/// Seconds, milli-, micro- or nanoseconds since 1970, of 2001 to 2033, or a date and perhaps a time
/// of day in a row, year first.
pub(super) fn is_moment(value: &[u8]) -> bool {
    matches!((value.len(), value.first()), (10 | 13 | 16 | 19, Some(b'1'))) || is_calendar(value)
}

/// `20270314`, `20270314` and a time of day to the minute, the second or the millisecond; years
/// 1930 to 2049.
pub(super) fn is_calendar(value: &[u8]) -> bool {
    if !value.iter().all(u8::is_ascii_digit) || !matches!(value.len(), 8 | 12 | 14 | 17) {
        return false;
    }
    let digits = Digits::of(std::str::from_utf8(value).expect("digits are text"));
    let within =
        |from: usize, below: u64| value.len() < from + 2 || digits.number(from, from + 2) < below;
    let year = digits.number(0, 4);
    (1930..2050).contains(&year)
        && is_date(year, digits.number(4, 6), digits.number(6, 8))
        && within(8, 24)
        && within(10, 60)
        && within(12, 61)
}

/// Whether a unit follows: `123456 bytes`, `took 48213 mb`. In `2065550100 ms=5` the next field
/// does.
pub(super) fn has_unit(text: &str, span: Span) -> bool {
    let (before, after) = (&text[..span.start], &text[span.end..]);
    let after = after.strip_prefix(' ').unwrap_or(after);
    // Most words are no unit because they are longer than any.
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'/';
    let len = after.bytes().take(UNIT_MAX + 1).take_while(part).count();
    let len = match after.as_bytes().get(len) {
        _ if len > UNIT_MAX => return false,
        Some(0x80..) => after.find(|c: char| !c.is_alphanumeric() && c != '/'),
        _ => Some(len),
    };
    let len = len.unwrap_or(after.len());
    if len == 0 {
        return false;
    }
    let unit = after.get(..len).unwrap_or_default();
    if after[len..].starts_with(['=', ':']) {
        return false;
    }
    let measured = || [" in ", " took ", " after "].iter().any(|word| before.ends_with(word));
    UNITS.contains(&unit) || (MEASURED.contains(&unit) && measured())
}

/// Whether `before` ends in `arn:aws:iam::` or the like, which an account follows.
pub(super) fn is_account_of_arn(before: &[u8]) -> bool {
    if before.last() != Some(&b':') {
        return false;
    }
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b":-/_".contains(byte);
    let len = before.iter().rev().take(ARN_BYTES_MAX).take_while(part).count();
    before[before.len() - len..].starts_with(b"arn:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(test: fn(&str, Span) -> bool, text: &str) -> bool {
        let start = text.find(|c: char| c.is_ascii_digit()).expect("a number");
        let len = text[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - start);
        test(text, Span::new(start, start + len))
    }

    #[test]
    fn the_last_word_of_the_name_decides() {
        for (text, named) in [
            ("ts=0612345678", true),
            ("\"startTime\": 0612345678", true),
            ("created_ts: 0612345678", true),
            ("thread=0612345678", true),
            ("thread 0612345678", false),
            ("unable to process: 0612345678", false),
            ("transaction id 0612345678", false),
            ("[pid:0612345678", true),
            ("request_id=0612345678", true),
            ("\"traceId\":\"0612345678\"", true),
            ("\\\"span id\\\":\\\"0612345678", true),
            ("at line=40219", true),
            ("at line 40219", false),
            ("updated_at=1763892672", true),
            ("expires 20271231", true),
            ("passport 0612345678", false),
            ("passPort: 0612345678", false),
            ("phone=0612345678", false),
            ("phone line 0612345678", false),
            ("phone updated 0612345678", false),
            ("user_id=0612345678", false),
            ("id=0612345678", false),
            ("subsession 0612345678", false),
            ("ésession 0612345678", false),
            ("0612345678", false),
            ("time of call to 0612345678", false),
        ] {
            assert_eq!(judge(is_clock_or_counter, text), named, "{text}");
        }
    }

    #[test]
    fn units_are_no_countries_or_titles() {
        for (text, unit) in [
            ("612345678 bytes", true),
            ("612345678 ms", true),
            ("612345678ms", true),
            ("ran in 48213 us", false),
            ("612345678 ms=5", false),
            ("took 48213 MB", false),
            ("it took 48213 MB", false),
            ("it took 48213 mb", true),
            ("482913765 US", false),
            ("482913765 us", false),
            ("482913765 GB", false),
            ("482913765 MS", false),
            ("482913765 msg", false),
            ("482913765 hours 9 to 5", false),
            ("482913765", false),
        ] {
            assert_eq!(judge(has_unit, text), unit, "{text}");
        }
    }

    #[test]
    fn only_numbers_in_a_row_are_of_another_kind() {
        for (text, other) in [
            ("arn:aws:iam::123456789012:role/x", true),
            ("barn:123456789012", false),
            ("session=612345678", true),
            ("status=4021", false),
            ("a:123456789012", false),
        ] {
            assert_eq!(judge(is_of_another_kind, text), other, "{text}");
        }
        assert!(!is_of_another_kind("ts=536-22-8145", Span::new(3, 14)));
    }

    #[test]
    fn moments_are_seconds_and_dates() {
        for (value, moment) in [
            ("1763892672", true),
            ("1763892672123", true),
            ("2763892672", false),
            ("20271231", true),
            ("20271331", false),
            ("20271231101112", true),
            ("20271231251112", false),
            ("20271231101112123", true),
            ("10032024", false),
        ] {
            assert_eq!(is_moment(value.as_bytes()), moment, "{value}");
        }
    }
}
