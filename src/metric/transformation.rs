//! How a metric filter makes values of events: its transformation, checked and compiled.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::Error;
use crate::limits::{
    DIMENSION_CHARS_MAX, METRIC_DIMENSIONS_MAX, METRIC_NAME_CHARS_MAX, METRIC_VALUE_CHARS_MAX,
    METRIC_VALUE_MAX,
};
use crate::pattern::{Field, FilterPattern, number};

/// What a metric filter publishes. `Debug` prints names and counts only.
#[derive(Clone, PartialEq)]
pub struct MetricTransformation {
    /// The metric's name: 1 to 255 characters without `:`, `*` and `$`.
    pub metric_name: String,
    /// Its namespace: the same.
    pub metric_namespace: String,
    /// The value of each selected event: a number, or where it stands: `$.selector` for JSON
    /// patterns, `$name` for space-delimited ones. At most 100 characters. An event without a
    /// number there is selected and gives no value.
    pub metric_value: String,
    /// The value of a minute in which events came in and none of them was selected. Excludes
    /// `dimensions`.
    pub default_value: Option<f64>,
    /// At most three dimensions: the name of each, and where its value stands, as in
    /// `metric_value`. Each at most 255 characters.
    pub dimensions: BTreeMap<String, String>,
    /// The unit.
    pub unit: StandardUnit,
}

/// A unit of CloudWatch metrics: `Seconds`, `Bytes`, `Count/Second`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StandardUnit(&'static str);

/// A transformation whose fields are found in events.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) value: Value,
    pub(super) dimensions: Vec<(String, Field)>,
}

/// Where the value of an event comes from.
#[derive(Debug)]
pub(super) enum Value {
    Number(f64),
    Field(Field),
}

impl StandardUnit {
    /// Without a unit.
    pub const NONE: Self = Self("None");

    /// Every unit there is.
    ///
    /// Source: CloudWatch Logs API Reference, MetricTransformation.
    pub const ALL: [Self; 27] = [
        Self("Seconds"),
        Self("Microseconds"),
        Self("Milliseconds"),
        Self("Bytes"),
        Self("Kilobytes"),
        Self("Megabytes"),
        Self("Gigabytes"),
        Self("Terabytes"),
        Self("Bits"),
        Self("Kilobits"),
        Self("Megabits"),
        Self("Gigabits"),
        Self("Terabits"),
        Self("Percent"),
        Self("Count"),
        Self("Bytes/Second"),
        Self("Kilobytes/Second"),
        Self("Megabytes/Second"),
        Self("Gigabytes/Second"),
        Self("Terabytes/Second"),
        Self("Bits/Second"),
        Self("Kilobits/Second"),
        Self("Megabits/Second"),
        Self("Gigabits/Second"),
        Self("Terabits/Second"),
        Self("Count/Second"),
        Self::NONE,
    ];

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|unit| unit.0 == text);
        found.ok_or_else(|| Error::invalid("unit is none of the units of CloudWatch metrics"))
    }
}

impl Default for StandardUnit {
    fn default() -> Self {
        Self::NONE
    }
}

impl MetricTransformation {
    /// One that publishes a value, without default value, dimensions and unit.
    pub fn new(
        metric_namespace: impl Into<String>,
        metric_name: impl Into<String>,
        metric_value: impl Into<String>,
    ) -> Self {
        Self {
            metric_name: metric_name.into(),
            metric_namespace: metric_namespace.into(),
            metric_value: metric_value.into(),
            default_value: None,
            dimensions: BTreeMap::new(),
            unit: StandardUnit::NONE,
        }
    }

