//! Audit findings: what they say, where they go, what they never are.

use logveil::{FilterLogEvents, OutgoingKind, PutDataProtectionPolicy};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::cases;
use crate::support::world::{World, batch, document, group, world_with};

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

fn reports(world: &World, log_group: &str) -> Vec<Value> {
    let request = FilterLogEvents::new(group(log_group));
    let events = world.engine.filter_log_events(&request).unwrap().events;
    assert!(events.iter().all(|event| event.log_stream_name.as_str() == "/app/web"));
    events.iter().map(|event| serde_json::from_str(event.message.text()).unwrap()).collect()
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
        of.map(|it| String::from_utf8(it.data.clone()).unwrap()).collect::<Vec<_>>()
    };
    let firehose = to("firehose");
    assert_eq!(firehose.len(), 2);
    assert!(firehose.iter().all(|record| record.ends_with("}\n") && record.lines().count() == 1));
    assert_eq!(to("s3"), [firehose.concat()]);
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
    events.iter().map(|event| event.message.text().to_owned()).collect()
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
    for findings in [
        json!({"CloudWatchLogs": {"LogGroup": "/nowhere"}}),
        json!({"Firehose": {"DeliveryStream": "missing"}}),
        json!({"S3": {"Bucket": "missing-bucket"}}),
    ] {
        let request = PutDataProtectionPolicy {
            log_group_identifier: "/app/web".to_owned(),
            policy_document: document("own", &["Ssn-US"], &findings).to_string(),
        };
        let error = world.engine.put_data_protection_policy(request).unwrap_err();
        assert_eq!(error.kind(), logveil::ErrorKind::InvalidParameter);
    }
    world.put("/app/web", "s", &["jane@example.com ssn 536-22-8145"]);
    assert_eq!(world.read("/app/web", "s"), ["**************** ssn 536-22-8145"]);
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
