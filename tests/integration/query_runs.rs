//! Queries as the engine runs them: ranges, several log groups, statuses, paging, bounds,
//! definitions; and generated ones against a slow evaluation.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use logveil::{
    DescribeQueries, DescribeQueryDefinitions, Durability, ErrorKind, GetLogGroupFields,
    GetQueryResults, ListLogGroupsForQuery, PutLogEvents, PutQueryDefinition, Query, QueryLanguage,
    QueryParameter, QueryStatus, StartQuery,
};
use tempfile::TempDir;

use crate::queries::{put_minutes, rows, run, start};
use crate::support::generate::Random;
use crate::support::world::{
    NOW, World, event, group, stream, with_keys, world, world_at, world_with,
};

fn put_at(world: &World, log_group: &str, events: &[(i64, &str)]) {
    let log_events = events.iter().map(|(at, text)| event(*at, text)).collect();
    let (log_group_name, log_stream_name) = (group(log_group), stream("s"));
    let request = PutLogEvents { log_group_name, log_stream_name, log_events };
    world.engine.put_log_events(request).unwrap();
}

fn messages(world: &World, request: StartQuery<'_>) -> Vec<String> {
    let rows = rows(&run(world, request));
    rows.into_iter().map(|mut row| row.remove(0).1).collect()
}

#[test]
fn both_ends_of_the_range_count_as_whole_seconds() {
    let world = world_with("/app", "s");
    let second = NOW / 1000 - 100;
    let ms = second * 1000;
    let events = [(ms - 1, "before"), (ms, "first"), (ms + 1999, "last"), (ms + 2000, "after")];
    put_at(&world, "/app", &events);
    let query = Query::parse("fields @message").unwrap();
    let request = StartQuery::new(group("/app"), query, (second, second + 1));
    assert_eq!(messages(&world, request), ["last", "first"]);
}

#[test]
fn several_log_groups_are_one_order_of_time() {
    let world = world();
    for name in ["/a", "/b", "/c"] {
        world.make(name, "s");
    }
    world.engine.create_log_stream(&group("/a"), &stream("t")).unwrap();
    put_at(&world, "/a", &[(NOW - 30, "a1"), (NOW - 10, "a2")]);
    put_at(&world, "/b", &[(NOW - 20, "b1"), (NOW - 5, "b2")]);
    put_at(&world, "/c", &[(NOW - 15, "not asked")]);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/b".to_owned();
    let request = StartQuery {
        log_group_name: None,
        log_group_identifiers: vec!["/a".to_owned(), arn, "/a".to_owned()],
        ..start("fields @message, @log")
    };
    let result = run(&world, request);
    assert_eq!(result.statistics.log_groups_scanned, 2);
    assert_eq!((result.statistics.records_scanned, result.statistics.bytes_scanned), (4, 8));
    let found: Vec<_> =
        rows(&result).into_iter().map(|row| (row[0].1.clone(), row[1].1.clone())).collect();
    let log = |name: &str| format!("123456789012:{name}");
    let expected = [("b2", "/b"), ("a2", "/a"), ("b1", "/b"), ("a1", "/a")];
    assert_eq!(found, expected.map(|(text, name)| (text.to_owned(), log(name))));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let world = world_with("/app", "s");
    let refused = |request: StartQuery<'_>| world.engine.start_query(request).unwrap_err().kind();
    let invalid = ErrorKind::InvalidParameter;
    let names = |count: usize| (0..count).map(|at| group(&format!("g{at}"))).collect::<Vec<_>>();
    let none = || StartQuery { log_group_name: None, ..start("") };
    assert_eq!(refused(none()), invalid);
    assert_eq!(refused(StartQuery { log_group_names: names(1), ..start("") }), invalid);
    assert_eq!(refused(StartQuery { log_group_names: names(51), ..none() }), invalid);
    assert_eq!(
        refused(StartQuery { log_group_names: names(50), ..none() }),
        ErrorKind::ResourceNotFound
    );
    assert_eq!(refused(StartQuery { start_time: -1, ..start("") }), invalid);
    assert_eq!(refused(StartQuery { end_time: 0, ..start("") }), invalid);
    assert_eq!(refused(StartQuery { limit: Some(0), ..start("") }), invalid);
    assert_eq!(refused(StartQuery { limit: Some(100_001), ..start("") }), invalid);
    for query_language in [QueryLanguage::Sql, QueryLanguage::Ppl] {
        assert_eq!(refused(StartQuery { query_language, ..start("") }), invalid);
    }
    let no_query = world.engine.get_query_results(&GetQueryResults::new("nope")).unwrap_err();
    assert_eq!(no_query.kind(), ErrorKind::ResourceNotFound);
    assert_eq!(world.engine.stop_query("nope").unwrap_err().kind(), ErrorKind::ResourceNotFound);
}

