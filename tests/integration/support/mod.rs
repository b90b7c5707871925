//! What the tests share: case files, seeded generation, the oracle.

pub mod generate;
pub mod oracle;

use logveil::identifier::{DataIdentifier, managed, managed_ids};
use logveil::{DataProtectionPolicy, Masker, Scratch, Span};
use serde::de::DeserializeOwned;

/// A file of `tests/cases/`.
pub fn cases<T: DeserializeOwned>(file: &str) -> T {
    let path = format!("{}/tests/cases/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A masker for managed identifiers.
pub fn masker(identifiers: &[&str]) -> Masker {
    let policy = DataProtectionPolicy::of(identifiers).expect("known identifiers");
    Masker::new(&[policy]).expect("a valid policy")
}

/// A masker for every managed identifier.
pub fn masker_of_all() -> Masker {
    masker(&managed_ids().collect::<Vec<_>>())
}

/// Every managed identifier.
pub fn all_identifiers() -> Vec<std::sync::Arc<DataIdentifier>> {
    managed_ids().map(|id| managed(id).expect("listed")).collect()
}

/// What a masker finds, in the masker's order.
pub fn detections(masker: &Masker, text: &str) -> Vec<(String, Span)> {
    let mut scratch = Scratch::default();
    let masked = masker.mask(text, &mut scratch);
    masked.detections().map(|(name, span)| (name.to_owned(), span)).collect()
}
