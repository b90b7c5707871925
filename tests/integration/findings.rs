//! Audit findings: what they say, where they go, what they never are.

use std::io::Read;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use logveil::limits::RECORD_BYTES_MAX;
use logveil::{
    AccountPolicyType, DeliveryError, ErrorKind, FilterLogEvents, OutgoingKind,
    PutDataProtectionPolicy,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::world::{NOW, World, account_policy, batch, document, group, world_with};
use crate::support::{cases, policy};

#[derive(Deserialize)]
struct Case {
    name: String,
    message: String,
    account: Option<Vec<String>>,
    group: Option<Vec<String>>,
    account_findings: Vec<Value>,
    group_findings: Vec<Value>,
}

fn names(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn report(identifiers: &[Value]) -> Vec<Value> {
    let report = json!({
        "auditTimestamp": "2027-01-15T08:00:00Z",
        "resourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/app/web:*",
        "dataIdentifiers": identifiers,
    });
    if identifiers.is_empty() { Vec::new() } else { vec![report] }
}

/// What gzip bytes hold.
pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut unpacked).expect("gzip");
    unpacked
}

fn reports(world: &World, log_group: &str) -> Vec<Value> {
    let request = FilterLogEvents::new(group(log_group));
    let events = world.engine.filter_log_events(&request).unwrap().events;
    assert!(events.iter().all(|event| event.log_stream_name.as_str() == "/app/web"));
    events.iter().map(|event| serde_json::from_str(event.message.reveal()).unwrap()).collect()
}

#[test]
fn each_policy_reports_to_its_log_group() {
    for case in cases::<Vec<Case>>("findings.json") {
        let world = world_with("/app/web", "s");
        for target in ["/audit/account", "/audit/group"] {
            world.engine.create_log_group(&group(target)).unwrap();
        }
        if let Some(identifiers) = &case.account {
            let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit/account"}});
            world.protect_account("p", &document("acc", &names(identifiers), &findings));
        }
        if let Some(identifiers) = &case.group {
            let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit/group"}});
            world.protect_group("/app/web", &document("own", &names(identifiers), &findings));
        }
        world.put("/app/web", "s", &[&case.message]);
        let expected = (report(&case.account_findings), report(&case.group_findings));
        let found = (reports(&world, "/audit/account"), reports(&world, "/audit/group"));
        assert_eq!(found, expected, "{}", case.name);
        let with_findings = found.0.len() + found.1.len();
        assert_eq!(world.engine.metrics().log_events_with_findings, with_findings as u64);
    }
}