#[test]
fn answers_come_in_pages_whose_tokens_are_their_own() {
    let world = world_with("/app", "s");
    let texts: Vec<_> = (0..25).map(|at| format!("m{at:02}")).collect();
    put_minutes(&world, &texts);
    let id = world.engine.start_query(start("fields @message | sort @message")).unwrap();
    let other = world.engine.start_query(start("fields @message")).unwrap();
    let (mut found, mut next_token) = (Vec::new(), None);
    loop {
        let request = GetQueryResults {
            max_items: Some(10),
            next_token: next_token.clone(),
            ..GetQueryResults::new(id.as_str())
        };
        let page = world.engine.get_query_results(&request).unwrap();
        assert!(page.results.len() <= 10);
        found.extend(rows(&page).into_iter().map(|mut row| row.remove(0).1));
        if let Some(token) = &page.next_token {
            let foreign = GetQueryResults {
                next_token: Some(token.clone()),
                ..GetQueryResults::new(other.as_str())
            };
            let refused = world.engine.get_query_results(&foreign).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidParameter);
        }
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(found, texts);
    let first = GetQueryResults { max_items: Some(1), ..GetQueryResults::new(id.as_str()) };
    let token = world.engine.get_query_results(&first).unwrap().next_token;
    let late = GetQueryResults { next_token: token, ..GetQueryResults::new(id.as_str()) };
    world.clock.0.fetch_add(3_600_000, Ordering::SeqCst);
    assert!(world.engine.get_query_results(&late).is_ok(), "an hour old");
    world.clock.0.fetch_add(1, Ordering::SeqCst);
    let expired = world.engine.get_query_results(&late).unwrap_err();
    assert_eq!(expired.kind(), ErrorKind::InvalidParameter);
    let wrong = GetQueryResults { max_items: Some(10_001), ..GetQueryResults::new(id) };
    assert_eq!(
        world.engine.get_query_results(&wrong).unwrap_err().kind(),
        ErrorKind::InvalidParameter
    );
}

#[test]
fn the_smaller_limit_holds_and_what_matched_is_counted() {
    let world = world_with("/app", "s");
    let texts: Vec<_> = (0..20).map(|at| format!("m{at} {}", at % 2)).collect();
    put_minutes(&world, &texts);
    let limited = |query: &str, limit| run(&world, StartQuery { limit, ..start(query) });
    assert_eq!(limited("limit 5", Some(3)).results.len(), 3);
    assert_eq!(limited("limit 3", Some(5)).results.len(), 3);
    assert_eq!(limited("limit 3", None).results.len(), 3);
    let result = limited("filter @message like /1$/ | limit 3 | filter 1 = 2", None);
    assert_eq!((result.results.len(), result.statistics.records_matched), (0, 10));
    assert_eq!(limited("filter @message like /1$/", Some(1)).statistics.records_matched, 10);
    assert_eq!(limited("stats count(*)", None).statistics.records_matched, 20);
}

#[test]
fn queries_wait_run_and_are_stopped() {
    let world = world_with("/app", "s");
    put_minutes(&world, &["one"]);
    let ids: Vec<_> =
        (0..100).map(|_| world.engine.start_query(start("fields 1")).unwrap()).collect();
    let refused = world.engine.start_query(start("fields 1")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LimitExceeded);
    let with = |status| {
        let request = DescribeQueries { status: Some(status), ..DescribeQueries::default() };
        world.engine.describe_queries(&request).unwrap().queries.len()
    };
    assert_eq!(with(QueryStatus::Scheduled), 100);
    world.engine.stop_query(&ids[0]).unwrap();
    assert_eq!(world.engine.stop_query(&ids[0]).unwrap_err().kind(), ErrorKind::InvalidParameter);
    let stopped = world.engine.get_query_results(&GetQueryResults::new(ids[0].as_str())).unwrap();
    assert_eq!((stopped.status, stopped.results.len()), (QueryStatus::Cancelled, 0));
    let ran = world.engine.get_query_results(&GetQueryResults::new(ids[1].as_str())).unwrap();
    assert_eq!((ran.status, ran.results.len()), (QueryStatus::Complete, 1));
    assert_eq!(world.engine.stop_query(&ids[1]).unwrap_err().kind(), ErrorKind::InvalidParameter);
    assert_eq!((with(QueryStatus::Cancelled), with(QueryStatus::Complete)), (1, 1));
    assert!(world.engine.start_query(start("fields 1")).is_ok());
    // Workers of the host run what waits.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| world.engine.run_queries(&stop));
        }
        while with(QueryStatus::Complete) < 100 {
            std::thread::yield_now();
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(with(QueryStatus::Scheduled), 0);
}

