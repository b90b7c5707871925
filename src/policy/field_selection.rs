//! `fieldSelectionCriteria`: which events a filter takes, by the account, Region and log that they
//! come from.
//!
//! Source: CloudWatch Logs API Reference, PutSubscriptionFilter.

use crate::error::Error;
use crate::limits::FIELD_SELECTION_CHARS_MAX;

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
        let mut parser = Parser { text, at: 0 };
        let mut any = Vec::new();
        if parser.skip_space().is_empty() {
            return Ok(Self(any));
        }
        let mut all = vec![parser.test()?];
        while !parser.skip_space().is_empty() {
            if parser.eat("AND") {
                all.push(parser.test()?);
            } else if parser.eat("OR") {
                any.push(std::mem::replace(&mut all, vec![parser.test()?]));
            } else {
                return parser.refuse("expected AND or OR");
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

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn skip_space(&mut self) -> &'t str {
        let rest = self.text.get(self.at..).expect("it stops between characters");
        let trimmed = rest.trim_ascii_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn eat(&mut self, word: &str) -> bool {
        let here = self.skip_space().starts_with(word);
        self.at += if here { word.len() } else { 0 };
        here
    }

    fn test(&mut self) -> Result<Test, Error> {
        let Some(field) = SystemField::ALL.into_iter().find(|field| self.eat(field.as_str()))
        else {
            return self.refuse("expected @aws.account, @aws.region or @source.log");
        };
        let (is, list) = if self.eat("=") {
            (true, false)
        } else if self.eat("!=") {
            (false, false)
        } else if self.eat("IN") {
            (true, true)
        } else if self.eat("NOT") {
            if !self.eat("IN") {
                return self.refuse("expected IN");
            }
            (false, true)
        } else {
            return self.refuse("expected =, !=, IN or NOT IN");
        };
        let values = if list { self.list()? } else { vec![self.string()?] };
        Ok(Test { field, is, values })
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        if !self.eat("[") {
            return self.refuse("expected [");
        }
        let mut values = Vec::new();
        loop {
            values.push(self.string()?);
            if self.eat("]") {
                return Ok(values);
            }
            if !self.eat(",") {
                return self.refuse("expected , or ]");
            }
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        if !self.eat("\"") {
            return self.refuse("expected a text in double quotes");
        }
        let rest = self.text.get(self.at..).expect("it stops between characters");
        let Some((value, _)) = rest.split_once('"') else {
            return self.refuse("expected a closing double quote");
        };
        self.at += value.len() + 1;
        Ok(value.to_owned())
    }

    fn refuse<T>(&mut self, what: &str) -> Result<T, Error> {
        self.skip_space();
        Err(Error::invalid(format!("fieldSelectionCriteria: at byte {}, {what}", self.at)))
    }
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
