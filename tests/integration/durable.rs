//! The store on disk: what was acknowledged is there when it is opened again, in one piece.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use logveil::{
    AccountPolicyType, CreateLogGroup, DescribeAccountPolicies, DescribeLogGroups,
    DescribeLogStreams, DescribeSubscriptionFilters, Distribution, Durability, Engine, ErrorKind,
    FilterLogEvents, FilterName, FilterPattern, GetLogEvents, LogGroupClass, OpenOptions, OrderBy,
    Principal, PutLogEvents, PutSubscriptionFilter, UnmaskGrant,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::world::{
    Allow, NOW, World, account_policy, arn, batch, document, event, group, noise, stream,
    with_keys, world_at,
};

fn open(path: &Path) -> World {
    world_at(path, with_keys(Durability::Buffered)).unwrap()
}

fn grant(engine: &Engine, name: &str) -> UnmaskGrant {
    let resource = format!("arn:aws:logs:eu-west-1:123456789012:log-group:{name}:*");
    let allow = Allow("alice", resource);
    engine.authorize_unmask(&allow, Principal::new("alice"), &group(name)).unwrap()
}

/// Everything that an engine answers, as text.
fn answers(engine: &Engine) -> String {
    let mut all = String::new();
    let mut note = |what: &dyn std::fmt::Debug| all.push_str(&format!("{what:?}\n"));
    for policy_type in [AccountPolicyType::DataProtection, AccountPolicyType::SubscriptionFilter] {
        let request = DescribeAccountPolicies {
            policy_type,
            policy_name: None,
            account_identifiers: Vec::new(),
        };
        for policy in engine.describe_account_policies(&request).unwrap() {
            note(&(&policy.policy_name, &policy.policy_document, policy.last_updated_time));
            note(&policy.selection_criteria);
        }
    }
    for log_group in engine.describe_log_groups(&DescribeLogGroups::default()).unwrap().log_groups {
        let name = log_group.log_group_name.clone();
        note(&log_group);
        note(&engine.list_tags_log_group(&name).unwrap());
        let policy = engine.get_data_protection_policy(name.as_str()).unwrap();
        note(&(policy.policy_document, policy.last_updated_time));
        let request = DescribeSubscriptionFilters::new(name.clone());
        for filter in engine.describe_subscription_filters(&request).unwrap().subscription_filters {
            note(&(&filter.filter_name, filter.filter_pattern.as_str(), &filter.destination_arn));
            note(&(&filter.role_arn, filter.distribution, filter.creation_time));
        }
        let request = DescribeLogStreams::new(name.clone());
        note(&engine.describe_log_streams(&request).unwrap());
        if log_group.log_group_class == Some(LogGroupClass::InfrequentAccess) {
            continue;
        }
        let grant = grant(engine, name.as_str());
        for unmask in [None, Some(&grant)] {
            let request = FilterLogEvents { unmask, ..FilterLogEvents::new(name.clone()) };
            for event in engine.filter_log_events(&request).unwrap().events {
                note(&(event.log_stream_name, event.timestamp, event.message.reveal()));
                note(&(event.ingestion_time, event.event_id));
            }
        }
    }
    note(&engine.metrics());
    all
}

