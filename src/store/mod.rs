//! Log groups, log streams, log events and what waits to be delivered.
//!
//! Everything that one `PutLogEvents` brings about (events with their originals, findings, outgoing
//! entries) is one [`Batch`] and has one fate. Keys are numbers in the order of reading, so that an
//! ordered keyspace on disk can take the place of the maps.

mod event;
mod outbox;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::{Error, ErrorKind};
use crate::limits::EVENT_OVERHEAD_BYTES;

pub(crate) use event::{EventKey, NewEvent, Position, StoredEvent};
pub(crate) use outbox::{Content, Entry, Owner, Route};
pub(crate) use read::{Streams, Window};

/// Where everything lies. Shared by all threads; one writer at a time.
#[derive(Default)]
pub(crate) struct Store(RwLock<State>);

#[derive(Default)]
struct State {
    groups: BTreeMap<LogGroupName, Group>,
    events: BTreeMap<EventKey, StoredEvent>,
    outbox: BTreeMap<u64, Arc<Entry>>,
    /// The last number given to a log group or a log stream. Numbers are never used again.
    last_number: u64,
    last_sequence: u64,
    last_entry: u64,
}

/// A log group. Made again after a deletion it has another number.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) number: u64,
    pub(crate) creation_time: i64,
    pub(crate) retention_days: Option<u32>,
    pub(crate) streams: BTreeMap<LogStreamName, Stream>,
}

/// A log stream.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) number: u64,
    pub(crate) creation_time: i64,
    /// Smallest and largest timestamp of its events.
    pub(crate) event_times: Option<(i64, i64)>,
    pub(crate) last_ingestion_time: Option<i64>,
    /// Message bytes plus the overhead of each event.
    pub(crate) stored_bytes: u64,
}

/// One log group as a batch found it: a group made again in the meantime is another one.
#[derive(Clone, Debug)]
pub(crate) struct GroupRef {
    pub(crate) name: LogGroupName,
    pub(crate) number: u64,
}

/// Events for one log stream, and to which routes they go.
pub(crate) struct Write {
    pub(crate) group: GroupRef,
    pub(crate) stream: LogStreamName,
    pub(crate) events: Vec<NewEvent>,
    /// For each route the indexes of the events that it takes, ascending.
    pub(crate) outgoing: Vec<(Arc<Route>, Vec<usize>)>,
}

/// What one `PutLogEvents` brings about. All of it is stored, or none.
pub(crate) struct Batch {
    pub(crate) events: Write,
    /// Findings for log groups; their streams are made when needed.
    pub(crate) findings: Vec<Write>,
    /// Findings for other destinations.
    pub(crate) entries: Vec<Entry>,
}

impl Store {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a log group and returns its number.
    ///
    /// # Errors
    ///
    /// ResourceAlreadyExists.
    pub(crate) fn create_group(&self, name: &LogGroupName, now_ms: i64) -> Result<u64, Error> {
        let mut state = self.write();
        if state.groups.contains_key(name) {
            return Err(already_exists("log group"));
        }
        let number = state.next_number();
        let streams = BTreeMap::new();
        let group = Group { number, creation_time: now_ms, retention_days: None, streams };
        state.groups.insert(name.clone(), group);
        Ok(number)
    }

