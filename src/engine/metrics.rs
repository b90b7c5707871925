//! What the engine counts.

use crate::arn::LogGroupName;
use crate::store::{Forwarder, Owner, Tally};

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
    /// Payloads, records and entries that were given up: the destination will never take them, they
    /// were tried for 24 hours, they made room for later ones, or the log group, log stream, filter
    /// or policy was deleted.
    pub deliveries_dropped: u64,
    /// What became of deliveries by name, in order.
    pub forwarding: Vec<Forwarding>,
    /// Entries that wait to be delivered, and parts of batches that wait to leave in an object.
    pub deliveries_waiting: u64,
    /// Batches of `PutLogEvents` that were refused because too much waited for a destination.
    pub refused_batches: u64,
    /// Events and findings that were too large for their destination and set aside whole.
    pub set_aside: u64,
    /// Data points of metric filters that wait to be handed out.
    pub metric_data_waiting: u64,
    /// Values and data points of metric filters that were left out since the engine was opened: a
    /// filter had more than 1,000 dimensions in an hour, or too many data points waited.
    pub metric_data_dropped: u64,
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

/// The service's forwarding metrics, and what else became of the deliveries of one filter, policy
/// or logical destination.
///
/// Source: CloudWatch Logs User Guide, metrics: `ForwardedBytes`, `ForwardedLogEvents`,
/// `DeliveryErrors`, `DeliveryThrottling` with `LogGroupName`, `DestinationType`, `FilterName`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forwarding {
    /// Absent for the account's filter (`PolicyLevel` is then `AccountPolicy`) and for logical
    /// destinations.
    pub log_group_name: Option<LogGroupName>,
    /// The service that is delivered to: `kinesis`, `firehose`, `lambda`, `s3`, `logs`.
    pub destination_type: String,
    /// The filter, policy or logical destination; empty for a policy without a name.
    pub name: String,
    /// On whose behalf.
    pub kind: ForwarderKind,
    /// `ForwardedBytes`: bytes of payloads and records that were taken, compressed.
    pub forwarded_bytes: u64,
    /// `ForwardedLogEvents`: events in them.
    pub forwarded_log_events: u64,
    /// `DeliveryErrors`: attempts that failed.
    pub delivery_errors: u64,
    /// `DeliveryThrottling`: attempts that were throttled.
    pub delivery_throttling: u64,
    /// Payloads and records that were taken.
    pub deliveries: u64,
    /// Payloads, records and entries that were given up.
    pub dropped: u64,
    /// Events and findings that were too large and set aside whole.
    pub set_aside: u64,
}

/// On whose behalf something is delivered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ForwarderKind {
    /// A log group's subscription filter.
    SubscriptionFilter,
    /// The account's subscription filter policy.
    AccountPolicy,
    /// A data protection policy's findings.
    Findings,
    /// A logical destination.
    Destination,
    /// A vended-log delivery.
    Delivery,
    /// An export task.
    Export,
}

impl Forwarding {
    pub(super) fn of((forwarder, tally): (Forwarder, Tally)) -> Self {
        let Forwarder { owner, log_group, service } = forwarder;
        Self {
            log_group_name: log_group,
            destination_type: service,
            name: owner.name().to_owned(),
            kind: match owner {
                Owner::Filter(_) => ForwarderKind::SubscriptionFilter,
                Owner::AccountPolicy(_) => ForwarderKind::AccountPolicy,
                Owner::Findings(_) => ForwarderKind::Findings,
                Owner::Destination(_) => ForwarderKind::Destination,
                Owner::Delivery(_) => ForwarderKind::Delivery,
                Owner::Export(_) => ForwarderKind::Export,
            },
            forwarded_bytes: tally.bytes,
            forwarded_log_events: tally.events,
            delivery_errors: tally.errors,
            delivery_throttling: tally.throttled,
            deliveries: tally.delivered,
            dropped: tally.dropped,
            set_aside: tally.set_aside,
        }
    }
}

impl Engine {
    /// What was counted so far.
    pub fn metrics(&self) -> Metrics {
        let (counts, findings) = (self.store.counts(), self.store.findings());
        let unopened = self.vault.unopened();
        let (metric_data_waiting, metric_data_dropped) = self.store.metric_data_counts();
        let staged: usize = self.store.staged().iter().map(|it| it.parts).sum();
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
            forwarding: self.store.tallies().into_iter().map(Forwarding::of).collect(),
            deliveries_waiting: (self.store.waiting() + staged) as u64,
            refused_batches: counts.refused,
            set_aside: counts.set_aside,
            metric_data_waiting: metric_data_waiting as u64,
            metric_data_dropped,
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
