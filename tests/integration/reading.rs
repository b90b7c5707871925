//! Reading: pages in both directions, times, retention, grants.

use std::sync::atomic::Ordering;

use logveil::limits::{SEARCH_FROM_TAIL_MS, UNMASK_LOG_READS_MAX};
use logveil::{
    AccountPolicyType, Arn, CreateLogGroup, Distribution, ErrorKind, FilterLogEvents, FilterName,
    FilterPattern, GetLogEvents, GetLogRecord, LogGroupClass, OutgoingKind, Principal,
    PutLogEvents, PutSubscriptionFilter, UnmaskLog, UnmaskedRead,
};
use serde_json::json;

use crate::support::world::{
    Allow, NOW, World, account_policy, batch, document, event, group, stream, world, world_of,
    world_with,
};

/// Ten messages, two for each of five milliseconds, in two streams.
fn two_streams() -> World {
    let world = world_with("/app", "a");
    world.engine.create_log_stream(&group("/app"), &stream("b")).unwrap();
    for (offset, log_stream) in [(0, "a"), (1, "b")] {
        let log_events = (0..5).map(|i| event(NOW - 4 + i, &format!("{}", i * 2 + offset)));
        let request =
            PutLogEvents { log_events: log_events.collect(), ..batch("/app", log_stream, &[]) };
        world.engine.put_log_events(request).unwrap();
    }
    world
}

fn get(world: &World, request: &GetLogEvents<'_>) -> (String, String, String) {
    let result = world.engine.get_log_events(request).unwrap();
    let texts: Vec<_> = result.events.iter().map(|event| event.message.reveal()).collect();
    (texts.join(" "), result.next_forward_token, result.next_backward_token)
}

#[test]
fn get_log_events_pages_in_both_directions() {
    let world = two_streams();
    let request = GetLogEvents {
        limit: Some(2),
        start_from_head: true,
        ..GetLogEvents::new(group("/app"), stream("a"))
    };
    let next = |token: &str| GetLogEvents { next_token: Some(token.to_owned()), ..request.clone() };
    let (first, forward, backward) = get(&world, &request);
    assert_eq!(first, "0 2");
    let (before, forward_again, backward_again) = get(&world, &next(&backward));
    assert_eq!((before.as_str(), backward_again), ("", backward), "the start is the same token");
    assert_eq!(get(&world, &next(&forward_again)).0, "0 2");
    let (second, forward, _) = get(&world, &next(&forward));
    assert_eq!(second, "4 6");
    let (third, forward, backward) = get(&world, &next(&forward));
    assert_eq!(third, "8");
    let end = get(&world, &next(&forward));
    assert_eq!((end.0.as_str(), &end.1), ("", &forward), "the end is the same token");
    assert_eq!(get(&world, &next(&backward)).0, "4 6");
    world.put("/app", "a", &["new"]);
    assert_eq!(get(&world, &next(&forward)).0, "new");
    let latest = GetLogEvents { start_from_head: false, ..request.clone() };
    let (last, _, backward) = get(&world, &latest);
    assert_eq!(last, "8 new", "ascending inside the page");
    assert_eq!(get(&world, &next(&backward)).0, "4 6");
}

#[test]
fn events_of_one_millisecond_are_all_on_some_page() {
    let world = world_with("/app", "s");
    let log_events = ["0", "1", "2", "3"].map(|text| event(NOW, text)).into();
    let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
    world.engine.put_log_events(request).unwrap();
    for (start_from_head, expected) in [(true, "0 1 2 3"), (false, "3 2 1 0")] {
        let mut request = GetLogEvents {
            limit: Some(1),
            start_from_head,
            ..GetLogEvents::new(group("/app"), stream("s"))
        };
        let mut pages = Vec::new();
        for _ in 0..4 {
            let (page, forward, backward) = get(&world, &request);
            pages.push(page);
            request.next_token = Some(if start_from_head { forward } else { backward });
        }
        assert_eq!(pages.join(" "), expected);
        assert_eq!(get(&world, &request).0, "", "no page after the last");
    }
}

