//! `detect`.

use crate::support::run;

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
