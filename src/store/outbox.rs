//! What waits to be delivered. Entries are queued in the batch that stores the events they speak
//! of, and refer to these by key.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use super::backlog::{Backlog, Outcome, Taken};
use super::code::{Reader, Writer};
use super::commit::How;
use super::disk::failed_in;
use super::record::{Record, read_system_fields, write_system_fields};
use super::scan::Scan;
use super::state::{Forwarder, Tally};
use super::txn::Txn;
use super::{EventKey, Position, Store};
use crate::arn::{Arn, DestinationName, FilterName, LogGroupName, LogStreamName};
use crate::error::Error;
use crate::message::MaskedMessage;
use crate::policy::{Distribution, SystemField};

/// Where entries go, and on whose behalf.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) owner: Owner,
    pub(crate) destination_arn: Arn,
    pub(crate) distribution: Distribution,
    /// The pattern whose fields go with each event.
    pub(crate) extracted_by: Option<String>,
    pub(crate) system_fields: Vec<SystemField>,
}

/// A field that an event's pattern extracts and that is not what the event's text spells: it was
/// judged when the event was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct JudgedField {
    /// Of the event.
    pub(crate) sequence: u64,
    pub(crate) name: String,
    pub(crate) masked: String,
}

/// On whose behalf something is delivered.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Owner {
    /// A log group's subscription filter.
    Filter(FilterName),
    /// The account's subscription filter policy.
    AccountPolicy(String),
    /// A data protection policy's findings; the policy document's `Name`.
    Findings(Option<String>),
    /// A logical destination.
    Destination(DestinationName),
    /// A vended-log delivery, by its id.
    Delivery(String),
    /// An export task, by its id.
    Export(String),
}

/// One thing to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) route: Arc<Route>,
    /// When it was queued.
    pub(crate) born_ms: i64,
    /// The log group it speaks of. Absent: a control message that is of no log group.
    pub(crate) log_group: Option<LogGroupName>,
    /// The log stream it speaks of. Absent: findings and control messages.
    pub(crate) log_stream: Option<LogStreamName>,
    pub(crate) content: Content,
    /// Of its events; few have any.
    pub(crate) judged: Vec<JudgedField>,
}

/// What is delivered.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Log events, encoded when they are sent.
    Events(Vec<EventKey>),
    /// A test message for a new subscription or destination.
    Control,
    /// Findings, one record after the other; no text of any event.
    Findings(Vec<Vec<u8>>),
    /// Records of a vended-log delivery as they leave, with the object's key for a bucket.
    Rendered(Vec<Rendered>),
}

/// An object, or a record of a stream, as it leaves.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    pub(crate) object_key: Option<String>,
    pub(crate) data: Vec<u8>,
}

/// What has to stay in order: entries of one line are sent one after the other.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Line {
    pub(crate) destination_arn: Arn,
    pub(crate) owner: Owner,
    pub(crate) log_group: Option<LogGroupName>,
    pub(crate) log_stream: Option<LogStreamName>,
}

impl Owner {
    /// The name of the filter or policy; empty when a policy document has none.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Filter(name) => name.as_str(),
            Self::AccountPolicy(name) => name,
            Self::Findings(name) => name.as_deref().unwrap_or_default(),
            Self::Destination(name) => name.as_str(),
            Self::Delivery(id) | Self::Export(id) => id,
        }
    }
}

impl Entry {
    pub(crate) fn line(&self) -> Line {
        Line {
            destination_arn: self.route.destination_arn.clone(),
            owner: self.route.owner.clone(),
            log_group: self.log_group.clone(),
            log_stream: self.log_stream.clone(),
        }
    }
}

impl Line {
    /// Under which name what becomes of its entries is counted.
    pub(crate) fn forwarder(&self) -> Forwarder {
        // Choice: as in AWS's metrics, an account policy is counted over all log groups.
        let one_group = !matches!(self.owner, Owner::AccountPolicy(_));
        Forwarder {
            log_group: self.log_group.clone().filter(|_| one_group),
            owner: self.owner.clone(),
            service: self.destination_arn.service().to_owned(),
        }
    }
}

/// What became of an entry in one attempt.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    pub(crate) left: Left,
    pub(crate) tally: Tally,
}

/// What of an entry still has to be delivered.
#[derive(Debug)]
pub(crate) enum Left {
    All,
    Some(Entry),
    Nothing,
}

impl Store {
    pub(super) fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many entries wait.
    pub(crate) fn waiting(&self) -> usize {
        self.backlog().len()
    }

