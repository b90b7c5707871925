//! Mail logs, invented in the formats of public mail software: every address is found whole, and
//! what only has an `@` is not. Message-IDs have the shape of addresses and are found as such.

use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
struct Case {
    /// Which software writes such lines.
    format: String,
    line: String,
    /// The addresses, from left to right.
    found: Vec<String>,
}

#[track_caller]
fn check(cases: &[Case]) {
    let masker = support::masker(&["EmailAddress"]);
    let mut wrong = Vec::new();
    for Case { format, line, found: expected } in cases {
        let detections = support::detections(&masker, line);
        let found: Vec<&str> = detections.iter().map(|(_, span)| &line[span.range()]).collect();
        if found != *expected {
            wrong.push(format!("{format}: {line}\n  found {found:?}\n  instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_address_in_a_mail_log_is_found_whole() {
    check(&support::cases::<Vec<Case>>("mail-logs.json"));
}

#[test]
fn an_at_sign_alone_makes_no_address() {
    let cases: Vec<Case> = support::cases("no-mail.json");
    assert!(cases.iter().all(|case| case.found.is_empty()), "a line that holds an address");
    check(&cases);
}
