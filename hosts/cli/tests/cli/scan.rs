//! `scan`.

use serde_json::{Value, json};

use crate::support::{file, folder, path, run};

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
