//! `ingest`, `read` and `policy`: a store on disk.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{BEGIN, BODY, CANARY, END, Ran, file, folder, path, run, start};

struct Store {
    data: PathBuf,
    key: PathBuf,
}

impl Store {
    fn new(name: &str) -> Self {
        let folder = folder().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { data: folder.join("data"), key: folder.join("key") }
    }

    #[track_caller]
    fn run(&self, args: &[&str], stdin: &str) -> Ran {
        let ran = run(&[args, &["--data", path(&self.data)]].concat(), stdin);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran
    }

    /// Protects the account and ingests lines, with originals.
    #[track_caller]
    fn with(name: &str, lines: &str) -> Self {
        let store = Self::new(name);
        let policy = run(&["policy", "template", "-i", "Ssn-US,OpenSshPrivateKey"], "").out;
        store.run(&["policy", "put", "--account", "-", "--no-originals"], &policy);
        store.ingest(&[], lines);
        store
    }

    #[track_caller]
    fn ingest(&self, more: &[&str], lines: &str) -> Ran {
        let args = ["ingest", "-g", "/app", "-s", "web", "--key-file", path(&self.key)];
        self.run(&[&args, more].concat(), lines)
    }

    #[track_caller]
    fn read(&self, more: &[&str]) -> String {
        self.run(&[&["read", "-g", "/app"], more].concat(), "").out
    }
}

#[test]
fn lines_are_kept_masked_and_read_back() {
    let store = Store::with("kept", "ssn 536-22-8145\nplain\n\nlast");
    assert_eq!(store.read(&[]), "ssn ***********\nplain\nlast\n");
    assert_eq!(store.read(&["--filter", "ssn"]), "ssn ***********\n");
    let key = path(&store.key);
    let unmasked = store.read(&["--unmask", "--key-file", key]);
    assert_eq!(unmasked, "ssn 536-22-8145\nplain\nlast\n");
    assert_eq!(store.read(&["--since", "1h", "--until", "30m"]), "");
    assert_eq!(store.read(&["--since", "1h", "--stream", "web"]).lines().count(), 3);
    let json = store.read(&["--json"]);
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[1]["message"], "plain");
    assert_eq!(events[1]["logStreamName"], "web");
    assert!(events[1]["timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(events[1]["eventId"].as_str().unwrap().len(), 56);
    let refused = run(&["read", "-g", "/app", "--unmask", "--data", path(&store.data)], "");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--key-file"), "{}", refused.err);
    let missing = run(&["read", "-g", "/none", "--data", path(&store.data)], "");
    assert_eq!(missing.code, 2);
    let none = store.data.join("none");
    for args in [
        &["read", "-g", "/app"][..],
        &["policy", "get", "--account"],
        &["policy", "delete", "-g", "/app"],
        &["subscribe", "list", "-g", "/app"],
        &["subscribe", "delete", "-g", "/app", "-n", "f"],
        &["deliver", "--to", "-"],
    ] {
        let nothing = run(&[args, &["--data", path(&none)]].concat(), "");
        assert_eq!(nothing.code, 2);
        assert!(nothing.err.contains("holds no events"), "{}", nothing.err);
        assert!(!none.exists(), "{args:?}: reading makes nothing");
    }
}

#[test]
fn acks_count_batches_and_events_that_are_safe() {
    let store = Store::with("acks", "first");
    let lines: String = (0..25_000).map(|number| format!("line {number}\n")).collect();
    let input = file("acks.log", &lines);
    let ran = store.ingest(&["--acks", path(&input)], "");
    let acks: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut batch, mut total) = (0, 0);
    for ack in &acks {
        batch += 1;
        let events = ack["events"].as_u64().unwrap();
        assert!((1..=10_000).contains(&events), "10,000 a batch");
        total += events;
        assert_eq!((ack["batch"].as_u64(), ack["total"].as_u64()), (Some(batch), Some(total)));
    }
    assert_eq!(total, 25_000);
    // Three where the disk is the slower one, more where the reading is.
    assert!(acks.len() >= 3);
    let said = format!("kept 25000 events in {} writes", acks.len());
    assert!(ran.err.contains(&said), "{}", ran.err);
    assert_eq!(store.read(&[]).lines().count(), 25_001);
    assert!(store.read(&[]).ends_with("line 24999\n"), "in order");
    assert_eq!(store.ingest(&["--quiet", path(&input)], "").err, "");
}

