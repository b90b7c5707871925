//! Which wrapped keys there are, how long the events under them are kept, and which must go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::file::{Found, KeyFile};
use super::provider::WrappedKey;
use super::record::{Record, read, write};
use crate::arn::LogGroupName;
use crate::error::Error;
use crate::event::retention_cut;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A log group's number and the days since 1970 UTC: what one data key is for.
pub(super) type KeyName = (u64, i64);

/// How long a log group's events are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    /// For ever.
    Forever,
    /// For so many days.
    Days(u32),
    /// The log group was deleted.
    Gone,
}

/// What the vault knows of a log group that has keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Keeping {
    pub(super) name: LogGroupName,
    /// As it was when the vault looked last.
    pub(super) now: Kept,
    /// As it was before, and until when; no longer than the grace.
    pub(super) before: Vec<(Kept, i64)>,
}

/// All wrapped keys, in memory and in their file. The two are the same whenever no method runs,
/// unless the file is suspect: then [`Self::settle`] makes them so.
pub(super) struct Book {
    file: KeyFile,
    groups: BTreeMap<u64, Keeping>,
    keys: BTreeMap<KeyName, WrappedKey>,
    /// Records in the file that later ones replaced.
    stale: usize,
}

impl Book {
    /// Reads the file in `directory`; returns as well how many stretches of it are damaged.
    ///
    /// # Errors
    ///
    /// As [`KeyFile::open`].
    pub(super) fn open(directory: &Path) -> Result<(Self, usize), Error> {
        let (file, Found { records, mut damaged }) = KeyFile::open(directory)?;
        let (groups, keys) = (BTreeMap::new(), BTreeMap::new());
        let mut book = Self { file, groups, keys, stale: 0 };
        let total = records.len();
        for record in records {
            match read(&record) {
                Some(Record::Group(number, keeping)) => {
                    book.groups.insert(number, keeping);
                }
                Some(Record::Key(name, wrapped)) => {
                    book.keys.insert(name, wrapped);
                }
                None => damaged += 1,
            }
        }
        // Without its name and retention a key can neither be used nor go in time.
        let orphans = book.keys.keys().filter(|name| !book.groups.contains_key(&name.0)).count();
        book.keys.retain(|name, _| book.groups.contains_key(&name.0));
        book.stale = total - book.groups.len() - book.keys.len();
        Ok((book, damaged + orphans))
    }

    pub(super) fn key(&self, name: KeyName) -> Option<&WrappedKey> {
        self.keys.get(&name)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (KeyName, &LogGroupName, &WrappedKey)> {
        let group = |number| &self.groups.get(number).expect("keys have groups").name;
        self.keys.iter().map(move |(name, wrapped)| (*name, group(&name.0), wrapped))
    }

    /// Makes the file what memory is, after a write that failed.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    fn settle(&mut self) -> Result<(), Error> {
        if !self.file.is_suspect() {
            return Ok(());
        }
        self.rewrite(&self.records(&self.groups, &self.keys))
    }

    /// Adds a key. `kept` counts when it is the log group's first one; later changes are seen by
    /// [`Self::sweep`]. The key is safe when this returns.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable; the key is not in the book then.
    pub(super) fn add(
        &mut self,
        name: KeyName,
        log_group: &LogGroupName,
        kept: Kept,
        wrapped: WrappedKey,
    ) -> Result<(), Error> {
        self.settle()?;
        let key = write(&Record::Key(name, wrapped.clone()));
        let new = (!self.groups.contains_key(&name.0)).then(|| Keeping {
            name: log_group.clone(),
            now: kept,
            before: Vec::new(),
        });
        let group = new.clone().map(|keeping| write(&Record::Group(name.0, keeping)));
        self.file.append(&Vec::from_iter(group.into_iter().chain([key])))?;
        self.groups.extend(new.map(|keeping| (name.0, keeping)));
        self.keys.insert(name, wrapped);
        Ok(())
    }

