//! Policy JSON → [`DataProtectionPolicy`].
//!
//! Source: CloudWatch Logs API Reference, PutAccountPolicy and PutDataProtectionPolicy.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Place};
use crate::identifier::{DataIdentifier, managed, managed_name};
use crate::limits::POLICY_DOCUMENT_CHARS_MAX;

use super::configuration::{self, Customs};
use super::destination::FindingsDestination;
use super::names::{Reference, reference};
use super::node::{self, Keys, Node};
use super::statement::{self, Statements};

/// A data protection policy, checked.
///
/// `Debug` prints the name and counts, never the document: its `Description` and the regular
/// expressions of its custom identifiers may tell what the data looks like.
///
/// ```
/// use logveil::DataProtectionPolicy;
///
/// let policy = DataProtectionPolicy::of(&["EmailAddress"])?;
/// assert_eq!(policy.identifiers()[0].name(), "EmailAddress");
/// assert!(DataProtectionPolicy::faults(policy.document()).is_empty());
/// # Ok::<(), logveil::Error>(())
/// ```
#[derive(Clone)]
pub struct DataProtectionPolicy {
    name: Option<String>,
    description: Option<String>,
    identifiers: Vec<Arc<DataIdentifier>>,
    destinations: Vec<FindingsDestination>,
    /// Where the document names each destination.
    places: Vec<Place>,
    document: String,
}

impl DataProtectionPolicy {
    /// Reads a policy document: JSON of at most
    /// [`POLICY_DOCUMENT_CHARS_MAX`](crate::limits::POLICY_DOCUMENT_CHARS_MAX) characters, with
    /// `Name`, `Description`, `Version`, `Configuration` and `Statement`.
    ///
    /// Custom regular expressions are compiled here, which may take milliseconds each.
    ///
    /// # Errors
    ///
    /// InvalidParameter for the first fault of the document, with its place. The message says what
    /// to write instead and quotes nothing of the document but names that are AWS's.
    pub fn parse(document: &str) -> Result<Self, Error> {
        let parts = read(document)
            .map_err(|faults| faults.into_iter().next().expect("a refusal has a fault"))?;
        let Parts { name, description, statements: Statements { identifiers, destinations } } =
            parts;
        assert!(!identifiers.is_empty(), "a policy without fault names an identifier");
        let (destinations, places) = destinations.into_iter().unzip();
        let document = document.to_owned();
        Ok(Self { name, description, identifiers, destinations, places, document })
    }

    /// Every fault of the document, in the order of the text; empty when
    /// [`parse`](Self::parse) would succeed. A text that is too long or is not JSON has one fault.
    pub fn faults(document: &str) -> Vec<Error> {
        read(document).err().unwrap_or_default()
    }

    /// A policy over managed identifiers, named bare (`EmailAddress`) or by ARN, that sends its
    /// findings nowhere. [`document`](Self::document) is then one that we write, and
    /// [`name`](Self::name) is `None`.
    ///
    /// # Errors
    ///
    /// InvalidParameter when `identifiers` is empty, names one twice, or names one that does not
    /// exist; the message holds the index, not the name.
    pub fn of(identifiers: &[&str]) -> Result<Self, Error> {
        let names = managed_names(identifiers)?;
        Ok(Self {
            name: None,
            description: None,
            identifiers: names.iter().filter_map(|name| managed(name)).collect(),
            destinations: Vec::new(),
            places: Vec::new(),
            document: write(&names, ""),
        })
    }

    /// A policy document over managed identifiers for people to edit: indented, with `Name`,
    /// `Description` and no destinations.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn template(identifiers: &[&str]) -> Result<String, Error> {
        let head = "  \"Name\": \"data-protection-policy\",\n  \"Description\": \"\",\n";
        Ok(write(&managed_names(identifiers)?, head))
    }

    /// The document's `Name`: letters, digits, `-` and `_`. It is a metric dimension.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The document's `Description`.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// What the policy audits and masks, managed and custom, in the order of its Audit statement;
    /// never empty, none twice.
    pub fn identifiers(&self) -> &[Arc<DataIdentifier>] {
        &self.identifiers
    }

    /// Where findings go, in the order of the document; at most one of each kind.
    pub fn destinations(&self) -> &[FindingsDestination] {
        &self.destinations
    }

    /// Where the document names each destination.
    pub(crate) fn placed_destinations(
        &self,
    ) -> impl Iterator<Item = (&FindingsDestination, &Place)> {
        self.destinations.iter().zip(&self.places)
    }

    /// The document as given.
    pub fn document(&self) -> &str {
        &self.document
    }
}

impl fmt::Debug for DataProtectionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataProtectionPolicy")
            .field("name", &self.name)
            .field("identifiers", &self.identifiers.len())
            .field("destinations", &self.destinations.len())
            .field("document_bytes", &self.document.len())
            .finish()
    }
}

const POLICY: Keys = Keys {
    allowed: &["Name", "Description", "Version", "Configuration", "Statement"],
    refused: &[],
};

const VERSION: &str = "2021-06-01";

/// What a document without fault says.
struct Parts {
    name: Option<String>,
    description: Option<String>,
    statements: Statements,
}

/// The one way through a document, so that [`DataProtectionPolicy::parse`] and
/// [`DataProtectionPolicy::faults`] cannot disagree.
fn read(document: &str) -> Result<Parts, Vec<Error>> {
    let parts = node::read("policyDocument", POLICY_DOCUMENT_CHARS_MAX, document, read_root)?;
    Ok(parts.expect("a document without fault has all its parts"))
}

