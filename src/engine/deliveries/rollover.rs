//! From what is staged to what leaves: objects for buckets when their time has come or they are
//! full, records for streams and log groups at once.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::arn::{Arn, LogGroupName, LogStreamName};
use crate::delivery::{
    Delivery, DeliveryDestination, DeliveryDestinationType, DeliverySource, Rendering, Row,
    VendedRecord, render,
};
use crate::error::Error;
use crate::limits::{DELIVERY_AGE_MS_MAX, ROLLOVER_BYTES, ROLLOVER_MS};
use crate::message::MaskedMessage;
use crate::store::{Content, Entry, EventKey, Forwarder, Owner, Retry, Route, StagedFor, Wait};

use super::{Engine, route};

/// A delivery with what it pairs.
struct Pair {
    source: DeliverySource,
    destination: DeliveryDestination,
    delivery: Delivery,
    resource: Arn,
}

/// A record between disk and rendering.
enum Owned {
    Event { key: EventKey, message: MaskedMessage, group: LogGroupName, stream: LogStreamName },
    Record(VendedRecord),
}

/// How much is rolled over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::engine) enum RollOver {
    /// What is due.
    Due,
    /// What is due, and what is tried again later as well.
    Hurried,
    /// Everything, however little it is.
    All,
}

/// What became of one object's worth.
enum Rolled {
    /// There was nothing.
    Nothing,
    /// It left, or was gone.
    Moved,
    /// It cannot leave just now.
    Held,
}

