//! The embedded table of `data-identifiers/`.

use std::sync::{Arc, OnceLock};

use super::{DataIdentifier, Facts, file};

macro_rules! managed { ($($id:literal),+ $(,)?) => {
    const MANAGED: &[(&str, &str)] =
        &[$(($id, include_str!(concat!("../../data-identifiers/", $id, ".json")))),+];
} }

managed![
    "Address",
    "AwsSecretKey",
    "BankAccountNumber-DE",
    "BankAccountNumber-ES",
    "BankAccountNumber-FR",
    "BankAccountNumber-GB",
    "BankAccountNumber-IT",
    "BankAccountNumber-US",
    "CepCode-BR",
    "Cnpj-BR",
    "CpfCode-BR",
    "CreditCardExpiration",
    "CreditCardNumber",
    "CreditCardSecurityCode",
    "DriversLicense-AT",
    "DriversLicense-AU",
    "DriversLicense-BE",
    "DriversLicense-BG",
    "DriversLicense-CA",
    "DriversLicense-CY",
    "DriversLicense-CZ",
    "DriversLicense-DE",
    "DriversLicense-DK",
    "DriversLicense-EE",
    "DriversLicense-ES",
    "DriversLicense-FI",
    "DriversLicense-FR",
    "DriversLicense-GB",
    "DriversLicense-GR",
    "DriversLicense-HR",
    "DriversLicense-HU",
    "DriversLicense-IE",
    "DriversLicense-IT",
    "DriversLicense-LT",
    "DriversLicense-LU",
    "DriversLicense-LV",
    "DriversLicense-MT",
    "DriversLicense-NL",
    "DriversLicense-PL",
    "DriversLicense-PT",
    "DriversLicense-RO",
    "DriversLicense-SE",
    "DriversLicense-SI",
    "DriversLicense-SK",
    "DriversLicense-US",
    "DrugEnforcementAgencyNumber-US",
    "ElectoralRollNumber-GB",
    "EmailAddress",
    "HealthInsuranceCardNumber-EU",
    "HealthInsuranceClaimNumber-US",
    "HealthInsuranceNumber-FR",
    "HealthcareProcedureCode-US",
    "IndividualTaxIdentificationNumber-US",
    "InseeCode-FR",
    "IpAddress",
    "LatLong",
    "MedicareBeneficiaryNumber-US",
    "Name",
    "NationalDrugCode-US",
    "NationalIdentificationNumber-DE",
    "NationalIdentificationNumber-ES",
    "NationalIdentificationNumber-IT",
    "NationalInsuranceNumber-GB",
    "NationalProviderId-US",
    "NhsNumber-GB",
    "NieNumber-ES",
    "NifNumber-ES",
    "OpenSshPrivateKey",
    "PassportNumber-CA",
    "PassportNumber-DE",
    "PassportNumber-ES",
    "PassportNumber-FR",
    "PassportNumber-GB",
    "PassportNumber-IT",
    "PassportNumber-US",
    "PermanentResidenceNumber-CA",
    "PersonalHealthNumber-CA",
    "PgpPrivateKey",
    "PhoneNumber-BR",
    "PhoneNumber-DE",
    "PhoneNumber-ES",
    "PhoneNumber-FR",
    "PhoneNumber-GB",
    "PhoneNumber-IT",
    "PhoneNumber-US",
    "PkcsPrivateKey",
    "PostalCode-CA",
    "PuttyPrivateKey",
    "RgNumber-BR",
    "SocialInsuranceNumber-CA",
    "Ssn-ES",
    "Ssn-US",
    "TaxId-DE",
    "TaxId-ES",
    "TaxId-FR",
    "TaxId-GB",
    "VehicleIdentificationNumber",
    "ZipCode-US",
];

/// The names of all managed identifiers, in ASCII order.
pub fn managed_ids() -> impl ExactSizeIterator<Item = &'static str> {
    MANAGED.iter().map(|(id, _)| *id)
}

/// The managed identifier of that name, as policies spell it.
pub fn managed(name: &str) -> Option<Arc<DataIdentifier>> {
    static MADE: [OnceLock<Arc<DataIdentifier>>; MANAGED.len()] =
        [const { OnceLock::new() }; MANAGED.len()];
    let number = MANAGED.binary_search_by_key(&name, |(id, _)| id).ok()?;
    Some(Arc::clone(MADE[number].get_or_init(|| Arc::new(DataIdentifier::managed(number)))))
}

/// The name of the managed identifier of that number, as the catalogue spells it.
pub(super) fn name(number: usize) -> &'static str {
    MANAGED[number].0
}

/// A name as the catalogue holds it, if it is that of a managed identifier.
pub(crate) fn managed_name(known: &str) -> Option<&'static str> {
    let number = MANAGED.binary_search_by_key(&known, |(id, _)| id).ok()?;
    Some(name(number))
}

/// Reads the file of the managed identifier of that number.
pub(super) fn facts(number: usize) -> Facts {
    let (name, text) = MANAGED[number];
    file::read(name, text)
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
            assert!(identifier.hits().len() >= 5, "{id}: fewer than 5 hits");
            assert!(identifier.misses().len() >= 5, "{id}: fewer than 5 misses");
        }
    }
}
