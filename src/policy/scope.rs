//! `selectionCriteria` of field index, transformer, metric extraction and retention policies: to
//! what each applies, and which policies of one type get along.
//!
//! Source: CloudWatch Logs API Reference, PutAccountPolicy.

use crate::arn::LogGroupName;
use crate::error::{Error, ErrorKind};
use crate::limits::{
    METRIC_POLICIES_MAX, NAME_CHARS_MAX, RETENTION_POLICIES_MAX, SCOPED_POLICIES_MAX,
    SELECTION_CRITERIA_BYTES_MAX, SELECTION_VALUES_MAX,
};

use super::AccountPolicyType;
use super::words::Words;

/// To what an account policy applies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PolicyScope {
    /// Every log group.
    All,
    /// Log groups whose names are on the list, or off it.
    LogGroups { on: bool, list: Vec<Named> },
    /// Log groups with this data source.
    DataSource { name: String, kind: String },
}

/// A log group's name, or how names begin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Named {
    Name(String),
    Prefix(String),
}

impl PolicyScope {
    /// Parses the criteria of a policy of that type; absent ones select everything.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text; the message holds the byte of the fault, not the text.
    pub(crate) fn parse(kind: AccountPolicyType, criteria: Option<&str>) -> Result<Self, Error> {
        let Some(text) = criteria else { return Ok(Self::All) };
        if text.len() > SELECTION_CRITERIA_BYTES_MAX {
            let max = SELECTION_CRITERIA_BYTES_MAX;
            return Err(Error::too_long("selectionCriteria", text.len(), max, "bytes"));
        }
        let mut words = Words::new("selectionCriteria", text);
        let scope = match kind {
            AccountPolicyType::MetricExtraction => lists(&mut words)?,
            AccountPolicyType::FieldIndex if words.eat("DataSourceName") => source(&mut words)?,
            _ => prefixes(&mut words)?,
        };
        match words.is_at_end() {
            true => Ok(scope),
            false => words.refuse("expected the end"),
        }
    }

    /// Whether a log group is in the scope. A log group of an engine has no data source.
    pub(crate) fn selects(&self, log_group: &LogGroupName) -> bool {
        match self {
            Self::All => true,
            Self::DataSource { .. } => false,
            Self::LogGroups { on, list } => list.iter().any(|it| it.covers(log_group)) == *on,
        }
    }

    /// Whether a policy of that scope may be put beside others of its type.
    ///
    /// # Errors
    ///
    /// LimitExceeded when there are as many as may be, or one is for everything; InvalidParameter
    /// when two would apply to the same log groups.
    // Choice: AWS publishes which policies do not get along, and not by which error.
    pub(crate) fn check_beside(
        &self,
        kind: AccountPolicyType,
        others: &[&Self],
    ) -> Result<(), Error> {
        use AccountPolicyType::{MetricExtraction, Retention};
        let same_sort = |other: &&&Self| self.is_of_sources() == other.is_of_sources();
        let others: Vec<&Self> = others.iter().filter(same_sort).copied().collect();
        let max = match kind {
            MetricExtraction => METRIC_POLICIES_MAX,
            Retention => RETENTION_POLICIES_MAX,
            _ => SCOPED_POLICIES_MAX,
        };
        if others.len() >= max {
            let message = format!("the account has {max} policies of this type already");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        if kind == Retention {
            return Ok(());
        }
        if others.iter().any(|other| **other == Self::All || *self == Self::All) {
            let message = "a policy for all log groups is the only one of its type";
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        match others.iter().any(|other| self.overlaps(other)) {
            true => Err(Error::invalid("selectionCriteria overlaps that of another policy")),
            false => Ok(()),
        }
    }

    fn is_of_sources(&self) -> bool {
        matches!(self, Self::DataSource { .. })
    }

    /// Whether two scopes are in each other's way.
    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LogGroups { on: true, list }, Self::LogGroups { on: true, list: others }) => {
                list.iter()
                    .any(|it| others.iter().any(|other| it.within(other) || other.within(it)))
            }
            (Self::LogGroups { on: true, list }, Self::LogGroups { list: others, .. })
            | (Self::LogGroups { list: others, .. }, Self::LogGroups { on: true, list }) => {
                !list.iter().all(|it| others.iter().any(|other| it.within(other)))
            }
            (Self::LogGroups { .. }, Self::LogGroups { .. }) => true,
            _ => self == other,
        }
    }
}

impl Named {
    fn covers(&self, log_group: &LogGroupName) -> bool {
        match self {
            Self::Name(name) => name == log_group.as_str(),
            Self::Prefix(prefix) => log_group.as_str().starts_with(prefix),
        }
    }

