//! `explain`: each reason in words, and no value unless it is asked for.

use serde_json::{Value, json};

use crate::support::{BEGIN, BODY, CANARY, END, example, file, path, run};

#[test]
fn each_candidate_has_its_reason() {
    let ran = run(&["explain", "-i", "Ssn-US", "ssn 536-22-8145,", "x536-22-8146"], "");
    let expected = "\
line 1, characters 4..15  Ssn-US  ***********
  reported: it passes every test
  pattern 0; keyword \"ssn\" 1 character before it; check ssn-us passed
line 1, characters 18..29  Ssn-US  ***********
  not reported: a letter or digit stands directly before it
  pattern 0; keyword \"ssn\" 15 characters before it; check ssn-us passed
";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, expected, ""));
    let far = ".".repeat(30);
    let cases = [
        ("-iSsn-US", format!("ssn{far} 536-22-8145"), "is 31 characters away; at most 30 count"),
        ("-iSsn-US", "no 536-22-8145".to_owned(), "it needs a keyword, and there is none beside"),
        ("-iCreditCardNumber", "visa 4539148803436468".to_owned(), "fails the check credit-card"),
        ("-iEmailAddress", "j@example.com.au".to_owned(), "of the same identifier stands at 0..16"),
        ("-iEmailAddress", r#"{"a":"\nj@example.com"}"#.to_owned(), "begin inside an escape"),
        ("-iNationalDrugCode-US", "4071182208 ndc".to_owned(), "a keyword before it; the nearest"),
        ("-iCreditCardSecurityCode", "cvv 42 123".to_owned(), "another number stands between"),
        ("-iCreditCardSecurityCode", "a=123 cvv".to_owned(), "is the name of another field"),
        ("-iOpenSshPrivateKey", format!("key {BEGIN}"), "ends with the BEGIN line"),
        ("-iOpenSshPrivateKey", format!("a {BEGIN} it is."), "no key text follows the BEGIN line"),
        ("-iOpenSshPrivateKey", format!("a {BEGIN} {BODY}"), "reported: key text follows a BEGIN"),
    ];
    for (identifier, text, why) in cases {
        let ran = run(&["explain", identifier, &text], "");
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains(why), "{text}: {}", ran.out);
    }
}

#[test]
fn lines_of_stdin_are_a_stream() {
    let log = format!("nothing\n{BEGIN}\r\n{BODY}\n{END}\nssn 536-22-8145");
    for args in [&["explain"][..], &["explain", "-"]] {
        let ran = run(args, &log);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        for line in 2..=5 {
            let place = format!("line {line}, characters ");
            let after = ran.out.split(&place).nth(1).expect("each line has a candidate");
            assert!(after.split("line ").any(|part| part.contains("  reported: ")), "{}", ran.out);
        }
        assert!(!ran.out.contains("line 1,"));
    }
    let ran = run(&["explain"], "nothing\n");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("-i all looks for everything"));
    let long = format!("{}\nssn 536-22-8145\n", "9".repeat(1_048_577));
    let ran = run(&["explain"], long);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "logveil: error: line 1 is larger than an event may be\n");
    assert!(ran.out.contains("line 2, characters 4..15  Ssn-US"));
}

