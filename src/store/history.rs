//! What findings reported, by hour and identifier: the last hours that had any.

use std::collections::BTreeMap;

use super::code::{Reader, Writer};
use super::record::{Key, Record};
use super::txn::Txn;
use crate::limits::{HISTORY_HOURS_MAX, HISTORY_IDENTIFIERS_MAX};

/// How often findings of one hour report each identifier.
pub(crate) type Reported = BTreeMap<String, u64>;

/// By hours since 1970.
pub(super) type Hours = BTreeMap<u64, Reported>;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Under this name identifiers are counted that are too many for their hour. No identifier has it.
const OTHERS: &str = "(others)";

impl Txn<'_> {
    /// Counts what findings report now.
    pub(super) fn count_reported(&mut self, reported: Reported, now_ms: i64) {
        if reported.is_empty() {
            return;
        }
        let hour = (now_ms.max(0) / HOUR_MS) as u64;
        let before = || self.state.history.get(&hour).cloned().unwrap_or_default();
        let counts = self.changes.history.entry(hour).or_insert_with(before);
        for (identifier, count) in reported {
            let known = counts.contains_key(&identifier) || counts.len() < HISTORY_IDENTIFIERS_MAX;
            let name = if known { identifier } else { OTHERS.to_owned() };
            *counts.entry(name).or_default() += count;
        }
    }

    /// Writes the hours that changed, and removes the first of those that are too many.
    pub(super) fn write_history(&mut self) {
        let changed = std::mem::take(&mut self.changes.history);
        for (hour, reported) in &changed {
            self.put(&Key::Hour(*hour), reported);
        }
        let gone = first_beyond_max(self.state.history.keys().chain(changed.keys()));
        gone.iter().for_each(|hour| self.remove(Key::Hour(*hour).to_bytes()));
        self.changes.history = changed;
    }
}

/// Takes over hours that are safe on disk.
pub(super) fn apply(history: &mut Hours, changed: Hours) {
    history.extend(changed);
    first_beyond_max(history.keys()).iter().for_each(|hour| _ = history.remove(hour));
}

/// The first hours of those that are more than are kept.
fn first_beyond_max<'a>(hours: impl Iterator<Item = &'a u64>) -> Vec<u64> {
    let hours: std::collections::BTreeSet<u64> = hours.copied().collect();
    let beyond = hours.len().saturating_sub(HISTORY_HOURS_MAX);
    hours.into_iter().take(beyond).collect()
}

/// When an hour begins, in milliseconds since 1970 UTC.
pub(super) fn start_ms(hour: u64) -> i64 {
    i64::try_from(hour).unwrap_or(i64::MAX).saturating_mul(HOUR_MS)
}

impl Record for Reported {
    fn write(&self, out: &mut Writer) {
        out.number(self.len() as u64);
        self.iter().for_each(|(identifier, count)| _ = out.text(identifier).number(*count));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let entry = |from: &mut Reader<'_>| Some((from.text()?.to_owned(), from.number()?));
        Some(from.list(entry)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_bounded_from_the_first_on() {
        let mut history = Hours::new();
        for hour in 0..HISTORY_HOURS_MAX as u64 + 3 {
            apply(&mut history, [(hour, Reported::new())].into());
        }
        assert_eq!(history.len(), HISTORY_HOURS_MAX);
        assert_eq!(history.first_key_value().expect("some").0, &3);
        // An hour of a clock that was set back goes at once.
        apply(&mut history, [(1, Reported::new())].into());
        assert_eq!(history.first_key_value().expect("some").0, &3);
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        let reported: Reported = [("EmailAddress".to_owned(), 3), (OTHERS.to_owned(), 1)].into();
        assert_eq!(Reported::of_value(&reported.to_value()), Some(reported));
    }
}
