//! What the engine counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::arn::LogGroupName;

use super::Engine;

/// Counts since the engine was made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Metrics {
    /// Events that were stored.
    pub incoming_log_events: u64,
    /// Stored events in which something was masked.
    pub masked_log_events: u64,
    /// Events with findings, once for each policy that audits them: the sum of the counts below.
    ///
    /// Source: CloudWatch Logs User Guide, metrics: `LogEventsWithFindings` without dimension.
    // Choice: an event that two policies report counts twice, as it has two findings.
    pub log_events_with_findings: u64,
    /// The same with dimensions, in ASCII order.
    pub log_events_with_findings_by: Vec<FindingsCount>,
    /// Findings whose log group was deleted after the policy was put.
    pub findings_lost: u64,
    /// Events that were masked whole because judging them panicked: always 0 unless there is a bug.
    pub failed_judgements: u64,
    /// Payloads and records that destinations took.
    pub deliveries: u64,
    /// Payloads and records that were given up: the destination will never take them, or the log
    /// group, log stream, filter or policy was deleted.
    pub deliveries_dropped: u64,
    /// Events and findings that were too large for their destination and set aside whole.
    pub set_aside: u64,
}

/// `LogEventsWithFindings` of one log group and policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FindingsCount {
    /// The audited log group.
    pub log_group_name: LogGroupName,
    /// The policy document's `Name`, when it has one.
    pub policy_name: Option<String>,
    /// Its count.
    pub log_events_with_findings: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) incoming: AtomicU64,
    pub(super) masked: AtomicU64,
    pub(super) findings: Mutex<BTreeMap<(LogGroupName, Option<String>), u64>>,
    pub(super) findings_lost: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) set_aside: AtomicU64,
}

impl Counters {
    pub(super) fn drop_deliveries(&self, count: usize) {
        add(&self.dropped, count);
    }

    /// Counts events with findings under one policy.
    pub(super) fn find(&self, group: &LogGroupName, policy_name: Option<&str>, events: usize) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (group.clone(), policy_name.map(str::to_owned));
        *findings.entry(key).or_default() += events as u64;
    }
}

pub(super) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

impl Engine {
    /// What was counted so far.
    pub fn metrics(&self) -> Metrics {
        let counters = &self.counters;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let findings = counters.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let by =
            |((group, policy), count): (&(LogGroupName, Option<String>), &u64)| FindingsCount {
                log_group_name: group.clone(),
                policy_name: policy.clone(),
                log_events_with_findings: *count,
            };
        Metrics {
            incoming_log_events: load(&counters.incoming),
            masked_log_events: load(&counters.masked),
            log_events_with_findings: findings.values().sum(),
            log_events_with_findings_by: findings.iter().map(by).collect(),
            findings_lost: load(&counters.findings_lost),
            failed_judgements: self.masker.failed_judgements(),
            deliveries: load(&counters.delivered),
            deliveries_dropped: load(&counters.dropped),
            set_aside: load(&counters.set_aside),
        }
    }
}
