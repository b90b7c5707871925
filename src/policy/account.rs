//! Account policies: their types and names, and the document of a subscription filter policy.
//!
//! Source: CloudWatch Logs API Reference, PutAccountPolicy.

use std::fmt;

use crate::arn::{AccountId, Arn, Region};
use crate::error::Error;
use crate::limits::{
    ACCOUNT_POLICY_NAME_CHARS_MAX, FILTER_PATTERN_CHARS_MAX, POLICY_DOCUMENT_CHARS_MAX,
};

use super::node::{self, Keys, Node, Object};

/// What an account policy does, by its `policyType`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AccountPolicyType {
    /// `DATA_PROTECTION_POLICY`: audits and masks in every log group.
    DataProtection,
    /// `SUBSCRIPTION_FILTER_POLICY`: subscribes to every log group, but those excluded.
    SubscriptionFilter,
    /// `FIELD_INDEX_POLICY`: names fields to index; kept and shown only.
    FieldIndex,
    /// `TRANSFORMER_POLICY`: says how events are transformed; kept and shown only.
    Transformer,
    /// `METRIC_EXTRACTION_POLICY`: says where no metrics are made of events; kept and shown only.
    MetricExtraction,
    /// `RETENTION_POLICY`: how long events are kept, whatever their log group says.
    Retention,
}

impl AccountPolicyType {
    /// Every type there is.
    pub(crate) const ALL: [Self; 6] = [
        Self::DataProtection,
        Self::SubscriptionFilter,
        Self::FieldIndex,
        Self::Transformer,
        Self::MetricExtraction,
        Self::Retention,
    ];

    /// Parses a `policyType` as the API spells it.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid(format!("policyType is none of the API; write one of {names}"))
        })
    }

    /// The `policyType` as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataProtection => "DATA_PROTECTION_POLICY",
            Self::SubscriptionFilter => "SUBSCRIPTION_FILTER_POLICY",
            Self::FieldIndex => "FIELD_INDEX_POLICY",
            Self::Transformer => "TRANSFORMER_POLICY",
            Self::MetricExtraction => "METRIC_EXTRACTION_POLICY",
            Self::Retention => "RETENTION_POLICY",
        }
    }
}

/// Checks the `policyName` of an account policy: 1 to
/// [`ACCOUNT_POLICY_NAME_CHARS_MAX`] characters, no control characters, not beginning with `aws/`.
///
/// # Errors
///
/// InvalidParameter when the name breaks one of these rules.
pub fn check_policy_name(name: &str) -> Result<(), Error> {
    let chars = name.chars().count();
    if chars == 0 {
        return Err(Error::invalid("policyName is empty; write at least one character"));
    }
    if chars > ACCOUNT_POLICY_NAME_CHARS_MAX {
        let max = ACCOUNT_POLICY_NAME_CHARS_MAX;
        return Err(Error::too_long("policyName", chars, max, "characters"));
    }
    if name.starts_with("aws/") {
        return Err(Error::invalid("policyName may not begin with aws/; write another beginning"));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::invalid("policyName holds a control character; remove it"));
    }
    Ok(())
}

/// The document of a `SUBSCRIPTION_FILTER_POLICY`, checked. Whether `filter_pattern` is a filter
/// pattern, and whether the destination exists, is not checked here.
///
/// `Debug` does not print the filter pattern, which may quote what its author looks for.
#[derive(Clone, Eq, PartialEq)]
pub struct SubscriptionPolicy {
    /// Where matching events go: a stream, a function or a logical destination.
    pub destination_arn: Arn,
    /// The role that delivery takes on; present for Kinesis and Firehose.
    pub role_arn: Option<Arn>,
    /// The filter pattern, at most 1,024 characters; an empty one matches every event.
    pub filter_pattern: String,
    /// How events are spread over the shards of a Kinesis stream.
    pub distribution: Distribution,
}

/// How events are spread over the shards of a Kinesis stream.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Distribution {
    /// Events of one log stream stay together.
    #[default]
    ByLogStream,
    /// Events are spread evenly.
    Random,
}

impl Distribution {
    /// Parses a `distribution` as the API spells it.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        [Self::ByLogStream, Self::Random]
            .into_iter()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| Error::invalid("distribution is neither; write Random or ByLogStream"))
    }

    /// The `distribution` as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByLogStream => "ByLogStream",
            Self::Random => "Random",
        }
    }
}

/// What a subscription's destination is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DestinationKind {
    /// A Kinesis data stream: `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`.
    Kinesis,
    /// A Firehose stream: `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`.
    Firehose,
    /// A Lambda function: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with or without `:ALIAS`.
    Lambda,
    /// A logical destination: `arn:aws:logs:REGION:ACCOUNT:destination:NAME`.
    Logical,
}

impl DestinationKind {
    /// The kind of destination that `arn` names.
    ///
    /// # Errors
    ///
    /// InvalidParameter when it names something else, or lacks a Region, an account or a name.
    pub fn of(arn: &Arn) -> Result<Self, Error> {
        let placed = Region::new(arn.region()).is_ok() && AccountId::new(arn.account()).is_ok();
        let kind = match arn.service() {
            "kinesis" => arn.resource().strip_prefix("stream/").map(|name| (Self::Kinesis, name)),
            "firehose" => {
                arn.resource().strip_prefix("deliverystream/").map(|name| (Self::Firehose, name))
            }
            "lambda" => arn.resource().strip_prefix("function:").map(|rest| {
                // An alias is part of the name's text, but not a second name.
                (
                    Self::Lambda,
                    rest.split_once(':').map_or(rest, |(name, alias)| {
                        if is_name(alias) || alias == "$LATEST" { name } else { "" }
                    }),
                )
            }),
            "logs" => arn.resource().strip_prefix("destination:").map(|name| (Self::Logical, name)),
            _ => None,
        };
        match kind {
            Some((kind, name)) if placed && kind.is_name(name) => Ok(kind),
            _ => Err(Error::invalid(
                "destinationArn names no possible destination; write the ARN of a Kinesis \
                 stream, a Firehose stream, a Lambda function or a logical destination",
            )),
        }
    }

