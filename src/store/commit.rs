//! Group commit: callers at the same time share one batch and one sync of the disk.
//!
//! Whoever finds nobody leading leads: it takes what waits, its own change first, and writes all of
//! it as one batch. Those who come meanwhile wait; the first of them leads next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Store;
use super::txn::{Changes, Txn};
use crate::error::{Error, ErrorKind};

/// How a change is committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    /// Together with others, on disk when it returns.
    Shared,
    /// The same in a commit of its own: it looks at the disk, where others would not be seen yet.
    Alone,
    /// Alone, and lost without harm: it is done again.
    Lazily,
}

type Change = Box<dyn FnOnce(&mut Txn<'_>) + Send>;

struct Job {
    change: Change,
    how: How,
    seat: Arc<Seat>,
}

/// Where a caller waits.
#[derive(Default)]
struct Seat {
    turn: Mutex<Option<Turn>>,
    called: Condvar,
}

enum Turn {
    Lead,
    Done(Result<(), Error>),
}

/// Those who wait.
#[derive(Default)]
pub(super) struct Line(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    led: bool,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    fn wait(&self) -> Turn {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(turn) = turn.take() {
                return turn;
            }
            turn = self.called.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn call(&self, turn: Turn) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        self.called.notify_one();
    }
}

impl Store {
    /// Makes a change and returns what it answers once it is on disk. A change that answers with
    /// an error has written nothing.
    ///
    /// # Errors
    ///
    /// The change's own; ServiceUnavailable when the disk fails: whether the change is there is
    /// known when the store is opened again.
    pub(super) fn commit<T: Send + 'static>(
        &self,
        how: How,
        change: impl FnOnce(&mut Txn<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        let change = Box::new(move |txn: &mut Txn<'_>| {
            let made = change(txn);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        });
        let seat = Arc::new(Seat::default());
        let leads = {
            let mut waiting = self.line.lock();
            waiting.jobs.push(Job { change, how, seat: Arc::clone(&seat) });
            !std::mem::replace(&mut waiting.led, true)
        };
        let done = match if leads { Turn::Lead } else { seat.wait() } {
            Turn::Lead => self.lead(),
            Turn::Done(done) => done,
        };
        done?;
        let made = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        made.unwrap_or_else(|| Err(crashed()))
    }

    /// Commits what waits, up to what has to be alone; the first is the caller's own.
    fn lead(&self) -> Result<(), Error> {
        let jobs = {
            let mut waiting = self.line.lock();
            let alone = waiting.jobs.iter().position(|job| job.how != How::Shared);
            let count = alone.map_or(waiting.jobs.len(), |alone| alone.max(1));
            waiting.jobs.drain(..count).collect::<Vec<_>>()
        };
        let seats: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.seat)).collect();
        let written =
            catch_unwind(AssertUnwindSafe(|| self.write_all(jobs))).unwrap_or_else(|_| {
                self.disk.break_off();
                Err(crashed())
            });
        let followers = seats.get(1..).unwrap_or_default();
        followers.iter().for_each(|seat| seat.call(Turn::Done(written.clone())));
        let mut waiting = self.line.lock();
        match waiting.jobs.first() {
            Some(next) => next.seat.call(Turn::Lead),
            None => waiting.led = false,
        }
        written
    }

    fn write_all(&self, jobs: Vec<Job>) -> Result<(), Error> {
        let sync = jobs.iter().any(|job| job.how != How::Lazily);
        let (batch, changes) = {
            let state = self.read();
            let mut txn = Txn::new(&state, &self.disk, &self.backlog);
            jobs.into_iter().for_each(|job| (job.change)(&mut txn));
            if txn.is_empty() {
                return Ok(());
            }
            self.note_numbers(&mut txn.changes.counts);
            txn.finish()?
        };
        self.disk.commit(batch, sync)?;
        self.apply(changes);
        Ok(())
    }
}

impl Store {
    /// Takes over what is safe on disk.
    fn apply(&self, mut changes: Changes) {
        let queued = std::mem::take(&mut changes.queued);
        let dequeued = std::mem::take(&mut changes.dequeued);
        self.write().apply(changes);
        if queued.is_empty() && dequeued.is_empty() {
            return;
        }
        let mut backlog = self.backlog();
        let more = !queued.is_empty();
        dequeued.iter().for_each(|(number, line)| backlog.remove(line, *number));
        queued.into_iter().for_each(|queued| backlog.push(queued));
        drop(backlog);
        if more {
            self.queued.notify_one();
        }
    }
}

fn crashed() -> Error {
    let message = "a change to the store failed midway; open it again";
    Error::new(ErrorKind::ServiceUnavailable, message)
}
