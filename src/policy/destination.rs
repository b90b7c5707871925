//! Where a policy sends its findings: `FindingsDestination`.
//!
//! Source: CloudWatch Logs User Guide, data protection policies; name rules are those of Amazon
//! Data Firehose (CreateDeliveryStream) and Amazon S3 (bucket naming).

use crate::arn::LogGroupName;
use crate::error::{Error, Place};

use super::node::{Keys, Node};

/// Where a policy sends its findings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FindingsDestination {
    /// A log group of the same account and Region.
    LogGroup(LogGroupName),
    /// A Firehose stream, by name: 1 to 64 of `A-Z a-z 0-9 _ . -`.
    DeliveryStream(String),
    /// An S3 bucket, by name: 3 to 63 of `a-z 0-9 . -`, a letter or digit at either end.
    Bucket(String),
}

/// A destination and where the document names it.
pub(super) type Placed = (FindingsDestination, Place);

const DESTINATIONS: Keys = Keys { allowed: &["CloudWatchLogs", "Firehose", "S3"], refused: &[] };
const LOG_GROUP: Keys = Keys { allowed: &["LogGroup"], refused: &[] };
const DELIVERY_STREAM: Keys = Keys { allowed: &["DeliveryStream"], refused: &[] };
const BUCKET: Keys = Keys { allowed: &["Bucket"], refused: &[] };

/// Reads a `FindingsDestination`; `write` says what it is, for one that is not an object.
pub(super) fn read(node: &Node<'_>, write: &str, faults: &mut Vec<Error>) -> Vec<Placed> {
    let Some(object) = node.object(&DESTINATIONS, write, faults) else {
        return Vec::new();
    };
    object.members().filter_map(|(key, node)| read_destination(key, node, faults)).collect()
}

fn read_destination(key: &'static str, node: &Node<'_>, faults: &mut Vec<Error>) -> Option<Placed> {
    let place = node.place();
    let destination = match key {
        "CloudWatchLogs" => {
            let (node, name) = read_name(node, &LOG_GROUP, faults)?;
            let write = "1 to 512 letters, digits and . - _ / #, not beginning with aws/";
            let name = LogGroupName::new(name);
            name.map(FindingsDestination::LogGroup).map_err(|_| bad_name(&node, write))
        }
        "Firehose" => {
            let (node, name) = read_name(node, &DELIVERY_STREAM, faults)?;
            let write = "1 to 64 letters, digits and _ . -";
            let stream = || FindingsDestination::DeliveryStream(name.to_owned());
            is_delivery_stream(name).then(stream).ok_or_else(|| bad_name(&node, write))
        }
        _ => {
            let (node, name) = read_name(node, &BUCKET, faults)?;
            let write = "3 to 63 lower-case letters, digits, . and -, no . or - at either end";
            let bucket = || FindingsDestination::Bucket(name.to_owned());
            is_bucket(name).then(bucket).ok_or_else(|| bad_name(&node, write))
        }
    };
    Some((destination.map_err(|fault| faults.push(fault)).ok()?, place))
}

/// The one name in a destination's object.
fn read_name<'v>(
    node: &Node<'v>,
    keys: &Keys,
    faults: &mut Vec<Error>,
) -> Option<(Node<'v>, &'v str)> {
    let key = keys.allowed[0];
    let object = node.object(keys, &format!("an object with {key}"), faults)?;
    let node = object.require(key, "a name", faults)?;
    let name = node.string("a name as a string", faults)?;
    if name.starts_with("arn:") {
        faults.push(node.fault(format!("{key} is an ARN; write the name alone, not the ARN")));
        return None;
    }
    Some((node.clone(), name))
}

fn bad_name(node: &Node<'_>, write: &str) -> Error {
    node.fault(format!("this is no possible name; write {write}"))
}

fn is_delivery_stream(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

// Choice: of S3's further rules only the one on both ends is checked; whether the bucket exists is
// the host's to know.
fn is_bucket(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let allowed = |byte: u8| inner(byte) || b".-".contains(&byte);
    let end = |byte: Option<u8>| byte.is_some_and(inner);
    (3..=63).contains(&name.len())
        && name.bytes().all(allowed)
        && end(name.bytes().next())
        && end(name.bytes().next_back())
}
