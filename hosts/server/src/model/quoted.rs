//! Which values the text of an error may repeat: names, identifiers, ARNs, enumerations, numbers
//! and tokens. Nothing else: whatever may hold text of logs, patterns, queries, policies or tags
//! is left out, as the service leaves out what its own model calls sensitive.

use serde_json::Value;

use super::shape::{Kind, Shape};

/// Most characters of a value that an error repeats.
// Choice: the service repeats all of a value; 256 characters tell which it was.
const SHOWN_CHARS_MAX: usize = 256;

// Choice: what the service calls sensitive it answers with `Value at`, without the value; for us
// that is all but what stands here.
/// Shapes of texts that are repeated. Enumerations and numbers are repeated always, and so are
/// texts and lists that are empty. Every other text is not.
const SHOWN: &[&str] = &[
    "AccountId",
    "AmazonResourceName",
    "AnomalyDetectorArn",
    "AnomalyId",
    "Arn",
    "ClientToken",
    "DeliveryDestinationName",
    "DeliveryId",
    "DeliverySourceName",
    "DestinationArn",
    "DestinationName",
    "DetectorKmsKeyArn",
    "DetectorName",
    "ExpectedRevisionId",
    "ExportDestinationBucket",
    "ExportTaskId",
    "ExportTaskName",
    "FilterName",
    "GetQueryResultsNextToken",
    "ImportId",
    "IntegrationName",
    "IntegrationNamePrefix",
    "KmsKeyId",
    "LogGroupArn",
    "LogGroupIdentifier",
    "LogGroupName",
    "LogGroupNamePattern",
    "LogGroupNameRegexPattern",
    "LogObjectPointer",
    "LogStreamName",
    "LogType",
    "LookupTableName",
    "MetricName",
    "MetricNamespace",
    "NextToken",
    "QueryDefinitionName",
    "QueryId",
    "ResourceIdentifier",
    "ResourceType",
    "RoleArn",
    "ScheduledQueryIdentifier",
    "ScheduledQueryName",
    "SequenceToken",
    "Service",
    "TargetArn",
    "VpcEndpointId",
];

/// `Value '…'`, `Value null` or, for what is not repeated, `Value`.
pub(super) fn value(shape: &Shape, value: &Value) -> String {
    match value {
        Value::Null => "Value null".to_owned(),
        value => match shown(shape, value) {
            Some(shown) => format!("Value '{}'", capped(&shown)),
            None => "Value".to_owned(),
        },
    }
}

fn shown(shape: &Shape, value: &Value) -> Option<String> {
    match (&shape.kind, value) {
        (_, Value::Number(number)) => Some(number.to_string()),
        (_, Value::String(text)) if text.is_empty() => Some(String::new()),
        (Kind::String { values, .. }, Value::String(text)) => {
            (!values.is_empty() || is_shown(shape)).then(|| text.clone())
        }
        (Kind::List(_), Value::Array(elements)) if elements.is_empty() => Some("[]".to_owned()),
        (Kind::List(element), Value::Array(elements)) => {
            // A few more than are shown, as each has a separator.
            let first = elements.iter().take(SHOWN_CHARS_MAX);
            let first: Option<Vec<_>> = first.map(|value| shown(element, value)).collect();
            first.map(|elements| format!("[{}]", elements.join(", ")))
        }
        _ => None,
    }
}

fn is_shown(shape: &Shape) -> bool {
    SHOWN.binary_search(&shape.name.as_str()).is_ok()
}

/// Without control characters, and not longer than [`SHOWN_CHARS_MAX`].
fn capped(text: &str) -> String {
    let clean = |character: char| {
        let control = character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
        if control { char::REPLACEMENT_CHARACTER } else { character }
    };
    let mut characters = text.chars().map(clean);
    let mut capped: String = characters.by_ref().take(SHOWN_CHARS_MAX).collect();
    if characters.next().is_some() {
        capped.push_str("...");
    }
    capped
}

#[cfg(test)]
mod tests {
    use super::super::TEXT;
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_texts_of_the_model() {
        assert!(SHOWN.is_sorted());
        let model: Value = serde_json::from_str(TEXT).expect("JSON");
        for name in SHOWN {
            assert_eq!(model["shapes"][name]["type"], "string", "{name}");
            assert!(model["shapes"][name].get("enum").is_none(), "{name}");
        }
    }

    #[test]
    fn long_values_and_control_characters_are_cut() {
        assert_eq!(capped("a\u{1b}[31m\nb\u{2028}"), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
        let long = "ä".repeat(SHOWN_CHARS_MAX + 1);
        assert_eq!(capped(&long), format!("{}...", "ä".repeat(SHOWN_CHARS_MAX)));
        assert_eq!(capped(&long[2..]), "ä".repeat(SHOWN_CHARS_MAX));
    }
}