#[test]
fn json_has_an_object_for_each_candidate() {
    let args = ["explain", "--json", "-i", "Ssn-US", "é SSN 536-22-8145, 000-22-8145"];
    let parse = |out: &str| -> Vec<Value> {
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let ran = run(&args, "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let all = parse(&ran.out);
    let expected = json!({
        "line": 1, "start": 6, "end": 17, "startByte": 7, "endByte": 18, "identifier": "Ssn-US",
        "reported": true, "verdict": "reported", "why": "it passes every test", "pattern": 0,
        "keyword": {"keyword": "ssn", "start": 2, "end": 5, "place": "before", "gapChars": 1,
            "gapCharsMax": 30, "counts": true},
        "check": {"name": "ssn-us", "passes": true},
    });
    assert_eq!((all.len(), &all[0]), (2, &expected));
    assert_eq!((&all[1]["reported"], &all[1]["verdict"]), (&json!(false), &json!("check")));
    let shown = parse(&run(&[&args[..], &["--show-values", "--patterns"]].concat(), "").out);
    assert_eq!(shown[1]["value"], "000-22-8145");
    assert!(shown[0]["regex"].as_str().expect("a pattern").contains("[0-9]"));
    let ran = run(&["explain", "--json"], "nothing\n");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
}

#[test]
fn policies_say_what_is_looked_for() {
    let (account, group) = (example("account-policy.json"), example("log-group-policy.json"));
    let ran = run(&["explain", "-p", &account, "-p", &group, "ssn 536-22-8145 TKT-123456"], "");
    assert!(ran.code == 0 && ran.out.contains("  Ssn-US  "), "{}", ran.out);
    let custom = file(
        "custom.json",
        json!({
            "Name": "custom", "Version": "2021-06-01",
            "Configuration": {"CustomDataIdentifier": [{"Name": "Serial", "Regex": "SN-[0-9]{4}"}]},
            "Statement": [
                {"DataIdentifier": ["Serial"], "Operation": {"Audit": {"FindingsDestination": {}}}},
                {"DataIdentifier": ["Serial"], "Operation": {"Deidentify": {"MaskConfig": {}}}},
            ],
        })
        .to_string(),
    );
    let args = ["explain", "-p", path(&custom), "the SN-1234"];
    let ran = run(&args, "");
    assert!(ran.out.contains("characters 4..11  Serial  *******\n  reported: the custom pattern"));
    assert!(!ran.out.contains("SN-"), "policy text and values are for flags");
    assert!(run(&[&args[..], &["--patterns"]].concat(), "").out.contains("  SN\\x2D[0-9]{4,4}\n"));
    assert_eq!(run(&["explain", "-i", "Nonsense", "x"], "").code, 2);
}

/// Reported or not, in text, JSON and what is wrong with the command line.
#[test]
fn values_are_shown_on_demand_only() {
    let values =
        ["536-22-8145", "000-22-8146", "x536-22-8147", "4539148803436468", "j@example.com"];
    let log = format!("ssn {}; {CANARY}\n{BEGIN}\n{BODY}\n", values.join(" "));
    let wrong = format!("--{}", values[3]);
    for args in [&["explain", "-i", "all"][..], &["explain", "-i", "all", "--json"]] {
        let from_stdin = run(args, &log);
        let argument = run(&[args, &[log.as_str()]].concat(), "");
        let outputs = [
            &from_stdin.out,
            &from_stdin.err,
            &argument.out,
            &argument.err,
            &run(&[args, &[&wrong, "ssn"]].concat(), "").err,
            &run(&[args, &["--json=x", values[0]]].concat(), "").err,
            &run(&[args, &[&format!("{BEGIN}{BODY}")]].concat(), "").err,
        ];
        for (index, output) in outputs.into_iter().enumerate() {
            for secret in values.iter().chain(&[CANARY, BODY]) {
                let shown = secret.trim_start_matches('x');
                assert!(!output.contains(shown), "a value is shown in output {index}");
            }
        }
        let shown = run(&[args, &["--show-values"]].concat(), &log);
        assert!(values[..2].iter().all(|value| shown.out.contains(value)) && shown.code == 0);
        assert!(shown.out.contains(BODY) && !shown.out.contains(CANARY));
    }
    // What is shown cannot steer a terminal.
    let policy = run(&["policy", "template", "-i", "EmailAddress"], "").out;
    let policy = file("explain.json", policy);
    let args = ["explain", "--show-values", "-p", path(&policy), "山田@example.com \u{1b}[2J"];
    assert!(!run(&args, "").out.contains('\u{1b}'));
    let refused = run(&["explain", "-i", "Ssn-US", "-536-22-8145"], "");
    assert!(refused.code == 2 && refused.err.contains("text that begins with a dash goes behind"));
    let behind = run(&["explain", "-i", "Ssn-US", "--", "-536-22-8145 ssn"], "");
    assert!(behind.code == 0 && behind.out.contains("characters 1..12  Ssn-US"), "{}", behind.out);
}