    /// Whether every name that this covers is covered by the other one.
    fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(name) | Self::Prefix(name), Self::Prefix(prefix)) => {
                name.starts_with(prefix)
            }
            (Self::Name(name), Self::Name(other)) => name == other,
            (Self::Prefix(_), Self::Name(_)) => false,
        }
    }
}

/// `LogGroupNamePrefix = "a"` or `LogGroupNamePrefix IN ["a", "b"]`.
fn prefixes(words: &mut Words<'_>) -> Result<PolicyScope, Error> {
    if !words.eat("LogGroupNamePrefix") {
        return words.refuse("expected LogGroupNamePrefix, the only criterion of this type");
    }
    let texts = if words.eat("=") {
        vec![words.string()?]
    } else if words.eat("IN") {
        words.list()?
    } else {
        return words.refuse("expected = or IN");
    };
    listed(words, true, true, texts)
}

/// `LogGroupName` or `LogGroupNamePrefix`, `IN` or `NOT IN`, and a list.
fn lists(words: &mut Words<'_>) -> Result<PolicyScope, Error> {
    let by_prefix = words.eat("LogGroupNamePrefix");
    if !by_prefix && !words.eat("LogGroupName") {
        return words.refuse("expected LogGroupName or LogGroupNamePrefix");
    }
    let on = !words.eat("NOT");
    if !words.eat("IN") {
        return words.refuse("expected IN or NOT IN");
    }
    let texts = words.list()?;
    if texts.len() > SELECTION_VALUES_MAX {
        let max = SELECTION_VALUES_MAX;
        return Err(Error::too_long("selectionCriteria", texts.len(), max, "values"));
    }
    listed(words, on, by_prefix, texts)
}

fn listed(
    words: &mut Words<'_>,
    on: bool,
    by_prefix: bool,
    texts: Vec<String>,
) -> Result<PolicyScope, Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
    let fits =
        |text: &String| (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed);
    if !texts.iter().all(fits) {
        return words.refuse("a value before here is no part of a log group's name");
    }
    let named = |text| if by_prefix { Named::Prefix(text) } else { Named::Name(text) };
    Ok(PolicyScope::LogGroups { on, list: texts.into_iter().map(named).collect() })
}

