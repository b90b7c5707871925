//! What a commit is made of: changes that see each other, none of which others see before it is on
//! disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fjall::{OwnedWriteBatch, UserKey, UserValue};

use super::backlog::{Backlog, Queued};
use super::disk::Disk;
use super::history::Hours;
use super::metrics::WaitingKey;
use super::outbox::{Entry, Line};
use super::record::{Key, Record};
use super::staged::About;
use super::state::{Counts, Forwarder, GroupRecord, State, Stream, Tally};
use crate::arn::{Arn, LogGroupName, LogStreamName};
use crate::error::Error;
use crate::metric::StatisticSet;
use crate::policy::RetentionRule;

/// One commit in the making.
pub(super) struct Txn<'a> {
    pub(super) state: &'a State,
    pub(super) disk: &'a Disk,
    pub(super) backlog: &'a Mutex<Backlog>,
    pub(super) changes: Changes,
    batch: OwnedWriteBatch,
    /// By key: a key is written once in a batch, whoever changed it last.
    records: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// What a commit changes in memory once it is on disk.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) groups: BTreeMap<LogGroupName, Arc<GroupRecord>>,
    pub(super) streams: BTreeMap<(LogGroupName, LogStreamName), Stream>,
    /// Removals are alone in their commit.
    pub(super) removed_streams: Vec<(LogGroupName, LogStreamName)>,
    pub(super) removed_group: Option<LogGroupName>,
    pub(super) counts: Counts,
    pub(super) findings: BTreeMap<(LogGroupName, Option<String>), u64>,
    pub(super) tallies: BTreeMap<Forwarder, Tally>,
    /// Retention policies of the account, by name; absent ones are removed.
    pub(super) retention: Vec<(String, Option<RetentionRule>)>,
    pub(super) history: Hours,
    /// Entries that wait from now on, and those that wait no more.
    pub(super) queued: Vec<Queued>,
    pub(super) dequeued: BTreeMap<u64, Arc<Line>>,
    /// What is staged from now on, and what is no more: number and delivery.
    pub(super) staged: Vec<(u64, String, About)>,
    pub(super) unstaged: Vec<(u64, String)>,
    /// Values of metrics that wait from now on, or no more.
    pub(super) metric_data: BTreeMap<WaitingKey, Option<StatisticSet>>,
}

/// An entry as it is queued: encoded, and what memory has to know of it.
#[derive(Debug)]
pub(super) struct NewEntry {
    pub(super) line: Arc<Line>,
    pub(super) born_ms: i64,
    pub(super) value: Vec<u8>,
}

impl NewEntry {
    pub(super) fn of(entry: &Entry) -> Self {
        let (line, born_ms) = (Arc::new(entry.line()), entry.born_ms);
        Self { line, born_ms, value: entry.to_value() }
    }
}

impl Changes {
    pub(super) fn dequeued_for(&self, destination: &Arn) -> usize {
        self.dequeued.values().filter(|line| line.destination_arn == *destination).count()
    }
}

impl<'a> Txn<'a> {
    pub(super) fn new(state: &'a State, disk: &'a Disk, backlog: &'a Mutex<Backlog>) -> Self {
        let changes = Changes { counts: state.counts, ..Changes::default() };
        Self { state, disk, backlog, changes, batch: disk.batch(), records: BTreeMap::new() }
    }

    /// # Errors
    ///
    /// ResourceNotFound.
    pub(super) fn group(&self, name: &LogGroupName) -> Result<&Arc<GroupRecord>, Error> {
        match self.changes.groups.get(name) {
            Some(changed) => Ok(changed),
            None => self.state.group(name).map(|group| &group.about),
        }
    }

    pub(super) fn stream(&self, group: &LogGroupName, name: &LogStreamName) -> Option<Stream> {
        let changed = self.changes.streams.get(&(group.clone(), name.clone()));
        changed.or_else(|| self.state.groups.get(group)?.streams.get(name)).copied()
    }

    pub(super) fn put_group(&mut self, name: LogGroupName, about: GroupRecord) {
        self.put(&Key::Group(name.clone()), &about);
        self.changes.groups.insert(name, Arc::new(about));
    }

    /// Its record is written when the commit is complete.
    pub(super) fn put_stream(&mut self, group: &LogGroupName, name: LogStreamName, stream: Stream) {
        self.changes.streams.insert((group.clone(), name), stream);
    }

