//! Payloads: what a consumer decodes is the masked events, in order, once.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use logveil::limits::{LAMBDA_ENVELOPE_BYTES_MAX, RECORD_BYTES_MAX};
use logveil::{
    AccountPolicyType, Delivered, DeliveryError, Destination, Distribution, ErrorKind,
    FileDestination, FilterName, FilterPattern, Outgoing, OutgoingKind, PutSubscriptionFilter,
    decode,
};
use serde::Deserialize;
use serde_json::json;

use crate::support::cases;
use crate::support::world::{
    NOW, World, account_policy, arn, batch, document, event, group, noise, payload, stream,
    world_with,
};

const KINESIS: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/s";
const FIREHOSE: &str = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/f";
const LAMBDA: &str = "arn:aws:lambda:eu-west-1:123456789012:function:fn";

#[derive(Deserialize)]
struct Case {
    name: String,
    destination: String,
    account: bool,
    pattern: String,
    distribution: String,
    messages: Vec<String>,
    expected: Vec<String>,
}

fn filter(log_group: &str, destination: &str) -> PutSubscriptionFilter {
    PutSubscriptionFilter {
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
        log_group_name: group(log_group),
        filter_name: FilterName::new("filter").unwrap(),
        filter_pattern: FilterPattern::default(),
        destination_arn: arn(destination),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
        distribution: Distribution::ByLogStream,
    }
}

fn subscribed(destination: &str) -> World {
    let world = world_with("/app", "s");
    world.engine.put_subscription_filter(filter("/app", destination)).unwrap();
    world.engine.deliver_pending();
    world
}

fn data(delivered: Vec<Delivered>) -> Vec<Delivered> {
    delivered.into_iter().filter(|it| it.kind != OutgoingKind::Control).collect()
}

fn messages(delivered: &[Delivered]) -> Vec<String> {
    let events = delivered.iter().flat_map(|it| payload(it).log_events);
    events.map(|event| event.message).collect()
}

fn subscribe(world: &World, case: &Case) {
    if case.account {
        let document = json!({
            "DestinationArn": case.destination, "RoleArn": "arn:aws:iam::123456789012:role/r",
            "FilterPattern": case.pattern, "Distribution": case.distribution,
        });
        let request = account_policy("policy", AccountPolicyType::SubscriptionFilter, &document);
        world.engine.put_account_policy(request).unwrap();
    } else {
        let request = PutSubscriptionFilter {
            filter_pattern: FilterPattern::parse(&case.pattern).unwrap(),
            distribution: Distribution::parse(&case.distribution).unwrap(),
            ..filter("/app", &case.destination)
        };
        world.engine.put_subscription_filter(request).unwrap();
    }
}

#[test]
fn payloads_are_what_the_cases_say() {
    for case in cases::<Vec<Case>>("payloads.json") {
        let (world, name) = (world_with("/app", "s"), &case.name);
        world.protect_account("p", &document("acc", &["EmailAddress", "Ssn-US"], &json!({})));
        subscribe(&world, &case);
        let texts: Vec<_> = case.messages.iter().map(String::as_str).collect();
        world.put("/app", "s", &texts);
        let delivered = data(world.delivered());
        assert_eq!(messages(&delivered), case.expected, "{name}");
        let owner = if case.account { "policy" } else { "filter" };
        for it in &delivered {
            assert_eq!(
                (it.name.as_str(), it.destination_arn.as_str()),
                (owner, &*case.destination)
            );
            assert_eq!(it.partition_key.as_ref().map(String::len), Some(32), "{name}");
            assert!(decode(&it.data).unwrap()[0].log_events.is_sorted_by_key(|event| &event.id));
        }
    }
}

#[test]
fn a_data_message_has_the_documented_fields_and_no_other() {
    for account in [false, true] {
        let world = world_with("/app", "s");
        subscribe(
            &world,
            &Case {
                name: String::new(),
                destination: LAMBDA.to_owned(),
                account,
                pattern: String::new(),
                distribution: "ByLogStream".to_owned(),
                messages: Vec::new(),
                expected: Vec::new(),
            },
        );
        world.put("/app", "s", &["hello"]);
        let delivered = data(world.delivered());
        let mut expected = json!({
            "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/app",
            "logStream": "s", "subscriptionFilters": [if account { "policy" } else { "filter" }],
            "logEvents": [{
                "id": format!("{NOW:019}{:037}", 1), "timestamp": NOW, "message": "hello",
            }],
        });
        if account {
            expected["policyLevel"] = json!("ACCOUNT_LEVEL_POLICY");
        }
        assert_eq!(serde_json::to_value(payload(&delivered[0])).unwrap(), expected);
        let envelope: serde_json::Value = serde_json::from_slice(&delivered[0].data).unwrap();
        assert_eq!(envelope.as_object().unwrap().len(), 1);
        assert!(envelope["awslogs"]["data"].is_string());
    }
}

