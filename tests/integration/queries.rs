//! Queries of Logs Insights: cases through the engine, faults with their places, originals and who
//! may see them, bounds.

use std::collections::BTreeMap;

use logveil::{
    ErrorKind, GetLogRecord, GetQueryResults, GetQueryResultsResult, Principal, PutLogEvents,
    Query, QueryStatus, StartQuery, UnmaskGrant,
};
use serde::Deserialize;

use crate::support::cases;
use crate::support::world::{Allow, NOW, World, event, group, stream, world_with};

#[derive(Deserialize)]
struct File {
    sets: BTreeMap<String, Vec<String>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// Why it is so.
    reason: String,
    set: String,
    query: String,
    /// Names and values, without `@ptr`.
    rows: Vec<Vec<(String, String)>>,
}

#[derive(Deserialize)]
struct Fault {
    reason: String,
    query: String,
    /// The offending character, counted from 0.
    at: usize,
}

/// Puts messages a minute apart, the last one now.
pub fn put_minutes(world: &World, messages: &[impl AsRef<str>]) {
    let first = NOW - 60_000 * (messages.len() as i64 - 1);
    let events = messages.iter().zip(0..);
    let log_events = events.map(|(text, at)| event(first + at * 60_000, text.as_ref())).collect();
    let (log_group_name, log_stream_name) = (group("/app"), stream("s"));
    let request = PutLogEvents { log_group_name, log_stream_name, log_events };
    world.engine.put_log_events(request).unwrap();
}

/// A query of `/app` over the last day.
pub fn start<'a>(query: &str) -> StartQuery<'a> {
    let query = Query::parse(query).unwrap_or_else(|error| panic!("{error}: {query}"));
    StartQuery::new(group("/app"), query, (NOW / 1000 - 86_400, NOW / 1000))
}

pub fn run(world: &World, request: StartQuery<'_>) -> GetQueryResultsResult {
    let unmask = request.unmask.clone();
    let id = world.engine.start_query(request).unwrap();
    let request = GetQueryResults { unmask, ..GetQueryResults::new(id) };
    world.engine.get_query_results(&request).unwrap()
}

/// The rows without `@ptr`.
pub fn rows(result: &GetQueryResultsResult) -> Vec<Vec<(String, String)>> {
    let field = |field: &logveil::ResultField| (field.field.clone(), field.value().to_owned());
    let row = |row: &Vec<logveil::ResultField>| {
        row.iter().filter(|field| field.field != "@ptr").map(field).collect()
    };
    result.results.iter().map(row).collect()
}

pub fn grant(world: &World) -> UnmaskGrant {
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned();
    let allow = Allow("ann", arn);
    world.engine.authorize_unmask(&allow, Principal::new("ann"), &group("/app")).unwrap()
}

#[test]
fn queries_answer_what_the_cases_say() {
    let file: File = cases("query.json");
    assert!(file.cases.len() >= 200);
    let mut worlds: BTreeMap<&str, World> = BTreeMap::new();
    for (name, messages) in &file.sets {
        let world = world_with("/app", "s");
        put_minutes(&world, messages);
        worlds.insert(name, world);
    }
    let mut wrong = Vec::new();
    for Case { name, reason, set, query, rows: expected } in &file.cases {
        let result = run(&worlds[set.as_str()], start(query));
        let found = rows(&result);
        if result.status != QueryStatus::Complete || found != *expected {
            wrong.push(format!("{name} ({reason}): {query}\n  {found:?}\n  {expected:?}"));
        }
        let scanned = file.sets[set].len() as u64;
        assert_eq!(result.statistics.records_scanned, scanned, "{name}");
        assert_eq!(result.statistics.result_count, found.len() as u64, "{name}");
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn rows_of_events_have_a_pointer_and_others_have_none() {
    let world = world_with("/app", "s");
    put_minutes(&world, &["one", "two"]);
    let result = run(&world, start("fields 1 as a"));
    for (row, message) in result.results.iter().zip(["two", "one"]) {
        let [a, pointer] = &row[..] else { panic!("two fields") };
        assert_eq!((a.field.as_str(), pointer.field.as_str()), ("a", "@ptr"));
        let log_record_pointer = pointer.value().to_owned();
        let request = GetLogRecord { log_record_pointer, unmask: None };
        let record = world.engine.get_log_record(&request).unwrap();
        assert_eq!(record.message.reveal(), message);
    }
    let chosen = run(&world, start("fields @ptr, 1 as a | limit 1"));
    assert_eq!(chosen.results[0].len(), 2, "it is shown once");
    assert_eq!(chosen.results[0][0].value(), result.results[0][1].value());
    let grouped = run(&world, start("stats count(*) as c"));
    assert_eq!(grouped.results[0].len(), 1);
}

#[test]
fn faults_are_placed_at_their_character() {
    let faults = cases::<Vec<Fault>>("query-faults.json");
    assert!(faults.len() >= 80);
    let mut wrong = Vec::new();
    for Fault { reason, query, at } in faults {
        let Err(error) = Query::parse(&query) else {
            wrong.push(format!("{reason}: accepted: {query}"));
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::MalformedQuery, "{reason}");
        let place = error.place().unwrap_or_else(|| panic!("{reason}: no place"));
        assert_eq!(place.pointer, "/queryString");
        let before = &query[..place.start];
        let (offset, line) = (before.chars().count(), before.matches('\n').count() + 1);
        if offset != at {
            wrong.push(format!("{reason}: {offset}, not {at}: {query}\n  {error}"));
        }
        let said = format!(" at offset {offset} (line {line}) ");
        assert!(error.message().contains(&said), "{reason}: {error}");
        assert!(query[place.start..place.end].chars().count() <= 1, "{reason}");
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_error_quotes_the_query() {
    let faults = cases::<Vec<Fault>>("query-faults.json");
    for query in faults.iter().map(|fault| fault.query.replace('a', "canary")) {
        if let Err(error) = Query::parse(&query) {
            let said = format!("{error} {error:?}");
            assert!(!said.contains("canary"), "{query}");
        }
    }
    let error = Query::parse(&"é".repeat(10_001)).unwrap_err();
    assert_eq!(error.message(), "queryString has 10001 characters; at most 10000 are allowed");
    assert_eq!(error.kind(), ErrorKind::InvalidParameter);
}
