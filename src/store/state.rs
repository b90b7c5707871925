//! What the store holds in memory: log groups, log streams and counts, each the image of a record
//! on disk. Events and what waits to be delivered are on disk only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use super::history::{self, Hours};
use super::metrics::WaitingKey;
use super::outbox::Owner;
use super::staged::About;
use super::{not_found, txn::Changes};
use crate::arn::{Arn, LogGroupName, LogStreamName};
use crate::error::Error;
use crate::metric::StatisticSet;
use crate::policy::RetentionRule;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) groups: BTreeMap<LogGroupName, Group>,
    pub(super) counts: Counts,
    /// Events with findings, by audited log group and the policy document's `Name`.
    pub(super) findings: BTreeMap<(LogGroupName, Option<String>), u64>,
    /// What became of deliveries, by name.
    pub(super) tallies: BTreeMap<Forwarder, Tally>,
    /// The account's retention policies, by name.
    pub(super) retention: BTreeMap<String, RetentionRule>,
    /// What findings reported.
    pub(super) history: Hours,
    /// What is staged, by delivery: its numbers, and what is known of each.
    pub(super) staged: BTreeMap<String, BTreeMap<u64, About>>,
    /// Values of metrics that wait to be handed out.
    pub(super) metric_data: BTreeMap<WaitingKey, StatisticSet>,
    /// The first minute of ingestion that is not handed out yet.
    pub(super) metrics_from: AtomicI64,
    /// Values that were left out since the store was opened.
    pub(super) metric_data_dropped: AtomicU64,
}

/// Under which name deliveries are counted.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Forwarder {
    pub(crate) owner: Owner,
    /// Absent for the account's filter and for logical destinations.
    pub(crate) log_group: Option<LogGroupName>,
    /// The service of the destination's ARN.
    pub(crate) service: String,
}

/// What became of deliveries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// Payloads and records that were taken.
    pub(crate) delivered: u64,
    /// Their bytes, compressed, and the events in them.
    pub(crate) bytes: u64,
    pub(crate) events: u64,
    /// Attempts that failed, and those that were throttled.
    pub(crate) errors: u64,
    pub(crate) throttled: u64,
    /// Payloads, records and entries that were given up.
    pub(crate) dropped: u64,
    /// Events and findings that were too large.
    pub(crate) set_aside: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.bytes += other.bytes;
        self.events += other.events;
        self.errors += other.errors;
        self.throttled += other.throttled;
        self.dropped += other.dropped;
        self.set_aside += other.set_aside;
    }
}

/// A log group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) about: Arc<GroupRecord>,
    pub(crate) streams: BTreeMap<LogStreamName, Stream>,
}

/// What is known of a log group itself. Made again after a deletion it has another number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GroupRecord {
    pub(crate) number: u64,
    pub(crate) creation_time: i64,
    pub(crate) retention_days: Option<u32>,
    pub(crate) class: LogGroupClass,
    pub(crate) protection: Option<DataProtectionStatus>,
    pub(crate) kms_key_arn: Option<Arn>,
    pub(crate) deletion_protection: bool,
    pub(crate) tags: BTreeMap<String, String>,
}

/// A log stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stream {
    pub(crate) number: u64,
    pub(crate) creation_time: i64,
    /// Smallest and largest timestamp of its events.
    pub(crate) event_times: Option<(i64, i64)>,
    pub(crate) last_ingestion_time: Option<i64>,
    /// Message bytes plus the overhead of each event.
    pub(crate) stored_bytes: u64,
}

/// What is counted; a batch and its counts have one fate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    /// The last number given to a log group or a log stream. Numbers are never used again.
    pub(super) last_number: u64,
    pub(super) last_sequence: u64,
    pub(super) last_entry: u64,
    pub(crate) incoming: u64,
    pub(crate) masked: u64,
    pub(crate) findings_lost: u64,
    pub(crate) failed_judgements: u64,
    pub(crate) delivered: u64,
    pub(crate) dropped: u64,
    pub(crate) set_aside: u64,
    /// Batches that were refused because too much waited.
    pub(crate) refused: u64,
}