/// A little of everything.
fn furnish(world: &World) {
    let World { engine, .. } = world;
    engine
        .create_log_group_with(CreateLogGroup {
            log_group_class: LogGroupClass::InfrequentAccess,
            tags: BTreeMap::from([("team".to_owned(), "é".to_owned())]),
            ..CreateLogGroup::new(group("/rare"))
        })
        .unwrap();
    world.make("/app", "a");
    world.make("/app/other", "b");
    world.make("/gone", "c");
    engine.create_log_stream(&group("/app"), &stream("empty")).unwrap();
    engine.create_log_group(&group("/audit")).unwrap();
    engine.put_retention_policy(&group("/app"), Some(7)).unwrap();
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit"}, "S3": {"Bucket": "bucket"}});
    world.protect_account("p", &document("acc", &["EmailAddress"], &findings));
    world.protect_group("/app", &document("own", &["Ssn-US"], &json!({})));
    world.protect_group("/app/other", &document("own", &["Ssn-US"], &json!({})));
    engine.delete_data_protection_policy("/app/other").unwrap();
    for (name, pattern) in [("all", ""), ("ssn", "ssn")] {
        let filter = PutSubscriptionFilter {
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
            log_group_name: group("/app"),
            filter_name: FilterName::new(name).unwrap(),
            filter_pattern: FilterPattern::parse(pattern).unwrap(),
            destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/s"),
            role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
            distribution: Distribution::Random,
        };
        engine.put_subscription_filter(filter).unwrap();
    }
    let policy = json!({
        "DestinationArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/account",
        "RoleArn": "arn:aws:iam::123456789012:role/r", "FilterPattern": "to",
        "Distribution": "Random",
    });
    let mut request = account_policy("sub", AccountPolicyType::SubscriptionFilter, &policy);
    request.selection_criteria = Some("LogGroupName NOT IN [\"/audit\"]".to_owned());
    engine.put_account_policy(request).unwrap();
    world.put("/app", "a", &["clean", "to jane@example.com ssn 536-22-8145", "é née to a@b.org"]);
    world.put("/app/other", "b", &["ssn 536-22-8145", "to jane@example.com"]);
    world.put("/gone", "c", &["to jane@example.com"]);
    engine.delete_log_group(&group("/gone")).unwrap();
}

#[test]
fn an_engine_opened_again_answers_the_same_byte_for_byte() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("made/when/needed");
    let world = open(&path);
    furnish(&world);
    let before = answers(&world.engine);
    assert!(before.contains("ssn ***********") && before.contains("jane@example.com"));
    drop(world);
    let world = open(&path);
    assert!(answers(&world.engine) == before, "opened again");
    world.put("/app", "a", &["ssn 536-22-8145 after"]);
    assert_eq!(world.read("/app", "a").last().unwrap(), "ssn *********** after");
    let delivered = world.delivered();
    drop(world);

    // What waited was not sent twice, and would have been the same without opening again.
    let world = open(&path);
    assert_eq!(world.delivered().len(), 0);
    let other = TempDir::new().unwrap();
    let straight = open(other.path());
    furnish(&straight);
    straight.put("/app", "a", &["ssn 536-22-8145 after"]);
    let shown = |sent: &logveil::Delivered| {
        (sent.destination_arn.clone(), sent.kind, sent.name.clone(), sent.data.clone())
    };
    let sorted = |mut sent: Vec<logveil::Delivered>| {
        sent.sort_by_key(|one| format!("{:?}", shown(one)));
        sent.iter().map(shown).collect::<Vec<_>>()
    };
    assert!(sorted(delivered) == sorted(straight.delivered()));
}

#[test]
fn without_keys_the_same_store_shows_no_original() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    furnish(&world);
    drop(world);
    let world = world_at(directory.path(), OpenOptions::default()).unwrap();
    let resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned();
    let allow = Allow("alice", resource);
    let refused =
        world.engine.authorize_unmask(&allow, Principal::new("alice"), &group("/app")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidOperation);
    world.put("/app", "a", &["ssn 536-22-8145"]);
    drop(world);
    let world = open(directory.path());
    let grant = grant(&world.engine, "/app");
    let request = GetLogEvents::new(group("/app"), stream("a"));
    let read = world.engine.get_log_events(&GetLogEvents { unmask: Some(&grant), ..request });
    let texts: Vec<_> =
        read.unwrap().events.iter().map(|event| event.message.reveal().to_owned()).collect();
    assert!(texts.contains(&"ssn ***********".to_owned()), "its original was not kept");
    assert!(texts.contains(&"to jane@example.com ssn 536-22-8145".to_owned()));
}

