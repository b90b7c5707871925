//! Subscription filters of log groups.

use logveil::{
    Arn, DescribeSubscriptionFilters, Distribution, FilterName, FilterPattern,
    PutSubscriptionFilter, SubscriptionFilter, SystemField,
};
use serde_json::Value;

use super::{Answer, Operation, empty, listed, log_groups, object, operation, some};
use crate::call::Call;
use crate::input::missing;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutSubscriptionFilter", put),
    operation("DescribeSubscriptionFilters", describe),
    operation("DeleteSubscriptionFilter", delete),
];

fn put(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let arn = |name: &'static str| input.parsed(name, |text| Arn::parse(name, text));
    let pattern = input.parsed("filterPattern", FilterPattern::parse)?;
    let distribution = input.parsed("distribution", Distribution::parse)?;
    let system_fields = input.parsed_all("emitSystemFields", SystemField::parse)?;
    call.engine.put_subscription_filter(PutSubscriptionFilter {
        log_group_name: log_groups::name(call)?,
        filter_name: FilterName::new(input.needed("filterName")?)?,
        filter_pattern: pattern.ok_or_else(|| missing("filterPattern"))?,
        destination_arn: arn("destinationArn")?.ok_or_else(|| missing("destinationArn"))?,
        role_arn: arn("roleArn")?,
        distribution: distribution.unwrap_or_default(),
        apply_on_transformed_logs: input.flag("applyOnTransformedLogs")?.unwrap_or_default(),
        field_selection_criteria: input.owned("fieldSelectionCriteria")?,
        emit_system_fields: system_fields.unwrap_or_default(),
    })?;
    empty()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_subscription_filters(&DescribeSubscriptionFilters {
        log_group_name: log_groups::name(call)?,
        filter_name_prefix: input.owned("filterNamePrefix")?,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let filters: Vec<Value> = page.subscription_filters.iter().map(shown).collect();
    Ok(object([
        ("subscriptionFilters", Some(filters.into())),
        ("nextToken", some(page.next_token)),
    ]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = FilterName::new(call.input.needed("filterName")?)?;
    call.engine.delete_subscription_filter(&log_groups::name(call)?, &name)?;
    empty()
}

fn shown(filter: &SubscriptionFilter) -> Value {
    let system_fields = filter.emit_system_fields.iter().map(|field| field.as_str()).collect();
    object([
        ("filterName", Some(filter.filter_name.as_str().into())),
        ("logGroupName", Some(filter.log_group_name.as_str().into())),
        ("filterPattern", Some(filter.filter_pattern.as_str().into())),
        ("destinationArn", Some(filter.destination_arn.as_str().into())),
        ("roleArn", some(filter.role_arn.as_ref().map(Arn::as_str))),
        ("distribution", Some(filter.distribution.as_str().into())),
        ("applyOnTransformedLogs", Some(false.into())),
        ("creationTime", Some(filter.creation_time.into())),
        ("fieldSelectionCriteria", some(filter.field_selection_criteria.as_deref())),
        ("emitSystemFields", listed::<&str>(system_fields)),
    ])
}
