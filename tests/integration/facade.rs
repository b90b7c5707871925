//! What is counted, as a recorder of the `metrics` facade gets it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use logveil::{
    AccountPolicyType, DeliveryError, Distribution, FilterName, FilterPattern,
    MetricTransformation, PutMetricFilter, PutSubscriptionFilter, SubscriptionPolicy,
    describe_metrics,
};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString,
    Unit, with_local_recorder,
};
use serde_json::{Value, json};

use crate::support::world::{account_policy, arn, document, group, world, world_with};

/// Sums by name and labels, and descriptions.
#[derive(Default)]
pub struct Kept {
    sums: Arc<Mutex<BTreeMap<String, f64>>>,
    described: Mutex<BTreeMap<String, Option<Unit>>>,
}

struct Sum(String, Arc<Mutex<BTreeMap<String, f64>>>);

impl Sum {
    fn add(&self, value: f64) {
        *self.1.lock().unwrap().entry(self.0.clone()).or_default() += value;
    }
}

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }

    fn absolute(&self, _: u64) {
        panic!("counters are incremented");
    }
}

impl GaugeFn for Sum {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, _: f64) {
        panic!("gauges are incremented");
    }

    fn set(&self, _: f64) {
        panic!("gauges are incremented");
    }
}

impl Kept {
    fn sum(&self, key: &Key) -> Arc<Sum> {
        let label = |it: &metrics::Label| format!("{}={}", it.key(), it.value());
        let mut labels: Vec<_> = key.labels().map(label).collect();
        labels.sort();
        Arc::new(Sum(format!("{} {}", key.name(), labels.join(" ")), Arc::clone(&self.sums)))
    }

    pub fn sums(&self) -> BTreeMap<String, f64> {
        self.sums.lock().unwrap().clone()
    }