#[test]
fn a_new_destination_gets_a_control_message() {
    let world = world_with("/app", "s");
    world.engine.put_subscription_filter(filter("/app", FIREHOSE)).unwrap();
    world.engine.put_subscription_filter(filter("/app", FIREHOSE)).unwrap();
    let delivered = world.delivered();
    assert_eq!(delivered.len(), 1, "the same destination is not tested twice");
    assert_eq!(delivered[0].kind, OutgoingKind::Control);
    let expected = json!({
        "messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "",
        "logStream": "", "subscriptionFilters": [],
        "logEvents": [{
            "id": "", "timestamp": NOW,
            "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose.",
        }],
    });
    assert_eq!(serde_json::to_value(payload(&delivered[0])).unwrap(), expected);
    world.engine.put_subscription_filter(filter("/app", KINESIS)).unwrap();
    assert_eq!(world.delivered().len(), 2);
}

#[test]
fn account_filters_leave_out_excluded_groups_and_the_functions_own() {
    let world = world_with("/app", "s");
    world.make("/excluded", "s");
    world.make("/aws/lambda/fn", "s");
    let document = json!({"DestinationArn": LAMBDA, "FilterPattern": ""});
    let mut request = account_policy("policy", AccountPolicyType::SubscriptionFilter, &document);
    request.selection_criteria = Some(r#"LogGroupName NOT IN ["/excluded"]"#.to_owned());
    world.engine.put_account_policy(request).unwrap();
    world.make("/later", "s");
    for log_group in ["/app", "/excluded", "/aws/lambda/fn", "/later"] {
        world.put(log_group, "s", &[log_group]);
    }
    assert_eq!(messages(&data(world.delivered())), ["/app", "/later"]);
}

#[test]
fn what_exceeds_the_limit_is_split_and_nothing_is_lost() {
    for destination in [KINESIS, FIREHOSE, LAMBDA] {
        let world = subscribed(destination);
        // Twelve events of noise: their gzip is about 790,000 bytes, its base64 about 1,050,000.
        let mut texts: Vec<_> = (0..12).map(|seed| noise(85_000, seed * 7919 + 3)).collect();
        texts.push("é \u{1} \" tail".to_owned());
        let borrowed: Vec<_> = texts.iter().map(String::as_str).collect();
        world.put("/app", "s", &borrowed);
        let delivered = data(world.delivered());
        assert_eq!(messages(&delivered), texts, "{destination}");
        assert_eq!(delivered.len(), if destination == LAMBDA { 2 } else { 1 }, "{destination}");
        for it in &delivered {
            let key =
                if destination == KINESIS { it.partition_key.as_ref().unwrap().len() } else { 0 };
            let max =
                if destination == LAMBDA { LAMBDA_ENVELOPE_BYTES_MAX } else { RECORD_BYTES_MAX };
            assert!(it.data.len() + key <= max, "{destination}: {}", it.data.len());
        }
        let ids = |it: &Delivered| payload(it).log_events.into_iter().map(|event| event.id);
        let ids: Vec<_> = delivered.iter().flat_map(ids).collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 56));
    }
}

#[test]
fn an_event_that_alone_exceeds_the_limit_is_set_aside_whole_and_masked() {
    let world = subscribed(LAMBDA);
    world.protect_account("p", &document("acc", &["Ssn-US"], &json!({})));
    let large = format!("ssn 536-22-8145 {}", noise(1_000_000, 5));
    world.put("/app", "s", &["before", &large, "after"]);
    let report = world.engine.deliver_pending();
    assert_eq!((report.delivered, report.set_aside, report.waiting), (2, 1, 0));
    let delivered = data(world.destination.kept.delivered());
    let kinds: Vec<_> = delivered.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [OutgoingKind::Data, OutgoingKind::DeadLetter, OutgoingKind::Data]);
    let expected = large.replace("536-22-8145", "***********");
    assert_eq!(messages(&delivered), ["before", &expected, "after"]);
    assert_eq!(world.engine.metrics().set_aside, 1);
}

