//! One pass over the events of a log stream, around what is damaged.

use std::collections::VecDeque;
use std::io;
use std::ops::{Bound, Range};

use fjall::{KvPair, Readable as _, Snapshot};

use super::StoredEvent;
use super::block::{self, Block};
use super::disk::{Disk, failed_in};
use super::event::{EventKey, Position};
use crate::error::Error;

/// The events of a range of keys of one stream, forwards or backwards.
pub(super) struct Scan<'a> {
    blocks: Blocks<'a>,
    /// The places that are asked for: the first block and the last may hold others as well.
    wanted: Range<u128>,
    /// What is left of the block that was read last.
    events: Block,
}

impl<'a> Scan<'a> {
    pub(super) fn new(disk: &'a Disk, keys: Range<EventKey>, forwards: bool) -> Self {
        let wanted = keys.start.place()..keys.end.place();
        Self { blocks: Blocks::new(disk, keys, forwards), wanted, events: Block::new() }
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<(EventKey, StoredEvent), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let forwards = self.blocks.forwards;
            let event = if forwards { self.events.pop_front() } else { self.events.pop_back() };
            match event {
                Some(event) if self.wanted.contains(&event.0.place()) => return Some(Ok(event)),
                Some(_) => {}
                None => match self.blocks.next()? {
                    Ok((_, block)) => self.events = block,
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

/// The blocks that may hold events of a range of keys of one stream, each with its key, forwards or
/// backwards. Those that are damaged are counted and left out; so is a part of a table that cannot
/// be read, with what else lies between its keys.
pub(super) struct Blocks<'a> {
    disk: &'a Disk,
    snapshot: Snapshot,
    stream: u64,
    /// The places that are still to be read.
    left: Range<u128>,
    forwards: bool,
    /// What could be read before a damaged part.
    saved: VecDeque<KvPair>,
    items: fjall::Iter,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(disk: &'a Disk, keys: Range<EventKey>, forwards: bool) -> Self {
        let (snapshot, saved) = (disk.snapshot(), VecDeque::new());
        let start = block_of(disk, &snapshot, keys.start);
        let (stream, left) = (keys.start.stream, start.place()..keys.end.place());
        let items = items(disk, &snapshot, stream, &left);
        Self { disk, snapshot, stream, left, forwards, saved, items }
    }

    fn step(&mut self) -> Option<fjall::Result<KvPair>> {
        if let Some(saved) = self.saved.pop_front() {
            return Some(Ok(saved));
        }
        let item = if self.forwards { self.items.next() } else { self.items.next_back() };
        item.map(fjall::Guard::into_inner)
    }

    /// The part of what is left that begins so many places away from where it stopped.
    fn behind(&self, distance: u128) -> Range<u128> {
        let Range { start, end } = self.left;
        match self.forwards {
            true => start.saturating_add(distance).min(end)..end,
            false => start..end.saturating_sub(distance).max(start),
        }
    }

    /// The part before that.
    fn before(&self, distance: u128) -> Range<u128> {
        let (Range { start, end }, behind) = (self.left.clone(), self.behind(distance));
        if self.forwards { start..behind.start } else { behind.end..end }
    }

    /// Whether the first item of a range can be read, or there is none.
    fn begins(&self, places: &Range<u128>) -> bool {
        let mut items = items(self.disk, &self.snapshot, self.stream, places);
        let first = if self.forwards { items.next() } else { items.next_back() };
        first.is_none_or(|first| first.key().is_ok())
    }

    /// The items of a range, when all of them can be read.
    fn whole(&self, places: &Range<u128>) -> Option<VecDeque<KvPair>> {
        let items = items(self.disk, &self.snapshot, self.stream, places);
        let found: fjall::Result<VecDeque<_>> = items.map(fjall::Guard::into_inner).collect();
        found.ok()
    }

    /// Goes on behind a part that cannot be read, whose keys are not known: as near to it as can
    /// be found by doubling the distance and then halving. The engine reads ahead, so what lies
    /// before it is saved as well.
    fn skip(&mut self) {
        let goes_on = |scan: &Self, distance| scan.begins(&scan.behind(distance));
        let mut far = 1;
        while !goes_on(self, far) {
            far *= 2;
        }
        let mut near = far / 2;
        while far - near > 1 {
            let middle = near.midpoint(far);
            *if goes_on(self, middle) { &mut far } else { &mut near } = middle;
        }
        let (mut good, mut bad) = (0, far);
        while bad - good > 1 {
            let middle = good.midpoint(bad);
            *if self.whole(&self.before(middle)).is_some() { &mut good } else { &mut bad } = middle;
        }
        self.saved = self.whole(&self.before(good)).unwrap_or_default();
        if !self.forwards {
            self.saved.make_contiguous().reverse();
        }
        // Whoever asks for the last item before that part by range is read ahead into it.
        let edge = match self.forwards {
            true => self.left.start + good,
            false => self.left.end - good - 1,
        };
        let key = EventKey::at_place(self.stream, edge).to_bytes();
        if let Ok(Some(value)) = self.snapshot.get(&self.disk.events, key) {
            self.saved.push_back((key.into(), value));
        }
        self.left = self.behind(far);
        self.items = items(self.disk, &self.snapshot, self.stream, &self.left);
    }
}

/// Where to begin so that an event is found: the key of the last block of its millisecond that does
/// not begin behind it. When that cannot be read, the first of its millisecond, so that the damage
/// is met and counted.
fn block_of(disk: &Disk, snapshot: &Snapshot, key: EventKey) -> EventKey {
    let Position { timestamp, sequence } = key.position;
    let from = EventKey { position: Position::at(timestamp), ..key };
    if sequence == 0 {
        return from;
    }
    let mut before = snapshot.range(&disk.events, from.to_bytes()..=key.to_bytes());
    match before.next_back().map(fjall::Guard::key) {
        None => key,
        Some(found) => found.ok().and_then(|found| EventKey::of_bytes(&found)).unwrap_or(from),
    }
}

fn items(disk: &Disk, snapshot: &Snapshot, stream: u64, places: &Range<u128>) -> fjall::Iter {
    let key = |place| EventKey::at_place(stream, place).to_bytes();
    // The last key is named, not the one behind it: that may lie where it cannot be read.
    let keys = if places.is_empty() {
        (Bound::Included(key(places.start)), Bound::Excluded(key(places.start)))
    } else {
        (Bound::Included(key(places.start)), Bound::Included(key(places.end - 1)))
    };
    snapshot.range(&disk.events, keys)
}

/// Whether a failure is one of the data rather than of the machine.
pub(super) fn is_damage(error: &fjall::Error) -> bool {
    let io = match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => error,
        _ => return true,
    };
    matches!(io.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData)
}

impl Iterator for Blocks<'_> {
    type Item = Result<(EventKey, Block), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (key, value) = match self.step()? {
                Ok(item) => item,
                Err(error) if is_damage(&error) => {
                    self.disk.note_damage();
                    self.skip();
                    continue;
                }
                Err(error) => return Some(Err(failed_in("read", &error))),
            };
            let Some(key) = EventKey::of_bytes(&key) else {
                self.disk.note_damage();
                continue;
            };
            match self.forwards {
                true => self.left.start = self.left.start.max(key.place() + 1),
                false => self.left.end = self.left.end.min(key.place()),
            }
            match block::decode(key, &value) {
                Some(block) => return Some(Ok((key, block))),
                None => self.disk.note_damage(),
            }
        }
    }
}
