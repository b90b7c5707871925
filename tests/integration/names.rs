//! Names of people in texts of many kinds, and phrases that only look like names.

use logveil::{DataProtectionPolicy, Masker, Scratch};
use serde::Deserialize;

use crate::support;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    note: String,
    hits: Vec<Case>,
    misses: Vec<Case>,
}

/// Kind and text; the names in it stand between « and ».
#[derive(Deserialize)]
struct Case(String, String);

#[test]
fn names_are_found_and_phrases_are_not() {
    let policy = DataProtectionPolicy::of(&["Name"]).expect("a managed identifier");
    let masker = Masker::new(&[policy]).expect("compiles");
    let mut scratch = Scratch::default();
    let cases: Cases = support::cases("names.json");
    assert!(cases.note.contains('«') && cases.hits.len() >= 150 && cases.misses.len() >= 200);
    let mut wrong = Vec::new();
    for Case(kind, marked) in cases.hits.iter().chain(&cases.misses) {
        let text = marked.replace(['«', '»'], "");
        let masked = masker.mask(&text, &mut scratch);
        let mut found = String::new();
        let mut copied = 0;
        for (_, span) in masked.detections() {
            found += &format!("{}«{}»", &text[copied..span.start], &text[span.range()]);
            copied = span.end;
        }
        found += &text[copied..];
        if found != *marked {
            wrong.push(format!("{kind}: {marked:?} gave {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.misses.iter().all(|Case(_, text)| !text.contains('«')));
}
