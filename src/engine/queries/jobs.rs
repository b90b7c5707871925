//! Queries that wait, run or have ended, and for how long their answers are kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::limits::{QUERIES_CONCURRENT_MAX, QUERIES_KEPT_MAX, QUERY_ANSWERS_BYTES, QUERY_KEPT_MS};
use crate::query::{Answer, Query};
use crate::store::GroupRef;

use super::{Queries, QueryStatistics, QueryStatus, no_query};
use crate::engine::UnmaskGrant;

/// A query that was started.
pub(super) struct Job {
    pub(super) id: String,
    pub(super) query: Query,
    /// In the order of their names.
    pub(super) groups: Vec<GroupRef>,
    /// One for each log group, if the query asks for originals.
    pub(super) grants: Vec<UnmaskGrant>,
    /// Milliseconds since 1970 UTC, both included.
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) limit: Option<usize>,
    pub(super) user_identity: Option<String>,
    pub(super) created_ms: i64,
    pub(super) cancelled: AtomicBool,
    state: Mutex<JobState>,
}

/// What became of it so far.
#[derive(Clone)]
pub(super) struct JobState {
    pub(super) status: QueryStatus,
    pub(super) ended_ms: Option<i64>,
    pub(super) statistics: QueryStatistics,
    pub(super) answer: Arc<Answer>,
}

/// All queries, by the number in which they were started.
#[derive(Default)]
pub(super) struct Jobs {
    jobs: BTreeMap<u64, Arc<Job>>,
    last: u64,
}

impl Job {
    pub(super) fn new(
        id: String,
        query: Query,
        groups: Vec<GroupRef>,
        (start_ms, end_ms): (i64, i64),
        created_ms: i64,
    ) -> Self {
        let state = JobState {
            status: QueryStatus::Scheduled,
            ended_ms: None,
            statistics: QueryStatistics::default(),
            answer: Arc::default(),
        };
        Self {
            id,
            query,
            groups,
            grants: Vec::new(),
            start_ms,
            end_ms,
            limit: None,
            user_identity: None,
            created_ms,
            cancelled: AtomicBool::new(false),
            state: state.into(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> JobState {
        self.lock().clone()
    }

    pub(super) fn status(&self) -> QueryStatus {
        self.lock().status
    }

    /// Whether it waited: whoever is told so runs it.
    pub(super) fn claim(&self) -> bool {
        let mut state = self.lock();
        let waited = state.status == QueryStatus::Scheduled;
        if waited {
            state.status = QueryStatus::Running;
        }
        waited
    }

    /// Notes how it ended, unless it was stopped.
    pub(super) fn end(&self, ended: JobState) {
        let mut state = self.lock();
        if state.status.is_open() {
            *state = ended;
        }
    }

    /// Stops it; false when it has ended.
    pub(super) fn cancel(&self, now_ms: i64) -> bool {
        self.cancelled.store(true, Ordering::SeqCst);
        let mut state = self.lock();
        let open = state.status.is_open();
        if open {
            (state.status, state.ended_ms) = (QueryStatus::Cancelled, Some(now_ms));
        }
        open
    }
}

impl Jobs {
    /// # Errors
    ///
    /// LimitExceeded when too many wait or run.
    pub(super) fn add(&mut self, job: Job, now_ms: i64) -> Result<(), Error> {
        self.make_room(now_ms);
        let open = self.jobs.values().filter(|job| job.status().is_open()).count();
        if open >= QUERIES_CONCURRENT_MAX {
            let message = format!("{QUERIES_CONCURRENT_MAX} queries wait or run already");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        self.last += 1;
        self.jobs.insert(self.last, Arc::new(job));
        Ok(())
    }

    /// # Errors
    ///
    /// ResourceNotFound.
    pub(super) fn find(&self, id: &str) -> Result<Arc<Job>, Error> {
        self.jobs.values().rfind(|job| job.id == id).cloned().ok_or_else(no_query)
    }

    /// The one that waits longest.
    pub(super) fn next(&self) -> Option<Arc<Job>> {
        self.jobs.values().find(|job| job.status() == QueryStatus::Scheduled).cloned()
    }

    /// With their numbers, the newest first, those before a number only.
    pub(super) fn newest(&self, before: u64) -> impl Iterator<Item = (u64, &Arc<Job>)> {
        self.jobs.range(..before).rev().map(|(number, job)| (*number, job))
    }

    /// Forgets ended queries that are too old or too many, or whose answers take too much. What
    /// was answered last stays.
    pub(super) fn make_room(&mut self, now_ms: i64) {
        let (mut count, mut bytes) = (0, 0);
        let mut gone = Vec::new();
        for (number, job) in self.jobs.iter().rev() {
            let state = job.state();
            let newest = bytes == 0;
            bytes += state.answer.bytes;
            count += 1;
            let Some(ended_ms) = state.ended_ms else { continue };
            let old = now_ms.saturating_sub(ended_ms) > QUERY_KEPT_MS;
            let large = bytes > QUERY_ANSWERS_BYTES && !newest;
            if old || large || count >= QUERIES_KEPT_MAX {
                gone.push(*number);
            }
        }
        gone.iter().for_each(|number| _ = self.jobs.remove(number));
    }
}

impl Queries {
    pub(super) fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