    fn describe(&self, name: KeyName, unit: Option<Unit>) {
        self.described.lock().unwrap().insert(name.as_str().to_owned(), unit);
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("counters and gauges only");
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.sum(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.sum(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("counters and gauges only");
    }
}

fn expect(kept: &Kept, expected: &[(&str, f64)]) {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(key, sum)| ((*key).to_owned(), *sum)).collect();
    assert_eq!(kept.sums(), expected);
}

#[test]
fn what_comes_in_is_counted_by_log_group_and_policy() {
    let (world, kept) = (world_with("/app", "s"), Kept::default());
    world.make("/refused", "s");
    world.protect_account("account", &document("accounts", &["EmailAddress"], &json!({})));
    let mut unnamed = document("x", &["Ssn-US"], &json!({}));
    unnamed.as_object_mut().unwrap().remove("Name");
    world.protect_group("/app", &unnamed);
    with_local_recorder(&kept, || {
        world.put("/app", "s", &["é jane@example.com", "ssn 536-22-8145 bob@example.com", "x"]);
        let missing = crate::support::world::batch("/app", "none", &["x"]);
        assert!(world.engine.put_log_events(missing).is_err());
    });
    expect(
        &kept,
        &[
            ("IncomingBytes LogGroupName=/app", (19 + 31 + 1 + 3 * 26) as f64),
            ("IncomingLogEvents LogGroupName=/app", 3.0),
            ("LogEventsWithFindings LogGroupName=/app", 1.0),
            ("LogEventsWithFindings LogGroupName=/app PolicyName=accounts", 2.0),
        ],
    );
}

fn subscription(name: &str, destination: &str) -> PutSubscriptionFilter {
    PutSubscriptionFilter {
        log_group_name: group("/app"),
        filter_name: FilterName::new(name).unwrap(),
        filter_pattern: FilterPattern::parse("x").unwrap(),
        destination_arn: arn(destination),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
        distribution: Distribution::ByLogStream,
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
    }
}

#[test]
fn what_goes_out_is_counted_by_filter_and_destination() {
    let (world, kept) = (world(), Kept::default());
    world.make("/app", "s");
    let stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/s";
    world.engine.put_subscription_filter(subscription("f", stream)).unwrap();
    let policy = json!({
        "DestinationArn": "arn:aws:lambda:eu-west-1:123456789012:function:f", "FilterPattern": "",
    });
    assert!(SubscriptionPolicy::parse(&policy.to_string()).is_ok());
    let policy = account_policy("all", AccountPolicyType::SubscriptionFilter, &policy);
    world.engine.put_account_policy(policy).unwrap();
    world.delivered();
    world.put("/app", "s", &["x", "x", "y"]);
    let mut attempt = 0;
    world.destination.fail(move |outgoing| {
        attempt += 1;
        match (outgoing.destination_arn.service(), attempt) {
            ("lambda", _) => Ok(()),
            (_, ..3) => Err(DeliveryError::Throttled),
            (_, ..5) => Err(DeliveryError::Unavailable),
            _ => Ok(()),
        }
    });
    let delivered = world.destination.kept.delivered().len();
    with_local_recorder(&kept, || {
        for _ in 0..6 {
            world.engine.deliver_pending();
        }
    });
    let sums = kept.sums();
    let sent = &world.destination.kept.delivered()[delivered..];
    let bytes = |service: &str| -> f64 {
        let of_it = sent.iter().filter(|it| it.destination_arn.service() == service);
        of_it.map(|it| it.data.len() as f64).sum()
    };
    let metrics = world.engine.metrics();
    let of = |service: &str| {
        metrics.forwarding.iter().find(|it| it.destination_type == service).expect("it is counted")
    };
    let own = "DestinationType=kinesis FilterName=f LogGroupName=/app";
    let account = "DestinationType=lambda FilterName=all PolicyLevel=AccountPolicy";
    let sum = |name: &str, labels: &str| sums.get(&format!("{name} {labels}")).copied();
    assert_eq!(sum("ForwardedLogEvents", own), Some(2.0));
    assert_eq!(sum("ForwardedLogEvents", account), Some(3.0));
    assert_eq!(sum("ForwardedBytes", own), Some(bytes("kinesis")));
    assert!(sum("ForwardedBytes", account) > Some(0.0));
    assert_eq!(sum("DeliveryErrors", account), None);
    assert_eq!(sum("DeliveryErrors", own), Some(of("kinesis").delivery_errors as f64));
    assert_eq!(sum("DeliveryThrottling", own), Some(of("kinesis").delivery_throttling as f64));
    assert!(of("kinesis").delivery_errors > 0 && of("kinesis").delivery_throttling > 0);
    assert_eq!(sums.len(), 6, "and nothing else");
}

#[test]
fn what_metric_filters_read_is_counted_without_values_of_messages() {
    let (world, kept) = (world_with("/app", "s"), Kept::default());
    let filter = |name: &str, pattern: &str, transformation: Value| PutMetricFilter {
        log_group_name: group("/app"),
        filter_name: FilterName::new(name).unwrap(),
        filter_pattern: FilterPattern::parse(pattern).unwrap(),
        metric_transformations: vec![MetricTransformation {
            dimensions: serde_json::from_value(transformation["dimensions"].clone()).unwrap(),
            ..MetricTransformation::new("App", "Latency", transformation["value"].as_str().unwrap())
        }],
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_field_dimensions: Vec::new(),
    };
    let by_user = json!({"value": "$.ms", "dimensions": {"User": "$.user"}});
    world.engine.put_metric_filter(filter("f", "{ $.ms = * }", by_user)).unwrap();
    let unmatched = json!({"value": "1", "dimensions": {}});
    world.engine.put_metric_filter(filter("g", "nowhere", unmatched)).unwrap();
    let put = || {
        let events = [r#"{"ms":2.5,"user":"canary"}"#, r#"{"ms":-4,"user":"b"}"#, r#"{"ms":7}"#];
        world.put("/app", "s", &events);
    };
    with_local_recorder(&kept, put);
    let labels = "FilterName=f LogGroupName=/app MetricName=Latency MetricNamespace=App";
    expect(
        &kept,
        &[
            ("IncomingBytes LogGroupName=/app", (26 + 20 + 8 + 3 * 26) as f64),
            ("IncomingLogEvents LogGroupName=/app", 3.0),
            (&format!("MetricFilterMatches {labels}"), 3.0),
            (&format!("MetricFilterValues {labels}"), 2.0),
            (&format!("MetricFilterSum {labels}"), -1.5),
        ],
    );
}

#[test]
fn every_name_is_described() {
    let kept = Kept::default();
    with_local_recorder(&kept, describe_metrics);
    let described = kept.described.lock().unwrap();
    let bytes: Vec<_> = described
        .iter()
        .filter(|(_, unit)| **unit == Some(Unit::Bytes))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(bytes, ["ForwardedBytes", "IncomingBytes"]);
    assert_eq!(described.len(), 10);
}