fn read_root(root: &Node<'_>, faults: &mut Vec<Error>) -> Option<Parts> {
    let object = root.object(&POLICY, "an object with Statement", faults)?;
    let name = object.get("Name").and_then(|node| read_name(node, faults));
    let description = object.get("Description").and_then(|node| node.string("a string", faults));
    if let Some(node) = object.get("Version") {
        read_version(node, faults);
    }
    let customs: Customs = configuration::read(&object, faults);
    let statements = statement::read(&object, &customs, faults)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Some(Parts { name: owned(name), description: owned(description), statements })
}

fn read_name<'v>(node: &Node<'v>, faults: &mut Vec<Error>) -> Option<&'v str> {
    let name = node.string("a string of letters, digits, - and _", faults)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() {
        faults.push(node.fault("Name is empty; write letters, digits, - and _, or remove it"));
    } else if let Some(at) = name.find(|c| !allowed(c)) {
        let message = "Name may hold only letters, digits, - and _; write - for other characters";
        faults.push(node.fault_at(at, message));
    }
    Some(name)
}

fn read_version(node: &Node<'_>, faults: &mut Vec<Error>) {
    let write = "the string 2021-06-01";
    if node.string(write, faults).is_some_and(|version| version != VERSION) {
        faults.push(node.fault(format!("Version is not one that exists; write {VERSION}")));
    }
}

/// The names of managed identifiers that a caller gave bare or by ARN.
fn managed_names(identifiers: &[&str]) -> Result<Vec<&'static str>, Error> {
    if identifiers.is_empty() {
        return Err(Error::invalid("no data identifier is named; name at least one"));
    }
    let refuse = |index: usize, what: &str| {
        Err(Error::invalid(format!("data identifier {index} of the list: {what}")))
    };
    let mut names = Vec::with_capacity(identifiers.len());
    let mut seen = HashSet::new();
    for (index, text) in identifiers.iter().enumerate() {
        let unknown = match reference(text) {
            Reference::Managed(name) => Ok(name),
            Reference::Bare(name) => managed_name(name).ok_or(name),
            Reference::Unknown(name, _) => Err(name),
            Reference::OtherArn => Err(*text),
        };
        let name = match unknown {
            Ok(name) => name,
            Err(name) => return refuse(index, &statement::unknown(name, &Customs::default())),
        };
        if !seen.insert(name) {
            return refuse(index, "it is named twice; name it once");
        }
        names.push(name);
    }
    Ok(names)
}

/// A document that [`DataProtectionPolicy::parse`] accepts; `head` is lines before `Version`.
fn write(names: &[&'static str], head: &str) -> String {
    let arns: Vec<String> = names
        .iter()
        .map(|name| format!("        \"arn:aws:dataprotection::aws:data-identifier/{name}\""))
        .collect();
    let arns = arns.join(",\n");
    let statement = |sid: &str, operation: &str| {
        let sid = format!("      \"Sid\": \"{sid}\",\n");
        let arns = format!("      \"DataIdentifier\": [\n{arns}\n      ],\n");
        format!("    {{\n{sid}{arns}      \"Operation\": {operation}\n    }}")
    };
    let audit = statement("audit", "{ \"Audit\": { \"FindingsDestination\": {} } }");
    let mask = statement("mask", "{ \"Deidentify\": { \"MaskConfig\": {} } }");
    format!(
        "{{\n{head}  \"Version\": \"{VERSION}\",\n  \"Statement\": [\n{audit},\n{mask}\n  ]\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::managed_ids;

    #[test]
    fn what_we_write_we_read() {
        let all: Vec<&str> = managed_ids().collect();
        for names in [&all[..1], &all[..]] {
            let policy = DataProtectionPolicy::of(names).unwrap();
            let read = DataProtectionPolicy::parse(policy.document()).unwrap();
            assert!(read.identifiers() == policy.identifiers());
            assert_eq!(read.name(), None);
            let template = DataProtectionPolicy::template(names).unwrap();
            let read = DataProtectionPolicy::parse(&template).unwrap();
            assert!(read.identifiers() == policy.identifiers());
            assert_eq!(read.name(), Some("data-protection-policy"));
            assert_eq!(read.description(), Some(""));
        }
    }

    #[test]
    fn of_takes_names_and_arns_and_says_which_it_refuses() {
        let arn = "arn:aws:dataprotection::aws:data-identifier/IpAddress";
        let policy = DataProtectionPolicy::of(&["EmailAddress", arn]).unwrap();
        let names: Vec<&str> = policy.identifiers().iter().map(|known| known.name()).collect();
        assert_eq!(names, ["EmailAddress", "IpAddress"]);
        for (names, message) in [
            (&[][..], "at least one"),
            (&["IpAddress", arn], "data identifier 1 of the list: it is named twice"),
            (&["emailaddress"], "write EmailAddress"),
            (&["x:y"], "no managed data identifier has this name"),
            (&["*"], "wildcards"),
        ] {
            let refused = DataProtectionPolicy::of(names).expect_err(message);
            assert!(refused.message().contains(message), "{refused}");
            assert!(DataProtectionPolicy::template(names).is_err());
        }
    }

    #[test]
    fn debug_shows_no_document() {
        let document = write(&["EmailAddress"], "\"Name\":\"n\",\"Description\":\"canary\",");
        let policy = DataProtectionPolicy::parse(&document).unwrap();
        assert_eq!(policy.description(), Some("canary"));
        let shown = format!("{policy:?} {policy:#?}");
        assert!(!shown.contains("canary") && shown.contains("\"n\""), "the document is shown");
    }
}