    /// Finds its fields in what a pattern selects; `more` dimensions are added by others.
    ///
    /// # Errors
    ///
    /// InvalidParameter for what breaks a limit, dimensions beside a default value, and a field
    /// that the pattern's events do not have.
    pub(super) fn compile(&self, pattern: &FilterPattern, more: usize) -> Result<Compiled, Error> {
        check_name("metricName", &self.metric_name)?;
        check_name("metricNamespace", &self.metric_namespace)?;
        if self.default_value.is_some_and(|value| !can_be_published(value)) {
            return Err(Error::invalid("defaultValue is not between -2^360 and 2^360"));
        }
        if self.default_value.is_some() && !self.dimensions.is_empty() {
            let message = "Invalid metric transformation: dimensions and default value are \
                           mutually exclusive properties";
            return Err(Error::invalid(message));
        }
        if !self.dimensions.is_empty() && pattern.text_of_named().is_none() {
            return Err(Error::invalid("The specified filter pattern does not support dimensions"));
        }
        // Choice: the system fields count as the API Reference says, and go with a default value:
        // they are the same for every event of a log group.
        let dimensions = self.dimensions.len() + more;
        if dimensions > METRIC_DIMENSIONS_MAX {
            let max = METRIC_DIMENSIONS_MAX;
            return Err(Error::too_long("dimensions", dimensions, max, "dimensions"));
        }
        let field = |what: &str, text: &str| {
            let missing = || {
                let names = "a selector ($.name) of a JSON pattern, or a field ($name) that a \
                             space-delimited pattern names";
                Error::invalid(format!("{what} is not {names}"))
            };
            pattern.field(text).ok_or_else(missing)
        };
        check_chars("metricValue", &self.metric_value, METRIC_VALUE_CHARS_MAX)?;
        let value = match number(&self.metric_value) {
            Some(number) if can_be_published(number) => Value::Number(number),
            Some(_) => return Err(Error::invalid("metricValue is not between -2^360 and 2^360")),
            None => Value::Field(field("metricValue", &self.metric_value)?),
        };
        let dimension = |(index, (key, text)): (usize, (&String, &String))| {
            check_dimension_name(key)?;
            let what = format!("the value of dimension {index}");
            check_chars(&what, text, DIMENSION_CHARS_MAX)?;
            Ok((key.clone(), field(&what, text)?))
        };
        let dimensions = self.dimensions.iter().enumerate().map(dimension);
        Ok(Compiled { value, dimensions: dimensions.collect::<Result<_, Error>>()? })
    }
}

impl fmt::Debug for MetricTransformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (namespace, name) = (&self.metric_namespace, &self.metric_name);
        write!(f, "MetricTransformation({namespace}, {name}, {} dimensions)", self.dimensions.len())
    }
}

/// Whether CloudWatch takes a value: not beyond 2^360, and a number.
pub(super) fn can_be_published(value: f64) -> bool {
    value.abs() <= METRIC_VALUE_MAX
}

// Choice: a name of no characters is refused, as CloudWatch has no such metric; the model of the
// Logs API states no least length.
fn check_name(parameter: &str, text: &str) -> Result<(), Error> {
    check_chars(parameter, text, METRIC_NAME_CHARS_MAX)?;
    match text.contains([':', '*', '$']) {
        true => Err(Error::invalid(format!("{parameter} holds a colon, an asterisk or a dollar"))),
        false => Ok(()),
    }
}

fn check_chars(parameter: &str, text: &str, max: usize) -> Result<(), Error> {
    let chars = text.chars().count();
    if chars > max {
        return Err(Error::too_long(parameter, chars, max, "characters"));
    }
    match chars {
        0 => Err(Error::invalid(format!("{parameter} is empty"))),
        _ => Ok(()),
    }
}

/// Source: CloudFormation User Guide, AWS::Logs::MetricFilter Dimension.
fn check_dimension_name(text: &str) -> Result<(), Error> {
    check_chars("the name of a dimension", text, DIMENSION_CHARS_MAX)?;
    match text.is_ascii() && !text.starts_with(':') && !text.trim().is_empty() {
        true => Ok(()),
        false => Err(Error::invalid(
            "the name of a dimension holds visible ASCII and does not begin with a colon",
        )),
    }
}
