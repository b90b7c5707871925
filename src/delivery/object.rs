//! Delivery sources, delivery destinations and deliveries, as the API shows them and as they are
//! kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::error::Error;

/// Where records come from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliverySource {
    /// Unique in the account and Region.
    pub name: String,
    /// `arn:aws:logs:REGION:ACCOUNT:delivery-source:NAME`.
    pub arn: String,
    /// The one resource that sends the records.
    pub resource_arns: Vec<String>,
    /// The service of that resource.
    pub service: String,
    /// Which logs of it.
    pub log_type: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What else the service may be told, such as a sampling rate.
    pub delivery_source_configuration: BTreeMap<String, String>,
}

/// Where records go.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryDestination {
    /// Unique in the account and Region.
    pub name: String,
    /// `arn:aws:logs:REGION:ACCOUNT:delivery-destination:NAME`.
    pub arn: String,
    /// What it is.
    pub delivery_destination_type: DeliveryDestinationType,
    /// How records are written.
    pub output_format: OutputFormat,
    /// The ARN of the bucket (with a prefix, if any), log group or stream; absent for X-Ray.
    pub destination_resource_arn: Option<String>,
    /// For X-Ray.
    pub role_arn: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// One source, one destination.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// 16 letters and digits.
    pub id: String,
    /// `arn:aws:logs:REGION:ACCOUNT:delivery:ID`.
    pub arn: String,
    /// The source, of this account.
    pub delivery_source_name: String,
    /// The destination, of this account or another.
    pub delivery_destination_arn: String,
    /// What the destination is.
    pub delivery_destination_type: DeliveryDestinationType,
    /// Which fields of each record, in this order.
    pub record_fields: Vec<String>,
    /// What stands between fields, for `plain`, `w3c` and `raw`.
    pub field_delimiter: Option<String>,
    /// The paths of objects, for S3.
    pub s3_delivery_configuration: Option<S3DeliveryConfiguration>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// How the path of an object ends.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct S3DeliveryConfiguration {
    /// What stands instead of Region and date, with variables in braces.
    pub suffix_path: Option<String>,
    /// Whether parts of the path are written as `name=value`.
    pub enable_hive_compatible_path: bool,
}

/// A delivery destination with its policy, as another account's engine gets to know it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SharedDeliveryDestination {
    /// The destination.
    pub destination: DeliveryDestination,
    /// Its policy's document.
    pub policy: Option<String>,
}

/// A delivery destination as it is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct StoredDestination {
    pub(crate) shown: DeliveryDestination,
    pub(crate) policy: Option<String>,
}

/// What a delivery destination is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum DeliveryDestinationType {
    /// A bucket.
    #[serde(rename = "S3")]
    S3,
    /// A log group.
    #[serde(rename = "CWL")]
    LogGroup,
    /// A Firehose stream.
    #[serde(rename = "FH")]
    Firehose,
    /// X-Ray, for traces.
    #[serde(rename = "XRAY")]
    XRay,
}

/// How records are written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// One JSON object a line.
    Json,
    /// Values with the delimiter between them.
    Plain,
    /// Header lines, then values with the delimiter between them, a tab unless it is set.
    W3c,
    /// The text as the source made it.
    Raw,
    /// Columns; for S3 only, by the host's encoder.
    Parquet,
}

impl DeliveryDestinationType {
    /// AWS's name: `S3`, `CWL`, `FH`, `XRAY`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::LogGroup => "CWL",
            Self::Firehose => "FH",
            Self::XRay => "XRAY",
        }
    }

    /// Parses a `deliveryDestinationType` as the API spells it.
    ///
    /// # Errors
    ///
    /// Validation for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = [Self::S3, Self::LogGroup, Self::Firehose, Self::XRay];
        let found = known.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| Error::validation("deliveryDestinationType is none of the API"))
    }

    /// The type that a resource's ARN tells.
    pub(crate) fn of(arn: &Arn) -> Result<Self, Error> {
        let (service, resource) = (arn.service(), arn.resource());
        match service {
            "s3" if arn.account().is_empty() && arn.region().is_empty() => Ok(Self::S3),
            "logs" if resource.starts_with("log-group:") => Ok(Self::LogGroup),
            "firehose" if resource.starts_with("deliverystream/") => Ok(Self::Firehose),
            _ => Err(Error::validation(
                "destinationResourceArn is none of a bucket, a log group or a Firehose stream",
            )),
        }
    }
}

impl OutputFormat {
    /// AWS's name: `json`, `plain`, `w3c`, `raw`, `parquet`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Plain => "plain",
            Self::W3c => "w3c",
            Self::Raw => "raw",
            Self::Parquet => "parquet",
        }
    }

    /// Parses an `outputFormat` as the API spells it.
    ///
    /// # Errors
    ///
    /// Validation for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = [Self::Json, Self::Plain, Self::W3c, Self::Raw, Self::Parquet];
        let found = known.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| Error::validation("outputFormat is none of the API"))
    }

    /// Whether values stand with a delimiter between them.
    pub(crate) fn takes_delimiter(self) -> bool {
        matches!(self, Self::Plain | Self::W3c | Self::Raw)
    }
}

impl DeliverySource {
    /// The one resource.
    pub(crate) fn resource(&self) -> &str {
        self.resource_arns.first().map_or("", String::as_str)
    }
}