#[test]
fn filter_log_events_goes_from_the_tail_when_asked() {
    let world = two_streams();
    let from_tail = FilterLogEvents {
        start_time: Some(SEARCH_FROM_TAIL_MS),
        limit: Some(3),
        start_from_head: false,
        ..FilterLogEvents::new(group("/app"))
    };
    let mut request = from_tail.clone();
    let mut pages = Vec::new();
    loop {
        let page = world.engine.filter_log_events(&request).unwrap();
        let texts: Vec<_> = page.events.iter().map(|event| event.message.reveal()).collect();
        pages.push(texts.join(" "));
        request.next_token = page.next_token;
        // The token says the direction.
        request.start_from_head = true;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["9 8 7", "6 5 4", "3 2 1", "0"]);
    for start_time in [None, Some(SEARCH_FROM_TAIL_MS - 1)] {
        let request = FilterLogEvents { start_time, ..from_tail.clone() };
        let refused = world.engine.filter_log_events(&request).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidParameter, "{start_time:?}");
    }
}

#[test]
fn infrequent_access_is_masked_and_read_by_its_records_only() {
    let world = world();
    let log_group_class = LogGroupClass::InfrequentAccess;
    let request = CreateLogGroup { log_group_class, ..CreateLogGroup::new(group("/rare")) };
    world.engine.create_log_group_with(request).unwrap();
    world.engine.create_log_stream(&group("/rare"), &stream("s")).unwrap();
    let account = "arn:aws:lambda:eu-west-1:123456789012:function:all";
    let document = json!({"DestinationArn": account, "FilterPattern": ""});
    let request = account_policy("policy", AccountPolicyType::SubscriptionFilter, &document);
    world.engine.put_account_policy(request).unwrap();
    world.put("/rare", "s", &["one"]);
    world.engine.deliver_pending();
    let kinds: Vec<_> = world.delivered().iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [OutgoingKind::Control], "no event of the group");
    let get = GetLogEvents::new(group("/rare"), stream("s"));
    let search = FilterLogEvents::new(group("/rare"));
    let refused = [
        world.engine.get_log_events(&get).map(drop),
        world.engine.filter_log_events(&search).map(drop),
        world.engine.put_subscription_filter(PutSubscriptionFilter {
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
            log_group_name: group("/rare"),
            filter_name: FilterName::new("f").unwrap(),
            filter_pattern: FilterPattern::default(),
            destination_arn: Arn::parse("x", account).unwrap(),
            role_arn: None,
            distribution: Distribution::ByLogStream,
        }),
    ];
    let kinds = refused.map(|refused| refused.unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::InvalidParameter; 3]);
}

#[test]
fn a_token_is_for_its_own_request_and_for_24_hours() {
    let world = two_streams();
    let request = GetLogEvents { limit: Some(1), ..GetLogEvents::new(group("/app"), stream("a")) };
    let token = world.engine.get_log_events(&request).unwrap().next_backward_token;
    let search = FilterLogEvents { limit: Some(1), ..FilterLogEvents::new(group("/app")) };
    let search_token = world.engine.filter_log_events(&search).unwrap().next_token.unwrap();
    let get = |stream_name: &str, token: &str| {
        let (log_stream_name, next_token) = (stream(stream_name), Some(token.to_owned()));
        let request = GetLogEvents { log_stream_name, next_token, ..request.clone() };
        world.engine.get_log_events(&request).map(drop).map_err(|error| error.kind())
    };
    let find = |pattern: &str, start_time, token: &str| {
        let filter_pattern = FilterPattern::parse(pattern).unwrap();
        let next_token = Some(token.to_owned());
        let request = FilterLogEvents { filter_pattern, next_token, start_time, ..search.clone() };
        world.engine.filter_log_events(&request).map(drop).map_err(|error| error.kind())
    };
    let refused = Err(ErrorKind::InvalidParameter);
    assert_eq!(
        (get("a", &token), get("b", &token), get("a", &search_token)),
        (Ok(()), refused, refused)
    );
    assert_eq!((find("", None, &search_token), find("", None, &token)), (Ok(()), refused));
    assert_eq!(
        (find("x", None, &search_token), find("", Some(0), &search_token)),
        (refused, refused)
    );
    world.clock.0.fetch_add(24 * 60 * 60 * 1000, Ordering::SeqCst);
    assert_eq!((get("a", &token), find("", None, &search_token)), (Ok(()), Ok(())));
    world.clock.0.fetch_add(1, Ordering::SeqCst);
    assert_eq!((get("a", &token), find("", None, &search_token)), (refused, refused));
}

