//! Keys and lines that are longer than what is held in memory.

use std::fs;

use serde_json::{Value, json};

use crate::support::{BEGIN, BODY, END, example, file, folder, masked, path, run};

/// A log of several blocks: all formats of the example, key blocks at every place of a block.
fn long_log(lines: &str, copies: usize) -> String {
    (0..copies).map(|i| format!("{}\n{lines}", "x".repeat(i * 37 % 900))).collect()
}

#[test]
fn threads_do_not_change_the_answer() {
    let example_log = fs::read_to_string(example("app.log")).expect("is there");
    let open_key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n";
    let log = long_log(&example_log, 120) + open_key + &long_log(&example_log, 40);
    assert!(log.len() > 2 * 256 * 1024);
    let input = file("threads.log", &log);
    for format in ["text", "ndjson"] {
        let mask = |threads: &str| {
            let findings = folder().join(format!("{threads}.ndjson"));
            let args = ["mask", "-i", "all", "-f", format, "-t", threads, "--findings"];
            let ran = run(&[&args[..], &[path(&findings), path(&input)]].concat(), "");
            assert_eq!(ran.code, 0);
            let findings = fs::read_to_string(&findings).expect("was written");
            let untimed =
                |line: &str| line.split_once(",\"resourceArn\"").map(|(_, it)| it.to_owned());
            let untimed: Option<Vec<_>> = findings.lines().map(untimed).collect();
            let counts = ran.err.split_once("; masked").map(|(_, counts)| counts.to_owned());
            (ran.out, untimed.expect("findings have an ARN"), counts.expect("a summary"))
        };
        let (one, four) = (mask("1"), mask("4"));
        assert!(one.0 == four.0, "{format}: the text differs");
        assert!(one.1 == four.1, "{format}: the findings differ");
        assert_eq!(one.2, four.2, "{format}");
        assert!(one.0.lines().count() == log.lines().count());
        assert!(!one.0.contains("b3BlbnNzaC1rZXkt"), "{format}: a key is visible");
    }
}

#[test]
fn keys_over_many_lines_are_masked_across_blocks() {
    let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";
    let (begin, end) =
        ["BEGIN", "END"].map(|it| format!("-----{it} OPENSSH PRIVATE KEY-----")).into();
    let key = [&*begin, body, body, &*end, ""].join("\r\n");
    let stars: String = key.chars().map(|c| if c.is_ascii_control() { c } else { '*' }).collect();
    for before in [0, 256 * 1024 - 20, 256 * 1024 - 60, 256 * 1024 - 37] {
        let filler = format!("{}\n", "x".repeat(before));
        let log = file("key.log", format!("{filler}{key}after {body}\n"));
        let expected = format!("{filler}{stars}after {body}\n");
        for how in ["text -t1", "text -t2", "ndjson -t1", "ndjson -t2"] {
            let (format, threads) = how.split_once(' ').expect("two words");
            let args = ["-i", "OpenSshPrivateKey", "-f", format, threads, path(&log)];
            assert!(masked(&args, "") == expected, "{before} {how}");
        }
    }
    assert_eq!(masked(&[], &key[..60]), stars[..60], "a key without its end");
}

