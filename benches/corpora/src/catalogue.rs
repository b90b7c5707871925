//! What the catalogue of managed identifiers holds, as words to make texts of.

use std::sync::Arc;

use logveil::identifier::{DataIdentifier, managed, managed_ids};

/// Longest value that texts are made of, in characters. Whole private keys are longer and would
/// crowd out everything else.
const VALUE_CHARS_MAX: usize = 60;

fn catalogue() -> impl Iterator<Item = Arc<DataIdentifier>> {
    managed_ids().filter_map(managed)
}

/// Every keyword of every managed identifier; a keyword that several share stands there as often.
pub fn keywords() -> Vec<String> {
    catalogue().flat_map(|identifier| identifier.keywords().to_vec()).collect()
}

/// One text with a value for each managed identifier: the first short one of its proofs.
pub fn values() -> Vec<String> {
    let short = |identifier: Arc<DataIdentifier>| {
        let fits = |text: &str| text.chars().count() <= VALUE_CHARS_MAX && !text.contains('\n');
        identifier.hits().iter().map(|hit| hit.0.clone()).find(|text| fits(text))
    };
    catalogue().filter_map(short).collect()
}

/// Keywords, values of hits and misses of the given identifiers.
pub fn vocabulary(identifiers: &[Arc<DataIdentifier>]) -> Vec<String> {
    let mut words = Vec::new();
    for identifier in identifiers {
        words.extend(identifier.keywords().iter().cloned());
        words.extend(identifier.misses().iter().cloned());
        for hit in identifier.hits() {
            words.push(hit.0.clone());
            words.push(hit.0.chars().skip(hit.1).take(hit.2 - hit.1).collect());
        }
    }
    words
}
