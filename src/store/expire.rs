//! Giving room back: events past their retention, and events of log streams that are gone.

use std::ops::Range;

use super::commit::How;
use super::disk::failed_in;
use super::event::{EventKey, Position};
use super::record::Key;
use super::scan::{Blocks, Scan};
use super::txn::Txn;
use super::{GroupRef, Store, StoredEvent};
use crate::arn::LogStreamName;
use crate::error::Error;
use crate::event::retention_cut;
use crate::limits::EVENT_OVERHEAD_BYTES;

/// Events after which a commit removes no further block: it holds up others meanwhile.
const REMOVED_AT_ONCE_MAX: usize = 10_000;

/// What [`Store::expire`] removed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expired {
    pub(crate) events: usize,
    pub(crate) bytes: u64,
}

impl Store {
    /// Removes events that are past their group's retention, and those of log streams and log
    /// groups that were deleted. Nothing that is read changes: these were not shown any more.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable; what was removed until then stays removed.
    pub(crate) fn expire(&self, now_ms: i64) -> Result<Expired, Error> {
        let mut expired = Expired::default();
        for (group, stream, number, cut) in self.past_retention(now_ms) {
            let keys = EventKey::within(number, Position::at(0)..Position::at(cut));
            self.remove_all(keys, Some((group, stream)), &mut expired)?;
        }
        let gone = self.disk.records.prefix(Key::GONE);
        for record in gone {
            let key = record.key().map_err(|error| failed_in("read", &error))?;
            if let Some(Key::Gone(number)) = Key::of_bytes(&key) {
                self.remove_all(EventKey::all_of(number), None, &mut expired)?;
                let key = key.to_vec();
                self.commit(How::Lazily, move |txn| {
                    txn.remove(key);
                    Ok(())
                })?;
            }
        }
        Ok(expired)
    }

    /// Streams that hold events past their group's retention, with the time of the cut.
    fn past_retention(&self, now_ms: i64) -> Vec<(GroupRef, LogStreamName, u64, i64)> {
        let (state, mut found) = (self.read(), Vec::new());
        for (name, group) in &state.groups {
            let Some(days) = state.keeps(name, &group.about, now_ms).days else { continue };
            let cut = retention_cut(now_ms, days);
            for (stream, record) in &group.streams {
                if record.event_times.is_some_and(|(first, _)| first < cut) {
                    let group = GroupRef { name: name.clone(), number: group.about.number };
                    found.push((group, stream.clone(), record.number, cut));
                }
            }
        }
        found
    }

    /// Removes the events of a range, some at a time.
    fn remove_all(
        &self,
        mut keys: Range<EventKey>,
        of: Option<(GroupRef, LogStreamName)>,
        expired: &mut Expired,
    ) -> Result<(), Error> {
        loop {
            let (range, of) = (keys.clone(), of.clone());
            let removed = self.commit(How::Lazily, move |txn| txn.remove_some(range, of))?;
            expired.events += removed.events;
            expired.bytes += removed.bytes;
            match removed.next {
                Some(next) => keys.start = next,
                None => return Ok(()),
            }
        }
    }
}

/// What one commit removed.
struct Removed {
    events: usize,
    bytes: u64,
    /// Where to go on; absent when nothing is left.
    next: Option<EventKey>,
}

impl Txn<'_> {
    /// Removes the first events of a range that begins and ends with a millisecond; the log stream
    /// they are of, if it is still there, is told.
    fn remove_some(
        &mut self,
        keys: Range<EventKey>,
        of: Option<(GroupRef, LogStreamName)>,
    ) -> Result<Removed, Error> {
        let mut removed = Removed { events: 0, bytes: 0, next: None };
        for item in Blocks::new(self.disk, keys.clone(), true) {
            let (first, block) = item?;
            if removed.events >= REMOVED_AT_ONCE_MAX {
                removed.next = Some(first);
                break;
            }
            removed.events += block.len();
            let bytes = |(_, event): &(_, StoredEvent)| {
                (event.message.as_str().len() + EVENT_OVERHEAD_BYTES) as u64
            };
            removed.bytes += block.iter().map(bytes).sum::<u64>();
            self.remove_block(first.to_bytes().into());
        }
        let Some((group, name)) = of else { return Ok(removed) };
        let same = self.group(&group.name).is_ok_and(|found| found.number == group.number);
        let stream = self.stream(&group.name, &name).filter(|_| same);
        let Some(mut stream) = stream.filter(|found| found.number == keys.start.stream) else {
            return Ok(removed);
        };
        stream.stored_bytes = stream.stored_bytes.saturating_sub(removed.bytes);
        if removed.next.is_none() {
            let later = keys.end..EventKey::all_of(stream.number).end;
            let first = Scan::new(self.disk, later, true).next().transpose()?;
            let first = first.map(|(key, _)| key.position.timestamp);
            stream.event_times =
                first.zip(stream.event_times).map(|(first, (_, last))| (first, last.max(first)));
        }
        self.put_stream(&group.name, name, stream);
        Ok(removed)
    }
}
