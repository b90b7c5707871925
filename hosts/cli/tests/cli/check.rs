//! `check`.

use std::fs;

use serde_json::Value;

use crate::support::{CANARY, example, file, path, run};

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
