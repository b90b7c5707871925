//! What deliveries may be told, per service and kind of log.

use logveil::{ConfigurationTemplate, DeliveryDestinationType, DescribeConfigurationTemplates};
use serde_json::{Value, json};

use super::deliveries::shown_s3;
use super::{Answer, Operation, object, operation, some};
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] =
    &[operation("DescribeConfigurationTemplates", describe)];

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let types = input.parsed_all("deliveryDestinationTypes", DeliveryDestinationType::parse)?;
    let page = call.engine.describe_configuration_templates(&DescribeConfigurationTemplates {
        service: input.owned("service")?,
        log_types: input.texts("logTypes")?,
        resource_types: input.texts("resourceTypes")?,
        delivery_destination_types: types,
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let templates: Vec<Value> = page.items.into_iter().map(shown).collect();
    Ok(object([
        ("configurationTemplates", Some(templates.into())),
        ("nextToken", some(page.next_token)),
    ]))
}

fn shown(template: ConfigurationTemplate) -> Value {
    let defaults = template.default_delivery_config_values;
    let fields = template.allowed_fields.into_iter();
    let fields = fields.map(|it| json!({ "name": it.name, "mandatory": it.mandatory }));
    let formats = template.allowed_output_formats.into_iter();
    let action = template.allowed_action_for_allow_vended_logs_delivery_for_resource;
    object([
        ("service", Some(template.service.into())),
        ("logType", Some(template.log_type.into())),
        ("resourceType", Some(template.resource_type.into())),
        ("deliveryDestinationType", Some(template.delivery_destination_type.as_str().into())),
        (
            "defaultDeliveryConfigValues",
            Some(object([
                ("recordFields", Some(defaults.record_fields.into())),
                ("fieldDelimiter", some(defaults.field_delimiter)),
                ("s3DeliveryConfiguration", defaults.s3_delivery_configuration.map(shown_s3)),
            ])),
        ),
        ("allowedFields", Some(fields.collect())),
        ("allowedOutputFormats", Some(formats.map(|it| Value::from(it.as_str())).collect())),
        ("allowedActionForAllowVendedLogsDeliveryForResource", Some(action.into())),
        ("allowedFieldDelimiters", Some(template.allowed_field_delimiters.into())),
        ("allowedSuffixPathFields", Some(template.allowed_suffix_path_fields.into())),
    ])
}