    /// Replaces wrapped keys by others of the same data keys; those that are gone stay so.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(super) fn replace(&mut self, wrapped: Vec<(KeyName, WrappedKey)>) -> Result<(), Error> {
        let mut keys = self.keys.clone();
        for (name, wrapped) in wrapped {
            keys.entry(name).and_modify(|key| *key = wrapped);
        }
        if keys == self.keys {
            return self.settle();
        }
        self.rewrite(&self.records(&self.groups, &keys))?;
        self.keys = keys;
        Ok(())
    }

    /// Destroys the keys of days that no event is kept of any more, and returns them. A retention
    /// that became shorter, or a log group that is gone, counts from `grace_ms` after the first
    /// call that saw it.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(super) fn sweep(
        &mut self,
        now_ms: i64,
        grace_ms: i64,
        kept: impl Fn(u64, &LogGroupName) -> Kept,
    ) -> Result<Vec<KeyName>, Error> {
        let groups = BTreeMap::from_iter(self.groups.iter().map(|(number, keeping)| {
            (*number, keeping.seen(kept(*number, &keeping.name), now_ms, grace_ms))
        }));
        let doomed = Vec::from_iter(self.keys.keys().copied().filter(|(number, day)| {
            groups.get(number).is_some_and(|keeping| keeping.has_expired(*day, now_ms))
        }));
        if doomed.is_empty() {
            self.note(groups)?;
            return Ok(doomed);
        }
        self.destroy(groups, &doomed)?;
        Ok(doomed)
    }

    /// Destroys the keys that a key-encryption key of that id wraps, and returns them.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(super) fn destroy_under(&mut self, key_id: &str) -> Result<Vec<KeyName>, Error> {
        let under = self.keys.iter().filter(|(_, wrapped)| wrapped.key_id == key_id);
        let doomed = Vec::from_iter(under.map(|(name, _)| *name));
        if !doomed.is_empty() {
            self.destroy(self.groups.clone(), &doomed)?;
        }
        Ok(doomed)
    }

    fn destroy(&mut self, groups: BTreeMap<u64, Keeping>, doomed: &[KeyName]) -> Result<(), Error> {
        let mut keys = self.keys.clone();
        doomed.iter().for_each(|name| drop(keys.remove(name)));
        let used = BTreeSet::from_iter(keys.keys().map(|name| name.0));
        let groups = BTreeMap::from_iter(groups.into_iter().filter(|(n, _)| used.contains(n)));
        let records = self.records(&groups, &keys);
        let written = self.rewrite(&records);
        // Whatever has become of the file: a key that was to be destroyed is not used again.
        (self.groups, self.keys) = (groups, keys);
        written
    }

    /// Writes down what changed of the groups.
    fn note(&mut self, groups: BTreeMap<u64, Keeping>) -> Result<(), Error> {
        self.settle()?;
        let changed = groups.iter().filter(|(number, now)| self.groups.get(number) != Some(now));
        let changed = changed.map(|(number, now)| write(&Record::Group(*number, now.clone())));
        let changed = Vec::from_iter(changed);
        if changed.is_empty() {
            return Ok(());
        }
        if self.stale > self.keys.len() + self.groups.len() {
            self.rewrite(&self.records(&groups, &self.keys))?;
        } else {
            self.file.append(&changed)?;
            self.stale += changed.len();
        }
        self.groups = groups;
        Ok(())
    }

    fn rewrite(&mut self, records: &[Vec<u8>]) -> Result<(), Error> {
        self.file.rewrite(records)?;
        self.stale = 0;
        Ok(())
    }

    fn records(
        &self,
        groups: &BTreeMap<u64, Keeping>,
        keys: &BTreeMap<KeyName, WrappedKey>,
    ) -> Vec<Vec<u8>> {
        let groups = groups.iter().map(|(number, keeping)| Record::Group(*number, keeping.clone()));
        let keys = keys.iter().map(|(name, wrapped)| Record::Key(*name, wrapped.clone()));
        groups.chain(keys).map(|record| write(&record)).collect()
    }
}

impl Keeping {
    /// The same when the vault looks again and finds `kept`.
    fn seen(&self, kept: Kept, now_ms: i64, grace_ms: i64) -> Self {
        let mut before = self.before.clone();
        if kept != self.now {
            // One entry for each retention: the list stays short however often it changes.
            before.retain(|(old, _)| *old != self.now);
            before.push((self.now, now_ms));
        }
        let oldest = now_ms.saturating_sub(grace_ms.max(0));
        before.retain(|(_, until_ms)| *until_ms > oldest);
        Self { name: self.name.clone(), now: kept, before }
    }

    /// Whether nothing of that day is kept, by what is in force and by what was within the grace.
    fn has_expired(&self, day: i64, now_ms: i64) -> bool {
        let last_ms = day.saturating_add(1).saturating_mul(DAY_MS).saturating_sub(1);
        let before = self.before.iter().map(|(kept, _)| *kept);
        before.chain([self.now]).all(|kept| match kept {
            Kept::Forever => false,
            Kept::Days(days) => last_ms < retention_cut(now_ms, days),
            Kept::Gone => true,
        })
    }
}

impl From<Option<u32>> for Kept {
    fn from(retention_days: Option<u32>) -> Self {
        retention_days.map_or(Self::Forever, Self::Days)
    }
}

/// The UTC day of a timestamp.
pub(super) fn day_of(timestamp_ms: i64) -> i64 {
    timestamp_ms.div_euclid(DAY_MS)
}
