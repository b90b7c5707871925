//! `Configuration.CustomDataIdentifier`: the policy's own identifiers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::Error;
use crate::identifier::DataIdentifier;
use crate::identifier::custom;
use crate::limits::CUSTOM_IDENTIFIERS_MAX;

use super::node::{Keys, Node, Object};

const CONFIGURATION: Keys = Keys { allowed: &["CustomDataIdentifier"], refused: &[] };
const CUSTOM: Keys = Keys {
    allowed: &["Name", "Regex"],
    refused: &[
        ("Keywords", "custom data identifiers are a Name and a Regex only"),
        ("IgnoreWords", "custom data identifiers are a Name and a Regex only"),
        ("MaximumMatchDistance", "custom data identifiers are a Name and a Regex only"),
    ],
};

/// What a policy's `Configuration` defines.
#[derive(Default)]
pub(super) struct Customs {
    /// Every name that is defined, its regex good or not.
    names: HashSet<String>,
    good: HashMap<String, Arc<DataIdentifier>>,
    /// Whether a fault hides names, so that a name we do not see may be defined all the same.
    pub(super) incomplete: bool,
}

impl Customs {
    pub(super) fn is_defined(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The identifier of that name, unless its definition has a fault.
    pub(super) fn get(&self, name: &str) -> Option<&Arc<DataIdentifier>> {
        self.good.get(name)
    }
}

/// Reads the `Configuration` of a policy document's root.
// Choice: an empty Configuration is accepted, as an empty CustomDataIdentifier is; a name defined
// twice is refused, one defined and never used is not.
pub(super) fn read(root: &Object<'_>, faults: &mut Vec<Error>) -> Customs {
    let mut customs = Customs { incomplete: root.misspelt("Configuration"), ..Customs::default() };
    let Some(node) = root.get("Configuration") else {
        return customs;
    };
    customs.incomplete = true; // until the whole list has been seen
    let Some(configuration) = node.object(&CONFIGURATION, "an object", faults) else {
        return customs;
    };
    let Some(list) = configuration.get("CustomDataIdentifier") else {
        customs.incomplete = configuration.misspelt("CustomDataIdentifier");
        return customs;
    };
    let Some(elements) = list.array("an array of objects", faults) else {
        return customs;
    };
    customs.incomplete = false;
    for element in elements.iter().take(CUSTOM_IDENTIFIERS_MAX) {
        read_element(element, &mut customs, faults);
    }
    if let Some(extra) = elements.get(CUSTOM_IDENTIFIERS_MAX) {
        customs.incomplete = true;
        faults.push(extra.fault(too_many(elements.len())));
    }
    customs
}

fn too_many(len: usize) -> String {
    format!("CustomDataIdentifier has {len} elements; write at most {CUSTOM_IDENTIFIERS_MAX}")
}

fn read_element(element: &Node<'_>, customs: &mut Customs, faults: &mut Vec<Error>) {
    let write = "an object with Name and Regex";
    let Some(object) = element.object(&CUSTOM, write, faults) else {
        customs.incomplete = true;
        return;
    };
    let name_node = object.require("Name", "the name that DataIdentifier refers to", faults);
    customs.incomplete |= name_node.is_none();
    let name = name_node.and_then(|node| checked_name(node, customs, faults));
    let regex_node = object.require("Regex", "a regular expression", faults);
    let Some(node) = regex_node else { return };
    let Some(regex) = node.string("a regular expression as a string", faults) else {
        return;
    };
    match custom::compile(name.unwrap_or_default(), regex) {
        Ok(identifier) => {
            if let Some(name) = name {
                customs.good.insert(name.to_owned(), Arc::new(identifier));
            }
        }
        Err(refusal) => faults.push(node.fault_at(refusal.at, refusal.what)),
    }
}

/// The name, unless it has a fault or is taken.
fn checked_name<'v>(
    node: &Node<'v>,
    customs: &mut Customs,
    faults: &mut Vec<Error>,
) -> Option<&'v str> {
    let Some(name) = node.string("a name as a string", faults) else {
        customs.incomplete = true;
        return None;
    };
    let taken = !customs.names.insert(name.to_owned());
    if taken {
        let message = "Name is that of an earlier custom data identifier; write another";
        faults.push(node.fault(message));
        return None;
    }
    match custom::check_name(name) {
        Ok(()) => Some(name),
        Err(refusal) => {
            faults.push(node.fault_at(refusal.at, refusal.what));
            None
        }
    }
}
