//! `identifiers` and `policy template`.

use serde_json::{Value, json};

use crate::support::{file, masked, path, run};

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
fn a_template_for_a_delivery_destination_has_the_two_statements() {
    let arn = "arn:aws:logs:us-east-1:222222222222:delivery-destination:archive";
    let command = ["policy", "template", "delivery", "--source-account"];
    let template = run(&[&command[..], &["111111111111", arn]].concat(), "");
    assert_eq!(template.code, 0, "{}", template.err);
    let policy: serde_json::Value = serde_json::from_str(&template.out).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 2);
    assert_eq!(statements[1]["Resource"], arn);
    for (account, arn) in [("11111111111", arn), ("111111111111", "arn:aws:s3:::bucket")] {
        assert_eq!(run(&[&command[..], &[account, arn]].concat(), "").code, 2);
    }
}
