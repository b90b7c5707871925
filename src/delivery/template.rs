//! Configuration templates: what the deliveries of a log type may be told.

use super::object::{DeliveryDestinationType, OutputFormat, S3DeliveryConfiguration};

/// What the deliveries of one log type to one type of destination may be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigurationTemplate {
    /// The service, as it stands in the resource's ARN.
    pub service: String,
    /// The log type.
    pub log_type: String,
    /// The type of the resource, such as `log-group`.
    pub resource_type: String,
    /// The type of destination.
    pub delivery_destination_type: DeliveryDestinationType,
    /// What is taken when a delivery says nothing.
    pub default_delivery_config_values: DeliveryDefaults,
    /// The fields of its records; mandatory ones have to be among a delivery's record fields.
    pub allowed_fields: Vec<AllowedField>,
    /// The output formats; the first is the default.
    pub allowed_output_formats: Vec<OutputFormat>,
    /// The permission that the owner of the source needs.
    pub allowed_action_for_allow_vended_logs_delivery_for_resource: String,
    /// The delimiters; empty: any.
    pub allowed_field_delimiters: Vec<String>,
    /// The variables of `suffixPath`, without their braces: `yyyy`, `MM`, `dd`, `HH`, `region`,
    /// `accountid`, and names of fields.
    pub allowed_suffix_path_fields: Vec<String>,
}

/// What is taken when a delivery says nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryDefaults {
    /// The fields and their order.
    pub record_fields: Vec<String>,
    /// What stands between fields.
    pub field_delimiter: Option<String>,
    /// The paths of objects.
    pub s3_delivery_configuration: Option<S3DeliveryConfiguration>,
}

/// A field of a log type's records.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AllowedField {
    /// Its name.
    pub name: String,
    /// Whether every delivery has it.
    pub mandatory: bool,
}

/// The fields of a log group's events.
pub(super) const LOG_GROUP_FIELDS: [&str; 6] =
    ["timestamp", "message", "logGroup", "logStream", "owner", "eventId"];

/// The templates of log groups as sources.
// Choice: AWS has no log type for a log group's own events; ours is APPLICATION_LOGS.
pub(crate) fn log_group_templates() -> Vec<ConfigurationTemplate> {
    use DeliveryDestinationType::{Firehose, LogGroup, S3};
    use OutputFormat::{Json, Parquet, Plain, Raw, W3c};
    let of = |delivery_destination_type, formats: &[OutputFormat]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let s3 = delivery_destination_type == S3;
        ConfigurationTemplate {
            service: "logs".to_owned(),
            log_type: "APPLICATION_LOGS".to_owned(),
            resource_type: "log-group".to_owned(),
            delivery_destination_type,
            default_delivery_config_values: DeliveryDefaults {
                record_fields: names(&LOG_GROUP_FIELDS),
                field_delimiter: None,
                s3_delivery_configuration: s3.then(S3DeliveryConfiguration::default),
            },
            allowed_fields: LOG_GROUP_FIELDS
                .iter()
                .map(|name| AllowedField {
                    name: (*name).to_owned(),
                    mandatory: *name == "message",
                })
                .collect(),
            allowed_output_formats: formats.to_vec(),
            allowed_action_for_allow_vended_logs_delivery_for_resource:
                "logs:AllowVendedLogDeliveryForResource".to_owned(),
            allowed_field_delimiters: Vec::new(),
            allowed_suffix_path_fields: match s3 {
                true => names(&["yyyy", "MM", "dd", "HH", "region", "accountid"]),
                false => Vec::new(),
            },
        }
    };
    vec![
        of(S3, &[Json, Plain, W3c, Raw, Parquet]),
        of(LogGroup, &[Json, Plain, Raw]),
        of(Firehose, &[Json, Plain, Raw]),
    ]
}
