//! What one `PutLogEvents` brings about, on its way to the disk. Encoded where it was called, so
//! that callers at the same time do it at the same time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fjall::{UserKey, UserValue};

use super::block;
use super::commit::How;
use super::event::{EventKey, NewEvent, Position};
use super::history::Reported;
use super::outbox::{Content, Entry, JudgedField, Owner, Route};
use super::staged::Staged;
use super::state::Stream;
use super::txn::{NewEntry, Txn};
use super::{BacklogLimit, GroupRef, Store, WhenFull, not_found};
use crate::arn::{Arn, LogGroupName, LogStreamName};
use crate::error::{Error, ErrorKind};
use crate::limits::EVENT_OVERHEAD_BYTES;
use crate::metric::MetricData;

/// Events for one log stream, and to which routes they go.
pub(crate) struct Write {
    pub(crate) group: GroupRef,
    pub(crate) stream: LogStreamName,
    pub(crate) events: Vec<NewEvent>,
    /// The sequence of the first event, from [`Store::reserve`]; the others follow.
    pub(crate) first_sequence: u64,
    pub(crate) outgoing: Vec<Outgoing>,
    /// What metric filters made of the events.
    pub(crate) metric_data: MetricData,
}

/// Which events a route takes.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) route: Arc<Route>,
    /// Their indexes, ascending.
    pub(crate) indexes: Vec<usize>,
    /// By index: name and masked value.
    pub(crate) judged: Vec<(usize, String, String)>,
}

/// What one `PutLogEvents` brings about. All of it is stored, or none.
pub(crate) struct Batch {
    pub(crate) events: Write,
    /// The number of their log stream: originals were sealed for it.
    pub(crate) stream_number: u64,
    /// Findings for log groups; their streams are made when needed.
    pub(crate) findings: Vec<Write>,
    /// Findings for other destinations.
    pub(crate) entries: Vec<Entry>,
    pub(crate) counts: BatchCounts,
}

/// What a batch adds to the counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchCounts {
    pub(crate) masked: u64,
    /// Events with findings, by the policy document's `Name`.
    pub(crate) findings: Vec<(Option<String>, u64)>,
    /// What they report.
    pub(crate) reported: Reported,
    pub(crate) findings_lost: u64,
    /// How many judgements failed since the store was made.
    pub(crate) failed_judgements: u64,
}

/// A [`Write`] as the disk gets it.
struct Encoded {
    group: GroupRef,
    stream: LogStreamName,
    number: u64,
    /// The number is for a new log stream.
    fresh: bool,
    blocks: Vec<(UserKey, UserValue)>,
    events: usize,
    /// Smallest and largest timestamp, and bytes with the overhead of each event.
    times: (i64, i64),
    bytes: u64,
    entries: Vec<NewEntry>,
    /// For vended-log deliveries, under the number of the first event.
    staged: Vec<Staged>,
    first_sequence: u64,
    metric_data: MetricData,
}

/// What became of a batch.
enum Outcome {
    Stored,
    /// A log stream for findings was made or removed meanwhile: its number is another one.
    Again,
    /// As much waits for that destination as may.
    Full(Arn),
}

impl Store {
    /// Sets aside as many sequences; returns the first. Those that are not used stay unused.
    pub(crate) fn reserve(&self, events: usize) -> u64 {
        self.sequences.fetch_add(events as u64, Ordering::Relaxed) + 1
    }

    /// Stores a batch: everything of it, or nothing. Findings whose log group is gone are counted.
    ///
    /// # Errors
    ///
    /// ResourceNotFound when the batch's own log group or stream is gone; nothing is stored then.
    /// ServiceUnavailable when the disk fails.
    pub(crate) fn put(&self, batch: Batch, now_ms: i64) -> Result<(), Error> {
        loop {
            let mut counts = batch.counts.clone();
            let mut writes = vec![encode(&batch.events, batch.stream_number, false, now_ms)];
            // Several policies may write to one stream, which is made once.
            let mut new = BTreeMap::new();
            for write in &batch.findings {
                if !self.group_is(&write.group) {
                    counts.findings_lost += write.events.len() as u64;
                    continue;
                }
                let (number, fresh) = match self.check_stream(&write.group, &write.stream, now_ms) {
                    Ok((number, _)) => (number, false),
                    Err(_) => {
                        let at = (&write.group.name, &write.stream);
                        (*new.entry(at).or_insert_with(|| self.next_number()), true)
                    }
                };
                writes.push(encode(write, number, fresh, now_ms));
            }
            let entries = batch.entries.iter().map(NewEntry::of).collect();
            let limit = self.limit;
            let change =
                move |txn: &mut Txn<'_>| store(txn, writes, entries, counts, limit, now_ms);
            match self.commit(How::Shared, change)? {
                Outcome::Stored => return Ok(()),
                Outcome::Again => {}
                Outcome::Full(destination) => {
                    let message = format!("too much waits to be delivered to {destination}");
                    return Err(Error::new(ErrorKind::ServiceUnavailable, message));
                }
            }
        }
    }
}