    /// Removes a log group with all its streams and events, and what waits to be delivered from it;
    /// returns how many entries that were.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub(crate) fn delete_group(&self, name: &LogGroupName) -> Result<usize, Error> {
        let mut state = self.write();
        let group = state.groups.remove(name).ok_or_else(|| not_found("log group"))?;
        for stream in group.streams.values() {
            state.remove_events(stream.number);
        }
        Ok(state
            .drop_entries(|entry| entry.holds_events() && entry.log_group.as_ref() == Some(name)))
    }

    /// Sets or removes a group's retention.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub(crate) fn set_retention(
        &self,
        name: &LogGroupName,
        days: Option<u32>,
    ) -> Result<(), Error> {
        self.write().group_mut(name)?.retention_days = days;
        Ok(())
    }

    /// Makes a log stream.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the group, ResourceAlreadyExists for the stream.
    pub(crate) fn create_stream(
        &self,
        group: &LogGroupName,
        name: &LogStreamName,
        now_ms: i64,
    ) -> Result<(), Error> {
        let mut state = self.write();
        if state.group(group)?.streams.contains_key(name) {
            return Err(already_exists("log stream"));
        }
        state.add_stream(group, name, now_ms)
    }

    /// Removes a log stream with all its events.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub(crate) fn delete_stream(
        &self,
        group: &LogGroupName,
        name: &LogStreamName,
    ) -> Result<(), Error> {
        let mut state = self.write();
        let stream = state.group_mut(group)?.streams.remove(name);
        let stream = stream.ok_or_else(|| not_found("log stream"))?;
        state.remove_events(stream.number);
        Ok(())
    }

    /// What `look` makes of one log group.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub(crate) fn with_group<T>(
        &self,
        name: &LogGroupName,
        look: impl FnOnce(&Group) -> T,
    ) -> Result<T, Error> {
        self.read().group(name).map(look)
    }

    /// What `look` makes of the log groups in ASCII order, beginning after `after`, as long as it
    /// wants more.
    pub(crate) fn groups_after(
        &self,
        after: Option<&LogGroupName>,
        mut look: impl FnMut(&LogGroupName, &Group) -> bool,
    ) {
        let state = self.read();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        for (name, group) in state.groups.range((start, Bound::Unbounded)) {
            if !look(name, group) {
                return;
            }
        }
    }

    /// Whether events may be written to the stream; and the group's retention.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the group (also when it was deleted and made again) or the stream.
    pub(crate) fn check_stream(
        &self,
        group: &GroupRef,
        stream: &LogStreamName,
    ) -> Result<Option<u32>, Error> {
        self.read().check_stream(group, stream)
    }

    /// Stores a batch in one critical section; returns how many findings had no log group any more.
    ///
    /// # Errors
    ///
    /// ResourceNotFound when the batch's own log group or stream is gone; nothing is stored then.
    pub(crate) fn commit(&self, batch: Batch, now_ms: i64) -> Result<usize, Error> {
        let mut state = self.write();
        state.check_stream(&batch.events.group, &batch.events.stream)?;
        state.append(batch.events, now_ms);
        let mut lost = 0;
        for write in batch.findings {
            let group = &write.group;
            if state.groups.get(&group.name).is_none_or(|found| found.number != group.number) {
                lost += write.events.len();
                continue;
            }
            if state.check_stream(group, &write.stream).is_err() {
                let (group, stream) = (group.name.clone(), write.stream.clone());
                state.add_stream(&group, &stream, now_ms)?;
            }
            state.append(write, now_ms);
        }
        for entry in batch.entries {
            state.queue(entry);
        }
        Ok(lost)
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn group(&self, name: &LogGroupName) -> Result<&Group, Error> {
        self.groups.get(name).ok_or_else(|| not_found("log group"))
    }

    fn group_mut(&mut self, name: &LogGroupName) -> Result<&mut Group, Error> {
        self.groups.get_mut(name).ok_or_else(|| not_found("log group"))
    }

    fn check_stream(&self, group: &GroupRef, stream: &LogStreamName) -> Result<Option<u32>, Error> {
        let found = self.group(&group.name)?;
        if found.number != group.number {
            return Err(not_found("log group"));
        }
        if !found.streams.contains_key(stream) {
            return Err(not_found("log stream"));
        }
        Ok(found.retention_days)
    }

    fn add_stream(
        &mut self,
        group: &LogGroupName,
        name: &LogStreamName,
        now_ms: i64,
    ) -> Result<(), Error> {
        let number = self.next_number();
        let stream = Stream {
            number,
            creation_time: now_ms,
            event_times: None,
            last_ingestion_time: None,
            stored_bytes: 0,
        };
        self.group_mut(group)?.streams.insert(name.clone(), stream);
        Ok(())
    }

    /// Stores events in a stream that exists, and queues them for their routes.
    fn append(&mut self, write: Write, now_ms: i64) {
        let Write { group: GroupRef { name: group_name, .. }, stream: stream_name, .. } = write;
        let group = self.groups.get_mut(&group_name).expect("checked by the caller");
        let stream = group.streams.get_mut(&stream_name).expect("checked by the caller");
        let mut keys = Vec::with_capacity(write.events.len());
        for event in write.events {
            self.last_sequence += 1;
            let (timestamp, sequence) = (event.timestamp, self.last_sequence);
            let key =
                EventKey { stream: stream.number, position: Position { timestamp, sequence } };
            stream.note(timestamp, event.message.as_str().len(), now_ms);
            keys.push(key);
            let NewEvent { message, originals, .. } = event;
            self.events.insert(key, StoredEvent { message, originals, ingestion_time: now_ms });
        }
        for (route, indexes) in write.outgoing {
            let taken = indexes.into_iter().filter_map(|index| keys.get(index).copied());
            let content = Content::Events(taken.collect());
            let (log_group, log_stream) = (Some(group_name.clone()), Some(stream_name.clone()));
            self.queue(Entry { route, log_group, log_stream, content });
        }
    }

    /// Cost: logarithmic for each event of the stream.
    fn remove_events(&mut self, stream: u64) {
        while let Some((&key, _)) = self.events.range(EventKey::all_of(stream)).next() {
            self.events.remove(&key);
        }
    }
}

