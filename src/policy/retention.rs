//! Account retention policies: their document, and which of several is in force for a log group.
//!
//! Source: CloudWatch Logs API Reference, PutAccountPolicy.

use std::cmp::Reverse;

use crate::arn::LogGroupName;
use crate::error::Error;
use crate::limits::{
    ACCOUNT_RETENTION_DAYS_MIN, POLICY_DOCUMENT_CHARS_MAX, RETENTION_DAYS,
    RETENTION_POLICY_DELAY_MS,
};

use super::AccountPolicyType;
use super::node::{self, Keys, Node};
use super::scope::PolicyScope;

const RETENTION: Keys = Keys { allowed: &["retentionInDays", "enforcementMode"], refused: &[] };

/// What a retention policy says, and of which log groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RetentionTerms {
    /// Days that events are kept; absent: for ever.
    pub(crate) days: Option<u32>,
    /// Only for log groups that were made after the policy.
    new_only: bool,
    scope: PolicyScope,
}

/// A retention policy with what is in force of it. What is put takes effect a day later; until
/// then that is in force which was before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RetentionRule {
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) terms: RetentionTerms,
    pub(crate) before: Option<RetentionTerms>,
}

impl RetentionTerms {
    /// Reads the document of a retention policy, and its `selectionCriteria`.
    ///
    /// # Errors
    ///
    /// InvalidParameter for the first fault of the document, with its place, or of the criteria.
    pub(crate) fn parse(document: &str, criteria: Option<&str>) -> Result<Self, Error> {
        let scope = PolicyScope::parse(AccountPolicyType::Retention, criteria)?;
        let read = node::read("policyDocument", POLICY_DOCUMENT_CHARS_MAX, document, read_root);
        let read = read.map_err(|faults| faults.into_iter().next().expect("it has a fault"))?;
        let (days, new_only) = read.expect("a document without fault has all its parts");
        Ok(Self { days, new_only, scope })
    }

    /// Whether they are about a log group, made then, under a policy made then.
    pub(crate) fn applies(
        &self,
        log_group: &LogGroupName,
        made_ms: i64,
        policy_made_ms: i64,
    ) -> bool {
        (!self.new_only || made_ms > policy_made_ms) && self.scope.selects(log_group)
    }
}

impl RetentionRule {
    /// What is in force at a time.
    pub(crate) fn at(&self, now_ms: i64) -> Option<&RetentionTerms> {
        match now_ms.saturating_sub(self.updated_ms) >= RETENTION_POLICY_DELAY_MS {
            true => Some(&self.terms),
            false => self.before.as_ref(),
        }
    }
}

/// Of rules with what is in force of each, the one that counts for a log group: the longest, and of
/// equals the one that was made first.
pub(crate) fn longest<'a>(
    rules: impl Iterator<Item = (&'a str, &'a RetentionRule, &'a RetentionTerms)>,
    log_group: &LogGroupName,
    made_ms: i64,
) -> Option<(&'a str, Option<u32>)> {
    rules
        .filter(|(_, rule, terms)| terms.applies(log_group, made_ms, rule.created_ms))
        .max_by_key(|(name, rule, terms)| {
            (terms.days.unwrap_or(u32::MAX), Reverse(rule.created_ms), Reverse(*name))
        })
        .map(|(name, _, terms)| (name, terms.days))
}

fn read_root(root: &Node<'_>, faults: &mut Vec<Error>) -> Option<(Option<u32>, bool)> {
    let write = "an object with retentionInDays and enforcementMode";
    let object = root.object(&RETENTION, write, faults)?;
    let days = "a number of days of the API, 30 at least, or \"NEVER_EXPIRE\"";
    let mode = "\"NEW_ONLY\" or \"RETROACTIVE\"";
    let days = object.require("retentionInDays", days, faults).cloned();
    let mode = object.require("enforcementMode", mode, faults).cloned();
    let days = days.and_then(|node| read_days(&node, faults));
    let mode = mode.and_then(|node| read_mode(&node, faults));
    days.zip(mode)
}

