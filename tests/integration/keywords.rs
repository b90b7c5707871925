//! The keyword rule, by its worked examples and by distance for every identifier.

use std::collections::BTreeMap;

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

/// The documented keywords, kept apart from the files so that a lost one is missed.
#[test]
fn every_documented_keyword_is_in_force() {
    let lists: BTreeMap<String, Vec<String>> = support::cases("keyword-lists.json");
    let mut idle = Vec::new();
    for identifier in support::all_identifiers() {
        let documented = &lists[identifier.name()];
        let mut listed = identifier.keywords().to_vec();
        listed.sort();
        assert_eq!(listed, *documented, "{}", identifier.name());
        let masker = support::masker(&[identifier.name()]);
        for keyword in documented {
            // A value that needs its keyword, as the identifier's own hits have it.
            let found = identifier.hits().iter().any(|hit| {
                let value: String = hit.0.chars().skip(hit.1).take(hit.2 - hit.1).collect();
                let alone = support::detections(&masker, &value).is_empty();
                // Some forms of a value want the keyword right before them, as a field's name.
                alone
                    && [" ", ": ", "="].iter().any(|between| {
                        let text = format!("{keyword}{between}{value}");
                        let near = support::detections(&masker, &text);
                        near.len() == 1 && near[0].1.end == text.len()
                    })
            });
            if !found {
                idle.push(format!("{}: {keyword}", identifier.name()));
            }
        }
    }
    assert!(idle.is_empty(), "keywords that are not in force:\n{}", idle.join("\n"));
}
