//! Account policies.

use logveil::{
    AccountId, AccountPolicy, AccountPolicyType, DeleteAccountPolicy, DescribeAccountPolicies,
    PutAccountPolicy, Scope,
};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, object, operation, some};
use crate::answer::Failure;
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutAccountPolicy", put),
    operation("DescribeAccountPolicies", describe),
    operation("DeleteAccountPolicy", delete),
];

fn policy_type(call: &Call<'_>) -> Result<AccountPolicyType, Failure> {
    Ok(AccountPolicyType::parse(call.input.needed("policyType")?)?)
}

fn put(call: &mut Call<'_>) -> Answer {
    refuse_dry_run(call)?;
    let input = &call.input;
    let scope = input.text("scope")?.map(|_| Scope::All);
    let policy = call.engine.put_account_policy(PutAccountPolicy {
        policy_name: input.needed("policyName")?.to_owned(),
        policy_document: input.needed("policyDocument")?.to_owned(),
        policy_type: policy_type(call)?,
        scope,
        selection_criteria: input.owned("selectionCriteria")?,
    })?;
    Ok(json!({ "accountPolicy": shown(policy) }))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let accounts = call.input.parsed_all("accountIdentifiers", AccountId::new)?;
    let policies = call.engine.describe_account_policies(&DescribeAccountPolicies {
        policy_type: policy_type(call)?,
        policy_name: call.input.owned("policyName")?,
        account_identifiers: accounts.unwrap_or_default(),
    })?;
    Ok(json!({ "accountPolicies": policies.into_iter().map(shown).collect::<Vec<_>>() }))
}

fn delete(call: &mut Call<'_>) -> Answer {
    refuse_dry_run(call)?;
    call.engine.delete_account_policy(&DeleteAccountPolicy {
        policy_name: call.input.needed("policyName")?.to_owned(),
        policy_type: policy_type(call)?,
    })?;
    empty()
}

/// Nothing is changed by a request that asks to try: it is refused by name.
fn refuse_dry_run(call: &Call<'_>) -> Result<(), Failure> {
    match call.input.flag("dryRun")? {
        Some(true) => Err(Failure::not_supported("dryRun")),
        _ => Ok(()),
    }
}

fn shown(policy: AccountPolicy) -> Value {
    object([
        ("policyName", Some(policy.policy_name.into())),
        ("policyDocument", Some(policy.policy_document.into())),
        ("lastUpdatedTime", Some(policy.last_updated_time.into())),
        ("policyType", Some(policy.policy_type.as_str().into())),
        ("scope", Some("ALL".into())),
        ("selectionCriteria", some(policy.selection_criteria)),
        ("accountId", Some(policy.account_id.as_str().into())),
    ])
}
