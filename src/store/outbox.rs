//! What waits to be delivered. Entries are queued in the batch that stores the events they speak
//! of, and refer to these by key.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fjall::Readable as _;

use super::code::{Reader, Writer};
use super::commit::How;
use super::disk::failed_in;
use super::record::Record;
use super::scan::Scan;
use super::txn::Txn;
use super::{EventKey, Position, Store};
use crate::arn::{Arn, FilterName, LogGroupName, LogStreamName};
use crate::error::Error;
use crate::message::MaskedMessage;
use crate::policy::Distribution;

/// Where entries go, and on whose behalf.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) owner: Owner,
    pub(crate) destination_arn: Arn,
    pub(crate) distribution: Distribution,
}

/// On whose behalf something is delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// A log group's subscription filter.
    Filter(FilterName),
    /// The account's subscription filter policy.
    AccountPolicy(String),
    /// A data protection policy's findings; the policy document's `Name`.
    Findings(Option<String>),
}

/// One thing to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) route: Arc<Route>,
    /// The log group it speaks of. Absent: the control message of an account's filter.
    pub(crate) log_group: Option<LogGroupName>,
    /// The log stream it speaks of. Absent: findings and control messages.
    pub(crate) log_stream: Option<LogStreamName>,
    pub(crate) content: Content,
}

/// What is delivered.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Log events, encoded when they are sent.
    Events(Vec<EventKey>),
    /// A test message for a new subscription, made at that time.
    Control { timestamp: i64 },
    /// Findings that were made at that time, one record after the other; no text of any event.
    Findings { timestamp: i64, records: Vec<Vec<u8>> },
}

/// What has to stay in order.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Line {
    destination_arn: Arn,
    owner: String,
    log_group: Option<LogGroupName>,
    log_stream: Option<LogStreamName>,
}

impl Owner {
    /// The name of the filter or policy; empty when a policy document has none.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Filter(name) => name.as_str(),
            Self::AccountPolicy(name) => name,
            Self::Findings(name) => name.as_deref().unwrap_or_default(),
        }
    }
}

impl Entry {
    /// Whether it speaks of stored events, so that it goes when they go.
    pub(crate) fn holds_events(&self) -> bool {
        matches!(self.content, Content::Events(_))
    }

    /// The line it stands in: entries of one line are sent one after the other.
    pub(crate) fn line(&self) -> Line {
        Line {
            destination_arn: self.route.destination_arn.clone(),
            owner: self.route.owner.name().to_owned(),
            log_group: self.log_group.clone(),
            log_stream: self.log_stream.clone(),
        }
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settled {
    pub(crate) delivered: usize,
    pub(crate) dropped: usize,
    pub(crate) set_aside: usize,
}

impl Store {
    /// The number of the last entry that was queued.
    pub(crate) fn last_entry(&self) -> u64 {
        self.read().counts.last_entry
    }

    /// How many entries wait.
    pub(crate) fn waiting(&self) -> usize {
        self.read().counts.waiting as usize
    }

    /// The first entry after the one of that number. What is damaged is counted and left out.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub(crate) fn entry_after(&self, number: u64) -> Result<Option<(u64, Entry)>, Error> {
        // Numbers below were delivered; their places are not looked through again.
        let settled = self.settled.load(Ordering::Relaxed);
        let first = number.max(settled).saturating_add(1);
        for found in self.disk.snapshot().range(&self.disk.outbox, first.to_be_bytes()..) {
            let (key, value) =
                found.into_inner().map_err(|error| failed_in("read what waits", &error))?;
            let key = key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
            match key.zip(Entry::of_value(&value)) {
                Some((found, entry)) => {
                    if number <= settled {
                        self.settled.fetch_max(found - 1, Ordering::Relaxed);
                    }
                    return Ok(Some((found, entry)));
                }
                None => self.disk.note_damage(),
            }
        }
        Ok(None)
    }

    /// Calls `each` with those events that are still there; `keys` ascend. Events of one batch
    /// lie together, so each is looked for a few places ahead before it is looked up.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub(crate) fn each_masked(
        &self,
        entry: &Entry,
        keys: &[EventKey],
        mut each: impl FnMut(EventKey, &MaskedMessage),
    ) -> Result<(), Error> {
        const AHEAD: usize = 8;
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(()) };
        if !self.is_stream_of(entry, first.stream) {
            return Ok(());
        }
        let end = EventKey { stream: last.stream, position: last.position.next() };
        let scan = |from: EventKey| Scan::new(&self.disk, from..end, true);
        let mut stored = scan(*first);
        let mut next = None;
        for key in keys {
            let mut steps = 0;
            while next.as_ref().is_none_or(|(found, _)| found < key) {
                next = stored.next().transpose()?;
                if next.is_none() {
                    return Ok(());
                }
                steps += 1;
                if steps > AHEAD {
                    stored = scan(*key);
                    steps = 0;
                }
            }
            if let Some((found, event)) = &next
                && found == key
            {
                each(*key, &event.message);
            }
        }
        Ok(())
    }

    /// Whether the log stream that an entry names is still the one of that number.
    fn is_stream_of(&self, entry: &Entry, number: u64) -> bool {
        let state = self.read();
        let (Some(group), Some(stream)) = (&entry.log_group, &entry.log_stream) else {
            return false;
        };
        let found = state.groups.get(group).and_then(|group| group.streams.get(stream));
        found.is_some_and(|stream| stream.number == number)
    }

    /// Removes an entry that was delivered or given up, or replaces what it still has to deliver,
    /// and counts. What is forgotten of it, should the power go, is delivered again.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn settle(
        &self,
        number: u64,
        rest: Option<Entry>,
        settled: Settled,
    ) -> Result<(), Error> {
        self.commit(How::Lazily, move |txn| {
            match rest {
                None => txn.remove_entry(number),
                Some(rest) => txn.replace_entry(number, &rest),
            }
            let counts = &mut txn.changes.counts;
            counts.delivered += settled.delivered as u64;
            counts.dropped += settled.dropped as u64;
            counts.set_aside += settled.set_aside as u64;
            Ok(())
        })
    }
}

