//! Running queries: on workers of the host, or where the answer is asked for.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::arn::LogStreamName;
use crate::error::Error;
use crate::limits::QUERY_TIMEOUT_MS;
use crate::masker::Scratch;
use crate::protection::Protection;
use crate::query::{Answer, Environment, Failed, QueryEvent, Run};
use crate::store::{Found, Position, Streams, Window};

use super::jobs::{Job, JobState};
use super::{QueryStatistics, QueryStatus};
use crate::engine::Engine;
use crate::engine::log_record::Pointer;
use crate::engine::read::Shower;

/// Longest time for which a worker does not look at `stop`.
const IDLE: Duration = Duration::from_millis(200);

/// Why a run ended before its time.
enum Stop {
    Cancelled,
    Timeout,
    Failed,
}

impl From<Failed> for Stop {
    fn from(_: Failed) -> Self {
        Self::Failed
    }
}

impl From<Error> for Stop {
    fn from(_: Error) -> Self {
        Self::Failed
    }
}

impl Engine {
    /// Runs queries that were started until `stop` is true, which it notices within a fifth of a
    /// second, or after the query that it runs. The host calls it on as many threads as queries
    /// may run at the same time. Without one a query runs in the first `get_query_results`.
    pub fn run_queries(&self, stop: &AtomicBool) {
        self.queries.workers.fetch_add(1, Ordering::SeqCst);
        while !stop.load(Ordering::SeqCst) {
            let jobs = self.queries.jobs();
            match jobs.next() {
                Some(job) => {
                    drop(jobs);
                    self.run_job(&job);
                }
                None => {
                    let waited = self.queries.started.wait_timeout(jobs, IDLE);
                    drop(waited.unwrap_or_else(PoisonError::into_inner));
                }
            }
        }
        self.queries.workers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Runs a query in this call if it waits and no worker will take it.
    pub(super) fn run_unless_worked(&self, job: &Job) {
        if self.queries.workers.load(Ordering::SeqCst) == 0 {
            self.run_job(job);
        }
    }

    /// Runs a query that waits. A panic is a query that failed.
    fn run_job(&self, job: &Job) {
        if !job.claim() {
            return;
        }
        let mut statistics = QueryStatistics::default();
        let run = AssertUnwindSafe(|| self.run_query(job, &mut statistics));
        let (status, answer) = match catch_unwind(run).unwrap_or(Err(Stop::Failed)) {
            Ok(answer) => (QueryStatus::Complete, answer),
            Err(Stop::Cancelled) => (QueryStatus::Cancelled, Answer::default()),
            Err(Stop::Timeout) => (QueryStatus::Timeout, Answer::default()),
            Err(Stop::Failed) => (QueryStatus::Failed, Answer::default()),
        };
        statistics.records_matched = answer.matched;
        statistics.result_count = answer.rows.len() as u64;
        let now_ms = self.clock.now_ms();
        let answer = Arc::new(answer);
        job.end(JobState { status, ended_ms: Some(now_ms), statistics, answer });
        self.queries.jobs().make_room(now_ms);
    }

    fn run_query(&self, job: &Job, statistics: &mut QueryStatistics) -> Result<Answer, Stop> {
        let Job { start_ms, end_ms, .. } = *job;
        let now_ms = self.clock.now_ms();
        let live = job.groups.iter().map(|group| self.live(&group.name));
        let live = live.collect::<Result<Vec<_>, _>>()?;
        // ONE snapshot for the whole query: the policies in force for each log group.
        let protections: Vec<_> = live.iter().map(|group| group.protection()).collect();
        let scratch = RefCell::new(Scratch::default());
        let mask = |protection: &Arc<Protection>, text: &str| {
            self.masker.mask_value(protection, text, &mut scratch.borrow_mut())
        };
        let judge = |group: Option<usize>, text: &str| match group {
            Some(group) => mask(protections.get(group)?, text),
            None => mask_by_all(&protections, text, &mask),
        };
        let pointer = |group: usize, log_stream: &LogStreamName, timestamp, sequence| {
            let log_group = job.groups.get(group).expect("one of the query's").name.clone();
            let position = Position { timestamp, sequence };
            Pointer { position, log_group, log_stream: log_stream.clone() }.print()
        };
        let account = &self.home.account;
        let logs: Vec<_> =
            job.groups.iter().map(|group| format!("{account}:{}", group.name)).collect();
        let environment = Environment {
            start_ms,
            end_ms,
            now_ms: job.created_ms,
            logs: &logs,
            judge: &judge,
            pointer: &pointer,
        };
        let mut run = Run::new(&job.query, &environment, job.limit);
        statistics.log_groups_scanned = job.groups.len() as u64;
        self.scan_query(job, now_ms, statistics, &mut |event| Ok(run.take(event)?))?;
        Ok(run.finish()?)
    }

    /// Shows `take` the events of a query from the newest on. Reads with grants are noted before
    /// anything that follows from them is kept.
    fn scan_query(
        &self,
        job: &Job,
        now_ms: i64,
        statistics: &mut QueryStatistics,
        take: &mut dyn FnMut(&QueryEvent<'_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let end = Position::at(job.end_ms.saturating_add(1));
        let windows: Vec<_> = (0..job.groups.len())
            .map(|index| {
                let number = job.grants.get(index).map(|grant| grant.number);
                Window { positions: Position::at(job.start_ms)..end, now_ms, number }
            })
            .collect();
        let groups: Vec<_> = job.groups.iter().map(|group| &group.name).zip(&windows).collect();
        let mut showers: Vec<_> = job.grants.iter().map(|grant| self.shower(Some(grant))).collect();
        let mut read = vec![0; job.grants.len()];
        let mut stopped = None;
        let scanned = self.store.scan_groups(&groups, Streams::All, false, |group, found| {
            statistics.records_scanned += 1;
            statistics.bytes_scanned += found.event.message.as_str().len() as u64;
            read.get_mut(group).into_iter().for_each(|count| *count += 1);
            let late = self.clock.now_ms().saturating_sub(now_ms) > QUERY_TIMEOUT_MS;
            let result = if job.cancelled.load(Ordering::Relaxed) {
                Err(Stop::Cancelled)
            } else if late {
                Err(Stop::Timeout)
            } else {
                show(group, found, showers.get_mut(group), take)
            };
            match result {
                Ok(()) => ControlFlow::Continue(()),
                Err(stop) => {
                    stopped = Some(stop);
                    ControlFlow::Break(())
                }
            }
        });
        for (grant, count) in job.grants.iter().zip(read) {
            self.note_unmask(Some(grant), count, now_ms)?;
        }
        for shower in showers {
            shower.finish()?;
        }
        scanned?;
        stopped.map_or(Ok(()), Err)
    }
}

/// Hands an event over, with its original for a caller with a grant.
fn show(
    group: usize,
    found: Found<'_>,
    shower: Option<&mut Shower<'_>>,
    take: &mut dyn FnMut(&QueryEvent<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let Found { stream, number, position, event } = found;
    let (ingestion_time, message) = (event.ingestion_time, event.message.clone());
    let original = match shower {
        Some(shower) => Some(shower.show(number, position, event).ok_or(Stop::Failed)?),
        None => None,
    };
    take(&QueryEvent {
        group,
        log_stream: stream,
        timestamp: position.timestamp,
        ingestion_time,
        sequence: position.sequence,
        message: &message,
        original: original.as_ref(),
    })
}

/// What several log groups contribute to is masked by the policies of each.
fn mask_by_all(
    protections: &[Arc<Protection>],
    text: &str,
    mask: &dyn Fn(&Arc<Protection>, &str) -> Option<String>,
) -> Option<String> {
    let mut masked: Option<String> = None;
    for (index, protection) in protections.iter().enumerate() {
        let known = protections.iter().take(index).any(|other| Arc::ptr_eq(other, protection));
        if !known {
            let next = mask(protection, masked.as_deref().unwrap_or(text));
            masked = next.or(masked);
        }
    }
    masked
}
