//! The operations: a file per family, a function each, which asks an engine and writes its answer
//! as the API model has it.

mod account_policies;
mod configuration_templates;
mod data_protection;
mod deliveries;
mod delivery_destinations;
mod delivery_sources;
mod destinations;
mod events;
mod exports;
mod log_groups;
mod log_streams;
mod metric_filters;
mod queries;
mod resource_policies;
mod subscriptions;
mod tags;

use serde_json::{Map, Value};

use crate::answer::Failure;
use crate::call::Call;

/// An operation that is answered.
pub(crate) struct Operation {
    /// The API's name for it.
    pub(crate) name: &'static str,
    pub(crate) run: Run,
}

type Run = fn(&mut Call<'_>) -> Answer;

/// What an operation answers: the members of its output shape.
pub(crate) type Answer = Result<Value, Failure>;

const FAMILIES: &[&[Operation]] = &[
    account_policies::OPERATIONS,
    configuration_templates::OPERATIONS,
    data_protection::OPERATIONS,
    deliveries::OPERATIONS,
    delivery_destinations::OPERATIONS,
    delivery_sources::OPERATIONS,
    destinations::OPERATIONS,
    events::OPERATIONS,
    exports::OPERATIONS,
    log_groups::OPERATIONS,
    log_streams::OPERATIONS,
    metric_filters::OPERATIONS,
    resource_policies::OPERATIONS,
    queries::OPERATIONS,
    subscriptions::OPERATIONS,
    tags::OPERATIONS,
];

/// The operation of that name.
pub(crate) fn find(name: &str) -> Option<&'static Operation> {
    all().find(|operation| operation.name == name)
}

/// Every operation that is answered.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    FAMILIES.iter().copied().flatten()
}

const fn operation(name: &'static str, run: Run) -> Operation {
    Operation { name, run }
}

/// An answer without members.
fn empty() -> Answer {
    Ok(Value::Object(Map::new()))
}

/// An object of those of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}

/// What is there, as JSON.
fn some<T: Into<Value>>(value: Option<T>) -> Option<Value> {
    value.map(Into::into)
}

/// A list, absent when it is empty.
fn listed<T: Into<Value>>(items: Vec<T>) -> Option<Value> {
    (!items.is_empty()).then(|| Value::Array(items.into_iter().map(Into::into).collect()))
}

/// A map of texts.
fn texts(map: std::collections::BTreeMap<String, String>) -> Value {
    Value::Object(map.into_iter().map(|(key, value)| (key, Value::String(value))).collect())
}
