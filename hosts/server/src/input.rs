//! The parameters of a request, taken out of its JSON by the API's names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::answer::Failure;
use crate::model::whole;

/// The members of a request's JSON object. Types and what is required were checked against the API
/// model before; what does not fit all the same is refused, never guessed. `null` counts as absent.
#[derive(Default)]
pub(crate) struct Input(Map<String, Value>);

impl Input {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The member, taken out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| wrong_type(name))).transpose()
    }

    /// A text that has to be there.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    pub(crate) fn owned(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    /// What `parse` makes of a text.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, logveil::Error>,
    ) -> Result<Option<T>, Failure> {
        Ok(self.text(name)?.map(parse).transpose()?)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.get(name).map(|value| value.as_bool().ok_or_else(|| wrong_type(name))).transpose()
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.get(name).map(|value| integer(name, value)).transpose()
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, Failure> {
        self.get(name).map(|value| value.as_f64().ok_or_else(|| wrong_type(name))).transpose()
    }

    /// A number of things, such as `limit`.
    pub(crate) fn count(&self, name: &str) -> Result<Option<usize>, Failure> {
        let number = self.integer(name)?;
        // What is below zero is refused by the engine as zero is.
        Ok(number.map(|number| usize::try_from(number).unwrap_or(0)))
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| wrong_type(name))?;
        let text = |item: &Value| Ok(item.as_str().ok_or_else(|| wrong_type(name))?.to_owned());
        list.iter().map(text).collect::<Result<_, Failure>>().map(Some)
    }

    /// Each text of a list, as `parse` reads it.
    pub(crate) fn parsed_all<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, logveil::Error>,
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(texts) = self.texts(name)? else { return Ok(None) };
        let parsed: Result<Vec<T>, logveil::Error> = texts.iter().map(|it| parse(it)).collect();
        Ok(Some(parsed?))
    }

    /// A map from text to text, such as `tags`.
    pub(crate) fn map(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let members = value.as_object().ok_or_else(|| wrong_type(name))?;
        let pair = |(key, value): (&String, &Value)| {
            let value = value.as_str().ok_or_else(|| wrong_type(name))?;
            Ok((key.clone(), value.to_owned()))
        };
        members.iter().map(pair).collect::<Result<_, Failure>>().map(Some)
    }

    /// A list of structures.
    pub(crate) fn inner_all(&self, name: &str) -> Result<Option<Vec<Self>>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| wrong_type(name))?;
        let inner = |item: &Value| {
            let members = item.as_object().ok_or_else(|| wrong_type(name))?;
            Ok(Self(members.clone()))
        };
        list.iter().map(inner).collect::<Result<_, Failure>>().map(Some)
    }

    /// A structure inside of this one.
    pub(crate) fn inner(&self, name: &str) -> Result<Option<Self>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let members = value.as_object().ok_or_else(|| wrong_type(name))?;
        Ok(Some(Self(members.clone())))
    }
}

/// JSON numbers may come as `1e3` or `5.0`; a fraction is refused.
pub(crate) fn integer(name: &str, value: &Value) -> Result<i64, Failure> {
    let found = value.as_number().and_then(whole);
    found.ok_or_else(|| wrong_type(name))
}

pub(crate) fn wrong_type(name: &str) -> Failure {
    Failure::serialization(format!("{name} is of another type"))
}

pub(crate) fn missing(name: &str) -> Failure {
    Failure::invalid(format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member \
         must not be null"
    ))
}
