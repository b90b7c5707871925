//! What is counted goes out through the `metrics` facade as well, under AWS's names, with AWS's
//! dimensions as labels: names of log groups, filters and policies, never values of messages.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use crate::arn::LogGroupName;
use crate::limits::EVENT_OVERHEAD_BYTES;
use crate::metric::Measured;
use crate::store::{Forwarder, Owner, Tally};

/// Describes the counters and gauges of every [`Engine`](super::Engine) to the recorder that the
/// host has installed for the `metrics` facade. Counters begin at 0 with the process;
/// [`Metrics`](super::Metrics) has what was counted since the store was made.
///
/// | name | counts | labels |
/// |---|---|---|
/// | `IncomingLogEvents` | events that were stored | `LogGroupName` |
/// | `IncomingBytes` | bytes of their messages, and 26 for each | `LogGroupName` |
/// | `LogEventsWithFindings` | events, for each policy that audits | `LogGroupName`, `PolicyName` |
/// | `ForwardedLogEvents` | events that destinations took | of forwarding |
/// | `ForwardedBytes` | bytes of the payloads that they took, compressed | of forwarding |
/// | `DeliveryErrors` | attempts that failed | of forwarding |
/// | `DeliveryThrottling` | attempts that were throttled | of forwarding |
/// | `MetricFilterMatches` | events that a metric filter selected | of metric filters |
/// | `MetricFilterValues` | values that it read from them | of metric filters |
/// | `MetricFilterSum` | a gauge: the sum of these values | of metric filters |
///
/// Labels of forwarding are `LogGroupName`, `DestinationType` and `FilterName`; for the account's
/// filter `PolicyLevel` (`AccountPolicy`) in place of the first; a label without a value is left
/// out. Labels of metric filters are `LogGroupName`, `FilterName`, `MetricNamespace` and
/// `MetricName`. Their dimensions hold values of messages, and are in the data points only.
pub fn describe_metrics() {
    let count = |name: &'static str, text: &'static str| describe_counter!(name, Unit::Count, text);
    count("IncomingLogEvents", "Events that were stored.");
    describe_counter!("IncomingBytes", Unit::Bytes, "Bytes of the messages that were stored.");
    count("LogEventsWithFindings", "Events with findings, once for each policy that audits them.");
    count("ForwardedLogEvents", "Events that destinations took.");
    describe_counter!("ForwardedBytes", Unit::Bytes, "Compressed bytes that destinations took.");
    count("DeliveryErrors", "Attempts to deliver that failed.");
    count("DeliveryThrottling", "Attempts to deliver that were throttled.");
    count("MetricFilterMatches", "Events that a metric filter selected.");
    count("MetricFilterValues", "Values that a metric filter read from events.");
    describe_gauge!("MetricFilterSum", "The sum of the values that a metric filter read.");
}

/// Events of a batch were stored: how many, and the bytes of their messages; each policy reports so
/// many of them.
pub(super) fn stored(
    log_group: &LogGroupName,
    (events, bytes): (usize, usize),
    findings: &[(Option<&str>, usize)],
) {
    // Choice: bytes are counted as the limits of PutLogEvents count them, 26 for each event.
    let bytes = bytes + events * EVENT_OVERHEAD_BYTES;
    let log_group = label("LogGroupName", log_group.as_str());
    counter!("IncomingLogEvents", vec![log_group.clone()]).increment(events as u64);
    counter!("IncomingBytes", vec![log_group.clone()]).increment(bytes as u64);
    for (policy, events) in findings {
        // Choice: AWS says that the policy's `Name` is a dimension, not what that is called.
        let policy = policy.map(|name| label("PolicyName", name));
        let labels: Vec<_> = [log_group.clone()].into_iter().chain(policy).collect();
        counter!("LogEventsWithFindings", labels).increment(*events as u64);
    }
}

/// What metric filters made of a batch.
pub(super) fn measured<'a>(of: impl Iterator<Item = &'a Measured>) {
    for Measured { filter, selected, values, sum } in of {
        let shown = &filter.shown;
        let labels = [
            label("LogGroupName", shown.log_group_name.as_str()),
            label("FilterName", shown.filter_name.as_str()),
            label("MetricNamespace", &shown.metric_transformation.metric_namespace),
            label("MetricName", &shown.metric_transformation.metric_name),
        ];
        counter!("MetricFilterMatches", labels.iter()).increment(*selected);
        counter!("MetricFilterValues", labels.iter()).increment(*values);
        gauge!("MetricFilterSum", labels.iter()).increment(*sum);
    }
}

/// What became of an attempt to deliver.
pub(super) fn forwarded(of: &Forwarder, tally: Tally) {
    let Forwarder { owner, log_group, service } = of;
    let mut labels = Vec::new();
    match (owner, log_group) {
        (Owner::AccountPolicy(_), _) => labels.push(label("PolicyLevel", "AccountPolicy")),
        (_, Some(name)) => labels.push(label("LogGroupName", name.as_str())),
        _ => {}
    }
    labels.push(label("DestinationType", service));
    labels.extend(Some(owner.name()).filter(|it| !it.is_empty()).map(|it| label("FilterName", it)));
    for (name, value) in [
        ("ForwardedLogEvents", tally.events),
        ("ForwardedBytes", tally.bytes),
        ("DeliveryErrors", tally.errors),
        ("DeliveryThrottling", tally.throttled),
    ] {
        if value > 0 {
            counter!(name, labels.iter()).increment(value);
        }
    }
}

fn label(name: &'static str, value: &str) -> metrics::Label {
    metrics::Label::new(name, value.to_owned())
}