fn read_days(node: &Node<'_>, faults: &mut Vec<Error>) -> Option<Option<u32>> {
    let text = node.scalar("a number of days, or \"NEVER_EXPIRE\"", faults)?;
    if node.is_string() && text == "NEVER_EXPIRE" {
        return Some(None);
    }
    let allowed = |days: &u32| RETENTION_DAYS.contains(days) && *days >= ACCOUNT_RETENTION_DAYS_MIN;
    let days = text.parse().ok().filter(allowed).filter(|_| !node.is_string());
    if days.is_none() {
        faults.push(node.fault(
            "retentionInDays is neither a number of days of the API, 30 at \
                                least, nor \"NEVER_EXPIRE\"",
        ));
    }
    days.map(Some)
}

fn read_mode(node: &Node<'_>, faults: &mut Vec<Error>) -> Option<bool> {
    match node.string("NEW_ONLY or RETROACTIVE as a string", faults)? {
        "NEW_ONLY" => Some(true),
        "RETROACTIVE" => Some(false),
        _ => {
            faults.push(node.fault("enforcementMode is neither NEW_ONLY nor RETROACTIVE"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(days: &str, mode: &str, criteria: Option<&str>) -> RetentionTerms {
        let document = format!(r#"{{"retentionInDays": {days}, "enforcementMode": "{mode}"}}"#);
        RetentionTerms::parse(&document, criteria).unwrap()
    }

    #[test]
    fn documents_keep_their_form() {
        assert_eq!(terms("90", "RETROACTIVE", None).days, Some(90));
        assert_eq!(terms("\"NEVER_EXPIRE\"", "NEW_ONLY", None).days, None);
        for document in [
            "",
            "[]",
            "{}",
            r#"{"retentionInDays": 90}"#,
            r#"{"enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": 14, "enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": 31, "enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": 90.0, "enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": "90", "enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": "canary", "enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": null, "enforcementMode": "NEW_ONLY"}"#,
            r#"{"retentionInDays": 90, "enforcementMode": "canary"}"#,
            r#"{"retentionInDays": 90, "enforcementMode": "NEW_ONLY", "canary": 1}"#,
        ] {
            let refused = RetentionTerms::parse(document, None).expect_err(document);
            assert!(refused.place().is_some(), "{document}");
            assert!(!refused.to_string().contains("canary"), "{document}: {refused}");
        }
    }

    #[test]
    fn the_longest_counts_and_of_equals_the_first() {
        let rule = |days: &str, mode: &str, criteria, created_ms| RetentionRule {
            created_ms,
            updated_ms: created_ms,
            terms: terms(days, mode, criteria),
            before: None,
        };
        let rules = [
            ("base", rule("30", "RETROACTIVE", None, 10)),
            ("app", rule("90", "RETROACTIVE", Some(r#"LogGroupNamePrefix = "/app""#), 30)),
            ("app-too", rule("90", "RETROACTIVE", Some(r#"LogGroupNamePrefix = "/app""#), 20)),
            (
                "kept",
                rule("\"NEVER_EXPIRE\"", "NEW_ONLY", Some(r#"LogGroupNamePrefix = "/kept""#), 20),
            ),
        ];
        let found = |name: &str, made_ms| {
            let name = LogGroupName::new(name).unwrap();
            let rules = rules.iter().map(|(name, rule)| (*name, rule, &rule.terms));
            longest(rules, &name, made_ms)
        };
        assert_eq!(found("/other", 0), Some(("base", Some(30))));
        assert_eq!(found("/app/x", 0), Some(("app-too", Some(90))));
        assert_eq!(found("/kept", 21), Some(("kept", None)));
        assert_eq!(found("/kept", 20), Some(("base", Some(30))), "it was there before");
    }

    #[test]
    fn what_is_put_takes_effect_a_day_later() {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let (before, next) = (terms("30", "RETROACTIVE", None), terms("90", "RETROACTIVE", None));
        let mut rule =
            RetentionRule { created_ms: 0, updated_ms: 7, terms: next.clone(), before: None };
        assert_eq!(rule.at(7 + DAY_MS - 1), None);
        assert_eq!(rule.at(7 + DAY_MS), Some(&next));
        rule.before = Some(before.clone());
        assert_eq!(rule.at(7 + DAY_MS - 1), Some(&before));
        assert_eq!(rule.at(i64::MIN), Some(&before));
        assert_eq!(rule.at(i64::MAX), Some(&next));
    }
}
