//! Queries of CloudWatch Logs Insights, and their definitions.
//!
//! `start_query` checks a query and notes it. It runs on a worker, if the host has one in
//! [`Engine::run_queries`], or in the first [`Engine::get_query_results`] that asks for it.

mod definitions;
mod describe;
mod group_fields;
mod jobs;
mod results;
mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Condvar, Mutex};

use crate::arn::LogGroupName;
use crate::cipher;
use crate::error::{Error, ErrorKind};
use crate::limits::{QUERY_LOG_GROUPS_MAX, QUERY_ROWS_MAX};
use crate::query::Query;
use crate::store::{GroupRef, LogGroupClass};

use super::{Engine, UnmaskGrant};

use definitions::Definition;
use jobs::{Job, Jobs};

pub use definitions::{
    DescribeQueryDefinitions, PutQueryDefinition, QueryDefinition, QueryDefinitionsPage,
    QueryParameter,
};
pub use describe::{DescribeQueries, DescribeQueriesResult, ListLogGroupsForQuery, QueryInfo};
pub use group_fields::{GetLogGroupFields, LogGroupField};
pub use results::{GetQueryResults, GetQueryResultsResult, QueryStatistics, ResultField};

/// Request of [`Engine::start_query`]. Exactly one of the first three names log groups.
#[derive(Clone, Debug)]
pub struct StartQuery<'a> {
    /// One log group.
    pub log_group_name: Option<LogGroupName>,
    /// Log groups, at most 50.
    pub log_group_names: Vec<LogGroupName>,
    /// Names or ARNs of log groups, at most 50.
    pub log_group_identifiers: Vec<String>,
    /// Only events of this time or later, in **seconds** since 1970 UTC.
    pub start_time: i64,
    /// Only events of this time or earlier, in seconds since 1970 UTC.
    pub end_time: i64,
    /// What is asked.
    pub query: Query,
    /// Its language.
    pub query_language: QueryLanguage,
    /// Most rows, 1 to 100,000; absent means what the query says, or 10,000.
    pub limit: Option<usize>,
    /// For a query with `unmask(field)`: one for each of its log groups.
    pub unmask: Vec<&'a UnmaskGrant>,
    /// Who asks, in the host's words; [`Engine::describe_queries`] shows it.
    pub user_identity: Option<String>,
}

/// A language of queries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum QueryLanguage {
    /// CloudWatch Logs Insights, the one that is understood.
    #[default]
    Cwli,
    /// OpenSearch SQL.
    Sql,
    /// OpenSearch Piped Processing Language.
    Ppl,
}

/// What became of a query.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum QueryStatus {
    /// It waits.
    Scheduled,
    /// It runs.
    Running,
    /// It has run.
    Complete,
    /// It needed too much memory, the disk failed, or a log group is gone.
    Failed,
    /// It was stopped.
    Cancelled,
    /// It ran for 60 minutes.
    Timeout,
}

impl QueryLanguage {
    /// Every language there is.
    const ALL: [Self; 3] = [Self::Cwli, Self::Sql, Self::Ppl];

    /// AWS's name: `CWLI`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cwli => "CWLI",
            Self::Sql => "SQL",
            Self::Ppl => "PPL",
        }
    }

    /// The language of that name.
    ///
    /// # Errors
    ///
    /// InvalidParameter when there is none.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
        found.ok_or_else(|| Error::invalid("queryLanguage is none of CWLI, SQL and PPL"))
    }

    /// # Errors
    ///
    /// InvalidParameter for those that are not understood.
    fn check(self) -> Result<(), Error> {
        if self == Self::Cwli {
            return Ok(());
        }
        Err(Error::invalid(format!("queryLanguage {} is not supported", self.as_str())))
    }
}

impl QueryStatus {
    /// Every status there is.
    const ALL: [Self; 6] = [
        Self::Scheduled,
        Self::Running,
        Self::Complete,
        Self::Failed,
        Self::Cancelled,
        Self::Timeout,
    ];

    /// AWS's name: `Complete`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Running => "Running",
            Self::Complete => "Complete",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Timeout => "Timeout",
        }
    }

    /// The status of that name.
    ///
    /// # Errors
    ///
    /// InvalidParameter when there is none.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
        found.ok_or_else(|| Error::invalid("status is none that a query may have"))
    }

    /// Whether it waits or runs.
    fn is_open(self) -> bool {
        matches!(self, Self::Scheduled | Self::Running)
    }
}

impl<'a> StartQuery<'a> {
    /// A query of one log group from one second to another.
    pub fn new(log_group_name: LogGroupName, query: Query, seconds: (i64, i64)) -> Self {
        Self {
            log_group_name: Some(log_group_name),
            log_group_names: Vec::new(),
            log_group_identifiers: Vec::new(),
            start_time: seconds.0,
            end_time: seconds.1,
            query,
            query_language: QueryLanguage::Cwli,
            limit: None,
            unmask: Vec::new(),
            user_identity: None,
        }
    }
}

/// All queries and definitions.
#[derive(Default)]
pub(super) struct Queries {
    jobs: Mutex<Jobs>,
    /// A query was started.
    started: Condvar,
    /// Workers of the host that run queries.
    workers: AtomicUsize,
    definitions: Mutex<BTreeMap<String, Definition>>,
}

