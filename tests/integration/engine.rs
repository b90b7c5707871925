//! The engine's operations: limits of ingestion, describing, account policies, filters.

use logveil::{
    AccountPolicyType, DataProtectionStatus, DeleteAccountPolicy, DescribeAccountPolicies,
    DescribeLogGroups, DescribeLogStreams, DescribeSubscriptionFilters, Distribution, ErrorKind,
    FilterName, FilterPattern, InheritedProperty, OrderBy, PutAccountPolicy,
    PutDataProtectionPolicy, PutLogEvents, PutSubscriptionFilter, RejectedLogEventsInfo,
};
use serde::Deserialize;
use serde_json::json;

use crate::support::cases;
use crate::support::world::{
    NOW, World, account_policy, arn, batch, document, event, group, stream, world, world_with,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    #[allow(dead_code, reason = "for those who read the file")]
    why: String,
    events: Vec<Events>,
    retention: Option<u32>,
    stored: Option<usize>,
    error: Option<String>,
    too_new: Option<usize>,
    too_old: Option<usize>,
    expired: Option<usize>,
}

#[derive(Deserialize)]
struct Events {
    #[serde(default)]
    at: i64,
    absolute: Option<i64>,
    bytes: usize,
    times: usize,
}

fn put(world: &World, case: &Case) -> Result<Option<RejectedLogEventsInfo>, logveil::Error> {
    let events = case.events.iter().flat_map(|events| {
        let timestamp = events.absolute.unwrap_or(NOW + events.at);
        (0..events.times).map(move |_| event(timestamp, &"x".repeat(events.bytes)))
    });
    let request = PutLogEvents { log_events: events.collect(), ..batch("/app", "s", &[]) };
    Ok(world.engine.put_log_events(request)?.rejected_log_events_info)
}

#[test]
fn ingestion_keeps_every_limit_exactly() {
    for case in cases::<Vec<Case>>("ingestion.json") {
        let (world, name) = (world_with("/app", "s"), &case.name);
        world.engine.put_retention_policy(&group("/app"), case.retention).unwrap();
        let outcome = put(&world, &case);
        if let Some(part) = &case.error {
            let error = outcome.expect_err(name);
            assert_eq!(error.kind(), ErrorKind::InvalidParameter, "{name}");
            assert!(error.message().contains(part), "{name}: {error}");
        } else {
            let expected = RejectedLogEventsInfo {
                too_new_log_event_start_index: case.too_new,
                too_old_log_event_end_index: case.too_old,
                expired_log_event_end_index: case.expired,
            };
            let rejected = outcome.expect(name);
            assert_eq!(rejected.unwrap_or_default(), expected, "{name}");
            assert_eq!(rejected.is_some(), expected != RejectedLogEventsInfo::default(), "{name}");
        }
        let stored = world.engine.metrics().incoming_log_events as usize;
        assert_eq!(stored, case.stored.unwrap_or(0), "{name}");
    }
}

#[test]
fn what_is_missing_or_there_already_is_named() {
    let world = world_with("/app", "s");
    let kind = |result: Result<(), logveil::Error>| result.unwrap_err().kind();
    let engine = &world.engine;
    let put = |log_group, log_stream| {
        engine.put_log_events(batch(log_group, log_stream, &["x"])).map(|_| ()).unwrap_err()
    };
    assert_eq!(put("/none", "s").message(), "The specified log group does not exist.");
    assert_eq!(put("/app", "none").message(), "The specified log stream does not exist.");
    assert_eq!(put("/app", "none").kind(), ErrorKind::ResourceNotFound);
    assert_eq!(kind(engine.create_log_group(&group("/app"))), ErrorKind::ResourceAlreadyExists);
    let again = engine.create_log_stream(&group("/app"), &stream("s"));
    assert_eq!(kind(again), ErrorKind::ResourceAlreadyExists);
    assert_eq!(kind(engine.delete_log_group(&group("/none"))), ErrorKind::ResourceNotFound);
    let none = engine.delete_log_stream(&group("/app"), &stream("none"));
    assert_eq!(kind(none), ErrorKind::ResourceNotFound);
    let retention = engine.put_retention_policy(&group("/app"), Some(2));
    assert_eq!(kind(retention), ErrorKind::InvalidParameter);
}