#[test]
fn times_are_inclusive_at_the_start_and_as_documented_at_the_end() {
    let world = two_streams();
    let (start_time, end_time) = (Some(NOW - 3), Some(NOW - 1));
    let request =
        GetLogEvents { start_time, end_time, ..GetLogEvents::new(group("/app"), stream("a")) };
    assert_eq!(get(&world, &request).0, "2 4", "GetLogEvents: the end is excluded");
    let request = FilterLogEvents { start_time, end_time, ..FilterLogEvents::new(group("/app")) };
    assert_eq!(filter(&world, &request).0, "2 3 4 5 6 7", "FilterLogEvents: the end is included");
    let empty = FilterLogEvents { start_time: Some(NOW), end_time: Some(0), ..request };
    assert_eq!(filter(&world, &empty).0, "");
}

fn filter(world: &World, request: &FilterLogEvents<'_>) -> (String, Option<String>) {
    let result = world.engine.filter_log_events(request).unwrap();
    let texts: Vec<_> = result.events.iter().map(|event| event.message.reveal()).collect();
    assert!(result.events.is_sorted_by_key(|event| &event.event_id));
    (texts.join(" "), result.next_token)
}

#[test]
fn filter_log_events_merges_streams_and_pages() {
    let world = two_streams();
    let all = FilterLogEvents::new(group("/app"));
    assert_eq!(filter(&world, &all), ("0 1 2 3 4 5 6 7 8 9".to_owned(), None));
    let (mut pages, mut next_token) = (Vec::new(), None);
    loop {
        let request = FilterLogEvents { limit: Some(4), next_token, ..all.clone() };
        let (page, next) = filter(&world, &request);
        pages.push(page);
        next_token = next;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["0 1 2 3", "4 5 6 7", "8 9"]);
    let named = FilterLogEvents { log_stream_names: vec![stream("b"), stream("b")], ..all.clone() };
    assert_eq!(filter(&world, &named).0, "1 3 5 7 9");
    let prefix = FilterLogEvents { log_stream_name_prefix: Some("a".to_owned()), ..all.clone() };
    assert_eq!(filter(&world, &prefix).0, "0 2 4 6 8");
    let both = FilterLogEvents { log_stream_name_prefix: Some("a".to_owned()), ..named.clone() };
    let kind =
        |request: &FilterLogEvents<'_>| world.engine.filter_log_events(request).unwrap_err().kind();
    assert_eq!(kind(&both), ErrorKind::InvalidParameter);
    let names = vec![stream("a"); 101];
    let many = FilterLogEvents { log_stream_names: names, ..all.clone() };
    assert_eq!(kind(&many), ErrorKind::InvalidParameter);
    let unknown = FilterLogEvents { log_stream_names: vec![stream("c")], ..all.clone() };
    assert_eq!(kind(&unknown), ErrorKind::ResourceNotFound);
    for next_token in ["", "x", "f/1/s"] {
        let bad = FilterLogEvents { next_token: Some(next_token.to_owned()), ..all.clone() };
        assert_eq!(kind(&bad), ErrorKind::InvalidParameter);
    }
}

