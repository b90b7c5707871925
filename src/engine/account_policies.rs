//! Account policies. Data protection and subscription filter policies, of which there is one each,
//! are here; for the others see `kept_policies`.

use std::fmt;
use std::sync::Arc;

use crate::arn::AccountId;
use crate::error::{Error, ErrorKind};
use crate::pattern::FilterPattern;
use crate::policy::{
    AccountPolicyType, DataProtectionPolicy, SelectionCriteria, SubscriptionPolicy,
    check_policy_name,
};
use crate::store::{AccountPolicyRecord, Owner, Route};
use crate::subscription::Subscription;

use super::Engine;
use super::control::{AccountDataProtection, AccountSubscription, Resource};
use super::kept_policies::no_policy;

/// Request of [`Engine::put_account_policy`]. `Debug` does not print the document.
#[derive(Clone)]
pub struct PutAccountPolicy {
    /// The policy's name, at most 256 characters, not beginning with `aws/`.
    pub policy_name: String,
    /// The policy, JSON of at most 30,720 characters.
    pub policy_document: String,
    /// What kind of policy it is.
    pub policy_type: AccountPolicyType,
    /// Where it applies; absent means everywhere.
    pub scope: Option<Scope>,
    /// To which log groups it applies, at most 25 KB: `LogGroupName NOT IN ["…"]` for subscription
    /// filter policies, `LogGroupNamePrefix = "…"` for others, none for data protection policies.
    pub selection_criteria: Option<String>,
}

/// Where an account policy applies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scope {
    /// `ALL` log groups, the only scope there is.
    #[default]
    All,
}

/// An account policy as the API shows it. `Debug` does not print the document.
#[derive(Clone, Eq, PartialEq)]
pub struct AccountPolicy {
    /// Its name.
    pub policy_name: String,
    /// The document as it was put.
    pub policy_document: String,
    /// When it was put: milliseconds since 1970 UTC.
    pub last_updated_time: i64,
    /// Its kind.
    pub policy_type: AccountPolicyType,
    /// Where it applies.
    pub scope: Scope,
    /// Which log groups it excludes, as it was put.
    pub selection_criteria: Option<String>,
    /// The account.
    pub account_id: AccountId,
}

/// Request of [`Engine::describe_account_policies`].
#[derive(Clone, Debug)]
pub struct DescribeAccountPolicies {
    /// Which kind is asked for.
    pub policy_type: AccountPolicyType,
    /// Only the policy of this name.
    pub policy_name: Option<String>,
    /// Only this account, when given.
    pub account_identifiers: Vec<AccountId>,
}

/// Request of [`Engine::delete_account_policy`].
#[derive(Clone, Debug)]
pub struct DeleteAccountPolicy {
    /// The policy's name.
    pub policy_name: String,
    /// Its kind.
    pub policy_type: AccountPolicyType,
}

