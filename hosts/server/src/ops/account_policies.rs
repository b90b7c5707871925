//! Account policies.

use logveil::{
    AccountId, AccountPolicy, AccountPolicyType, DeleteAccountPolicy, DescribeAccountPolicies,
    DryRunResult, LogGroupImpact, PutAccountPolicy, Scope,
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
    let input = &call.input;
    let scope = input.text("scope")?.map(|_| Scope::All);
    let request = PutAccountPolicy {
        policy_name: input.needed("policyName")?.to_owned(),
        policy_document: input.needed("policyDocument")?.to_owned(),
        policy_type: policy_type(call)?,
        scope,
        selection_criteria: input.owned("selectionCriteria")?,
    };
    if is_dry_run(call)? {
        return Ok(
            json!({ "dryRunResult": impact(call.engine.dry_run_put_account_policy(&request)?) }),
        );
    }
    Ok(json!({ "accountPolicy": shown(call.engine.put_account_policy(request)?) }))
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
    let request = DeleteAccountPolicy {
        policy_name: call.input.needed("policyName")?.to_owned(),
        policy_type: policy_type(call)?,
    };
    if is_dry_run(call)? {
        let result = call.engine.dry_run_delete_account_policy(&request)?;
        return Ok(json!({ "dryRunResult": impact(result) }));
    }
    call.engine.delete_account_policy(&request)?;
    empty()
}

fn is_dry_run(call: &Call<'_>) -> Result<bool, Failure> {
    Ok(call.input.flag("dryRun")?.unwrap_or_default())
}

fn impact(result: DryRunResult) -> Value {
    let days = |days: Option<u32>| days.map_or("NEVER_EXPIRE".to_owned(), |days| days.to_string());
    let group = |group: LogGroupImpact| {
        json!({
            "logGroupName": group.log_group_name.as_str(),
            "currentRetention": days(group.current_retention),
            "proposedRetention": days(group.proposed_retention),
            "storedBytes": group.stored_bytes,
        })
    };
    json!({
        "totalMatchedLogGroups": result.total_matched_log_groups,
        "increasedRetentionLogGroupCount": result.increased_retention_log_group_count,
        "decreasedRetentionLogGroupCount": result.decreased_retention_log_group_count,
        "unchangedRetentionLogGroupCount": result.unchanged_retention_log_group_count,
        "failedAnalysisCount": 0,
        "topLogGroupsImpacted":
            result.top_log_groups_impacted.into_iter().map(group).collect::<Vec<_>>(),
    })
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