    /// Takes what is due at one destination; [`Store::settle`] has to follow. At most `lame_max`
    /// workers at a time are at destinations that failed or were slow.
    pub(crate) fn take(&self, now_ms: i64, lame_max: usize) -> Option<Taken> {
        self.backlog().take(now_ms, lame_max)
    }

    /// When something is due that no worker has.
    pub(crate) fn due_ms(&self) -> Option<i64> {
        self.backlog().due_ms()
    }

    /// Makes everything that waits due at once.
    pub(crate) fn hurry(&self) {
        self.backlog().hurry();
    }

    /// Waits until something is queued or given back, or for so long.
    pub(crate) fn wait_for_entries(&self, at_most: Duration) {
        let backlog = self.backlog();
        drop(self.queued.wait_timeout(backlog, at_most));
    }

    /// The entry of that number; `None` when it is gone. What is damaged is counted, and is gone.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub(crate) fn entry(&self, number: u64) -> Result<Option<Entry>, Error> {
        let found = self.disk.outbox.get(number.to_be_bytes());
        let found = found.map_err(|error| failed_in("read what waits", &error))?;
        let Some(value) = found else { return Ok(None) };
        let entry = Entry::of_value(&value);
        if entry.is_none() {
            self.disk.note_damage();
        }
        Ok(entry)
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

    /// Notes what became of what was taken: removes what was delivered, replaces what was delivered
    /// in part, drops what has been tried for too long, and counts. What is forgotten of it, should
    /// the power go, is delivered again. Returns how many entries were dropped for their age.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn settle(
        &self,
        taken: &Taken,
        settled: Vec<Settled>,
        slow: bool,
        now_ms: i64,
    ) -> Result<usize, Error> {
        let outcomes: Vec<_> = settled.iter().map(|settled| settled.outcome).collect();
        let expired = self.backlog().expired(taken, &outcomes, now_ms);
        let entries = taken.entries.clone();
        let written = self.commit(How::Lazily, move |txn| {
            for ((line, number), Settled { left, mut tally, .. }) in
                entries.into_iter().zip(settled)
            {
                // It may have been dropped meanwhile, with its filter or to make room, and was
                // counted then.
                if txn.holds(&line, number) {
                    match left {
                        Left::All => {}
                        Left::Some(rest) => txn.replace_entry(number, &rest),
                        Left::Nothing => txn.remove_entry(&line, number),
                    }
                } else {
                    tally.dropped = 0;
                }
                txn.count(&line, tally);
            }
            let dropped = expired.iter().filter(|(line, number)| txn.drop_entry(line, *number));
            Ok(dropped.count())
        });
        self.backlog().give_back(taken, &outcomes, slow, now_ms);
        self.queued.notify_all();
        written
    }
}

impl Txn<'_> {
    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an entry waits still.
    fn holds(&self, line: &Arc<Line>, number: u64) -> bool {
        !self.is_removed(number) && self.backlog().holds(line, number)
    }

    /// Removes an entry that was not delivered, and counts it under its name. Whether it was there.
    pub(super) fn drop_entry(&mut self, line: &Arc<Line>, number: u64) -> bool {
        let held = self.holds(line, number);
        if held {
            self.remove_entry(line, number);
            self.count(line, Tally { dropped: 1, ..Tally::default() });
        }
        held
    }

    /// Removes the entries of the lines that `drops` names, and counts them. The commit has to be
    /// alone.
    pub(super) fn drop_lines(&mut self, drops: impl Fn(&Line) -> bool) {
        let found = self.backlog().entries_of(drops);
        for (line, number) in found {
            self.drop_entry(&line, number);
        }
    }

    /// Whether there is room for one more entry for each of these destinations; the first that has
    /// none is returned.
    pub(super) fn full<'l>(
        &self,
        lines: impl Iterator<Item = &'l Arc<Line>>,
        max: usize,
    ) -> Option<&'l Arn> {
        let backlog = self.backlog();
        let seen: BTreeSet<_> = lines.map(|line| &line.destination_arn).collect();
        seen.into_iter().find(|arn| backlog.len_for(arn) + self.queued_for(arn) >= max)
    }

    /// Drops the oldest entries for a destination, so that one more finds room. Those that are
    /// being sent stay.
    pub(super) fn make_room(&mut self, destination: &Arn, max: usize) {
        let len = self.backlog().len_for(destination) + self.queued_for(destination);
        let dropped = self.changes.dequeued_for(destination);
        let surplus = (len + 1).saturating_sub(dropped).saturating_sub(max);
        if surplus > 0 {
            let oldest = self.backlog().oldest(destination, surplus + dropped);
            let mut left = surplus;
            for (line, number) in oldest {
                if left > 0 && self.drop_entry(&line, number) {
                    left -= 1;
                }
            }
        }
    }
}