#[test]
fn queries_are_described_the_newest_first_and_forgotten_after_a_week() {
    let world = world_with("/app", "s");
    world.make("/other", "s");
    let mut ids = Vec::new();
    for query in ["fields 1", "fields 2", "fields 3"] {
        let request =
            StartQuery { user_identity: Some("ann".to_owned()), limit: Some(1), ..start(query) };
        ids.push(world.engine.start_query(request).unwrap());
    }
    let page = |max_results, next_token, name: Option<&str>| {
        let log_group_name = name.map(group);
        let request =
            DescribeQueries { log_group_name, max_results, next_token, ..Default::default() };
        world.engine.describe_queries(&request)
    };
    let first = page(Some(2), None, None).unwrap();
    let second = page(Some(2), first.next_token.clone(), None).unwrap();
    let all: Vec<_> = first.queries.iter().chain(&second.queries).collect();
    let found: Vec<_> = all.iter().map(|query| query.query_id.as_str()).collect();
    assert_eq!(found, [&ids[2], &ids[1], &ids[0]]);
    assert!(second.next_token.is_none());
    assert_eq!(all[2].query_string, "fields 1");
    assert_eq!(all[0].user_identity.as_deref(), Some("ann"));
    assert_eq!(page(None, None, Some("/other")).unwrap().queries.len(), 0);
    assert_eq!(page(None, None, Some("/app")).unwrap().queries.len(), 3);
    let missing = page(None, None, Some("/none")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::ResourceNotFound);
    assert_eq!(page(Some(0), None, None).unwrap_err().kind(), ErrorKind::InvalidParameter);
    let listed =
        ListLogGroupsForQuery { query_id: ids[0].clone(), max_results: None, next_token: None };
    assert_eq!(
        world.engine.list_log_groups_for_query(&listed).unwrap(),
        ["arn:aws:logs:eu-west-1:123456789012:log-group:/app"]
    );
    world.engine.get_query_results(&GetQueryResults::new(ids[0].as_str())).unwrap();
    world.clock.0.fetch_add(7 * 86_400_000 + 1, Ordering::SeqCst);
    let left = page(None, None, None).unwrap().queries;
    assert_eq!(left.len(), 2, "what has ended is gone");
}

#[test]
fn a_query_that_needs_too_much_memory_fails() {
    let world = world_with("/app", "s");
    for at in 0..140 {
        let text = format!("{at} {}", "x".repeat(1_000_000));
        put_at(&world, "/app", &[(NOW - at, &text)]);
    }
    let status = |query: &str| run(&world, start(query)).status;
    assert_eq!(status("sort @timestamp"), QueryStatus::Failed);
    assert_eq!(status("stats count(*) by @message"), QueryStatus::Failed);
    assert_eq!(status("dedup @message"), QueryStatus::Failed);
    assert_eq!(status("fields @message"), QueryStatus::Failed);
    assert_eq!(status("fields @message | sort @timestamp | limit 3"), QueryStatus::Complete);
    // What grows beyond a message is absent.
    let grown = "fields @message as a, concat(a, a) as b, concat(b, b) as c, strlen(b) as d | \
                 display b, c, d | limit 1";
    let result = run(&world, start(grown));
    assert_eq!((result.status, rows(&result)[0].len()), (QueryStatus::Complete, 0));
    let doubled: String =
        (0..200).map(|at| format!(", concat(a{at}, a{at}) as a{}", at + 1)).collect();
    let result =
        run(&world, start(&format!("fields 'xy' as a0{doubled} | display a200 | limit 1")));
    assert_eq!((result.status, rows(&result)[0].len()), (QueryStatus::Complete, 0));
}

