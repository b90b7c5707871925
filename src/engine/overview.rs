//! What a page about an engine shows beside what the `Describe` operations answer.

use super::Engine;
use super::metrics::Forwarding;

/// What findings of one hour report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FindingsHour {
    /// When the hour begins, in milliseconds since 1970 UTC.
    pub start: i64,
    /// For each identifier that was found, by name: how many detections findings report. Those of
    /// identifiers beyond [`crate::limits::HISTORY_IDENTIFIERS_MAX`] stand under `(others)`.
    // Choice: what two policies report counts twice, as it does in LogEventsWithFindings.
    pub detections: Vec<(String, u64)>,
}

/// How deliveries of one filter, policy or logical destination fare.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ForwardingHealth {
    /// What became of them so far.
    pub forwarding: Forwarding,
    /// Entries that wait.
    pub waiting: u64,
    /// The time at which what failed is tried again, in milliseconds since 1970 UTC; absent when
    /// nothing is held up.
    pub held_until: Option<i64>,
}

impl Engine {
    /// What findings reported, by the hour in which events were put, in order of time: the last
    /// [`crate::limits::HISTORY_HOURS_MAX`] hours that had findings.
    pub fn findings_by_hour(&self) -> Vec<FindingsHour> {
        let hour = |(start, detections): (i64, crate::store::Reported)| FindingsHour {
            start,
            detections: detections.into_iter().collect(),
        };
        self.store.reported().into_iter().map(hour).collect()
    }

    /// How deliveries fare, by name: of all that has delivered or waits. Cost: a look at each log
    /// stream that something waits of.
    pub fn forwarding_health(&self) -> Vec<ForwardingHealth> {
        let waiting = self.store.waiting_by(self.clock.now_ms());
        let mut tallies: std::collections::BTreeMap<_, _> =
            self.store.tallies().into_iter().collect();
        for forwarder in waiting.keys() {
            tallies.entry(forwarder.clone()).or_default();
        }
        let health = |(forwarder, tally)| {
            let (waiting, held_until) = waiting.get(&forwarder).copied().unwrap_or_default();
            ForwardingHealth { forwarding: Forwarding::of((forwarder, tally)), waiting, held_until }
        };
        tallies.into_iter().map(health).collect()
    }
}
