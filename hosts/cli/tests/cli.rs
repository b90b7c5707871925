//! The built program, from outside: what it prints, where, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Stands in logs and policies of these tests, beside what is masked: no error may print it.
const CANARY: &str = "kanarienvogel";

/// A private key, and a line of what it could hold.
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const BODY: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_logveil"))
        .args(args)
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Runs the program to its end. Whatever it did, its stderr holds nothing of the text.
#[track_caller]
fn run(args: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
    let mut child = start(args);
    let mut to = child.stdin.take().expect("piped");
    let stdin = stdin.as_ref().to_vec();
    let writer = thread::spawn(move || drop(to.write_all(&stdin)));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("writing does not panic");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    let err = text(output.stderr);
    assert!(!err.contains(CANARY), "a canary on stderr");
    assert!(!err.contains("536-22-8145") && !err.contains("panic"), "a value on stderr");
    assert!(!err.contains('\u{1b}'), "colours where there is no terminal");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err }
}

/// What `mask` makes of `text`, without its summary.
#[track_caller]
fn masked(args: &[&str], text: impl AsRef<[u8]>) -> String {
    let ran = run(&[&["mask", "--quiet"], args].concat(), text);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.out
}

/// A folder of this process: two runs at a time share no file. What runs left an hour ago goes.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
        let old = |path: &Path| {
            let age = path.metadata().and_then(|it| it.modified()).map(|it| it.elapsed());
            age.is_ok_and(|age| age.is_ok_and(|age| age > Duration::from_secs(3600)))
        };
        let left = fs::read_dir(&all).into_iter().flatten().flatten().map(|it| it.path());
        left.filter(|path| old(path)).for_each(|path| drop(fs::remove_dir_all(path)));
        let own = all.join(std::process::id().to_string());
        // The number may have been another run's.
        let _ = fs::remove_dir_all(&own);
        fs::create_dir_all(&own).expect("the folder of tests can be written to");
        own
    })
}

/// A file of this name and content, in a folder of this process.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, content).expect("the folder of tests can be written to");
    path
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

