//! `subscribe` and `deliver`: what goes to a directory and to stdout.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{CANARY, folder, path, run};

const STREAM: &str = "arn:aws:kinesis:us-east-1:123456789012:stream/s";

/// A store with a filter for `ssn`, and lines of which it selects two.
fn store(name: &str) -> String {
    let data = path(&folder().join(name)).to_owned();
    let policy = run(&["policy", "template", "-i", "Ssn-US"], "").out;
    let done = |args: &[&str], stdin: &str| {
        let ran = run(&[args, &["--data", &data]].concat(), stdin);
        assert_eq!(ran.code, 0, "{}", ran.err);
    };
    done(&["policy", "put", "--account", "-", "--no-originals"], &policy);
    let filter = ["-g", "/app", "-n", "some", "-p", "ssn", "--to", STREAM, "--no-originals"];
    done(&[&["subscribe", "put"][..], &filter].concat(), "");
    let lines = format!("ssn 536-22-8145\nplain {CANARY}\nssn is 536-22-8145 \"x\"\n");
    done(&["ingest", "-g", "/app", "-s", "web", "--no-originals"], &lines);
    data
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(fs::read(path).unwrap()) }
    }
    found
}

#[test]
fn what_waits_goes_to_stdout_once_as_json() {
    let data = store("to-stdout");
    let ran = run(&["deliver", "--data", &data, "--to", "-"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<Value> = ran.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["kind"], &lines[1]["kind"]), (&"control".into(), &"data".into()));
    assert_eq!((&lines[1]["destinationArn"], &lines[1]["name"]), (&STREAM.into(), &"some".into()));
    let events = lines[1]["payload"]["logEvents"].as_array().unwrap();
    let messages: Vec<_> = events.iter().map(|event| event["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["ssn ***********", "ssn is *********** \"x\""]);
    assert!(!ran.out.contains(CANARY) && !ran.out.contains("536-22"));
    let again = run(&["deliver", "--data", &data, "--to", "-", "--quiet"], "");
    assert_eq!((again.code, again.out.as_str(), again.err.as_str()), (0, "", ""));
}

#[test]
fn what_waits_goes_to_a_directory_and_what_cannot_is_kept() {
    let data = store("to-files");
    let blocked = crate::support::file("blocked", "a file where the directory should be");
    let kept = run(&["deliver", "--data", &data, "--to", path(&blocked)], "");
    assert_eq!(kept.code, 1, "{}", kept.err);
    let to = folder().join("delivered");
    let ran = run(&["deliver", "--data", &data, "--to", path(&to)], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let decoded = files(&to).into_iter().map(|it| run(&["payload", "decode"], it).out);
    let text: String = decoded.collect();
    assert!(text.contains("ssn is ***********") && text.contains("CONTROL_MESSAGE"));
    assert!(!text.contains(CANARY));
}

#[test]
fn filters_are_listed_and_removed() {
    let data = store("filters");
    let list = |group| run(&["subscribe", "list", "--data", &data, "-g", group], "");
    let filter: Value = serde_json::from_str(&list("/app").out).unwrap();
    assert_eq!((&filter["filterName"], &filter["filterPattern"]), (&"some".into(), &"ssn".into()));
    assert_eq!(filter["roleArn"], "arn:aws:iam::123456789012:role/logveil");
    let gone = run(&["subscribe", "delete", "--data", &data, "-g", "/app", "-n", "some"], "");
    assert_eq!(gone.code, 0, "{}", gone.err);
    assert_eq!(list("/app").out, "");
    assert_eq!(list("/none").code, 2);
    assert_eq!(run(&["deliver", "--data", &data, "--to", "-"], "").out, "");
}

#[test]
fn a_directory_remembers_whose_logs_it_holds() {
    let data = path(&folder().join("home")).to_owned();
    let lambda = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let put = |home: &[&str]| {
        let args = ["subscribe", "put", "--data", &data, "-g", "/app", "-n", "f", "--to", lambda];
        run(&[&args[..], &["--no-originals"], home].concat(), "")
    };
    assert_eq!(put(&["--home", "111122223333/eu-west-1"]).code, 0);
    assert_eq!(put(&[]).code, 0, "it is remembered");
    assert_eq!(put(&["--home", "999999999999/eu-west-1"]).code, 2);
    assert_eq!(put(&["--home", "nonsense"]).code, 2);
}

#[cfg(not(feature = "aws"))]
#[test]
fn without_the_sdk_aws_is_refused_with_what_to_do() {
    let data = store("no-sdk");
    let ran = run(&["deliver", "--data", &data, "--to", "aws"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--features aws"), "{}", ran.err);
}
