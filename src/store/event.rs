//! A log event to be stored, its place in the order of reading, and its id.

use std::fmt;
use std::ops::Range;

use crate::message::MaskedMessage;

/// Digits of the two halves of an event id.
const TIMESTAMP_DIGITS: usize = 19;
const SEQUENCE_DIGITS: usize = 37;

/// An event to be stored: masked, its originals sealed.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) timestamp: i64,
    pub(crate) message: MaskedMessage,
    pub(crate) sealed: Option<Vec<u8>>,
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

/// Bytes of a key: what fits into one without memory of its own.
pub(super) const KEY_BYTES: usize = 20;

/// Bytes of its parts: log stream, timestamp, sequence.
const STREAM_BYTES: usize = 5;
const SEQUENCE_BYTES: usize = 7;

/// The largest sequence that a key can hold.
const SEQUENCE_MAX: u64 = (1 << (8 * SEQUENCE_BYTES)) - 1;

impl EventKey {
    /// The key on disk: big-endian, so that bytes sort as events do.
    pub(super) fn to_bytes(self) -> [u8; KEY_BYTES] {
        let Position { timestamp, sequence } = self.position;
        let mut bytes = [0; KEY_BYTES];
        let (stream, rest) = bytes.split_at_mut(STREAM_BYTES);
        let (time, last) = rest.split_at_mut(8);
        stream.copy_from_slice(&self.stream.to_be_bytes()[8 - STREAM_BYTES..]);
        time.copy_from_slice(&timestamp.to_be_bytes());
        let sequence = sequence.min(SEQUENCE_MAX);
        last.copy_from_slice(&sequence.to_be_bytes()[8 - SEQUENCE_BYTES..]);
        bytes
    }

    /// Reads what [`Self::to_bytes`] made.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (stream, rest) = bytes.split_first_chunk::<STREAM_BYTES>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let sequence = rest.first_chunk::<SEQUENCE_BYTES>()?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
        let timestamp = i64::from_be_bytes(*time);
        let position = Position { timestamp, sequence: number(sequence) };
        Some(Self { stream: number(stream), position })
    }

    /// The position as one number, in the same order; [`Position::END`] is behind all others.
    pub(super) fn place(self) -> u128 {
        let Position { timestamp, sequence } = self.position;
        let timestamp = u128::from(timestamp.max(0).unsigned_abs());
        (timestamp << (8 * SEQUENCE_BYTES)) + u128::from(sequence.min(SEQUENCE_MAX))
    }

    /// The key of that place.
    pub(super) fn at_place(stream: u64, place: u128) -> Self {
        let timestamp = i64::try_from(place >> (8 * SEQUENCE_BYTES)).unwrap_or(i64::MAX);
        let sequence = (place as u64) & SEQUENCE_MAX;
        Self { stream, position: Position { timestamp, sequence } }
    }

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

    #[test]
    fn keys_sort_as_events() {
        let key = |stream, timestamp, sequence| EventKey {
            stream,
            position: Position { timestamp, sequence },
        };
        let keys = [
            key(1, 0, 1),
            key(1, 0, 2),
            key(1, 256, 0),
            key(1, i64::MAX, SEQUENCE_MAX),
            key(2, 0, 1),
            key((1 << 40) - 1, 7, 7),
        ];
        assert!(keys.map(EventKey::to_bytes).is_sorted());
        assert!(keys.iter().all(|key| EventKey::of_bytes(&key.to_bytes()) == Some(*key)));
    }
}
