//! logveil masks sensitive data in log events, in process, under Amazon CloudWatch Logs data
//! protection policies: policies in; masked events, findings and subscription payloads out.
//!
//! # Two doors
//!
//! [`Masker`] is for log shippers and whoever has text in hand: policies in, text in, masked text
//! and findings out. It takes single texts ([`Masker::mask`]), buffers of records
//! ([`Masker::mask_batch`]), streams of lines ([`Masker::mask_lines`]) and JSON documents
//! ([`Masker::mask_json`]).
//!
//! ```
//! use logveil::{DataProtectionPolicy, Masker, Scratch};
//!
//! # fn main() -> Result<(), logveil::Error> {
//! let policy = DataProtectionPolicy::of(&["EmailAddress"])?; // or ::parse(json)
//! let masker = Masker::new(&[policy])?;
//! let mut scratch = Scratch::default();
//! assert_eq!(masker.mask("to jane@example.com", &mut scratch).as_str(), "to ****************");
//! # Ok(())
//! # }
//! ```
//!
//! [`Engine`] is CloudWatch Logs for one account in one Region, with AWS's operations, limits and
//! errors. What it needs of the world are four traits that the host implements: [`Clock`] (or
//! [`SystemClock`]), [`Directory`] (what exists outside), [`Authorizer`] (who may unmask) and
//! [`Destination`] (takes payloads and findings; [`InMemory`], [`FileDestination`] and
//! [`NdjsonDestination`] are three).
//!
//! ```
//! use std::sync::Arc;
//!
//! use logveil::*;
//!
//! struct Everything;
//! impl Directory for Everything {
//!     fn exists(&self, _: &Arn) -> bool {
//!         true
//!     }
//! }
//!
//! struct Admins;
//! impl Authorizer for Admins {
//!     fn allows(&self, principal: &Principal, action: &str, _resource_arn: &str) -> bool {
//!         principal.as_str() == "alice" && action == "logs:Unmask"
//!     }
//! }
//!
//! # fn main() -> Result<(), logveil::Error> {
//! let home = Home { account: AccountId::new("123456789012")?, region: Region::new("eu-west-1")? };
//! let sink = Arc::new(InMemory::default());
//! let engine = Engine::new(home, Arc::new(SystemClock), Arc::new(Everything), sink.clone());
//!
//! // A log group, protected; a subscription on it.
//! let (group, stream) = (LogGroupName::new("/app")?, LogStreamName::new("web")?);
//! engine.create_log_group(&group)?;
//! engine.create_log_stream(&group, &stream)?;
//! engine.put_data_protection_policy(PutDataProtectionPolicy {
//!     log_group_identifier: "/app".to_owned(),
//!     policy_document: DataProtectionPolicy::of(&["EmailAddress"])?.document().to_owned(),
//! })?;
//! engine.put_subscription_filter(PutSubscriptionFilter {
//!     log_group_name: group.clone(),
//!     filter_name: FilterName::new("mail")?,
//!     filter_pattern: FilterPattern::parse("mail")?,
//!     destination_arn: Arn::parse("x", "arn:aws:lambda:eu-west-1:123456789012:function:f")?,
//!     role_arn: None,
//!     distribution: Distribution::ByLogStream,
//!     apply_on_transformed_logs: false,
//!     field_selection_criteria: None,
//!     emit_system_fields: Vec::new(),
//! })?;
//!
//! // Events in; what comes out is masked.
//! let timestamp = SystemClock.now_ms();
//! let message = RawMessage::from("mail to jane@example.com");
//! engine.put_log_events(PutLogEvents {
//!     log_group_name: group.clone(),
//!     log_stream_name: stream.clone(),
//!     log_events: vec![InputLogEvent { timestamp, message }],
//! })?;
//! let mut request = GetLogEvents::new(group.clone(), stream);
//! let read = engine.get_log_events(&request)?;
//! assert_eq!(read.events[0].message.reveal(), "mail to ****************");
//!
//! // Unless the caller holds logs:Unmask and asks.
//! let grant = engine.authorize_unmask(&Admins, Principal::new("alice"), &group)?;
//! request.unmask = Some(&grant);
//! let read = engine.get_log_events(&request)?;
//! assert_eq!(read.events[0].message.reveal(), "mail to jane@example.com");
//!
//! // What waits goes out when the host says so.
//! engine.deliver_pending();
//! let payloads = sink.delivered();
//! let last = payloads.last().expect("a control message and the event");
//! assert_eq!(decode(&last.data)?[0].log_events[0].message, "mail to ****************");
//! # Ok(())
//! # }
//! ```
//!
//! # Limits and errors
//!
//! Every quota is a constant in [`limits`], with its source. [`Error`] carries AWS's name for what
//! went wrong and says where, never what: no error, `Debug` or panic text holds a message, a
//! filter pattern or a policy's text.
//!
//! # What this is not
//!
//! No server, no client, no async runtime: nothing opens a connection. Detection is by patterns,
//! keywords and check digits; what AWS finds by machine learning is not found.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod arn;
mod automaton;
mod cipher;
mod clock;
mod delivery;
mod detect;
mod eight;
mod engine;
mod error;
mod event;
mod finding;
pub mod iam;
pub mod identifier;
mod json;
pub mod limits;
mod masker;
mod message;
mod metric;
mod pattern;
mod policy;
mod protection;
mod query;
mod span;
mod store;
mod subscription;
mod tags;
mod token;
mod vault;

