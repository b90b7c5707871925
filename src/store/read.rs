//! Reading: scans over ranges of keys.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{ControlFlow, Range};

use super::{EventKey, Group, Position, State, Store, StoredEvent, Stream, not_found};
use crate::arn::{LogGroupName, LogStreamName};
use crate::error::{Error, ErrorKind};
use crate::event::retention_cut;

/// Which part of a log group or stream is read, and at what time: events older than the group's
/// retention are not there any more.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) positions: Range<Position>,
    pub(crate) now_ms: i64,
    /// Only the log group of this number, not one that was made again under its name.
    pub(crate) number: Option<u64>,
}

/// Which streams of a log group are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Streams<'a> {
    All,
    Named(&'a [LogStreamName]),
    WithPrefix(&'a str),
}

/// An event where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventRef<'a> {
    pub(crate) stream: &'a LogStreamName,
    pub(crate) position: Position,
    pub(crate) event: &'a StoredEvent,
}

impl Store {
    /// Shows `visit` the events of one stream, forwards or backwards, until it breaks.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; AccessDenied when the log group is not the one of the window's number.
    pub(crate) fn scan_stream(
        &self,
        group: &LogGroupName,
        stream: &LogStreamName,
        window: &Window,
        forwards: bool,
        mut visit: impl FnMut(EventRef<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let state = self.read();
        let group = window.open(state.group(group)?)?;
        let (name, stream) =
            group.streams.get_key_value(stream).ok_or_else(|| not_found("log stream"))?;
        let mut events = state.events_of(name, stream, window.of(group));
        // The visitor's break is the end of the scan, not an error.
        let _ = if forwards {
            events.try_for_each(visit)
        } else {
            events.rev().try_for_each(&mut visit)
        };
        Ok(())
    }

    /// Shows `visit` the events of several streams in the order of time and ingestion, until it
    /// breaks. Cost: logarithmic in the number of streams for each event.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the group or a stream that is named; AccessDenied as above.
    pub(crate) fn scan_group(
        &self,
        group: &LogGroupName,
        streams: Streams<'_>,
        window: &Window,
        mut visit: impl FnMut(EventRef<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let state = self.read();
        let group = window.open(state.group(group)?)?;
        let streams = select(group, streams)?;
        let mut scans: Vec<_> = streams
            .into_iter()
            .map(|(name, stream)| state.events_of(name, stream, window.of(group)).peekable())
            .collect();
        let first = |scan: usize, event: Option<&EventRef<'_>>| {
            event.map(|event| Reverse((event.position, scan)))
        };
        let mut heads: BinaryHeap<_> = scans
            .iter_mut()
            .enumerate()
            .filter_map(|(index, scan)| first(index, scan.peek()))
            .collect();
        while let Some(Reverse((_, index))) = heads.pop() {
            let scan = &mut scans[index];
            let event = scan.next().expect("it was peeked at");
            heads.extend(first(index, scan.peek()));
            if visit(event).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Window {
    /// The log group, when it is the one that may be read.
    fn open<'a>(&self, group: &'a Group) -> Result<&'a Group, Error> {
        if self.number.is_some_and(|number| number != group.number) {
            let message = "the grant is for a log group that was deleted";
            return Err(Error::new(ErrorKind::AccessDenied, message));
        }
        Ok(group)
    }

    /// The positions of the window that the group's retention still keeps.
    fn of(&self, group: &Group) -> Range<Position> {
        let Range { start, end } = self.positions.clone();
        let cut = group.retention_days.map(|days| Position::at(retention_cut(self.now_ms, days)));
        let start = cut.map_or(start, |cut| start.max(cut));
        start..end.max(start)
    }
}

impl State {
    fn events_of<'a>(
        &'a self,
        name: &'a LogStreamName,
        stream: &Stream,
        positions: Range<Position>,
    ) -> impl DoubleEndedIterator<Item = EventRef<'a>> {
        let events = self.events.range(EventKey::within(stream.number, positions));
        events.map(move |(key, event)| EventRef { stream: name, position: key.position, event })
    }
}

fn select<'a>(
    group: &'a Group,
    streams: Streams<'_>,
) -> Result<Vec<(&'a LogStreamName, &'a Stream)>, Error> {
    let all = group.streams.iter();
    match streams {
        Streams::All => Ok(all.collect()),
        Streams::WithPrefix(prefix) => {
            Ok(all.filter(|(name, _)| name.as_str().starts_with(prefix)).collect())
        }
        Streams::Named(names) => {
            let mut names: Vec<_> = names.iter().collect();
            names.sort_unstable();
            names.dedup();
            let find = |name| group.streams.get_key_value(name);
            names
                .into_iter()
                .map(|name| find(name).ok_or_else(|| not_found("log stream")))
                .collect()
        }
    }
}
