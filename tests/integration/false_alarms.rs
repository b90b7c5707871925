//! Lines of real formats that hold nothing of anyone: ids, times, sizes, versions, hashes. No
//! identifier may report anything in them.

use serde::Deserialize;

use crate::support;

/// Lines that fail for one reason.
#[derive(Deserialize)]
struct Group {
    why: String,
    lines: Vec<String>,
}

#[test]
fn lines_without_sensitive_data_stay_as_they_are() {
    let masker = support::masker_of_all();
    let mut wrong = Vec::new();
    let mut count = 0;
    for group in support::cases::<Vec<Group>>("false-alarms.json") {
        for line in &group.lines {
            count += 1;
            let found = support::detections(&masker, line);
            if !found.is_empty() {
                wrong.push(format!("{}: {line:?}: {found:?}", group.why));
            }
        }
    }
    assert!(count >= 200, "{count} lines");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
