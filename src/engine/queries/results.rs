//! GetQueryResults and StopQuery.

use std::fmt;

use zeroize::Zeroizing;

use crate::arn::LogGroupName;
use crate::error::Error;
use crate::limits::{QUERY_PAGE_ROWS_MAX, QUERY_TOKEN_MS_MAX};
use crate::token::foreign;

use super::jobs::Job;
use super::{Engine, QueryLanguage, QueryStatus, UnmaskGrant};

/// Request of [`Engine::get_query_results`].
#[derive(Clone, Debug)]
pub struct GetQueryResults<'a> {
    /// What [`Engine::start_query`] returned.
    pub query_id: String,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
    /// Most rows, up to 10,000; absent or 0 means 10,000.
    pub max_items: Option<usize>,
    /// For a query with `unmask(field)`: one for each of its log groups, of whoever reads.
    pub unmask: Vec<&'a UnmaskGrant>,
}

/// Answer of [`Engine::get_query_results`].
#[derive(Clone, Debug)]
pub struct GetQueryResultsResult {
    /// The language of the query.
    pub query_language: QueryLanguage,
    /// Rows of fields; a field that a row does not have is left out. Empty until the query is
    /// complete.
    pub results: Vec<Vec<ResultField>>,
    /// What was read.
    pub statistics: QueryStatistics,
    /// What became of it.
    pub status: QueryStatus,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// A field of a row. `Debug` prints lengths only.
#[derive(Clone)]
pub struct ResultField {
    /// Its name: a field's, the one behind `as`, or the text of an expression.
    pub field: String,
    value: Zeroizing<String>,
}

/// What a query read and found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueryStatistics {
    /// Events that passed the filters before the first command that looks at more than one event.
    pub records_matched: u64,
    /// Events that were looked at.
    pub records_scanned: u64,
    /// Bytes of their messages.
    pub bytes_scanned: u64,
    /// Log groups that were looked at.
    pub log_groups_scanned: u64,
    /// Rows of the answer.
    pub result_count: u64,
}

impl ResultField {
    /// The value, as this caller may see it: may be an original when the query asks for it.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl GetQueryResults<'_> {
    /// The first page of a query's answer.
    pub fn new(query_id: impl Into<String>) -> Self {
        let query_id = query_id.into();
        Self { query_id, next_token: None, max_items: None, unmask: Vec::new() }
    }
}

impl Engine {
    /// The answer of a query, a page of at most 10,000 rows at a time. Without a worker in
    /// [`Engine::run_queries`] the query runs in the first call.
    ///
    /// # Errors
    ///
    /// ResourceNotFound for an id that is none, or of a query that is not known any more;
    /// InvalidParameter for a token or a number that cannot be; AccessDenied when the query asks
    /// for originals and a grant is missing; ServiceUnavailable when the read cannot be noted.
    // Choice: whoever reads an answer with originals needs grants as well as whoever asked; AWS
    // does not say whose permission counts.
    pub fn get_query_results(
        &self,
        request: &GetQueryResults<'_>,
    ) -> Result<GetQueryResultsResult, Error> {
        let job = self.queries.jobs().find(&request.query_id)?;
        let grants = match job.query.unmasks() {
            true => self.grants_for(&job.groups, &request.unmask)?,
            false => Vec::new(),
        };
        let max_items = request.max_items.filter(|max| *max > 0).unwrap_or(QUERY_PAGE_ROWS_MAX);
        if max_items > QUERY_PAGE_ROWS_MAX {
            let message = format!("maxItems is not between 0 and {QUERY_PAGE_ROWS_MAX}");
            return Err(Error::invalid(message));
        }
        let now_ms = self.clock.now_ms();
        let paging = self.tokens.of("GetQueryResults", now_ms).with(&job.id);
        let given = request.next_token.as_deref();
        let given =
            given.map(|token| paging.parse_within(token, QUERY_TOKEN_MS_MAX)).transpose()?;
        let start = given.map_or(Ok(0), |place| row_of(&place))?;
        self.run_unless_worked(&job);
        let state = job.state();
        let rows = state.answer.rows.iter().skip(start).take(max_items);
        let results: Vec<Vec<_>> = rows
            .map(|row| {
                let field = |(column, value): &(usize, Zeroizing<String>)| ResultField {
                    field: state.answer.columns[*column].clone(),
                    value: value.clone(),
                };
                row.iter().map(field).collect()
            })
            .collect();
        for grant in &grants {
            self.note_unmask(Some(grant), results.len(), now_ms)?;
        }
        let end = start + results.len();
        let more = end < state.answer.rows.len();
        let next_token = more.then(|| paging.print(&(end as u64).to_le_bytes())).transpose()?;
        Ok(GetQueryResultsResult {
            query_language: QueryLanguage::Cwli,
            results,
            statistics: state.statistics,
            status: state.status,
            next_token,
        })
    }

    /// The log groups for which `get_query_results` of this query needs grants; none unless it
    /// asks for originals.
    ///
    /// # Errors
    ///
    /// ResourceNotFound.
    pub fn query_needs_grants(&self, query_id: &str) -> Result<Vec<LogGroupName>, Error> {
        let job = self.queries.jobs().find(query_id)?;
        let unmasks = job.query.unmasks();
        let names = job.groups.iter().filter(|_| unmasks).map(|group| group.name.clone());
        Ok(names.collect())
    }

    /// Stops a query that waits or runs; it ends at its next event.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; InvalidParameter when it has ended.
    pub fn stop_query(&self, query_id: &str) -> Result<(), Error> {
        let job: std::sync::Arc<Job> = self.queries.jobs().find(query_id)?;
        if job.cancel(self.clock.now_ms()) {
            return Ok(());
        }
        Err(Error::invalid("the query has ended; it cannot be stopped"))
    }
}

fn row_of(place: &[u8]) -> Result<usize, Error> {
    let bytes = <[u8; 8]>::try_from(place).map_err(|_| foreign())?;
    usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| foreign())
}

impl fmt::Debug for ResultField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResultField({} and {} bytes)", self.field.len(), self.value.len())
    }
}