/// `DataSourceName = "a" AND DataSourceType = "b"`, behind its first word.
fn source(words: &mut Words<'_>) -> Result<PolicyScope, Error> {
    let equals = |words: &mut Words<'_>| match words.eat("=") {
        true => words.string(),
        false => words.refuse("expected ="),
    };
    let name = equals(words)?;
    if !words.eat("AND") || !words.eat("DataSourceType") {
        return words.refuse("expected AND DataSourceType");
    }
    Ok(PolicyScope::DataSource { name, kind: equals(words)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use AccountPolicyType::{FieldIndex, MetricExtraction, Retention, Transformer};

    fn scope(kind: AccountPolicyType, text: &str) -> PolicyScope {
        PolicyScope::parse(kind, Some(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn scopes_select_log_groups() {
        let name = LogGroupName::new("/app/web").unwrap();
        for (kind, text, expected) in [
            (Retention, r#"LogGroupNamePrefix = "/app""#, true),
            (Retention, r#" LogGroupNamePrefix="/web" "#, false),
            (Transformer, r#"LogGroupNamePrefix IN ["/x", "/app/"]"#, true),
            (FieldIndex, r#"LogGroupNamePrefix = "/app/web""#, true),
            (FieldIndex, r#"DataSourceName = "a" AND DataSourceType = "b""#, false),
            (MetricExtraction, r#"LogGroupName IN ["/app/web"]"#, true),
            (MetricExtraction, r#"LogGroupName IN ["/app"]"#, false),
            (MetricExtraction, r#"LogGroupName NOT IN ["/app"]"#, true),
            (MetricExtraction, r#"LogGroupNamePrefix NOT IN ["/x","/app"]"#, false),
        ] {
            assert_eq!(scope(kind, text).selects(&name), expected, "{text}");
        }
        assert!(PolicyScope::parse(Retention, None).unwrap().selects(&name));
    }

    #[test]
    fn faults_are_placed_and_never_quoted() {
        for (kind, text, at) in [
            (Retention, "", 0),
            (Retention, r#"LogGroupName NOT IN ["canary"]"#, 0),
            (Retention, r#"LogGroupNamePrefix NOT IN ["canary"]"#, 19),
            (Retention, r#"LogGroupNamePrefix = canary"#, 21),
            (Retention, r#"LogGroupNamePrefix = "canary" x"#, 30),
            (Retention, r#"LogGroupNamePrefix = "can ary""#, 30),
            (Transformer, r#"LogGroupNamePrefix IN []"#, 23),
            (Transformer, r#"DataSourceName = "canary""#, 0),
            (FieldIndex, r#"DataSourceName = "canary""#, 25),
            (FieldIndex, r#"DataSourceName = "canary" AND DataSourceType "b""#, 45),
            (MetricExtraction, r#"LogGroupName = "canary""#, 13),
        ] {
            let refused = PolicyScope::parse(kind, Some(text)).expect_err(text);
            assert!(refused.message().contains(&format!("at byte {at},")), "{text}: {refused}");
            assert!(!refused.message().contains("canary"), "{text}");
        }
        let values = |count: usize| {
            let list: Vec<_> = (0..count).map(|it| format!("\"{it}\"")).collect();
            format!("LogGroupName IN [{}]", list.join(","))
        };
        assert!(PolicyScope::parse(MetricExtraction, Some(&values(50))).is_ok());
        assert!(PolicyScope::parse(MetricExtraction, Some(&values(51))).is_err());
        let padded = |bytes: usize| format!("{:bytes$}", r#"LogGroupNamePrefix = "a""#);
        assert!(PolicyScope::parse(Retention, Some(&padded(25_600))).is_ok());
        assert!(PolicyScope::parse(Retention, Some(&padded(25_601))).is_err());
    }

    #[test]
    fn policies_of_one_type_get_along_as_the_page_says() {
        let prefix = |text: &str| format!("LogGroupNamePrefix = \"{text}\"");
        let source = |kind: &str| format!(r#"DataSourceName = "a" AND DataSourceType = "{kind}""#);
        let metric = |rest: &str| format!("LogGroupName{rest}");
        for (kind, one, other, expected) in [
            (Transformer, prefix("my-log"), prefix("my-logging"), false),
            (Transformer, prefix("my-logging"), prefix("my-log"), false),
            (Transformer, prefix("my-log"), prefix("your-log"), true),
            (FieldIndex, prefix("a"), source("b"), true),
            (FieldIndex, source("b"), source("b"), false),
            (FieldIndex, source("b"), source("c"), true),
            (Retention, prefix("a"), prefix("a"), true),
            (MetricExtraction, metric(r#" IN ["a"]"#), metric(r#" IN ["b"]"#), true),
            (MetricExtraction, metric(r#" IN ["a"]"#), metric(r#" IN ["c", "a"]"#), false),
            (MetricExtraction, metric(r#" IN ["ab"]"#), metric(r#"Prefix IN ["a"]"#), false),
            (MetricExtraction, metric(r#"Prefix IN ["ab"]"#), metric(r#" IN ["a"]"#), true),
            (MetricExtraction, metric(r#" NOT IN ["a"]"#), metric(r#" NOT IN ["b"]"#), false),
            (
                MetricExtraction,
                metric(r#"Prefix NOT IN ["/aws/lambda"]"#),
                metric(r#" IN ["/aws/lambda/function1"]"#),
                true,
            ),
            (
                MetricExtraction,
                metric(r#"Prefix IN ["/aws"]"#),
                metric(r#"Prefix NOT IN ["/aws/lambda"]"#),
                false,
            ),
        ] {
            let (one, other) = (scope(kind, &one), scope(kind, &other));
            let found = one.check_beside(kind, &[&other]);
            assert_eq!(found.is_ok(), expected, "{one:?} {other:?}");
        }
        let all = PolicyScope::All;
        let some = scope(Transformer, &prefix("a"));
        for (one, other) in [(&all, &some), (&some, &all), (&all, &all)] {
            let refused = one.check_beside(Transformer, &[other]).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::LimitExceeded);
            assert!(one.check_beside(Retention, &[other]).is_ok());
        }
        for (kind, max) in [(Transformer, 20), (Retention, 20), (MetricExtraction, 5)] {
            let text = |it: usize| match kind {
                MetricExtraction => metric(&format!(" IN [\"x{it:02}\"]")),
                _ => prefix(&format!("x{it:02}")),
            };
            let many: Vec<_> = (0..max).map(|it| scope(kind, &text(it))).collect();
            let others: Vec<_> = many.iter().collect();
            let next = scope(kind, &text(max));
            assert!(next.check_beside(kind, &others[1..]).is_ok());
            let refused = next.check_beside(kind, &others).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::LimitExceeded);
        }
    }
}
