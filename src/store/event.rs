//! A stored log event, its place in the order of reading, and its id.

use std::fmt;
use std::ops::Range;

use crate::message::{MaskedMessage, Originals};

/// Digits of the two halves of an event id.
const TIMESTAMP_DIGITS: usize = 19;
const SEQUENCE_DIGITS: usize = 37;

/// An event to be stored.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) timestamp: i64,
    pub(crate) message: MaskedMessage,
    pub(crate) originals: Option<Originals>,
}

/// A stored event: masked, with the originals beside it.
#[derive(Debug)]
pub(crate) struct StoredEvent {
    pub(crate) message: MaskedMessage,
    pub(crate) originals: Option<Originals>,
    pub(crate) ingestion_time: i64,
}

/// An event's place in its log group: by time, then in the order of ingestion.
///
/// Printed it is the event's id: a decimal number of 56 digits, 19 for the timestamp in
/// milliseconds and 37 for the sequence, so that ids sort as events do.
// Choice: AWS prints a number of about 56 digits and says no more about it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Position {
    /// Not negative.
    pub(crate) timestamp: i64,
    /// Counts all events of the store from 1.
    pub(crate) sequence: u64,
}

/// The key of an event: all events of a stream lie together, in the order of reading.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct EventKey {
    pub(crate) stream: u64,
    pub(crate) position: Position,
}

impl Position {
    /// Before every event of that time.
    pub(crate) fn at(timestamp: i64) -> Self {
        Self { timestamp: timestamp.max(0), sequence: 0 }
    }

    /// After every event.
    pub(crate) const END: Self = Self { timestamp: i64::MAX, sequence: u64::MAX };

    /// The position directly behind.
    pub(crate) fn next(self) -> Self {
        Self { timestamp: self.timestamp, sequence: self.sequence.saturating_add(1) }
    }

    /// What `Display` prints.
    pub(crate) fn id(self) -> [u8; TIMESTAMP_DIGITS + SEQUENCE_DIGITS] {
        let mut id = [b'0'; TIMESTAMP_DIGITS + SEQUENCE_DIGITS];
        let write = |digits: &mut [u8], mut number: u64| {
            for digit in digits.iter_mut().rev() {
                if number == 0 {
                    break;
                }
                *digit += (number % 10) as u8;
                number /= 10;
            }
        };
        let (timestamp, sequence) = id.split_at_mut(TIMESTAMP_DIGITS);
        write(timestamp, u64::try_from(self.timestamp).expect("times are not negative"));
        write(sequence, self.sequence);
        id
    }

    /// Reads what `Display` prints.
    pub(crate) fn parse(id: &str) -> Option<Self> {
        let digits = id.len() == TIMESTAMP_DIGITS + SEQUENCE_DIGITS
            && id.bytes().all(|byte| byte.is_ascii_digit());
        let (timestamp, sequence) =
            if digits { id.split_at(TIMESTAMP_DIGITS) } else { return None };
        Some(Self { timestamp: timestamp.parse().ok()?, sequence: sequence.parse().ok()? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.id()).expect("digits"))
    }
}

impl EventKey {
    /// The keys of a stream in a range of positions.
    pub(crate) fn within(stream: u64, positions: Range<Position>) -> Range<Self> {
        let key = |position| Self { stream, position };
        key(positions.start)..key(positions.end)
    }

    /// All keys of a stream.
    pub(crate) fn all_of(stream: u64) -> Range<Self> {
        Self::within(stream, Position::at(0)..Position::END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_56_digits_sort_as_events_and_are_read_back() {
        let positions = [(0, 1), (0, 2), (9, 1), (10, 0), (i64::MAX, 7), (i64::MAX, u64::MAX)];
        let positions = positions.map(|(timestamp, sequence)| Position { timestamp, sequence });
        let ids = positions.map(|position| position.to_string());
        assert!(ids.iter().all(|id| id.len() == 56));
        assert!(ids.is_sorted());
        assert!(
            ids.iter().zip(positions).all(|(id, position)| Position::parse(id) == Some(position))
        );
        assert_eq!(Position::parse(&"9".repeat(56)), None);
        assert_eq!(Position::parse("+1"), None);
    }
}
