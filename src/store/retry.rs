//! When something that failed is tried again. Time is the host's clock's, in milliseconds.

use xxhash_rust::xxh3::xxh3_64;

use crate::limits::{DELIVERY_PAUSE_MS, DELIVERY_PAUSE_MS_MAX, DELIVERY_RETRY_MS};

/// Failures in a row, and when the next attempt is due.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Retry {
    failures: u32,
    pub(crate) due_ms: i64,
}

/// How long failures keep something waiting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wait {
    /// From seconds on: throttled, unavailable.
    Backoff,
    /// From half a minute on: access denied, not found.
    Pause,
}

impl Retry {
    /// Notes a failure. The wait doubles with each, up to ten minutes, and lies between its half
    /// and its whole: `seed` spreads those that failed together.
    // Choice: AWS says "up to 10 minutes" for pauses and nothing for retries; both end there, so
    // that one constant bounds every wait. The jitter is a hash, which makes runs repeatable.
    pub(crate) fn failed(&mut self, wait: Wait, seed: u64, now_ms: i64) {
        let first = match wait {
            Wait::Backoff => DELIVERY_RETRY_MS,
            Wait::Pause => DELIVERY_PAUSE_MS,
        };
        let whole = first.saturating_mul(1 << self.failures.min(20)).min(DELIVERY_PAUSE_MS_MAX);
        self.failures = self.failures.saturating_add(1);
        let noise = xxh3_64(&[seed.to_le_bytes(), u64::from(self.failures).to_le_bytes()].concat());
        let half = whole / 2;
        self.due_ms = now_ms.saturating_add(half + (noise % (half as u64 + 1)) as i64);
    }

    /// Whether an attempt may be made. A clock that was set back does not prolong a wait for ever.
    pub(crate) fn is_due(self, now_ms: i64) -> bool {
        is_due(self.due_ms, now_ms)
    }

    /// Lets the next attempt be made at once; what failed is remembered.
    pub(super) fn hurry(&mut self) {
        self.due_ms = i64::MIN;
    }
}

pub(super) fn is_due(due_ms: i64, now_ms: i64) -> bool {
    due_ms <= now_ms || due_ms > now_ms.saturating_add(DELIVERY_PAUSE_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_minutes_and_are_spread() {
        for (wait, first) in [(Wait::Backoff, DELIVERY_RETRY_MS), (Wait::Pause, DELIVERY_PAUSE_MS)]
        {
            let mut dues = Vec::new();
            for seed in 0..100 {
                let mut retry = Retry::default();
                let mut whole = first;
                for _ in 0..40 {
                    retry.failed(wait, seed, 1_000_000);
                    let waits = retry.due_ms - 1_000_000;
                    assert!((whole / 2..=whole).contains(&waits), "seed {seed}: {waits} ms");
                    whole = (whole * 2).min(DELIVERY_PAUSE_MS_MAX);
                }
                dues.push(retry.due_ms);
            }
            dues.sort_unstable();
            dues.dedup();
            assert!(dues.len() > 90, "{} different waits", dues.len());
        }
    }

    #[test]
    fn a_clock_that_was_set_back_prolongs_no_wait() {
        let mut retry = Retry::default();
        retry.failed(Wait::Pause, 1, 100 * DELIVERY_PAUSE_MS_MAX);
        assert!(!retry.is_due(100 * DELIVERY_PAUSE_MS_MAX));
        assert!(retry.is_due(0));
    }
}
