//! Every identifier file proves itself: its hits are found exactly, its misses are not found.

use std::collections::BTreeMap;

use logveil::Span;

use crate::support;

#[test]
fn hits_are_found_exactly_and_misses_are_not() {
    let mut wrong = Vec::new();
    for identifier in support::all_identifiers() {
        let masker = support::masker(&[identifier.name()]);
        for hit in identifier.hits() {
            let byte = |chars: usize| hit.0.char_indices().nth(chars).map_or(hit.0.len(), |c| c.0);
            let expected =
                vec![(identifier.name().to_owned(), Span::new(byte(hit.1), byte(hit.2)))];
            let found = support::detections(&masker, &hit.0);
            if found != expected {
                wrong.push(format!("{}: hit {:?}: {found:?}", identifier.name(), hit.0));
            }
        }
        for miss in identifier.misses() {
            let found = support::detections(&masker, miss);
            if !found.is_empty() {
                wrong.push(format!("{}: miss {miss:?}: {found:?}", identifier.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each pattern earns its place: without it, one of the identifier's hits would be lost. Those that
/// lack such a hit are listed, and only those: a pattern that has got its hit leaves the list.
#[test]
fn every_pattern_has_a_hit_of_its_own() {
    let mut idle: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for identifier in support::all_identifiers() {
        let matches = |regex: &str, value: &str| {
            let anchored = format!("^(?:{regex})$");
            let regex = regex::Regex::new(&anchored).expect("a valid pattern");
            regex.is_match(value)
        };
        let values: Vec<String> = identifier
            .hits()
            .iter()
            .map(|hit| hit.0.chars().skip(hit.1).take(hit.2 - hit.1).collect())
            .collect();
        let patterns = identifier.patterns();
        for (index, pattern) in patterns.iter().enumerate() {
            let own = values.iter().any(|value| {
                let others = patterns.iter().enumerate().filter(|(other, _)| *other != index);
                let same_terms = others.filter(|(_, o)| o.needs_keyword <= pattern.needs_keyword);
                matches(&pattern.regex, value)
                    && same_terms.into_iter().all(|(_, other)| !matches(&other.regex, value))
            });
            if !own {
                idle.entry(identifier.name().to_owned()).or_default().push(pattern.regex.clone());
            }
        }
    }
    let known: BTreeMap<String, Vec<String>> = support::cases("patterns-without-own-hit.json");
    for identifier in support::all_identifiers() {
        let name = identifier.name();
        assert_eq!(idle.get(name), known.get(name), "{name}: patterns without a hit of their own");
    }
}
