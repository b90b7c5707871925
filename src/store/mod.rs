//! Log groups, log streams, log events and what waits to be delivered, on disk.
//!
//! Everything that one `PutLogEvents` brings about (events with their sealed originals, findings,
//! outgoing entries, counts) is one [`Batch`], written at once, and has one fate. Keys are numbers
//! in the order of reading. What is in memory, log groups and log streams, is the image of what is
//! on disk: it changes when the disk has it.

mod backlog;
mod block;
mod code;
mod commit;
mod disk;
mod event;
mod expire;
mod exports;
mod groups;
mod history;
mod journal;
mod metrics;
mod open;
mod outbox;
mod policies;
mod read;
mod record;
mod retention;
mod retry;
mod scan;
mod staged;
mod state;
mod tables;
mod txn;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::{Error, ErrorKind};
use crate::limits::BACKLOG_ENTRIES_MAX;

use backlog::Backlog;
use commit::Line;
use disk::Disk;
use state::State;

pub(crate) use block::StoredEvent;
pub use disk::Durability;
pub(crate) use event::{EventKey, NewEvent, Position};

pub(crate) use backlog::{Outcome, Taken};
pub(crate) use groups::{LOG_GROUP_POLICY, NewGroup};
pub(crate) use history::Reported;
pub(crate) use metrics::MetricFilterRecord;
pub(crate) use open::Stored;
pub(crate) use outbox::{Content, Entry, Left, Owner, Rendered, Route, Settled};
pub(crate) use read::{Found, Streams, Window};
pub(crate) use record::{AccountPolicyRecord, DestinationRecord, FilterRecord, GroupPolicyRecord};
pub(crate) use retention::{Impact, Keeps};
pub(crate) use retry::{Retry, Wait};
pub(crate) use staged::{StagedFor, StagedRecords};
pub(crate) use state::{Counts, Forwarder, Group, Stream, Tally};
pub use state::{DataProtectionStatus, LogGroupClass};
pub(crate) use write::{Batch, BatchCounts, Outgoing, Write};

/// Where everything lies. Shared by all threads.
pub(crate) struct Store {
    disk: Disk,
    state: RwLock<State>,
    line: Line,
    /// The last number given to a log group or a log stream.
    numbers: AtomicU64,
    /// The last sequence that was set aside for an event.
    sequences: AtomicU64,
    backlog: Mutex<Backlog>,
    /// Something was queued, or can be taken again.
    queued: Condvar,
    pub(crate) limit: BacklogLimit,
}

/// How much may wait for one destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BacklogLimit {
    pub(crate) entries_max: usize,
    pub(crate) when_full: WhenFull,
}

/// What happens when as much waits for a destination as may.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum WhenFull {
    /// `PutLogEvents` is refused with ServiceUnavailable when one of its events would go there.
    /// Nothing of it is stored, and it is counted.
    #[default]
    Refuse,
    /// What has waited longest is dropped and counted.
    DropOldest,
}

impl Default for BacklogLimit {
    fn default() -> Self {
        Self { entries_max: BACKLOG_ENTRIES_MAX, when_full: WhenFull::default() }
    }
}

/// One log group as a batch found it: a group made again in the meantime is another one.
#[derive(Clone, Debug)]
pub(crate) struct GroupRef {
    pub(crate) name: LogGroupName,
    pub(crate) number: u64,
}

impl Store {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Numbers that were given away are not given again after a restart.
    fn note_numbers(&self, counts: &mut Counts) {
        counts.last_number = self.numbers.load(Ordering::Relaxed);
        counts.last_sequence = self.sequences.load(Ordering::Relaxed);
    }

    fn group_is(&self, group: &GroupRef) -> bool {
        self.read().group(&group.name).is_ok_and(|found| found.about.number == group.number)
    }

    /// The number of a stream to which events may be written; and how many days the group keeps
    /// its events at that time.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the group (also when it was deleted and made again) or the stream.
    pub(crate) fn check_stream(
        &self,
        group: &GroupRef,
        stream: &LogStreamName,
        now_ms: i64,
    ) -> Result<(u64, Option<u32>), Error> {
        let state = self.read();
        let found = state.group(&group.name)?;
        if found.about.number != group.number {
            return Err(not_found("log group"));
        }
        let stream = found.streams.get(stream).ok_or_else(|| not_found("log stream"))?;
        Ok((stream.number, state.keeps(&group.name, &found.about, now_ms).days))
    }

    /// The directory that everything is in.
    pub(crate) fn directory(&self) -> &Path {
        self.disk.directory()
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        self.read().counts
    }

