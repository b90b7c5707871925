//! Events that are delivered and come back: whatever feeds what, everything comes to rest.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use logveil::{
    AccountPolicyType, Arn, Clock, CreateDelivery, Delivered, Destination, DestinationName,
    Directory, Distribution, Engine, ErrorKind, FilterName, FilterPattern, InMemory, OpenOptions,
    OutgoingKind, OutputFormat, PutDataProtectionPolicy, PutDeliveryDestination, PutDeliverySource,
    PutDestination, PutSubscriptionFilter, decode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cases;
use crate::support::world::{
    NOW, StoppedClock, account_policy, arn, batch, document, group, home, stream,
};

/// What is wired up, in this order; each is refused or not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Destinations and the log groups that their receivers write to.
    feeds: Vec<(String, Vec<String>)>,
    steps: Vec<Step>,
    /// For each log group how many events it holds when all is quiet, from one put into each.
    events: Vec<(String, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// A log group whose events go to a destination.
    filter: Option<(String, String)>,
    /// The account's filter sends to a destination.
    account: Option<String>,
    /// A log group whose findings go to another.
    findings: Option<(String, String)>,
    /// The account's findings go to a log group.
    account_findings: Option<String>,
    /// A logical destination and its target.
    logical: Option<(String, String)>,
    /// A log group whose events a vended-log delivery puts into a log group or Firehose stream.
    delivery: Option<(String, String)>,
    #[serde(default)]
    refused: bool,
}

fn to_arn(name: &str) -> Arn {
    let (kind, name) = name.split_once(':').unwrap_or(("stream", name));
    arn(&match kind {
        "function" => format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}"),
        "logical" => format!("arn:aws:logs:eu-west-1:123456789012:destination:{name}"),
        "group" => home("123456789012").log_group_arn(&group(name)),
        "firehose" => format!("arn:aws:firehose:eu-west-1:123456789012:deliverystream/{name}"),
        _ => format!("arn:aws:kinesis:eu-west-1:123456789012:stream/{name}"),
    })
}

struct Feeds(Vec<(Arn, Vec<String>)>);

/// Uses what the trait says of Lambda functions.
struct Plain;

impl Directory for Plain {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

impl Directory for Feeds {
    fn exists(&self, _: &Arn) -> bool {
        true
    }

