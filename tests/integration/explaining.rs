//! Why something is masked, or is not: case by case, against masking itself, and without a
//! character of a value.

use std::collections::{BTreeMap, BTreeSet};

use logveil::explain::{Candidate, Shape, Silence};
use logveil::identifier::managed_ids;
use logveil::{LineState, Masker, Scratch, Span};
use serde::Deserialize;

use crate::support::generate::{Random, hostile_text, vocabulary};
use crate::support::{self, detections};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    identifiers: Vec<String>,
    /// Custom identifiers: name to regex.
    #[serde(default)]
    customs: BTreeMap<String, String>,
    /// Judge each line as one of a stream.
    #[serde(default)]
    lines: bool,
    text: String,
    candidates: Vec<String>,
}

/// A candidate in one line: what, where, verdict, keyword, check.
fn line(candidate: &Candidate) -> String {
    let shape = match candidate.shape {
        Shape::Pattern(index) => format!("pattern {index}"),
        Shape::Block(index) => format!("block {index}"),
        _ => "recognizer".to_owned(),
    };
    let (chars, verdict) = (candidate.chars, candidate.verdict.as_str());
    let name = candidate.identifier.name();
    let mut text = format!("{name} {shape} at {}..{}: {verdict}", chars.start, chars.end);
    if let logveil::explain::Verdict::Hidden(by) = candidate.verdict {
        text += &format!(" by {}..{}", by.start, by.end);
    }
    if let Some(keyword) = &candidate.keyword {
        let place = if keyword.before { "before" } else { "behind" };
        text += &format!("; {:?} {} {place}", keyword.keyword, keyword.gap_chars);
        text += match keyword.silence {
            None => "",
            Some(Silence::TooFar) => ", too far",
            Some(Silence::Behind) => ", behind",
            Some(Silence::NumberBetween) => ", number between",
            Some(Silence::OtherField) => ", other field",
        };
    }
    if candidate.check_passes == Some(false) {
        text += "; check fails";
    }
    text
}

fn explained(case: &Case) -> Vec<String> {
    let identifiers: Vec<_> = case.identifiers.iter().map(String::as_str).collect();
    let customs: Vec<_> = case.customs.iter().map(|(name, regex)| (&**name, &**regex)).collect();
    let masker = Masker::new(&[support::policy(&identifiers, &customs)]).expect("a valid policy");
    if !case.lines {
        return masker.explain(&case.text).iter().map(line).collect();
    }
    let mut state = LineState::default();
    let lines = (1..).zip(case.text.lines());
    let of_line = |(number, text)| {
        let candidates = masker.explain_line(&mut state, text);
        candidates.iter().map(|it| format!("{number}: {}", line(it))).collect::<Vec<_>>()
    };
    lines.flat_map(of_line).collect()
}

