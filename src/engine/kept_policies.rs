//! Account policies of which an account may have several: field index, transformer and metric
//! extraction policies, which are kept and shown, and retention policies, which are in force.

use crate::arn::LogGroupName;
use crate::error::{Error, ErrorKind};
use crate::limits::{DRY_RUN_LOG_GROUPS_MAX, RETENTION_POLICY_DELAY_MS};
use crate::policy::{
    AccountPolicyType, PolicyScope, RetentionTerms, check_document, check_policy_name,
};
use crate::store::{AccountPolicyRecord, Impact};

use super::Engine;
use super::account_policies::{AccountPolicy, DeleteAccountPolicy, PutAccountPolicy};

/// A policy as it was put, and to what it applies.
pub(super) struct KeptPolicy {
    pub(super) record: AccountPolicyRecord,
    scope: PolicyScope,
}

/// What a retention policy would change, as if it were in force already.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DryRunResult {
    /// Log groups that the policy is about: the sum of the next three.
    pub total_matched_log_groups: usize,
    /// Log groups that would keep their events for longer.
    pub increased_retention_log_group_count: usize,
    /// Log groups that would keep their events for less time.
    pub decreased_retention_log_group_count: usize,
    /// Log groups for which nothing would change.
    pub unchanged_retention_log_group_count: usize,
    /// The log groups of most bytes, at most 20.
    pub top_log_groups_impacted: Vec<LogGroupImpact>,
}

/// What a retention policy would change for one log group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogGroupImpact {
    /// Its name.
    pub log_group_name: LogGroupName,
    /// Days that it keeps its events now; absent: for ever.
    pub current_retention: Option<u32>,
    /// Days that it would keep them; absent: for ever.
    pub proposed_retention: Option<u32>,
    /// Bytes of its messages, plus 26 for each event.
    pub stored_bytes: u64,
}

impl KeptPolicy {
    /// # Errors
    ///
    /// InvalidParameter when document or criteria are malformed.
    pub(super) fn of(record: AccountPolicyRecord) -> Result<Self, Error> {
        let (kind, criteria) = (record.policy_type, record.selection_criteria.as_deref());
        match kind {
            AccountPolicyType::Retention => {
                RetentionTerms::parse(&record.document, criteria)?;
            }
            _ => check_document(kind, &record.document)?,
        }
        let scope = PolicyScope::parse(kind, criteria)?;
        Ok(Self { record, scope })
    }
}

impl Engine {
    /// What putting a retention policy would change; nothing is changed.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a policy of another type; what [`Engine::put_account_policy`] answers.
    pub fn dry_run_put_account_policy(
        &self,
        request: &PutAccountPolicy,
    ) -> Result<DryRunResult, Error> {
        check_dry_run(request.policy_type)?;
        check_policy_name(&request.policy_name)?;
        let PutAccountPolicy { policy_name, policy_document, selection_criteria, .. } = request;
        let terms = RetentionTerms::parse(policy_document, selection_criteria.as_deref())?;
        let scope = PolicyScope::parse(request.policy_type, selection_criteria.as_deref())?;
        self.check_beside(request.policy_type, policy_name, &scope)?;
        let now_ms = self.clock.now_ms();
        Ok(summed(self.store.retention_impact(policy_name, Some(terms), now_ms)))
    }

    /// What deleting a retention policy would change; nothing is changed.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a policy of another type; ResourceNotFound.
    pub fn dry_run_delete_account_policy(
        &self,
        request: &DeleteAccountPolicy,
    ) -> Result<DryRunResult, Error> {
        check_dry_run(request.policy_type)?;
        let name = &request.policy_name;
        let policies = self.account_policies(request.policy_type);
        if policies.iter().all(|policy| policy.policy_name != *name) {
            return Err(no_policy());
        }
        Ok(summed(self.store.retention_impact(name, None, self.clock.now_ms())))
    }

    /// Puts a policy of a type of which there may be several.
    pub(super) fn put_kept_policy(&self, shown: &AccountPolicy) -> Result<(), Error> {
        let (kind, name) = (shown.policy_type, &shown.policy_name);
        let mut next = KeptPolicy::of(shown.record())?;
        self.check_beside(kind, name, &next.scope)?;
        let key = (kind, name.clone());
        let before = self.control().kept.get(&key).map(|before| before.record.clone());
        if let Some(before) = before {
            next.record.creation_time = before.creation_time;
            if kind == AccountPolicyType::Retention {
                let age_ms = shown.last_updated_time.saturating_sub(before.last_updated_time);
                next.record.before = match age_ms >= RETENTION_POLICY_DELAY_MS {
                    true => Some((before.document, before.selection_criteria)),
                    false => before.before,
                };
            }
        }
        self.store.keep_account_policy(next.record.clone(), None)?;
        self.control().kept.insert(key, next);
        Ok(())
    }

    /// Removes such a policy. It counts no more from now on.
    pub(super) fn delete_kept_policy(
        &self,
        kind: AccountPolicyType,
        name: &str,
    ) -> Result<(), Error> {
        self.store.remove_account_policy(kind, name, None)?;
        self.control().kept.remove(&(kind, name.to_owned()));
        Ok(())
    }

    fn check_beside(
        &self,
        kind: AccountPolicyType,
        name: &str,
        scope: &PolicyScope,
    ) -> Result<(), Error> {
        let control = self.control();
        let others = control.kept.iter().filter(|((of, other), _)| *of == kind && other != name);
        let others: Vec<_> = others.map(|(_, policy)| &policy.scope).collect();
        scope.check_beside(kind, &others)
    }
}

fn check_dry_run(kind: AccountPolicyType) -> Result<(), Error> {
    match kind {
        AccountPolicyType::Retention => Ok(()),
        _ => Err(Error::invalid("dryRun is for RETENTION_POLICY only")),
    }
}

fn summed(mut impacts: Vec<Impact>) -> DryRunResult {
    let days = |days: Option<u32>| days.unwrap_or(u32::MAX);
    let count = |wanted: std::cmp::Ordering| {
        let change = |it: &&Impact| days(it.proposed_days).cmp(&days(it.current_days)) == wanted;
        impacts.iter().filter(change).count()
    };
    let [less, same, more] =
        [std::cmp::Ordering::Less, std::cmp::Ordering::Equal, std::cmp::Ordering::Greater]
            .map(count);
    impacts.sort_by_key(|impact| std::cmp::Reverse(impact.stored_bytes));
    let total = impacts.len();
    let top = impacts.into_iter().take(DRY_RUN_LOG_GROUPS_MAX).map(|impact| LogGroupImpact {
        log_group_name: impact.log_group,
        current_retention: impact.current_days,
        proposed_retention: impact.proposed_days,
        stored_bytes: impact.stored_bytes,
    });
    DryRunResult {
        total_matched_log_groups: total,
        increased_retention_log_group_count: more,
        decreased_retention_log_group_count: less,
        unchanged_retention_log_group_count: same,
        top_log_groups_impacted: top.collect(),
    }
}

pub(super) fn no_policy() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "The specified account policy does not exist.")
}
