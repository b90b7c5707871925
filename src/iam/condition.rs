//! Conditions: an operator, a key of the request, the values that it is held against.

use jiff::Timestamp;

use super::glob::Glob;

/// The keys that requests are evaluated with. A policy that asks for another one is refused.
// Choice: AWS takes any key and finds it absent, and a negated operator then holds.
pub(super) const KEYS: [&str; 9] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SourceAccount",
    "aws:SourceArn",
];

/// Further keys, of policies of identities: what the host knows of whoever calls it, and of the
/// service that a role is given to.
pub(super) const IDENTITY_KEYS: [&str; 4] =
    ["aws:PrincipalType", "aws:SecureTransport", "aws:username", "iam:PassedToService"];

/// What is known of a request, by condition key.
#[derive(Clone, Debug, Default)]
pub struct Context(Vec<(&'static str, Vec<String>)>);

/// One condition of a statement.
pub(super) struct Condition {
    pub(super) operator: Operator,
    /// One of [`KEYS`] or [`IDENTITY_KEYS`].
    pub(super) key: &'static str,
    /// Any of them is enough, or none may hold when the operator is negated.
    pub(super) values: Vec<Value>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Operator {
    pub(super) test: Test,
    negated: bool,
    quantifier: Option<Quantifier>,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Quantifier {
    AnyValue,
    AllValues,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Test {
    Text,
    TextIgnoringCase,
    TextPattern,
    ArnPattern,
    Number(Order),
    Date(Order),
    Bool,
    Null,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value of a policy, made ready for its operator.
pub(super) enum Value {
    Text(String),
    Pattern(Glob),
    Number(f64),
    Date(Timestamp),
    Bool(bool),
}

/// Operators without prefix and suffix, and which of them are negated.
const OPERATORS: [(&str, Test, bool); 24] = [
    ("StringEquals", Test::Text, false),
    ("StringNotEquals", Test::Text, true),
    ("StringEqualsIgnoreCase", Test::TextIgnoringCase, false),
    ("StringNotEqualsIgnoreCase", Test::TextIgnoringCase, true),
    ("StringLike", Test::TextPattern, false),
    ("StringNotLike", Test::TextPattern, true),
    ("ArnEquals", Test::ArnPattern, false),
    ("ArnNotEquals", Test::ArnPattern, true),
    ("ArnLike", Test::ArnPattern, false),
    ("ArnNotLike", Test::ArnPattern, true),
    ("NumericEquals", Test::Number(Order::Equal), false),
    ("NumericNotEquals", Test::Number(Order::Equal), true),
    ("NumericLessThan", Test::Number(Order::Less), false),
    ("NumericLessThanEquals", Test::Number(Order::LessOrEqual), false),
    ("NumericGreaterThan", Test::Number(Order::Greater), false),
    ("NumericGreaterThanEquals", Test::Number(Order::GreaterOrEqual), false),
    ("DateEquals", Test::Date(Order::Equal), false),
    ("DateNotEquals", Test::Date(Order::Equal), true),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    ("Bool", Test::Bool, false),
    ("Null", Test::Null, false),
];

/// The key of a resource policy that is meant: case does not matter.
pub(super) fn key(text: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(text))
}

/// The key of an identity's policy that is meant.
pub(super) fn identity_key(text: &str) -> Option<&'static str> {
    key(text).or_else(|| IDENTITY_KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(text)))
}

impl Context {
    /// With a value for a key: `aws:PrincipalAccount`, `aws:PrincipalArn`, `aws:PrincipalOrgID`,
    /// `aws:PrincipalType`, `aws:RequestedRegion`, `aws:ResourceAccount`, `aws:SecureTransport`,
    /// `aws:SourceAccount`, `aws:SourceArn`, `aws:username`, `iam:PassedToService`, or one of the
    /// two that [`Context::at`] gives.
    ///
    /// # Panics
    ///
    /// Panics when no policy can ask for the key.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = identity_key(name).expect("a key that policies may ask for");
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value.into()),
            None => self.0.push((name, vec![value.into()])),
        }
        self
    }

    /// With the time, in milliseconds since 1970 UTC: `aws:CurrentTime` and `aws:EpochTime`.
    #[must_use]
    pub fn at(self, now_ms: i64) -> Self {
        let seconds = now_ms.div_euclid(1000);
        let time = Timestamp::from_second(seconds).map(|time| time.to_string());
        let dated = self.with("aws:EpochTime", seconds.to_string());
        match time {
            Ok(time) => dated.with("aws:CurrentTime", time),
            Err(_) => dated,
        }
    }

    fn get(&self, key: &str) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, values)| &values[..])
    }
}

