//! Opening: what is on disk becomes what is in memory.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Condvar};

use super::backlog::{Backlog, Queued};
use super::commit::Line;
use super::disk::{Disk, damaged_records, failed_in};
use super::metrics::MetricFilterRecord;
use super::outbox::{self, Entry};
use super::record::{
    AccountPolicyRecord, DestinationRecord, FilterRecord, GroupPolicyRecord, Key, Record,
};
use super::staged::Staged;
use super::state::{Group, GroupRecord, LogGroupClass, State, Stream};
use super::{BacklogLimit, Store};
use crate::arn::LogGroupName;
use crate::error::Error;

use super::Durability;

/// What the host asked for, as it was kept.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) groups: Vec<StoredGroup>,
    pub(crate) account_policies: Vec<AccountPolicyRecord>,
    pub(crate) destinations: Vec<DestinationRecord>,
    /// Objects of the engine: kind, name, and what it wrote.
    pub(crate) objects: Vec<(String, String, String)>,
}

/// What was asked for one log group.
#[derive(Debug)]
pub(crate) struct StoredGroup {
    pub(crate) name: LogGroupName,
    pub(crate) number: u64,
    pub(crate) class: LogGroupClass,
    pub(crate) policy: Option<GroupPolicyRecord>,
    pub(crate) filters: Vec<FilterRecord>,
    pub(crate) metric_filters: Vec<MetricFilterRecord>,
}

impl Store {
    /// A store that is not kept.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn temporary() -> Result<Self, Error> {
        Ok(Self::over(Disk::temporary()?, State::default(), Backlog::default()))
    }

    /// Opens the store of a directory, or makes it. One that is damaged where policies may be is
    /// opened for `salvage` only: what is intact is read, and nothing is taken.
    ///
    /// # Errors
    ///
    /// InvalidOperation when another process has it open or it has another format;
    /// ServiceUnavailable when the disk fails, or when the store is damaged.
    pub(crate) fn open(
        directory: &Path,
        durability: Durability,
        table_bytes: u64,
        salvage: bool,
    ) -> Result<(Self, Stored), Error> {
        let disk = Disk::open(directory, durability, table_bytes, salvage)?;
        let before = disk.damaged();
        let (state, stored) = load(&disk)?;
        let backlog = load_backlog(&disk)?;
        if disk.damaged() > before {
            disk.note_lasting_damage()?;
        }
        if disk.damaged() > 0 {
            if !salvage {
                return Err(damaged_records(disk.damaged()));
            }
            disk.break_off();
        }
        Ok((Self::over(disk, state, backlog), stored))
    }

    fn over(disk: Disk, state: State, backlog: Backlog) -> Self {
        let counts = state.counts;
        Self {
            disk,
            line: Line::default(),
            numbers: counts.last_number.into(),
            sequences: counts.last_sequence.into(),
            backlog: backlog.into(),
            queued: Condvar::new(),
            limit: BacklogLimit::default(),
            state: state.into(),
        }
    }
}

/// Everything but events and what waits. What is damaged is counted.
fn load(disk: &Disk) -> Result<(State, Stored), Error> {
    let mut state = State::default();
    let mut names = BTreeMap::<u64, LogGroupName>::new();
    let mut groups = BTreeMap::<u64, StoredGroup>::new();
    let mut stored = Stored::default();
    for item in disk.records.iter() {
        let (key, value) = match item.into_inner() {
            Ok(item) => item,
            Err(error) if super::scan::is_damage(&error) => {
                disk.note_damage();
                break;
            }
            Err(error) => return Err(failed_in("read the store", &error)),
        };
        let known = Key::of_bytes(&key).and_then(|key| {
            match key {
                Key::Counts => state.counts = Record::of_value(&value)?,
                Key::Group(name) => {
                    let about = GroupRecord::of_value(&value)?;
                    let GroupRecord { number, class, .. } = about;
                    names.insert(number, name.clone());
                    let (at, policy) = (name.clone(), None);
                    let (filters, metric_filters) = (Vec::new(), Vec::new());
                    let group =
                        StoredGroup { name, number, class, policy, filters, metric_filters };
                    groups.insert(number, group);
                    let streams = BTreeMap::new();
                    state.groups.insert(at, Group { about: Arc::new(about), streams });
                }
                Key::Stream(group, name) => {
                    let stream = Stream::of_value(&value)?;
                    let group = state.groups.get_mut(names.get(&group)?)?;
                    group.streams.insert(name, stream);
                }
                Key::GroupPolicy(group) => {
                    let policy = GroupPolicyRecord::of_value(&value)?;
                    groups.get_mut(&group)?.policy = Some(policy);
                }
                Key::Filter(group, _) => {
                    groups.get_mut(&group)?.filters.push(Record::of_value(&value)?);
                }
                Key::MetricFilter(group, _) => {
                    groups.get_mut(&group)?.metric_filters.push(Record::of_value(&value)?);
                }
                Key::MetricData(key) => {
                    state.metric_data.insert(key, Record::of_value(&value)?);
                }
                Key::AccountPolicy(..) => {
                    let policy = AccountPolicyRecord::of_value(&value)?;
                    let rule = policy.retention_rule().ok()?;
                    state.retention.extend(rule.map(|rule| (policy.name.clone(), rule)));
                    stored.account_policies.push(policy);
                }
                Key::Findings(group, policy) => {
                    state.findings.insert((group, policy), Record::of_value(&value)?);
                }
                Key::Destination(_) => stored.destinations.push(Record::of_value(&value)?),
                Key::Forwarder(forwarder) => {
                    state.tallies.insert(forwarder, Record::of_value(&value)?);
                }
                Key::Object(kind, name) => {
                    stored.objects.push((kind, name, Record::of_value(&value)?));
                }
                Key::Staged(number, delivery) => {
                    state.stage(number, delivery, Staged::of_value(&value)?.about());
                }
                Key::Hour(hour) => _ = state.history.insert(hour, Record::of_value(&value)?),
                Key::Gone(_) => {}
            }
            Some(())
        });
        if known.is_none() {
            disk.note_damage();
        }
    }
    stored.groups = groups.into_values().collect();
    Ok((state, stored))
}

/// What waits. An entry that is damaged is counted and left out.
fn load_backlog(disk: &Disk) -> Result<Backlog, Error> {
    let mut backlog = Backlog::default();
    // Many entries stand in few lines: each is kept once.
    let mut lines = HashSet::<Arc<outbox::Line>>::new();
    for item in disk.outbox.iter() {
        let (key, value) = match item.into_inner() {
            Ok(item) => item,
            Err(error) if super::scan::is_damage(&error) => {
                disk.note_damage();
                break;
            }
            Err(error) => return Err(failed_in("read what waits", &error)),
        };
        let number = key.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        let Some((number, entry)) = number.zip(Entry::of_value(&value)) else {
            disk.note_damage();
            continue;
        };
        let line = Arc::new(entry.line());
        let line = match lines.get(&line) {
            Some(known) => Arc::clone(known),
            None => {
                lines.insert(Arc::clone(&line));
                line
            }
        };
        backlog.push(Queued { number, born_ms: entry.born_ms, line });
    }
    Ok(backlog)
}
