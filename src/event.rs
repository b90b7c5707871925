//! One batch of `PutLogEvents`: which batches are refused, and which events of a good batch are.

use std::ops::Range;

use crate::error::Error;
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCH_SPAN_MS_MAX, EVENT_AGE_MS_MAX, EVENT_BYTES_MAX,
    EVENT_FUTURE_MS_MAX, EVENT_OVERHEAD_BYTES,
};
use crate::message::RawMessage;

/// Milliseconds in a day, the unit of retention.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One event as a client sends it.
#[derive(Debug)]
pub struct InputLogEvent {
    /// When it happened: milliseconds since 1970 UTC, not negative.
    pub timestamp: i64,
    /// Its text, not empty.
    pub message: RawMessage,
}

/// Which events of an accepted batch were left out. The events are sorted, so the old ones are a
/// prefix and the new ones a suffix.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RejectedLogEventsInfo {
    /// Index of the first event that lies too far in the future; it and all after it are left out.
    pub too_new_log_event_start_index: Option<usize>,
    /// Index after the last event that is too old; all before it are left out.
    pub too_old_log_event_end_index: Option<usize>,
    /// Index after the last event that is older than the log group's retention.
    // Choice: exclusive, like the index of the too old ones; AWS's page does not say.
    pub expired_log_event_end_index: Option<usize>,
}

/// The events of a batch that may be stored, and what is said about the others.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) range: Range<usize>,
    pub(crate) rejected: Option<RejectedLogEventsInfo>,
}

/// Checks a batch that arrives at `now_ms` for a log group that keeps events `retention_days`.
///
/// # Errors
///
/// InvalidParameter when the batch as a whole is refused: no event or too many, too large, an empty
/// message, a negative timestamp, not in chronological order, or more than 24 hours between the
/// first and the last valid event.
pub(crate) fn check_batch(
    events: &[InputLogEvent],
    now_ms: i64,
    retention_days: Option<u32>,
) -> Result<Accepted, Error> {
    check_sizes(events)?;
    check_order(events)?;
    let accepted = accept(events, now_ms, retention_days);
    let valid = events.get(accepted.range.clone()).unwrap_or_default();
    if let (Some(first), Some(last)) = (valid.first(), valid.last())
        && last.timestamp - first.timestamp > BATCH_SPAN_MS_MAX
    {
        return Err(Error::invalid("the valid events of the batch span more than 24 hours"));
    }
    Ok(accepted)
}

fn check_sizes(events: &[InputLogEvent]) -> Result<(), Error> {
    if events.is_empty() {
        return Err(Error::invalid("logEvents is empty"));
    }
    if events.len() > BATCH_EVENTS_MAX {
        return Err(Error::too_long("logEvents", events.len(), BATCH_EVENTS_MAX, "events"));
    }
    let mut batch_bytes = 0;
    for (index, event) in events.iter().enumerate() {
        if event.message.is_empty() {
            return Err(Error::invalid(format!("event {index} of the batch has an empty message")));
        }
        let bytes = event.message.len() + EVENT_OVERHEAD_BYTES;
        if bytes > EVENT_BYTES_MAX {
            let name = format!("event {index} of the batch");
            return Err(Error::too_long(&name, bytes, EVENT_BYTES_MAX, "bytes"));
        }
        batch_bytes += bytes;
    }
    if batch_bytes > BATCH_BYTES_MAX {
        return Err(Error::too_long("the batch", batch_bytes, BATCH_BYTES_MAX, "bytes"));
    }
    Ok(())
}

fn check_order(events: &[InputLogEvent]) -> Result<(), Error> {
    let mut last = 0;
    for (index, event) in events.iter().enumerate() {
        if event.timestamp < 0 {
            return Err(Error::invalid(format!("event {index} has a negative timestamp")));
        }
        if event.timestamp < last {
            let text = "of the batch is older than the one before it; send them in order of time";
            return Err(Error::invalid(format!("event {index} {text}")));
        }
        last = event.timestamp;
    }
    Ok(())
}

// Choice: an event exactly two hours ahead, fourteen days old or as old as the retention is
// accepted; AWS's pages say "more than" and "older than".
fn accept(events: &[InputLogEvent], now_ms: i64, retention_days: Option<u32>) -> Accepted {
    let before = |cut: i64| events.partition_point(|event| event.timestamp < cut);
    let newest = now_ms.saturating_add(EVENT_FUTURE_MS_MAX);
    let too_new = events.partition_point(|event| event.timestamp <= newest);
    let too_old = before(now_ms.saturating_sub(EVENT_AGE_MS_MAX));
    let expired = retention_days.map_or(0, |days| before(retention_cut(now_ms, days)));
    let rejected = RejectedLogEventsInfo {
        too_new_log_event_start_index: (too_new < events.len()).then_some(too_new),
        too_old_log_event_end_index: (too_old > 0).then_some(too_old),
        expired_log_event_end_index: (expired > 0).then_some(expired),
    };
    let start = too_old.max(expired);
    Accepted {
        range: start..too_new.max(start),
        rejected: (rejected != RejectedLogEventsInfo::default()).then_some(rejected),
    }
}

/// The oldest timestamp that a retention of `days` still keeps at `now_ms`.
pub(crate) fn retention_cut(now_ms: i64, days: u32) -> i64 {
    now_ms.saturating_sub(i64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_at_the_ends_of_time_rejects_and_never_overflows() {
        let event = |timestamp| InputLogEvent { timestamp, message: RawMessage::from("x") };
        let events = [event(0), event(5)];
        let rejected = |now| check_batch(&events, now, Some(3653)).unwrap().rejected.unwrap();
        assert_eq!(rejected(i64::MIN).too_new_log_event_start_index, Some(0));
        assert_eq!(rejected(i64::MAX).too_old_log_event_end_index, Some(2));
        assert_eq!(rejected(i64::MAX).expired_log_event_end_index, Some(2));
        let latest = [event(i64::MAX)];
        assert_eq!(check_batch(&latest, i64::MAX, None).unwrap().range, 0..1);
    }
}
