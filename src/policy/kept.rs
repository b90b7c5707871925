//! Documents of field index, transformer and metric extraction policies: checked, kept and shown.
//! Nothing of them is in force here.
//!
//! Source: CloudWatch Logs API Reference, PutAccountPolicy, PutTransformer.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::limits::{
    FIELD_INDEX_NAME_CHARS_MAX, FIELD_INDEXES_MAX, POLICY_DOCUMENT_CHARS_MAX, PROCESSORS_MAX,
};

use super::AccountPolicyType;
use super::node::{self, Keys, Node};

const FIELD_INDEX: Keys = Keys { allowed: &["Fields", "FieldsV2"], refused: &[] };
const FIELD: Keys = Keys { allowed: &["type"], refused: &[] };

/// Checks the document of a policy that is kept and shown only.
///
/// # Errors
///
/// InvalidParameter for the first fault of the document, with its place.
pub(crate) fn check_document(kind: AccountPolicyType, document: &str) -> Result<(), Error> {
    let check = match kind {
        AccountPolicyType::FieldIndex => field_index,
        AccountPolicyType::Transformer => transformer,
        _ => metric_extraction,
    };
    let read = node::read("policyDocument", POLICY_DOCUMENT_CHARS_MAX, document, check);
    read.map_err(|faults| faults.into_iter().next().expect("a refusal has a fault"))
}

/// `Fields`, an array of names, and `FieldsV2`, an object of names and types.
// Choice: at most 20 fields, the quota of a log group, in one policy.
fn field_index(root: &Node<'_>, faults: &mut Vec<Error>) {
    let Some(object) = root.object(&FIELD_INDEX, "an object with Fields or FieldsV2", faults)
    else {
        return;
    };
    let mut names = BTreeSet::new();
    let mut take = |name: &str, node: &Node<'_>, faults: &mut Vec<Error>| {
        if !(1..=FIELD_INDEX_NAME_CHARS_MAX).contains(&name.chars().count()) {
            let max = FIELD_INDEX_NAME_CHARS_MAX;
            faults.push(node.fault(format!("a field's name has not 1 to {max} characters")));
        }
        if !names.insert(name.to_owned()) {
            faults.push(node.fault("a field is named twice; name each once"));
        }
    };
    let listed = object.get("Fields").and_then(|it| it.array("an array of names", faults));
    for element in listed.into_iter().flatten() {
        if let Some(name) = element.string("a field's name as a string", faults) {
            take(name, &element, faults);
        }
    }
    let typed = object.get("FieldsV2").and_then(|it| it.entries("an object of fields", faults));
    for (name, _, field) in typed.into_iter().flatten() {
        take(name, &field, faults);
        let kind = field.object(&FIELD, "an object with type", faults);
        let write = "FIELD_INDEX or FACET";
        let kind = kind.and_then(|it| it.require("type", write, faults)?.string(write, faults));
        if kind.is_some_and(|kind| !["FIELD_INDEX", "FACET"].contains(&kind)) {
            faults.push(field.fault("type is neither; write FIELD_INDEX or FACET"));
        }
    }
    if !(1..=FIELD_INDEXES_MAX).contains(&names.len()) && faults.is_empty() {
        faults.push(
            root.fault(format!("the document does not name 1 to {FIELD_INDEXES_MAX} fields")),
        );
    }
}

/// An array of processors, each an object with one member.
fn transformer(root: &Node<'_>, faults: &mut Vec<Error>) {
    let Some(processors) = root.array("an array of processors", faults) else { return };
    if !(1..=PROCESSORS_MAX).contains(&processors.len()) {
        faults
            .push(root.fault(format!("the array does not hold 1 to {PROCESSORS_MAX} processors")));
    }
    for processor in processors {
        let members = processor.entries("an object with one processor", faults);
        if members.is_some_and(|members| members.len() != 1) {
            faults.push(processor.fault("an element is not one processor; write one name in each"));
        }
    }
}

/// The page does not say what is in it.
fn metric_extraction(root: &Node<'_>, faults: &mut Vec<Error>) {
    root.entries("an object", faults);
}

#[cfg(test)]
mod tests {
    use super::*;
    use AccountPolicyType::{FieldIndex, MetricExtraction, Transformer};

    #[test]
    fn documents_keep_their_forms() {
        let fields = |count: usize| {
            let names: Vec<_> = (0..count).map(|it| format!("\"f{it}\"")).collect();
            format!("{{\"Fields\": [{}]}}", names.join(","))
        };
        let processors =
            |count: usize| format!("[{}]", vec!["{\"parseJSON\": {}}"; count].join(","));
        for (kind, document) in [
            (FieldIndex, r#"{"Fields": ["RequestId"]}"#.to_owned()),
            (FieldIndex, r#"{"FieldsV2": {"a": {"type": "FACET"}}}"#.to_owned()),
            (
                FieldIndex,
                r#"{"Fields": ["a"], "FieldsV2": {"b": {"type": "FIELD_INDEX"}}}"#.to_owned(),
            ),
            (FieldIndex, fields(20)),
            (Transformer, processors(1)),
            (Transformer, processors(20)),
            (MetricExtraction, "{}".to_owned()),
        ] {
            assert!(check_document(kind, &document).is_ok(), "{document}");
        }
        for (kind, document) in [
            (FieldIndex, "{}".to_owned()),
            (FieldIndex, r#"{"Fields": []}"#.to_owned()),
            (FieldIndex, r#"{"Fields": ["canary", "canary"]}"#.to_owned()),
            (FieldIndex, r#"{"Fields": ["canary", 1]}"#.to_owned()),
            (FieldIndex, r#"{"Fields": [""]}"#.to_owned()),
            (
                FieldIndex,
                r#"{"Fields": ["canary"], "FieldsV2": {"canary": {"type": "FACET"}}}"#.to_owned(),
            ),
            (FieldIndex, r#"{"FieldsV2": {"canary": {"type": "canary"}}}"#.to_owned()),
            (FieldIndex, r#"{"FieldsV2": {"canary": {}}}"#.to_owned()),
            (FieldIndex, r#"{"canary": ["a"]}"#.to_owned()),
            (FieldIndex, fields(21)),
            (Transformer, "{}".to_owned()),
            (Transformer, "[]".to_owned()),
            (Transformer, processors(21)),
            (Transformer, r#"[{"canary": {}, "b": {}}]"#.to_owned()),
            (Transformer, r#"[{}]"#.to_owned()),
            (Transformer, r#"["canary"]"#.to_owned()),
            (MetricExtraction, "[]".to_owned()),
            (MetricExtraction, "canary".to_owned()),
            (MetricExtraction, format!("{{\"a\": \"{}\"}}", "x".repeat(30_720))),
        ] {
            let refused = check_document(kind, &document).expect_err(&document);
            assert!(refused.place().is_some(), "{document}");
            assert!(!format!("{refused} {refused:?}").contains("canary"), "{document}: {refused}");
        }
    }
}
