//! What the tests share: case files, seeded generation, the oracle.

pub mod filter_oracle;
pub mod filter_texts;
pub mod generate;
pub mod oracle;
pub mod world;

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

/// A policy over managed identifiers and custom ones, given as name and regex.
pub fn policy(managed: &[&str], customs: &[(&str, &str)]) -> DataProtectionPolicy {
    use serde_json::json;
    let arn = |id: &&str| format!("arn:aws:dataprotection::aws:data-identifier/{id}");
    let names = customs.iter().map(|(name, _)| (*name).to_owned());
    let identifiers: Vec<_> = managed.iter().map(arn).chain(names).collect();
    let custom = |(name, regex): &(&str, &str)| json!({"Name": name, "Regex": regex});
    let document = json!({
        "Name": "test", "Version": "2021-06-01",
        "Configuration": {"CustomDataIdentifier": customs.iter().map(custom).collect::<Vec<_>>()},
        "Statement": [
            {"DataIdentifier": identifiers, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    });
    DataProtectionPolicy::parse(&document.to_string()).expect("a valid policy")
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

/// All files below a folder with their contents, by their relative names.
pub fn files_below(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// What a run came to, for those who ask with `--nocapture`.
#[allow(clippy::print_stdout)]
pub fn report(text: &str) {
    println!("{text}");
}

/// The long forms, minutes or hours instead of seconds, each of which `.ci/long` can run alone: how
/// many seeds there are for every sync point, and tens of kills.
pub fn long() -> Option<u64> {
    std::env::var("LOGVEIL_LONG").ok()?.parse().ok()
}