fn example(name: &str) -> String {
    format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn mask_keeps_everything_but_values() {
    let cases: &[(&[u8], &str)] = &[
        (b"", ""),
        (b"\n", "\n"),
        (b"ssn 536-22-8145", "ssn ***********"),
        (b"a\r\nto j@example.com\r\n\r\nb", "a\r\nto *************\r\n\r\nb"),
        (b"\xFFssn: 536-22-8145 \xC3\n", "\u{FFFD}ssn: *********** \u{FFFD}\n"),
        ("é ssn=536-22-8145 山田@example.com\n".as_bytes(), "é ssn=*********** 山田@example.com\n"),
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
fn ndjson_stays_json() {
    let lines = [
        r#"{"ssn":536228145,"n":-1.5e3,"note":"kanarienvogel"}"#,
        r#"{"536-22-8145":"ssn","a":[{"to":"j@example.com"}]}"#,
        r#"{"log":"{\"social security\":\"536-22-8145\"}","u":"\u00e9\ud83c\udf4f"}"#,
        r#""ssn 536-22-8145""#,
        "ssn 536-22-8145 not JSON",
        "",
        r#"{"cut":"ssn 536-22-8145"#,
    ];
    let ran = run(&["mask", "-f", "ndjson"], lines.join("\r\n"));
    let out: Vec<_> = ran.out.split("\r\n").collect();
    let json: Vec<Value> =
        out[..4].iter().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    assert_eq!(json[0], json!({"ssn": "*********", "n": -1500.0, "note": CANARY}));
    assert_eq!(json[1], json!({"***********": "ssn", "a": [{"to": "*************"}]}));
    assert_eq!(json[2]["log"], r#"{"social security":"***********"}"#);
    assert_eq!(json[3], "ssn ***********");
    let rest = ["ssn *********** not JSON", "", r#"{"cut":"ssn ***********"#];
    assert_eq!(out[4..], rest);
    assert!(ran.err.contains("masked as text: 2 lines"));

    let line = r#"{"ssn":"536-22-8145","x":{"ssn":"536-22-8145"}}"#;
    let expected = r#"{"ssn":"536-22-8145","x":{"ssn":"***********"}}"#;
    assert_eq!(masked(&["-f", "ndjson", "--field", "x"], line), expected);
    assert_eq!(run(&["mask", "--field", "x"], "").code, 2);
}

/// A field that is misspelt leaves everything as it is: that is said, and said loudly.
#[test]
fn documents_without_the_field_are_counted() {
    let with = r#"{"message":"ssn 536-22-8145"}"#;
    let without = r#"{"msg":"kanarienvogel"}"#;
    let log = format!("{with}\n{without}\n\n{without}\n{{\"message\":null}}\n");
    for threads in ["-t1", "-t2"] {
        let args = ["mask", "-f", "ndjson", threads, "--field", "message"];
        let some = run(&args, &log);
        assert!(some.err.contains("; 2 lines without the field message\n"), "{}", some.err);
        assert!(!some.err.contains("warning"), "{}", some.err);
        let none = run(&args, format!("{without}\n{without}\n"));
        assert!(none.err.contains("; 2 lines without the field message\n"), "{}", none.err);
        assert!(none.err.contains("logveil: warning: no JSON document has the field \"message\""));
        assert!(none.err.contains("nothing in them was judged"));
        assert_eq!(none.code, 0);
    }
    let quiet = run(&["mask", "-q", "-f", "ndjson", "--field", "message"], without);
    assert!(quiet.err.starts_with("logveil: warning: ") && quiet.err.lines().count() == 1);
    for clean in ["", "\n", "no JSON"] {
        assert_eq!(masked(&["-f", "ndjson", "--field", "message"], clean), clean);
    }
    let scan = run(&["scan", "--json", "-f", "ndjson", "--field", "message"], &log);
    let report: Value = serde_json::from_str(&scan.out).expect("JSON");
    assert_eq!(report["files"][0]["linesWithoutField"], 2);
    assert!(scan.err.contains("; 2 lines without the field message\n"));
    assert!(run(&["scan", "-f", "ndjson", "--field", "x"], without).err.contains("warning"));
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

#[test]
fn detect_answers_each_request() {
    let requests = [
        r#"{"id": 12345678901234567890123, "text": "é ssn 536-22-8145"}"#,
        r#"{"text":"two\nj@example.com","id":"b","more":1}"#,
        "",
        r#"{"id":3,"text":"kanarienvogel 536-22-8145"#,
        r#"{"id":null,"text":"plain"}"#,
    ];
    let ran = run(&["detect", "-i", "Ssn-US,EmailAddress"], requests.join("\n"));
    let expected = [
        r#"{"id":12345678901234567890123,"spans":[{"start":7,"end":18,"identifier":"Ssn-US"}]}"#,
        r#"{"id":"b","spans":[{"start":4,"end":17,"identifier":"EmailAddress"}]}"#,
        r#"{"id":null,"spans":[]}"#,
    ];
    assert_eq!(ran.out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "logveil: error: line 4 is not an object with id and text (a string)\n");
    assert_eq!(run(&["detect", "-i", "Ssn-US"], requests[0]).code, 0);
}

#[test]
fn scan_counts() {
    let log = file("scan.log", "ssn 536-22-8145, ssn 536-22-8146\nssn 536-22-8145\n");
    let name = path(&log);
    let ran = run(&["scan", "-i", "Ssn-US", name, "-"], "nothing\n");
    let rows: Vec<Vec<&str>> =
        ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["FILE", "IDENTIFIER", "VALUES", "LINES"]);
    assert_eq!(rows[1], [name, "Ssn-US", "3", "2"]);
    assert_eq!(rows[2], ["stdin", "-", "0", "0"]);
    assert_eq!(rows[3..], [["total", "all", "3", "2"]]);
    assert_eq!(ran.code, 0);
    let args = ["scan", "-i", "Ssn-US", "--json", "--fail-on-findings", "-q", name];
    let ran = run(&args, "");
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        report["files"][0]["identifiers"],
        json!([{"name": "Ssn-US", "values": 3, "lines": 2}])
    );
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert_eq!(run(&["scan", "-i", "Ssn-US", "--fail-on-findings"], "nothing").code, 0);
}

#[test]
fn scan_goes_on_behind_what_it_cannot_read() {
    let log = file("good.log", "ssn 536-22-8145\n");
    let wide = file("bad.log", b"\xFF\xFEs\0");
    let args = ["/no/such/file", path(folder()), path(&wide), path(&log)];
    for threads in ["-t1", "-t2"] {
        let ran = run(
            &[&["scan", "-i", "Ssn-US", "--fail-on-findings", threads], &args[..]].concat(),
            "",
        );
        assert_eq!(ran.code, 2);
        let rows: Vec<_> = ran.out.lines().collect();
        assert!(rows.len() == 2 && rows[1].starts_with(path(&log)), "{}", ran.out);
        let said: Vec<_> = ran.err.lines().collect();
        assert!(said[0].contains("cannot read /no/such/file"), "{}", ran.err);
        assert!(said[1].contains("is a folder") && said[2].contains("UTF-16"), "{}", ran.err);
        assert!(said[3].ends_with("; 3 files could not be read"), "{}", ran.err);
    }
    let json = run(&[&["scan", "--json", "-q"], &args[..]].concat(), "");
    let report: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((json.code, report["files"].as_array().map(Vec::len)), (2, Some(1)));
}

#[test]
fn check_shows_the_place_and_nothing_secret() {
    let ran =
        run(&["check", &example("account-policy.json"), &example("log-group-policy.json")], "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for part in [": ok\n", "TicketNumber (custom)", "Ssn-US", "whether that exists was not asked"] {
        assert!(ran.out.contains(part), "{part}");
    }
    let policy = fs::read_to_string(example("account-policy.json")).expect("is there");
    let broken = policy.replacen("2021-06-01", CANARY, 1).replacen(
        "data-identifier/CreditCardNumber",
        "data-identifier/CreditCardNumbr",
        1,
    );
    let input = file("broken.json", &broken);
    let ran = run(&["check", path(&input)], "");
    assert_eq!(ran.code, 1);
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines[0].contains("broken.json:4:14: ") && lines[0].contains("write 2021-06-01"));
    assert_eq!(lines[1], r#" 4 |   "Version": "·············","#);
    assert_eq!(lines[2], r"   |              ^^^^^^^^^^^^^^^");
    assert!(ran.out.contains("broken.json:11:"));
    assert!(!ran.out.contains(CANARY));

    let minified: Value = serde_json::from_str(&broken).expect("JSON");
    let ran = run(&["check", "-"], minified.to_string());
    assert_eq!(ran.code, 1);
    assert!(!ran.out.contains(CANARY));
    let sources = ran.out.lines().filter(|line| line.contains(" | "));
    assert!(sources.clone().count() > 0 && sources.clone().all(|line| line.chars().count() < 120));

    for bad in [r#"{"kanarienvogel": "#, "\"kanarienvogel", "kanarienvogel", "", "[{]"] {
        let ran = run(&["check", "-"], bad);
        assert_eq!(ran.code, 1);
        assert!(ran.out.starts_with("stdin:1:") && !ran.out.contains(CANARY));
    }
    assert_eq!(run(&["check", "-"], b"\xFF").code, 1);
    assert_eq!(run(&["check", "/no/such/file"], "").code, 2);
    let refused = run(&["mask", "-p", path(&input)], "ssn 536-22-8145");
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("broken.json:4:14: "));
}

#[test]
fn the_catalogue_is_shown() {
    let table = run(&["identifiers"], "");
    assert_eq!(table.code, 0);
    assert!(table.out.lines().count() > 12 && table.out.contains("CreditCardNumber"));
    let list: Value = serde_json::from_str(&run(&["identifiers", "--json"], "").out).expect("JSON");
    let arns = list.as_array().expect("a list").iter().map(|entry| &entry["arn"]);
    assert!(arns.clone().all(Value::is_string) && arns.count() >= 12);
    let one = run(&["identifiers", "OpenSshPrivateKey"], "");
    assert!(one.out.contains("-----BEGIN OPENSSH PRIVATE KEY----- … "));
    let json: Value =
        serde_json::from_str(&run(&["identifiers", "Ssn-US", "--json"], "").out).expect("JSON");
    assert!(json["keywordRequired"] == true && json["keywords"].is_array());
    assert_eq!(json["countries"], json!(["US"]));
    assert!(["high", "medium", "low"].iter().any(|it| json["confidence"] == **it));
    let bank = run(&["identifiers", "BankAccountNumber-DE"], "").out;
    assert!(bank.contains("  countries  DE\n") && bank.contains("\n  confidence high\n"));
    assert!(bank.contains("check iban"));
    assert!(table.out.lines().all(|line| line.chars().count() <= 100), "wide");
    let unknown = run(&["identifiers", "EmailAdress"], "");
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("did you mean EmailAddress?"));
    assert_eq!(run(&["mask", "-i", "Ssn-UK"], "").code, 2);
}

#[test]
fn a_template_is_a_valid_policy() {
    let template = run(&["policy", "template"], "");
    assert_eq!(template.code, 0);
    assert_eq!(run(&["check", "-"], &template.out).code, 0);
    let two = run(&["policy", "template", "-i", "Ssn-US,EmailAddress"], "").out;
    let policy = file("template.json", two);
    assert_eq!(masked(&["-p", path(&policy)], "ssn 536-22-8145"), "ssn ***********");
}

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

#[test]
fn every_command_has_help_with_examples() {
    let commands: [&[&str]; 8] = [
        &["mask"],
        &["detect"],
        &["scan"],
        &["check"],
        &["identifiers"],
        &["policy", "template"],
        &["payload", "decode"],
        &["payload", "encode"],
    ];
    for command in commands {
        let ran = run(&[command, &["--help"]].concat(), "");
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("Examples:\n"), "{command:?}");
        assert_eq!(run(&[command, &["--no-such-option"]].concat(), "").code, 2);
    }
    let in_a_row = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for command in [&["mask"][..], &["scan"], &["payload", "encode"]] {
        let help = in_a_row(&run(&[command, &["--help"]].concat(), "").out);
        assert!(help.contains("these: AwsSecretKey, OpenSshPrivateKey, "), "the built-in set");
    }
    let help = run(&["mask", "--help"], "").out;
    let first = in_a_row(help.split_once("Usage").expect("there is one").0);
    assert!(first.contains("Logs in JSON want `--format ndjson`"), "{first}");
    assert_eq!(run(&[], "").code, 2);
    #[cfg(target_os = "linux")]
    for args in [&["--help"][..], &["mask", "--help"], &["--version"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let mut program = Command::new(env!("CARGO_BIN_EXE_logveil"));
        let status = program.args(args).stdout(full).stderr(Stdio::null()).status();
        assert_eq!(status.expect("the program starts").code(), Some(2), "{args:?}");
    }
}
