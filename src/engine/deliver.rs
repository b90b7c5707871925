//! Delivery of what waits.

use std::collections::HashSet;
use std::sync::PoisonError;

use crate::store::{Entry, Settled};
use crate::subscription::{Sender, Sent};

use super::Engine;

/// What one [`Engine::deliver_pending`] did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DeliveryReport {
    /// Payloads and records that destinations took.
    pub delivered: usize,
    /// Outbox entries (a batch for one filter or destination) that wait for the next time.
    pub waiting: usize,
    /// Payloads and records that no destination will ever take.
    pub dropped: usize,
    /// Events and findings that were too large for their destination and set aside whole.
    pub set_aside: usize,
}

impl Engine {
    /// Sends what waits, in order within a log stream and filter: what cannot be sent now keeps
    /// what follows it in its line, and nothing else. Every payload is sent at least once.
    ///
    /// The host calls it when it wants, from one thread at a time; a second caller waits.
    pub fn deliver_pending(&self) -> DeliveryReport {
        let _one_at_a_time = self.delivering.lock().unwrap_or_else(PoisonError::into_inner);
        let sender =
            Sender { home: &self.home, store: &self.store, destination: &*self.destination };
        let (mut report, mut stopped) = (DeliveryReport::default(), HashSet::new());
        let (mut number, last) = (0, self.store.last_entry());
        // A disk that fails ends the round; what it says is known to the next write.
        while let Ok(Some((next, entry))) = self.store.entry_after(number)
            && next <= last
        {
            number = next;
            if stopped.contains(&entry.line()) {
                continue;
            }
            let sent = sender.send(number, &entry);
            report.delivered += sent.delivered;
            report.dropped += sent.dropped;
            report.set_aside += sent.set_aside;
            let line = sent.rest.is_some().then(|| entry.line());
            let rest = sent.rest.map(|content| Entry { content, ..entry });
            let Sent { delivered, dropped, set_aside, .. } = sent;
            let settled = Settled { delivered, dropped, set_aside };
            // What stays as it is need not be written.
            let settles = rest.is_none() || delivered + dropped + set_aside > 0;
            if settles && self.store.settle(number, rest, settled).is_err() {
                break;
            }
            stopped.extend(line);
        }
        report.waiting = self.store.waiting();
        report
    }
}
