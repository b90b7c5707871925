//! `bench`.

use std::fs;

use serde_json::{Value, json};

use crate::support::{example, file, folder, path, run};

#[test]
fn bench_prints_an_object_a_line() {
    let log = "ssn 536-22-8145, visa 4539 5787 6362 1486\nnothing here\n\n192.0.2.44\n".repeat(40);
    let log = file("bench.log", log);
    let peers = "single,memchr,per-rule,regexset,meta,aho-corasick";
    let args = ["bench", "--json", "--quiet", "--rounds", "1", "--threads", "2", path(&log)];
    let ran = run(&[&args[..], &["--against", peers, "--identifiers", "10"]].concat(), "");
    assert_eq!(ran.code, 0);
    let rows: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let cases: Vec<_> = rows.iter().map(|row| row["case"].as_str().expect("text")).collect();
    let expected = "logveil,single,memchr,per-rule,regexset,meta,aho-corasick,threads-2";
    assert_eq!(cases.join(","), expected);
    let keys = "case,identifiers,corpus,events,mb,mb_per_s,ns_p50,ns_p99,findings,compile_ms,\
                policy_bytes";
    for row in &rows {
        let row = row.as_object().expect("an object");
        // The order of keys is that of the text: what parsed it sorts them.
        assert_eq!(row.len(), keys.split(',').count());
        assert!(keys.split(',').all(|key| row.contains_key(key)), "{row:?}");
        assert_eq!((&row["identifiers"], &row["corpus"]), (&json!(10), &json!("bench.log")));
        assert!(row["mb_per_s"].as_f64().is_some_and(|speed| speed > 0.0));
        assert!(row["ns_p50"].as_f64() <= row["ns_p99"].as_f64());
        assert!(row["mb"].as_f64().is_some_and(|mb| mb > 0.9), "small logs are repeated");
    }
    let events = rows[0]["events"].as_u64().expect("a number");
    assert_eq!(events % 120, 0, "empty lines are no events");
    assert_eq!(rows[0]["findings"], json!(events));
    assert_eq!(rows[1]["findings"], rows[0]["findings"]);
    assert_eq!(rows[2]["findings"], json!(0));
    // Keywords: ssn and visa, of three lines.
    assert_eq!(rows[6]["findings"], json!(events / 3 * 2));
    assert!(
        rows[0]["compile_ms"].as_f64() > Some(0.0) && rows[0]["policy_bytes"].as_u64() > Some(0)
    );
}

#[test]
fn bench_draws_the_growth() {
    let log = file("growth.log", "jane@example.com\n".repeat(10));
    let svg = folder().join("growth.svg");
    let args = ["bench", "--quiet", "--rounds", "1", "--identifiers", "1,2,10", path(&log)];
    let ran = run(&[&args[..], &["--svg", path(&svg)]].concat(), "");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("MB/s by number of identifiers, growth.log"));
    assert_eq!(ran.out.lines().filter(|line| line.contains('█')).count(), 3);
    let svg = fs::read_to_string(svg).expect("it is written");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("polyline"));
    for (wrong, why) in [
        (&["--svg", "x.svg"][..], "draws a curve of growth"),
        (&["--identifiers", "1,EmailAddress"], "1 to"),
        (&["--identifiers", "0"], "1 to"),
        (&["--identifiers", "EmailAdress"], "did you mean EmailAddress?"),
        (&["--policy", "/nowhere/policy.json"], "cannot read"),
    ] {
        let ran = run(&[&["bench", path(&log)], wrong].concat(), "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(why), "{}", ran.err);
    }
    let empty = file("empty.log", "\n\n");
    assert!(run(&["bench", path(&empty)], "").err.contains("holds no event"));
}

#[test]
fn bench_measures_with_a_policy_and_what_is_worst() {
    let args =
        ["bench", "--json", "--quiet", "--rounds", "1", "-p", &example("log-group-policy.json")];
    let log = example("app.log");
    let row = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let ran = run(&[&args[..], &[&log]].concat(), "");
    assert_eq!(ran.out.lines().count(), 1);
    assert!(row(&ran.out)["findings"].as_u64() > Some(0));
    let ran = run(&[&args[..], &["--worst", &log]].concat(), "");
    assert!(ran.out.lines().count() >= 3 * 25 && ran.code == 0);
    let growth = ["worst:ssn ssn", "worst:ssn ssn:64KiB", "worst:ssn ssn:1MiB"];
    let found = ran.out.lines().map(row).filter(|row| growth.iter().any(|it| row["corpus"] == *it));
    assert_eq!(found.count(), 3);
}