#[test]
fn log_groups_are_described_in_pages() {
    let world = world();
    for name in ["/b", "/a/1", "/a/2", "/A", "/a"] {
        world.engine.create_log_group(&group(name)).unwrap();
    }
    let describe = |request: &DescribeLogGroups| {
        let result = world.engine.describe_log_groups(request).unwrap();
        let names: Vec<_> =
            result.log_groups.iter().map(|it| it.log_group_name.as_str().to_owned()).collect();
        (names.join(" "), result.next_token)
    };
    let request = DescribeLogGroups { limit: Some(2), ..DescribeLogGroups::default() };
    let (first, next_token) = describe(&request);
    assert_eq!(first, "/A /a");
    let (second, next_token) = describe(&DescribeLogGroups { next_token, ..request.clone() });
    assert_eq!(second, "/a/1 /a/2");
    assert_eq!(describe(&DescribeLogGroups { next_token, ..request }), ("/b".to_owned(), None));
    let prefix = Some("/a/".to_owned());
    let request = DescribeLogGroups { log_group_name_prefix: prefix, ..Default::default() };
    assert_eq!(describe(&request).0, "/a/1 /a/2");
    let pattern = Some("a".to_owned());
    let by_pattern = DescribeLogGroups { log_group_name_pattern: pattern, ..Default::default() };
    assert_eq!(describe(&by_pattern).0, "/a /a/1 /a/2");
    let both = DescribeLogGroups { log_group_name_prefix: Some("/".to_owned()), ..by_pattern };
    assert!(world.engine.describe_log_groups(&both).is_err());
    for limit in [0, 51] {
        let request = DescribeLogGroups { limit: Some(limit), ..Default::default() };
        assert!(world.engine.describe_log_groups(&request).is_err());
    }
}

#[test]
fn a_log_group_says_how_it_is_protected() {
    let world = world_with("/app", "s");
    let describe = || {
        let result = world.engine.describe_log_groups(&DescribeLogGroups::default()).unwrap();
        result.log_groups.into_iter().next().unwrap()
    };
    assert_eq!(describe().data_protection_status, None);
    assert_eq!(describe().inherited_properties, []);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/app";
    assert_eq!(describe().arn, format!("{arn}:*"));
    assert_eq!(describe().log_group_arn.as_deref(), Some(arn));
    for identifier in ["/app", arn, &format!("{arn}:*")] {
        world.protect_group(identifier, &document("own", &["Ssn-US"], &json!({})));
        let shown = world.engine.get_data_protection_policy(identifier).unwrap();
        assert_eq!(shown.log_group_identifier, identifier);
        assert_eq!(shown.last_updated_time, Some(NOW));
    }
    assert_eq!(describe().data_protection_status, Some(DataProtectionStatus::Activated));
    for _ in 0..2 {
        world.engine.delete_data_protection_policy("/app").unwrap();
        assert_eq!(describe().data_protection_status, Some(DataProtectionStatus::Deleted));
    }
    let shown = world.engine.get_data_protection_policy("/app").unwrap();
    assert_eq!((shown.policy_document, shown.last_updated_time), (None, None));
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    assert_eq!(describe().inherited_properties, [InheritedProperty::AccountDataProtection]);
    world.put("/app", "s", &["1234567890"]);
    assert_eq!(describe().stored_bytes, Some(36));
    let foreign = "arn:aws:logs:eu-west-1:999999999999:log-group:/app";
    let error = world.engine.get_data_protection_policy(foreign).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceNotFound);
}

