//! The time, as the host tells it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time. The engine asks it once per operation and nothing else.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC. It may jump in either direction.
    fn now_ms(&self) -> i64;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }
}
