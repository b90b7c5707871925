//! The two statements of a data protection policy: what to audit and what to mask.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::Error;
use crate::identifier::{DataIdentifier, managed};

use super::configuration::Customs;
use super::destination::{self, Placed};
use super::names::{ARN_FORM, Reference, nearest_managed, reference};
use super::node::{Keys, Node, Object};

const STATEMENT: Keys = Keys {
    allowed: &["Sid", "DataIdentifier", "Operation"],
    refused: &[
        ("DataDirection", "a log group's policy has no direction, remove it"),
        ("Principal", "a log group's policy applies to everyone, remove it"),
    ],
};
const OPERATION: Keys = Keys {
    allowed: &["Audit", "Deidentify"],
    refused: &[("Deny", "CloudWatch Logs audits and masks; write Audit or Deidentify")],
};
const AUDIT: Keys = Keys {
    allowed: &["FindingsDestination"],
    refused: &[
        ("SampleRate", "every log event is audited, remove it"),
        ("NoFindingsDestination", "findings without sensitive data are not sent, remove it"),
    ],
};
const DEIDENTIFY: Keys = Keys {
    allowed: &["MaskConfig"],
    refused: &[("RedactConfig", "data is masked, not removed; write \"MaskConfig\": {}")],
};
const MASK_CONFIG: Keys = Keys {
    allowed: &[],
    refused: &[("MaskWithCharacter", "the mask is always asterisks; write \"MaskConfig\": {}")],
};

/// What both statements say together.
#[derive(Default)]
pub(super) struct Statements {
    pub(super) identifiers: Vec<Arc<DataIdentifier>>,
    pub(super) destinations: Vec<Placed>,
}

/// One statement; what has a fault is missing.
#[derive(Default)]
struct Statement<'v> {
    operation: Option<Operation>,
    elements: Option<Vec<Element<'v>>>,
    destinations: Vec<Placed>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operation {
    Audit,
    Deidentify,
}

/// An element of a `DataIdentifier` array.
struct Element<'v> {
    node: Node<'v>,
    /// Equal for elements that mean the same identifier.
    meaning: Meaning<'v>,
    /// Missing when the element has a fault, or the definition it refers to.
    identifier: Option<Arc<DataIdentifier>>,
}

#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum Meaning<'v> {
    Managed(&'static str),
    Text(&'v str),
}

/// Reads the `Statement` of a policy document's root.
// Choice: exactly two statements, one of each operation, in either order; the identifiers keep the
// order of the Audit statement, as findings follow it.
pub(super) fn read(
    root: &Object<'_>,
    customs: &Customs,
    faults: &mut Vec<Error>,
) -> Option<Statements> {
    let write = "an array of two statements, one with Audit and one with Deidentify";
    let node = root.require("Statement", write, faults)?;
    let elements = node.array(write, faults)?;
    let statements: Vec<_> =
        elements.iter().map(|element| read_statement(element, customs, faults)).collect();
    let Ok([first, second]) = <[Statement<'_>; 2]>::try_from(statements) else {
        let len = elements.len();
        faults.push(
            node.fault(format!("Statement has {len} elements; write exactly two, {ONE_EACH}")),
        );
        return None;
    };
    let (audit, deidentify) = match (first.operation?, second.operation?) {
        (Operation::Audit, Operation::Deidentify) => (first, second),
        (Operation::Deidentify, Operation::Audit) => (second, first),
        (twice, _) => {
            faults.push(
                elements[1].fault(format!("both statements {}; write {ONE_EACH}", twice.verb())),
            );
            return None;
        }
    };
    let (audited, masked) = (audit.elements?, deidentify.elements?);
    compare(&audited, &masked, "audited but not masked; name it under Deidentify too", faults);
    compare(&masked, &audited, "masked but not audited; name it under Audit too", faults);
    let identifiers = audited.into_iter().filter_map(|element| element.identifier).collect();
    Some(Statements { identifiers, destinations: audit.destinations })
}

const ONE_EACH: &str = "one with the operation Audit and one with Deidentify";

impl Operation {
    fn verb(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Deidentify => "mask",
        }
    }
}

/// The arrays of both statements must be equal.
// Choice: equal as sets; AWS's "match exactly" does not say whether order counts, and it changes
// nothing in what is masked.
fn compare(these: &[Element<'_>], those: &[Element<'_>], what: &str, faults: &mut Vec<Error>) {
    let known: HashSet<_> = those.iter().map(|element| element.meaning).collect();
    for element in these.iter().filter(|element| !known.contains(&element.meaning)) {
        let name = match element.meaning {
            Meaning::Managed(name) => name,
            Meaning::Text(_) => "this data identifier",
        };
        faults.push(element.node.fault(format!("{name} is {what}")));
    }
}

fn read_statement<'v>(
    node: &Node<'v>,
    customs: &Customs,
    faults: &mut Vec<Error>,
) -> Statement<'v> {
    let mut statement = Statement::default();
    let write = "an object with DataIdentifier and Operation";
    let Some(object) = node.object(&STATEMENT, write, faults) else {
        return statement;
    };
    if let Some(sid) = object.get("Sid") {
        sid.string("any string", faults);
    }
    if let Some(node) = object.require("DataIdentifier", ARRAY_OF_NAMES, faults) {
        statement.elements = read_elements(node, customs, faults);
    }
    if let Some(node) = object.require("Operation", OPERATION_OBJECT, faults) {
        statement.operation = read_operation(node, &mut statement.destinations, faults);
    }
    statement
}

