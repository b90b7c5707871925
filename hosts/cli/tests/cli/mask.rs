//! `mask`: text in, masked text out; files, findings, identifiers.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{BEGIN, BODY, example, file, folder, masked, path, run, start};

#[test]
fn mask_keeps_everything_but_values() {
    let cases: &[(&[u8], &str)] = &[
        (b"", ""),
        (b"\n", "\n"),
        (b"ssn 536-22-8145", "ssn ***********"),
        (b"a\r\nto j@example.com\r\n\r\nb", "a\r\nto *************\r\n\r\nb"),
        (b"\xFFssn: 536-22-8145 \xC3\n", "\u{FFFD}ssn: *********** \u{FFFD}\n"),
        ("é ssn=536-22-8145 山田@example.com\n".as_bytes(), "é ssn=*********** **************\n"),
    ];
    for (text, expected) in cases {
        for threads in ["1", "3"] {
            assert_eq!(masked(&["-i", "Ssn-US,EmailAddress", "-t", threads], text), *expected);
        }
    }
}

#[test]
fn mask_reads_files_and_writes_where_it_is_told() {
    let first = file("first.log", "ssn 536-22-8145\n");
    let second = file("second.log", "to j@example.com");
    let output = folder().join("masked.log");
    let args = ["mask", path(&first), "-", path(&second), "-o", path(&output)];
    let ran = run(&args, "stdin ssn 536-22-8145\n");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let text = fs::read_to_string(&output).expect("was written");
    assert_eq!(text, "ssn ***********\nstdin ssn ***********\nto *************");
    assert!(ran.err.starts_with("logveil: 3 lines, "), "no summary");
    assert!(ran.err.contains("masked 3 values in 3 lines (Ssn-US 2, EmailAddress 1)"));

    let missing = run(&["mask", "/no/such/file"], "");
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("cannot read /no/such/file"));
    assert_eq!(run(&["mask", path(folder())], "").code, 2);
}

/// The files of a rotated log: the key goes on, and each file's last line ends.
#[test]
fn files_follow_each_other_like_one_log() {
    let first = file("app.log.1", format!("first\n{BEGIN}\n{BODY}"));
    let (empty, second) = (file("empty.log", ""), file("app.log.0", format!("{BODY}\nlast")));
    let [begin, body] = [BEGIN, BODY].map(|it| "*".repeat(it.len()));
    for how in ["text -t1", "text -t2", "ndjson -t1", "ndjson -t2"] {
        let (format, threads) = how.split_once(' ').expect("two words");
        let args = [path(&first), path(&empty), path(&second), "-f", format, threads];
        let all = masked(&args, "");
        assert!(all.starts_with(&format!("first\n{begin}\n{body}\n{body}\n")), "{how}");
        let scan = run(&[&["scan", "--json", "-q"], &args[..]].concat(), "");
        let report: Value = serde_json::from_str(&scan.out).expect("JSON");
        assert!(report["files"][2]["linesWithFindings"].as_u64() >= Some(1), "{how}");
    }
    let ends = file("ends.log", "a\r\n");
    let open = file("open.log", "b");
    let args = [path(&open), path(&empty), path(&ends), path(&empty), path(&open)];
    assert_eq!(masked(&args, ""), "b\na\r\nb");
}

#[test]
fn utf_16_is_refused() {
    let text = "ssn 536-22-8145\n";
    let clean = file("clean.log", text);
    let marked = || format!("\u{FEFF}{text}").encode_utf16().collect::<Vec<_>>().into_iter();
    let little: Vec<u8> = marked().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = marked().flat_map(u16::to_be_bytes).collect();
    for input in [little, big] {
        let wide = file("wide.log", &input);
        let commands: [&[&str]; 4] =
            [&["mask"], &["mask", "-t2"], &["scan"], &["payload", "encode"]];
        for command in commands {
            for stdin in [true, false] {
                let ran = if stdin {
                    run(command, &input)
                } else {
                    run(&[command, &[path(&wide)]].concat(), "")
                };
                assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command:?}");
                assert!(ran.err.contains("UTF-16") && ran.err.contains("iconv -f UTF-16 -t UTF-8"));
            }
        }
        let both = run(&["mask", path(&clean), path(&wide)], "");
        assert_eq!((both.code, both.out.as_str()), (2, "ssn ***********\n"));
    }
    // Noise, but not that mark.
    for noise in [&b"\xFF"[..], b"\xFF\nssn", b"a\xFF\xFE", b"\xFE\n\xFF"] {
        assert_eq!(masked(&[], noise), String::from_utf8_lossy(noise));
    }
}

