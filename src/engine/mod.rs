//! One account in one Region: policies, log groups, ingestion, reading, subscriptions. A file per
//! family of operations, a method each, with AWS's names.

mod account_policies;
mod control;
mod data_protection;
mod deliver;
mod deliveries;
mod describe_log_groups;
mod destinations;
mod emit;
mod exports;
mod filtering;
mod findings;
mod grant;
mod ingest;
mod kept_policies;
mod keys;
mod log_groups;
mod log_record;
mod log_streams;
mod metric_data;
mod metric_filters;
mod metrics;
mod open;
mod overview;
mod queries;
mod read;
mod recursion;
mod resource_policies;
mod subscriptions;
mod tags;
mod unmask_log;
mod world;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::arn::{Arn, Home, LogGroupName};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::limits::DESCRIBE_PAGE_MAX;
use crate::masker::Masker;
use crate::store::{LogGroupClass, Store};
use crate::subscription::Destination;
use crate::token::Tokens;
use crate::vault::Vault;

use control::{Claims, Control, LiveGroup};
use unmask_log::UnmaskTrace;

pub use account_policies::{
    AccountPolicy, DeleteAccountPolicy, DescribeAccountPolicies, PutAccountPolicy, Scope,
};
pub use data_protection::{GroupDataProtection, PutDataProtectionPolicy};
pub use deliver::DeliveryReport;
pub use deliveries::{
    CreateDelivery, DeliveryPage, DescribeConfigurationTemplates, PutDeliveryDestination,
    PutDeliverySource, UpdateDeliveryConfiguration,
};
pub use describe_log_groups::{
    DescribeLogGroups, DescribeLogGroupsResult, InheritedProperty, ListLogGroups,
    ListLogGroupsResult, LogGroup, LogGroupSummary,
};
pub use destinations::{
    DescribeDestinations, DescribeDestinationsResult, LogicalDestination, PutDestination,
    PutDestinationPolicy,
};
pub use emit::describe_metrics;
pub use exports::{
    CreateExportTask, DescribeExportTasks, DescribeExportTasksResult, ExportTask,
    ExportTaskStatusCode,
};
pub use grant::{Authorizer, Principal, UnmaskGrant};
pub use ingest::{PutLogEvents, PutLogEventsResult};
pub use kept_policies::{DryRunResult, LogGroupImpact};
pub use log_groups::{AssociateKmsKey, CreateLogGroup, DisassociateKmsKey};
pub use log_record::{GetLogRecord, LogRecord};
pub use log_streams::{DescribeLogStreams, DescribeLogStreamsResult, LogStream, OrderBy};
pub use metric_filters::{
    DescribeMetricFilters, DescribeMetricFiltersResult, MetricFilterMatchRecord, PutMetricFilter,
    TestMetricFilter,
};
pub use metrics::{FindingsCount, ForwarderKind, Forwarding, Metrics};
pub use open::{OpenOptions, Removed};
pub use overview::{FindingsHour, ForwardingHealth};
pub use queries::{
    DescribeQueries, DescribeQueriesResult, DescribeQueryDefinitions, GetLogGroupFields,
    GetQueryResults, GetQueryResultsResult, ListLogGroupsForQuery, LogGroupField,
    PutQueryDefinition, QueryDefinition, QueryDefinitionsPage, QueryInfo, QueryLanguage,
    QueryParameter, QueryStatistics, QueryStatus, ResultField, StartQuery,
};
pub use read::{
    FilterLogEvents, FilterLogEventsResult, FilteredLogEvent, GetLogEvents, GetLogEventsResult,
    OutputLogEvent,
};
pub use resource_policies::{
    DeleteResourcePolicy, DescribeResourcePolicies, DescribeResourcePoliciesResult,
    LogResourcePolicy, PutResourcePolicy, ResourcePolicyScope,
};
pub use subscriptions::{
    DescribeSubscriptionFilters, DescribeSubscriptionFiltersResult, PutSubscriptionFilter,
};
pub use unmask_log::{UnmaskLog, UnmaskedRead};
pub use world::{Directory, Resolved};

