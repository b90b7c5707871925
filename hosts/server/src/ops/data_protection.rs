//! Data protection policies of log groups.

use logveil::{GroupDataProtection, PutDataProtectionPolicy};

use super::{Answer, Operation, empty, object, operation, some};
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutDataProtectionPolicy", put),
    operation("GetDataProtectionPolicy", get),
    operation("DeleteDataProtectionPolicy", delete),
];

fn put(call: &mut Call<'_>) -> Answer {
    let policy = call.engine.put_data_protection_policy(PutDataProtectionPolicy {
        log_group_identifier: call.input.needed("logGroupIdentifier")?.to_owned(),
        policy_document: call.input.needed("policyDocument")?.to_owned(),
    })?;
    shown(policy)
}

fn get(call: &mut Call<'_>) -> Answer {
    let identifier = call.input.needed("logGroupIdentifier")?;
    shown(call.engine.get_data_protection_policy(identifier)?)
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_data_protection_policy(call.input.needed("logGroupIdentifier")?)?;
    empty()
}

fn shown(policy: GroupDataProtection) -> Answer {
    Ok(object([
        ("logGroupIdentifier", Some(policy.log_group_identifier.into())),
        ("policyDocument", some(policy.policy_document)),
        ("lastUpdatedTime", some(policy.last_updated_time)),
    ]))
}
