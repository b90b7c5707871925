//! Every identifier file proves itself: its hits are found exactly, its misses are not found.

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

/// Each pattern earns its place: without it, one of the identifier's hits would be lost.
#[test]
fn every_pattern_has_a_hit_of_its_own() {
    let mut idle = Vec::new();
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
                idle.push(format!("{}: {}", identifier.name(), pattern.regex));
            }
        }
    }
    assert!(idle.is_empty(), "patterns without a hit of their own:\n{}", idle.join("\n"));
}

const HITS_MIN: usize = 5;
const NEAR_MISSES_MIN: usize = 5;

/// A near miss breaks one rule: one edit that keeps the rule again makes it a hit.
#[test]
fn every_identifier_has_five_hits_and_five_near_misses() {
    let mut wrong = Vec::new();
    for identifier in support::all_identifiers() {
        let name = identifier.name();
        let masker = support::masker(&[name]);
        let far: Vec<_> = identifier
            .misses()
            .iter()
            .filter(|miss| {
                !edits(miss, identifier.keywords())
                    .any(|text| !support::detections(&masker, &text).is_empty())
            })
            .collect();
        let near = identifier.misses().len() - far.len();
        if identifier.hits().len() < HITS_MIN || near < NEAR_MISSES_MIN {
            wrong.push(format!(
                "{name}: {} hits, {near} near misses; far: {far:?}",
                identifier.hits().len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text with a keyword before one of its words; with up to `CUT_MAX` characters less; with one
/// character changed or one more.
fn edits<'a>(text: &'a str, keywords: &'a [String]) -> impl Iterator<Item = String> + 'a {
    const CUT_MAX: usize = 12;
    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-. /,:+@";
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let count = places.len();
    let ends = places.clone();
    let words: Vec<usize> = places
        .iter()
        .copied()
        .filter(|at| *at < text.len() && !text[..*at].ends_with(char::is_alphanumeric))
        .collect();
    let keyed = words.into_iter().flat_map(move |at| {
        keywords.iter().map(move |keyword| format!("{}{keyword} {}", &text[..at], &text[at..]))
    });
    let cut = (0..count).flat_map(move |from| {
        let ends = ends.clone();
        (from + 1..count.min(from + CUT_MAX + 1))
            .map(move |to| format!("{}{}", &text[..ends[from]], &text[ends[to]..]))
    });
    let changed = (0..count).flat_map(move |from| {
        let places = places.clone();
        let behind = (from..count.min(from + 2)).map(move |to| (places[from], places[to]));
        behind.flat_map(move |(from, to)| {
            ALPHABET.chars().map(move |c| format!("{}{c}{}", &text[..from], &text[to..]))
        })
    });
    keyed.chain(cut).chain(changed)
}
