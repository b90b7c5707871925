//! Many connections at once: no error, nothing lost, against a model.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Running, call, resident_bytes};

const CONNECTIONS: usize = 64;

/// How long writers write: 20 seconds, or `LOGVEIL_LOAD_S`.
fn seconds() -> u64 {
    let chosen = std::env::var("LOGVEIL_LOAD_S").ok().and_then(|seconds| seconds.parse().ok());
    chosen.unwrap_or(20)
}

/// Batches of one connection in a second, at most: the number is bounded as well as the time.
const BATCHES_PER_S_MAX: u64 = 50;

#[test]
fn nothing_is_lost_under_load() {
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/load"}));
    let protection = logveil::DataProtectionPolicy::of(&["Ssn-US", "EmailAddress"]).unwrap();
    let policy = json!({"logGroupIdentifier": "/load", "policyDocument": protection.document()});
    running.done("PutDataProtectionPolicy", &policy);
    let until = Instant::now() + Duration::from_secs(seconds());
    let times = Mutex::new(Vec::new());
    let written = Mutex::new(HashMap::new());
    let memory = resident_bytes();
    std::thread::scope(|scope| {
        for writer in 0..CONNECTIONS {
            let (running, times, written) = (&running, &times, &written);
            scope.spawn(move || {
                let (count, mut own) = write(running, writer, until);
                times.lock().unwrap().append(&mut own);
                written.lock().unwrap().insert(writer, count);
            });
        }
    });
    let grown = resident_bytes().saturating_sub(memory);
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_micros();
    println!(
        "{} requests over {CONNECTIONS} connections in {} s: p50 {} us, p99 {} us, 0 errors; \
         memory grew by {} MiB",
        times.len(),
        seconds(),
        at(50),
        at(99),
        grown / 1024 / 1024
    );
    for (writer, count) in written.into_inner().unwrap() {
        let read = read_all(&running, writer);
        let expected: Vec<String> =
            (0..count).flat_map(|batch| texts(writer, batch, true)).collect();
        assert_eq!(read.len(), expected.len(), "events of connection {writer}");
        assert!(read == expected, "connection {writer} reads what it wrote, masked, in order");
    }
}

fn texts(writer: usize, batch: u64, masked: bool) -> Vec<String> {
    let ssn = if masked { "***********" } else { "536-22-8145" };
    (0..5).map(|event| format!("writer {writer} batch {batch} event {event} ssn {ssn}")).collect()
}

/// Writes until it is time; the batches that were acknowledged, and how long each took.
fn write(running: &Running, writer: usize, until: Instant) -> (u64, Vec<Duration>) {
    let (mut stream, stream_name) = (running.connect(), format!("s{writer}"));
    let place = json!({"logGroupName": "/load", "logStreamName": stream_name});
    assert_eq!(call(&mut stream, "CreateLogStream", &place).0, 200);
    let mut times = Vec::new();
    while Instant::now() < until && (times.len() as u64) < seconds() * BATCHES_PER_S_MAX {
        let now = running.world.now_ms();
        let event = |message| json!({"timestamp": now, "message": message});
        let texts = texts(writer, times.len() as u64, false);
        let events: Vec<Value> = texts.into_iter().map(event).collect();
        let batch =
            json!({"logGroupName": "/load", "logStreamName": stream_name, "logEvents": events});
        let started = Instant::now();
        let (status, answer) = call(&mut stream, "PutLogEvents", &batch);
        times.push(started.elapsed());
        assert_eq!(status, 200, "{answer}");
        assert!(answer.get("rejectedLogEventsInfo").is_none(), "{answer}");
    }
    (times.len() as u64, times)
}

fn read_all(running: &Running, writer: usize) -> Vec<String> {
    let (mut stream, mut token, mut found) = (running.connect(), Value::Null, Vec::new());
    loop {
        let page = json!({"logGroupName": "/load", "logStreamName": format!("s{writer}"),
            "startFromHead": true, "nextToken": token});
        let (status, answer) = call(&mut stream, "GetLogEvents", &page);
        assert_eq!(status, 200, "{answer}");
        let events = answer["events"].as_array().expect("events");
        found.extend(events.iter().map(|event| event["message"].as_str().unwrap().to_owned()));
        if answer["nextForwardToken"] == token {
            return found;
        }
        token = answer["nextForwardToken"].clone();
    }
}