fn encode(write: &Write, number: u64, fresh: bool, now_ms: i64) -> Encoded {
    let (mut times, mut bytes) = ((i64::MAX, 0), 0);
    for event in &write.events {
        times = (times.0.min(event.timestamp), times.1.max(event.timestamp));
        bytes += (event.message.as_str().len() + EVENT_OVERHEAD_BYTES) as u64;
    }
    let key = |index: usize, timestamp| {
        let sequence = write.first_sequence + index as u64;
        EventKey { stream: number, position: Position { timestamp, sequence } }
    };
    let blocks = block::blocks(&write.events).filter_map(|(index, events)| {
        let first = key(index, events.first()?.timestamp);
        Some((first.to_bytes().into(), block::encode(events, now_ms).into()))
    });
    let (mut entries, mut staged) = (Vec::new(), Vec::new());
    for Outgoing { route, indexes, judged } in &write.outgoing {
        let judged = judged.iter().map(|(index, name, masked)| JudgedField {
            sequence: write.first_sequence + *index as u64,
            name: name.clone(),
            masked: masked.clone(),
        });
        let timestamp = |index: &usize| write.events.get(*index).map(|event| event.timestamp);
        let keys = indexes.iter().filter_map(|index| Some(key(*index, timestamp(index)?)));
        let entry = Entry {
            route: Arc::clone(route),
            born_ms: now_ms,
            log_group: Some(write.group.name.clone()),
            log_stream: Some(write.stream.clone()),
            content: Content::Events(keys.collect()),
            judged: judged.collect(),
        };
        match route.owner {
            Owner::Delivery(_) => staged.push(Staged { bytes, entry }),
            _ => entries.push(NewEntry::of(&entry)),
        }
    }
    Encoded {
        entries,
        staged,
        first_sequence: write.first_sequence,
        metric_data: write.metric_data.clone(),
        group: write.group.clone(),
        stream: write.stream.clone(),
        number,
        fresh,
        blocks: blocks.collect(),
        events: write.events.len(),
        times,
        bytes,
    }
}

/// Writes a batch, unless something it was made for has changed.
fn store(
    txn: &mut Txn<'_>,
    writes: Vec<Encoded>,
    entries: Vec<NewEntry>,
    mut counts: BatchCounts,
    limit: BacklogLimit,
    now_ms: i64,
) -> Result<Outcome, Error> {
    let mut streams: BTreeMap<(LogGroupName, LogStreamName), Stream> = BTreeMap::new();
    for (index, write) in writes.iter().enumerate() {
        let own = index == 0;
        if !txn.group(&write.group.name).is_ok_and(|found| found.number == write.group.number) {
            if own {
                return Err(not_found("log group"));
            }
            continue;
        }
        let at = (write.group.name.clone(), write.stream.clone());
        let found = streams.get(&at).copied().or_else(|| txn.stream(&at.0, &at.1));
        let mut stream: Stream = match found {
            Some(found) if found.number == write.number => found,
            _ if own => return Err(not_found("log stream")),
            None if write.fresh => Stream::new(write.number, now_ms),
            _ => return Ok(Outcome::Again),
        };
        stream.note(write.times, write.bytes, now_ms);
        streams.insert(at, stream);
    }
    let lines = || {
        let all = writes.iter().flat_map(|write| &write.entries).chain(&entries);
        all.map(|entry| &entry.line)
    };
    if limit.when_full == WhenFull::Refuse
        && let Some(destination) = txn.full(lines(), limit.entries_max)
    {
        txn.changes.counts.refused += 1;
        return Ok(Outcome::Full(destination.clone()));
    }
    // Nothing is written before it is known that all of it can be.
    if let Some(own) = writes.first() {
        let totals = &mut txn.changes.counts;
        totals.incoming += own.events as u64;
        totals.masked += counts.masked;
        totals.failed_judgements = totals.failed_judgements.max(counts.failed_judgements);
        for (policy, events) in counts.findings {
            txn.count_findings(&own.group.name, policy, events);
        }
        txn.count_reported(counts.reported, now_ms);
    }
    for write in writes {
        let at = (write.group.name, write.stream);
        if streams.get(&at).is_none_or(|stream| stream.number != write.number) {
            counts.findings_lost += write.events as u64;
            continue;
        }
        write.blocks.into_iter().for_each(|(key, value)| txn.put_block(key, value));
        write.entries.into_iter().for_each(|entry| queue(txn, entry, limit));
        write.staged.into_iter().for_each(|part| txn.stage(write.first_sequence, part));
        txn.add_metric_data(write.metric_data, now_ms);
    }
    txn.changes.counts.findings_lost += counts.findings_lost;
    for ((group, name), stream) in streams {
        txn.put_stream(&group, name, stream);
    }
    entries.into_iter().for_each(|entry| queue(txn, entry, limit));
    Ok(Outcome::Stored)
}

fn queue(txn: &mut Txn<'_>, entry: NewEntry, limit: BacklogLimit) {
    if limit.when_full == WhenFull::DropOldest {
        txn.make_room(&entry.line.destination_arn, limit.entries_max);
    }
    txn.queue(entry);
}