impl Engine {
    /// Notes a query, to be run; returns its id.
    ///
    /// # Errors
    ///
    /// InvalidParameter for log groups that are named in none or several ways, or that are more
    /// than 50, for a range that ends before it begins, another language than CWLI, a limit beyond
    /// 100,000, and for originals of a log group of the class INFREQUENT_ACCESS; ResourceNotFound
    /// for a log group; AccessDenied when the query asks for originals and a grant is missing or
    /// for another log group; LimitExceeded when 100 queries wait or run; ServiceUnavailable.
    // Choice: `SOURCE` is not supported, so log groups are always named in the request.
    pub fn start_query(&self, request: StartQuery<'_>) -> Result<String, Error> {
        request.query_language.check()?;
        let names = self.queried_log_groups(&request)?;
        let groups = names.iter().map(|name| Ok(self.live(name)?.at.clone()));
        let groups = groups.collect::<Result<Vec<_>, Error>>()?;
        let StartQuery { start_time, end_time, query, limit, unmask, user_identity, .. } = request;
        if start_time < 0 || end_time < start_time {
            return Err(Error::invalid("endTime is before startTime, or startTime is negative"));
        }
        if limit.is_some_and(|limit| !(1..=QUERY_ROWS_MAX).contains(&limit)) {
            return Err(Error::invalid(format!("limit is not between 1 and {QUERY_ROWS_MAX}")));
        }
        let grants = if query.unmasks() {
            self.check_standard(&groups)?;
            self.grants_for(&groups, &unmask)?
        } else {
            Vec::new()
        };
        let id = random_id()?;
        let start_ms = start_time.saturating_mul(1000);
        // The end counts as a whole, up to its last millisecond.
        let end_ms = end_time.saturating_mul(1000).saturating_add(999);
        let now_ms = self.clock.now_ms();
        let mut job = Job::new(id.clone(), query, groups, (start_ms, end_ms), now_ms);
        (job.grants, job.limit, job.user_identity) = (grants, limit, user_identity);
        self.queries.jobs().add(job, now_ms)?;
        self.queries.started.notify_one();
        Ok(id)
    }

    /// The log groups that a request names, each once, in the order of their names: those for
    /// which a query with `unmask(field)` needs grants.
    ///
    /// # Errors
    ///
    /// As [`Engine::start_query`]; whether they exist is not looked at.
    pub fn queried_log_groups(&self, request: &StartQuery<'_>) -> Result<Vec<LogGroupName>, Error> {
        let StartQuery { log_group_name, log_group_names, log_group_identifiers, .. } = request;
        let ways = [
            log_group_name.is_some(),
            !log_group_names.is_empty(),
            !log_group_identifiers.is_empty(),
        ];
        if ways.iter().filter(|way| **way).count() != 1 {
            let message = "exactly one of logGroupName, logGroupNames and logGroupIdentifiers has \
                           to name log groups";
            return Err(Error::invalid(message));
        }
        let named = log_group_identifiers.iter().map(|name| self.log_group_named(name));
        let mut names = named.collect::<Result<Vec<_>, _>>()?;
        names.extend(log_group_name.iter().chain(log_group_names).cloned());
        if names.len() > QUERY_LOG_GROUPS_MAX {
            let what = if ways[1] { "logGroupNames" } else { "logGroupIdentifiers" };
            return Err(Error::too_long(what, names.len(), QUERY_LOG_GROUPS_MAX, "log groups"));
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn check_standard(&self, groups: &[GroupRef]) -> Result<(), Error> {
        for group in groups {
            if self.live(&group.name)?.class != LogGroupClass::Standard {
                let message = "unmask() is for log groups of the class STANDARD";
                return Err(Error::invalid(message));
            }
        }
        Ok(())
    }

    /// The grant for each log group.
    ///
    /// # Errors
    ///
    /// AccessDenied when one is missing.
    fn grants_for(
        &self,
        groups: &[GroupRef],
        grants: &[&UnmaskGrant],
    ) -> Result<Vec<UnmaskGrant>, Error> {
        let of = |group: &GroupRef| {
            let found = grants.iter().find(|grant| {
                let ours = self.check_grant(Some(grant), &group.name).is_ok();
                ours && grant.number == group.number
            });
            let message = "the query asks for originals of a log group without a grant for it";
            let denied = || Error::new(ErrorKind::AccessDenied, message);
            found.map(|grant| (*grant).clone()).ok_or_else(denied)
        };
        groups.iter().map(of).collect()
    }
}

/// An id that nobody guesses, in the form of a UUID.
fn random_id() -> Result<String, Error> {
    let bytes = cipher::random::<16>()?;
    let number = u128::from_be_bytes(*bytes);
    let part =
        |from: u32, digits: u32| number >> (128 - 4 * (from + digits)) & ((1 << (4 * digits)) - 1);
    let (a, b, c, d, e) = (part(0, 8), part(8, 4), part(12, 4), part(16, 4), part(20, 12));
    Ok(format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"))
}

fn no_query() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "The specified query does not exist.")
}

/// Text that only its owner is shown: `Debug` prints its length.
struct Hidden<'t>(&'t str);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} characters", self.0.chars().count())
    }
}
