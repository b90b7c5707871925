//! Values in every text of every operation: none comes back in an error that may not, and no log
//! line holds any.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::requests::{NEVER, Place, places, shape};
use crate::support::{Running, call, head, read_reply};

const CANARY: &str = "canary-4539148803436467";

/// What is logged, of all tests of this program that run meanwhile.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The canary as a text of each kind that operations read: plain, JSON, a pattern, a query.
fn texts() -> [Value; 8] {
    [
        json!(CANARY),
        json!(format!("{{ $.{CANARY} = }}")),
        json!(format!("fields @message | {CANARY} ||| '{CANARY}")),
        json!(format!("{{\"Statement\":\"{CANARY}\",\"{CANARY}\":1}}")),
        json!(format!("%{CANARY}(%")),
        json!(format!("arn:aws:logs:us-east-1:123456789012:{CANARY}*:")),
        json!(format!("[{CANARY}, {CANARY}=, ...")),
        json!(format!("{CANARY}{}", "x".repeat(60_000))),
    ]
}

#[test]
fn no_error_and_no_log_line_holds_a_value() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("this program has one subscriber");
    let running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/a"}));
    running.done("CreateLogStream", &json!({"logGroupName": "/a", "logStreamName": "s"}));
    let mut stream = running.connect();
    let (mut sent, mut refused) = (0, 0);
    for place in places() {
        if shape(&place.shape)["type"] != "string" || shape(&place.shape)["enum"].is_array() {
            continue;
        }
        for text in texts() {
            let (status, answer) = call(&mut stream, &place.operation, &request(&place, &text));
            sent += 1;
            assert_ne!(status, 500, "{place:?}: {answer}");
            if status >= 400 {
                refused += 1;
                let quotes = answer.to_string().contains(CANARY);
                assert!(!quotes || !NEVER.contains(&place.member()), "{place:?}: {answer}");
            }
        }
    }
    assert!(sent > 1_000 && refused > sent / 2, "{refused} of {sent} refused");
    // A body that is no JSON, and an operation and a path that are none.
    for request in [
        format!("{}Content-Length: 30\r\n\r\n{{\"message\":\"{CANARY}", head("PutLogEvents")),
        format!("{}Content-Length: 2\r\n\r\n{{}}", head(CANARY)),
        format!("GET /{CANARY}?{CANARY} HTTP/1.1\r\nHost: {CANARY}\r\n\r\n"),
    ] {
        let mut stream = running.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let reply = read_reply(&mut stream).expect("an answer");
        assert!(!String::from_utf8_lossy(&reply.body).contains(CANARY));
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("answered") && log.contains("PutDataProtectionPolicy"), "it is logged");
    assert!(!log.contains("4539148803436467"), "a log line holds a value");
}

/// The least request with the text in its place, on things that are there as far as they are named.
fn request(place: &Place, text: &Value) -> Value {
    let mut request = place.request(text);
    let members = request.as_object_mut().expect("a structure");
    let known = [
        ("logGroupName", "/a"),
        ("logGroupIdentifier", "/a"),
        ("logStreamName", "s"),
        ("policyType", "DATA_PROTECTION_POLICY"),
    ];
    for (name, value) in known {
        if place.member() != name && members.contains_key(name) {
            members.insert(name.to_owned(), json!(value));
        }
    }
    request
}
