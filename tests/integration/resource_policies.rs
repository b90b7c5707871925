//! Resource policies: put, kept, shown, evaluated.

use logveil::iam::{Caller, Context, Decision, Request};
use logveil::{
    DeleteResourcePolicy, DescribeResourcePolicies, Engine, ErrorKind, OpenOptions,
    PutResourcePolicy, ResourcePolicyScope,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::world::{NOW, group, world_at, world_with};

const APP: &str = "arn:aws:logs:eu-west-1:123456789012:log-group:/app";

/// A policy by which a service may put events into log groups.
fn document(effect: &str, service: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Route53LogsToCloudWatchLogs", "Effect": effect,
        "Principal": {"Service": [service]},
        "Action": ["logs:PutLogEvents", "logs:CreateLogStream"], "Resource": resource,
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }]})
    .to_string()
}

fn named(name: &str, document: String) -> PutResourcePolicy {
    PutResourcePolicy {
        policy_name: Some(name.to_owned()),
        policy_document: document,
        resource_arn: None,
        expected_revision_id: None,
    }
}

fn of_group(document: String, revision: Option<&str>) -> PutResourcePolicy {
    PutResourcePolicy {
        policy_name: None,
        policy_document: document,
        resource_arn: Some(APP.to_owned()),
        expected_revision_id: revision.map(str::to_owned),
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, logveil::Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

fn decision(engine: &Engine, service: &str, resource: &str, account: &str) -> Decision {
    let context = Context::default().with("aws:SourceAccount", account).at(NOW);
    engine.resource_policy_decision(&Request {
        caller: &Caller::Service(service.to_owned()),
        action: "logs:PutLogEvents",
        resource,
        context: &context,
    })
}

const ROUTE: &str = "route53.amazonaws.com";
const HERE: &str = "123456789012";

#[test]
fn policies_of_the_account_are_kept_shown_and_removed() {
    let path = TempDir::new().unwrap();
    let open = || world_at(path.path(), OpenOptions::default()).unwrap();
    let world = open();
    let policy = document("Allow", ROUTE, "*");
    for number in 0..10 {
        let request = named(&format!("p{number}"), policy.clone());
        let shown = world.engine.put_resource_policy(request).unwrap();
        assert_eq!(shown.policy_document, policy);
        assert_eq!((shown.revision_id, shown.last_updated_time), (None, NOW));
    }
    let refused = world.engine.put_resource_policy(named("p10", policy.clone()));
    assert_eq!(kind(refused), ErrorKind::LimitExceeded);
    let other = document("Allow", "es.amazonaws.com", "*");
    world.engine.put_resource_policy(named("p3", other.clone())).unwrap();
    drop(world);

    let world = open();
    let (mut names, mut documents) = (Vec::new(), Vec::new());
    let mut request = DescribeResourcePolicies { limit: Some(4), ..Default::default() };
    loop {
        let page = world.engine.describe_resource_policies(&request).unwrap();
        assert!(page.resource_policies.len() <= 4);
        for policy in page.resource_policies {
            assert_eq!(policy.policy_scope, ResourcePolicyScope::Account);
            names.extend(policy.policy_name);
            documents.push(policy.policy_document);
        }
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..10).map(|number| format!("p{number}")).collect();
    assert_eq!(names, expected);
    assert_eq!((&documents[3], &documents[4]), (&other, &policy));
    let delete = |name: &str| {
        let request =
            DeleteResourcePolicy { policy_name: Some(name.to_owned()), ..Default::default() };
        world.engine.delete_resource_policy(&request)
    };
    delete("p3").unwrap();
    assert_eq!(kind(delete("p3")), ErrorKind::ResourceNotFound);
    world.engine.put_resource_policy(named("p10", policy)).unwrap();
}

#[test]
fn a_log_groups_policy_has_revisions_and_goes_with_it() {
    let path = TempDir::new().unwrap();
    let open = || world_at(path.path(), OpenOptions::default()).unwrap();
    let world = open();
    world.make("/app", "s");
    let put = |revision: Option<&str>| {
        world.engine.put_resource_policy(of_group(document("Allow", ROUTE, APP), revision))
    };
    assert_eq!(kind(put(Some("x"))), ErrorKind::OperationAborted);
    let first = put(None).unwrap();
    assert_eq!(first.resource_arn.as_deref(), Some(APP));
    assert_eq!(first.policy_scope, ResourcePolicyScope::Resource);
    let revision = first.revision_id.unwrap();
    assert_eq!(kind(put(None)), ErrorKind::InvalidParameter);
    assert_eq!(kind(put(Some("x"))), ErrorKind::OperationAborted);
    let second = put(Some(&revision)).unwrap().revision_id.unwrap();
    assert_ne!(revision, second);
    assert_eq!(kind(put(Some(&revision))), ErrorKind::OperationAborted);
    drop(world);

    let world = open();
    let describe = |scope, arn: Option<&str>| {
        let request = DescribeResourcePolicies {
            policy_scope: scope,
            resource_arn: arn.map(str::to_owned),
            ..Default::default()
        };
        let page = world.engine.describe_resource_policies(&request);
        page.map(|page| page.resource_policies.len()).map_err(|error| error.kind())
    };
    let of_resource = Some(ResourcePolicyScope::Resource);
    let of_account = Some(ResourcePolicyScope::Account);
    assert_eq!(describe(None, None), Ok(0));
    assert_eq!(describe(of_resource, None), Ok(1));
    assert_eq!(describe(None, Some(APP)), Ok(1));
    assert_eq!(describe(None, Some(&format!("{APP}2"))), Ok(0));
    assert_eq!(describe(of_account, Some(APP)), Err(ErrorKind::InvalidParameter));
    assert_eq!(describe(None, Some("arn:aws:s3:::b")), Err(ErrorKind::InvalidParameter));
    let delete = |revision: Option<&str>| {
        world.engine.delete_resource_policy(&DeleteResourcePolicy {
            policy_name: None,
            resource_arn: Some(APP.to_owned()),
            expected_revision_id: revision.map(str::to_owned),
        })
    };
    assert_eq!(kind(delete(None)), ErrorKind::InvalidParameter);
    assert_eq!(kind(delete(Some(&revision))), ErrorKind::OperationAborted);
    delete(Some(&second)).unwrap();
    assert_eq!(kind(delete(Some(&second))), ErrorKind::ResourceNotFound);

    // A log group made again has none.
    let request = of_group(document("Allow", ROUTE, APP), None);
    world.engine.put_resource_policy(request.clone()).unwrap();
    world.engine.delete_log_group(&group("/app")).unwrap();
    assert_eq!(describe(of_resource, None), Ok(0));
    drop(world);
    let world = open();
    world.engine.create_log_group(&group("/app")).unwrap();
    assert_eq!(decision(&world.engine, ROUTE, APP, HERE), Decision::Silent);
    world.engine.put_resource_policy(request).unwrap();
}

#[test]
fn documents_and_names_are_checked_and_never_quoted() {
    let world = world_with("/app", "s");
    let engine = &world.engine;
    let good = document("Allow", ROUTE, "*");
    let long = format!("{good}{}", " ".repeat(51_200));
    for bad in ["", "canary", "{}", r#"{"Statement": {"canary": 1}}"#, &long] {
        for request in [named("p", bad.to_owned()), of_group(bad.to_owned(), None)] {
            let shown = format!("{request:?}");
            let refused = engine.put_resource_policy(request).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
            assert!(!format!("{refused} {refused:?} {shown}").contains("canary"), "{refused}");
        }
    }
    let nameless = PutResourcePolicy { policy_name: None, ..named("p", good.clone()) };
    assert_eq!(kind(engine.put_resource_policy(nameless)), ErrorKind::InvalidParameter);
    let revised = PutResourcePolicy {
        expected_revision_id: Some("x".to_owned()),
        ..named("p", good.clone())
    };
    assert_eq!(kind(engine.put_resource_policy(revised)), ErrorKind::InvalidParameter);
    for (arn, expected) in [
        ("/app", ErrorKind::InvalidParameter),
        ("arn:aws:s3:::bucket", ErrorKind::InvalidParameter),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/none", ErrorKind::ResourceNotFound),
        ("arn:aws:logs:eu-west-1:210987654321:log-group:/app", ErrorKind::ResourceNotFound),
    ] {
        let resource_arn = Some(arn.to_owned());
        let request = PutResourcePolicy { resource_arn, ..of_group(good.clone(), None) };
        assert_eq!(kind(engine.put_resource_policy(request)), expected, "{arn}");
    }
    let nothing = DeleteResourcePolicy::default();
    assert_eq!(kind(engine.delete_resource_policy(&nothing)), ErrorKind::InvalidParameter);
}

#[test]
fn policies_decide_for_services_and_a_denial_wins() {
    let world = world_with("/app", "s");
    let engine = &world.engine;
    let stream = format!("{APP}:log-stream:s");
    assert_eq!(decision(engine, ROUTE, &stream, HERE), Decision::Silent);
    engine
        .put_resource_policy(of_group(document("Allow", ROUTE, &format!("{APP}:*")), None))
        .unwrap();
    assert_eq!(decision(engine, ROUTE, &stream, HERE), Decision::Allowed);
    assert_eq!(decision(engine, ROUTE, &stream, "210987654321"), Decision::Silent);
    assert_eq!(decision(engine, "es.amazonaws.com", &stream, HERE), Decision::Silent);
    let other = "arn:aws:logs:eu-west-1:123456789012:log-group:/app2:log-stream:s";
    assert_eq!(decision(engine, ROUTE, other, HERE), Decision::Silent);
    // The policy of a log group says nothing of another one, whatever it names.
    let all = document("Allow", "es.amazonaws.com", "*");
    world.engine.create_log_group(&group("/app2")).unwrap();
    let resource_arn = Some("arn:aws:logs:eu-west-1:123456789012:log-group:/app2".to_owned());
    let request = PutResourcePolicy { resource_arn, ..of_group(all.clone(), None) };
    engine.put_resource_policy(request).unwrap();
    assert_eq!(decision(engine, "es.amazonaws.com", other, HERE), Decision::Allowed);
    assert_eq!(decision(engine, "es.amazonaws.com", &stream, HERE), Decision::Silent);
    engine.put_resource_policy(named("all", all)).unwrap();
    assert_eq!(decision(engine, "es.amazonaws.com", &stream, HERE), Decision::Allowed);
    engine.put_resource_policy(named("deny", document("Deny", ROUTE, "*"))).unwrap();
    assert_eq!(decision(engine, ROUTE, &stream, HERE), Decision::Denied);
}