/// `LOGVEIL_UPDATE=1` is not for these: what is explained is read before it is written down.
#[test]
fn each_case_is_explained() {
    let cases: Vec<Case> = support::cases("explanations.json");
    assert!(cases.len() >= 40);
    let mut wrong = Vec::new();
    for case in &cases {
        let found = explained(case);
        if found != case.candidates {
            wrong.push(format!("{}: {found:#?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The case file has every kind and every reason.
#[test]
fn every_reason_has_a_case() {
    let cases: Vec<Case> = support::cases("explanations.json");
    let lines: Vec<_> = cases.iter().flat_map(|case| &case.candidates).collect();
    for part in [
        ": reported",
        ": inside-escape",
        ": joined-before",
        ": joined-behind",
        ": longer-number",
        ": uuid",
        ": longer-base64",
        ": no-keyword",
        ": check",
        ": begin-alone",
        ": no-key-text",
        ": hidden by ",
        ", too far",
        ", behind",
        ", number between",
        ", other field",
        " before;",
        " behind",
        " block 1 ",
    ] {
        assert!(lines.iter().any(|line| format!("{line};").contains(part)), "no case has {part:?}");
    }
    assert!(cases.iter().any(|case| !case.customs.is_empty()) && cases.iter().any(|it| it.lines));
}

/// What is reported, as the masker lists it.
fn reported(candidates: &[Candidate]) -> BTreeSet<(String, Span)> {
    let reported = candidates.iter().filter(|candidate| candidate.is_reported());
    reported.map(|it| (it.identifier.name().to_owned(), it.span)).collect()
}

#[track_caller]
fn agrees(masker: &Masker, text: &str, what: &str) {
    let candidates = masker.explain(text);
    let masked: BTreeSet<_> = detections(masker, text).into_iter().collect();
    assert_eq!(reported(&candidates), masked, "{what}: {text:?}");
}

#[test]
fn what_is_reported_is_what_is_masked_in_the_catalogue() {
    let masker = support::masker_of_all();
    for identifier in support::all_identifiers() {
        let own = support::masker(&[identifier.name()]);
        let hits = identifier.hits().iter().map(|hit| &hit.0);
        for text in hits.chain(identifier.misses()) {
            agrees(&masker, text, "all");
            agrees(&own, text, identifier.name());
        }
    }
}

#[test]
fn what_is_reported_is_what_is_masked_in_the_cases() {
    let masker = support::masker_of_all();
    for case in support::cases::<Vec<Case>>("explanations.json") {
        agrees(&masker, &case.text, &case.name);
    }
}

#[test]
fn what_is_reported_is_what_is_masked_in_generated_text() {
    let all: Vec<_> = managed_ids().collect();
    let customs = [("Any", "a.*b|a"), ("Serial", r"SN-\d{2,6}"), ("Wide", r"[^\x00-\x7F]+")];
    let masker = Masker::new(&[support::policy(&all, &customs)]).expect("a valid policy");
    let vocabulary = vocabulary(&support::all_identifiers());
    let rounds = std::env::var("LOGVEIL_ROUNDS").ok().and_then(|n| n.parse().ok());
    for seed in 0..3 {
        let mut random = Random::new(seed);
        for round in 0..rounds.unwrap_or(60) {
            let pieces = 1 + random.below(12);
            let text = hostile_text(&mut random, &vocabulary, pieces);
            agrees(&masker, &text, &format!("seed {seed}, round {round}"));
        }
    }
}

/// A private key over lines: explained as the stream is masked.
#[test]
fn what_is_reported_is_what_is_masked_in_streams() {
    let masker = support::masker_of_all();
    let cases: Vec<Case> = support::cases("explanations.json");
    for case in cases.iter().filter(|case| case.lines) {
        let (mut masked, mut explained) = (LineState::default(), LineState::default());
        let mut scratch = Scratch::default();
        for text in case.text.lines() {
            let lines = masker.mask_lines(&mut masked, text, &mut scratch);
            let hidden: Vec<_> = lines.as_str().chars().map(|c| c == '*').collect();
            let mut spans = vec![false; text.chars().count()];
            for it in masker.explain_line(&mut explained, text).iter().filter(|it| it.is_reported())
            {
                spans[it.chars.start..it.chars.end].fill(true);
            }
            assert_eq!(spans, hidden, "{}", case.name);
        }
    }
}

/// Every value of the catalogue, reported or not: nothing of it is in what is explained. A test log
/// is a door too, so what leaked is not printed.
#[test]
fn no_explanation_holds_a_value() {
    let masker = support::masker_of_all();
    for identifier in support::all_identifiers() {
        let hits = identifier.hits().iter().map(|hit| &hit.0);
        for text in hits.chain(identifier.misses()) {
            for candidate in masker.explain(text) {
                let shown = format!("{candidate:?} {}", line(&candidate));
                let value = &text[candidate.span.range()];
                let name = candidate.identifier.name();
                let mut keywords = candidate.identifier.keywords().iter();
                let chosen = value.chars().count() >= 5
                    && !keywords.any(|word| word.to_lowercase().contains(&value.to_lowercase()))
                    && !name.contains(value);
                assert!(!(chosen && shown.contains(value)), "a value of {name} is shown");
            }
        }
    }
}