#[test]
fn a_failing_destination_keeps_the_order_of_each_stream_and_loses_nothing() {
    for seed in 0..20 {
        let world = subscribed(KINESIS);
        world
            .engine
            .create_log_stream(&group("/app"), &crate::support::world::stream("t"))
            .unwrap();
        let mut state = seed * 2 + 1_u64;
        world.destination.fail(move |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if (state >> 60).is_multiple_of(2) { Err(DeliveryError::Unavailable) } else { Ok(()) }
        });
        let mut waiting_most = 0;
        for number in 0..30 {
            let log_stream = ["s", "t"][number % 2];
            world.put("/app", log_stream, &[&number.to_string()]);
            waiting_most = waiting_most.max(world.engine.deliver_pending().waiting);
        }
        assert!(waiting_most > 1, "seed {seed}: the faults had an effect");
        world.destination.fail(|_| Ok(()));
        let report = world.engine.deliver_pending();
        assert_eq!((report.waiting, report.dropped), (0, 0), "seed {seed}");
        let mut arrived = HashMap::<String, Vec<usize>>::new();
        for it in data(world.destination.kept.delivered()).iter().map(payload) {
            let numbers = it.log_events.iter().map(|event| event.message.parse().unwrap());
            arrived.entry(it.log_stream).or_default().extend(numbers.collect::<Vec<usize>>());
        }
        assert!(arrived["s"].iter().copied().eq((0..30).step_by(2)), "seed {seed}");
        assert!(arrived["t"].iter().copied().eq((1..30).step_by(2)), "seed {seed}");
    }
}

#[test]
fn a_partition_key_is_one_for_each_stream_or_one_for_each_payload() {
    let keys = |distribution: Distribution| {
        let world = world_with("/app", "s");
        world.make("/other", "s");
        world.engine.create_log_stream(&group("/app"), &stream("t")).unwrap();
        for log_group in ["/app", "/other"] {
            let filter = PutSubscriptionFilter { distribution, ..filter(log_group, KINESIS) };
            world.engine.put_subscription_filter(filter).unwrap();
        }
        for (log_group, log_stream) in
            [("/app", "s"), ("/app", "s"), ("/app", "t"), ("/other", "s")]
        {
            world.put(log_group, log_stream, &["x"]);
        }
        let delivered = world.delivered();
        let key = |it: &Delivered| it.partition_key.clone().expect("Kinesis takes none without");
        assert!(delivered.iter().all(|it| key(it).len() == 32), "control messages too");
        data(delivered).iter().map(key).collect::<Vec<_>>()
    };
    let distinct = |keys: &[String]| keys.iter().collect::<HashSet<_>>().len();
    let by_stream = keys(Distribution::ByLogStream);
    assert_eq!((by_stream.len(), distinct(&by_stream)), (4, 3), "one stream twice");
    let random = keys(Distribution::Random);
    assert_eq!((random.len(), distinct(&random)), (4, 4));
}

/// Each of these puts two entries in the outbox, and they stand in two lines.
#[test]
fn what_waits_holds_up_its_own_line_only() {
    type Setup = fn(&World);
    let two_filters: Setup = |world| {
        for name in ["f", "g"] {
            let filter_name = FilterName::new(name).unwrap();
            let filter = PutSubscriptionFilter { filter_name, ..filter("/app", KINESIS) };
            world.engine.put_subscription_filter(filter).unwrap();
        }
        world.engine.deliver_pending();
        world.put("/app", "s", &["x"]);
    };
    let two_streams: Setup = |world| {
        world.engine.put_subscription_filter(filter("/app", KINESIS)).unwrap();
        world.engine.deliver_pending();
        world.engine.create_log_stream(&group("/app"), &stream("t")).unwrap();
        ["s", "t"].iter().for_each(|name| world.put("/app", name, &["x"]));
    };
    let two_groups: Setup = |world| {
        world.make("/other", "s");
        for log_group in ["/app", "/other"] {
            world.engine.put_subscription_filter(filter(log_group, KINESIS)).unwrap();
        }
        world.engine.deliver_pending();
        ["/app", "/other"].iter().for_each(|name| world.put(name, "s", &["x"]));
    };
    let two_destinations: Setup = |world| {
        let findings = json!({"Firehose": {"DeliveryStream": "fh"}, "S3": {"Bucket": "bucket"}});
        world.protect_group("/app", &document("own", &["EmailAddress"], &findings));
        world.put("/app", "s", &["to jane@example.com"]);
    };
    for (name, setup) in [
        ("two filters", two_filters),
        ("two streams", two_streams),
        ("two log groups", two_groups),
        ("two destinations", two_destinations),
    ] {
        let world = world_with("/app", "s");
        setup(&world);
        let mut attempts = 0;
        world.destination.fail(move |_| {
            attempts += 1;
            if attempts == 1 { Err(DeliveryError::Unavailable) } else { Ok(()) }
        });
        let report = world.engine.deliver_pending();
        assert_eq!((report.delivered, report.waiting), (1, 1), "{name}");
        let report = world.engine.deliver_pending();
        assert_eq!((report.delivered, report.waiting), (1, 0), "{name}");
        assert_eq!(data(world.delivered()).len(), 2, "{name}");
    }
}