const FILTER: u8 = 0;
const ACCOUNT_POLICY: u8 = 1;
const FINDINGS: u8 = 2;
const DESTINATION: u8 = 3;
const DELIVERY: u8 = 4;
const EXPORT: u8 = 5;

impl Record for Owner {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Filter(name) => out.byte(FILTER).text(name.as_str()),
            Self::AccountPolicy(name) => out.byte(ACCOUNT_POLICY).text(name),
            Self::Findings(name) => {
                out.byte(FINDINGS).option(name.as_deref(), |out, name| _ = out.text(name))
            }
            Self::Destination(name) => out.byte(DESTINATION).text(name.as_str()),
            Self::Delivery(id) => out.byte(DELIVERY).text(id),
            Self::Export(id) => out.byte(EXPORT).text(id),
        };
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            FILTER => Self::Filter(FilterName::new(from.text()?).ok()?),
            ACCOUNT_POLICY => Self::AccountPolicy(from.text()?.to_owned()),
            FINDINGS => Self::Findings(from.option(|from| from.text().map(str::to_owned))?),
            DESTINATION => Self::Destination(DestinationName::new(from.text()?).ok()?),
            DELIVERY => Self::Delivery(from.text()?.to_owned()),
            EXPORT => Self::Export(from.text()?.to_owned()),
            _ => return None,
        })
    }
}

impl Record for Entry {
    fn write(&self, out: &mut Writer) {
        let Route { owner, destination_arn, distribution, extracted_by, system_fields } =
            &*self.route;
        owner.write(out);
        out.text(destination_arn.as_str()).text(distribution.as_str()).signed(self.born_ms);
        out.option(extracted_by.as_deref(), |out, text| _ = out.text(text));
        write_system_fields(system_fields, out);
        out.number(self.judged.len() as u64);
        for JudgedField { sequence, name, masked } in &self.judged {
            out.number(*sequence).text(name).text(masked);
        }
        out.option(self.log_group.as_ref(), |out, name| _ = out.text(name.as_str()));
        out.option(self.log_stream.as_ref(), |out, name| _ = out.text(name.as_str()));
        self.content.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let owner = Owner::read(from)?;
        let destination_arn = Arn::parse("stored ARN", from.text()?).ok()?;
        let distribution = Distribution::parse(from.text()?).ok()?;
        Some(Self {
            born_ms: from.signed()?,
            route: {
                let extracted_by = from.option(|from| from.text().map(str::to_owned))?;
                let system_fields = read_system_fields(from)?;
                let route =
                    Route { owner, destination_arn, distribution, extracted_by, system_fields };
                Arc::new(route)
            },
            judged: from.list(|from| {
                let (sequence, name) = (from.number()?, from.text()?.to_owned());
                Some(JudgedField { sequence, name, masked: from.text()?.to_owned() })
            })?,
            log_group: from.option(|from| LogGroupName::new(from.text()?).ok())?,
            log_stream: from.option(|from| LogStreamName::new(from.text()?).ok())?,
            content: Content::read(from)?,
        })
    }
}

const EVENTS: u8 = 0;
const CONTROL: u8 = 1;
const RECORDS: u8 = 2;
const RENDERED: u8 = 3;

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
            Self::Control => _ = out.byte(CONTROL),
            Self::Findings(records) => {
                out.byte(RECORDS).number(records.len() as u64);
                records.iter().for_each(|record| _ = out.bytes(record));
            }
            Self::Rendered(records) => {
                out.byte(RENDERED).number(records.len() as u64);
                for Rendered { object_key, data } in records {
                    out.option(object_key.as_deref(), |out, key| _ = out.text(key)).bytes(data);
                }
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
            CONTROL => Self::Control,
            RECORDS => Self::Findings(from.list(|from| from.bytes().map(<[u8]>::to_vec))?),
            RENDERED => Self::Rendered(from.list(|from| {
                let object_key = from.option(|from| from.text().map(str::to_owned))?;
                Some(Rendered { object_key, data: from.bytes()?.to_vec() })
            })?),
            _ => return None,
        })
    }
}
