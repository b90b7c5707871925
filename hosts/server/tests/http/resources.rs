//! What tools that keep resources do: create, read, list tags, update, delete, without drift.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Running;

const HERE: &str = "arn:aws:logs:us-east-1:123456789012";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd";

/// The name of the error that a call is refused with.
#[track_caller]
fn refused(running: &Running, operation: &str, input: &Value) -> String {
    let (status, answer) = running.call(operation, input);
    assert_eq!(status, 400, "{operation}: {answer}");
    answer["__type"].as_str().expect("a name").to_owned()
}

#[test]
fn a_log_group_is_read_as_it_was_made_and_changed() {
    let running = Running::start();
    let arn = format!("{HERE}:log-group:/app");
    running.done(
        "CreateLogGroup",
        &json!({"logGroupName": "/app", "kmsKeyId": KEY, "deletionProtectionEnabled": true,
            "logGroupClass": "INFREQUENT_ACCESS", "tags": {"team": "a b"}}),
    );
    let read = || {
        let page = running.done("DescribeLogGroups", &json!({"logGroupIdentifiers": ["/app"]}));
        page["logGroups"][0].clone()
    };
    let mut group = read();
    let creation_time = group["creationTime"].take();
    assert!(creation_time.is_i64());
    let expected = json!({
        "logGroupName": "/app", "creationTime": null, "arn": format!("{arn}:*"),
        "logGroupArn": arn, "storedBytes": 0, "kmsKeyId": KEY,
        "logGroupClass": "INFREQUENT_ACCESS", "deletionProtectionEnabled": true,
    });
    for (member, value) in expected.as_object().expect("an object") {
        assert_eq!(&group[member], value, "{member}");
    }
    assert_eq!(group.get("retentionInDays"), None);

    running.done("TagResource", &json!({"resourceArn": arn, "tags": {"team": "c", "x": ""}}));
    running.done("UntagResource", &json!({"resourceArn": arn, "tagKeys": ["x"]}));
    for (operation, input) in [
        ("ListTagsForResource", json!({"resourceArn": arn})),
        ("ListTagsLogGroup", json!({"logGroupName": "/app"})),
    ] {
        assert_eq!(running.done(operation, &input), json!({"tags": {"team": "c"}}));
    }
    let many: Value = (0..50).map(|it| (it.to_string(), json!(""))).collect();
    let code = refused(&running, "TagResource", &json!({"resourceArn": arn, "tags": many}));
    assert_eq!(code, "TooManyTagsException");

    running.done("DisassociateKmsKey", &json!({"logGroupName": "/app"}));
    assert_eq!(read().get("kmsKeyId"), None);
    running.done("AssociateKmsKey", &json!({"resourceIdentifier": arn, "kmsKeyId": KEY}));
    assert_eq!(read()["kmsKeyId"], KEY);
    running.done("PutRetentionPolicy", &json!({"logGroupName": "/app", "retentionInDays": 30}));
    assert_eq!(read()["retentionInDays"], 30);

    let listed = running.done(
        "ListLogGroups",
        &json!({"logGroupNamePattern": "^/app|none", "logGroupClass": "INFREQUENT_ACCESS",
            "logGroupTags": [{"key": "team", "values": ["!a b"]}]}),
    );
    let summary = json!({"logGroupName": "/app", "logGroupArn": arn,
        "logGroupClass": "INFREQUENT_ACCESS"});
    assert_eq!(listed, json!({"logGroups": [summary]}));

    let delete = json!({"logGroupName": "/app"});
    assert_eq!(refused(&running, "DeleteLogGroup", &delete), "ValidationException");
    let off = json!({"logGroupIdentifier": arn, "deletionProtectionEnabled": false});
    running.done("PutLogGroupDeletionProtection", &off);
    running.done("DeleteLogGroup", &delete);
    let gone = refused(&running, "ListTagsForResource", &json!({"resourceArn": arn}));
    assert_eq!(gone, "ResourceNotFoundException");
}