#[test]
fn a_directory_belongs_to_one_engine_of_one_account() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    let refused = world_at(directory.path(), OpenOptions::default()).map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidOperation);
    let owner = format!("process {}", std::process::id());
    assert!(refused.message().contains(&owner), "{}", refused.message());
    assert!(refused.message().contains(&directory.path().display().to_string()));
    drop(world);
    drop(open(directory.path()));
    let format = directory.path().join("store/format");
    let ours = fs::read_to_string(&format).unwrap();
    for (found, says) in [("logveil store, format 0\n", "format 0"), ("other\n", "not logveil's")] {
        fs::write(&format, found).unwrap();
        let refused = world_at(directory.path(), OpenOptions::default()).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidOperation);
        assert!(refused.message().contains(says), "{}", refused.message());
    }
    fs::write(&format, ours).unwrap();
    drop(open(directory.path()));
}

#[test]
fn a_store_half_made_is_made_again() {
    let directory = TempDir::new().unwrap();
    drop(open(directory.path()));
    fs::rename(directory.path().join("store"), directory.path().join("store.new")).unwrap();
    fs::remove_file(directory.path().join("store.new/version")).unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    world.put("/app", "s", &["x"]);
    assert_eq!(world.read("/app", "s"), ["x"]);
}

/// Many threads, each with a stream; policies change meanwhile; opened again all of it is there.
#[test]
fn batches_of_many_threads_share_commits_and_all_of_them_are_kept() {
    const WRITERS: usize = 4;
    const BATCHES: usize = 60;
    for durability in [Durability::Synced, Durability::Buffered] {
        let directory = TempDir::new().unwrap();
        let world = world_at(directory.path(), with_keys(durability)).unwrap();
        world.engine.create_log_group(&group("/app")).unwrap();
        let (left, swaps) = (AtomicU64::new(WRITERS as u64), AtomicU64::new(0));
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (world, left, swaps) = (&world, &left, &swaps);
                scope.spawn(move || {
                    let name = format!("w{writer}");
                    world.engine.create_log_stream(&group("/app"), &stream(&name)).unwrap();
                    for number in 0..BATCHES {
                        let texts = [format!("{number} ssn 536-22-8145"), format!("{number} b")];
                        let texts = [texts[0].as_str(), texts[1].as_str()];
                        let swap = swaps.load(Ordering::SeqCst);
                        world.put("/app", &name, &texts);
                        let shown = world.read("/app", &name);
                        assert_eq!(shown.len(), 2 * (number + 1), "read back what was put");
                        let masked = shown.contains(&format!("{number} ssn ***********"));
                        assert!(masked || swap == 0, "a policy was in force before");
                    }
                    left.fetch_sub(1, Ordering::SeqCst);
                });
            }
            while left.load(Ordering::SeqCst) > 0 {
                let number = swaps.load(Ordering::SeqCst);
                let name = format!("n{number}");
                world.protect_group("/app", &document(&name, &["Ssn-US"], &json!({})));
                swaps.store(number + 1, Ordering::SeqCst);
            }
        });
        let before = answers(&world.engine);
        drop(world);
        let world = open(directory.path());
        assert!(answers(&world.engine) == before, "opened again");
        assert_eq!(world.engine.metrics().incoming_log_events, (WRITERS * BATCHES * 2) as u64);
        let policy = world.engine.get_data_protection_policy("/app").unwrap();
        let last = format!("n{}", swaps.load(Ordering::SeqCst) - 1);
        assert!(policy.policy_document.unwrap().contains(&last), "the last that was acknowledged");
    }
}

