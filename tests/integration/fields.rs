//! What goes with the events of a subscription: extracted fields, system fields; and which events
//! it takes by these.

use std::collections::BTreeMap;
use std::path::Path;

use logveil::{
    DescribeSubscriptionFilters, Durability, ErrorKind, FilterName, FilterPattern, OutgoingKind,
    PutSubscriptionFilter, SystemField,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::world::{World, arn, document, group, payload, with_keys, world_at};

fn filter(pattern: &str) -> PutSubscriptionFilter {
    PutSubscriptionFilter {
        log_group_name: group("/app"),
        filter_name: FilterName::new("f").unwrap(),
        filter_pattern: FilterPattern::parse(pattern).unwrap(),
        destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/s"),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
        distribution: Default::default(),
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
    }
}

fn open(path: &Path) -> World {
    world_at(path, with_keys(Durability::Buffered)).unwrap()
}

/// The fields of each event that arrived.
fn fields(world: &World) -> Vec<Value> {
    let delivered = world.delivered();
    let data = delivered.iter().filter(|it| it.kind == OutgoingKind::Data);
    let events = data.flat_map(|it| payload(it).log_events);
    events.map(|it| it.other.get("extractedFields").cloned().unwrap_or_default()).collect()
}

#[test]
fn named_values_and_system_fields_go_with_each_event() {
    let all = SystemField::ALL.to_vec();
    let json_pattern = "{ $.user.id > 0 && $.name = * }";
    for (pattern, system, message, expected) in [
        (
            "[ip, status = 4*, bytes]",
            vec![],
            "::1 404 7",
            json!({"ip": "::1", "status": "404", "bytes": "7"}),
        ),
        (
            json_pattern,
            vec![],
            r#"{"user":{"id":1},"name":"a\tb"}"#,
            json!({"user.id": "1", "name": "a\tb"}),
        ),
        ("x", vec![], "x", Value::Null),
        (
            "x",
            all.clone(),
            "x",
            json!({
                "@aws.account": "123456789012", "@aws.region": "eu-west-1", "@source.log": "/app",
            }),
        ),
        ("[a]", vec![SystemField::Region], "x", json!({"a": "x", "@aws.region": "eu-west-1"})),
    ] {
        let directory = TempDir::new().unwrap();
        let world = open(directory.path());
        world.make("/app", "s");
        let request = PutSubscriptionFilter { emit_system_fields: system, ..filter(pattern) };
        world.engine.put_subscription_filter(request).unwrap();
        world.put("/app", "s", &[message]);
        drop(world);
        assert_eq!(fields(&open(directory.path())), [expected], "{pattern}");
    }
}

/// Whoever judged the text did not see the address; the field would show it.
#[test]
fn a_value_that_is_spelt_with_escapes_is_judged_when_its_event_is() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    world.engine.put_subscription_filter(filter(r#"{ $.mail = "*" && $.code = 7 }"#)).unwrap();
    let message = r#"{"mail":"jane\u0040example.com","code":7}"#;
    world.put("/app", "s", &[message]);
    world.protect_group("/app", &document("p", &["EmailAddress"], &json!({})));
    world.put("/app", "s", &[message, message]);
    // The policy of the event's time counts, whatever is in force when it is sent.
    world.engine.delete_data_protection_policy("/app").unwrap();
    world.put("/app", "s", &[message]);
    drop(world);
    let shown = json!({"mail": "jane@example.com", "code": "7"});
    let masked = json!({"mail": "****************", "code": "7"});
    let found = fields(&open(directory.path()));
    assert_eq!(found, [shown.clone(), masked.clone(), masked, shown]);
}

/// What stands around a value in its event says what it is.
#[test]
fn a_value_with_escapes_is_judged_where_it_stands() {
    for (pattern, message, expected) in [
        ("{ $.ssn = * }", r#"{"ssn":"536-22-814\u0035"}"#, json!({"ssn": "***********"})),
        ("{ $.* = * }", r#"{"ssn":"536-22-814\u0035"}"#, json!({"*": "***********"})),
        (
            "{ $.a.v = * }",
            r#"{"a":{"note":"ssn","v":"536-22-814\u0035"}}"#,
            json!({"a.v": "***********"}),
        ),
        (
            "{ $.mail = \"jane@*\" && $.ssn = * }",
            r#"{"mail":"jane\u0040example.com","ssn": 536228145}"#,
            json!({"mail": "****************", "ssn": "*********"}),
        ),
        (
            "{ $.['jane@example.com'] = * }",
            r#"{"jane\u0040example.com":"text"}"#,
            json!({"['jane@example.com']": "****"}),
        ),
        ("{ $.n = * }", r#"{"n":"a\u0062\n"}"#, json!({"n": "ab\n"})),
    ] {
        let world = crate::support::world::world_with("/app", "s");
        world.protect_group("/app", &document("p", &["EmailAddress", "Ssn-US"], &json!({})));
        world.engine.put_subscription_filter(filter(pattern)).unwrap();
        world.put("/app", "s", &[message]);
        assert_eq!(fields(&world), [expected], "{pattern}");
    }
}

#[test]
fn criteria_take_events_by_where_they_come_from_and_are_kept() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    let criteria = BTreeMap::from([
        ("a", "@aws.region = \"eu-west-1\""),
        ("b", "@aws.region NOT IN [\"eu-west-1\"]"),
        ("c", "@source.log = \"/app\" AND @aws.account = \"123456789012\""),
    ]);
    for (name, criteria) in &criteria {
        let filter_name = FilterName::new(name).unwrap();
        let field_selection_criteria = Some((*criteria).to_owned());
        let request = PutSubscriptionFilter { filter_name, field_selection_criteria, ..filter("") };
        world.engine.put_subscription_filter(request).unwrap();
    }
    let describe = |world: &World| {
        let request = DescribeSubscriptionFilters::new(group("/app"));
        let found = world.engine.describe_subscription_filters(&request).unwrap();
        let text = |it: &logveil::SubscriptionFilter| it.field_selection_criteria.clone();
        found.subscription_filters.iter().filter_map(text).collect::<Vec<_>>()
    };
    assert!(describe(&world).iter().eq(criteria.values()));
    drop(world);
    let world = open(directory.path());
    assert!(describe(&world).iter().eq(criteria.values()));
    world.put("/app", "s", &["x"]);
    let delivered = world.delivered();
    let data = delivered.iter().filter(|it| it.kind == OutgoingKind::Data);
    let mut names: Vec<_> = data.map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "c"]);
    let transformed = PutSubscriptionFilter { apply_on_transformed_logs: true, ..filter("") };
    let refused = world.engine.put_subscription_filter(transformed).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidOperation);
    let faulty = Some("@aws.account > \"1\"".to_owned());
    let faulty = PutSubscriptionFilter { field_selection_criteria: faulty, ..filter("") };
    let refused = world.engine.put_subscription_filter(faulty).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
}
