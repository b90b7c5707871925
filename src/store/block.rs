//! Blocks: what one batch brings for one millisecond of a log stream, written as one value.
//!
//! Events of a block have one timestamp and sequences without a gap, so no block reaches into
//! another and blocks sort as their first events do.

use std::collections::VecDeque;

use super::code::{Reader, Writer};
use super::event::{EventKey, NewEvent};
use crate::message::MaskedMessage;

/// Bytes of events after which a block ends. Measured: a value for each event takes the engine
/// below twice the time; whoever reads one event decodes this much.
const BLOCK_BYTES: usize = 16 * 1024;

/// What the value of a block begins with: the version of its encoding.
const VERSION: u8 = 2;

/// A stored event.
#[derive(Debug)]
pub(crate) struct StoredEvent {
    pub(crate) message: MaskedMessage,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) ingestion_time: i64,
}

/// The events of a block in order.
pub(super) type Block = VecDeque<(EventKey, StoredEvent)>;

/// The blocks of a batch, each with the index of its first event.
pub(super) fn blocks(events: &[NewEvent]) -> impl Iterator<Item = (usize, &[NewEvent])> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = events.get(start..)?;
        let timestamp = rest.first()?.timestamp;
        let mut bytes = 0;
        let inside = |event: &&NewEvent| {
            let fits = event.timestamp == timestamp && bytes < BLOCK_BYTES;
            bytes += event.message.as_str().len() + event.sealed.as_ref().map_or(0, Vec::len);
            fits
        };
        let block = rest.get(..rest.iter().take_while(inside).count())?;
        start += block.len();
        Some((start - block.len(), block))
    })
}

/// The value of a block: version, time of ingestion, each message with its sealed originals, and a
/// checksum.
pub(super) fn encode(events: &[NewEvent], ingestion_time: i64) -> Vec<u8> {
    let mut out = Writer::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 8);
    out.byte(VERSION).signed(ingestion_time).number(events.len() as u64);
    for event in events {
        out.bytes(event.message.as_str().as_bytes());
        out.bytes(event.sealed.as_deref().unwrap_or_default());
    }
    out.finish()
}

/// Reads the value of the block whose first event has that key; `None` when it is damaged.
pub(super) fn decode(first: EventKey, value: &[u8]) -> Option<Block> {
    let mut from = Reader::new(value)?;
    let (VERSION, ingestion_time) = (from.byte()?, from.signed()?) else { return None };
    let mut key = first;
    let event = |from: &mut Reader<'_>| {
        let message = MaskedMessage::stored(from.bytes()?.to_vec())?;
        let sealed = Some(from.bytes()?.to_vec()).filter(|sealed| !sealed.is_empty());
        let at = key;
        key.position = key.position.next();
        Some((at, StoredEvent { message, sealed, ingestion_time }))
    };
    let events = from.list(event)?;
    from.end()?;
    Some(events.into())
}

#[cfg(test)]
mod tests {
    use crate::message::RawMessage;
    use crate::store::Position;

    use super::*;

    fn event(timestamp: i64, text: &str, sealed: Option<Vec<u8>>) -> NewEvent {
        let (message, _) = RawMessage::from(text).mask(&[]);
        NewEvent { timestamp, message, sealed }
    }

    #[test]
    fn a_block_comes_back_or_is_damaged() {
        let events = [event(5, "text é", Some(vec![1, 2, 3])), event(5, "", None)];
        let position = Position { timestamp: 5, sequence: 8 };
        let first = EventKey { stream: 7, position };
        let mut value = encode(&events, -7);
        let read = decode(first, &value).expect("whole");
        let read: Vec<_> = read.iter().map(|(key, event)| (key.position.sequence, event)).collect();
        let [(8, one), (9, two)] = read[..] else { panic!("{read:?}") };
        assert_eq!((one.message.as_str(), one.ingestion_time), ("text é", -7));
        assert_eq!((one.sealed.as_deref(), two.sealed.as_deref()), (Some(&[1, 2, 3][..]), None));
        assert_eq!((two.message.as_str(), two.ingestion_time), ("", -7));
        for bit in 0..value.len() * 8 {
            value[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(first, &value).is_none(), "bit {bit}");
            value[bit / 8] ^= 1 << (bit % 8);
        }
        assert!((0..value.len()).all(|len| decode(first, &value[..len]).is_none()));
    }

    #[test]
    fn a_block_ends_with_its_millisecond_or_when_it_is_full() {
        let full = "x".repeat(BLOCK_BYTES);
        let events = [
            event(1, "a", None),
            event(1, &full, None),
            event(1, "b", None),
            event(1, "", Some(vec![0; BLOCK_BYTES])),
            event(1, "c", None),
            event(2, "d", None),
            event(2, "e", None),
        ];
        let found: Vec<_> = blocks(&events).map(|(at, block)| (at, block.len())).collect();
        assert_eq!(found, [(0, 2), (2, 2), (4, 1), (5, 2)]);
        assert_eq!(blocks(&[]).count(), 0);
    }
}