#[test]
fn what_comes_later_is_followed_and_whoever_writes_is_not_held_up() {
    let store = Store::with("followed", "first");
    let follow = ["read", "-g", "/app", "--follow", "--data", path(&store.data)];
    let mut reader = start(&follow);
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert_eq!(next(), "first");
    for text in ["second", "ssn ***********"] {
        // Just now the reader may have it open; it closes it when it has read, and leaves it alone.
        let args = ["ingest", "-g", "/app", "-s", "other", "--no-originals", "-q"];
        let args = [&args[..], &["--data", path(&store.data)]].concat();
        loop {
            let ran = run(&args, text.replace("***********", "536-22-8145"));
            if ran.code == 0 {
                break;
            }
            assert!(ran.err.contains("in use"), "{}", ran.err);
        }
        assert_eq!(next(), text);
    }
    reader.kill().unwrap();
    reader.wait().unwrap();
    // Another program has it for long: the reader says so, and reads when it is done.
    let args = ["ingest", "-g", "/app", "-s", "w", "--acks", "--data", path(&store.data)];
    let mut writer = start(&args);
    let mut to = writer.stdin.take().unwrap();
    writeln!(to, "third").unwrap();
    BufReader::new(writer.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let mut reader = start(&follow);
    let mut said = BufReader::new(reader.stderr.take().unwrap()).lines();
    let said = said.next().unwrap().unwrap();
    assert!(said.contains(&format!("in use by process {}", writer.id())), "{said}");
    drop(to);
    assert!(writer.wait().unwrap().success());
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines().map(Result::unwrap);
    let all: Vec<String> = lines.by_ref().take(4).collect();
    assert_eq!(all, ["first", "second", "ssn ***********", "third"]);
    reader.kill().unwrap();
    reader.wait().unwrap();
}

#[test]
fn a_key_over_lines_is_one_event() {
    let key = format!("{BEGIN}\n{BODY}\n{BODY}\n{END}\n");
    let store = Store::with(
        "keys",
        &format!("before\n{key}after\n{BEGIN}\n{BODY}\nat 07:15, cut short!\n"),
    );
    let events: Vec<Value> =
        store.read(&["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<&str> = events.iter().map(|event| event["message"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 4, "a key without an end goes on, as long as one may: {texts:?}");
    assert_eq!((texts[0], texts[2]), ("before", "after"));
    assert!(!store.read(&[]).contains(BODY));
    let shown = store.read(&["--unmask", "--key-file", path(&store.key)]);
    assert!(shown.contains(&key), "the original has its lines");
}

#[test]
fn events_have_the_time_of_a_field() {
    let store = Store::with("times", "");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = now.as_millis() as i64;
    let line = |at: i64, text: &str| format!("{{\"ts\": {at}, \"text\": \"{text}\"}}\n");
    let day = 24 * 60 * 60 * 1000;
    let lines = [
        line(now - 1, "second"),
        line(now - 5 * day, "first"),
        line(now - 15 * day, "too old"),
        "no time\n".to_owned(),
        line(now + 3 * day, "too new"),
    ];
    let ran = store.ingest(&["--time", "ts"], &lines.concat());
    let texts = store.read(&[]);
    let order: Vec<_> = ["first", "second", "no time"].map(|text| texts.find(text)).into();
    assert!(order.is_sorted() && order[0].is_some(), "{texts}");
    assert_eq!(texts.lines().count(), 3);
    for what in ["1 event older", "1 event more than two hours", "1 event without a time"] {
        assert!(ran.err.contains(what), "{}", ran.err);
    }
}

#[test]
fn keys_are_made_once_and_their_absence_is_said() {
    let store = Store::new("said");
    let first = store.ingest(&[], "x\n");
    assert!(first.err.contains("made "), "{}", first.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&store.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!store.ingest(&[], "y\n").err.contains("made "));
    let args = ["ingest", "-g", "/app", "-s", "web"];
    assert!(store.run(&args, "x\n").err.contains("warning: what is masked is discarded"));
    let silent = store.run(&[&args[..], &["--no-originals", "--quiet"]].concat(), "x\n");
    assert_eq!(silent.err, "");
}

#[test]
fn policies_are_put_printed_and_removed() {
    let store = Store::with("policies", &format!("ssn 536-22-8145 {CANARY}\n"));
    let template = run(&["policy", "template", "-i", "Ssn-US,OpenSshPrivateKey"], "").out;
    assert_eq!(store.run(&["policy", "get", "--account"], "").out, template);
    let data = path(&store.data);
    let none = run(&["policy", "get", "--group", "/app", "--data", data], "");
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    let own = file("own.json", run(&["policy", "template", "-i", "EmailAddress"], "").out);
    store.run(&["policy", "put", "--group", "/new", path(&own), "--no-originals"], "");
    store.run(&["ingest", "-g", "/new", "-s", "s", "--no-originals"], "a@b.org ssn 536-22-8145\n");
    assert_eq!(store.run(&["read", "-g", "/new"], "").out, "******* ssn ***********\n");
    store.run(&["policy", "delete", "--account"], "");
    store.run(&["ingest", "-g", "/new", "-s", "s", "--no-originals"], "to c@d.org 78-05-1120\n");
    let texts = store.run(&["read", "-g", "/new"], "").out;
    assert_eq!(texts, "******* ssn ***********\nto ******* 78-05-1120\n");
    assert_eq!(run(&["policy", "delete", "--account", "--data", data], "").code, 2);
    let bad = run(&["policy", "put", "--account", "-", "--data", data], "{\"Statement\": []}");
    assert_eq!(bad.code, 2);
    let both = run(&["policy", "get", "--account", "--group", "/app", "--data", data], "");
    assert_eq!(both.code, 2);
}
