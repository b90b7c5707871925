//! From the command line to policies: files, names of identifiers, or the built-in set.

use std::collections::HashSet;
use std::path::Path;

use logveil::identifier::{managed, managed_ids};
use logveil::{
    AccountId, Arn, DataProtectionPolicy, Home, Masker, Region, delivery_destination_policy,
};

use crate::args::{DeliveryTemplateArgs, Protect, TemplateArgs, TemplateOf};
use crate::output::{Done, Failure, error, print, say, shown};
use crate::{caret, files};

/// What is masked when nothing else is asked for: credentials, money, and what names a person.
/// Not places, network addresses and bare codes, which logs are full of and which need a decision.
const BUILT_IN: &[&str] = &[
    "AwsSecretKey",
    "OpenSshPrivateKey",
    "PgpPrivateKey",
    "PkcsPrivateKey",
    "PuttyPrivateKey",
    "BankAccountNumber-DE",
    "BankAccountNumber-ES",
    "BankAccountNumber-FR",
    "BankAccountNumber-GB",
    "BankAccountNumber-IT",
    "BankAccountNumber-US",
    "CreditCardNumber",
    "CreditCardSecurityCode",
    "DriversLicense-US",
    "EmailAddress",
    "NhsNumber-GB",
    "PassportNumber-US",
    "PhoneNumber-US",
    "Ssn-ES",
    "Ssn-US",
];

/// The built-in set, as far as this build has it.
pub(crate) fn built_in() -> Vec<&'static str> {
    BUILT_IN.iter().copied().filter(|name| managed(name).is_some()).collect()
}

/// Which identifiers are meant when neither a policy nor a name is given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unasked {
    /// The built-in set.
    BuiltIn,
    /// Every managed identifier.
    All,
}

/// The policies asked for, and a masker that holds them.
pub(crate) fn load(
    asked: &Protect,
    unasked: Unasked,
) -> Result<(Vec<DataProtectionPolicy>, Masker), Failure> {
    let policies = policies(asked, unasked)?;
    let masker = Masker::new(&policies).map_err(|error| refused(&error))?;
    Ok((policies, masker))
}

/// The policies asked for. `--policy` and `--identifiers` add up.
pub(crate) fn policies(
    asked: &Protect,
    unasked: Unasked,
) -> Result<Vec<DataProtectionPolicy>, Failure> {
    let mut policies = Vec::new();
    for path in &asked.policy {
        policies.push(read(path)?);
    }
    let identifiers = &asked.identifiers;
    if !identifiers.is_empty() || policies.is_empty() {
        let names = match unasked {
            _ if !identifiers.is_empty() => names(identifiers)?,
            Unasked::BuiltIn => built_in(),
            Unasked::All => managed_ids().collect(),
        };
        policies.push(of(&names)?);
    }
    Ok(policies)
}

/// A policy of these identifiers.
pub(crate) fn of(names: &[&str]) -> Result<DataProtectionPolicy, Failure> {
    DataProtectionPolicy::of(names).map_err(|error| refused(&error))
}

/// A policy file; its faults go to stderr.
pub(crate) fn read(path: &Path) -> Result<DataProtectionPolicy, Failure> {
    let bytes = files::read(path)?;
    let name = shown(path);
    let Ok(document) = String::from_utf8(bytes) else {
        return Err(Failure::because(format!("{name} is not UTF-8; save it as UTF-8")));
    };
    match DataProtectionPolicy::parse(&document) {
        Ok(policy) => Ok(policy),
        Err(first) => {
            let mut faults = DataProtectionPolicy::faults(&document);
            if faults.is_empty() {
                faults.push(first);
            }
            say(&caret::faults(&name, &document, &faults));
            Err(Failure::because(format!("{name} is no valid policy; nothing was done")))
        }
    }
}

pub(crate) fn refused(error: &logveil::Error) -> Failure {
    Failure::because(error.message())
}

