//! The API model of CloudWatch Logs: every operation of the service by name, what we do with it,
//! and the constraint checks that follow from the model.
//!
//! ```
//! use logveil_server::model::Model;
//! use serde_json::json;
//!
//! let operation = Model::get().operation("DescribeLogGroups").expect("an operation of the model");
//! assert!(operation.check(&json!({ "limit": 50 })).is_ok());
//! let invalid = operation.check(&json!({ "limit": 51 })).expect_err("more than allowed");
//! assert_eq!(invalid.code(), "InvalidParameterException");
//! assert_eq!(
//!     invalid.message(),
//!     "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: \
//!      Member must have value less than or equal to 50"
//! );
//! ```

mod check;
mod faults;
mod quoted;
mod shape;
mod state;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value};

use shape::{Shape, ShapeText, Shapes};

pub use check::Invalid;
pub(crate) use check::whole;
pub use state::State;

const TEXT: &str = include_str!("../../model/logs.json");

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(TEXT));

/// The operations of `logs/2014-03-28/service-2.json` (botocore 1.44.5), reduced.
pub struct Model {
    target_prefix: String,
    operations: BTreeMap<String, Operation>,
    /// Names of exceptions that are the service's fault.
    faults: Vec<String>,
}

/// An operation of the service.
pub struct Operation {
    name: String,
    input: Arc<Shape>,
    output: Option<Arc<Shape>>,
    errors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    target_prefix: String,
    operations: BTreeMap<String, OperationText>,
    shapes: BTreeMap<String, ShapeText>,
}

#[derive(Deserialize)]
struct OperationText {
    input: String,
    output: Option<String>,
    errors: Vec<String>,
}

impl Model {
    /// The model, read at the first call.
    pub fn get() -> &'static Self {
        &MODEL
    }

    /// What `X-Amz-Target` begins with: `Logs_20140328`.
    pub fn target_prefix(&self) -> &str {
        &self.target_prefix
    }

    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Every operation, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The HTTP status of an exception of the model.
    pub fn http_status(&self, exception: &str) -> u16 {
        if self.faults.iter().any(|fault| fault == exception) { 500 } else { 400 }
    }

    fn read(text: &str) -> Self {
        let document: Document = serde_json::from_str(text).expect("the model that comes with us");
        let Document { target_prefix, operations, shapes } = document;
        let faults = shapes.iter().filter(|(_, shape)| shape.fault).map(|(name, _)| name.clone());
        let faults = faults.collect();
        let mut shapes = Shapes::new(shapes);
        let operation = |(name, text): (String, OperationText)| {
            let OperationText { input, output, errors } = text;
            let (input, output) = (shapes.shape(&input), output.map(|name| shapes.shape(&name)));
            (name.clone(), Operation { name, input, output, errors })
        };
        let operations = operations.into_iter().map(operation).collect();
        Self { target_prefix, operations, faults }
    }
}

impl Operation {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the exceptions that the model lists for it.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(String::as_str)
    }

    /// Holds a request against the model: types, required members, lengths, ranges, patterns and
    /// enumerations. Members that the model does not know are ignored; null is as good as absent.
    ///
    /// # Errors
    ///
    /// `SerializationException` for the first value of a wrong type, whatever else is wrong;
    /// otherwise [`Operation::invalid_code`] with the broken constraints in one text.
    pub fn check(&self, request: &Value) -> Result<(), Invalid> {
        check::check(&self.input, request, self.invalid_code())
    }

    /// The members of a request, once they hold.
    pub(crate) fn checked(
        &self,
        members: Map<String, Value>,
    ) -> Result<Map<String, Value>, Invalid> {
        let request = Value::Object(members);
        self.check(&request)?;
        match request {
            Value::Object(members) => Ok(members),
            _ => unreachable!("made above"),
        }
    }

    /// What we do with it.
    pub fn state(&self) -> State {
        state::of(&self.name)
    }

    /// The exception for a broken constraint: `ValidationException` where the model lists that and
    /// not `InvalidParameterException`.
    // Choice: the old operations on tags that list neither exception answer as TagLogGroup does.
    pub fn invalid_code(&self) -> &'static str {
        let lists = |code: &str| self.errors.iter().any(|error| error == code);
        if !lists("InvalidParameterException") && lists("ValidationException") {
            "ValidationException"
        } else {
            "InvalidParameterException"
        }
    }

    /// What an answer of ours holds that the model does not know, or with another type: paths.
    pub fn foreign_to_answer(&self, answer: &Value) -> Vec<String> {
        check::foreign(self.output.as_deref(), answer)
    }
}
