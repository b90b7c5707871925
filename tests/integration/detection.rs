//! The detector against the naive oracle, on the catalogue's own texts and on generated ones.

use std::sync::Arc;

use logveil::identifier::DataIdentifier;
use logveil::{DataProtectionPolicy, Masker};
use logveil_corpora::{WORST, clean, dense, hostile, one_event};

use crate::support::generate::{Random, hostile_text, vocabulary};
use crate::support::oracle::Oracle;
use crate::support::{self, detections};

/// `LOGVEIL_ROUNDS` makes the long form.
fn rounds(short: usize) -> usize {
    std::env::var("LOGVEIL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(short)
}

#[test]
fn the_oracle_agrees_on_every_case() {
    let identifiers = support::all_identifiers();
    let (masker, oracle) = (support::masker_of_all(), Oracle::new(&identifiers));
    for identifier in &identifiers {
        let hits = identifier.hits().iter().map(|hit| &hit.0);
        for text in hits.chain(identifier.misses()) {
            assert_eq!(detections(&masker, text), oracle.detect(text), "{text:?}");
        }
    }
}

#[test]
fn the_oracle_agrees_on_generated_text() {
    let identifiers = support::all_identifiers();
    let vocabulary = vocabulary(&identifiers);
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let mut chosen = vec![Arc::clone(&identifiers[random.below(identifiers.len())])];
        let half = identifiers.iter().filter(|_| seed == 0 || random.below(2) == 0);
        chosen.extend(half.cloned());
        let (masker, oracle) = pair(chosen);
        for round in 0..rounds(250) {
            let pieces = 1 + random.below(12);
            let text = hostile_text(&mut random, &vocabulary, pieces);
            let found = detections(&masker, &text);
            assert_eq!(found, oracle.detect(&text), "seed {seed}, round {round}: {text:?}");
        }
    }
}

#[test]
fn the_oracle_agrees_on_the_worst_inputs() {
    let identifiers = support::all_identifiers();
    let (masker, oracle) = (support::masker_of_all(), Oracle::new(&identifiers));
    for worst in WORST {
        let text = one_event(worst, 200);
        assert_eq!(detections(&masker, &text), oracle.detect(&text), "{}", worst.name);
    }
}

#[test]
fn the_oracle_agrees_on_hostile_and_dense_logs() {
    let identifiers = support::all_identifiers();
    let (masker, oracle) = (support::masker_of_all(), Oracle::new(&identifiers));
    for corpus in [hostile(rounds(250) * 100), dense(&clean(rounds(250)).text)] {
        for (index, line) in corpus.lines().enumerate() {
            let (found, expected) = (detections(&masker, line), oracle.detect(line));
            assert_eq!(found, expected, "{}, line {index}: {line:?}", corpus.name);
        }
    }
}

#[test]
fn a_clean_log_is_clean() {
    let (masker, corpus) = (support::masker_of_all(), clean(rounds(250) * 10));
    for (index, line) in corpus.lines().enumerate() {
        assert_eq!(detections(&masker, line), [], "line {index}: {line:?}");
    }
}

/// Regexes that are hard in different ways: overlap, no end, anchors, one character, wide ones.
const CUSTOMS: &[(&str, &str)] = &[
    ("Any", "a.*b|a"),
    ("Serial", r"SN-\d{2,6}"),
    ("First", "^[A-Za-z]+"),
    ("Last", "[0-9a-f]+$"),
    ("Pair", "[A-Z]{2}[0-9]*"),
    ("Wide", r"[^\x00-\x7F]+"),
    ("Words", r"\w+ \w+ \w+"),
    ("Star", "[*][*]?"),
    ("Tail", r"x[^ ]*y|[xy]"),
    ("Dot", ".1."),
];

#[test]
fn the_oracle_agrees_on_custom_identifiers() {
    let managed = ["EmailAddress", "Ssn-US"];
    let policy = support::policy(&managed, CUSTOMS);
    let mut identifiers = policy.identifiers().to_vec();
    identifiers.sort_by(|a, b| a.name().cmp(b.name()));
    let masker = Masker::new(&[policy]).expect("a valid policy");
    let oracle = Oracle::new(&identifiers);
    let mut vocabulary = vocabulary(&support::all_identifiers());
    vocabulary
        .extend(["SN-12345678", "aabab", "aaaa", "xyyx", "AB12", "éé", "1.1"].map(Into::into));
    let mut random = Random::new(7);
    for round in 0..rounds(300) {
        let pieces = random.below(10);
        let text = hostile_text(&mut random, &vocabulary, pieces);
        let (mut found, mut expected) = (detections(&masker, &text), oracle.detect(&text));
        found.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        expected.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        assert_eq!(found, expected, "round {round}: {text:?}");
    }
}

fn pair(mut identifiers: Vec<Arc<DataIdentifier>>) -> (Masker, Oracle) {
    identifiers.sort_by(|a, b| a.name().cmp(b.name()));
    identifiers.dedup_by(|a, b| a.name() == b.name());
    let names: Vec<_> = identifiers.iter().map(|identifier| identifier.name()).collect();
    let policy = DataProtectionPolicy::of(&names).expect("known identifiers");
    (Masker::new(&[policy]).expect("a valid policy"), Oracle::new(&identifiers))
}
