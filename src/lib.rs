//! logveil masks sensitive data in log events under Amazon CloudWatch Logs data protection
//! policies, in process: policies in, masked events, findings and subscription payloads out.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod arn;
mod automaton;
mod detect;
mod error;
mod finding;
pub mod identifier;
mod json;
pub mod limits;
mod masker;
mod message;
mod policy;
mod protection;
mod span;

pub use arn::{AccountId, Arn, FilterName, Home, LogGroupName, LogStreamName, Region};
pub use error::{Error, ErrorKind, Place};
pub use finding::{CharSpan, Finding, IdentifierFinding};
pub use masker::{LineState, Masked, MaskedBatch, MaskedJson, Masker, Scratch};
pub use message::{
    MaskedMessage, Originals, RawMessage, Shown, UnmaskedMessage, text_from_utf8_lossy,
};
pub use policy::{
    AccountPolicyType, DataProtectionPolicy, DestinationKind, Distribution, FindingsDestination,
    SelectionCriteria, SubscriptionPolicy, check_policy_name,
};
pub use protection::{PolicyInForce, Protection};
pub use span::Span;