#[test]
fn a_split_batch_goes_on_where_it_failed() {
    let world = subscribed(LAMBDA);
    let texts: Vec<_> = (0..12).map(|seed| noise(85_000, seed * 7919 + 3)).collect();
    world.put("/app", "s", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    world.destination.fail(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
        1 => Err(DeliveryError::Unavailable),
        _ => Ok(()),
    });
    assert_eq!(world.engine.deliver_pending().waiting, 1);
    assert_eq!(world.engine.deliver_pending().waiting, 0);
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    assert_eq!(messages(&data(world.destination.kept.delivered())), texts);
}

#[test]
fn what_will_never_be_taken_is_dropped_and_counted() {
    let world = subscribed(KINESIS);
    world.put("/app", "s", &["one"]);
    world.destination.fail(|_| Err(DeliveryError::Refused));
    let report = world.engine.deliver_pending();
    assert_eq!((report.dropped, report.waiting), (1, 0));
    assert_eq!(world.engine.metrics().deliveries_dropped, 1);
}

#[test]
fn deleting_a_filter_or_a_group_drops_what_waits_for_it() {
    let world = subscribed(KINESIS);
    world.destination.fail(|_| Err(DeliveryError::Unavailable));
    world.put("/app", "s", &["one"]);
    assert_eq!(world.engine.deliver_pending().waiting, 1);
    let name = FilterName::new("filter").unwrap();
    world.engine.delete_subscription_filter(&group("/app"), &name).unwrap();
    assert_eq!(world.engine.deliver_pending().waiting, 0);
    world.put("/app", "s", &["not filtered any more"]);
    assert_eq!(world.engine.deliver_pending().waiting, 0);
    world.destination.fail(|_| Ok(()));
    world.engine.put_subscription_filter(filter("/app", KINESIS)).unwrap();
    world.engine.deliver_pending();
    world.put("/app", "s", &["two"]);
    world.engine.delete_log_group(&group("/app")).unwrap();
    assert!(data(world.delivered()).is_empty());
    assert_eq!(world.engine.metrics().deliveries_dropped, 2);
}

