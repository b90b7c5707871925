//! `pattern`.

use serde_json::{Value, json};

use crate::support::{file, path, run};

const LINES: &str = "\
ERROR 7 first
{\"level\":\"ERROR\",\"ms\":700,\"who\":\"a b\"}
127.0.0.1 - [10/Oct/2000] \"GET /x HTTP/1.0\" 404 12
";

#[test]
fn selected_lines_are_printed_as_they_are() {
    let lines: Vec<_> = LINES.lines().map(|line| format!("{line}\n")).collect();
    let cases = [
        ("ERROR -ms", lines[0].as_str()),
        ("%[0-9]{3} [0-9]+$%", &lines[2]),
        ("{ $.ms > 500 }", &lines[1]),
        ("[ip, ..., status = 4*, bytes]", &lines[2]),
        ("-ERROR", &lines[2]),
        ("", LINES),
    ];
    for (pattern, expected) in cases {
        let ran = run(&["pattern", pattern], LINES);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, expected, ""), "{pattern}");
    }
    let none = run(&["pattern", "nowhere"], LINES);
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (1, "", ""));
    let input = file("pattern.log", LINES);
    let ran = run(&["pattern", "first", path(&input), "/no/such/file", path(&input)], "");
    assert_eq!((ran.code, ran.out), (2, lines[0].repeat(2)));
    assert!(ran.err.contains("/no/such/file"));
}

#[test]
fn json_adds_the_extracted_values() {
    let cases = [
        (r#"{ $.level = "E*" && $.who = * }"#, 2, json!({"$.level": "ERROR", "$.who": "a b"})),
        (
            "[ip, ..., request, status, bytes < 100]",
            3,
            json!({"$ip": "127.0.0.1", "$2": "-", "$3": "10/Oct/2000",
                "$request": "GET /x HTTP/1.0", "$status": "404", "$bytes": "12"}),
        ),
        ("first", 1, json!({})),
    ];
    for (pattern, line, values) in cases {
        let ran = run(&["pattern", "--json", pattern], LINES);
        assert_eq!(ran.code, 0, "{pattern}");
        let found: Value = serde_json::from_str(&ran.out).expect("one object");
        let message = LINES.lines().nth(line - 1);
        let expected =
            json!({"file": "stdin", "line": line, "message": message, "extractedValues": values});
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn a_refused_pattern_is_shown_with_a_caret() {
    for (pattern, caret) in [
        ("user-id", "    ^"),
        ("{ $.a IS NOT NULL }", "         ^"),
        ("[a, b ~ 1]", "      ^"),
        ("é %(%", "   ^"),
        ("{ $.a = 1", "^"),
    ] {
        let ran = run(&["pattern", "--", pattern], LINES);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{pattern}");
        let shown: Vec<_> = ran.err.lines().collect();
        assert!(shown[0].starts_with("logveil: error: filterPattern: "), "{pattern}");
        assert_eq!(shown[1..], [format!("  {pattern}"), format!("  {caret}")]);
    }
    let long = format!("{}-{}", "a".repeat(500), "b".repeat(500));
    let ran = run(&["pattern", &long], LINES);
    let shown: Vec<_> = ran.err.lines().map(|line| line.chars().collect::<Vec<_>>()).collect();
    let at = shown[2].iter().position(|c| *c == '^').expect("a caret");
    assert!(shown[1].len() < 110 && shown[1][at] == '-');
    assert_eq!(run(&["pattern", &"a".repeat(1025)], LINES).code, 2);
}