/// What a log group is for; it cannot change.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogGroupClass {
    /// Everything.
    #[default]
    Standard,
    /// Fewer features: no subscription filters, not read by `get_log_events` and
    /// `filter_log_events`.
    InfrequentAccess,
    /// Still fewer features, none of those either.
    Essentials,
    /// For what is delivered to buckets and Firehose streams only; events are kept for two days.
    Delivery,
}

/// Whether a log group has a data protection policy of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DataProtectionStatus {
    /// It has one.
    Activated,
    /// It had one.
    Deleted,
}

impl LogGroupClass {
    /// Every class there is.
    pub(super) const ALL: [Self; 4] =
        [Self::Standard, Self::InfrequentAccess, Self::Essentials, Self::Delivery];

    /// Parses a `logGroupClass` as the API spells it.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| Error::invalid("logGroupClass is none of the API"))
    }

    /// AWS's name: `STANDARD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::InfrequentAccess => "INFREQUENT_ACCESS",
            Self::Essentials => "ESSENTIALS",
            Self::Delivery => "DELIVERY",
        }
    }
}

impl DataProtectionStatus {
    /// Every status there is.
    pub(super) const ALL: [Self; 2] = [Self::Activated, Self::Deleted];

    /// AWS's name: `ACTIVATED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "ACTIVATED",
            Self::Deleted => "DELETED",
        }
    }
}

impl Stream {
    pub(super) fn new(number: u64, now_ms: i64) -> Self {
        Self {
            number,
            creation_time: now_ms,
            event_times: None,
            last_ingestion_time: None,
            stored_bytes: 0,
        }
    }

    /// Notes events of these times and that many bytes, overhead included.
    pub(super) fn note(&mut self, times: (i64, i64), bytes: u64, now_ms: i64) {
        let (first, last) = self.event_times.unwrap_or(times);
        self.event_times = Some((first.min(times.0), last.max(times.1)));
        self.last_ingestion_time = Some(now_ms);
        self.stored_bytes += bytes;
    }
}

impl State {
    pub(super) fn group(&self, name: &LogGroupName) -> Result<&Group, Error> {
        self.groups.get(name).ok_or_else(|| not_found("log group"))
    }

    pub(super) fn stage(&mut self, number: u64, delivery: String, about: About) {
        self.staged.entry(delivery).or_default().insert(number, about);
    }

    /// Takes over what is safe on disk.
    pub(super) fn apply(&mut self, changes: Changes) {
        let Changes { groups, streams, removed_streams, removed_group, .. } = changes;
        let Changes { counts, findings, staged, unstaged, .. } = changes;
        for (name, about) in groups {
            let streams = BTreeMap::new();
            let new = Group { about: Arc::clone(&about), streams };
            self.groups.entry(name).or_insert(new).about = about;
        }
        for ((group, stream), record) in streams {
            if let Some(group) = self.groups.get_mut(&group) {
                group.streams.insert(stream, record);
            }
        }
        for (group, stream) in removed_streams {
            if let Some(group) = self.groups.get_mut(&group) {
                group.streams.remove(&stream);
            }
        }
        if let Some(group) = removed_group {
            self.groups.remove(&group);
        }
        for (number, delivery, about) in staged {
            self.stage(number, delivery, about);
        }
        for (number, delivery) in unstaged {
            if let Some(of_it) = self.staged.get_mut(&delivery) {
                of_it.remove(&number);
            }
            self.staged.retain(|_, of_it| !of_it.is_empty());
        }
        for (key, values) in changes.metric_data {
            match values {
                Some(values) => _ = self.metric_data.insert(key, values),
                None => _ = self.metric_data.remove(&key),
            }
        }
        for (name, rule) in changes.retention {
            match rule {
                Some(rule) => _ = self.retention.insert(name, rule),
                None => _ = self.retention.remove(&name),
            }
        }
        self.counts = counts;
        self.findings.extend(findings);
        self.tallies.extend(changes.tallies);
        history::apply(&mut self.history, changes.history);
    }
}