#[test]
fn fields_are_counted_around_a_time() {
    let world = world_with("/app", "s");
    put_minutes(&world, &[r#"{"a":1}"#, r#"{"a":1,"b":{"c":2}}"#, "text", r#"{"a":null}"#]);
    let fields = |time| {
        let request = GetLogGroupFields { log_group_identifier: "/app".to_owned(), time };
        let fields = world.engine.get_log_group_fields(&request).unwrap();
        fields.into_iter().map(|field| (field.name, field.percent)).collect::<Vec<_>>()
    };
    let expected = [
        ("@ingestionTime", 100),
        ("@log", 100),
        ("@logStream", 100),
        ("@message", 100),
        ("@timestamp", 100),
        ("a", 50),
        ("b.c", 25),
    ];
    let expected = expected.map(|(name, percent)| (name.to_owned(), percent));
    assert_eq!(fields(None), expected);
    assert_eq!(fields(Some(NOW / 1000 - 300)), expected);
    assert_eq!(fields(Some(NOW / 1000 - 3600)), []);
}

#[test]
fn definitions_are_kept_changed_and_removed() {
    let directory = TempDir::new().unwrap();
    let open = || world_at(directory.path(), with_keys(Durability::Buffered)).unwrap();
    let request = |name: &str| PutQueryDefinition {
        query_definition_id: None,
        name: name.to_owned(),
        query_string: "fields canary {{p}}".to_owned(),
        query_language: QueryLanguage::Cwli,
        log_group_names: vec![group("/app")],
        parameters: vec![QueryParameter {
            name: "p".to_owned(),
            default_value: Some("x".to_owned()),
            description: None,
        }],
        client_token: None,
    };
    let world = open();
    let put = |world: &World, request| world.engine.put_query_definition(request);
    let first = put(&world, request("b/one")).unwrap();
    put(&world, request("a/two")).unwrap();
    let token = Some("t".repeat(36));
    let with_token = || PutQueryDefinition { client_token: token.clone(), ..request("b/three") };
    let third = put(&world, with_token()).unwrap();
    assert_eq!(put(&world, with_token()).unwrap(), third, "the same token makes no other");
    let changed = PutQueryDefinition {
        query_definition_id: Some(first.clone()),
        log_group_names: Vec::new(),
        ..request("b/one again")
    };
    assert!(!format!("{changed:?}").contains("canary"));
    assert_eq!(put(&world, changed).unwrap(), first);
    drop(world);
    let world = open();
    let page = |request: DescribeQueryDefinitions| {
        let page = world.engine.describe_query_definitions(&request).unwrap();
        assert!(!format!("{page:?}").contains("canary"));
        let names: Vec<_> = page.query_definitions.iter().map(|it| it.name.clone()).collect();
        (names, page.next_token)
    };
    let request_page = |max_results, next_token| DescribeQueryDefinitions {
        max_results,
        next_token,
        ..Default::default()
    };
    let (names, next_token) = page(request_page(Some(2), None));
    assert_eq!(names, ["a/two", "b/one again"]);
    assert_eq!(page(request_page(Some(2), next_token)).0, ["b/three"]);
    let prefix = Some("b/".to_owned());
    let of_prefix =
        DescribeQueryDefinitions { query_definition_name_prefix: prefix, ..Default::default() };
    assert_eq!(page(of_prefix).0, ["b/one again", "b/three"]);
    world.engine.delete_query_definition(&first).unwrap();
    let gone = world.engine.delete_query_definition(&first).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::ResourceNotFound);
    let unknown = PutQueryDefinition { query_definition_id: Some(first), ..request("x") };
    assert_eq!(put(&world, unknown).unwrap_err().kind(), ErrorKind::ResourceNotFound);
    let parameter = |name: &str| QueryParameter {
        name: name.to_owned(),
        default_value: None,
        description: None,
    };
    for wrong in [
        PutQueryDefinition { name: String::new(), ..request("x") },
        PutQueryDefinition { name: "é".repeat(256), ..request("x") },
        PutQueryDefinition { query_string: String::new(), ..request("x") },
        PutQueryDefinition { query_string: "é".repeat(10_001), ..request("x") },
        PutQueryDefinition { parameters: vec![parameter("1a")], ..request("x") },
        PutQueryDefinition { parameters: vec![parameter("a"); 21], ..request("x") },
    ] {
        assert_eq!(put(&world, wrong).unwrap_err().kind(), ErrorKind::InvalidParameter);
    }
}

/// A generated event: what the slow evaluation knows of it.
#[derive(Clone)]
struct Known {
    level: &'static str,
    user: Option<&'static str>,
    ms: i64,
}

type Test = Box<dyn Fn(&Known) -> bool>;

/// A condition as text, and what it means.
fn condition(random: &mut Random, depth: usize) -> (String, Test) {
    if depth > 0 && random.below(2) == 0 {
        let (one, holds) = condition(random, depth - 1);
        let (other, holds_other) = condition(random, depth - 1);
        return match random.below(3) {
            0 => {
                (format!("({one}) and ({other})"), Box::new(move |it| holds(it) && holds_other(it)))
            }
            1 => {
                (format!("({one}) or ({other})"), Box::new(move |it| holds(it) || holds_other(it)))
            }
            _ => (format!("not ({one})"), Box::new(move |it| !holds(it))),
        };
    }
    let number = random.below(100) as i64;
    match random.below(7) {
        0 => (format!("ms > {number}"), Box::new(move |it| it.ms > number)),
        1 => (format!("ms <= {number}"), Box::new(move |it| it.ms <= number)),
        2 => ("level in ['ERROR', 'WARN']".to_owned(), Box::new(|it| it.level != "INFO")),
        3 => ("user = 'ann'".to_owned(), Box::new(|it| it.user == Some("ann"))),
        4 => ("user != 'ann'".to_owned(), Box::new(|it| it.user.is_some_and(|it| it != "ann"))),
        5 => ("level like /^[EW]/".to_owned(), Box::new(|it| it.level != "INFO")),
        _ => (
            format!("ms % 10 = {} or not ispresent(user)", number % 10),
            Box::new(move |it| it.ms % 10 == number % 10 || it.user.is_none()),
        ),
    }
}

#[test]
fn generated_queries_agree_with_a_slow_evaluation() {
    let seed = 0x9e_57_a7;
    let mut random = Random::new(seed);
    let world = world_with("/app", "s");
    let mut known = Vec::new();
    for _ in 0..300 {
        let level = ["INFO", "ERROR", "WARN"][random.below(3)];
        let user = [None, Some("ann"), Some("bob"), Some("eve")][random.below(4)];
        known.push(Known { level, user, ms: random.below(100) as i64 });
    }
    let text = |it: &Known| {
        let user = it.user.map_or(String::new(), |user| format!(",\"user\":\"{user}\""));
        format!("{{\"level\":\"{}\",\"ms\":{}{user}}}", it.level, it.ms)
    };
    put_minutes(&world, &known.iter().map(text).collect::<Vec<_>>());
    for round in 0..150 {
        let (filter, holds) = condition(&mut random, 3);
        let said = || format!("seed {seed}, round {round}: {filter}");
        let kept: Vec<_> = known.iter().filter(|it| holds(it)).collect();
        let result = run(&world, start(&format!("filter {filter} | fields @message | limit 1000")));
        let found: Vec<_> = rows(&result).into_iter().map(|mut row| row.remove(0).1).collect();
        let expected: Vec<_> = kept.iter().rev().map(|it| text(it)).collect();
        assert_eq!(found, expected, "{}", said());
        assert_eq!(result.statistics.records_matched, kept.len() as u64, "{}", said());
        let stats = "stats count(*) as n, sum(ms) as s, min(ms) as lo, max(ms) as hi, pct(ms, 90) \
                     as p, count_distinct(user) as u by level | sort level";
        let found = rows(&run(&world, start(&format!("filter {filter} | {stats}"))));
        assert_eq!(found, slow_stats(&kept), "{}", said());
    }
}

fn slow_stats(events: &[&Known]) -> Vec<Vec<(String, String)>> {
    let mut groups: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
    events.iter().for_each(|it| groups.entry(it.level).or_default().push(it));
    let row = |(level, events): (&str, Vec<&Known>)| {
        let mut all: Vec<_> = events.iter().map(|it| it.ms).collect();
        all.sort_unstable();
        let mut users: Vec<_> = events.iter().filter_map(|it| it.user).collect();
        users.sort_unstable();
        users.dedup();
        let below = |value: i64| all.iter().filter(|it| **it <= value).count() * 100;
        let pct = all.iter().find(|value| below(**value) >= 90 * all.len()).unwrap();
        let numbers = [
            ("n", all.len() as i64),
            ("s", all.iter().sum()),
            ("lo", all[0]),
            ("hi", all[all.len() - 1]),
            ("p", *pct),
            ("u", users.len() as i64),
        ];
        let numbers = numbers.map(|(name, value)| (name.to_owned(), value.to_string()));
        [("level".to_owned(), level.to_owned())].into_iter().chain(numbers).collect()
    };
    groups.into_iter().map(row).collect()
}