    fn feeds(&self, destination: &Arn) -> Vec<String> {
        let of_it = self.0.iter().filter(|(arn, _)| arn == destination);
        let arns = of_it
            .flat_map(|(_, groups)| groups)
            .map(|it| home("123456789012").log_group_arn(&group(it)));
        arns.chain(Plain.feeds(destination)).collect()
    }
}

impl Step {
    fn put(&self, engine: &Engine) -> Result<(), logveil::Error> {
        if let Some((log_group, destination)) = &self.filter {
            let name = format!("to {}", destination.replace(':', " "));
            engine.put_subscription_filter(PutSubscriptionFilter {
                apply_on_transformed_logs: false,
                field_selection_criteria: None,
                emit_system_fields: Vec::new(),
                log_group_name: group(log_group),
                filter_name: FilterName::new(&name).unwrap(),
                filter_pattern: FilterPattern::default(),
                destination_arn: to_arn(destination),
                role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
                distribution: Distribution::ByLogStream,
            })?;
        }
        if let Some(destination) = &self.account {
            let document = json!({
                "DestinationArn": to_arn(destination).as_str(), "FilterPattern": "",
                "RoleArn": "arn:aws:iam::123456789012:role/r",
            });
            let kind = AccountPolicyType::SubscriptionFilter;
            engine.put_account_policy(account_policy("all", kind, &document))?;
        }
        let findings = |target: &str| -> Value {
            document("p", &["EmailAddress"], &json!({"CloudWatchLogs": {"LogGroup": target}}))
        };
        if let Some((audited, target)) = &self.findings {
            engine.put_data_protection_policy(PutDataProtectionPolicy {
                log_group_identifier: audited.clone(),
                policy_document: findings(target).to_string(),
            })?;
        }
        if let Some(target) = &self.account_findings {
            let kind = AccountPolicyType::DataProtection;
            engine.put_account_policy(account_policy("acc", kind, &findings(target)))?;
        }
        if let Some((name, target)) = &self.logical {
            engine.put_destination(PutDestination {
                destination_name: DestinationName::new(name).unwrap(),
                target_arn: to_arn(target),
                role_arn: arn("arn:aws:iam::123456789012:role/r"),
                tags: Default::default(),
            })?;
        }
        if let Some((log_group, target)) = &self.delivery {
            deliver(engine, log_group, target)?;
        }
        Ok(())
    }
}

/// A delivery, with a source and a destination that are named after what they are.
fn deliver(engine: &Engine, log_group: &str, target: &str) -> Result<(), logveil::Error> {
    let name = |text: &str| text.replace(['/', ':'], "_");
    engine.put_delivery_source(PutDeliverySource {
        name: name(log_group),
        resource_arn: home("123456789012").log_group_arn(&group(log_group)),
        log_type: "APPLICATION_LOGS".to_owned(),
        tags: Default::default(),
        delivery_source_configuration: Default::default(),
    })?;
    let to = engine.put_delivery_destination(destination(&name(target), target))?.arn;
    let request = CreateDelivery {
        delivery_source_name: name(log_group),
        delivery_destination_arn: to,
        record_fields: None,
        field_delimiter: None,
        s3_delivery_configuration: None,
        tags: Default::default(),
    };
    engine.create_delivery(request).map(drop)
}

fn destination(name: &str, target: &str) -> PutDeliveryDestination {
    PutDeliveryDestination {
        name: name.to_owned(),
        output_format: Some(OutputFormat::Raw),
        destination_resource_arn: Some(to_arn(target).as_str().to_owned()),
        delivery_destination_type: None,
        role_arn: None,
        tags: Default::default(),
    }
}

/// The events that a delivery holds.
fn messages(delivered: &Delivered) -> Vec<String> {
    match delivered.kind {
        OutgoingKind::Data => {}
        OutgoingKind::Record => return vec![String::from_utf8(delivered.data.clone()).unwrap()],
        _ => return Vec::new(),
    }
    let payload = decode(&delivered.data).unwrap().remove(0);
    payload.log_events.into_iter().map(|event| event.message).collect()
}

#[test]
fn nothing_goes_round() {
    for reopened in [false, true] {
        cases::<Vec<Case>>("recursion.json").iter().for_each(|case| check(case, reopened));
    }
}

#[track_caller]
fn check(case: &Case, reopened: bool) {
    let directory = TempDir::new().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let feeds: Vec<_> =
        case.feeds.iter().map(|(name, groups)| (to_arn(name), groups.clone())).collect();
    let world = Arc::new(Feeds(feeds));
    let destination = Arc::new(InMemory::default());
    let open = || {
        let sink = Arc::clone(&destination) as Arc<dyn Destination>;
        let world = Arc::clone(&world) as Arc<dyn Directory>;
        let options = OpenOptions::default();
        Engine::open(
            directory.path(),
            options,
            home("123456789012"),
            Arc::clone(&clock),
            world,
            sink,
        )
        .unwrap()
    };
    let mut engine = open();
    for (name, _) in &case.events {
        engine.create_log_group(&group(name)).unwrap();
        engine.create_log_stream(&group(name), &stream("s")).unwrap();
    }
    for (index, step) in case.steps.iter().enumerate() {
        let put = step.put(&engine);
        let kind = put.as_ref().err().map(logveil::Error::kind);
        let kind_of_refusal = match step.delivery {
            Some(_) => ErrorKind::Validation,
            None => ErrorKind::InvalidParameter,
        };
        let expected = step.refused.then_some(kind_of_refusal);
        assert_eq!(kind, expected, "{}, step {index}: {put:?}", case.name);
    }
    if reopened {
        drop(engine);
        engine = open();
    }
    for (name, _) in &case.events {
        engine.put_log_events(batch(name, "s", &["begin: jane@example.com"])).unwrap();
    }
    // Each receiver writes what it got, and something of its own that has findings again.
    let mut seen = 0;
    let quiet = (0..12).any(|_| {
        engine.deliver_pending();
        let delivered = destination.delivered();
        let new: Vec<_> = delivered[seen..].to_vec();
        seen = delivered.len();
        let mut fed = 0;
        for it in &new {
            for message in messages(it) {
                for log_group in world.feeds(&it.destination_arn) {
                    let name = log_group.split_once(":log-group:").unwrap().1;
                    let text = format!("got {message}, tell joe@example.com");
                    engine.put_log_events(batch(name, "s", &[&text])).unwrap();
                    fed += 1;
                }
            }
        }
        fed == 0
    });
    assert!(quiet, "{}: it goes round", case.name);
    let count = |name: &String| {
        let page = engine.filter_log_events(&logveil::FilterLogEvents::new(group(name))).unwrap();
        (name.clone(), page.events.len())
    };
    let found: Vec<_> = case.events.iter().map(|(name, _)| count(name)).collect();
    assert_eq!(found, case.events, "{}, opened again: {reopened}", case.name);
}

#[test]
fn a_circle_that_the_host_learns_of_later_is_left_when_the_engine_is_opened() {
    struct Learns(Mutex<Vec<String>>);
    impl Directory for Learns {
        fn exists(&self, _: &Arn) -> bool {
            true
        }
        fn feeds(&self, _: &Arn) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }
    let (directory, world) = (TempDir::new().unwrap(), Arc::new(Learns(Mutex::default())));
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let open = || {
        let (clock, world) = (Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&world));
        let sink = Arc::new(InMemory::default());
        Engine::open(
            directory.path(),
            OpenOptions::default(),
            home("123456789012"),
            clock,
            world,
            sink,
        )
        .unwrap()
    };
    let engine = open();
    engine.create_log_group(&group("/a")).unwrap();
    engine.create_log_stream(&group("/a"), &stream("s")).unwrap();
    let filter = Some(("/a".to_owned(), "d".to_owned()));
    let step = Step {
        filter,
        account: None,
        findings: None,
        account_findings: None,
        logical: None,
        delivery: None,
        refused: false,
    };
    step.put(&engine).unwrap();
    engine.deliver_pending();
    let forwarded = |engine: &Engine| {
        clock.0.fetch_add(1, Ordering::SeqCst);
        engine.put_log_events(batch("/a", "s", &["x"])).unwrap();
        engine.deliver_pending().delivered
    };
    assert_eq!(forwarded(&engine), 1);
    drop(engine);
    world.0.lock().unwrap().push(home("123456789012").log_group_arn(&group("/a")));
    assert_eq!(forwarded(&open()), 0);
}

#[test]
fn a_delivery_destination_is_not_led_into_a_circle() {
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let world = Arc::new(Feeds(Vec::new()));
    let engine = Engine::new(home("123456789012"), clock, world, Arc::new(InMemory::default()));
    for name in ["/a", "/b", "/c"] {
        engine.create_log_group(&group(name)).unwrap();
    }
    deliver(&engine, "/a", "group:/b").unwrap();
    deliver(&engine, "/c", "group:/a").unwrap();
    for target in ["group:/a", "group:/c"] {
        let error = engine.put_delivery_destination(destination("group__b", target)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{target}");
    }
    let kept = engine.get_delivery_destination("group__b").unwrap().destination_resource_arn;
    assert_eq!(kept.as_deref(), Some(to_arn("group:/b").as_str()));
    engine.put_delivery_destination(destination("group__b", "group:/b")).unwrap();
    // What is deleted closes no circle.
    let id = engine.describe_deliveries(None, None, None).unwrap().items;
    let id = id.iter().find(|it| it.delivery_source_name == "_c").unwrap().id.clone();
    engine.delete_delivery(&id).unwrap();
    engine.put_delivery_destination(destination("group__b", "group:/c")).unwrap();
}