#[test]
fn a_page_holds_at_most_a_megabyte() {
    let world = world_with("/app", "s");
    for number in 0..3 {
        let text = format!("{number}{}", "x".repeat(600_000));
        world.put("/app", "s", &[&text]);
    }
    let request = GetLogEvents::new(group("/app"), stream("s"));
    let result = world.engine.get_log_events(&request).unwrap();
    assert_eq!(result.events.len(), 1);
    assert!(result.events[0].message.reveal().starts_with('2'));
    let request = FilterLogEvents::new(group("/app"));
    let result = world.engine.filter_log_events(&request).unwrap();
    assert_eq!((result.events.len(), result.next_token.is_some()), (1, true));
}

#[test]
fn a_page_holds_at_most_10000_events_and_a_search_looks_at_100000() {
    let world = world_with("/app", "s");
    for _ in 0..10 {
        world.put("/app", "s", &["x"; 10_000]);
    }
    world.put("/app", "s", &["last"]);
    let request = GetLogEvents::new(group("/app"), stream("s"));
    let page = world.engine.get_log_events(&request).unwrap().events;
    assert_eq!(page.len(), 10_000);
    assert_eq!(page.last().unwrap().message.reveal(), "last");
    for limit in [0, 10_001] {
        let request = GetLogEvents { limit: Some(limit), ..request.clone() };
        assert!(world.engine.get_log_events(&request).is_err());
    }
    let filter_pattern = FilterPattern::parse("last").unwrap();
    let request = FilterLogEvents { filter_pattern, ..FilterLogEvents::new(group("/app")) };
    let (found, next_token) = filter(&world, &request);
    assert_eq!((found.as_str(), next_token.is_some()), ("", true));
    let (found, next_token) = filter(&world, &FilterLogEvents { next_token, ..request });
    assert_eq!((found.as_str(), next_token), ("last", None));
}

#[test]
fn events_past_their_retention_are_not_read() {
    let world = world_with("/app", "s");
    world.put("/app", "s", &["old", "new"]);
    world.engine.put_retention_policy(&group("/app"), Some(1)).unwrap();
    world.clock.0.store(NOW + 24 * 60 * 60 * 1000, Ordering::SeqCst);
    assert_eq!(world.read("/app", "s"), ["new"]);
}

#[test]
fn originals_are_shown_to_a_grant_for_this_group_only() {
    let world = world_with("/app", "s");
    world.make("/other", "s");
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    world.put("/app", "s", &["to jane@example.com", "clean"]);
    let resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned();
    let allow = Allow("alice", resource);
    let principal = || Principal::new("alice");
    let grant = world.engine.authorize_unmask(&allow, principal(), &group("/app")).unwrap();
    let get = |name: &str, unmask| {
        let request = GetLogEvents { unmask, ..GetLogEvents::new(group(name), stream("s")) };
        world.engine.get_log_events(&request)
    };
    let texts = |result: logveil::GetLogEventsResult| {
        let texts = result.events.iter().map(|event| event.message.reveal().to_owned());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(texts(get("/app", Some(&grant)).unwrap()), ["to jane@example.com", "clean"]);
    assert_eq!(texts(get("/app", None).unwrap()), ["to ****************", "clean"]);
    let kind = |error: logveil::Error| error.kind();
    assert_eq!(kind(get("/other", Some(&grant)).unwrap_err()), ErrorKind::AccessDenied);
    let refused = world.engine.authorize_unmask(&allow, principal(), &group("/other"));
    assert_eq!(kind(refused.unwrap_err()), ErrorKind::AccessDenied);
    let mallory = world.engine.authorize_unmask(&allow, Principal::new("bob"), &group("/app"));
    assert_eq!(kind(mallory.unwrap_err()), ErrorKind::AccessDenied);

    let elsewhere = world_of("210987654321");
    elsewhere.make("/app", "s");
    let request =
        GetLogEvents { unmask: Some(&grant), ..GetLogEvents::new(group("/app"), stream("s")) };
    let refused = elsewhere.engine.get_log_events(&request).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AccessDenied);
    let request = FilterLogEvents { unmask: Some(&grant), ..FilterLogEvents::new(group("/other")) };
    let refused = world.engine.filter_log_events(&request).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AccessDenied);
}