#[test]
fn decode_reads_whatever_a_consumer_gets() {
    let world = subscribed(FIREHOSE);
    world.put("/app", "s", &["hello", "there"]);
    let gzip = data(world.delivered()).remove(0).data;
    let base64 = STANDARD.encode(&gzip);
    let expected = &decode(&gzip).unwrap()[0];
    let wrapped: Vec<_> =
        base64.as_bytes().chunks(76).map(|it| str::from_utf8(it).unwrap()).collect();
    let forms = [
        ("gzip", gzip.clone(), 1),
        ("two members", [&gzip[..], &gzip].concat(), 2),
        ("base64", base64.clone().into_bytes(), 1),
        ("base64 without padding", base64.trim_end_matches('=').as_bytes().to_vec(), 1),
        ("wrapped base64", wrapped.join("\n").into_bytes(), 1),
        ("two lines", format!("{base64}\n{base64}\n").into_bytes(), 2),
        ("Lambda", json!({"awslogs": {"data": base64}}).to_string().into_bytes(), 1),
        (
            "Kinesis to Lambda",
            json!({"Records": [{"kinesis": {"partitionKey": "k", "data": base64}}, {"kinesis":
                {"data": base64}}]})
            .to_string()
            .into_bytes(),
            2,
        ),
        (
            "Kinesis get-records",
            json!({"Records": [{"Data": base64, "PartitionKey": "k"}]}).to_string().into_bytes(),
            1,
        ),
        (
            "Firehose to Lambda",
            json!({"invocationId": "x", "records": [{"recordId": "1", "data": base64}]})
                .to_string()
                .into_bytes(),
            1,
        ),
        ("the JSON itself", serde_json::to_vec(expected).unwrap(), 1),
    ];
    for (name, bytes, count) in forms {
        let payloads = decode(&bytes).expect(name);
        assert_eq!(payloads.len(), count, "{name}");
        assert!(payloads.iter().all(|payload| payload == expected), "{name}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn decode_refuses_the_rest_without_quoting_it() {
    let bomb = gzip(&vec![b' '; 257 * 1024 * 1024]);
    for (bytes, part) in [
        (bomb, "256 MiB"),
        (gzip(b"canary"), "without a payload"),
        (gzip(b"{\"canary\":1}")[..15].to_vec(), "damaged gzip"),
        (b"canary!".to_vec(), "base64"),
        (b"Y2FuYXJ5".to_vec(), "something else than gzip"),
        (b"{\"canary\": \"canary\"}".to_vec(), "without a payload"),
        (vec![0xff, 0xfe], "neither gzip nor text"),
    ] {
        let error = decode(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
        assert!(error.message().contains(part), "{part}");
        assert!(!error.message().contains("canary"));
    }
}

fn deliver(to: &FileDestination, outgoing: &Outgoing<'_>) -> Result<(), DeliveryError> {
    to.deliver(&[*outgoing]).remove(0)
}

#[test]
fn files_hold_what_was_delivered_and_numbers_go_on() {
    let root = std::env::temp_dir().join(format!("logveil-payloads-{}", std::process::id()));
    let destination_arn = arn(FIREHOSE);
    let outgoing = |kind, data| Outgoing {
        destination_arn: &destination_arn,
        kind,
        name: "f",
        partition_key: None,
        object_key: None,
        log_place: None,
        data,
    };
    let gzip = gzip(b"one");
    let destination = FileDestination::new(&root);
    deliver(&destination, &outgoing(OutgoingKind::Data, &gzip)).unwrap();
    deliver(&destination, &outgoing(OutgoingKind::Finding, b"{}\n")).unwrap();
    let again = FileDestination::new(&root);
    deliver(&again, &outgoing(OutgoingKind::Data, b"{}")).unwrap();
    let folder = std::fs::read_dir(&root).unwrap().next().unwrap().unwrap().path();
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("arn_aws_firehose_eu-west-1_123456789012_deliverystream_f-"));
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap();
    assert_eq!(read("data/00000000000000000001.json.gz"), gzip);
    assert_eq!(read("data/00000000000000000002.json"), b"{}");
    assert_eq!(read("findings/00000000000000000001.json"), b"{}\n");
    assert_eq!(std::fs::read_dir(folder.join("data")).unwrap().count(), 2);
    std::fs::remove_dir_all(&root).unwrap();
    std::fs::write(&root, "a file where the directory should be").unwrap();
    let blocked = deliver(&FileDestination::new(&root), &outgoing(OutgoingKind::Data, b"{}"));
    assert_eq!(blocked, Err(DeliveryError::Unavailable));
    std::fs::remove_file(&root).unwrap();
}

#[test]
fn objects_lie_under_their_key_and_never_elsewhere() {
    let root = std::env::temp_dir().join(format!("logveil-objects-{}", std::process::id()));
    let destination_arn = arn("arn:aws:s3:::bucket");
    let destination = FileDestination::new(root.join("below"));
    let long = "x".repeat(512);
    let (odd, deep) = (format!("/a/../../../../{long}/./n"), "../n".to_owned());
    for key in ["AWSLogs/1/a.log.gz", "AWSLogs/1/a.log.gz", &odd, &deep, "...", ""] {
        let outgoing = Outgoing {
            destination_arn: &destination_arn,
            kind: OutgoingKind::Finding,
            name: "p",
            partition_key: None,
            object_key: Some(key),
            log_place: None,
            data: key.as_bytes(),
        };
        deliver(&destination, &outgoing).unwrap();
    }
    let only = |folder: &std::path::Path| {
        let mut entries = std::fs::read_dir(folder).unwrap();
        let first = entries.next().unwrap().unwrap().path();
        assert!(entries.next().is_none(), "{}", folder.display());
        first
    };
    let bucket = only(&only(&root));
    assert_eq!(std::fs::read(bucket.join("AWSLogs/1/a.log.gz")).unwrap(), b"AWSLogs/1/a.log.gz");
    assert_eq!(std::fs::read_dir(bucket.join("AWSLogs/1")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(&bucket).unwrap().count(), 5);
    std::fs::remove_dir_all(&root).unwrap();
}

#[test]
fn nothing_that_is_printed_holds_text() {
    let world = subscribed(KINESIS);
    let printed = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&printed);
    world.destination.fail(move |outgoing| {
        sink.lock().unwrap().push_str(&format!("{outgoing:?}"));
        Ok(())
    });
    let mut request = batch("/app", "s", &[]);
    request.log_events.push(event(NOW, "canary"));
    printed.lock().unwrap().push_str(&format!("{request:?}"));
    world.engine.put_log_events(request).unwrap();
    let delivered = data(world.delivered());
    let payload = payload(&delivered[0]);
    let debug = format!("{delivered:?} {payload:?} {:?} {:?}", payload.log_events, world.engine);
    printed.lock().unwrap().push_str(&debug);
    assert!(!printed.lock().unwrap().contains("canary"));
}