    /// Whether delivery needs a role: Lambda and logical destinations have policies of their own.
    pub fn needs_role(self) -> bool {
        match self {
            Self::Kinesis | Self::Firehose => true,
            Self::Lambda | Self::Logical => false,
        }
    }

    fn is_name(self, name: &str) -> bool {
        match self {
            Self::Logical => !name.is_empty() && !name.contains([':', '*']),
            Self::Kinesis | Self::Firehose | Self::Lambda => is_name(name),
        }
    }
}

/// A stream's, a function's or an alias's name.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}

const SUBSCRIPTION: Keys =
    Keys { allowed: &["DestinationArn", "RoleArn", "FilterPattern", "Distribution"], refused: &[] };

impl SubscriptionPolicy {
    /// Reads the document of a subscription filter policy: a JSON object with `DestinationArn`,
    /// `FilterPattern`, `RoleArn` and `Distribution`.
    ///
    /// # Errors
    ///
    /// InvalidParameter for the first fault of the document, with its place.
    // Choice: the length limit of data protection policies holds here too, AWS states none; a
    // RoleArn that is not needed is accepted, as PutSubscriptionFilter does.
    pub fn parse(document: &str) -> Result<Self, Error> {
        let policy = node::read("policyDocument", POLICY_DOCUMENT_CHARS_MAX, document, read_root)
            .map_err(|faults| faults.into_iter().next().expect("a refusal has a fault"))?;
        Ok(policy.expect("a document without fault has all its parts"))
    }
}

impl fmt::Debug for SubscriptionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionPolicy")
            .field("destination_arn", &self.destination_arn)
            .field("role_arn", &self.role_arn)
            .field("filter_pattern_bytes", &self.filter_pattern.len())
            .field("distribution", &self.distribution)
            .finish()
    }
}

fn read_root(root: &Node<'_>, faults: &mut Vec<Error>) -> Option<SubscriptionPolicy> {
    let write = "an object with DestinationArn and FilterPattern";
    let object = root.object(&SUBSCRIPTION, write, faults)?;
    let destination = read_destination(&object, faults);
    let role_arn = read_role(&object, faults);
    let filter_pattern = read_filter_pattern(&object, faults);
    let distribution = match object.get("Distribution") {
        Some(node) => read_distribution(node, faults),
        None => Some(Distribution::default()),
    };
    let (destination_arn, kind) = destination?;
    if kind.needs_role() && object.get("RoleArn").is_none() && !object.misspelt("RoleArn") {
        let message = "the document has no RoleArn; add the ARN of a role that may write to \
                       the stream";
        faults.push(object.node.fault(message));
    }
    let (filter_pattern, distribution) = (filter_pattern?, distribution?);
    Some(SubscriptionPolicy { destination_arn, role_arn, filter_pattern, distribution })
}

fn read_destination(
    object: &Object<'_>,
    faults: &mut Vec<Error>,
) -> Option<(Arn, DestinationKind)> {
    let write = "the ARN of a stream, a function or a logical destination";
    let node = object.require("DestinationArn", write, faults)?;
    let text = node.string("an ARN as a string", faults)?;
    let of = |arn: Arn| DestinationKind::of(&arn).map(|kind| (arn, kind));
    let destination = Arn::parse("DestinationArn", text).and_then(of);
    destination.map_err(|error| faults.push(node.fault(error.message()))).ok()
}

fn read_role(object: &Object<'_>, faults: &mut Vec<Error>) -> Option<Arn> {
    let node = object.get("RoleArn")?;
    let text = node.string("the ARN of a role as a string", faults)?;
    let is_role = |arn: &Arn| {
        arn.service() == "iam"
            && arn.region().is_empty()
            && AccountId::new(arn.account()).is_ok()
            && arn.resource().strip_prefix("role/").is_some_and(|name| !name.is_empty())
    };
    let role = Arn::parse("RoleArn", text).ok().filter(is_role);
    if role.is_none() {
        let message = "RoleArn is not the ARN of a role; write arn:aws:iam::ACCOUNT:role/NAME";
        faults.push(node.fault(message));
    }
    role
}

fn read_filter_pattern(object: &Object<'_>, faults: &mut Vec<Error>) -> Option<String> {
    let write = "a filter pattern, \"\" to match every event";
    let node = object.require("FilterPattern", write, faults)?;
    let text = node.string("a filter pattern as a string", faults)?;
    let (chars, max) = (text.chars().count(), FILTER_PATTERN_CHARS_MAX);
    if chars > max {
        let message = Error::too_long("FilterPattern", chars, max, "characters");
        faults.push(node.fault(message.message()));
        return None;
    }
    Some(text.to_owned())
}

fn read_distribution(node: &Node<'_>, faults: &mut Vec<Error>) -> Option<Distribution> {
    let text = node.string("Random or ByLogStream as a string", faults)?;
    let distribution = Distribution::parse(text);
    distribution.map_err(|error| faults.push(node.fault(error.message()))).ok()
}

#[cfg(test)]
mod tests;
