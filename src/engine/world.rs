//! What the engine asks about the world outside of it.

use crate::arn::Arn;

/// Knows what exists, by ARN, across accounts: Kinesis and Firehose streams, Lambda functions,
/// buckets and logical destinations. The engine knows its own log groups itself.
pub trait Directory: Send + Sync {
    /// Whether the resource exists.
    fn exists(&self, arn: &Arn) -> bool;
}
