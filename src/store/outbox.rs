//! What waits to be delivered. Entries are queued in the critical section that stores the events
//! they speak of, and refer to these by key.

use std::ops::Bound;
use std::sync::Arc;

use super::{EventKey, State, Store};
use crate::arn::{Arn, FilterName, LogGroupName, LogStreamName};
use crate::message::MaskedMessage;
use crate::policy::Distribution;

/// Where entries go, and on whose behalf.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) owner: Owner,
    pub(crate) destination_arn: Arn,
    pub(crate) distribution: Distribution,
}

/// On whose behalf something is delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Owner {
    /// A log group's subscription filter.
    Filter(FilterName),
    /// The account's subscription filter policy.
    AccountPolicy(String),
    /// A data protection policy's findings; the policy document's `Name`.
    Findings(Option<String>),
}

/// One thing to deliver.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) route: Arc<Route>,
    /// The log group it speaks of. Absent: the control message of an account's filter.
    pub(crate) log_group: Option<LogGroupName>,
    /// The log stream it speaks of. Absent: findings and control messages.
    pub(crate) log_stream: Option<LogStreamName>,
    pub(crate) content: Content,
}

/// What is delivered.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Log events, encoded when they are sent.
    Events(Vec<EventKey>),
    /// A test message for a new subscription, made at that time.
    Control { timestamp: i64 },
    /// Findings that were made at that time, one record after the other; no text of any event.
    Findings { timestamp: i64, records: Vec<Vec<u8>> },
}

/// What has to stay in order.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Line {
    destination_arn: Arn,
    owner: String,
    log_group: Option<LogGroupName>,
    log_stream: Option<LogStreamName>,
}

impl Owner {
    /// The name of the filter or policy; empty when a policy document has none.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Filter(name) => name.as_str(),
            Self::AccountPolicy(name) => name,
            Self::Findings(name) => name.as_deref().unwrap_or_default(),
        }
    }
}

impl Entry {
    /// Whether it speaks of stored events, so that it goes when they go.
    pub(crate) fn holds_events(&self) -> bool {
        matches!(self.content, Content::Events(_))
    }

    /// The line it stands in: entries of one line are sent one after the other.
    pub(crate) fn line(&self) -> Line {
        Line {
            destination_arn: self.route.destination_arn.clone(),
            owner: self.route.owner.name().to_owned(),
            log_group: self.log_group.clone(),
            log_stream: self.log_stream.clone(),
        }
    }
}

impl Store {
    /// Queues an entry that belongs to no batch.
    pub(crate) fn queue(&self, entry: Entry) {
        self.write().queue(entry);
    }

    /// The number of the last entry that was queued.
    pub(crate) fn last_entry(&self) -> u64 {
        self.read().last_entry
    }

    /// How many entries wait.
    pub(crate) fn waiting(&self) -> usize {
        self.read().outbox.len()
    }

    /// The first entry after the one of that number.
    pub(crate) fn entry_after(&self, number: u64) -> Option<(u64, Arc<Entry>)> {
        let state = self.read();
        let mut later = state.outbox.range((Bound::Excluded(number), Bound::Unbounded));
        later.next().map(|(number, entry)| (*number, Arc::clone(entry)))
    }

    /// Calls `each` with those events that are still there; `keys` ascend. Events of one batch
    /// lie together, so each is looked for a few places ahead before it is looked up.
    pub(crate) fn each_masked(
        &self,
        keys: &[EventKey],
        mut each: impl FnMut(EventKey, &MaskedMessage),
    ) {
        const AHEAD: usize = 8;
        let state = self.read();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return };
        let mut stored = state.events.range(*first..=*last);
        let mut next = None;
        for key in keys {
            let mut steps = 0;
            while next.is_none_or(|(found, _)| found < key) {
                next = stored.next();
                if next.is_none() {
                    return;
                }
                steps += 1;
                if steps > AHEAD {
                    stored = state.events.range(*key..=*last);
                    steps = 0;
                }
            }
            if let Some((found, event)) = next
                && found == key
            {
                each(*key, &event.message);
            }
        }
    }

    /// Removes an entry: it was delivered or given up.
    pub(crate) fn remove_entry(&self, number: u64) {
        self.write().outbox.remove(&number);
    }

    /// Replaces what an entry still has to deliver.
    pub(crate) fn keep_rest(&self, number: u64, rest: Content) {
        if let Some(entry) = self.write().outbox.get_mut(&number) {
            Arc::make_mut(entry).content = rest;
        }
    }

    /// Removes the entries that `drops` names; returns how many.
    pub(crate) fn drop_entries(&self, drops: impl Fn(&Entry) -> bool) -> usize {
        self.write().drop_entries(drops)
    }
}

impl State {
    pub(super) fn queue(&mut self, entry: Entry) {
        self.last_entry += 1;
        self.outbox.insert(self.last_entry, Arc::new(entry));
    }

    pub(super) fn drop_entries(&mut self, drops: impl Fn(&Entry) -> bool) -> usize {
        let before = self.outbox.len();
        self.outbox.retain(|_, entry| !drops(entry));
        before - self.outbox.len()
    }
}
