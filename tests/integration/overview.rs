//! What a page about an engine shows: findings by hour and identifier, and how deliveries fare.

use std::sync::atomic::Ordering;

use logveil::{
    DeliveryError, Distribution, Durability, FilterName, FilterPattern, ForwarderKind,
    PutSubscriptionFilter,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::world::{NOW, World, arn, document, group, with_keys, world_at};

const HOUR_MS: i64 = 60 * 60 * 1000;

fn later(world: &World, ms: i64) {
    world.clock.0.fetch_add(ms, Ordering::Relaxed);
}

#[test]
fn findings_are_counted_by_hour_and_identifier_and_stay_counted() {
    let folder = TempDir::new().unwrap();
    let open = || world_at(folder.path(), with_keys(Durability::Buffered)).unwrap();
    let first = NOW / HOUR_MS * HOUR_MS;
    let hours = |world: &World| -> Vec<(i64, Vec<(String, u64)>)> {
        let hours = world.engine.findings_by_hour().into_iter();
        hours.map(|hour| ((hour.start - first) / HOUR_MS, hour.detections)).collect()
    };
    let (mail, ssn) = ("EmailAddress".to_owned(), "Ssn-US".to_owned());
    {
        let world = open();
        world.make("/app", "s");
        world.protect_group("/app", &document("p", &["EmailAddress", "Ssn-US"], &json!({})));
        assert_eq!(hours(&world), []);
        world.put("/app", "s", &["a@example.com b@example.com", "ssn 536-22-8145", "clean"]);
        world.put("/app", "s", &["c@example.com"]);
        later(&world, 2 * HOUR_MS);
        world.put("/app", "s", &["clean"]);
        world.put("/app", "s", &["ssn 536-22-8145"]);
        let expected =
            [(0, vec![(mail.clone(), 3), (ssn.clone(), 1)]), (2, vec![(ssn.clone(), 1)])];
        assert_eq!(hours(&world), expected);
    }
    let world = open();
    let expected = [(0, vec![(mail.clone(), 3), (ssn.clone(), 1)]), (2, vec![(ssn.clone(), 1)])];
    assert_eq!(hours(&world), expected);
    // A week of other hours later the first are gone, on disk as well.
    later(&world, 2 * HOUR_MS);
    for _ in 0..logveil::limits::HISTORY_HOURS_MAX {
        later(&world, HOUR_MS);
        world.put("/app", "s", &["a@example.com"]);
    }
    let in_memory = hours(&world);
    drop(world);
    let on_disk = hours(&open());
    assert_eq!(on_disk, in_memory);
    assert_eq!((on_disk.len(), on_disk[0].0), (logveil::limits::HISTORY_HOURS_MAX, 3));
}

#[test]
fn what_is_held_up_says_so_and_until_when() {
    let folder = TempDir::new().unwrap();
    let world = world_at(folder.path(), with_keys(Durability::Buffered)).unwrap();
    world.make("/app", "s");
    let filter = PutSubscriptionFilter {
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
        log_group_name: group("/app"),
        filter_name: FilterName::new("all").unwrap(),
        filter_pattern: FilterPattern::default(),
        destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/k"),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
        distribution: Distribution::ByLogStream,
    };
    world.engine.put_subscription_filter(filter).unwrap();
    world.engine.deliver_pending();
    world.put("/app", "s", &["one"]);
    let health = || {
        let health = world.engine.forwarding_health();
        assert_eq!(health.len(), 1, "{health:?}");
        health.into_iter().next().unwrap()
    };
    let before = health();
    assert_eq!((before.waiting, before.held_until), (1, None));
    assert_eq!(before.forwarding.kind, ForwarderKind::SubscriptionFilter);
    world.destination.fail(|_| Err(DeliveryError::AccessDenied));
    world.engine.deliver_pending();
    let held = health();
    assert_eq!((held.waiting, held.forwarding.delivery_errors), (1, 1));
    let now_ms = world.clock.0.load(Ordering::Relaxed);
    let until = held.held_until.expect("it pauses");
    assert!(until > now_ms && until <= now_ms + 600_000, "{until}");
    world.destination.fail(|_| Ok(()));
    later(&world, 600_000);
    assert_eq!(health().held_until, None);
    world.engine.deliver_pending();
    let after = health();
    assert_eq!((after.waiting, after.held_until, after.forwarding.deliveries), (0, None, 2));
}
