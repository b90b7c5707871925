//! How long each log group keeps its events: by its own retention, or by the account's policies.

use super::Store;
use super::record::AccountPolicyRecord;
use super::state::{GroupRecord, LogGroupClass, State};
use crate::arn::LogGroupName;
use crate::error::Error;
use crate::policy::{AccountPolicyType, RetentionRule, RetentionTerms, longest};

/// How long a log group keeps its events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Keeps<'a> {
    /// Absent: for ever.
    pub(crate) days: Option<u32>,
    /// The account policy that says so.
    pub(crate) policy: Option<&'a str>,
}

/// What another retention policy would change for one log group.
#[derive(Clone, Debug)]
pub(crate) struct Impact {
    pub(crate) log_group: LogGroupName,
    pub(crate) current_days: Option<u32>,
    pub(crate) proposed_days: Option<u32>,
    pub(crate) stored_bytes: u64,
}

impl AccountPolicyRecord {
    /// What a retention policy says; `None` for policies of other types.
    ///
    /// # Errors
    ///
    /// InvalidParameter when its document or criteria are malformed.
    pub(crate) fn retention_rule(&self) -> Result<Option<RetentionRule>, Error> {
        if self.policy_type != AccountPolicyType::Retention {
            return Ok(None);
        }
        let terms = RetentionTerms::parse(&self.document, self.selection_criteria.as_deref())?;
        let before = self.before.as_ref();
        let before =
            before.map(|(document, criteria)| RetentionTerms::parse(document, criteria.as_deref()));
        Ok(Some(RetentionRule {
            created_ms: self.creation_time,
            updated_ms: self.last_updated_time,
            terms,
            before: before.transpose()?,
        }))
    }
}

impl State {
    /// How long a log group keeps its events at a time.
    // Choice: account policies do not change the fixed days of the class DELIVERY.
    pub(super) fn keeps(&self, name: &LogGroupName, about: &GroupRecord, now_ms: i64) -> Keeps<'_> {
        let rules = self.retention.iter();
        let in_force =
            rules.filter_map(|(name, rule)| Some((name.as_str(), rule, rule.at(now_ms)?)));
        let found = longest(in_force, name, about.creation_time);
        match found.filter(|_| about.class != LogGroupClass::Delivery) {
            Some((policy, days)) => Keeps { days, policy: Some(policy) },
            None => Keeps { days: about.retention_days, policy: None },
        }
    }
}

impl Store {
    /// For how many days the log group of that name and number keeps its events; `None` when it is
    /// gone.
    pub(crate) fn kept_days(
        &self,
        name: &LogGroupName,
        number: u64,
        now_ms: i64,
    ) -> Option<Option<u32>> {
        let state = self.read();
        let about = &state.groups.get(name).filter(|group| group.about.number == number)?.about;
        Some(state.keeps(name, about, now_ms).days)
    }

    /// What would change if the retention policy of that name said this, or were not there, as if
    /// it were in force already: for every log group that it is about.
    pub(crate) fn retention_impact(
        &self,
        policy: &str,
        proposed: Option<RetentionTerms>,
        now_ms: i64,
    ) -> Vec<Impact> {
        let state = self.read();
        let known = state.retention.get(policy);
        let created_ms = known.map_or(now_ms, |rule| rule.created_ms);
        let scope = proposed.as_ref().or(known.map(|rule| &rule.terms));
        let next = proposed.as_ref().map(|terms| RetentionRule {
            created_ms,
            updated_ms: now_ms,
            terms: terms.clone(),
            before: None,
        });
        let others = state.retention.iter().filter(|(name, _)| *name != policy);
        let others =
            others.filter_map(|(name, rule)| Some((name.as_str(), rule, rule.at(now_ms)?)));
        let next = next.as_ref().map(|rule| (policy, rule, &rule.terms));
        let of_group = |(name, group): (&LogGroupName, &super::Group)| {
            let made_ms = group.about.creation_time;
            if !scope?.applies(name, made_ms, created_ms) {
                return None;
            }
            let found = longest(others.clone().chain(next), name, made_ms);
            let fixed = group.about.class == LogGroupClass::Delivery;
            let own = group.about.retention_days;
            Some(Impact {
                log_group: name.clone(),
                current_days: state.keeps(name, &group.about, now_ms).days,
                proposed_days: found.filter(|_| !fixed).map_or(own, |(_, days)| days),
                stored_bytes: group.streams.values().map(|stream| stream.stored_bytes).sum(),
            })
        };
        state.groups.iter().filter_map(of_group).collect()
    }
}
