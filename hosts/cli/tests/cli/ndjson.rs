//! `--format ndjson`.

use serde_json::{Value, json};

use crate::support::{CANARY, masked, run};

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
