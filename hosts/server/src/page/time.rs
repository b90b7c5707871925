//! Times as people read them, UTC.

use jiff::Timestamp;

fn shown(ms: i64, format: &str) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime(format).to_string(),
        Err(_) => "beyond the calendar".to_owned(),
    }
}

pub(super) fn second(ms: i64) -> String {
    shown(ms, "%Y-%m-%d %H:%M:%S")
}

pub(super) fn minute(ms: i64) -> String {
    shown(ms, "%Y-%m-%d %H:%M")
}

pub(super) fn minute_of_day(ms: i64) -> String {
    shown(ms, "%H:%M")
}

pub(super) fn day(ms: i64) -> String {
    shown(ms, "%b %d")
}
