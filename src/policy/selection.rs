//! `selectionCriteria`: which log groups an account policy applies to.
//!
//! Source: CloudWatch Logs API Reference, PutAccountPolicy.

use std::collections::BTreeSet;

use crate::arn::LogGroupName;
use crate::error::Error;
use crate::limits::SELECTION_CRITERIA_BYTES_MAX;

/// The `selectionCriteria` of a subscription filter policy: every log group but those listed.
///
/// ```
/// use logveil::{LogGroupName, SelectionCriteria};
///
/// let criteria = SelectionCriteria::parse(r#"LogGroupName NOT IN ["/audit"]"#)?;
/// assert!(criteria.selects(&LogGroupName::new("/app")?));
/// assert!(!criteria.selects(&LogGroupName::new("/audit")?));
/// # Ok::<(), logveil::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SelectionCriteria {
    excluded: BTreeSet<LogGroupName>,
}

/// Words of the grammar that account policies of other types use.
const OTHER_WORDS: [&str; 4] = ["LogGroupNamePrefix", "DataSourceName", "DataSourceType", "AND"];

const FORM: &str = "write LogGroupName NOT IN [\"NAME\", \"NAME\"]";

impl SelectionCriteria {
    /// Parses `LogGroupName NOT IN ["a", "b"]`: at most [`SELECTION_CRITERIA_BYTES_MAX`] bytes,
    /// words in this case, white space free, names in double quotes. An empty list excludes
    /// nothing; log groups need not exist.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text; the message holds the byte of the fault, not the text.
    // Choice: a name that no log group can have is refused, and so are escapes: a list that
    // silently excludes nothing would feed a log group its own deliveries.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > SELECTION_CRITERIA_BYTES_MAX {
            let max = SELECTION_CRITERIA_BYTES_MAX;
            return Err(Error::too_long("selectionCriteria", text.len(), max, "bytes"));
        }
        let mut parser = Parser { text, at: 0 };
        for word in ["LogGroupName", "NOT", "IN"] {
            parser.word(word)?;
        }
        let criteria = Self { excluded: parser.list()? };
        parser.end()?;
        Ok(criteria)
    }

    /// Whether the policy applies to that log group.
    pub fn selects(&self, log_group: &LogGroupName) -> bool {
        !self.excluded.contains(log_group)
    }

    /// The log groups that the policy leaves alone, in ASCII order.
    pub fn excluded(&self) -> impl ExactSizeIterator<Item = &LogGroupName> {
        self.excluded.iter()
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn word(&mut self, expected: &str) -> Result<(), Error> {
        let start = self.skip_space();
        let word = self.rest().split(|c: char| !c.is_ascii_alphanumeric()).next();
        let word = word.unwrap_or_default();
        if word == expected {
            self.at += word.len();
            return Ok(());
        }
        let other = OTHER_WORDS.into_iter().find(|other| *other == word);
        let other = other.or((word == "IN").then_some("IN without NOT"));
        let other = other.or(self.rest().starts_with(['=', '!']).then_some("a comparison"));
        if let Some(other) = other {
            let what = format!("{other} is not possible for SUBSCRIPTION_FILTER_POLICY; {FORM}");
            return refuse(start, &what);
        }
        let what = match word.eq_ignore_ascii_case(expected) {
            true => format!("{expected} is in another case; {FORM}"),
            false => format!("expected {expected}; {FORM}"),
        };
        refuse(start, &what)
    }

    fn list(&mut self) -> Result<BTreeSet<LogGroupName>, Error> {
        self.skip_space();
        if !self.take('[') {
            return refuse(self.at, &format!("expected [; {FORM}"));
        }
        let mut names = BTreeSet::new();
        self.skip_space();
        if self.take(']') {
            return Ok(names);
        }
        loop {
            names.insert(self.name()?);
            self.skip_space();
            if self.take(']') {
                return Ok(names);
            }
            if !self.take(',') {
                return refuse(self.at, "expected , or ] after a name");
            }
        }
    }

    fn name(&mut self) -> Result<LogGroupName, Error> {
        let start = self.skip_space();
        if !self.take('"') {
            return refuse(start, "expected a log group name in double quotes");
        }
        let Some((name, _)) = self.rest().split_once('"') else {
            return refuse(start, "expected a closing double quote");
        };
        self.at += name.len() + 1;
        LogGroupName::new(name).or_else(|_| {
            let what = "this is no possible log group name; write 1 to 512 letters, digits and \
                        . - _ / #, not beginning with aws/";
            refuse(start, what)
        })
    }

    fn end(&mut self) -> Result<(), Error> {
        self.skip_space();
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(());
        }
        if rest.starts_with("AND") {
            let what = format!("AND is not possible for SUBSCRIPTION_FILTER_POLICY; {FORM}");
            return refuse(self.at, &what);
        }
        refuse(self.at, "expected the end after ]")
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) -> usize {
        let rest = self.rest();
        let space = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.at += space;
        self.at
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).expect("the parser stops between characters")
    }
}

