//! Account policies on disk.

use super::Store;
use super::commit::How;
use super::outbox::{Entry, Owner};
use super::record::{AccountPolicyRecord, Key};
use crate::error::Error;
use crate::policy::AccountPolicyType;

impl Store {
    /// Keeps an account policy; with it a control message for a new destination is queued. A
    /// retention policy counts from then on.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn keep_account_policy(
        &self,
        policy: AccountPolicyRecord,
        control: Option<Entry>,
    ) -> Result<(), Error> {
        self.commit(How::Shared, move |txn| {
            if let Some(rule) = policy.retention_rule()? {
                txn.changes.retention.push((policy.name.clone(), Some(rule)));
            }
            txn.put(&Key::AccountPolicy(policy.policy_type, policy.name.clone()), &policy);
            control.into_iter().for_each(|entry| txn.queue_entry(&entry));
            Ok(())
        })
    }

    /// Removes an account policy; what waits on behalf of `owner` goes with it and is counted.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn remove_account_policy(
        &self,
        policy_type: AccountPolicyType,
        name: &str,
        owner: Option<Owner>,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        self.commit(How::Alone, move |txn| {
            if let Some(owner) = owner {
                txn.drop_lines(|line| line.owner == owner);
            }
            if policy_type == AccountPolicyType::Retention {
                txn.changes.retention.push((name.clone(), None));
            }
            txn.remove(Key::AccountPolicy(policy_type, name).to_bytes());
            Ok(())
        })
    }
}
