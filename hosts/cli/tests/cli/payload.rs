//! `payload`.

use serde_json::{Value, json};

use crate::support::{BEGIN, BODY, CANARY, example, file, path, run};

#[test]
fn payloads_are_made_and_read() {
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n";
    let log = format!("INFO up\r\n\nERROR ssn 536-22-8145\n{key}");
    let group = ["--log-group", "/app", "--log-stream", "s1", "--filter-name", "f"];
    let encode = |args: &[&str]| run(&[&["payload", "encode"], &group[..], args].concat(), &log);
    let all = encode(&[]);
    assert_eq!((all.code, all.err.as_str(), all.out.lines().count()), (0, "", 1));
    assert!(all.out.starts_with("H4sI"), "base64 of gzip");
    let decoded = run(&["payload", "decode"], &all.out);
    let payload: Value = serde_json::from_str(&decoded.out).expect("JSON");
    assert_eq!(payload["messageType"], "DATA_MESSAGE");
    assert_eq!((&payload["logGroup"], &payload["logStream"]), (&json!("/app"), &json!("s1")));
    assert_eq!(payload["subscriptionFilters"], json!(["f"]));
    let events = payload["logEvents"].as_array().expect("a list");
    let messages: Vec<_> = events.iter().map(|it| it["message"].as_str().expect("text")).collect();
    assert_eq!(messages[..2], ["INFO up", "ERROR ssn ***********"]);
    assert!(messages.len() == 4 && messages[2..].iter().all(|it| it.trim_matches('*').is_empty()));

    let (account, own) = (example("account-policy.json"), example("log-group-policy.json"));
    let filtered = encode(&["-p", &account, "-p", &own, "--pattern", "ERROR"]);
    let lambda = json!({"awslogs": {"data": filtered.out.trim()}}).to_string();
    let decoded = run(&["payload", "decode", "-"], lambda).out;
    assert!(decoded.contains("ERROR ssn ***") && !decoded.contains("INFO"));
    // The pattern sees masked text: it cannot be used to ask for a value.
    assert_eq!(encode(&["-i", "Ssn-US", "--pattern", "\"536-22-8145\""]).out, "");

    // A line that can be no event is left out, and the key goes on behind it.
    let long = "x".repeat(1024 * 1024);
    let log = format!("{BEGIN}\n{long}\n{BODY}\nlast\r");
    let ran = run(&["payload", "encode"], log);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "logveil: error: line 2 is larger than an event may be; it was left out\n");
    let decoded = run(&["payload", "decode"], ran.out.lines().next().expect("a payload")).out;
    assert!(decoded.contains("***") && !decoded.contains(BODY));

    // The stream is called like the file, as far as a stream can be.
    let named = file("web:1*.log", "INFO up\n");
    for (args, stream) in [(&[path(&named)][..], "web_1_.log"), (&[], "stdin"), (&["-"], "stdin")] {
        let made = run(&[&["payload", "encode"], args].concat(), "INFO up\n").out;
        let payload: Value =
            serde_json::from_str(&run(&["payload", "decode"], made).out).expect("JSON");
        assert_eq!(payload["logStream"], stream);
    }

    assert_eq!(encode(&["--log-group", "a b"]).code, 2);
    assert_eq!(encode(&["-p", &own, "-p", &own, "-p", &own]).code, 2);
    for bad in [CANARY, "{\"kanarienvogel\": 1}", "", "H4sIkanarienvogel"] {
        let ran = run(&["payload", "decode"], bad);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    }
}
