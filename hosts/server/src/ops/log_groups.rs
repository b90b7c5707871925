//! Log groups: made, changed, removed, described, listed.

use logveil::{
    AccountId, Arn, AssociateKmsKey, CreateLogGroup, DescribeLogGroups, DisassociateKmsKey,
    InheritedProperty, ListLogGroups, LogGroup, LogGroupClass, LogGroupName, LogGroupSummary,
    TagFilter,
};
use serde_json::Value;

use super::{Answer, Operation, empty, object, operation, some};
use crate::answer::Failure;
use crate::call::Call;
use crate::input::Input;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("CreateLogGroup", create),
    operation("DeleteLogGroup", delete),
    operation("DescribeLogGroups", describe),
    operation("PutRetentionPolicy", put_retention),
    operation("DeleteRetentionPolicy", delete_retention),
    operation("ListLogGroups", list),
    operation("PutLogGroupDeletionProtection", put_deletion_protection),
    operation("AssociateKmsKey", associate_kms_key),
    operation("DisassociateKmsKey", disassociate_kms_key),
];

pub(super) fn name(call: &Call<'_>) -> Result<LogGroupName, Failure> {
    Ok(LogGroupName::new(call.input.needed("logGroupName")?)?)
}

fn create(call: &mut Call<'_>) -> Answer {
    let mut request = CreateLogGroup::new(name(call)?);
    let input = &call.input;
    request.log_group_class = class(call)?.unwrap_or_default();
    request.kms_key_id = input.parsed("kmsKeyId", |text| Arn::parse("kmsKeyId", text))?;
    request.deletion_protection_enabled =
        input.flag("deletionProtectionEnabled")?.unwrap_or_default();
    request.tags = input.map("tags")?.unwrap_or_default();
    call.engine.create_log_group_with(request)?;
    empty()
}

fn class(call: &Call<'_>) -> Result<Option<LogGroupClass>, Failure> {
    call.input.parsed("logGroupClass", LogGroupClass::parse)
}

fn accounts(call: &Call<'_>) -> Result<Vec<AccountId>, Failure> {
    Ok(call.input.parsed_all("accountIdentifiers", AccountId::new)?.unwrap_or_default())
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_log_group(&name(call)?)?;
    empty()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_log_groups(&DescribeLogGroups {
        log_group_name_prefix: input.owned("logGroupNamePrefix")?,
        log_group_name_pattern: input.owned("logGroupNamePattern")?,
        log_group_class: class(call)?,
        log_group_identifiers: input.texts("logGroupIdentifiers")?,
        include_linked_accounts: input.flag("includeLinkedAccounts")?.unwrap_or_default(),
        account_identifiers: accounts(call)?,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let log_groups: Vec<Value> = page.log_groups.iter().map(shown).collect();
    Ok(object([("logGroups", Some(log_groups.into())), ("nextToken", some(page.next_token))]))
}

fn shown(group: &LogGroup) -> Value {
    let inherited = group.inherited_properties.iter().copied().map(InheritedProperty::as_str);
    let inherited = inherited.map(Value::from).collect();
    object([
        ("logGroupName", Some(group.log_group_name.as_str().into())),
        ("creationTime", Some(group.creation_time.into())),
        ("retentionInDays", some(group.retention_in_days)),
        ("metricFilterCount", some(group.metric_filter_count)),
        ("retentionPolicyName", some(group.retention_policy_name.as_deref())),
        ("arn", Some(group.arn.as_str().into())),
        ("logGroupArn", some(group.log_group_arn.as_deref())),
        ("storedBytes", some(group.stored_bytes)),
        ("kmsKeyId", some(group.kms_key_id.as_ref().map(Arn::as_str))),
        ("dataProtectionStatus", some(group.data_protection_status.map(|it| it.as_str()))),
        ("inheritedProperties", super::listed::<Value>(inherited)),
        ("logGroupClass", some(group.log_group_class.map(|it| it.as_str()))),
        ("deletionProtectionEnabled", some(group.deletion_protection_enabled)),
    ])
}

fn list(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let sources = input.inner_all("dataSources")?.unwrap_or_default().into_iter();
    let source = |it: Input| Ok((it.needed("name")?.to_owned(), it.owned("type")?));
    let filters = input.inner_all("logGroupTags")?.unwrap_or_default().into_iter();
    let filter = |it: Input| {
        let (key, values) = (it.needed("key")?.to_owned(), it.texts("values")?);
        Ok(TagFilter { key, values: values.unwrap_or_default() })
    };
    let page = call.engine.list_log_groups(&ListLogGroups {
        log_group_name_pattern: input.owned("logGroupNamePattern")?,
        log_group_class: class(call)?,
        include_linked_accounts: input.flag("includeLinkedAccounts")?.unwrap_or_default(),
        account_identifiers: accounts(call)?,
        data_sources: sources.map(source).collect::<Result<_, Failure>>()?,
        field_index_names: input.texts("fieldIndexNames")?.unwrap_or_default(),
        log_group_tags: filters.map(filter).collect::<Result<_, Failure>>()?,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let log_groups: Vec<Value> = page.log_groups.iter().map(summary).collect();
    Ok(object([("logGroups", Some(log_groups.into())), ("nextToken", some(page.next_token))]))
}

fn summary(group: &LogGroupSummary) -> Value {
    object([
        ("logGroupName", Some(group.log_group_name.as_str().into())),
        ("logGroupArn", Some(group.log_group_arn.as_str().into())),
        ("logGroupClass", Some(group.log_group_class.as_str().into())),
    ])
}

fn put_deletion_protection(call: &mut Call<'_>) -> Answer {
    let enabled = call.input.flag("deletionProtectionEnabled")?;
    let enabled = enabled.ok_or_else(|| crate::input::missing("deletionProtectionEnabled"))?;
    let identifier = call.input.needed("logGroupIdentifier")?;
    call.engine.put_log_group_deletion_protection(identifier, enabled)?;
    empty()
}

fn associate_kms_key(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    call.engine.associate_kms_key(AssociateKmsKey {
        log_group_name: input.parsed("logGroupName", LogGroupName::new)?,
        resource_identifier: input.owned("resourceIdentifier")?,
        kms_key_id: Arn::parse("kmsKeyId", input.needed("kmsKeyId")?)?,
    })?;
    empty()
}

fn disassociate_kms_key(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    call.engine.disassociate_kms_key(DisassociateKmsKey {
        log_group_name: input.parsed("logGroupName", LogGroupName::new)?,
        resource_identifier: input.owned("resourceIdentifier")?,
    })?;
    empty()
}

fn put_retention(call: &mut Call<'_>) -> Answer {
    let days = call.input.count("retentionInDays")?;
    let days = days.ok_or_else(|| crate::input::missing("retentionInDays"))?;
    let days = u32::try_from(days).unwrap_or(u32::MAX);
    call.engine.put_retention_policy(&name(call)?, Some(days))?;
    empty()
}

fn delete_retention(call: &mut Call<'_>) -> Answer {
    call.engine.put_retention_policy(&name(call)?, None)?;
    empty()
}