#[test]
fn what_is_read_is_never_written_over() {
    let text = "ssn 536-22-8145\n";
    let log = file("kept.log", text);
    let policy_text = run(&["policy", "template", "-i", "Ssn-US"], "").out;
    let policy = file("kept.json", &policy_text);
    let other = file("other.log", text);
    let link = |name: &str, to: &Path, soft: bool| {
        let link = folder().join(name);
        let _ = fs::remove_file(&link);
        #[cfg(unix)]
        if soft {
            std::os::unix::fs::symlink(to, &link).expect("links can be made");
            return link;
        }
        fs::hard_link(to, &link).expect("links can be made");
        let _ = soft;
        link
    };
    let [hard, soft] = [false, true].map(|it| link(&format!("kept-{it}.log"), &log, it));
    let hard_policy = link("kept-policy.json", &policy, false);
    let hard_other = link("kept-other.log", &other, false);
    let [log, policy, other, hard, soft, hard_policy, hard_other] =
        [&log, &policy, &other, &hard, &soft, &hard_policy, &hard_other].map(|it| path(it));
    let cases: [&[&str]; 11] = [
        &[log, "-o", log],
        &[log, "-o", hard],
        &[log, "-o", soft],
        &[soft, "-o", hard],
        &[log, "--findings", log],
        &[log, "--findings", soft, "-o", other],
        &[log, "-p", policy, "-o", policy],
        &[log, "-p", policy, "-o", hard_policy],
        &[log, "-p", policy, "--findings", hard_policy, "-o", other],
        &[log, "-o", other, "--findings", other],
        &[log, "-o", other, "--findings", hard_other],
    ];
    for case in cases {
        let ran = run(&[&["mask"], case].concat(), "");
        let kept = [(log, text), (other, text), (policy, &policy_text)];
        for (name, expected) in kept {
            assert!(fs::read_to_string(name).expect("still there") == expected, "{case:?}");
        }
        assert_eq!(ran.code, 2, "{case:?}");
        assert!(ran.err.contains("is the same file as"), "{case:?}");
    }
    let new = folder().join("new.log");
    let _ = fs::remove_file(&new);
    assert_eq!(run(&["mask", log, "-o", path(&new), "--findings", path(&new)], "").code, 2);
    #[cfg(unix)]
    {
        let stdin = fs::File::open(log).expect("is there");
        let mut program = Command::new(env!("CARGO_BIN_EXE_logveil"));
        let status = program.args(["mask", "-q", "-o", hard]).stdin(stdin).stderr(Stdio::null());
        assert_eq!(status.status().expect("the program starts").code(), Some(2));
        assert!(fs::read_to_string(log).expect("still there") == text);
        // What is no file keeps nothing.
        assert_eq!(run(&["mask", "-o", "/dev/null", "--findings", "/dev/null", log], "").code, 0);
    }
}

#[test]
fn lines_leave_as_soon_as_they_are_there() {
    let mut child = start(&["mask", "-q", "-i", "Ssn-US"]);
    let mut to = child.stdin.take().expect("piped");
    let mut from = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    to.write_all(b"ssn 536-22-").expect("it reads");
    for _ in 0..3 {
        to.write_all(b"8145\nssn 536-22-").expect("it reads");
        line.clear();
        from.read_line(&mut line).expect("UTF-8");
        assert_eq!(line, "ssn ***********\n");
    }
    drop(to);
    line.clear();
    from.read_to_string(&mut line).expect("UTF-8");
    assert_eq!(line, "ssn 536-22-");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let log = file("pipe.log", "ssn 536-22-8145 and much more text\n".repeat(20_000));
    let name = path(&log);
    let long: [&[&str]; 3] = [
        &["mask", "-i", "Ssn-US", "-t", "1", name],
        &["mask", "-i", "Ssn-US", "-t", "3", name],
        &["identifiers", "--json"],
    ];
    for args in long {
        let mut child = start(args);
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn every_bad_identifier_is_reported() {
    let text = "ssn 536-22-8145";
    let ran = run(&["mask", "-i", "all,Foo,ssn-us", "-i", "\u{1b}[1mx"], text);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let lines: Vec<_> = ran.err.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.err);
    assert!(lines[0].contains("is called \"Foo\"; "));
    assert!(lines[1].ends_with("is called \"ssn-us\"; did you mean Ssn-US?"));
    assert!(lines[2].contains(r#""\u{1b}[1mx""#));
    assert!(run(&["mask", "-i", "ALL"], text).err.ends_with("; write all\n"));
    for spaced in [" Ssn-US , EmailAddress", "Ssn-US,,", "Ssn-US,Ssn-US", " all", "all,Ssn-US"] {
        assert_eq!(masked(&["-i", spaced], text), "ssn ***********", "{spaced:?}");
    }
    for nothing in ["", ",", " "] {
        let ran = run(&["mask", "-i", nothing], text);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{nothing:?}");
        assert!(ran.err.contains("--identifiers names nothing; write names"), "{nothing:?}");
    }
}

#[test]
fn a_dash_is_no_file_to_write_to() {
    let ran = run(&["mask", "-o", "-"], "ssn 536-22-8145");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("goes to stdout anyway; leave --output - out"));
    let ran = run(&["mask", "--findings", "-"], "ssn 536-22-8145");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("--findings - would mix findings with text; name a file"));
}

#[test]
fn findings_say_where_and_never_what() {
    let findings = folder().join("findings.ndjson");
    let log = file("my app.log", "é ssn 536-22-8145, ssn 536-22-8146\nnothing\nj@example.com\n");
    let (account, group) = (example("account-policy.json"), example("log-group-policy.json"));
    let args = ["mask", "-p", &account, "-p", &group, "--findings", path(&findings), path(&log)];
    assert_eq!(run(&args, "").code, 0);
    let text = fs::read_to_string(&findings).expect("was written");
    let reports: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(reports.len(), 2);
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:my_app.log:*";
    assert_eq!(reports[0]["resourceArn"], arn);
    let found = json!([{"name": "Ssn-US", "count": 2,
        "detections": [{"start": 6, "end": 17}, {"start": 23, "end": 34}]}]);
    assert_eq!(reports[0]["dataIdentifiers"], found);
    assert_eq!(reports[1]["dataIdentifiers"][0]["name"], "EmailAddress");

    let given = "arn:aws:logs:eu-west-1:111122223333:log-group:/app/web";
    let args = ["-f", "ndjson", "--findings", path(&findings), "--resource-arn", given];
    masked(&args, r#"{"ssn":536228145}"#);
    let report = fs::read_to_string(&findings).expect("was written");
    assert!(report.contains(&format!("\"resourceArn\":\"{given}:*\"")));
    assert!(report.contains(r#"{"start":7,"end":16}"#), "characters of the document");
    let wrong = run(&["mask", "--findings", path(&findings), "--resource-arn", "web"], "");
    assert_eq!(wrong.code, 2);
}
