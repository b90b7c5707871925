//! What waits to be put into an object of a vended-log delivery. It is staged in the batch that
//! stores the events it speaks of; rolling over moves it to the outbox, in one commit.

use super::Store;
use super::code::{Reader, Writer};
use super::commit::How;
use super::disk::failed_in;
use super::outbox::{Content, Entry, Owner};
use super::record::{Key, Record};
use super::state::{Forwarder, Tally};
use super::txn::Txn;
use crate::error::Error;

/// A part of a batch that is for one delivery.
#[derive(Debug)]
pub(crate) struct Staged {
    /// Bytes of its messages.
    pub(super) bytes: u64,
    pub(super) entry: Entry,
}

/// What memory knows of a staged part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct About {
    pub(super) born_ms: i64,
    pub(super) bytes: u64,
}

/// What is staged for one delivery.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StagedFor {
    pub(crate) delivery: String,
    /// When the oldest of it was staged.
    pub(crate) first_ms: i64,
    pub(crate) bytes: u64,
    /// How many parts of batches.
    pub(crate) parts: usize,
}

/// Records of a producer for one delivery: masked, a JSON object each.
#[derive(Debug)]
pub(crate) struct StagedRecords {
    pub(crate) entry: Entry,
}

impl Staged {
    pub(super) fn about(&self) -> About {
        About { born_ms: self.entry.born_ms, bytes: self.bytes }
    }
}

impl Store {
    /// For which deliveries something is staged.
    pub(crate) fn staged(&self) -> Vec<StagedFor> {
        let of_one = |(delivery, parts): (&String, &std::collections::BTreeMap<u64, About>)| {
            let first_ms = parts.values().map(|part| part.born_ms).min().unwrap_or(i64::MAX);
            let bytes = parts.values().map(|part| part.bytes).sum();
            StagedFor { delivery: delivery.clone(), first_ms, bytes, parts: parts.len() }
        };
        self.read().staged.iter().map(of_one).collect()
    }

    /// The oldest parts that are staged for a delivery, up to so many bytes, one at least. What is
    /// damaged is counted and comes without entry.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub(crate) fn staged_for(
        &self,
        delivery: &str,
        bytes_max: u64,
    ) -> Result<Vec<(u64, Option<Entry>)>, Error> {
        let (mut numbers, mut bytes) = (Vec::new(), 0);
        if let Some(parts) = self.read().staged.get(delivery) {
            for (number, part) in parts {
                if bytes > 0 && bytes + part.bytes > bytes_max {
                    break;
                }
                bytes += part.bytes;
                numbers.push(*number);
            }
        }
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            let key = Key::Staged(number, delivery.to_owned()).to_bytes();
            let value = self.disk.records.get(key);
            let value = value.map_err(|error| failed_in("read what is staged", &error))?;
            let staged = value.as_deref().and_then(Staged::of_value);
            if staged.is_none() {
                self.disk.note_damage();
            }
            found.push((number, staged.map(|staged| staged.entry)));
        }
        Ok(found)
    }

    /// Moves staged parts to the outbox: as the entry that was made of them, or to nowhere. Events
    /// that were gone are counted as dropped under the name of `gone`.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn roll_over(
        &self,
        delivery: &str,
        numbers: Vec<u64>,
        entry: Option<Entry>,
        (name, dropped): (Forwarder, u64),
    ) -> Result<(), Error> {
        let delivery = delivery.to_owned();
        self.commit(How::Shared, move |txn| {
            numbers.into_iter().for_each(|number| txn.unstage(number, &delivery));
            txn.count_for(name, Tally { dropped, ..Tally::default() });
            entry.into_iter().for_each(|entry| txn.queue_entry(&entry));
            Ok(())
        })
    }

    /// Drops parts that were staged for a delivery at that time or before, and counts them under
    /// its name.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn drop_staged(
        &self,
        delivery: &str,
        name: &Forwarder,
        until_ms: i64,
    ) -> Result<(), Error> {
        let old = |(number, part): (&u64, &About)| (part.born_ms <= until_ms).then_some(*number);
        let parts = self.read().staged.get(delivery).map(|it| it.iter().filter_map(old).collect());
        let numbers: Vec<u64> = parts.unwrap_or_default();
        if numbers.is_empty() {
            return Ok(());
        }
        let dropped = numbers.len() as u64;
        self.roll_over(delivery, numbers, None, (name.clone(), dropped))
    }

    /// Stages records of a producer, all or none.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn stage_records(&self, records: Vec<StagedRecords>) -> Result<(), Error> {
        let number = self.reserve(1);
        self.commit(How::Shared, move |txn| {
            for StagedRecords { entry } in records {
                let bytes = match &entry.content {
                    Content::Findings(records) => records.iter().map(Vec::len).sum::<usize>(),
                    _ => 0,
                };
                txn.stage(number, Staged { bytes: bytes as u64, entry });
            }
            Ok(())
        })
    }

    /// Keeps an object of the engine under a kind and a name, or removes it.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn keep_object(
        &self,
        kind: &str,
        name: &str,
        value: Option<String>,
    ) -> Result<(), Error> {
        let key = Key::Object(kind.to_owned(), name.to_owned());
        self.commit(How::Shared, move |txn| {
            match value {
                Some(value) => txn.put(&key, &value),
                None => txn.remove(key.to_bytes()),
            }
            Ok(())
        })
    }

    /// Removes a delivery that is kept under a kind and its id; what waits for it goes with it and
    /// is counted, what is staged under `name`.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn remove_delivery(
        &self,
        kind: &str,
        id: &str,
        name: Forwarder,
    ) -> Result<(), Error> {
        let (key, id) = (Key::Object(kind.to_owned(), id.to_owned()), id.to_owned());
        self.commit(How::Alone, move |txn| {
            let owner = Owner::Delivery(id.clone());
            txn.drop_lines(|line| line.owner == owner);
            let numbers = txn.state.staged.get(&id).map(|parts| parts.keys().copied().collect());
            let numbers: Vec<u64> = numbers.unwrap_or_default();
            let dropped = numbers.len() as u64;
            txn.count_for(name, Tally { dropped, ..Tally::default() });
            numbers.into_iter().for_each(|number| txn.unstage(number, &id));
            txn.remove(key.to_bytes());
            Ok(())
        })
    }
}

impl Txn<'_> {
    /// Stages a part of a batch. What belongs to no delivery is not staged.
    pub(super) fn stage(&mut self, number: u64, staged: Staged) {
        let Owner::Delivery(delivery) = &staged.entry.route.owner else { return };
        let delivery = delivery.clone();
        self.put(&Key::Staged(number, delivery.clone()), &staged);
        self.changes.staged.push((number, delivery, staged.about()));
    }

    fn unstage(&mut self, number: u64, delivery: &str) {
        self.remove(Key::Staged(number, delivery.to_owned()).to_bytes());
        self.changes.unstaged.push((number, delivery.to_owned()));
    }
}

impl Record for Staged {
    fn write(&self, out: &mut Writer) {
        out.number(self.bytes);
        self.entry.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { bytes: from.number()?, entry: Entry::read(from)? })
    }
}