    pub(super) fn put(&mut self, key: &Key, value: &impl Record) {
        self.records.insert(key.to_bytes(), Some(value.to_value()));
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.records.insert(key, None);
    }

    pub(super) fn put_block(&mut self, key: UserKey, value: UserValue) {
        self.batch.insert(&self.disk.events, key, value);
    }

    pub(super) fn remove_block(&mut self, key: UserKey) {
        self.batch.remove(&self.disk.events, key);
    }

    /// Queues an entry behind all others.
    pub(super) fn queue(&mut self, entry: NewEntry) {
        let NewEntry { line, born_ms, value } = entry;
        self.changes.counts.last_entry += 1;
        let number = self.changes.counts.last_entry;
        self.batch.insert(&self.disk.outbox, number.to_be_bytes(), value);
        self.changes.queued.push(Queued { number, born_ms, line });
    }

    /// How many entries this commit queues for a destination.
    pub(super) fn queued_for(&self, destination: &Arn) -> usize {
        let of_it = |queued: &&Queued| queued.line.destination_arn == *destination;
        self.changes.queued.iter().filter(of_it).count()
    }

    pub(super) fn replace_entry(&mut self, number: u64, entry: &Entry) {
        self.batch.insert(&self.disk.outbox, number.to_be_bytes(), entry.to_value());
    }

    pub(super) fn remove_entry(&mut self, line: &Arc<Line>, number: u64) {
        self.batch.remove(&self.disk.outbox, number.to_be_bytes());
        self.changes.dequeued.insert(number, Arc::clone(line));
    }

    /// Whether this commit removes an entry.
    pub(super) fn is_removed(&self, number: u64) -> bool {
        self.changes.dequeued.contains_key(&number)
    }

    /// Counts what became of deliveries of a line.
    pub(super) fn count(&mut self, line: &Line, tally: Tally) {
        self.count_for(line.forwarder(), tally);
    }

    /// The same under a name.
    pub(super) fn count_for(&mut self, key: Forwarder, tally: Tally) {
        if tally == Tally::default() {
            return;
        }
        let counts = &mut self.changes.counts;
        counts.delivered += tally.delivered;
        counts.dropped += tally.dropped;
        counts.set_aside += tally.set_aside;
        let before = self.state.tallies.get(&key).copied().unwrap_or_default();
        self.changes.tallies.entry(key).or_insert(before).add(tally);
    }

    /// Counts events with findings.
    pub(super) fn count_findings(&mut self, group: &LogGroupName, policy: Option<String>, n: u64) {
        let key = (group.clone(), policy);
        let before = self.state.findings.get(&key).copied().unwrap_or_default();
        *self.changes.findings.entry(key).or_insert(before) += n;
    }

    /// Whether nothing was changed.
    pub(super) fn is_empty(&self) -> bool {
        let Changes { streams, findings, tallies, counts, metric_data, .. } = &self.changes;
        let written = !self.batch.is_empty() || !self.records.is_empty();
        let counted = !findings.is_empty() || !tallies.is_empty() || !metric_data.is_empty();
        !written && !counted && streams.is_empty() && *counts == self.state.counts
    }

    /// The batch for the disk, and what memory takes over then.
    ///
    /// # Errors
    ///
    /// ResourceNotFound: never, as changes look before they write.
    pub(super) fn finish(mut self) -> Result<(OwnedWriteBatch, Changes), Error> {
        let streams = std::mem::take(&mut self.changes.streams);
        for ((group, name), stream) in &streams {
            let number = self.group(group)?.number;
            self.put(&Key::Stream(number, name.clone()), stream);
        }
        self.changes.streams = streams;
        let findings = std::mem::take(&mut self.changes.findings);
        for ((group, policy), count) in &findings {
            self.put(&Key::Findings(group.clone(), policy.clone()), count);
        }
        self.changes.findings = findings;
        let tallies = std::mem::take(&mut self.changes.tallies);
        for (forwarder, tally) in &tallies {
            self.put(&Key::Forwarder(forwarder.clone()), tally);
        }
        self.changes.tallies = tallies;
        self.write_metric_data();
        self.write_history();
        if self.changes.counts != self.state.counts {
            let counts = self.changes.counts;
            self.put(&Key::Counts, &counts);
        }
        for (key, value) in self.records {
            match value {
                Some(value) => self.batch.insert(&self.disk.records, key, value),
                None => self.batch.remove(&self.disk.records, key),
            }
        }
        Ok((self.batch, self.changes))
    }
}
