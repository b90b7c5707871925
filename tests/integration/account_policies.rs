//! Account policies of which there may be several: kept, shown, and for retention in force.

use std::path::Path;
use std::sync::atomic::Ordering;

use logveil::{
    AccountPolicyType, CreateLogGroup, DeleteAccountPolicy, DescribeAccountPolicies,
    DescribeLogGroups, DryRunResult, Durability, Engine, Error, ErrorKind, LogGroupClass,
    LogGroupImpact, OpenOptions, PutAccountPolicy,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::world::{
    NOW, World, account_policy, batch, document, group, stream, with_keys, world, world_at,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn open(path: &Path) -> World {
    let options = OpenOptions { key_grace_ms: 0, ..with_keys(Durability::Buffered) };
    world_at(path, options).unwrap()
}

fn at(world: &World, now_ms: i64) {
    world.clock.0.store(now_ms, Ordering::SeqCst);
}

fn policy(kind: AccountPolicyType, name: &str, text: &Value, on: Option<&str>) -> PutAccountPolicy {
    let selection_criteria = on.map(str::to_owned);
    PutAccountPolicy { selection_criteria, ..account_policy(name, kind, text) }
}

fn retention(name: &str, days: &Value, mode: &str, prefix: Option<&str>) -> PutAccountPolicy {
    let text = json!({"retentionInDays": days, "enforcementMode": mode});
    let on = prefix.map(|prefix| format!("LogGroupNamePrefix = \"{prefix}\""));
    policy(AccountPolicyType::Retention, name, &text, on.as_deref())
}

fn names(engine: &Engine, policy_type: AccountPolicyType) -> Vec<String> {
    let request =
        DescribeAccountPolicies { policy_type, policy_name: None, account_identifiers: Vec::new() };
    let policies = engine.describe_account_policies(&request).unwrap();
    policies.into_iter().map(|it| it.policy_name).collect()
}

fn delete(engine: &Engine, policy_type: AccountPolicyType, name: &str) -> Result<(), Error> {
    let request = DeleteAccountPolicy { policy_name: name.to_owned(), policy_type };
    engine.delete_account_policy(&request)
}

/// What a log group shows: days, and the policy that says so.
fn shown(world: &World, name: &str) -> (Option<u32>, Option<String>) {
    let log_group_identifiers = Some(vec![name.to_owned()]);
    let request = DescribeLogGroups { log_group_identifiers, ..DescribeLogGroups::default() };
    let found = world.engine.describe_log_groups(&request).unwrap().log_groups.remove(0);
    (found.retention_in_days, found.retention_policy_name)
}

fn by(days: u32, policy: &str) -> (Option<u32>, Option<String>) {
    (Some(days), Some(policy.to_owned()))
}

#[test]
fn policies_of_every_type_are_kept_shown_and_removed() {
    use AccountPolicyType::{FieldIndex, MetricExtraction, Retention, Transformer};
    let path = TempDir::new().unwrap();
    let world = open(path.path());
    let prefix = |text: &str| format!("LogGroupNamePrefix = \"{text}\"");
    let source = r#"DataSourceName = "amazon_vpc" AND DataSourceType = "flow""#;
    let fields = json!({"Fields": ["RequestId"], "FieldsV2": {"Code": {"type": "FACET"}}});
    let processors = json!([{"parseJSON": {}}, {"lowerCaseString": {"withKeys": ["a"]}}]);
    let put = [
        policy(FieldIndex, "f2", &fields, Some(source)),
        policy(FieldIndex, "f1", &fields, Some(&prefix("/a"))),
        policy(Transformer, "t1", &processors, Some(&prefix("/a"))),
        policy(Transformer, "t2", &processors, Some(&prefix("/b"))),
        policy(MetricExtraction, "m", &json!({}), Some(r#"LogGroupName NOT IN ["/a"]"#)),
        retention("r1", &json!(30), "RETROACTIVE", None),
        retention("r2", &json!("NEVER_EXPIRE"), "NEW_ONLY", Some("/a")),
    ];
    for request in &put {
        let answer = world.engine.put_account_policy(request.clone()).unwrap();
        assert_eq!(answer.policy_document, request.policy_document);
        assert_eq!(answer.selection_criteria, request.selection_criteria);
    }
    let refused = [
        (policy(FieldIndex, "f3", &fields, Some(source)), ErrorKind::InvalidParameter),
        (policy(FieldIndex, "f3", &fields, None), ErrorKind::LimitExceeded),
        (policy(Transformer, "t3", &processors, Some(&prefix("/aa"))), ErrorKind::InvalidParameter),
        (policy(Transformer, "t1", &processors, Some(&prefix("/b"))), ErrorKind::InvalidParameter),
        (policy(Transformer, "t3", &json!({}), Some(&prefix("/c"))), ErrorKind::InvalidParameter),
        (policy(MetricExtraction, "m2", &json!({}), None), ErrorKind::LimitExceeded),
        (retention("r3", &json!(7), "RETROACTIVE", None), ErrorKind::InvalidParameter),
        (retention("aws/r", &json!(30), "RETROACTIVE", None), ErrorKind::InvalidParameter),
    ];
    for (request, kind) in refused {
        let name = request.policy_name.clone();
        assert_eq!(world.engine.put_account_policy(request).unwrap_err().kind(), kind, "{name}");
    }
    drop(world);

    let world = open(path.path());
    let engine = &world.engine;
    assert_eq!(names(engine, FieldIndex), ["f1", "f2"]);
    assert_eq!(names(engine, Transformer), ["t1", "t2"]);
    assert_eq!(names(engine, MetricExtraction), ["m"]);
    assert_eq!(names(engine, Retention), ["r1", "r2"]);
    let request = DescribeAccountPolicies {
        policy_type: Transformer,
        policy_name: Some("t2".to_owned()),
        account_identifiers: Vec::new(),
    };
    let found = engine.describe_account_policies(&request).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].policy_document, processors.to_string());
    assert_eq!(found[0].selection_criteria, Some(prefix("/b")));
    assert_eq!(delete(engine, Retention, "t1").unwrap_err().kind(), ErrorKind::ResourceNotFound);
    for (kind, name) in [(FieldIndex, "f1"), (Transformer, "t1"), (MetricExtraction, "m")] {
        delete(engine, kind, name).unwrap();
        assert_eq!(delete(engine, kind, name).unwrap_err().kind(), ErrorKind::ResourceNotFound);
    }
    drop(world);
    let world = open(path.path());
    assert_eq!(names(&world.engine, FieldIndex), ["f2"]);
    assert_eq!(names(&world.engine, Transformer), ["t2"]);
    assert_eq!(names(&world.engine, MetricExtraction), [""; 0]);
}

#[test]
fn a_retention_policy_takes_effect_a_day_later_and_replaces_that_of_log_groups() {
    let path = TempDir::new().unwrap();
    let world = open(path.path());
    world.make("/app", "s");
    world.make("/kept", "s");
    world.engine.put_retention_policy(&group("/kept"), Some(365)).unwrap();
    let put = |request| world.engine.put_account_policy(request).unwrap();
    put(retention("base", &json!(30), "RETROACTIVE", None));
    at(&world, NOW + DAY_MS - 1);
    assert_eq!(shown(&world, "/app"), (None, None));
    assert_eq!(shown(&world, "/kept"), (Some(365), None));
    at(&world, NOW + DAY_MS);
    assert_eq!(shown(&world, "/app"), by(30, "base"));
    assert_eq!(shown(&world, "/kept"), by(30, "base"));

    // Its own retention is taken and kept, and counts when no policy does.
    world.engine.put_retention_policy(&group("/app"), Some(1)).unwrap();
    assert_eq!(shown(&world, "/app"), by(30, "base"));

    // What is put again counts a day later; put twice, that counts on which did.
    put(retention("base", &json!(90), "RETROACTIVE", None));
    put(retention("base", &json!(60), "RETROACTIVE", None));
    at(&world, NOW + 2 * DAY_MS - 1);
    assert_eq!(shown(&world, "/app"), by(30, "base"));
    drop(world);

    let world = open(path.path());
    at(&world, NOW + 2 * DAY_MS - 1);
    assert_eq!(shown(&world, "/app"), by(30, "base"), "opened again");
    at(&world, NOW + 2 * DAY_MS);
    assert_eq!(shown(&world, "/app"), by(60, "base"));
    delete(&world.engine, AccountPolicyType::Retention, "base").unwrap();
    assert_eq!(shown(&world, "/app"), (Some(1), None));
    assert_eq!(shown(&world, "/kept"), (Some(365), None));
}

#[test]
fn the_longest_of_several_retention_policies_counts() {
    let world = world();
    world.make("/app/old", "s");
    let put = |request| world.engine.put_account_policy(request).unwrap();
    put(retention("base", &json!(30), "RETROACTIVE", None));
    put(retention("app", &json!(90), "RETROACTIVE", Some("/app")));
    put(retention("new", &json!("NEVER_EXPIRE"), "NEW_ONLY", Some("/app/new")));
    at(&world, NOW + 1);
    world.make("/app/new", "s");
    world.make("/other", "s");
    let delivery = CreateLogGroup {
        log_group_class: LogGroupClass::Delivery,
        ..CreateLogGroup::new(group("/delivery"))
    };
    world.engine.create_log_group_with(delivery).unwrap();
    at(&world, NOW + 2 * DAY_MS);
    assert_eq!(shown(&world, "/app/old"), by(90, "app"));
    assert_eq!(shown(&world, "/app/new"), (None, Some("new".to_owned())));
    assert_eq!(shown(&world, "/other"), by(30, "base"));
    assert_eq!(shown(&world, "/delivery"), (Some(2), None));
}

#[test]
fn reads_writes_removal_and_keys_follow_the_policy_in_force() {
    let path = TempDir::new().unwrap();
    let world = open(path.path());
    world.protect_account("p", &document("p", &["EmailAddress"], &json!({})));
    for name in ["/app", "/kept"] {
        world.make(name, "s");
        world.put(name, "s", &["to jane@example.com"]);
    }
    world.engine.put_retention_policy(&group("/app"), Some(365)).unwrap();
    world.engine.put_retention_policy(&group("/kept"), Some(1)).unwrap();
    let put = |request| world.engine.put_account_policy(request).unwrap();
    put(retention("short", &json!(30), "RETROACTIVE", Some("/app")));
    put(retention("long", &json!(90), "RETROACTIVE", Some("/kept")));
    let read = |name: &str| world.read(name, "s").len();

    at(&world, NOW + DAY_MS + 1);
    assert_eq!((read("/app"), read("/kept")), (1, 1));
    at(&world, NOW + 30 * DAY_MS + 1);
    assert_eq!((read("/app"), read("/kept")), (0, 1));
    let removed = world.engine.remove_expired().unwrap();
    assert_eq!((removed.events, removed.keys), (1, 0));
    // The key of a day goes with its last millisecond.
    at(&world, NOW + 31 * DAY_MS);
    let removed = world.engine.remove_expired().unwrap();
    assert_eq!((removed.events, removed.keys), (0, 1));
    assert_eq!((read("/app"), read("/kept")), (0, 1));

    // The younger of two events is within the policy's days, and the older within the group's only.
    let mut late = batch("/kept", "s", &["late"]);
    late.log_events[0].timestamp = NOW + 20 * DAY_MS;
    let answer = world.engine.put_log_events(late).unwrap();
    assert_eq!(answer.rejected_log_events_info, None, "one day is not what counts");
    delete(&world.engine, AccountPolicyType::Retention, "long").unwrap();
    assert_eq!(read("/kept"), 0);
    let mut late = batch("/kept", "s", &["late"]);
    late.log_events[0].timestamp = NOW + 29 * DAY_MS;
    let answer = world.engine.put_log_events(late).unwrap();
    let expired = answer.rejected_log_events_info.unwrap().expired_log_event_end_index;
    assert_eq!(expired, Some(1));
    assert_eq!(world.engine.remove_expired().unwrap().events, 2);
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let world = world();
    for (name, days) in [("/app/a", None), ("/app/b", Some(30)), ("/app/c", Some(7)), ("/x", None)]
    {
        world.engine.create_log_group(&group(name)).unwrap();
        world.engine.create_log_stream(&group(name), &stream("s")).unwrap();
        world.engine.put_retention_policy(&group(name), days).unwrap();
    }
    world.put("/app/b", "s", &["1234"]);
    world.put("/app/c", "s", &["12345"]);
    let impact = |name: &str, current_retention, proposed_retention, stored_bytes| LogGroupImpact {
        log_group_name: group(name),
        current_retention,
        proposed_retention,
        stored_bytes,
    };
    let request = retention("base", &json!(30), "RETROACTIVE", Some("/app"));
    let dry = world.engine.dry_run_put_account_policy(&request).unwrap();
    let expected = DryRunResult {
        total_matched_log_groups: 3,
        increased_retention_log_group_count: 1,
        decreased_retention_log_group_count: 1,
        unchanged_retention_log_group_count: 1,
        top_log_groups_impacted: vec![
            impact("/app/c", Some(7), Some(30), 31),
            impact("/app/b", Some(30), Some(30), 30),
            impact("/app/a", None, Some(30), 0),
        ],
    };
    assert_eq!(dry, expected);
    assert_eq!(names(&world.engine, AccountPolicyType::Retention), [""; 0]);

    world.engine.put_account_policy(request).unwrap();
    at(&world, NOW + DAY_MS);
    assert_eq!(shown(&world, "/app/a"), by(30, "base"));
    let policy_type = AccountPolicyType::Retention;
    let request = DeleteAccountPolicy { policy_name: "base".to_owned(), policy_type };
    let dry = world.engine.dry_run_delete_account_policy(&request).unwrap();
    assert_eq!(dry.total_matched_log_groups, 3);
    assert_eq!(dry.top_log_groups_impacted[0], impact("/app/c", Some(30), Some(7), 31));
    assert_eq!(dry.top_log_groups_impacted[2], impact("/app/a", Some(30), None, 0));
    assert_eq!(shown(&world, "/app/a"), by(30, "base"));
    // Existing log groups are no matter of a policy for new ones.
    let request = retention("new", &json!(30), "NEW_ONLY", None);
    let dry = world.engine.dry_run_put_account_policy(&request).unwrap();
    assert_eq!(dry, DryRunResult::default());

    let policy_type = AccountPolicyType::Retention;
    let request = DeleteAccountPolicy { policy_name: "none".to_owned(), policy_type };
    let refused = world.engine.dry_run_delete_account_policy(&request).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ResourceNotFound);
    let request = policy(AccountPolicyType::MetricExtraction, "m", &json!({}), None);
    let refused = world.engine.dry_run_put_account_policy(&request).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
}
