//! The embedded table of `data-identifiers/`.

use std::sync::{Arc, OnceLock};

use super::{DataIdentifier, file};

macro_rules! managed { ($($id:literal),+ $(,)?) => {
    const MANAGED: &[(&str, &str)] =
        &[$(($id, include_str!(concat!("../../data-identifiers/", $id, ".json")))),+];
} }

managed![
    "AwsSecretKey",
    "BankAccountNumber-DE",
    "CreditCardNumber",
    "DriversLicense-US",
    "EmailAddress",
    "IpAddress",
    "LatLong",
    "NhsNumber-GB",
    "OpenSshPrivateKey",
    "PhoneNumber-US",
    "Ssn-US",
    "VehicleIdentificationNumber",
];

/// The names of all managed identifiers, in ASCII order.
pub fn managed_ids() -> impl ExactSizeIterator<Item = &'static str> {
    MANAGED.iter().map(|(id, _)| *id)
}

/// The managed identifier of that name, as policies spell it. A file is read when it is first
/// asked for, once per process.
pub fn managed(name: &str) -> Option<Arc<DataIdentifier>> {
    static READ: [OnceLock<Arc<DataIdentifier>>; MANAGED.len()] =
        [const { OnceLock::new() }; MANAGED.len()];
    let index = MANAGED.binary_search_by_key(&name, |(id, _)| id).ok()?;
    Some(Arc::clone(READ[index].get_or_init(|| Arc::new(file::read(MANAGED[index].1)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_folder_hold_the_same_files() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data-identifiers");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("readable").file_name().into_string().expect("ASCII"))
            .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
            .collect();
        files.sort();
        assert!(managed_ids().is_sorted());
        assert_eq!(files, managed_ids().collect::<Vec<_>>());
        for id in managed_ids() {
            assert_eq!(managed(id).expect("listed").name(), id);
        }
    }

    #[test]
    fn every_file_brings_its_proof() {
        for id in managed_ids() {
            let identifier = managed(id).expect("listed");
            assert!(identifier.hits.len() >= 5, "{id}: fewer than 5 hits");
            assert!(identifier.misses.len() >= 5, "{id}: fewer than 5 misses");
        }
    }
}