#[test]
fn account_policies_of_every_type_are_read_as_they_were_put() {
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/app"}));
    let prefix = "LogGroupNamePrefix = \"/app\"";
    let retention = r#"{"retentionInDays": 90, "enforcementMode": "RETROACTIVE"}"#;
    for (kind, document, criteria) in [
        ("FIELD_INDEX_POLICY", r#"{"Fields": ["RequestId"]}"#, Some(prefix)),
        ("TRANSFORMER_POLICY", r#"[{"parseJSON": {}}]"#, Some(prefix)),
        ("METRIC_EXTRACTION_POLICY", "{}", None),
        ("RETENTION_POLICY", retention, Some(prefix)),
    ] {
        let mut put = json!({"policyName": "p", "policyType": kind, "policyDocument": document});
        if let Some(criteria) = criteria {
            put["selectionCriteria"] = criteria.into();
        }
        if kind == "RETENTION_POLICY" {
            let mut dry = put.clone();
            dry["dryRun"] = true.into();
            let impact = json!({"logGroupName": "/app", "currentRetention": "NEVER_EXPIRE",
                "proposedRetention": "90", "storedBytes": 0});
            let result = running.done("PutAccountPolicy", &dry);
            assert_eq!(result["dryRunResult"]["topLogGroupsImpacted"], json!([impact]));
        }
        let answer = running.done("PutAccountPolicy", &put)["accountPolicy"].clone();
        let read = running.done("DescribeAccountPolicies", &json!({"policyType": kind}));
        assert_eq!(read, json!({"accountPolicies": [answer]}));
        assert_eq!(answer["policyDocument"], document);
        assert_eq!(answer.get("selectionCriteria"), put.get("selectionCriteria"));
        let delete = json!({"policyName": "p", "policyType": kind});
        assert_eq!(running.done("DeleteAccountPolicy", &delete), json!({}));
        let read = running.done("DescribeAccountPolicies", &json!({"policyType": kind}));
        assert_eq!(read, json!({"accountPolicies": []}));
    }
}

#[test]
fn resource_policies_are_read_as_they_were_put() {
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/app"}));
    let arn = format!("{HERE}:log-group:/app");
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"},
        "Action": "logs:PutLogEvents", "Resource": "*",
    }]})
    .to_string();
    let put = json!({"policyName": "p", "policyDocument": document});
    let policy = running.done("PutResourcePolicy", &put)["resourcePolicy"].clone();
    assert_eq!(policy["policyScope"], "ACCOUNT");
    let read = running.done("DescribeResourcePolicies", &json!({}));
    assert_eq!(read, json!({"resourcePolicies": [policy]}));
    let put = json!({"resourceArn": arn, "policyDocument": document});
    let answer = running.done("PutResourcePolicy", &put);
    assert_eq!(answer["revisionId"], answer["resourcePolicy"]["revisionId"]);
    let read = running.done("DescribeResourcePolicies", &json!({"resourceArn": arn}));
    assert_eq!(read, json!({"resourcePolicies": [answer["resourcePolicy"]]}));
    let delete = json!({"resourceArn": arn, "expectedRevisionId": answer["revisionId"]});
    running.done("DeleteResourcePolicy", &delete);
    running.done("DeleteResourcePolicy", &json!({"policyName": "p"}));
    let gone = refused(&running, "DeleteResourcePolicy", &json!({"policyName": "p"}));
    assert_eq!(gone, "ResourceNotFoundException");
}

#[test]
fn an_export_task_runs_to_its_end() {
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/app"}));
    running.done("CreateLogStream", &json!({"logGroupName": "/app", "logStreamName": "s"}));
    let now_ms = running.world.now_ms();
    let events = json!([{"timestamp": now_ms, "message": "x"}]);
    let put = json!({"logGroupName": "/app", "logStreamName": "s", "logEvents": events});
    running.done("PutLogEvents", &put);
    let create = json!({"logGroupName": "/app", "from": 0, "to": now_ms, "destination": "bucket"});
    let id = running.done("CreateExportTask", &create)["taskId"].clone();
    let begun = Instant::now();
    let task = loop {
        let page = running.done("DescribeExportTasks", &json!({"taskId": id}));
        let task = page["exportTasks"][0].clone();
        if !["PENDING", "RUNNING"].contains(&task["status"]["code"].as_str().expect("a code")) {
            break task;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it ends");
    };
    assert_eq!(task["status"]["code"], "COMPLETED");
    assert_eq!(task["destinationPrefix"], "exportedlogs");
    assert!(task["executionInfo"]["completionTime"].is_i64());
    let ended = refused(&running, "CancelExportTask", &json!({"taskId": id}));
    assert_eq!(ended, "InvalidOperationException");
}
