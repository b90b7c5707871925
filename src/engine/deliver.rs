//! Delivery of what waits, by as many workers as the host starts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::arn::Arn;
use crate::store::{Settled, Tally};
use crate::subscription::Sender;

use super::Engine;
use super::deliveries::{Inward, RollOver};
use super::emit;

/// Longest time for which a worker looks neither at the clock nor at `stop`, in milliseconds.
const IDLE_MS_MAX: i64 = 200;

/// A destination that takes longer than this for one batch is slow, in milliseconds.
const SLOW_MS: i64 = 1000;

/// What one [`Engine::deliver_pending`] did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DeliveryReport {
    /// Payloads and records that destinations took.
    pub delivered: usize,
    /// Outbox entries (a batch for one filter or destination) that wait for the next time.
    pub waiting: usize,
    /// Payloads and records that were given up: no destination will ever take them, their events
    /// are gone, or they were tried for 24 hours.
    pub dropped: usize,
    /// Events and findings that were too large for their destination and set aside whole.
    pub set_aside: usize,
}

impl Engine {
    /// Sends one batch to the destination that is due first, if one is. Any number of threads may
    /// call it: each has one destination at a time, and nobody else then sends there. What a
    /// destination does not take is tried again, at the earliest after seconds that double up to
    /// ten minutes, for 24 hours; what follows it in its log stream and filter waits. Everything
    /// is sent at least once, over restarts as well.
    ///
    /// Returns when something is due next that no other thread sends just now, in milliseconds of
    /// the engine's clock, or `None` when nothing waits: a host may call again then, or when it
    /// has put events.
    pub fn deliver_due(&self) -> Option<i64> {
        let rollover_ms = self.roll_over_due(RollOver::Due);
        self.export_some();
        self.deliver_one(usize::MAX);
        let export_ms = self.has_export().then(|| self.clock.now_ms());
        let due_ms = self.store.due_ms();
        due_ms.into_iter().chain(rollover_ms).chain(export_ms).min()
    }

    /// Works as [`Engine::deliver_due`] does until `stop` is true, which it notices within a fifth
    /// of a second, or after the batch that it sends. The host calls it on as many threads as
    /// destinations may be slow at the same time, and one more: of several workers one always
    /// leaves destinations alone that failed or took longer than a second when last tried, so
    /// that they never keep another from being served.
    pub fn run_deliveries(&self, stop: &AtomicBool) {
        self.workers.fetch_add(1, Ordering::SeqCst);
        while !stop.load(Ordering::SeqCst) {
            let lame_max = (self.workers.load(Ordering::SeqCst) - 1).max(1);
            self.roll_over_due(RollOver::Due);
            let exported = self.export_some();
            if self.deliver_one(lame_max).is_none() && !exported {
                let due_ms = self.store.due_ms().unwrap_or(i64::MAX);
                let idle_ms =
                    due_ms.saturating_sub(self.clock.now_ms()).clamp(IDLE_MS_MAX / 10, IDLE_MS_MAX);
                self.store.wait_for_entries(Duration::from_millis(idle_ms.unsigned_abs()));
            }
        }
        self.workers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Tries everything that waits once, whether it is due or not, but for what other threads send
    /// just now: for hosts without workers, and before one ends.
    pub fn deliver_pending(&self) -> DeliveryReport {
        self.roll_over_due(RollOver::Hurried);
        self.store.hurry();
        let mut report = DeliveryReport::default();
        // An export goes on when nothing of it waits any more.
        loop {
            let exported = self.export_some();
            let mut tried = false;
            while let Some(tally) = self.deliver_one(usize::MAX) {
                tried = true;
                report.delivered += tally.delivered as usize;
                report.dropped += tally.dropped as usize;
                report.set_aside += tally.set_aside as usize;
            }
            let goes_on = exported || (tried && self.has_export());
            if !goes_on {
                break;
            }
        }
        report.waiting = self.store.waiting();
        report
    }

    /// Sends one batch and counts; `None` when nothing is due or the disk fails.
    fn deliver_one(&self, lame_max: usize) -> Option<Tally> {
        let started_ms = self.clock.now_ms();
        let taken = self.store.take(started_ms, lame_max)?;
        let resolve = |arn: &Arn| self.target_of(arn);
        let sender = Sender {
            home: &self.home,
            store: &self.store,
            destination: &Inward(self),
            resolve: &resolve,
            permit: &|id: &str| self.permit_delivery(id),
        };
        let settled = sender.send(&taken);
        let mut tally = Tally::default();
        settled.iter().for_each(|Settled { tally: of_it, .. }| tally.add(*of_it));
        let now_ms = self.clock.now_ms();
        let slow = now_ms.saturating_sub(started_ms) > SLOW_MS;
        let lines = taken.entries.iter().map(|(line, _)| line.forwarder());
        let attempts: Vec<_> = lines.zip(settled.iter().map(|it| it.tally)).collect();
        let expired = self.store.settle(&taken, settled, slow, now_ms).ok()?;
        attempts.iter().for_each(|(forwarder, tally)| emit::forwarded(forwarder, *tally));
        tally.dropped += expired as u64;
        Some(tally)
    }
}
