//! A request against the shapes of the model.

use std::fmt;

use serde_json::Value;

use super::faults::{Constraint, all, broken};
use super::quoted;
use super::shape::{Kind, Member, Shape};

/// Most faults that one error lists.
// Choice: an error lists at most ten faults, the most that errors of the service were seen to list.
const FAULTS_MAX: usize = 10;

/// A request that is not as the model has it. HTTP 400.
///
/// The text repeats names, identifiers, ARNs, enumerations, numbers and tokens of the request, and
/// nothing else of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    code: &'static str,
    message: String,
}

impl Invalid {
    /// The exception's name.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn serialization(message: String) -> Self {
        Self { code: "SerializationException", message }
    }
}

/// Holds a request against its shape.
pub(super) fn check(shape: &Shape, request: &Value, code: &'static str) -> Result<(), Invalid> {
    let mut faults = Faults(Vec::new());
    faults.value(shape, request, &Path::Root)?;
    let Faults(listed) = faults;
    let plural = match listed.len() {
        0 => return Ok(()),
        1 => "",
        _ => "s",
    };
    let message =
        format!("{} validation error{plural} detected: {}", listed.len(), listed.join("; "));
    Err(Invalid { code, message })
}

/// Where in a request: `logEvents.1.member.message`. Elements count from one.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => write!(f, "{name}"),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(parent, at) => write!(f, "{parent}.{}.member", at + 1),
        }
    }
}

struct Faults(Vec<String>);

