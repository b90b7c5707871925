//! `fieldSelectionCriteria`: which events a filter takes, by the account, Region and log that they
//! come from.
//!
//! Source: CloudWatch Logs API Reference, PutSubscriptionFilter.

use crate::error::Error;
use crate::limits::FIELD_SELECTION_CHARS_MAX;

use super::words::Words;

/// A field that the service adds to an event.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SystemField {
    /// `@aws.account`
    Account,
    /// `@aws.region`
    Region,
    /// `@source.log`: the log group.
    // Choice: the page names the field and not what it holds.
    SourceLog,
}

/// Parsed criteria: tests that all hold, or others that do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct FieldSelection(Vec<Vec<Test>>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Test {
    field: SystemField,
    /// Whether the field has to be one of the values, or none.
    is: bool,
    values: Vec<String>,
}

impl SystemField {
    /// Every field there is.
    pub const ALL: [Self; 3] = [Self::Account, Self::Region, Self::SourceLog];

    /// AWS's name: `@aws.account`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "@aws.account",
            Self::Region => "@aws.region",
            Self::SourceLog => "@source.log",
        }
    }

    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|field| field.as_str() == text);
        let write = "write @aws.account, @aws.region or @source.log";
        found.ok_or_else(|| Error::invalid(format!("emitSystemFields: no such field; {write}")))
    }
}

impl FieldSelection {
    /// Parses `@aws.account = "1" AND @aws.region NOT IN ["a", "b"] OR …` of at most 2,000
    /// characters. `AND` binds tighter than `OR`. Without any test it selects everything.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text; the message holds the byte of the fault, not the text.
    // Choice: no parentheses and no escapes, as the page shows none.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (chars, max) = (text.chars().count(), FIELD_SELECTION_CHARS_MAX);
        if chars > max {
            return Err(Error::too_long("fieldSelectionCriteria", chars, max, "characters"));
        }
        let mut words = Words::new("fieldSelectionCriteria", text);
        let mut any = Vec::new();
        if words.is_at_end() {
            return Ok(Self(any));
        }
        let mut all = vec![test(&mut words)?];
        while !words.is_at_end() {
            if words.eat("AND") {
                all.push(test(&mut words)?);
            } else if words.eat("OR") {
                any.push(std::mem::replace(&mut all, vec![test(&mut words)?]));
            } else {
                return words.refuse("expected AND or OR");
            }
        }
        any.push(all);
        Ok(Self(any))
    }

    /// Whether events are selected whose fields are these.
    pub(crate) fn selects<'a>(&self, field: impl Fn(SystemField) -> &'a str) -> bool {
        let holds = |test: &Test| test.values.iter().any(|it| it == field(test.field)) == test.is;
        self.0.is_empty() || self.0.iter().any(|all| all.iter().all(holds))
    }
}

fn test(words: &mut Words<'_>) -> Result<Test, Error> {
    let Some(field) = SystemField::ALL.into_iter().find(|field| words.eat(field.as_str())) else {
        return words.refuse("expected @aws.account, @aws.region or @source.log");
    };
    let (is, list) = if words.eat("=") {
        (true, false)
    } else if words.eat("!=") {
        (false, false)
    } else if words.eat("IN") {
        (true, true)
    } else if words.eat("NOT") {
        if !words.eat("IN") {
            return words.refuse("expected IN");
        }
        (false, true)
    } else {
        return words.refuse("expected =, !=, IN or NOT IN");
    };
    let values = if list { words.list()? } else { vec![words.string()?] };
    Ok(Test { field, is, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(field: SystemField) -> &'static str {
        match field {
            SystemField::Account => "111122223333",
            SystemField::Region => "eu-west-1",
            SystemField::SourceLog => "/app",
        }
    }

    #[test]
    fn criteria_select_by_system_fields() {
        for (text, expected) in [
            ("", true),
            ("@aws.account = \"111122223333\"", true),
            ("@aws.account=\"1\"", false),
            ("@aws.account != \"1\"", true),
            ("@aws.region NOT IN [\"cn-north-1\"]", true),
            ("@aws.region NOT IN [\"cn-north-1\",\"eu-west-1\"]", false),
            ("@aws.account IN [\"1\", \"111122223333\"] AND @aws.region = \"eu-west-1\"", true),
            ("@source.log = \"/app\" AND @aws.region = \"x\"", false),
            ("@source.log = \"/app\" OR @aws.region = \"x\" AND @aws.account = \"x\"", true),
            ("@aws.region = \"x\" AND @aws.account = \"x\" OR @source.log = \"/app\"", true),
        ] {
            let criteria = FieldSelection::parse(text).expect(text);
            assert_eq!(criteria.selects(value), expected, "{text}");
        }
    }

    #[test]
    fn faults_are_placed_and_never_quoted() {
        for (text, at) in [
            ("canary", 0),
            ("@aws.account", 12),
            ("@aws.account > \"canary\"", 13),
            ("@aws.account = canary", 15),
            ("@aws.account = \"canary", 16),
            ("@aws.account IN \"canary\"", 16),
            ("@aws.account IN []", 17),
            ("@aws.account IN [\"canary\" \"b\"]", 26),
            ("@aws.account NOT \"canary\"", 17),
            ("@aws.account = \"canary\" XOR", 24),
            ("@aws.account = \"canary\" AND ", 28),
            ("(@aws.account = \"canary\")", 0),
        ] {
            let refused = FieldSelection::parse(text).expect_err(text);
            assert!(refused.message().contains(&format!("at byte {at},")), "{text}: {refused}");
            assert!(!refused.message().contains("canary"), "{text}");
        }
        assert!(FieldSelection::parse(&" ".repeat(2000)).is_ok());
        assert!(FieldSelection::parse(&" ".repeat(2001)).is_err());
    }
}
