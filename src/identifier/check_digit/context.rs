//! What the word beside a number says that it is.

use crate::span::Span;

/// Names of times, counters and parts of a program, whose numbers are no one's.
const NAMES: [&str; 29] = [
    "build",
    "bytes",
    "count",
    "created",
    "date",
    "duration",
    "elapsed",
    "epoch",
    "expires",
    "line",
    "millis",
    "ms",
    "nanos",
    "offset",
    "pid",
    "port",
    "pr",
    "process",
    "rev",
    "revision",
    "seq",
    "size",
    "thread",
    "tid",
    "time",
    "timestamp",
    "ts",
    "updated",
    "version",
];

/// Whether the name directly before the value, as in `ts=1700000000` or `"startTime": 17`, is one
/// of a time, a counter or a part of a program. The last word of the name decides.
pub(super) fn is_clock_or_counter(text: &str, span: Span) -> bool {
    let before = &text.as_bytes()[..span.start];
    let gap = |byte: &&u8| matches!(byte, b' ' | b'=' | b':' | b'"' | b'\'' | b'[' | b'(' | b'#');
    let end = before.len() - before.iter().rev().take(4).take_while(gap).count();
    let mut start = end;
    while start > 0 && end - start < 10 && before[start - 1].is_ascii_alphabetic() {
        start -= 1;
        let upper = before[start].is_ascii_uppercase();
        if upper && start > 0 && before[start - 1].is_ascii_lowercase() {
            break;
        }
    }
    let cut = start > 0 && before[start - 1] >= 0x80;
    let name = &before[start..end];
    !cut && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_the_name_decides() {
        for (text, named) in [
            ("ts=0612345678", true),
            ("\"startTime\": 0612345678", true),
            ("created_ts: 0612345678", true),
            ("thread 0612345678", true),
            ("[pid:0612345678", true),
            ("passport 0612345678", false),
            ("phone=0612345678", false),
            ("0612345678", false),
            ("time of call to 0612345678", false),
        ] {
            let span = Span::new(text.len() - 10, text.len());
            assert_eq!(is_clock_or_counter(text, span), named, "{text}");
        }
    }
}
