//! Broken constraints, in the service's words.

use std::fmt;

use serde_json::Value;

use super::shape::{Kind, Shape};

/// A constraint of a shape.
pub(super) enum Constraint<'a> {
    NotNull,
    LengthMax(i64),
    LengthMin(i64),
    ValueMax(i64),
    ValueMin(i64),
    Pattern(&'a str),
    Values(&'a [String]),
}

impl fmt::Display for Constraint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = "Member must have length";
        match self {
            Self::NotNull => write!(f, "Member must not be null"),
            Self::LengthMax(max) => write!(f, "{length} less than or equal to {max}"),
            Self::LengthMin(min) => write!(f, "{length} greater than or equal to {min}"),
            Self::ValueMax(max) => write!(f, "Member must have value less than or equal to {max}"),
            Self::ValueMin(min) => {
                write!(f, "Member must have value greater than or equal to {min}")
            }
            Self::Pattern(pattern) => {
                write!(f, "Member must satisfy regular expression pattern: {pattern}")
            }
            Self::Values(values) => {
                write!(f, "Member must satisfy enum value set: [{}]", values.join(", "))
            }
        }
    }
}

/// The constraints that a value of the right type breaks.
///
/// A length counts Unicode scalar values of a text, elements of a list, entries of a map.
// Choice: scalar values, as Smithy has it for the models of services.
pub(super) fn broken<'a>(shape: &'a Shape, value: &Value) -> Vec<Constraint<'a>> {
    let mut broken = Vec::new();
    if let (Kind::String { pattern, values }, Value::String(text)) = (&shape.kind, value) {
        if let Some(pattern) = pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
            broken.push(Constraint::Pattern(pattern.text()));
        }
        if !values.is_empty() && !values.contains(text) {
            broken.push(Constraint::Values(values));
        }
    }
    let number = value.as_number().is_some();
    if let Some(min) = shape.min.filter(|min| is_below(value, *min)) {
        broken.push(if number { Constraint::ValueMin(min) } else { Constraint::LengthMin(min) });
    }
    if let Some(max) = shape.max.filter(|max| is_above(value, *max)) {
        broken.push(if number { Constraint::ValueMax(max) } else { Constraint::LengthMax(max) });
    }
    broken
}

/// All constraints of an element of a list or a map, in the order in which the service has them.
pub(super) fn all(shape: &Shape) -> Vec<Constraint<'_>> {
    let mut all = Vec::new();
    match &shape.kind {
        Kind::Integer | Kind::Long | Kind::Double => {
            all.extend(shape.max.map(Constraint::ValueMax));
            all.extend(shape.min.map(Constraint::ValueMin));
        }
        Kind::String { pattern, values } => {
            all.extend(shape.max.map(Constraint::LengthMax));
            // A length that is bound above is bound below, by nothing.
            let min = shape.min.or(shape.max.map(|_| 0));
            all.extend(min.map(Constraint::LengthMin));
            all.extend(pattern.as_ref().map(|pattern| Constraint::Pattern(pattern.text())));
            all.extend((!values.is_empty()).then_some(Constraint::Values(values)));
        }
        _ => {}
    }
    all
}

fn is_below(value: &Value, min: i64) -> bool {
    let length = usize::try_from(min).unwrap_or(0);
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number < min as f64),
        Value::String(text) => length > 0 && text.chars().nth(length - 1).is_none(),
        Value::Array(elements) => elements.len() < length,
        Value::Object(entries) => entries.len() < length,
        Value::Null | Value::Bool(_) => false,
    }
}

fn is_above(value: &Value, max: i64) -> bool {
    let length = usize::try_from(max).unwrap_or(usize::MAX);
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number > max as f64),
        // No text has more characters than bytes.
        Value::String(text) => text.len() > length && text.chars().nth(length).is_some(),
        Value::Array(elements) => elements.len() > length,
        Value::Object(entries) => entries.len() > length,
        Value::Null | Value::Bool(_) => false,
    }
}
