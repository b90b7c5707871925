//! Reading: scans over ranges of keys.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{ControlFlow, Range};

use super::scan::Scan;
use super::{EventKey, Group, Keeps, Position, Store, StoredEvent, Stream, not_found};
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
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) stream: &'a LogStreamName,
    /// The stream's number.
    pub(crate) number: u64,
    pub(crate) position: Position,
    pub(crate) event: StoredEvent,
}

impl<'a> Found<'a> {
    fn new(stream: &'a LogStreamName, key: EventKey, event: StoredEvent) -> Self {
        Self { stream, number: key.stream, position: key.position, event }
    }
}

impl Store {
    /// Shows `visit` the events of one stream, forwards or backwards, until it breaks.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; AccessDenied when the log group is not the one of the window's number;
    /// ServiceUnavailable when the disk fails.
    pub(crate) fn scan_stream(
        &self,
        group: &LogGroupName,
        stream: &LogStreamName,
        window: &Window,
        forwards: bool,
        mut visit: impl FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let keys = {
            let state = self.read();
            let found = window.open(state.group(group)?)?;
            let positions = window.of(state.keeps(group, &found.about, window.now_ms));
            let found = found.streams.get(stream).ok_or_else(|| not_found("log stream"))?;
            EventKey::within(found.number, positions)
        };
        for found in Scan::new(&self.disk, keys, forwards) {
            let (key, event) = found?;
            if visit(Found::new(stream, key, event)).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Shows `visit` the events of several streams in the order of time and ingestion, until it
    /// breaks. Cost: logarithmic in the number of streams for each event.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for the group or a stream that is named; AccessDenied and
    /// ServiceUnavailable as above.
    pub(crate) fn scan_group(
        &self,
        group: &LogGroupName,
        streams: Streams<'_>,
        window: &Window,
        forwards: bool,
        mut visit: impl FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.scan_groups(&[(group, window)], streams, forwards, |_, found| visit(found))
    }

    /// The same for the streams of several log groups together; `visit` is told the index of the
    /// group.
    ///
    /// # Errors
    ///
    /// As above.
    pub(crate) fn scan_groups(
        &self,
        groups: &[(&LogGroupName, &Window)],
        streams: Streams<'_>,
        forwards: bool,
        mut visit: impl FnMut(usize, Found<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut found = Vec::new();
        {
            let state = self.read();
            for (index, (group, window)) in groups.iter().enumerate() {
                let opened = window.open(state.group(group)?)?;
                let positions = window.of(state.keeps(group, &opened.about, window.now_ms));
                for (name, stream) in select(opened, streams)? {
                    if stream.meets(&positions) {
                        let keys = EventKey::within(stream.number, positions.clone());
                        found.push((index, name.clone(), keys));
                    }
                }
            }
        }
        let mut scans: Vec<_> = found
            .iter()
            .map(|(_, _, keys)| Scan::new(&self.disk, keys.clone(), forwards))
            .collect();
        let mut heads = BinaryHeap::with_capacity(scans.len());
        let mut events = Vec::with_capacity(scans.len());
        for (index, scan) in scans.iter_mut().enumerate() {
            let first = scan.next().transpose()?;
            heads.extend(first.as_ref().map(|(key, _)| Head::new(key.position, index, forwards)));
            events.push(first);
        }
        while let Some(Head { index, .. }) = heads.pop() {
            let next = scans[index].next().transpose()?;
            heads.extend(next.as_ref().map(|(key, _)| Head::new(key.position, index, forwards)));
            let (key, event) = std::mem::replace(&mut events[index], next).expect("it has a head");
            let (group, stream, _) = &found[index];
            if visit(*group, Found::new(stream, key, event)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Where a scan goes on; the greatest is visited first.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Head {
    /// Forwards the earliest is the greatest; backwards the latest.
    rank: (Option<Reverse<Position>>, Option<Position>),
    index: usize,
}

impl Head {
    fn new(position: Position, index: usize, forwards: bool) -> Self {
        let rank = match forwards {
            true => (Some(Reverse(position)), None),
            false => (None, Some(position)),
        };
        Self { rank, index }
    }
}

impl Stream {
    /// Whether it may hold events of these positions.
    fn meets(&self, positions: &Range<Position>) -> bool {
        let inside = |(first, last)| {
            Position::at(first) < positions.end && positions.start.timestamp <= last
        };
        self.event_times.is_some_and(inside)
    }
}

impl Window {
    /// The log group, when it is the one that may be read.
    fn open<'a>(&self, group: &'a Group) -> Result<&'a Group, Error> {
        if self.number.is_some_and(|number| number != group.about.number) {
            let message = "the grant is for a log group that was deleted";
            return Err(Error::new(ErrorKind::AccessDenied, message));
        }
        Ok(group)
    }

    /// The positions of the window that are still kept.
    fn of(&self, keeps: Keeps<'_>) -> Range<Position> {
        let Range { start, end } = self.positions.clone();
        let cut = keeps.days.map(|days| Position::at(retention_cut(self.now_ms, days)));
        let start = cut.map_or(start, |cut| start.max(cut));
        start..end.max(start)
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