/// As Docker writes them: each line of the key is a JSON document.
#[test]
fn keys_over_json_documents_are_masked_across_blocks() {
    let documents = |lines: &[&str]| -> String {
        let document = |line: &&str| {
            json!({"log": format!("{line}\n"), "stream": "stdout"}).to_string() + "\n"
        };
        lines.iter().map(document).collect()
    };
    let key = documents(&["before", BEGIN, BODY, BODY, END, "after the key"]);
    let mixed = documents(&[BEGIN, BODY]) + BODY + "\n" + &documents(&[BODY, END, "after the key"]);
    // The same JSON; the text shows no BEGIN line. And a BEGIN line in what is not judged.
    let escaped = key.replace("BEGIN OPENSSH", "BEGIN\\u0020OPENSSH");
    let beside = json!({"stream": format!("{BEGIN}\n"), "log": ""}).to_string() + "\n" + &key;
    for before in [0, 256 * 1024 - 100, 256 * 1024 - 150, 256 * 1024 - 250, 600 * 1024] {
        for key in [&key, &mixed, &escaped] {
            let filler = format!("{{\"log\":\"{}\"}}\n", "x ".repeat(before / 2));
            let log = file("docker.log", format!("{filler}{key}{{\"more\":\"{BODY}\"}}\n"));
            let mask = |how: &[&str]| {
                let args = [&["-i", "OpenSshPrivateKey", "-f", "ndjson", path(&log)], how].concat();
                masked(&args, "")
            };
            let one = mask(&["-t1"]);
            assert_eq!(one.matches(BODY).count(), 1, "{before}");
            assert!(one.contains("after the key") && one.ends_with(&format!("{BODY}\"}}\n")));
            let is_json = |line: &&str| serde_json::from_str::<Value>(line).is_ok();
            let plain = usize::from(key == &mixed);
            assert_eq!(one.lines().filter(is_json).count(), key.lines().count() + 2 - plain);
            assert!(mask(&["-t3"]) == one, "{before}: threads");
            let field = mask(&["-t1", "--field", "log"]);
            assert_eq!(field.matches(BODY).count(), 1, "{before}");
            assert!(mask(&["-t3", "--field", "log"]) == field, "{before}: threads");
        }
        let log = file("beside.log", format!("{{\"log\":\"{}\"}}\n{beside}", "x".repeat(before)));
        for threads in ["-t1", "-t3"] {
            let args = ["-f", "ndjson", "--field", "log", threads, path(&log)];
            assert!(!masked(&args, "").contains(BODY), "{before} {threads}");
        }
    }
}

#[test]
fn a_line_too_long_to_be_judged_is_masked_whole() {
    let long = "é kanarienvogel ".repeat(17 * 1024 * 1024 / 17);
    let log = file("long.log", format!("ssn 536-22-8145\n{long}\r\nssn 536-22-8145\nlast"));
    let stars = "*".repeat(long.chars().count());
    let expected = format!("ssn ***********\n{stars}\r\nssn ***********\nlast");
    for threads in ["1", "2"] {
        let ran = run(&["mask", "-i", "Ssn-US", "-t", threads, path(&log)], "");
        assert!(ran.out == expected, "{threads} threads");
        assert!(ran.err.contains("4 lines") && ran.err.contains("masked whole: 1 line"));
        assert!(ran.err.contains("masked 2 values in 2 lines"));
    }
    let scan = run(&["scan", "--json", "-q", "-i", "Ssn-US", path(&log)], "");
    let report: Value = serde_json::from_str(&scan.out).expect("JSON");
    assert_eq!(report["files"][0]["linesTooLong"], 1);
    assert_eq!(report["files"][0]["linesWithFindings"], 2);
    let only = file("only-long.log", &long);
    let scan = run(&["scan", "--fail-on-findings", "-i", "Ssn-US", path(&only)], "");
    assert_eq!(scan.code, 1, "nobody knows what is in it");
    assert!(scan.out.ends_with("only-long.log  (over 16 MiB, not judged)       -      1\n"));
    let said = "1 line read, 0 lines with findings; over 16 MiB and not judged (`mask` masks it";
    assert!(scan.err.contains(said) && !scan.err.contains("judged whole"));
}

/// A key that begins in an overlong line goes on behind it, wherever that line is cut.
#[test]
fn a_key_begins_in_a_line_too_long_to_be_judged() {
    // Files are read 256 KiB at a time; a line is cut behind the read that makes it too long.
    let cut = 16 * 1024 * 1024 + 256 * 1024;
    for before in [cut - 17, cut - 34, cut + 100] {
        let long = "x".repeat(before);
        let log = file("long-key.log", format!("{long}{BEGIN}\n{BODY}\n{BODY}\n{END}\nlast\n"));
        for threads in ["-t1", "-t2"] {
            let out = masked(&["-i", "OpenSshPrivateKey", threads, path(&log)], "");
            assert!(!out.contains(BODY), "{before} {threads}: the key is visible");
            assert!(out.ends_with("*\nlast\n"), "{before} {threads}");
        }
    }
}
