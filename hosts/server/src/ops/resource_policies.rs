//! Resource policies.

use logveil::{
    DeleteResourcePolicy, DescribeResourcePolicies, LogResourcePolicy, PutResourcePolicy,
    ResourcePolicyScope,
};
use serde_json::Value;

use super::{Answer, Operation, empty, object, operation, some};
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutResourcePolicy", put),
    operation("DescribeResourcePolicies", describe),
    operation("DeleteResourcePolicy", delete),
];

fn put(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let policy = call.engine.put_resource_policy(PutResourcePolicy {
        policy_name: input.owned("policyName")?,
        policy_document: input.needed("policyDocument")?.to_owned(),
        resource_arn: input.owned("resourceArn")?,
        expected_revision_id: input.owned("expectedRevisionId")?,
    })?;
    let revision = policy.revision_id.clone();
    Ok(object([("resourcePolicy", Some(shown(policy))), ("revisionId", some(revision))]))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_resource_policies(&DescribeResourcePolicies {
        policy_scope: input.parsed("policyScope", ResourcePolicyScope::parse)?,
        resource_arn: input.owned("resourceArn")?,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let policies: Vec<Value> = page.resource_policies.into_iter().map(shown).collect();
    Ok(object([("resourcePolicies", Some(policies.into())), ("nextToken", some(page.next_token))]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    call.engine.delete_resource_policy(&DeleteResourcePolicy {
        policy_name: input.owned("policyName")?,
        resource_arn: input.owned("resourceArn")?,
        expected_revision_id: input.owned("expectedRevisionId")?,
    })?;
    empty()
}

fn shown(policy: LogResourcePolicy) -> Value {
    object([
        ("policyName", some(policy.policy_name)),
        ("policyDocument", Some(policy.policy_document.into())),
        ("lastUpdatedTime", Some(policy.last_updated_time.into())),
        ("policyScope", Some(policy.policy_scope.as_str().into())),
        ("resourceArn", some(policy.resource_arn)),
        ("revisionId", some(policy.revision_id)),
    ])
}
