//! logveil masks sensitive data in log events under Amazon CloudWatch Logs data protection
//! policies, in process: policies in, masked events, findings and subscription payloads out.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod arn;
mod automaton;
mod clock;
mod detect;
mod engine;
mod error;
mod event;
mod finding;
pub mod identifier;
mod json;
pub mod limits;
mod masker;
mod message;
mod pattern;
mod policy;
mod protection;
mod span;
mod store;
mod subscription;

pub use arn::{AccountId, Arn, FilterName, Home, LogGroupName, LogStreamName, Region};
pub use clock::{Clock, SystemClock};
pub use engine::{
    AccountPolicy, Authorizer, DataProtectionStatus, DeleteAccountPolicy, DeliveryReport,
    DescribeAccountPolicies, DescribeLogGroups, DescribeLogGroupsResult, DescribeLogStreams,
    DescribeLogStreamsResult, DescribeSubscriptionFilters, DescribeSubscriptionFiltersResult,
    Directory, Engine, FilterLogEvents, FilterLogEventsResult, FilteredLogEvent, FindingsCount,
    GetLogEvents, GetLogEventsResult, GroupDataProtection, InheritedProperty, LogGroup, LogStream,
    Metrics, OrderBy, OutputLogEvent, Principal, PutAccountPolicy, PutDataProtectionPolicy,
    PutLogEvents, PutLogEventsResult, PutSubscriptionFilter, Scope, UnmaskGrant, UnmaskLog,
    UnmaskedRead,
};
pub use error::{Error, ErrorKind, Place};
pub use event::{InputLogEvent, RejectedLogEventsInfo};
pub use finding::{CharSpan, Finding, IdentifierFinding};
pub use masker::{LineState, Masked, MaskedBatch, MaskedJson, Masker, Scratch};
pub use message::{
    MaskedMessage, Originals, RawMessage, Shown, UnmaskedMessage, text_from_utf8_lossy,
};
pub use pattern::FilterPattern;
pub use policy::{
    AccountPolicyType, DataProtectionPolicy, DestinationKind, Distribution, FindingsDestination,
    SelectionCriteria, SubscriptionPolicy, check_policy_name,
};
pub use protection::{PolicyInForce, Protection};
pub use span::Span;
pub use subscription::{
    Delivered, DeliveryError, Destination, FileDestination, InMemory, Outgoing, OutgoingKind,
    Payload, PayloadEvent, SubscriptionFilter, decode,
};
