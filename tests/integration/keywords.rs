//! The keyword rule, by its worked examples and by distance for every identifier.

use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
struct Examples {
    identifier: String,
    cases: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    text: String,
    reported: bool,
    why: String,
}

#[test]
fn the_worked_examples_hold() {
    let examples: Examples = support::cases("keywords.json");
    let masker = support::masker(&[&examples.identifier]);
    assert!(examples.cases.len() >= 24);
    for case in examples.cases {
        let reported = !support::detections(&masker, &case.text).is_empty();
        assert_eq!(reported, case.reported, "{}: {}", case.why, case.text);
    }
}

#[derive(Deserialize)]
struct Distance {
    identifier: String,
    text: String,
    reported: bool,
}

#[test]
fn a_keyword_counts_up_to_thirty_characters_away_and_no_farther() {
    let cases: Vec<Distance> = support::cases("keyword-distance.json");
    for identifier in support::all_identifiers() {
        if identifier.keywords().is_empty() {
            continue;
        }
        let of_it: Vec<_> = cases.iter().filter(|c| c.identifier == identifier.name()).collect();
        assert!(of_it.len() >= 4, "{}: 30 and 31, before and after", identifier.name());
        let masker = support::masker(&[identifier.name()]);
        for case in of_it {
            let reported = !support::detections(&masker, &case.text).is_empty();
            assert_eq!(reported, case.reported, "{}: {}", case.identifier, case.text);
        }
    }
}