impl Faults {
    /// A wrong type ends the check, as the service finds it before any constraint.
    fn value(&mut self, shape: &Shape, value: &Value, path: &Path<'_>) -> Result<(), Invalid> {
        check_type(shape, value, path)?;
        for constraint in broken(shape, value) {
            self.add(shape, value, path, &constraint.to_string());
        }
        match (&shape.kind, value) {
            (Kind::Structure(members), Value::Object(given)) => {
                members.iter().try_for_each(|member| self.member(member, given, path))
            }
            (Kind::List(element), Value::Array(elements)) if is_scalar(element) => {
                let broken = any_broken(element, elements, |at| Path::Element(path, at))?;
                self.add_parts("Member", (shape, value, path), element, broken);
                Ok(())
            }
            (Kind::List(element), Value::Array(elements)) => {
                let mut elements = elements.iter().enumerate();
                elements.try_for_each(|(at, value)| {
                    self.element(element, value, &Path::Element(path, at))
                })
            }
            (Kind::Map { key, value: shape_of_values }, Value::Object(entries)) => {
                let keys: Vec<_> = entries.keys().map(|key| Value::from(key.as_str())).collect();
                let broken = any_broken(key, &keys, |_| Path::Member(path, "key"))?;
                self.add_parts("Map keys", (shape, value, path), key, broken);
                let of = shape_of_values;
                let broken = any_broken(of, entries.values(), |_| Path::Member(path, "value"))?;
                self.add_parts("Map value", (shape, value, path), of, broken);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn member(
        &mut self,
        member: &Member,
        given: &serde_json::Map<String, Value>,
        parent: &Path<'_>,
    ) -> Result<(), Invalid> {
        let path = Path::Member(parent, &member.name);
        match given.get(&member.name).filter(|value| !value.is_null()) {
            Some(value) => self.value(&member.shape, value, &path),
            None if member.required => self.element(&member.shape, &Value::Null, &path),
            None => Ok(()),
        }
    }

    /// A value that has to be there.
    fn element(&mut self, shape: &Shape, value: &Value, path: &Path<'_>) -> Result<(), Invalid> {
        if value.is_null() {
            self.add(shape, value, path, &Constraint::NotNull.to_string());
            return Ok(());
        }
        self.value(shape, value, path)
    }

    /// Parts of a list or map are answered for by the whole, once.
    fn add_parts(
        &mut self,
        what: &str,
        (shape, value, path): (&Shape, &Value, &Path<'_>),
        part: &Shape,
        broken: Broken,
    ) {
        let constraints = match broken {
            Broken::Nothing => return,
            Broken::Constraint => all(part),
            Broken::Null => vec![Constraint::NotNull],
        };
        let constraints: Vec<_> = constraints.iter().map(Constraint::to_string).collect();
        let text = format!("{what} must satisfy constraint: [{}]", constraints.join(", "));
        self.add(shape, value, path, &text);
    }

    fn add(&mut self, shape: &Shape, value: &Value, path: &Path<'_>, constraint: &str) {
        if self.0.len() < FAULTS_MAX {
            let value = quoted::value(shape, value);
            self.0.push(format!("{value} at '{path}' failed to satisfy constraint: {constraint}"));
        }
    }
}

/// What is wrong with scalars of a list or map.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Broken {
    Nothing,
    Constraint,
    Null,
}

fn any_broken<'v, 'p>(
    shape: &Shape,
    values: impl IntoIterator<Item = &'v Value>,
    path: impl Fn(usize) -> Path<'p>,
) -> Result<Broken, Invalid> {
    let mut found = Broken::Nothing;
    for (at, value) in values.into_iter().enumerate() {
        if value.is_null() {
            found = Broken::Null;
            continue;
        }
        check_type(shape, value, &path(at))?;
        if found == Broken::Nothing && !broken(shape, value).is_empty() {
            found = Broken::Constraint;
        }
    }
    Ok(found)
}

fn is_scalar(shape: &Shape) -> bool {
    !matches!(shape.kind, Kind::Structure(_) | Kind::List(_) | Kind::Map { .. })
}

/// Whether the value has the type of the shape.
///
/// # Errors
///
/// `SerializationException` unless it has. The words are the service's.
// Choice: SerializationException says where, which the service does not; the place is made of names
// of the model.
fn check_type(shape: &Shape, value: &Value, path: &Path<'_>) -> Result<(), Invalid> {
    let Some(fault) = type_fault(&shape.kind, value) else { return Ok(()) };
    let place = match path {
        Path::Root => String::new(),
        path => format!(" at '{path}'"),
    };
    Err(Invalid::serialization(format!("{fault}{place}")))
}

fn type_fault(kind: &Kind, value: &Value) -> Option<String> {
    let wanted = match (kind, value) {
        (Kind::Structure(_) | Kind::Map { .. }, Value::Object(_))
        | (Kind::List(_), Value::Array(_))
        | (Kind::String { .. } | Kind::Blob, Value::String(_))
        | (Kind::Double, Value::Number(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Itself, _) => return None,
        (Kind::Integer, Value::Number(number)) if is_integer(number) => return None,
        (Kind::Long, Value::Number(number)) if whole(number).is_some() => return None,
        (_, Value::Array(_)) => return Some("Start of list found where not expected".to_owned()),
        (_, Value::Object(_)) => {
            return Some("Start of structure or map found where not expected".to_owned());
        }
        (Kind::Structure(_) | Kind::Map { .. } | Kind::List(_), _) => {
            return Some("Unexpected field type".to_owned());
        }
        (Kind::String { .. }, _) => "a String",
        (Kind::Blob, _) => "a Blob",
        (Kind::Integer, _) => "an Integer",
        (Kind::Long, _) => "a Long",
        (Kind::Double, _) => "a Double",
        (Kind::Boolean, _) => "a Boolean",
    };
    let token = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        _ => "STRING_VALUE",
    };
    Some(format!("{token} can not be converted to {wanted}"))
}

/// The whole number that it is.
// Choice: `1e3` and `5.0` are whole numbers; some writers of JSON know decimals only.
pub(crate) fn whole(number: &serde_json::Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
    let from_decimal = |number: &serde_json::Number| Some(number.as_f64().and_then(whole)? as i64);
    number.as_i64().or_else(|| from_decimal(number))
}

fn is_integer(number: &serde_json::Number) -> bool {
    whole(number).is_some_and(|number| i32::try_from(number).is_ok())
}

/// What of an answer the model does not know, or with another type.
pub(super) fn foreign(shape: Option<&Shape>, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match shape {
        Some(shape) => foreign_in(shape, answer, &Path::Root, &mut found),
        None if *answer == Value::Object(serde_json::Map::new()) => {}
        None => found.push("an answer where the model has none".to_owned()),
    }
    found
}

fn foreign_in(shape: &Shape, value: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    if let Err(invalid) = check_type(shape, value, path) {
        found.push(invalid.message);
        return;
    }
    match (&shape.kind, value) {
        (Kind::Structure(members), Value::Object(given)) => {
            for (name, value) in given {
                let path = Path::Member(path, name);
                match members.iter().find(|member| member.name == *name) {
                    Some(member) => foreign_in(&member.shape, value, &path, found),
                    None => found.push(path.to_string()),
                }
            }
        }
        (Kind::List(element), Value::Array(elements)) => {
            for (at, value) in elements.iter().enumerate() {
                foreign_in(element, value, &Path::Element(path, at), found);
            }
        }
        (Kind::Map { value: shape, .. }, Value::Object(entries)) => {
            let values = entries.values();
            values.for_each(|value| foreign_in(shape, value, path, found));
        }
        _ => {}
    }
}