const ARRAY_OF_NAMES: &str = "an array of ARNs and names of data identifiers";

fn read_elements<'v>(
    node: &Node<'v>,
    customs: &Customs,
    faults: &mut Vec<Error>,
) -> Option<Vec<Element<'v>>> {
    let nodes = node.array(ARRAY_OF_NAMES, faults)?;
    if nodes.is_empty() {
        faults.push(node.fault("DataIdentifier is empty; name at least one data identifier"));
        return None;
    }
    let mut seen = HashSet::new();
    let mut elements = Vec::with_capacity(nodes.len());
    let mut complete = true;
    for node in nodes {
        let Some(text) = node.string("an ARN or a name as a string", faults) else {
            complete = false;
            continue;
        };
        let (meaning, identifier) = resolve(&node, text, customs, faults);
        if !seen.insert(meaning) {
            let message = "DataIdentifier names this data identifier twice; name it once";
            faults.push(node.fault(message));
        }
        elements.push(Element { node, meaning, identifier });
    }
    complete.then_some(elements)
}

fn resolve<'v>(
    node: &Node<'v>,
    text: &'v str,
    customs: &Customs,
    faults: &mut Vec<Error>,
) -> (Meaning<'v>, Option<Arc<DataIdentifier>>) {
    let message = match reference(text) {
        Reference::Managed(name) => return (Meaning::Managed(name), managed(name)),
        Reference::Bare(name) if customs.is_defined(name) => {
            return (Meaning::Text(name), customs.get(name).cloned());
        }
        Reference::Bare(name) => undefined(name, customs),
        Reference::Unknown(name, at) => {
            let message = unknown(name, customs);
            faults.push(node.fault_from(at, message));
            return (Meaning::Text(text), None);
        }
        Reference::OtherArn => Some(not_an_identifier()),
    };
    faults.extend(message.map(|message| node.fault(message)));
    (Meaning::Text(text), None)
}

/// The message for a bare name that is not defined, unless its definition may be hidden.
fn undefined(name: &str, customs: &Customs) -> Option<String> {
    if customs.incomplete && managed(name).is_none() {
        return None;
    }
    if let Some(managed) = nearest_managed(name) {
        let arn = ARN_FORM.replace("NAME", managed);
        return Some(format!("a managed data identifier is named by its ARN; write {arn}"));
    }
    let message = "a bare name is that of a custom data identifier, and none is defined so; \
         define it under Configuration.CustomDataIdentifier, or write an ARN";
    Some(message.to_owned())
}

/// The message for the name in a managed identifier's ARN when there is none such.
pub(super) fn unknown(name: &str, customs: &Customs) -> String {
    if name.contains('*') {
        return "wildcards are not possible; name each data identifier".to_owned();
    }
    if customs.is_defined(name) {
        return "a custom data identifier is named without ARN; write its Name alone".to_owned();
    }
    match nearest_managed(name) {
        Some(meant) => format!("no managed data identifier has this name; write {meant}"),
        None => "no managed data identifier has this name".to_owned(),
    }
}

fn not_an_identifier() -> String {
    format!("not the ARN of a managed data identifier; write {ARN_FORM}")
}

const OPERATION_OBJECT: &str = "an object with either Audit or Deidentify";

/// The operation, even if something inside it has a fault.
fn read_operation(
    node: &Node<'_>,
    destinations: &mut Vec<Placed>,
    faults: &mut Vec<Error>,
) -> Option<Operation> {
    let object = node.object(&OPERATION, OPERATION_OBJECT, faults)?;
    if object.is_empty() {
        faults.push(node.fault("Operation is empty; write either Audit or Deidentify"));
    }
    if let Some(audit) = object.get("Audit") {
        read_audit(audit, destinations, faults);
    }
    if let Some(deidentify) = object.get("Deidentify") {
        read_deidentify(deidentify, faults);
    }
    match (object.get("Audit"), object.get("Deidentify")) {
        (Some(_), Some(_)) => {
            let message = "Operation has both Audit and Deidentify; write two statements";
            faults.push(node.fault(message));
            None
        }
        (Some(_), None) => Some(Operation::Audit),
        (None, Some(_)) => Some(Operation::Deidentify),
        (None, None) => None,
    }
}

fn read_deidentify(node: &Node<'_>, faults: &mut Vec<Error>) {
    let write = "{\"MaskConfig\": {}}";
    let Some(object) = node.object(&DEIDENTIFY, write, faults) else {
        return;
    };
    if !object.is_empty() && object.members().next().is_none() {
        return; // What stands in the place of MaskConfig has been refused.
    }
    if let Some(mask) = object.require("MaskConfig", "{}", faults) {
        mask.object(&MASK_CONFIG, "{}", faults);
    }
}

fn read_audit(node: &Node<'_>, destinations: &mut Vec<Placed>, faults: &mut Vec<Error>) {
    let Some(audit) = node.object(&AUDIT, "an object with FindingsDestination", faults) else {
        return;
    };
    let write = "an object, {} to send findings nowhere";
    let Some(node) = audit.require("FindingsDestination", write, faults) else {
        return;
    };
    *destinations = destination::read(node, write, faults);
}
