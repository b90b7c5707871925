//! Metric filters of log groups.

use logveil::{
    DescribeMetricFilters, FilterName, FilterPattern, LogGroupName, MetricFilter,
    MetricTransformation, PutMetricFilter, StandardUnit, SystemField,
};
use serde_json::Value;

use super::{Answer, Operation, empty, listed, log_groups, object, operation, some, texts};
use crate::answer::Failure;
use crate::call::Call;
use crate::input::{Input, missing};

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutMetricFilter", put),
    operation("DescribeMetricFilters", describe),
    operation("DeleteMetricFilter", delete),
];

fn put(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let pattern = input.parsed("filterPattern", FilterPattern::parse)?;
    let transformations = input.inner_all("metricTransformations")?;
    let transformations = transformations.ok_or_else(|| missing("metricTransformations"))?;
    let dimensions = input.parsed_all("emitSystemFieldDimensions", SystemField::parse)?;
    call.engine.put_metric_filter(PutMetricFilter {
        log_group_name: log_groups::name(call)?,
        filter_name: FilterName::new(input.needed("filterName")?)?,
        filter_pattern: pattern.ok_or_else(|| missing("filterPattern"))?,
        metric_transformations: transformations
            .iter()
            .map(transformation)
            .collect::<Result<_, Failure>>()?,
        apply_on_transformed_logs: input.flag("applyOnTransformedLogs")?.unwrap_or_default(),
        field_selection_criteria: input.owned("fieldSelectionCriteria")?,
        emit_system_field_dimensions: dimensions.unwrap_or_default(),
    })?;
    empty()
}

fn transformation(input: &Input) -> Result<MetricTransformation, Failure> {
    let (namespace, name) = (input.needed("metricNamespace")?, input.needed("metricName")?);
    Ok(MetricTransformation {
        default_value: input.number("defaultValue")?,
        dimensions: input.map("dimensions")?.unwrap_or_default(),
        unit: input.parsed("unit", StandardUnit::parse)?.unwrap_or_default(),
        ..MetricTransformation::new(namespace, name, input.needed("metricValue")?)
    })
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let page = call.engine.describe_metric_filters(&DescribeMetricFilters {
        log_group_name: input.parsed("logGroupName", LogGroupName::new)?,
        filter_name_prefix: input.owned("filterNamePrefix")?,
        metric_name: input.owned("metricName")?,
        metric_namespace: input.owned("metricNamespace")?,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let filters: Vec<Value> = page.metric_filters.iter().map(shown).collect();
    Ok(object([("metricFilters", Some(filters.into())), ("nextToken", some(page.next_token))]))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = FilterName::new(call.input.needed("filterName")?)?;
    call.engine.delete_metric_filter(&log_groups::name(call)?, &name)?;
    empty()
}

fn shown(filter: &MetricFilter) -> Value {
    let it = &filter.metric_transformation;
    let dimensions = Some(it.dimensions.clone()).filter(|map| !map.is_empty());
    let transformation = object([
        ("metricName", Some(it.metric_name.as_str().into())),
        ("metricNamespace", Some(it.metric_namespace.as_str().into())),
        ("metricValue", Some(it.metric_value.as_str().into())),
        ("defaultValue", some(it.default_value)),
        ("dimensions", dimensions.map(texts)),
        ("unit", Some(it.unit.as_str().into())),
    ]);
    let system_fields = filter.emit_system_field_dimensions.iter().map(|it| it.as_str()).collect();
    object([
        ("filterName", Some(filter.filter_name.as_str().into())),
        ("logGroupName", Some(filter.log_group_name.as_str().into())),
        ("filterPattern", Some(filter.filter_pattern.as_str().into())),
        ("metricTransformations", Some(Value::Array(vec![transformation]))),
        ("creationTime", Some(filter.creation_time.into())),
        ("applyOnTransformedLogs", Some(false.into())),
        ("fieldSelectionCriteria", some(filter.field_selection_criteria.as_deref())),
        ("emitSystemFieldDimensions", listed::<&str>(system_fields)),
    ])
}
