//! Vended-log deliveries: a delivery pairs one delivery source with one delivery destination, and
//! carries the records of the one to the other.
//!
//! Source: CloudWatch Logs API Reference, the delivery operations.

mod check;
mod key;
mod object;
mod policy;
mod render;
mod template;

pub(crate) use check::{
    check_config, check_id, check_log_type, check_name, check_selectors, check_tags,
};
pub(crate) use object::StoredDestination;
pub use object::{
    Delivery, DeliveryDestination, DeliveryDestinationType, DeliverySource, OutputFormat,
    S3DeliveryConfiguration, SharedDeliveryDestination,
};
pub use policy::delivery_destination_policy;
pub(crate) use policy::{Pairing, check_policy, permits};
pub use render::{ParquetEncoder, VendedRecord};
pub(crate) use render::{Rendering, Row, render};
pub(crate) use template::log_group_templates;
pub use template::{AllowedField, ConfigurationTemplate, DeliveryDefaults};