pub use arn::{
    AccountId, Arn, DestinationName, FilterName, Home, LogGroupName, LogStreamName, Region,
};
pub use clock::{Clock, SystemClock};
pub use delivery::{
    AllowedField, ConfigurationTemplate, Delivery, DeliveryDefaults, DeliveryDestination,
    DeliveryDestinationType, DeliverySource, OutputFormat, ParquetEncoder, S3DeliveryConfiguration,
    SharedDeliveryDestination, VendedRecord, delivery_destination_policy,
};
pub use detect::{explain, tables_bytes};
pub use engine::{
    AccountPolicy, AssociateKmsKey, Authorizer, CreateDelivery, CreateExportTask, CreateLogGroup,
    DeleteAccountPolicy, DeleteResourcePolicy, DeliveryPage, DeliveryReport,
    DescribeAccountPolicies, DescribeConfigurationTemplates, DescribeDestinations,
    DescribeDestinationsResult, DescribeExportTasks, DescribeExportTasksResult, DescribeLogGroups,
    DescribeLogGroupsResult, DescribeLogStreams, DescribeLogStreamsResult, DescribeMetricFilters,
    DescribeMetricFiltersResult, DescribeQueries, DescribeQueriesResult, DescribeQueryDefinitions,
    DescribeResourcePolicies, DescribeResourcePoliciesResult, DescribeSubscriptionFilters,
    DescribeSubscriptionFiltersResult, Directory, DisassociateKmsKey, DryRunResult, Engine,
    ExportTask, ExportTaskStatusCode, FilterLogEvents, FilterLogEventsResult, FilteredLogEvent,
    FindingsCount, FindingsHour, ForwarderKind, Forwarding, ForwardingHealth, GetLogEvents,
    GetLogEventsResult, GetLogGroupFields, GetLogRecord, GetQueryResults, GetQueryResultsResult,
    GroupDataProtection, InheritedProperty, ListLogGroups, ListLogGroupsForQuery,
    ListLogGroupsResult, LogGroup, LogGroupField, LogGroupImpact, LogGroupSummary, LogRecord,
    LogResourcePolicy, LogStream, LogicalDestination, MetricFilterMatchRecord, Metrics,
    OpenOptions, OrderBy, OutputLogEvent, Principal, PutAccountPolicy, PutDataProtectionPolicy,
    PutDeliveryDestination, PutDeliverySource, PutDestination, PutDestinationPolicy, PutLogEvents,
    PutLogEventsResult, PutMetricFilter, PutQueryDefinition, PutResourcePolicy,
    PutSubscriptionFilter, QueryDefinition, QueryDefinitionsPage, QueryInfo, QueryLanguage,
    QueryParameter, QueryStatistics, QueryStatus, Removed, Resolved, ResourcePolicyScope,
    ResultField, Scope, StartQuery, TestMetricFilter, UnmaskGrant, UnmaskLog, UnmaskedRead,
    UpdateDeliveryConfiguration, describe_metrics,
};
pub use error::{Error, ErrorKind, Place};
pub use event::{InputLogEvent, RejectedLogEventsInfo};
pub use finding::{CharSpan, Finding, IdentifierFinding};
pub use masker::{LineState, Masked, MaskedBatch, MaskedJson, Masker, Scratch};
pub use message::{
    MaskedMessage, Originals, RawMessage, Shown, UnmaskedMessage, text_from_utf8_lossy,
};
pub use metric::{MetricDatum, MetricFilter, MetricTransformation, StandardUnit, StatisticSet};
pub use pattern::{FilterPattern, FilterPatterns};
pub use policy::{
    AccountPolicyType, DataProtectionPolicy, DestinationKind, Distribution, FindingsDestination,
    SelectionCriteria, SubscriptionPolicy, SystemField, check_policy_name,
};
pub use protection::{PolicyInForce, Protection};
pub use query::Query;
pub use span::Span;
pub use store::{DataProtectionStatus, Durability, LogGroupClass, WhenFull};
pub use subscription::{
    Delivered, DeliveryError, Destination, FileDestination, InMemory, LogPlace, NdjsonDestination,
    Outgoing, OutgoingKind, Payload, PayloadEvent, SubscriptionFilter, decode,
};
pub use tags::TagFilter;
pub use vault::{DataKey, KeyContext, KeyError, KeyProvider, Rewrapped, WrappedKey};
pub use zeroize::Zeroizing;