impl Operator {
    /// The operator of that name, with `ForAnyValue:` or `ForAllValues:` before it and `IfExists`
    /// behind; `Null` has neither.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::AnyValue), rest),
            Some(("ForAllValues", rest)) => (Some(Quantifier::AllValues), rest),
            Some(_) => return None,
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (_, test, negated) = OPERATORS.into_iter().find(|(known, ..)| *known == base)?;
        let plain = quantifier.is_none() && !if_exists;
        (plain || test != Test::Null).then_some(Self { test, negated, quantifier, if_exists })
    }
}

impl Test {
    /// What a value has to be, for messages.
    pub(super) fn wants(self) -> &'static str {
        match self {
            Self::Text | Self::TextIgnoringCase | Self::TextPattern => "a string",
            Self::ArnPattern => "an ARN of six parts with colons between them",
            Self::Number(_) => "a number",
            Self::Date(_) => "a time such as 2027-01-15T08:00:00Z, or seconds since 1970",
            Self::Bool | Self::Null => "true or false",
        }
    }

    /// A value of a policy; `None` when it is not what the operator takes.
    pub(super) fn value(self, pattern: Glob) -> Option<Value> {
        Some(match self {
            Self::TextPattern => Value::Pattern(pattern),
            Self::ArnPattern => pattern.is_arn().then_some(Value::Pattern(pattern))?,
            Self::Text => Value::Text(pattern.into_text()),
            Self::TextIgnoringCase => Value::Text(pattern.into_text().to_lowercase()),
            Self::Number(_) => Value::Number(number(&pattern.into_text())?),
            Self::Date(_) => Value::Date(date(&pattern.into_text())?),
            Self::Bool | Self::Null => Value::Bool(truth(&pattern.into_text())?),
        })
    }

    /// Whether what a request says is what the policy says.
    fn holds(self, said: &str, value: &Value) -> bool {
        match (self, value) {
            (Self::TextIgnoringCase, Value::Text(text)) => said.to_lowercase() == *text,
            (_, Value::Text(text)) => said == text,
            (Self::ArnPattern, Value::Pattern(pattern)) => pattern.matches_arn(said),
            (_, Value::Pattern(pattern)) => pattern.matches(said),
            (Self::Number(order), Value::Number(value)) => {
                number(said).is_some_and(|said| order.holds(&said, value))
            }
            (Self::Date(order), Value::Date(value)) => {
                date(said).is_some_and(|said| order.holds(&said, value))
            }
            (Self::Bool, Value::Bool(value)) => truth(said) == Some(*value),
            _ => false,
        }
    }
}

impl Order {
    fn holds<T: PartialOrd>(self, said: &T, value: &T) -> bool {
        match self {
            Self::Equal => said == value,
            Self::Less => said < value,
            Self::LessOrEqual => said <= value,
            Self::Greater => said > value,
            Self::GreaterOrEqual => said >= value,
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, context: &Context) -> bool {
        let Operator { test, negated, quantifier, if_exists } = self.operator;
        let found = context.get(self.key);
        if test == Test::Null {
            let wants =
                |absent| self.values.iter().any(|it| matches!(it, Value::Bool(b) if *b == absent));
            return wants(found.is_none());
        }
        let Some(found) = found else {
            return match quantifier {
                _ if if_exists => true,
                Some(Quantifier::AllValues) => true,
                Some(Quantifier::AnyValue) => false,
                None => negated,
            };
        };
        let one = |said: &String| self.values.iter().any(|value| test.holds(said, value));
        match quantifier {
            Some(Quantifier::AllValues) => found.iter().all(|said| one(said) != negated),
            Some(Quantifier::AnyValue) => found.iter().any(|said| one(said) != negated),
            None => found.iter().any(one) != negated,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn date(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(seconds) => Timestamp::from_second(seconds).ok(),
        Err(_) => text.parse().ok(),
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