#[test]
fn log_streams_are_described_by_name_or_last_event() {
    let world = world_with("/app", "b");
    for name in ["a", "c", "ba"] {
        world.engine.create_log_stream(&group("/app"), &stream(name)).unwrap();
    }
    world.put("/app", "b", &["1", "2"]);
    let put = PutLogEvents { log_events: vec![event(NOW - 9, "x")], ..batch("/app", "c", &[]) };
    world.engine.put_log_events(put).unwrap();
    let request = DescribeLogStreams::new(group("/app"));
    let describe = |request: &DescribeLogStreams| {
        let (mut names, mut request) = (Vec::new(), request.clone());
        loop {
            let result = world.engine.describe_log_streams(&request).unwrap();
            names
                .extend(result.log_streams.iter().map(|it| it.log_stream_name.as_str().to_owned()));
            request.next_token = result.next_token;
            if request.next_token.is_none() {
                return names.join(" ");
            }
        }
    };
    for limit in [1, 2, 3, 50] {
        let request = DescribeLogStreams { limit: Some(limit), ..request.clone() };
        assert_eq!(describe(&request), "a b ba c");
        let descending = DescribeLogStreams { descending: true, ..request.clone() };
        assert_eq!(describe(&descending), "c ba b a");
        let latest = DescribeLogStreams { order_by: OrderBy::LastEventTime, ..descending };
        assert_eq!(describe(&latest), "b c ba a");
        let prefix = Some("b".to_owned());
        let named = DescribeLogStreams { log_stream_name_prefix: prefix.clone(), ..request };
        assert_eq!(describe(&named), "b ba");
        let both = DescribeLogStreams { log_stream_name_prefix: prefix, ..latest };
        assert!(world.engine.describe_log_streams(&both).is_err());
    }
    let all = world.engine.describe_log_streams(&request).unwrap().log_streams;
    assert_eq!(all[1].first_event_timestamp, Some(NOW - 1));
    assert_eq!(all[1].last_event_timestamp, Some(NOW));
    assert_eq!(all[1].last_ingestion_time, Some(NOW));
    assert_eq!(all[0].last_event_timestamp, None);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/app:log-stream:b";
    assert_eq!(all[1].arn, arn);
}

#[test]
fn account_policies_are_one_of_a_kind() {
    let world = world();
    let data = document("acc", &["EmailAddress"], &json!({}));
    let kind = AccountPolicyType::DataProtection;
    let put = |name: &str| world.engine.put_account_policy(account_policy(name, kind, &data));
    let shown = put("one").unwrap();
    assert_eq!(shown.account_id.as_str(), "123456789012");
    assert_eq!(shown.last_updated_time, NOW);
    put("one").expect("the same name is an update");
    assert_eq!(put("two").unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert_eq!(put("aws/x").unwrap_err().kind(), ErrorKind::InvalidParameter);
    let mut criteria = account_policy("one", kind, &data);
    criteria.selection_criteria = Some("LogGroupName NOT IN []".to_owned());
    let refused = world.engine.put_account_policy(criteria).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
    let describe = |policy_name: Option<&str>, account: &str| {
        world.engine.describe_account_policies(&DescribeAccountPolicies {
            policy_type: kind,
            policy_name: policy_name.map(str::to_owned),
            account_identifiers: vec![logveil::AccountId::new(account).unwrap()],
        })
    };
    assert_eq!(describe(None, "123456789012").unwrap(), [shown]);
    assert_eq!(describe(Some("two"), "123456789012").unwrap(), []);
    let unknown = describe(None, "999999999999").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::ResourceNotFound);
    let delete = |name: &str| {
        let request = DeleteAccountPolicy { policy_name: name.to_owned(), policy_type: kind };
        world.engine.delete_account_policy(&request)
    };
    assert_eq!(delete("two").unwrap_err().kind(), ErrorKind::ResourceNotFound);
    delete("one").unwrap();
    assert_eq!(delete("one").unwrap_err().kind(), ErrorKind::ResourceNotFound);
    put("two").unwrap();
}