fn refuse<T>(at: usize, what: &str) -> Result<T, Error> {
    Err(Error::invalid(format!("selectionCriteria: at byte {at}, {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(text: &str) -> Vec<String> {
        let criteria = SelectionCriteria::parse(text).expect(text);
        criteria.excluded().map(LogGroupName::to_string).collect()
    }

    #[test]
    fn lists_are_read_whatever_their_white_space() {
        assert!(excluded("LogGroupName NOT IN []").is_empty());
        assert!(excluded("LogGroupName NOT IN [ \n]\t").is_empty());
        assert_eq!(excluded(r#"LogGroupName NOT IN ["/a"]"#), ["/a"]);
        assert_eq!(excluded(r#"LogGroupName NOT IN["b","a","b"]"#), ["a", "b"]);
        let wide = "\n LogGroupName\tNOT\r\nIN [ \"a\" , \"b\" ] ";
        assert_eq!(excluded(wide), ["a", "b"]);
    }

    #[test]
    fn other_text_is_refused_and_not_quoted() {
        let cases = [
            ("", "at byte 0, expected LogGroupName"),
            ("LogGroupName", "at byte 12, expected NOT"),
            (r#"LogGroupName IN ["a"]"#, "at byte 13, IN without NOT is not possible"),
            (r#"LogGroupName = "a""#, "at byte 13, a comparison is not possible"),
            (r#"LogGroupNamePrefix NOT IN ["a"]"#, "LogGroupNamePrefix is not possible"),
            (r#"DataSourceName = "a" AND DataSourceType = "b""#, "DataSourceName is not"),
            (r#"LogGroupName NOT IN ["a"] AND LogGroupName NOT IN ["b"]"#, "AND is not"),
            (r#"loggroupname NOT IN ["a"]"#, "LogGroupName is in another case"),
            (r#"LogGroupName not in ["a"]"#, "NOT is in another case"),
            (r#"LogGroupName NOT IN "a""#, "at byte 20, expected ["),
            ("LogGroupName NOT IN ['canary']", "at byte 21, expected a log group name in double"),
            ("LogGroupName NOT IN [canary]", "at byte 21, expected a log group name in double"),
            (r#"LogGroupName NOT IN ["canary"#, "at byte 21, expected a closing double quote"),
            (r#"LogGroupName NOT IN ["a" "b"]"#, "at byte 25, expected , or ]"),
            (r#"LogGroupName NOT IN ["a",]"#, "at byte 25, expected a log group name"),
            (r#"LogGroupName NOT IN ["a""#, "at byte 24, expected , or ]"),
            (r#"LogGroupName NOT IN ["a"] canary"#, "at byte 26, expected the end"),
            (r#"LogGroupName NOT IN ["canary*"]"#, "at byte 21, this is no possible log group"),
            (r#"LogGroupName NOT IN ["ca\nary"]"#, "no possible log group name"),
            ("LogGroupName\u{a0}NOT IN []", "at byte 12, expected NOT"),
        ];
        for (text, expected) in cases {
            let refused = SelectionCriteria::parse(text).expect_err(text);
            assert!(refused.message().contains(expected), "{text}: {refused}");
            assert!(!refused.to_string().contains("canary"), "{text}: {refused}");
        }
    }

    #[test]
    fn the_limit_counts_bytes() {
        let padded = |bytes: usize| format!("{:bytes$}", "LogGroupName NOT IN []");
        assert!(SelectionCriteria::parse(&padded(25_600)).is_ok());
        let refused = SelectionCriteria::parse(&padded(25_601)).expect_err("one byte too long");
        assert!(refused.message().contains("25600 are allowed"), "{refused}");
    }
}
