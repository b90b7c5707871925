//! Where payloads and findings go: the trait, and the implementation that keeps them in memory.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::arn::Arn;

/// Takes what the engine sends: the host's way to Kinesis, Firehose, Lambda and S3.
///
/// Delivery is at least once: what was not taken comes again, unless it was
/// [`DeliveryError::Refused`], and what follows it in the same log stream waits.
pub trait Destination: Send + Sync {
    /// Delivers payloads and records. All of a batch go to one destination ARN, and no two of them
    /// are of the same log stream and filter, so that each may succeed or fail alone. Calls for one
    /// ARN come one after the other, calls for several at the same time from several threads. It
    /// must not make the engine deliver.
    ///
    /// The answer has one result for each item, in the same order; an item without a result counts
    /// as [`DeliveryError::Unavailable`].
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>>;
}

/// One payload or record on its way.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Where it goes.
    pub destination_arn: &'a Arn,
    /// What it is.
    pub kind: OutgoingKind,
    /// The subscription filter or policy on whose behalf; empty for a policy without a name.
    pub name: &'a str,
    /// The key that spreads records over the shards of a Kinesis stream, for payloads.
    pub partition_key: Option<&'a str>,
    /// The key of the object in the bucket, for S3 only. What is sent again has the same key.
    pub object_key: Option<&'a str>,
    /// Where it goes in a log group, for log groups only.
    pub log_place: Option<LogPlace<'a>>,
    /// What is delivered. Payloads: gzip bytes, for Lambda the JSON envelope with their base64.
    /// Findings: JSON with a line feed at the end of each, for S3 as gzip.
    pub data: &'a [u8],
}

/// What an event of a log group needs besides its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogPlace<'a> {
    /// The log stream, which may not be there yet: for findings the name of the audited log group,
    /// for records of a delivery that of its source.
    pub log_stream: &'a str,
    /// When it was made: milliseconds since 1970 UTC.
    pub timestamp: i64,
}

/// What is delivered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OutgoingKind {
    /// Log events of a subscription.
    Data,
    /// The test message for a new subscription.
    Control,
    /// One event or finding that alone exceeds its destination's limit: whole and masked, for the
    /// place where the host sets such things aside, not for the destination itself.
    DeadLetter,
    /// Audit findings.
    Finding,
    /// Records of a vended-log delivery: for S3 an object, elsewhere one record. Or an object of an
    /// export.
    Record,
}

/// Why something was not delivered, and with that what becomes of it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DeliveryError {
    /// The destination takes no more just now. It is tried again, later each time.
    Throttled,
    /// The destination cannot be reached or fails. It is tried again, later each time.
    Unavailable,
    /// The destination may not be written to. The filter or policy pauses for up to ten minutes;
    /// what waits for it is kept.
    AccessDenied,
    /// The destination is not there. The filter or policy pauses for up to ten minutes; what waits
    /// for it is kept.
    NotFound,
    /// The destination will never take this item: it is counted and dropped.
    Refused,
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "the destination takes no more just now",
            Self::Unavailable => "the destination cannot be reached or fails",
            Self::AccessDenied => "the destination may not be written to",
            Self::NotFound => "the destination is not there",
            Self::Refused => "the destination will never take it",
        })
    }
}

impl std::error::Error for DeliveryError {}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { destination_arn, kind, .. } = self;
        write!(f, "Outgoing({kind:?} to {destination_arn}, {} bytes)", self.data.len())
    }
}

/// Keeps in memory whatever is delivered.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<Vec<Delivered>>);

/// An [`Outgoing`] that arrived.
#[derive(Clone, Eq, PartialEq)]
pub struct Delivered {
    /// Where it went.
    pub destination_arn: Arn,
    /// What it is.
    pub kind: OutgoingKind,
    /// The subscription filter or policy on whose behalf.
    pub name: String,
    /// The partition key, for payloads.
    pub partition_key: Option<String>,
    /// The key of the object, for S3.
    pub object_key: Option<String>,
    /// What was delivered.
    pub data: Vec<u8>,
}

impl InMemory {
    /// What has arrived so far, in order.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Destination for InMemory {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let delivered = |outgoing: &Outgoing<'_>| Delivered {
            destination_arn: outgoing.destination_arn.clone(),
            kind: outgoing.kind,
            name: outgoing.name.to_owned(),
            partition_key: outgoing.partition_key.map(str::to_owned),
            object_key: outgoing.object_key.map(str::to_owned),
            data: outgoing.data.to_vec(),
        };
        let arrived = batch.iter().map(delivered);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(arrived);
        vec![Ok(()); batch.len()]
    }
}

impl fmt::Debug for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { destination_arn, kind, .. } = self;
        write!(f, "Delivered({kind:?} to {destination_arn}, {} bytes)", self.data.len())
    }
}
