//! Thousands of requests that are wrong in every way: each gets an error of its own, none harms.
//! A program of its own, so that the memory is that of this test.

// Figures and seeds are for whoever reads the test's output.
#![allow(clippy::print_stdout)]

#[path = "../http/support.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::io::Write as _;
use std::net::Shutdown;

use serde_json::{Value, json};

use logveil_corpora::Random;

use support::{Running, head, read_reply, resident_bytes};

/// What must never come back.
const CANARY: &str = "CANARY-536-22-8145";

/// Requests of a run: 10,000, or `LOGVEIL_MALFORMED`.
fn requests() -> usize {
    let chosen = std::env::var("LOGVEIL_MALFORMED").ok().and_then(|count| count.parse().ok());
    chosen.unwrap_or(10_000)
}

const OPERATIONS: [&str; 6] = [
    "PutLogEvents",
    "GetLogEvents",
    "FilterLogEvents",
    "PutDataProtectionPolicy",
    "PutSubscriptionFilter",
    "DescribeLogGroups",
];

fn good(operation: &str) -> Value {
    match operation {
        "PutLogEvents" => json!({"logGroupName": "/a", "logStreamName": "s",
            "logEvents": [{"timestamp": 1, "message": CANARY}]}),
        "GetLogEvents" => json!({"logGroupName": "/a", "logStreamName": "s", "limit": 5}),
        "FilterLogEvents" => json!({"logGroupName": "/a", "filterPattern": CANARY}),
        "PutDataProtectionPolicy" => json!({"logGroupIdentifier": "/a", "policyDocument": CANARY}),
        "PutSubscriptionFilter" => json!({"logGroupName": "/a", "filterName": "f",
            "filterPattern": CANARY, "destinationArn": "arn:aws:lambda:us-east-1:123456789012:x"}),
        _ => json!({"limit": 3}),
    }
}

/// A value of another type than any.
fn odd(random: &mut Random) -> Value {
    let odds = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!([]),
        json!({}),
        json!([[[[1]]]]),
        json!(CANARY),
        json!({ "message": CANARY }),
        json!(9_007_199_254_740_993_u64),
    ];
    odds[random.below(odds.len())].clone()
}

/// A wrong request: its bytes, and whether the sender then says that nothing follows.
fn wrong(random: &mut Random) -> (Vec<u8>, bool) {
    let operation = OPERATIONS[random.below(OPERATIONS.len())];
    let whole = |head: String, body: &[u8]| {
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), length.as_bytes(), body].concat()
    };
    let body = good(operation).to_string().into_bytes();
    match random.below(12) {
        // Another type somewhere.
        0 | 1 => {
            let mut input = good(operation);
            let members = input.as_object_mut().expect("an object");
            let names: Vec<String> = members.keys().cloned().collect();
            members.insert(names[random.below(names.len())].clone(), odd(random));
            (whole(head(operation), input.to_string().as_bytes()), false)
        }
        // A byte changed, or cut off.
        2 => {
            let mut body = body;
            let at = random.below(body.len());
            body[at] ^= 1 << random.below(8);
            (whole(head(operation), &body), false)
        }
        3 => (whole(head(operation), &body[..random.below(body.len())]), false),
        // The length is not that of the body.
        4 => {
            let head = format!("{}Content-Length: {}\r\n\r\n", head(operation), body.len() + 9);
            ([head.as_bytes(), &body].concat(), true)
        }
        5 => (format!("{}Content-Length: -1\r\n\r\n", head(operation)).into_bytes(), true),
        // It says gzip and is not, or an encoding that there is not.
        6 => (whole(format!("{}Content-Encoding: gzip\r\n", head(operation)), &body), false),
        7 => (whole(format!("{}Content-Encoding: br\r\n", head(operation)), &body), false),
        // An operation that is none.
        8 => (whole(head(CANARY), &body), false),
        // Deep, and not UTF-8.
        9 => (whole(head(operation), &[b"{\"a\":".as_slice(), &[b'['; 50_000]].concat()), false),
        10 => (whole(head(operation), &[b"{\"x\":\"\xff\xfe", CANARY.as_bytes()].concat()), false),
        // No HTTP at all.
        _ => {
            let length = 1 + random.below(200);
            let noise: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
            (noise, true)
        }
    }
}

#[test]
fn malformed_requests_are_refused_and_leave_no_trace() {
    let mut random = seeded("malformed");
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/a"}));
    running.done("CreateLogStream", &json!({"logGroupName": "/a", "logStreamName": "s"}));
    let mut refused = 0;
    let (mut before, requests) = (None, requests());
    for number in 0..requests {
        if number == requests / 4 {
            before = Some(resident_bytes());
        }
        let (request, ends) = wrong(&mut random);
        let mut stream = running.connect();
        // The server may have refused it before all was sent.
        let sent = stream.write_all(&request);
        if ends {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let Some(reply) = read_reply(&mut stream) else {
            assert!(ends || sent.is_err(), "request {number} was not answered");
            continue;
        };
        assert!(reply.status < 500, "request {number}: {}", reply.status);
        refused += usize::from(reply.status >= 400);
        let body = String::from_utf8_lossy(&reply.body);
        assert!(!body.contains(CANARY) && !reply.head.contains("canary"), "request {number}");
        if reply.status >= 400 && reply.head.contains("x-amz-json") {
            let answer: Value = serde_json::from_slice(&reply.body).expect("JSON");
            assert!(answer["__type"].is_string() && answer["message"].is_string());
        }
    }
    assert!(refused > requests / 2, "{refused} of {requests} refused");
    running.done("DescribeLogGroups", &json!({}));
    let grown = resident_bytes().saturating_sub(before.expect("a quarter was sent"));
    println!("{refused} of {requests} refused; memory grew by {} KiB", grown / 1024);
    assert!(grown < 64 * 1024 * 1024, "memory grew by {grown} bytes");
}

/// A seed of `LOGVEIL_SEED`, or of the clock; printed, so that a failure can be repeated.
fn seeded(what: &str) -> Random {
    let chosen = std::env::var("LOGVEIL_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |it| it.as_nanos() as u64);
    let seed = chosen.unwrap_or(now);
    println!("{what}: LOGVEIL_SEED={seed}");
    Random::new(seed)
}