/// The managed identifiers that a comma list names; `all` is every one. Every name that is none is
/// reported, beside `all` too: whoever misspells a name believes to have asked for something else.
fn names(identifiers: &[String]) -> Result<Vec<&'static str>, Failure> {
    let mut names = Vec::new();
    let mut unknown = Vec::new();
    for asked in identifiers.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        match find(asked) {
            _ if asked == "all" => names.extend(managed_ids()),
            Ok(name) => names.push(name),
            Err(_) if asked.eq_ignore_ascii_case("all") => {
                unknown.push(format!("no managed data identifier is called {asked:?}; write all"));
            }
            Err(Failure::Because(why)) => unknown.push(why),
            Err(other) => return Err(other),
        }
    }
    if !unknown.is_empty() {
        unknown.iter().for_each(|why| error(why));
        return Err(Failure::Said);
    }
    if names.is_empty() {
        return Err(Failure::because(
            "--identifiers names nothing; write names with commas between them, or all",
        ));
    }
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(*name));
    Ok(names)
}

/// The managed identifier of that name or ARN.
pub(crate) fn find(asked: &str) -> Result<&'static str, Failure> {
    let asked = asked.trim();
    let bare = asked.rsplit('/').next().unwrap_or(asked);
    managed_ids().find(|name| *name == bare).ok_or_else(|| {
        let near = near(bare);
        let hint = if near.is_empty() {
            "`logveil identifiers` lists all".to_owned()
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        Failure::because(format!("no managed data identifier is called {asked:?}; {hint}"))
    })
}

/// Up to four names that look like `asked`, the likeliest first; one that differs only in case is
/// the one that is meant.
fn near(asked: &str) -> Vec<&'static str> {
    if let Some(name) = managed_ids().find(|name| name.eq_ignore_ascii_case(asked)) {
        return vec![name];
    }
    let asked = asked.to_lowercase();
    let mut near: Vec<_> = managed_ids()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let part = asked.len() > 2 && (lower.contains(&asked) || asked.contains(&lower));
            let distance = if part { 1 } else { distance(&asked, &lower) };
            (distance <= 2.max(asked.chars().count() / 3)).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(4).map(|(_, name)| name).collect()
}

/// Letters to add, remove or replace to turn `a` into `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// `policy template`.
pub(crate) fn template(args: &TemplateArgs) -> Result<Done, Failure> {
    if let Some(TemplateOf::Delivery(args)) = &args.of {
        return delivery_template(args);
    }
    let names = if args.identifiers.is_empty() { built_in() } else { names(&args.identifiers)? };
    let mut document = DataProtectionPolicy::template(&names).map_err(|error| refused(&error))?;
    if !document.ends_with('\n') {
        document.push('\n');
    }
    print(&document)?;
    Ok(Done::Clean)
}

/// `policy template delivery`.
fn delivery_template(args: &DeliveryTemplateArgs) -> Result<Done, Failure> {
    let source = AccountId::new(&args.source_account)
        .map_err(|_| Failure::because("--source-account is not twelve digits"))?;
    let arn = Arn::parse("ARN", &args.destination).map_err(|error| refused(&error))?;
    let name = arn.resource().strip_prefix("delivery-destination:");
    let name =
        name.filter(|name| arn.service() == "logs" && !name.is_empty()).ok_or_else(|| {
            Failure::because(
                "ARN is none of a delivery destination; write \
             arn:aws:logs:REGION:ACCOUNT:delivery-destination:NAME",
            )
        })?;
    let home = Home {
        account: AccountId::new(arn.account()).map_err(|error| refused(&error))?,
        region: Region::new(arn.region()).map_err(|error| refused(&error))?,
    };
    print(&delivery_destination_policy(&home, &source, name))?;
    Ok(Done::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_guessed() {
        assert_eq!(near("EmailAdress"), ["EmailAddress"]);
        assert_eq!(near("creditcardnum"), ["CreditCardNumber"]);
        assert_eq!(near("ssn")[..2], ["Ssn-ES", "Ssn-US"]);
        assert_eq!(near("ssn-us"), ["Ssn-US"]);
        assert!(near("qqqqqqqq").is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_built_in_set_compiles() {
        assert!(built_in().len() >= 8);
        DataProtectionPolicy::of(&built_in()).expect("names are managed");
    }
}
