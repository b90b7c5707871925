//! Where the findings of a batch go: the destinations of each policy that made them.

use std::sync::Arc;

use crate::arn::{LogGroupName, LogStreamName};
use crate::finding::Finding;
use crate::limits::{EVENT_BYTES_MAX, EVENT_OVERHEAD_BYTES};
use crate::message::RawMessage;
use crate::metric::Measured;
use crate::policy::{Distribution, FindingsDestination};
use crate::protection::{PolicyInForce, Protection};
use crate::store::{Content, Entry, NewEvent, Owner, Route, Write};

use super::Engine;
use super::control::LiveGroup;
use super::filtering::Filtered;

/// The findings of a batch on their way.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// For log groups of this account.
    pub(super) writes: Vec<Write>,
    /// For Firehose streams and buckets, and what is too large for an event of a log group.
    pub(super) entries: Vec<Entry>,
    /// For each policy its name and the events it reports.
    pub(super) counts: Vec<(Option<&'a str>, usize)>,
    /// What metric filters made of the former.
    pub(super) measured: Vec<Measured>,
    /// Findings whose log group is gone.
    pub(super) lost: usize,
}

impl Engine {
    /// Sorts findings by policy and destination. They are stored and sent as they are: never judged
    /// or audited themselves, whatever policy covers their log group.
    // Choice: that also answers a policy whose destination is the log group it audits: its findings
    // are written there and are not audited, so that nothing loops.
    pub(super) fn find<'a>(
        &self,
        group: &LiveGroup,
        protection: &'a Protection,
        findings: &[(usize, Finding)],
        now_ms: i64,
    ) -> Found<'a> {
        let mut found = Found::default();
        for (index, policy) in protection.policies().iter().enumerate() {
            let of_policy = findings.iter().filter(|(policy, _)| *policy == index);
            let count = of_policy.clone().count();
            if count == 0 {
                continue;
            }
            found.counts.push((policy.name(), count));
            if policy.destinations().is_empty() {
                continue;
            }
            let reports: Vec<String> = of_policy.map(|(_, finding)| json(finding)).collect();
            for destination in policy.destinations() {
                let to_send: Vec<_> = match destination {
                    FindingsDestination::LogGroup(target) => match self.live(target) {
                        Ok(target) => {
                            let (events, large): (Vec<_>, _) =
                                reports.iter().partition(|it| fits_event(it));
                            if !events.is_empty() {
                                let audited = &group.at.name;
                                let (write, measured) =
                                    self.write_to(&target, audited, events, now_ms);
                                found.writes.push(write);
                                found.measured.extend(measured);
                            }
                            large
                        }
                        Err(_) if self.outside(destination) => reports.iter().collect(),
                        Err(_) => {
                            found.lost += reports.len();
                            continue;
                        }
                    },
                    FindingsDestination::DeliveryStream(_) | FindingsDestination::Bucket(_) => {
                        reports.iter().collect()
                    }
                };
                if !to_send.is_empty() {
                    let entry = self.entry_for(destination, policy, group, &to_send, now_ms);
                    found.entries.push(entry);
                }
            }
        }
        found
    }

    /// Whether a destination that is not the engine's exists.
    pub(super) fn outside(&self, destination: &FindingsDestination) -> bool {
        self.arn_of(destination).is_ok_and(|arn| self.directory.exists(&arn))
    }

    /// One event per report, in a stream named after the audited log group. The filters of the
    /// log group take them as they take other events.
    // Choice: AWS does not publish the name of the stream.
    fn write_to(
        &self,
        target: &LiveGroup,
        audited: &LogGroupName,
        reports: Vec<&String>,
        now_ms: i64,
    ) -> (Write, Vec<Measured>) {
        let event = |report: &String| {
            let (message, _) = RawMessage::from(report.as_str()).mask(&[]);
            NewEvent { timestamp: now_ms.max(0), message, sealed: None }
        };
        let events: Vec<_> = reports.into_iter().map(event).collect();
        let shown = events.iter().map(|it| (it.timestamp, &it.message));
        let filtered = target.filters().show(shown, now_ms, &mut |_| None);
        let Filtered { mut outgoing, metric_data, measured } = filtered;
        outgoing.extend(self.deliveries.outgoing(&target.at.name, events.len()));
        let stream = LogStreamName::new(audited.as_str()).expect("group names are stream names");
        let first_sequence = self.store.reserve(events.len());
        let group = target.at.clone();
        (Write { group, stream, events, first_sequence, outgoing, metric_data }, measured)
    }

    /// Firehose gets a record for each report, a log group elsewhere an event, a bucket one object
    /// of JSON lines for the batch. What no event of a log group can hold is set aside under the
    /// group's ARN when it is sent.
    // Choice: AWS does not publish the separator; a line feed keeps reports apart in files. A
    // bucket gets those of a batch at once; AWS collects them for about five minutes.
    fn entry_for(
        &self,
        destination: &FindingsDestination,
        policy: &PolicyInForce,
        group: &LiveGroup,
        reports: &[&String],
        now_ms: i64,
    ) -> Entry {
        let destination_arn = self.arn_of(destination).expect("checked when the policy was put");
        let lines = reports.iter().map(|report| format!("{report}\n").into_bytes());
        let records = match destination {
            FindingsDestination::Bucket(_) => vec![lines.flatten().collect()],
            FindingsDestination::DeliveryStream(_) | FindingsDestination::LogGroup(_) => {
                lines.collect()
            }
        };
        let route = Route {
            owner: Owner::Findings(policy.name().map(str::to_owned)),
            destination_arn,
            distribution: Distribution::default(),
            extracted_by: None,
            system_fields: Vec::new(),
        };
        Entry {
            route: Arc::new(route),
            born_ms: now_ms,
            log_group: Some(group.at.name.clone()),
            log_stream: None,
            content: Content::Findings(records),
            judged: Vec::new(),
        }
    }
}

/// Whether a report can be stored as one event.
fn fits_event(report: &str) -> bool {
    report.len() + EVENT_OVERHEAD_BYTES <= EVENT_BYTES_MAX
}

fn json(finding: &Finding) -> String {
    serde_json::to_string(finding).expect("a finding is plain JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_the_largest_event_is_an_event_and_one_byte_more_is_not() {
        let largest = "x".repeat(EVENT_BYTES_MAX - EVENT_OVERHEAD_BYTES);
        assert!(fits_event(&largest));
        assert!(!fits_event(&format!("{largest}x")));
    }
}
