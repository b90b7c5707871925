//! Log groups, their retention and their tags.

use logveil::{
    CreateLogGroup, DescribeLogGroups, InheritedProperty, LogGroup, LogGroupClass, LogGroupName,
};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, object, operation, some, texts};
use crate::answer::Failure;
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("CreateLogGroup", create),
    operation("DeleteLogGroup", delete),
    operation("DescribeLogGroups", describe),
    operation("PutRetentionPolicy", put_retention),
    operation("DeleteRetentionPolicy", delete_retention),
    operation("TagLogGroup", tag),
    operation("UntagLogGroup", untag),
    operation("ListTagsLogGroup", list_tags),
];

pub(super) fn name(call: &Call<'_>) -> Result<LogGroupName, Failure> {
    Ok(LogGroupName::new(call.input.needed("logGroupName")?)?)
}

fn create(call: &mut Call<'_>) -> Answer {
    let mut request = CreateLogGroup::new(name(call)?);
    if let Some(class) = call.input.text("logGroupClass")? {
        let known = [LogGroupClass::Standard, LogGroupClass::InfrequentAccess];
        let found = known.into_iter().find(|known| known.as_str() == class);
        request.log_group_class = found.ok_or_else(|| Failure::not_supported("logGroupClass"))?;
    }
    request.tags = call.input.map("tags")?.unwrap_or_default();
    call.engine.create_log_group_with(request)?;
    empty()
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
        ("arn", Some(group.arn.as_str().into())),
        ("logGroupArn", some(group.log_group_arn.as_deref())),
        ("storedBytes", some(group.stored_bytes)),
        ("dataProtectionStatus", some(group.data_protection_status.map(|it| it.as_str()))),
        ("inheritedProperties", super::listed::<Value>(inherited)),
        ("logGroupClass", some(group.log_group_class.map(|it| it.as_str()))),
    ])
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

fn tag(call: &mut Call<'_>) -> Answer {
    let tags = call.input.map("tags")?.unwrap_or_default();
    call.engine.tag_log_group(&name(call)?, tags)?;
    empty()
}

fn untag(call: &mut Call<'_>) -> Answer {
    let keys = call.input.texts("tags")?.unwrap_or_default();
    call.engine.untag_log_group(&name(call)?, &keys)?;
    empty()
}

fn list_tags(call: &mut Call<'_>) -> Answer {
    let tags = call.engine.list_tags(&name(call)?)?;
    Ok(json!({ "tags": texts(tags) }))
}