    /// Events with findings, by log group and the policy document's `Name`, in ASCII order.
    pub(crate) fn findings(&self) -> Vec<((LogGroupName, Option<String>), u64)> {
        self.read().findings.iter().map(|(key, count)| (key.clone(), *count)).collect()
    }

    /// What findings reported, by the beginning of the hour, in order.
    pub(crate) fn reported(&self) -> Vec<(i64, Reported)> {
        let state = self.read();
        let hours = state.history.iter();
        hours.map(|(hour, reported)| (history::start_ms(*hour), reported.clone())).collect()
    }

    /// What waits, by the name it is counted under: how many entries, and until when they are not
    /// tried, if they failed.
    pub(crate) fn waiting_by(&self, now_ms: i64) -> BTreeMap<Forwarder, (u64, Option<i64>)> {
        self.backlog().by_forwarder(now_ms)
    }

    /// What became of deliveries, by name, in order.
    pub(crate) fn tallies(&self) -> Vec<(Forwarder, Tally)> {
        self.read().tallies.iter().map(|(key, tally)| (key.clone(), *tally)).collect()
    }

    /// How often something on disk was found damaged since the store was opened.
    pub(crate) fn damaged(&self) -> u64 {
        self.disk.damaged()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({} log groups)", self.read().groups.len())
    }
}

fn not_found(what: &str) -> Error {
    Error::new(ErrorKind::ResourceNotFound, format!("The specified {what} does not exist."))
}

fn already_exists(what: &str) -> Error {
    Error::new(ErrorKind::ResourceAlreadyExists, format!("The specified {what} already exists"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::message::RawMessage;
    use crate::metric::MetricData;

    fn group(name: &str) -> LogGroupName {
        LogGroupName::new(name).unwrap()
    }

    fn stream() -> LogStreamName {
        LogStreamName::new("s").unwrap()
    }

    /// Makes the log group and the stream, and says where they are.
    fn make(store: &Store, name: &str) -> GroupRef {
        let new = NewGroup {
            name: group(name),
            class: LogGroupClass::Standard,
            retention_days: None,
            kms_key_arn: None,
            deletion_protection: false,
            tags: BTreeMap::new(),
        };
        let number = store.create_group(new, 0).unwrap();
        store.create_stream(&group(name), &stream(), 0).unwrap();
        GroupRef { name: group(name), number }
    }

    /// Makes the log group again; what is returned is the one that is gone.
    fn make_again(store: &Store, name: &str) -> GroupRef {
        let gone = make(store, name);
        store.delete_group(&gone.name).unwrap();
        make(store, name);
        gone
    }

    fn write(store: &Store, at: &GroupRef) -> Write {
        let (message, _) = RawMessage::from("x").mask(&[]);
        let events = vec![NewEvent { timestamp: 1, message, sealed: None }];
        let (first_sequence, outgoing) = (store.reserve(1), Vec::new());
        let metric_data = MetricData::default();
        let (group, stream) = (at.clone(), stream());
        Write { group, stream, events, first_sequence, outgoing, metric_data }
    }

    fn batch(store: &Store, at: &GroupRef, findings: &[&GroupRef]) -> Batch {
        let found = store.with_group(&at.name, |group| group.streams[&stream()].number);
        Batch {
            events: write(store, at),
            stream_number: found.unwrap(),
            findings: findings.iter().map(|at| write(store, at)).collect(),
            entries: Vec::new(),
            counts: BatchCounts::default(),
        }
    }

    #[test]
    fn a_group_made_again_is_not_the_one_a_batch_was_checked_for() {
        let store = Store::temporary().unwrap();
        let gone = make_again(&store, "/app");
        let refused = store.check_stream(&gone, &stream(), 0).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceNotFound);
        let refused = store.put(batch(&store, &gone, &[]), 1).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceNotFound);
        assert_eq!(store.disk.events.iter().count(), 0, "nothing is stored");
    }

    #[test]
    fn findings_for_a_group_made_again_are_lost_and_counted() {
        let store = Store::temporary().unwrap();
        let (app, audit) = (make(&store, "/app"), make(&store, "/audit"));
        let gone = make_again(&store, "/again");
        store.put(batch(&store, &app, &[&gone, &audit]), 1).unwrap();
        assert_eq!(store.counts().findings_lost, 1);
        let events = |name: &str| {
            let number = |found: &Group| found.streams[&stream()].number;
            let number = store.with_group(&group(name), number).unwrap();
            scan::Scan::new(&store.disk, EventKey::all_of(number), true).count()
        };
        assert_eq!(["/app", "/audit", "/again"].map(events), [1, 1, 0]);
    }
}