#[test]
fn ids_sort_whatever_the_clock_does() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    let mut count = 0;
    let times = [NOW, NOW, NOW - 1_000_000, NOW + 1_000_000, 0, i64::MAX, i64::MIN, NOW];
    for (index, now) in times.into_iter().enumerate() {
        world.clock.0.store(now, Ordering::SeqCst);
        let at = now.max(0);
        let log_events = vec![event(at, &format!("{index}")), event(at, &format!("{index}b"))];
        let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
        let result = world.engine.put_log_events(request).unwrap();
        count += if result.rejected_log_events_info.is_none() { 2 } else { 0 };
    }
    assert_eq!(count, 14, "at the start of time the event is too new");
    let check = |world: &World| {
        let read = world.engine.filter_log_events(&FilterLogEvents::new(group("/app"))).unwrap();
        let order: Vec<_> =
            read.events.iter().map(|event| (event.timestamp, event.event_id.clone())).collect();
        assert_eq!(order.len(), count);
        assert!(order.is_sorted() && order.windows(2).all(|pair| pair[0].1 < pair[1].1));
        let texts = read.events.iter().map(|event| event.message.reveal().to_owned());
        let texts = texts.collect::<Vec<_>>().join(" ");
        assert_eq!(texts, "4 4b 2 2b 0 0b 1 1b 7 7b 3 3b 5 5b");
        order.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
    };
    world.clock.0.store(NOW, Ordering::SeqCst);
    let ids = check(&world);
    drop(world);
    let world = open(directory.path());
    assert_eq!(check(&world), ids);
    world.put("/app", "s", &["later"]);
    let read = world.engine.filter_log_events(&FilterLogEvents::new(group("/app"))).unwrap();
    let id = |text: &str| {
        let found = read.events.iter().find(|event| event.message.reveal() == text);
        found.unwrap().event_id.clone()
    };
    assert!(id("7b") < id("later"), "a restart does not give sequences again");
}

#[test]
fn what_expired_and_what_was_deleted_gives_its_room_back() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    world.make("/gone", "s");
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    for _ in 0..3 {
        world.put("/app", "s", &["to jane@example.com"; 5_000]);
        world.put("/gone", "s", &["to jane@example.com"; 5_000]);
    }
    world.engine.put_retention_policy(&group("/app"), Some(1)).unwrap();
    world.engine.delete_log_group(&group("/gone")).unwrap();
    world.clock.0.store(NOW + DAY_MS - 1, Ordering::SeqCst);
    let request =
        PutLogEvents { log_events: vec![event(NOW + 5, "new")], ..batch("/app", "s", &[]) };
    world.engine.put_log_events(request).unwrap();
    world.clock.0.store(NOW + DAY_MS, Ordering::SeqCst);
    let removed = world.engine.remove_expired().unwrap();
    let left = world.read("/app", "s");
    assert_eq!(left.len(), 4, "three events of the last millisecond and the new one");
    assert_eq!(removed.events, 30_000 - 3);
    assert_eq!(removed.bytes, (30_000 - 3) * (19 + 26));
    assert_eq!(world.engine.remove_expired().unwrap().events, 0);
    let streams = DescribeLogStreams::new(group("/app"));
    let stream = world.engine.describe_log_streams(&streams).unwrap().log_streams.remove(0);
    assert_eq!(stream.first_event_timestamp, Some(NOW));
    let groups = world.engine.describe_log_groups(&DescribeLogGroups::default()).unwrap();
    assert_eq!(groups.log_groups[0].stored_bytes, Some(3 * (19 + 26) + 3 + 26));
    let before = answers(&world.engine);
    drop(world);
    let world = open(directory.path());
    world.clock.0.store(NOW + DAY_MS, Ordering::SeqCst);
    assert!(answers(&world.engine) == before);
    let order_by = OrderBy::LastEventTime;
    let streams = DescribeLogStreams { order_by, ..DescribeLogStreams::new(group("/app")) };
    let stream = world.engine.describe_log_streams(&streams).unwrap().log_streams.remove(0);
    assert_eq!(stream.last_event_timestamp, Some(NOW + 5));
}

/// Large values, and enough of them that tables are written behind.
#[test]
fn more_than_memory_holds_is_read_back() {
    let directory = TempDir::new().unwrap();
    let world = open(directory.path());
    world.make("/app", "s");
    let text = |number: u64| format!("{number} {}", noise(1_000_000, number + 1));
    for number in 0..40 {
        world.put("/app", "s", &[&text(number)]);
    }
    drop(world);
    let world = open(directory.path());
    let mut request = GetLogEvents::new(group("/app"), stream("s"));
    request.start_from_head = true;
    for number in 0..40 {
        let page = world.engine.get_log_events(&request).unwrap();
        assert_eq!(page.events.len(), 1);
        assert!(page.events[0].message.reveal() == text(number));
        request.next_token = Some(page.next_forward_token);
    }
    assert_eq!(world.engine.metrics().damaged, 0);
}
