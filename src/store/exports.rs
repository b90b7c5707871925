//! What of an export is on its way.

use super::Store;
use super::commit::How;
use super::outbox::{Entry, Line, Owner};
use super::record::Key;
use super::state::{Forwarder, Tally};
use crate::arn::Arn;
use crate::error::Error;

impl Store {
    /// Keeps an object of the engine, as [`Store::keep_object`] does, and queues an entry with it.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn keep_object_and_queue(
        &self,
        kind: &str,
        name: &str,
        value: String,
        entry: Option<Entry>,
    ) -> Result<(), Error> {
        let key = Key::Object(kind.to_owned(), name.to_owned());
        self.commit(How::Shared, move |txn| {
            txn.put(&key, &value);
            entry.into_iter().for_each(|entry| txn.queue_entry(&entry));
            Ok(())
        })
    }

    /// Keeps the last word on an export task; what waits of it is dropped and counted.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn end_export(&self, kind: &str, id: &str, value: String) -> Result<(), Error> {
        let (key, owner) =
            (Key::Object(kind.to_owned(), id.to_owned()), Owner::Export(id.to_owned()));
        self.commit(How::Alone, move |txn| {
            txn.drop_lines(|line| line.owner == owner);
            txn.put(&key, &value);
            Ok(())
        })
    }

    /// Whether something of an export waits to be sent, or is being sent.
    pub(crate) fn export_waits(&self, id: &str, bucket: &Arn) -> bool {
        let (destination_arn, owner) = (bucket.clone(), Owner::Export(id.to_owned()));
        let line = Line { destination_arn, owner, log_group: None, log_stream: None };
        self.backlog().has_line(&line)
    }

    /// What became of an export's objects so far.
    pub(crate) fn export_tally(&self, id: &str, bucket: &Arn) -> Tally {
        let (owner, service) = (Owner::Export(id.to_owned()), bucket.service().to_owned());
        let forwarder = Forwarder { owner, log_group: None, service };
        self.read().tallies.get(&forwarder).copied().unwrap_or_default()
    }
}