impl Stream {
    fn note(&mut self, timestamp: i64, message_bytes: usize, now_ms: i64) {
        let (first, last) = self.event_times.unwrap_or((timestamp, timestamp));
        self.event_times = Some((first.min(timestamp), last.max(timestamp)));
        self.last_ingestion_time = Some(now_ms);
        self.stored_bytes += (message_bytes + EVENT_OVERHEAD_BYTES) as u64;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.read();
        write!(f, "Store({} log groups, {} events)", state.groups.len(), state.events.len())
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
    use super::*;
    use crate::message::RawMessage;

    fn group(name: &str) -> LogGroupName {
        LogGroupName::new(name).unwrap()
    }

    fn stream() -> LogStreamName {
        LogStreamName::new("s").unwrap()
    }

    /// Makes the log group and the stream, and says where they are.
    fn make(store: &Store, name: &str) -> GroupRef {
        let number = store.create_group(&group(name), 0).unwrap();
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

    fn write(at: &GroupRef) -> Write {
        let (message, originals) = RawMessage::from("x").mask(&[]);
        let events = vec![NewEvent { timestamp: 1, message, originals }];
        Write { group: at.clone(), stream: stream(), events, outgoing: Vec::new() }
    }

    fn batch(at: &GroupRef, findings: &[&GroupRef]) -> Batch {
        let findings = findings.iter().map(|at| write(at)).collect();
        Batch { events: write(at), findings, entries: Vec::new() }
    }

    #[test]
    fn a_group_made_again_is_not_the_one_a_batch_was_checked_for() {
        let store = Store::default();
        let gone = make_again(&store, "/app");
        let refused = store.check_stream(&gone, &stream()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceNotFound);
        let refused = store.commit(batch(&gone, &[]), 1).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceNotFound);
        assert_eq!(store.read().events.len(), 0, "nothing is stored");
    }

    #[test]
    fn findings_for_a_group_made_again_are_lost_and_counted() {
        let store = Store::default();
        let (app, audit) = (make(&store, "/app"), make(&store, "/audit"));
        let gone = make_again(&store, "/again");
        assert_eq!(store.commit(batch(&app, &[&gone, &audit]), 1).unwrap(), 1);
        let events = |name: &str| {
            let number = |found: &Group| found.streams[&stream()].number;
            let number = store.with_group(&group(name), number).unwrap();
            store.read().events.range(EventKey::all_of(number)).count()
        };
        assert_eq!(["/app", "/audit", "/again"].map(events), [1, 1, 0]);
    }
}