impl Engine {
    /// Puts an account policy, in place of the one of the same name. It applies to all log groups
    /// there are and will be, to every batch that starts after this returned.
    ///
    /// A retention policy replaces the retention of the log groups that it is about, from 24 hours
    /// later on; until then that is in force which was before. Of several the longest counts. Field
    /// index, transformer and metric extraction policies are kept and shown only.
    ///
    /// # Errors
    ///
    /// InvalidParameter (with the place in the document) when a parameter is malformed or a
    /// destination does not exist; LimitExceeded when there are as many as may be;
    /// OperationAborted when another request changes it. The old policy then stays in force.
    pub fn put_account_policy(&self, request: PutAccountPolicy) -> Result<AccountPolicy, Error> {
        check_policy_name(&request.policy_name)?;
        let policy_type = request.policy_type;
        let _claim = self.claims.claim(Resource::AccountPolicy(policy_type))?;
        let single = matches!(
            policy_type,
            AccountPolicyType::DataProtection | AccountPolicyType::SubscriptionFilter
        );
        let others = self.account_policies(policy_type);
        if single && others.iter().any(|it| it.policy_name != request.policy_name) {
            let message = format!("the account has a {} already", policy_type.as_str());
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let shown = AccountPolicy {
            policy_name: request.policy_name,
            policy_document: request.policy_document,
            last_updated_time: self.clock.now_ms(),
            policy_type,
            scope: request.scope.unwrap_or_default(),
            selection_criteria: request.selection_criteria,
            account_id: self.home.account.clone(),
        };
        match policy_type {
            AccountPolicyType::DataProtection => self.put_account_data_protection(shown.clone())?,
            AccountPolicyType::SubscriptionFilter => {
                self.put_account_subscription(shown.clone())?
            }
            _ => self.put_kept_policy(&shown)?,
        }
        Ok(shown)
    }

    /// The account's policies of one kind, in the order of their names.
    ///
    /// # Errors
    ///
    /// InvalidParameter when several accounts are named; ResourceNotFound for another account.
    // Choice: an unknown policyName gives an empty list, not an error.
    pub fn describe_account_policies(
        &self,
        request: &DescribeAccountPolicies,
    ) -> Result<Vec<AccountPolicy>, Error> {
        if request.account_identifiers.len() > 1 {
            return Err(Error::invalid("accountIdentifiers names more than one account"));
        }
        if request.account_identifiers.iter().any(|account| *account != self.home.account) {
            let message = "The specified account does not exist here.";
            return Err(Error::new(ErrorKind::ResourceNotFound, message));
        }
        let asked = |policy: &AccountPolicy| {
            request.policy_name.as_ref().is_none_or(|name| *name == policy.policy_name)
        };
        Ok(self.account_policies(request.policy_type).into_iter().filter(asked).collect())
    }

    /// Removes an account policy. Policies and filters of log groups stay in force; what waits to
    /// be delivered for a subscription filter policy is dropped and counted. Without a retention
    /// policy log groups have their own retention again at once, or that of another policy.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; OperationAborted when another request changes it.
    pub fn delete_account_policy(&self, request: &DeleteAccountPolicy) -> Result<(), Error> {
        let DeleteAccountPolicy { policy_name, policy_type } = request;
        let _claim = self.claims.claim(Resource::AccountPolicy(*policy_type))?;
        if self.account_policies(*policy_type).iter().all(|it| it.policy_name != *policy_name) {
            return Err(no_policy());
        }
        match policy_type {
            AccountPolicyType::DataProtection => self.protect_account(policy_name, None),
            AccountPolicyType::SubscriptionFilter => {
                {
                    let mut control = self.control();
                    control.subscription = None;
                    control.subscribe_all();
                }
                let owner = Owner::AccountPolicy(policy_name.clone());
                self.store.remove_account_policy(*policy_type, policy_name, Some(owner))
            }
            _ => self.delete_kept_policy(*policy_type, policy_name),
        }
    }

    /// The account's policies of a type, in the order of their names.
    pub(super) fn account_policies(&self, policy_type: AccountPolicyType) -> Vec<AccountPolicy> {
        let control = self.control();
        let one = match policy_type {
            AccountPolicyType::DataProtection => {
                control.data_protection.as_ref().map(|it| it.shown.clone())
            }
            AccountPolicyType::SubscriptionFilter => {
                control.subscription.as_ref().map(|it| it.shown.clone())
            }
            _ => None,
        };
        let kept = control.kept.iter().filter(|((kind, _), _)| *kind == policy_type);
        let kept = kept.map(|(_, it)| AccountPolicy::kept(it.record.clone(), &self.home.account));
        one.into_iter().chain(kept).collect()
    }

    fn put_account_data_protection(&self, shown: AccountPolicy) -> Result<(), Error> {
        if shown.selection_criteria.is_some() {
            let message = "selectionCriteria is not valid with DATA_PROTECTION_POLICY";
            return Err(Error::invalid(message));
        }
        let policy = DataProtectionPolicy::parse(&shown.policy_document)?;
        self.check_findings_destinations(&policy)?;
        let name = shown.policy_name.clone();
        self.protect_account(&name, Some(AccountDataProtection { shown, policy }))
    }

    /// Keeps the account's data protection policy, or removes it; what is on disk is then put in
    /// force.
    fn protect_account(
        &self,
        name: &str,
        policy: Option<AccountDataProtection>,
    ) -> Result<(), Error> {
        let kind = AccountPolicyType::DataProtection;
        let _one_at_a_time = self.changing();
        let compiled = self.control().compile_account(policy.as_ref().map(|it| &it.policy))?;
        match &policy {
            Some(policy) => self.store.keep_account_policy(policy.shown.record(), None)?,
            None => self.store.remove_account_policy(kind, name, None)?,
        }
        let mut control = self.control();
        control.protect_account(policy, compiled);
        control.subscribe_all();
        Ok(())
    }

    fn put_account_subscription(&self, shown: AccountPolicy) -> Result<(), Error> {
        let record = shown.record();
        let subscription = AccountSubscription::of(shown)?;
        let policy = SubscriptionPolicy::parse(&record.document)?;
        self.check_destination(&policy.destination_arn, policy.role_arn.as_ref())?;
        let route = &subscription.subscription.route;
        let before = {
            let control = self.control();
            let before = control.subscription.as_ref();
            before.map(|it| it.subscription.route.destination_arn.clone())
        };
        let new = before.as_ref() != Some(&route.destination_arn);
        let message = new.then(|| self.control_message(route, None));
        self.store.keep_account_policy(record, message)?;
        let mut control = self.control();
        control.subscription = Some(subscription);
        control.subscribe_all();
        Ok(())
    }
}

impl AccountPolicy {
    pub(super) fn record(&self) -> AccountPolicyRecord {
        AccountPolicyRecord {
            policy_type: self.policy_type,
            name: self.policy_name.clone(),
            document: self.policy_document.clone(),
            selection_criteria: self.selection_criteria.clone(),
            creation_time: self.last_updated_time,
            last_updated_time: self.last_updated_time,
            before: None,
        }
    }