/// CloudWatch Logs for one account in one Region. `Send + Sync`: shared by all threads of a host.
///
/// Events are judged and masked when they are put; whoever reads, filters or subscribes without an
/// [`UnmaskGrant`] deals with masked text only. Several engines of one process meet only through
/// the [`Directory`] and the [`Destination`] that the host gives them.
///
/// ```
/// use std::sync::Arc;
/// use logveil::{
///     AccountId, Arn, Clock, DataProtectionPolicy, Directory, Engine, GetLogEvents, Home,
///     InMemory, InputLogEvent, LogGroupName, LogStreamName, PutDataProtectionPolicy,
///     PutLogEvents, Region, SystemClock,
/// };
///
/// struct Nothing;
/// impl Directory for Nothing {
///     fn exists(&self, _: &Arn) -> bool {
///         false
///     }
/// }
///
/// # fn main() -> Result<(), logveil::Error> {
/// let home = Home { account: AccountId::new("123456789012")?, region: Region::new("eu-west-1")? };
/// let destination = Arc::new(InMemory::default());
/// let engine = Engine::new(home, Arc::new(SystemClock), Arc::new(Nothing), destination);
/// let (group, stream) = (LogGroupName::new("/app")?, LogStreamName::new("main")?);
/// engine.create_log_group(&group)?;
/// engine.create_log_stream(&group, &stream)?;
/// engine.put_data_protection_policy(PutDataProtectionPolicy {
///     log_group_identifier: "/app".to_owned(),
///     policy_document: DataProtectionPolicy::of(&["EmailAddress"])?.document().to_owned(),
/// })?;
/// engine.put_log_events(PutLogEvents {
///     log_group_name: group.clone(),
///     log_stream_name: stream.clone(),
///     log_events: vec![InputLogEvent {
///         timestamp: SystemClock.now_ms(),
///         message: "to jane@example.com".into(),
///     }],
/// })?;
/// let page = engine.get_log_events(&GetLogEvents::new(group, stream))?;
/// assert_eq!(page.events[0].message.reveal(), "to ****************");
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    home: Home,
    clock: Arc<dyn Clock>,
    directory: Arc<dyn Directory>,
    destination: Arc<dyn Destination>,
    masker: Masker,
    judges: ingest::Judges,
    vault: Vault,
    tokens: Tokens,
    store: Store,
    /// What was asked for. Locked before `live`, and `live` before the store.
    control: Mutex<Control>,
    /// What is in force, for ingestion.
    live: RwLock<HashMap<LogGroupName, Arc<LiveGroup>>>,
    claims: Claims,
    /// Held while a data protection policy is changed, so that what is in force is what was kept
    /// last. Locked before `control`.
    changing: Mutex<()>,
    /// Judgements that failed before the store was opened.
    failed_before: u64,
    key_grace_ms: i64,
    unmasked: UnmaskTrace,
    deliveries: deliveries::Deliveries,
    /// Held while data points are handed out.
    publishing: Mutex<()>,
    exports: exports::Exports,
    resource_policies: Mutex<resource_policies::ResourcePolicies>,
    queries: queries::Queries,
    /// Workers of the host that deliver.
    workers: AtomicUsize,
}

impl Engine {
    /// The account and Region.
    pub fn home(&self) -> &Home {
        &self.home
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log group of that name, as ingestion sees it.
    fn live(&self, name: &LogGroupName) -> Result<Arc<LiveGroup>, Error> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.get(name).cloned().ok_or_else(no_log_group)
    }

    /// Only log groups of the class STANDARD are read page by page and subscribed to.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; InvalidParameter for another class.
    // Choice: AWS documents that INFREQUENT_ACCESS has none of these, not which error says so.
    fn check_can(&self, what: &str, name: &LogGroupName) -> Result<(), Error> {
        match self.live(name)?.class {
            LogGroupClass::Standard => Ok(()),
            class => Err(Error::invalid(format!(
                "a log group of the class {} cannot {what}",
                class.as_str()
            ))),
        }
    }

    /// The log group that a `logGroupIdentifier` names: a name, or an ARN with or without `:*`.
    ///
    /// # Errors
    ///
    /// InvalidParameter when it is neither; ResourceNotFound for another account or Region.
    fn log_group_named(&self, identifier: &str) -> Result<LogGroupName, Error> {
        if !identifier.starts_with("arn:") {
            return LogGroupName::new(identifier);
        }
        let arn = Arn::parse("logGroupIdentifier", identifier)?;
        let resource = arn.resource();
        let name = resource.strip_prefix("log-group:").filter(|_| arn.service() == "logs");
        let name = name.ok_or_else(|| Error::invalid("logGroupIdentifier names no log group"))?;
        let name = LogGroupName::new(name.strip_suffix(":*").unwrap_or(name))?;
        let ours = self.home.log_group_arn(&name);
        if identifier == ours || identifier.strip_suffix(":*") == Some(ours.as_str()) {
            Ok(name)
        } else {
            Err(no_log_group())
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Home { account, region } = &self.home;
        write!(f, "Engine({account} in {region}, {:?})", self.store)
    }
}

fn no_log_group() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "The specified log group does not exist.")
}

/// The size of a page of a `Describe…` operation.
fn describe_limit(limit: Option<usize>) -> Result<usize, Error> {
    match limit.unwrap_or(DESCRIBE_PAGE_MAX) {
        limit @ 1..=DESCRIBE_PAGE_MAX => Ok(limit),
        _ => Err(Error::invalid(format!("limit is not between 1 and {DESCRIBE_PAGE_MAX}"))),
    }
}