#[test]
fn a_search_sees_what_it_returns() {
    let world = world_with("/app", "s");
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    world.put("/app", "s", &["to jane@example.com"]);
    let allow = Allow("alice", "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned());
    let grant =
        world.engine.authorize_unmask(&allow, Principal::new("alice"), &group("/app")).unwrap();
    let search = |pattern: &str, unmask| {
        let filter_pattern = FilterPattern::parse(pattern).unwrap();
        let request =
            FilterLogEvents { filter_pattern, unmask, ..FilterLogEvents::new(group("/app")) };
        filter(&world, &request).0
    };
    assert_eq!(search("jane", None), "", "no oracle without a grant");
    assert_eq!(search("jane", Some(&grant)), "to jane@example.com");
    assert_eq!(search("\"***\"", None), "to ****************");
    assert_eq!(search("\"***\"", Some(&grant)), "");
}

#[test]
fn a_grant_ends_with_its_log_group() {
    let world = world_with("/app", "s");
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    let arn = |name: &str| format!("arn:aws:logs:eu-west-1:123456789012:log-group:{name}:*");
    let authorize = |principal: &str, name: &'static str| {
        let (allow, principal) = (Allow("alice", arn(name)), Principal::new(principal));
        world.engine.authorize_unmask(&allow, principal, &group(name))
    };
    let grant = authorize("alice", "/app").unwrap();
    let request =
        GetLogEvents { unmask: Some(&grant), ..GetLogEvents::new(group("/app"), stream("s")) };
    let search = FilterLogEvents { unmask: Some(&grant), ..FilterLogEvents::new(group("/app")) };
    let kinds = || {
        let get = world.engine.get_log_events(&request).map(|_| ());
        let filter = world.engine.filter_log_events(&search).map(|_| ());
        [get, filter].map(|result| result.map_err(|error| error.kind()))
    };
    assert_eq!(kinds(), [Ok(()), Ok(())]);
    world.engine.delete_log_group(&group("/app")).unwrap();
    assert_eq!(kinds(), [Err(ErrorKind::ResourceNotFound); 2]);
    world.make("/app", "s");
    world.put("/app", "s", &["the new owner's jane@example.com"]);
    assert_eq!(kinds(), [Err(ErrorKind::AccessDenied); 2]);

    let kind = |principal, name| authorize(principal, name).unwrap_err().kind();
    assert_eq!(kind("alice", "/none"), ErrorKind::ResourceNotFound);
    assert_eq!(kind("bob", "/none"), ErrorKind::AccessDenied, "what exists is no one's business");
}

