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
