//! What the engine counts.

use crate::arn::LogGroupName;

use super::Engine;

/// Counts since the store was made, unless they say otherwise.
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
    /// How often something on disk was found damaged, and left out, since the engine was opened.
    pub damaged: u64,
    /// Originals that a reader with a grant did not see because their key was destroyed or no key
    /// provider was given, since the engine was opened.
    pub originals_without_key: u64,
    /// The same because the key provider refused to open their key.
    pub originals_refused: u64,
    /// The same because they are not what was sealed, or not where.
    pub originals_damaged: u64,
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

impl Engine {
    /// What was counted so far.
    pub fn metrics(&self) -> Metrics {
        let (counts, findings) = (self.store.counts(), self.store.findings());
        let unopened = self.vault.unopened();
        let by = |((log_group_name, policy_name), count)| FindingsCount {
            log_group_name,
            policy_name,
            log_events_with_findings: count,
        };
        Metrics {
            incoming_log_events: counts.incoming,
            masked_log_events: counts.masked,
            log_events_with_findings: findings.iter().map(|(_, count)| count).sum(),
            log_events_with_findings_by: findings.into_iter().map(by).collect(),
            findings_lost: counts.findings_lost,
            failed_judgements: self.failed_judgements().max(counts.failed_judgements),
            deliveries: counts.delivered,
            deliveries_dropped: counts.dropped,
            set_aside: counts.set_aside,
            damaged: self.store.damaged() + self.vault.damaged_records() as u64,
            originals_without_key: unopened.without_key,
            originals_refused: unopened.refused,
            originals_damaged: unopened.damaged,
        }
    }

    /// Judgements that failed since the store was made.
    pub(super) fn failed_judgements(&self) -> u64 {
        self.failed_before + self.masker.failed_judgements()
    }
}
