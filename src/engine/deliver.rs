//! Delivery of what waits.

use std::collections::HashSet;
use std::sync::PoisonError;

use crate::subscription::Sender;

use super::Engine;
use super::metrics::add;

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
        while let Some((next, entry)) = self.store.entry_after(number)
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
            match sent.rest {
                None => self.store.remove_entry(number),
                Some(rest) => {
                    self.store.keep_rest(number, rest);
                    stopped.insert(entry.line());
                }
            }
        }
        report.waiting = self.store.waiting();
        add(&self.counters.delivered, report.delivered);
        add(&self.counters.dropped, report.dropped);
        add(&self.counters.set_aside, report.set_aside);
        report
    }
}