impl Txn<'_> {
    /// Removes the entries that `drops` names, and counts them. Cost: reads all that waits. The
    /// commit has to be alone.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub(super) fn drop_entries(&mut self, drops: impl Fn(&Entry) -> bool) -> Result<(), Error> {
        let mut found = Vec::new();
        for entry in self.disk.outbox.iter() {
            let (key, value) =
                entry.into_inner().map_err(|error| failed_in("read what waits", &error))?;
            let key = key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
            if let (Some(key), Some(entry)) = (key, Entry::of_value(&value))
                && drops(&entry)
            {
                found.push(key);
            }
        }
        self.changes.counts.dropped += found.len() as u64;
        found.into_iter().for_each(|number| self.remove_entry(number));
        Ok(())
    }
}

const FILTER: u8 = 0;
const ACCOUNT_POLICY: u8 = 1;
const FINDINGS: u8 = 2;

impl Record for Owner {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Filter(name) => out.byte(FILTER).text(name.as_str()),
            Self::AccountPolicy(name) => out.byte(ACCOUNT_POLICY).text(name),
            Self::Findings(name) => {
                out.byte(FINDINGS).option(name.as_deref(), |out, name| _ = out.text(name))
            }
        };
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            FILTER => Self::Filter(FilterName::new(from.text()?).ok()?),
            ACCOUNT_POLICY => Self::AccountPolicy(from.text()?.to_owned()),
            FINDINGS => Self::Findings(from.option(|from| from.text().map(str::to_owned))?),
            _ => return None,
        })
    }
}

impl Record for Entry {
    fn write(&self, out: &mut Writer) {
        let Route { owner, destination_arn, distribution } = &*self.route;
        owner.write(out);
        out.text(destination_arn.as_str()).text(distribution.as_str());
        out.option(self.log_group.as_ref(), |out, name| _ = out.text(name.as_str()));
        out.option(self.log_stream.as_ref(), |out, name| _ = out.text(name.as_str()));
        self.content.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let owner = Owner::read(from)?;
        let destination_arn = Arn::parse("stored ARN", from.text()?).ok()?;
        let distribution = Distribution::parse(from.text()?).ok()?;
        Some(Self {
            route: Arc::new(Route { owner, destination_arn, distribution }),
            log_group: from.option(|from| LogGroupName::new(from.text()?).ok())?,
            log_stream: from.option(|from| LogStreamName::new(from.text()?).ok())?,
            content: Content::read(from)?,
        })
    }
}

const EVENTS: u8 = 0;
const CONTROL: u8 = 1;
const RECORDS: u8 = 2;

impl Record for Content {
    /// Keys are written as differences: those of one batch take two or three bytes each.
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Events(keys) => {
                out.byte(EVENTS).number(keys.first().map_or(0, |key| key.stream));
                out.number(keys.len() as u64);
                let mut before = Position::at(0);
                for EventKey { position, .. } in keys {
                    out.signed(position.timestamp - before.timestamp);
                    out.signed(position.sequence.wrapping_sub(before.sequence) as i64);
                    before = *position;
                }
            }
            Self::Control { timestamp } => _ = out.byte(CONTROL).signed(*timestamp),
            Self::Findings { timestamp, records } => {
                out.byte(RECORDS).signed(*timestamp).number(records.len() as u64);
                records.iter().for_each(|record| _ = out.bytes(record));
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            EVENTS => {
                let stream = from.number()?;
                let mut before = Position::at(0);
                let key = |from: &mut Reader<'_>| {
                    let timestamp = before.timestamp.checked_add(from.signed()?)?;
                    let sequence = before.sequence.wrapping_add(from.signed()? as u64);
                    before = Position { timestamp, sequence };
                    Some(EventKey { stream, position: before })
                };
                Self::Events(from.list(key)?)
            }
            CONTROL => Self::Control { timestamp: from.signed()? },
            RECORDS => {
                let timestamp = from.signed()?;
                let records = from.list(|from| from.bytes().map(<[u8]>::to_vec))?;
                Self::Findings { timestamp, records }
            }
            _ => return None,
        })
    }
}
