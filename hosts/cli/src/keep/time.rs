//! Times on the command line and in events.

use jiff::Timestamp;
use logveil::{Clock, SystemClock};
use serde_json::Value;

use crate::output::Failure;

/// The time that an argument names, in milliseconds since 1970 UTC.
pub(super) fn argument(option: &str, text: &str) -> Result<i64, Failure> {
    let now = SystemClock.now_ms();
    let ago = || {
        let unit = match text.chars().last()? {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return None,
        };
        let count: i64 = text[..text.len() - 1].parse().ok()?;
        (count >= 0).then(|| now.saturating_sub(count.saturating_mul(unit)))
    };
    ago().or_else(|| parse(text)).map(|time| time.max(0)).ok_or_else(|| {
        Failure::because(format!(
            "{option}: write a time as 2027-01-15T08:00:00Z, as milliseconds since 1970, or as how \
             long ago: 90s, 15m, 2h, 7d"
        ))
    })
}

/// The time in a field of an event that is a JSON object.
pub(super) fn of_event(event: &str, field: &str) -> Option<i64> {
    let document: Value = serde_json::from_str(event).ok()?;
    match document.get(field)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|ms| ms as i64)),
        Value::String(text) => parse(text),
        _ => None,
    }
}

/// RFC 3339, or milliseconds since 1970.
fn parse(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| Some(text.parse::<Timestamp>().ok()?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(parse("2027-01-15T08:00:00Z"), Some(1_800_000_000_000));
        assert_eq!(parse("1800000000000"), Some(1_800_000_000_000));
        assert_eq!(of_event("{\"ts\": 1800000000000.5}", "ts"), Some(1_800_000_000_000));
        assert_eq!(of_event("{\"ts\": \"2027-01-15T08:00:00Z\"}", "ts"), Some(1_800_000_000_000));
        assert_eq!(of_event("{\"ts\": true}", "ts"), None);
        assert_eq!(of_event("ts", "ts"), None);
        let ago = SystemClock.now_ms() - argument("--since", "2h").unwrap();
        assert!((7_200_000..7_300_000).contains(&ago));
        assert!(argument("--since", "yesterday").is_err());
        assert!(argument("--since", "é").is_err());
    }
}