#[test]
fn every_read_with_a_grant_leaves_a_trace_without_values() {
    let world = world_with("/app", "s");
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    world.put("/app", "s", &["to jane@example.com", "clean"]);
    let allow = Allow("alice", "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned());
    let grant =
        world.engine.authorize_unmask(&allow, Principal::new("alice"), &group("/app")).unwrap();
    world.read("/app", "s");
    assert_eq!(world.engine.unmask_log(), UnmaskLog::default(), "only reads with a grant");
    let unmask = Some(&grant);
    let request = GetLogEvents { unmask, ..GetLogEvents::new(group("/app"), stream("s")) };
    world.engine.get_log_events(&request).unwrap();
    world.clock.0.store(NOW + 1, Ordering::SeqCst);
    let filter_pattern = FilterPattern::parse("nobody").unwrap();
    let search = FilterLogEvents { filter_pattern, unmask, ..FilterLogEvents::new(group("/app")) };
    world.engine.filter_log_events(&search).unwrap();
    let read = |events, timestamp_ms| UnmaskedRead {
        principal: Principal::new("alice"),
        log_group: group("/app"),
        events,
        timestamp_ms,
    };
    let log = world.engine.unmask_log();
    assert_eq!((log.reads.as_slice(), log.dropped), (&[read(2, NOW), read(0, NOW + 1)][..], 0));
    assert!(!format!("{log:?}").contains("jane"));

    for _ in 0..UNMASK_LOG_READS_MAX {
        world.engine.filter_log_events(&search).unwrap();
    }
    let log = world.engine.unmask_log();
    assert_eq!((log.reads.len(), log.dropped), (UNMASK_LOG_READS_MAX, 2));
    assert_eq!(log.reads[0], read(0, NOW + 1), "the oldest are dropped");
}

#[test]
fn a_pointer_leads_to_its_event_and_to_no_other() {
    let world = world_with("/app", "a");
    world.protect_group("/app", &document("p", &["EmailAddress"], &json!({})));
    world.put("/app", "a", &["first", "to jane@example.com"]);
    let found = world.engine.filter_log_events(&FilterLogEvents::new(group("/app"))).unwrap();
    let event = &found.events[1];
    let (name, log_stream) = (group("/app"), stream("a"));
    let engine = &world.engine;
    let pointer = engine.log_record_pointer(&name, &log_stream, &event.event_id).unwrap();
    let read = |log_record_pointer: &str, unmask| {
        let log_record_pointer = log_record_pointer.to_owned();
        engine.get_log_record(&GetLogRecord { log_record_pointer, unmask })
    };
    let record = read(&pointer, None).unwrap();
    assert_eq!(record.message.reveal(), "to ****************");
    assert_eq!((record.timestamp, &record.log_stream_name), (event.timestamp, &log_stream));
    let alice = |name: &str| Allow("alice", world.engine.home().log_group_arn(&group(name)) + ":*");
    let grant = engine.authorize_unmask(&alice("/app"), Principal::new("alice"), &name).unwrap();
    assert_eq!(read(&pointer, Some(&grant)).unwrap().message.reveal(), "to jane@example.com");
    let noted = engine.unmask_log();
    assert_eq!(noted.reads.last().map(|read| read.events), Some(1));

    let other = group("/other");
    world.make("/other", "a");
    let foreign =
        engine.authorize_unmask(&alice("/other"), Principal::new("alice"), &other).unwrap();
    assert_eq!(read(&pointer, Some(&foreign)).unwrap_err().kind(), ErrorKind::AccessDenied);
    let elsewhere = world_of("210987654321");
    elsewhere.make("/app", "a");
    let theirs = elsewhere.engine.home().log_group_arn(&name) + ":*";
    let theirs = Allow("alice", theirs);
    let theirs = elsewhere.engine.authorize_unmask(&theirs, Principal::new("alice"), &name);
    let theirs = theirs.unwrap();
    assert_eq!(read(&pointer, Some(&theirs)).unwrap_err().kind(), ErrorKind::AccessDenied);
    let kind = |pointer: &str| read(pointer, None).unwrap_err().kind();
    let absent = engine.log_record_pointer(&name, &log_stream, &"0".repeat(56)).unwrap();
    assert_eq!(kind(&absent), ErrorKind::ResourceNotFound);
    for broken in ["", "x", "====", &pointer[1..], &"A".repeat(5000)] {
        assert_eq!(kind(broken), ErrorKind::InvalidParameter);
    }
    engine.delete_log_group(&name).unwrap();
    assert_eq!(kind(&pointer), ErrorKind::ResourceNotFound);
    world.make("/app", "a");
    assert_eq!(kind(&pointer), ErrorKind::ResourceNotFound, "the group was made again");
    assert_eq!(read(&pointer, Some(&grant)).unwrap_err().kind(), ErrorKind::AccessDenied);
}