impl Engine {
    /// Puts all records that wait for company into objects now, however few they are. They leave
    /// with what waits.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub fn flush_deliveries(&self) -> Result<(), Error> {
        self.roll_over(RollOver::All)
    }

    /// Rolls over what is due: five minutes after its first record, or when it is full. Returns
    /// when something is due next.
    pub(in crate::engine) fn roll_over_due(&self, how: RollOver) -> Option<i64> {
        // A disk that fails is known to the next write.
        drop(self.roll_over(how));
        let staged = self.store.staged();
        let retries = self.retries();
        let due_ms = |it: &StagedFor| {
            let retry = retries.get(&it.delivery).copied().unwrap_or_default();
            self.ready_ms(it).max(retry.due_ms)
        };
        staged.iter().map(due_ms).min()
    }

    fn retries(&self) -> MutexGuard<'_, HashMap<String, Retry>> {
        self.deliveries.retries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes over all deliveries, whatever fails of one. The first failure is returned.
    fn roll_over(&self, how: RollOver) -> Result<(), Error> {
        if self.store.staged().is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.deliveries.rolling.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, mut outcome) = (self.store.staged(), Ok(()));
        self.retries().retain(|id, _| all.iter().any(|it| it.delivery == *id));
        for staged in all {
            let now_ms = self.clock.now_ms();
            let retry = self.retries().get(&staged.delivery).copied();
            if how == RollOver::Due && retry.is_some_and(|retry| !retry.is_due(now_ms)) {
                continue;
            }
            match self.roll_over_one(&staged, how == RollOver::All) {
                Ok(false) => _ = self.retries().remove(&staged.delivery),
                held => {
                    let seed = staged.first_ms.unsigned_abs();
                    let mut retry = retry.unwrap_or_default();
                    retry.failed(Wait::Pause, seed, now_ms);
                    self.retries().insert(staged.delivery, retry);
                    outcome = outcome.and(held.map(drop));
                }
            }
        }
        outcome
    }

    /// As many objects of a delivery as are full, and the rest when it is due. Whether something
    /// was held up; of that, what is too old is dropped and counted.
    fn roll_over_one(&self, staged: &StagedFor, all: bool) -> Result<bool, Error> {
        let id = &staged.delivery;
        let due = all || self.ready_ms(staged) <= self.clock.now_ms();
        let mut left = staged.bytes;
        while due || left >= ROLLOVER_BYTES {
            match self.roll_one(id)? {
                Rolled::Nothing => break,
                Rolled::Moved => {}
                Rolled::Held => {
                    let until_ms = self.clock.now_ms().saturating_sub(DELIVERY_AGE_MS_MAX);
                    self.store.drop_staged(id, &self.forwarder(id), until_ms)?;
                    return Ok(true);
                }
            }
            let now = self.store.staged();
            let rest = now.iter().find(|it| it.delivery == *id);
            let Some(rest) = rest else { break };
            left = rest.bytes;
        }
        Ok(false)
    }

    /// When records are old enough to leave in an object. What goes elsewhere, and what belongs to
    /// no delivery any more, is old enough at once.
    fn ready_ms(&self, staged: &StagedFor) -> i64 {
        let now_ms = self.clock.now_ms();
        let bucket = self
            .deliveries
            .objects()
            .deliveries
            .get(&staged.delivery)
            .is_some_and(|it| it.delivery_destination_type == DeliveryDestinationType::S3);
        let age_ms = now_ms.saturating_sub(staged.first_ms);
        // A clock that was set back does not hold an object up.
        match bucket && (0..ROLLOVER_MS).contains(&age_ms) {
            true => staged.first_ms.saturating_add(ROLLOVER_MS),
            false => now_ms,
        }
    }

    /// Under which name what becomes of a delivery's records is counted.
    fn forwarder(&self, id: &str) -> Forwarder {
        forwarder(id, self.deliveries.objects().deliveries.get(id))
    }

    fn pair(&self, id: &str) -> Option<Pair> {
        let (source, delivery) = {
            let objects = self.deliveries.objects();
            let delivery = objects.deliveries.get(id)?.clone();
            (objects.sources.get(&delivery.delivery_source_name)?.clone(), delivery)
        };
        let arn = Arn::parse("kept ARN", &delivery.delivery_destination_arn).ok()?;
        let destination = self.destination_of(&arn)?.destination;
        let resource = destination.destination_resource_arn.as_deref()?;
        let resource = Arn::parse("kept ARN", resource).ok()?;
        Some(Pair { source, destination, delivery, resource })
    }

    /// Moves one object's worth to the outbox.
    fn roll_one(&self, id: &str) -> Result<Rolled, Error> {
        let staged = self.store.staged_for(id, ROLLOVER_BYTES)?;
        let Some((first, _)) = staged.first() else { return Ok(Rolled::Nothing) };
        let (first, numbers) = (*first, staged.iter().map(|(number, _)| *number).collect());
        let gone_at = |dropped| (self.forwarder(id), dropped);
        let known = self.deliveries.objects().deliveries.contains_key(id);
        let Some(pair) = self.pair(id) else {
            // A destination of another account that is out of sight may come back; a delivery that
            // was deleted does not.
            if known {
                return Ok(Rolled::Held);
            }
            self.store.roll_over(id, numbers, None, gone_at(staged.len() as u64))?;
            return Ok(Rolled::Moved);
        };
        let opened_ms = staged.iter().filter_map(|(_, it)| Some(it.as_ref()?.born_ms)).min();
        let (mut owned, mut gone) = (Vec::new(), 0);
        for entry in staged.iter().filter_map(|(_, entry)| entry.as_ref()) {
            gone += self.records_of(entry, &mut owned)?;
        }
        let rows: Vec<Row<'_>> = owned.iter().map(|it| self.row(it)).collect();
        let rendering = Rendering {
            home: &self.home,
            source: &pair.source,
            destination: &pair.destination,
            resource: &pair.resource,
            delivery: &pair.delivery,
            opened_ms: opened_ms.unwrap_or_default(),
            number: first,
            parquet: self.deliveries.parquet.get(),
        };
        if rows.is_empty() {
            self.store.roll_over(id, numbers, None, gone_at(gone))?;
            return Ok(Rolled::Moved);
        }
        // Without an encoder for Parquet the records wait for a host that has one.
        let Some(rendered) = render(&rendering, &rows) else { return Ok(Rolled::Held) };
        let resource = match pair.destination.delivery_destination_type {
            DeliveryDestinationType::S3 => bucket_of(&pair.resource),
            _ => pair.resource,
        };
        let entry = route(&pair.delivery).map(|to| Entry {
            route: Arc::new(Route { destination_arn: resource, ..to }),
            born_ms: self.clock.now_ms(),
            log_group: None,
            log_stream: LogStreamName::new(pair.source.name.as_str()).ok(),
            content: Content::Rendered(rendered),
            judged: Vec::new(),
        });
        self.store.roll_over(id, numbers, entry, gone_at(gone))?;
        Ok(Rolled::Moved)
    }

    /// Reads what a staged part speaks of; how much of it is gone.
    fn records_of(&self, entry: &Entry, owned: &mut Vec<Owned>) -> Result<u64, Error> {
        let before = owned.len();
        let expected = match &entry.content {
            Content::Events(keys) => {
                let (Some(group), Some(stream)) = (&entry.log_group, &entry.log_stream) else {
                    return Ok(keys.len() as u64);
                };
                let event = |key, message: &MaskedMessage| Owned::Event {
                    key,
                    message: message.clone(),
                    group: group.clone(),
                    stream: stream.clone(),
                };
                self.store
                    .each_masked(entry, keys, |key, message| owned.push(event(key, message)))?;
                keys.len()
            }
            Content::Findings(records) => {
                let read = records.iter().filter_map(|record| VendedRecord::of_bytes(record));
                owned.extend(read.map(Owned::Record));
                records.len()
            }
            Content::Control | Content::Rendered(_) => 0,
        };
        Ok(expected.saturating_sub(owned.len() - before) as u64)
    }

    fn row<'a>(&'a self, owned: &'a Owned) -> Row<'a> {
        match owned {
            Owned::Record(record) => Row::Record(record),
            Owned::Event { key, message, group, stream } => Row::Event {
                home: &self.home,
                timestamp: key.position.timestamp,
                message,
                log_group: group.as_str(),
                log_stream: stream.as_str(),
                event_id: key.position.to_string(),
            },
        }
    }
}

/// Under which name what becomes of a delivery's records is counted: as when they leave.
pub(super) fn forwarder(id: &str, delivery: Option<&Delivery>) -> Forwarder {
    use DeliveryDestinationType::{Firehose, LogGroup, S3, XRay};
    let service = match delivery.map(|it| it.delivery_destination_type) {
        Some(S3) => "s3",
        Some(Firehose) => "firehose",
        Some(XRay) => "xray",
        Some(LogGroup) | None => "logs",
    };
    let owner = Owner::Delivery(id.to_owned());
    Forwarder { owner, log_group: None, service: service.to_owned() }
}

/// The bucket of an ARN that may have a prefix.
fn bucket_of(arn: &Arn) -> Arn {
    let bucket = arn.as_str().split_once('/').map_or(arn.as_str(), |(bucket, _)| bucket);
    Arn::parse("bucket", bucket).unwrap_or_else(|_| arn.clone())
}