    /// The policy of a record.
    pub(super) fn kept(record: AccountPolicyRecord, account: &AccountId) -> Self {
        Self {
            policy_name: record.name,
            policy_document: record.document,
            last_updated_time: record.last_updated_time,
            policy_type: record.policy_type,
            scope: Scope::All,
            selection_criteria: record.selection_criteria,
            account_id: account.clone(),
        }
    }
}

impl AccountSubscription {
    /// # Errors
    ///
    /// InvalidParameter when the document, its pattern or the criteria are malformed.
    pub(super) fn of(shown: AccountPolicy) -> Result<Self, Error> {
        let policy = SubscriptionPolicy::parse(&shown.policy_document)?;
        let pattern = FilterPattern::parse(&policy.filter_pattern)?;
        let criteria =
            shown.selection_criteria.as_deref().map(SelectionCriteria::parse).transpose()?;
        let route = Arc::new(Route {
            owner: Owner::AccountPolicy(shown.policy_name.clone()),
            destination_arn: policy.destination_arn,
            distribution: policy.distribution,
            extracted_by: pattern.text_of_named(),
            system_fields: Vec::new(),
        });
        let subscription = Arc::new(Subscription { pattern, route });
        Ok(Self { shown, criteria, subscription })
    }
}

impl fmt::Debug for PutAccountPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = (self.policy_type.as_str(), self.policy_document.len());
        write!(f, "PutAccountPolicy({kind} {}, {bytes} bytes)", self.policy_name)
    }
}

impl fmt::Debug for AccountPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = (self.policy_type.as_str(), self.policy_document.len());
        write!(f, "AccountPolicy({kind} {}, {bytes} bytes)", self.policy_name)
    }
}
