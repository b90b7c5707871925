//! Who saw originals: a trace of every read with a grant.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::arn::LogGroupName;
use crate::limits::UNMASK_LOG_READS_MAX;

use super::Engine;
use super::grant::{Principal, UnmaskGrant};

/// Answer of [`Engine::unmask_log`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UnmaskLog {
    /// The latest 10,000 reads, oldest first.
    pub reads: Vec<UnmaskedRead>,
    /// How many older ones were dropped.
    pub dropped: u64,
}

/// One page that was read with a grant. It holds no text of any event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnmaskedRead {
    /// Who read.
    pub principal: Principal,
    /// The log group.
    pub log_group: LogGroupName,
    /// How many events were returned, with something to unmask or without; 0 as well: a search with
    /// a grant tells something also when it finds nothing.
    pub events: usize,
    /// When: milliseconds since 1970 UTC.
    pub timestamp_ms: i64,
}

/// The latest reads, and how many were dropped.
#[derive(Debug, Default)]
pub(super) struct UnmaskTrace(Mutex<(VecDeque<UnmaskedRead>, u64)>);

impl UnmaskTrace {
    fn note(&self, read: UnmaskedRead) {
        let mut trace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (reads, dropped) = &mut *trace;
        if reads.len() == UNMASK_LOG_READS_MAX {
            reads.pop_front();
            *dropped += 1;
        }
        reads.push_back(read);
    }
}

impl Engine {
    /// Every read with a grant that was answered, in memory only.
    pub fn unmask_log(&self) -> UnmaskLog {
        let trace = self.unmasked.0.lock().unwrap_or_else(PoisonError::into_inner);
        UnmaskLog { reads: trace.0.iter().cloned().collect(), dropped: trace.1 }
    }

    /// Called by every read before it answers.
    pub(super) fn note_unmask(
        &self,
        grant: Option<&UnmaskGrant>,
        events: usize,
        timestamp_ms: i64,
    ) {
        let Some(grant) = grant else { return };
        let (principal, log_group) = (grant.principal().clone(), grant.log_group().clone());
        self.unmasked.note(UnmaskedRead { principal, log_group, events, timestamp_ms });
    }
}