#[test]
fn firehose_gets_a_record_a_report_and_a_bucket_one_object_of_lines() {
    let world = world_with("/app/web", "s");
    let findings = json!({"Firehose": {"DeliveryStream": "fh"}, "S3": {"Bucket": "bucket"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    world.put("/app/web", "s", &["to jane@example.com", "clean", "to bob@example.com"]);
    let delivered = world.delivered();
    assert!(delivered.iter().all(|it| it.kind == OutgoingKind::Finding && it.name == "own"));
    let to = |service: &str| {
        let of = delivered.iter().filter(|it| it.destination_arn.service() == service);
        of.map(|it| it.data.clone()).collect::<Vec<_>>()
    };
    let text = |data: Vec<u8>| String::from_utf8(data).unwrap();
    let firehose: Vec<_> = to("firehose").into_iter().map(text).collect();
    assert_eq!(firehose.len(), 2);
    assert!(firehose.iter().all(|record| record.ends_with("}\n") && record.lines().count() == 1));
    let objects: Vec<_> = to("s3").iter().map(|data| text(gunzip(data))).collect();
    assert_eq!(objects, [firehose.concat()]);
    for it in &delivered {
        let Some(key) = &it.object_key else {
            assert_eq!(it.destination_arn.service(), "firehose");
            continue;
        };
        let start = "AWSLogs/123456789012/logs/eu-west-1/app/web/2027/01/15/08/\
            123456789012_dataprotection_eu-west-1_20270115T0800Z_";
        let hash = key.strip_prefix(start).and_then(|rest| rest.strip_suffix(".log.gz")).unwrap();
        assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    }
    let arns: Vec<_> = delivered.iter().map(|it| it.destination_arn.as_str()).collect();
    assert!(arns.contains(&"arn:aws:firehose:eu-west-1:123456789012:deliverystream/fh"));
    assert!(arns.contains(&"arn:aws:s3:::bucket"));
}

#[test]
fn findings_are_never_audited_whatever_covers_their_group() {
    let world = world_with("/app/web", "s");
    let to = |target: &str| json!({"CloudWatchLogs": {"LogGroup": target}});
    world.make("/audit/1-jane/2", "s");
    let target = "/audit/1-jane/2";
    world.protect_account("p", &document("acc", &["EmailAddress", "Ssn-US"], &to(target)));
    world.protect_group(target, &document("own", &["EmailAddress"], &to("/app/web")));
    world.put("/app/web", "s", &["to jane@example.com"]);
    assert_eq!(reports_of(&world, target).len(), 1);
    assert_eq!(world.read("/app/web", "s"), ["to ****************"]);
    assert_eq!(world.engine.metrics().log_events_with_findings, 1);
    assert_eq!(world.engine.metrics().incoming_log_events, 1);
}

fn reports_of(world: &World, log_group: &str) -> Vec<String> {
    let request = FilterLogEvents::new(group(log_group));
    let events = world.engine.filter_log_events(&request).unwrap().events;
    events.iter().map(|event| event.message.reveal().to_owned()).collect()
}

#[test]
fn a_report_stays_as_it_is_whatever_its_log_group_masks() {
    let world = world_with("/app/web", "s");
    world.make("/audit", "s");
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    let words = policy(&[], &[("Word", "resourceArn"), ("Field", "EmailAddress")]);
    world.protect_group("/audit", &serde_json::from_str(words.document()).unwrap());
    world.put("/audit", "s", &["resourceArn"]);
    world.put("/app/web", "s", &["to jane@example.com"]);
    let [event, report] = &reports_of(&world, "/audit")[..] else { panic!("one event each") };
    assert_eq!(event, "***********", "the policy is in force");
    let report: Value = serde_json::from_str(report).unwrap();
    assert_eq!(report["resourceArn"], "arn:aws:logs:eu-west-1:123456789012:log-group:/app/web:*");
    assert_eq!(report["dataIdentifiers"][0]["name"], "EmailAddress");
    assert_eq!(world.engine.metrics().masked_log_events, 2, "the report is not one of them");
}

#[test]
fn a_policy_that_reports_to_its_own_group_does_not_loop() {
    let world = world_with("/app/web", "s");
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/app/web"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    world.put("/app/web", "s", &["to jane@example.com"]);
    assert_eq!(reports_of(&world, "/app/web").len(), 2);
    assert_eq!(world.engine.metrics().log_events_with_findings, 1);
}

#[test]
fn findings_for_a_deleted_group_are_counted_and_the_event_is_stored() {
    let world = world_with("/app/web", "s");
    world.engine.create_log_group(&group("/audit")).unwrap();
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    world.engine.delete_log_group(&group("/audit")).unwrap();
    world.put("/app/web", "s", &["to jane@example.com"]);
    assert_eq!(world.engine.metrics().findings_lost, 1);
    assert_eq!(world.read("/app/web", "s"), ["to ****************"]);
}

#[test]
fn destinations_must_exist_and_the_old_policy_stays_in_force() {
    let world = world_with("/app/web", "s");
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &json!({})));
    world.protect_account("p", &document("acc", &["IpAddress"], &json!({})));
    for findings in [
        json!({"CloudWatchLogs": {"LogGroup": "/nowhere"}}),
        json!({"Firehose": {"DeliveryStream": "missing"}}),
        json!({"S3": {"Bucket": "missing-bucket"}}),
    ] {
        let document = document("next", &["Ssn-US"], &findings);
        let kind = AccountPolicyType::DataProtection;
        let account = world.engine.put_account_policy(account_policy("p", kind, &document));
        let own = world.engine.put_data_protection_policy(PutDataProtectionPolicy {
            log_group_identifier: "/app/web".to_owned(),
            policy_document: document.to_string(),
        });
        for refused in [account.map(|_| ()), own.map(|_| ())] {
            let error = refused.expect_err(&findings.to_string());
            assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{findings}");
            let (service, _) = findings.as_object().unwrap().iter().next().unwrap();
            let expected = format!("/Statement/0/Operation/Audit/FindingsDestination/{service}");
            assert_eq!(error.place().unwrap().pointer, expected);
        }
    }
    world.put("/app/web", "s", &["jane@example.com 192.0.2.1 ssn 536-22-8145"]);
    assert_eq!(world.read("/app/web", "s"), ["**************** ********* ssn 536-22-8145"]);
}

#[test]
fn findings_are_counted_by_log_group_and_policy_name() {
    let world = world_with("/a", "s");
    world.make("/b", "s");
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    world.protect_group("/b", &document("own", &["EmailAddress", "Ssn-US"], &json!({})));
    let messages = ["jane@example.com bob@example.com", "clean", "jane@example.com"];
    for log_group in ["/a", "/b"] {
        world.engine.put_log_events(batch(log_group, "s", &messages)).unwrap();
    }
    let metrics = world.engine.metrics();
    let by: Vec<_> = metrics
        .log_events_with_findings_by
        .iter()
        .map(|it| {
            let name = it.policy_name.as_deref().unwrap();
            (it.log_group_name.as_str(), name, it.log_events_with_findings)
        })
        .collect();
    assert_eq!(by, [("/a", "acc", 2), ("/b", "acc", 2), ("/b", "own", 2)]);
    assert_eq!(metrics.log_events_with_findings, 6);
    assert_eq!(metrics.masked_log_events, 4);
    assert_eq!(metrics.failed_judgements, 0);
}

#[test]
fn an_object_that_is_sent_again_keeps_its_key_and_two_batches_have_two() {
    let world = world_with("/app/web", "s");
    let findings = json!({"S3": {"Bucket": "bucket"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let keys = Arc::clone(&attempts);
    world.destination.fail(move |outgoing| {
        let mut keys = keys.lock().unwrap();
        keys.push(outgoing.object_key.unwrap().to_owned());
        if keys.len() == 1 { Err(DeliveryError::Unavailable) } else { Ok(()) }
    });
    world.put("/app/web", "s", &["to jane@example.com"]);
    assert_eq!(world.engine.deliver_pending().waiting, 1);
    world.put("/app/web", "s", &["to jane@example.com"]);
    assert_eq!(world.engine.deliver_pending().delivered, 2);
    let attempts = attempts.lock().unwrap();
    assert_eq!(attempts.len(), 3);
    assert_eq!(attempts[0], attempts[1]);
    assert_ne!(attempts[1], attempts[2]);
}

#[test]
fn a_report_that_does_not_fit_an_event_is_set_aside_whole() {
    let world = world_with("/app/web", "s");
    world.engine.create_log_group(&group("/audit")).unwrap();
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    let large = "a@b.co ".repeat(149_000);
    world.put("/app/web", "s", &["to jane@example.com", &large]);
    let sizes = || reports_of(&world, "/audit").iter().map(String::len).collect::<Vec<_>>();
    assert_eq!(sizes().len(), 1, "only the small report is an event: {:?} bytes", sizes());
    let report = world.engine.deliver_pending();
    assert_eq!((report.delivered, report.set_aside, report.waiting), (0, 1, 0));
    assert_eq!(world.engine.metrics().set_aside, 1);
    assert_eq!(world.engine.metrics().findings_lost, 0);
    assert_eq!(world.engine.metrics().log_events_with_findings, 2);
    let aside = world.destination.kept.delivered().remove(0);
    assert_eq!((aside.kind, aside.name.as_str()), (OutgoingKind::DeadLetter, "own"));
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/audit";
    assert_eq!(aside.destination_arn.as_str(), arn);
    let report: Value = serde_json::from_slice(&aside.data).unwrap();
    assert_eq!(report["dataIdentifiers"][0]["count"], 149_000);
    assert_eq!(report["dataIdentifiers"][0]["detections"].as_array().unwrap().len(), 149_000);
}

#[test]
fn a_log_group_elsewhere_gets_its_findings_as_events_that_say_where_and_when() {
    let world = world_with("/app/web", "s");
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/elsewhere"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    let places = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&places);
    world.destination.fail(move |outgoing| {
        let place = outgoing.log_place.map(|it| (it.log_stream.to_owned(), it.timestamp));
        seen.lock().unwrap().push((outgoing.kind, place));
        Ok(())
    });
    world.put("/app/web", "s", &["to jane@example.com", &"a@b.co ".repeat(149_000)]);
    let report = world.engine.deliver_pending();
    assert_eq!((report.delivered, report.set_aside, report.waiting), (1, 1, 0));
    let place = Some(("/app/web".to_owned(), NOW));
    let expected = [(OutgoingKind::Finding, place.clone()), (OutgoingKind::DeadLetter, place)];
    assert_eq!(*places.lock().unwrap(), expected);
    let event = world.destination.kept.delivered().remove(0);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/elsewhere";
    assert_eq!(event.destination_arn.as_str(), arn);
    assert!(event.data.ends_with(b"}\n"));
    // One of that name in the engine goes before the one elsewhere.
    world.engine.create_log_group(&group("/elsewhere")).unwrap();
    world.put("/app/web", "s", &["to jane@example.com"]);
    assert_eq!(world.engine.deliver_pending().delivered, 0);
    assert_eq!(reports_of(&world, "/elsewhere").len(), 1);
}

#[test]
fn a_report_that_does_not_fit_a_record_is_set_aside_whole() {
    let world = world_with("/app/web", "s");
    let findings = json!({"Firehose": {"DeliveryStream": "fh"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    world.put("/app/web", "s", &[&"a@bb.de ".repeat(60_000), "to jane@example.com"]);
    let report = world.engine.deliver_pending();
    assert_eq!((report.delivered, report.set_aside, report.waiting), (1, 1, 0));
    let [aside, next] = &world.delivered()[..] else { panic!("two records") };
    assert_eq!((aside.kind, next.kind), (OutgoingKind::DeadLetter, OutgoingKind::Finding));
    assert!(aside.data.len() > RECORD_BYTES_MAX && next.data.len() <= RECORD_BYTES_MAX);
    let report: Value = serde_json::from_slice(&aside.data).unwrap();
    assert_eq!(report["dataIdentifiers"][0]["count"], 60_000);
}

#[test]
fn only_the_records_that_failed_are_sent_again() {
    let world = world_with("/app/web", "s");
    let findings = json!({"Firehose": {"DeliveryStream": "fh"}});
    world.protect_group("/app/web", &document("own", &["EmailAddress"], &findings));
    world.put("/app/web", "s", &["a@bb.de", "a@bb.de a@bb.de", "a@bb.de a@bb.de a@bb.de"]);
    let mut attempts = 0;
    world.destination.fail(move |_| {
        attempts += 1;
        if attempts == 2 { Err(DeliveryError::Unavailable) } else { Ok(()) }
    });
    let report = world.engine.deliver_pending();
    assert_eq!((report.delivered, report.waiting), (2, 1));
    let report = world.engine.deliver_pending();
    assert_eq!((report.delivered, report.waiting), (1, 0));
    let count = |data: &[u8]| {
        let report: Value = serde_json::from_slice(data).unwrap();
        report["dataIdentifiers"][0]["count"].as_u64().unwrap()
    };
    let counts: Vec<_> = world.delivered().iter().map(|it| count(&it.data)).collect();
    assert_eq!(counts, [1, 3, 2]);
}