#[test]
fn subscription_filters_keep_their_rules() {
    let world = world_with("/app", "s");
    let put = |name: &str, destination: &str, role: bool| {
        world.engine.put_subscription_filter(PutSubscriptionFilter {
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
            log_group_name: group("/app"),
            filter_name: FilterName::new(name).unwrap(),
            filter_pattern: FilterPattern::default(),
            destination_arn: arn(destination),
            role_arn: role.then(|| arn("arn:aws:iam::123456789012:role/r")),
            distribution: Distribution::Random,
        })
    };
    let (lambda, kinesis) = (
        "arn:aws:lambda:eu-west-1:123456789012:function:fn",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
    );
    for refused in [
        put("f", kinesis, false),
        put("f", "arn:aws:firehose:eu-west-1:123456789012:deliverystream/f", false),
        put("f", "arn:aws:kinesis:eu-west-1:999999999999:stream/s", true),
        put("f", "arn:aws:lambda:us-east-1:123456789012:function:fn", false),
        put("f", "arn:aws:lambda:eu-west-1:123456789012:function:missing", false),
        put("f", "arn:aws:sqs:eu-west-1:123456789012:q", true),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidParameter);
    }
    put("logical", "arn:aws:logs:us-east-1:999999999999:destination:d", false).unwrap();
    for name in ["c", "b", "d", "a"] {
        put(name, lambda, false).unwrap();
    }
    assert_eq!(put("sixth", lambda, false).unwrap_err().kind(), ErrorKind::LimitExceeded);
    put("a", kinesis, true).expect("the same name is an update");
    let describe = |request: &DescribeSubscriptionFilters| {
        let result = world.engine.describe_subscription_filters(request).unwrap();
        let names = result.subscription_filters.iter().map(|it| it.filter_name.as_str().to_owned());
        (names.collect::<Vec<_>>().join(" "), result.next_token)
    };
    let all = DescribeSubscriptionFilters::new(group("/app"));
    assert_eq!(describe(&all), ("a b c d logical".to_owned(), None));
    let page = DescribeSubscriptionFilters { limit: Some(3), ..all.clone() };
    let (first, next_token) = describe(&page);
    assert_eq!(first, "a b c");
    let rest = DescribeSubscriptionFilters { next_token, ..page };
    assert_eq!(describe(&rest), ("d logical".to_owned(), None));
    let prefix = Some("lo".to_owned());
    let named = DescribeSubscriptionFilters { filter_name_prefix: prefix, ..all };
    assert_eq!(describe(&named).0, "logical");
    let name = FilterName::new("a").unwrap();
    world.engine.delete_subscription_filter(&group("/app"), &name).unwrap();
    let again = world.engine.delete_subscription_filter(&group("/app"), &name).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::ResourceNotFound);
}

#[test]
fn errors_and_debug_hold_no_text() {
    let world = world_with("/app", "s");
    let request = account_policy(
        "p",
        AccountPolicyType::SubscriptionFilter,
        &json!({
            "DestinationArn": "arn:aws:lambda:eu-west-1:123456789012:function:fn",
            "FilterPattern": "canary-",
        }),
    );
    let mut printed = format!("{request:?}");
    let error = world.engine.put_account_policy(request).unwrap_err();
    printed.push_str(&format!("{error} {error:?}"));
    let mut put = batch("/app", "s", &["canary", "canary"]);
    put.log_events[1].timestamp = 0;
    printed.push_str(&format!("{put:?}"));
    let error = world.engine.put_log_events(put).unwrap_err();
    printed.push_str(&format!("{error} {error:?} {:?}", world.engine));
    assert!(!printed.contains("canary"));
}

#[test]
fn policies_are_printed_without_their_text() {
    let world = world_with("/app", "s");
    let mut document = document("own", &["EmailAddress"], &json!({}));
    document["Description"] = json!("canary");
    let own = PutDataProtectionPolicy {
        log_group_identifier: "/app".to_owned(),
        policy_document: document.to_string(),
    };
    let mut printed = format!("{own:?} {own:#?}");
    let shown = world.engine.put_data_protection_policy(own).unwrap();
    assert!(shown.policy_document.as_deref().is_some_and(|text| text.contains("canary")));
    printed.push_str(&format!("{shown:?} {shown:#?}"));
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:fn";
    let filter = json!({"DestinationArn": arn, "FilterPattern": "canary"});
    for (kind, document, criteria) in [
        (AccountPolicyType::DataProtection, &document, None),
        (AccountPolicyType::SubscriptionFilter, &filter, Some(r#"LogGroupName NOT IN ["canary"]"#)),
    ] {
        let selection_criteria = criteria.map(str::to_owned);
        let request =
            PutAccountPolicy { selection_criteria, ..account_policy("p", kind, document) };
        printed.push_str(&format!("{request:?} {request:#?}"));
        let shown = world.engine.put_account_policy(request).unwrap();
        assert!(shown.policy_document.contains("canary"));
        printed.push_str(&format!("{shown:?} {shown:#?}"));
    }
    assert!(!printed.contains("canary"));
    assert!(printed.contains("bytes"), "how long they are is told");
}

#[test]
fn the_engine_is_shared_by_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&world().engine);
}
