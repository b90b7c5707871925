//! DescribeQueries and ListLogGroupsForQuery.

use std::fmt;

use crate::arn::LogGroupName;
use crate::error::Error;
use crate::limits::QUERIES_PAGE_MAX;
use crate::token::foreign;

use super::jobs::Job;
use super::{Engine, Hidden, QueryLanguage, QueryStatus};

/// Request of [`Engine::describe_queries`].
#[derive(Clone, Debug, Default)]
pub struct DescribeQueries {
    /// Only queries of this log group.
    pub log_group_name: Option<LogGroupName>,
    /// Only queries with this status.
    pub status: Option<QueryStatus>,
    /// Most queries to return, 1 to 1,000; absent means 1,000.
    pub max_results: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
    /// Only queries in this language.
    pub query_language: Option<QueryLanguage>,
}

/// Answer of [`Engine::describe_queries`].
#[derive(Clone, Debug)]
pub struct DescribeQueriesResult {
    /// The newest first.
    pub queries: Vec<QueryInfo>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A query of [`DescribeQueriesResult`]. Times are milliseconds since 1970 UTC. `Debug` prints of
/// the query its length only.
#[derive(Clone)]
pub struct QueryInfo {
    /// Its language.
    pub query_language: QueryLanguage,
    /// Its id.
    pub query_id: String,
    /// The query as it was given.
    pub query_string: String,
    /// What became of it.
    pub status: QueryStatus,
    /// When it was started.
    pub create_time: i64,
    /// Its log group; the first one by name when there are several.
    pub log_group_name: LogGroupName,
    /// From its start to its end, in milliseconds; absent until then.
    pub query_duration: Option<i64>,
    /// Bytes of the messages that were looked at.
    pub bytes_scanned: u64,
    /// Who started it, in the host's words.
    pub user_identity: Option<String>,
}

/// Request of [`Engine::list_log_groups_for_query`].
#[derive(Clone, Debug)]
pub struct ListLogGroupsForQuery {
    /// The query.
    pub query_id: String,
    /// Most log groups to return, 50 to 500; absent means 50.
    pub max_results: Option<usize>,
    /// None that was returned: 50 log groups, which is all that a query has, fit on a page.
    pub next_token: Option<String>,
}

impl Engine {
    /// The queries that are known, the newest first, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a number or token that cannot be; ResourceNotFound for the log group.
    pub fn describe_queries(
        &self,
        request: &DescribeQueries,
    ) -> Result<DescribeQueriesResult, Error> {
        let DescribeQueries { log_group_name, status, max_results, next_token, query_language } =
            request;
        if let Some(name) = log_group_name {
            self.live(name)?;
        }
        let limit = page_limit(*max_results)?;
        let now_ms = self.clock.now_ms();
        let paging = self.tokens.of("DescribeQueries", now_ms);
        let paging = paging.with(log_group_name.as_ref().map_or("", |name| name.as_str()));
        let paging = paging.with(status.map_or("", QueryStatus::as_str));
        let before = match next_token {
            None => u64::MAX,
            Some(token) => {
                let place = <[u8; 8]>::try_from(paging.parse(token)?).map_err(|_| foreign())?;
                u64::from_le_bytes(place)
            }
        };
        let mut jobs = self.queries.jobs();
        jobs.make_room(now_ms);
        let wanted = |job: &Job| {
            let group = |name: &LogGroupName| job.groups.iter().any(|group| group.name == *name);
            log_group_name.as_ref().is_none_or(group)
                && status.is_none_or(|status| job.status() == status)
                && query_language.is_none_or(|language| language == QueryLanguage::Cwli)
        };
        let mut found = jobs.newest(before).filter(|(_, job)| wanted(job));
        let page: Vec<_> = found.by_ref().take(limit).collect();
        let last = page.last().map(|(number, _)| number.to_le_bytes());
        let last = last.filter(|_| found.next().is_some());
        let next_token = last.map(|last| paging.print(&last)).transpose()?;
        let queries = page.into_iter().map(|(_, job)| QueryInfo::of(job)).collect();
        Ok(DescribeQueriesResult { queries, next_token })
    }

    /// The ARNs of the log groups of a query.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; InvalidParameter for a number or token that cannot be.
    pub fn list_log_groups_for_query(
        &self,
        request: &ListLogGroupsForQuery,
    ) -> Result<Vec<String>, Error> {
        if request.max_results.is_some_and(|max| !(50..=500).contains(&max)) {
            return Err(Error::invalid("maxResults is not between 50 and 500"));
        }
        if request.next_token.is_some() {
            return Err(foreign());
        }
        let job = self.queries.jobs().find(&request.query_id)?;
        let arn = |group: &crate::store::GroupRef| self.home.log_group_arn(&group.name);
        Ok(job.groups.iter().map(arn).collect())
    }
}

/// # Errors
///
/// InvalidParameter.
pub(super) fn page_limit(max_results: Option<usize>) -> Result<usize, Error> {
    match max_results.unwrap_or(QUERIES_PAGE_MAX) {
        limit @ 1..=QUERIES_PAGE_MAX => Ok(limit),
        _ => Err(Error::invalid(format!("maxResults is not between 1 and {QUERIES_PAGE_MAX}"))),
    }
}

impl QueryInfo {
    fn of(job: &Job) -> Self {
        let state = job.state();
        Self {
            query_language: QueryLanguage::Cwli,
            query_id: job.id.clone(),
            query_string: job.query.as_str().to_owned(),
            status: state.status,
            create_time: job.created_ms,
            log_group_name: job.groups.first().expect("a query has one").name.clone(),
            query_duration: state.ended_ms.map(|ended| ended.saturating_sub(job.created_ms)),
            bytes_scanned: state.statistics.bytes_scanned,
            user_identity: job.user_identity.clone(),
        }
    }
}

impl fmt::Debug for QueryInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryInfo")
            .field("query_id", &self.query_id)
            .field("query_string", &Hidden(&self.query_string))
            .field("status", &self.status)
            .field("create_time", &self.create_time)
            .field("log_group_name", &self.log_group_name)
            .field("user_identity", &self.user_identity)
            .finish_non_exhaustive()
    }
}
