//! From what is staged to what leaves: objects for buckets when their time has come or they are
//! full, records for streams and log groups at once.

use std::sync::{Arc, PoisonError};

use crate::arn::{Arn, LogGroupName, LogStreamName};
use crate::delivery::{
    Delivery, DeliveryDestination, DeliveryDestinationType, DeliverySource, Rendering, Row,
    VendedRecord, render,
};
use crate::error::Error;
use crate::event::InputLogEvent;
use crate::limits::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_OVERHEAD_BYTES, ROLLOVER_BYTES, ROLLOVER_MS,
};
use crate::message::{MaskedMessage, RawMessage};
use crate::store::{Content, Entry, EventKey, Rendered, Route, StagedFor};

use super::{Engine, log_group_of, route};
use crate::engine::ingest::PutLogEvents;

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

impl Engine {
    /// Puts all records that wait for company into objects now, however few they are. They leave
    /// with what waits.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the disk fails.
    pub fn flush_deliveries(&self) -> Result<(), Error> {
        self.roll_over(true)
    }

    /// Rolls over what is due: five minutes after its first record, or when it is full. Returns
    /// when something is due next.
    pub(in crate::engine) fn roll_over_due(&self) -> Option<i64> {
        // A disk that fails is known to the next write.
        drop(self.roll_over(false));
        self.store.staged().iter().map(|it| it.first_ms.saturating_add(ROLLOVER_MS)).min()
    }

    fn roll_over(&self, all: bool) -> Result<(), Error> {
        if self.store.staged().is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.deliveries.rolling.lock().unwrap_or_else(PoisonError::into_inner);
        for staged in self.store.staged() {
            let mut left = staged.bytes;
            let due = all || self.is_due(&staged);
            // As many objects as are full, and the rest when it is due.
            while due || left >= ROLLOVER_BYTES {
                if !self.roll_one(&staged.delivery)? {
                    break;
                }
                let now = self.store.staged();
                let rest = now.iter().find(|it| it.delivery == staged.delivery);
                left = rest.map_or(0, |rest| rest.bytes);
                if left == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    fn is_due(&self, staged: &StagedFor) -> bool {
        let now_ms = self.clock.now_ms();
        let bucket = self.pair(&staged.delivery).is_some_and(|pair| {
            pair.destination.delivery_destination_type == DeliveryDestinationType::S3
        });
        let age_ms = now_ms.saturating_sub(staged.first_ms);
        // A clock that was set back does not hold an object up.
        !bucket || !(0..ROLLOVER_MS).contains(&age_ms)
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

    /// Moves one object's worth to the outbox. Whether there was something, and it could be moved.
    fn roll_one(&self, id: &str) -> Result<bool, Error> {
        let staged = self.store.staged_for(id, ROLLOVER_BYTES)?;
        let Some((first, _)) = staged.first() else { return Ok(false) };
        let (first, numbers) = (*first, staged.iter().map(|(number, _)| *number).collect());
        let gone_at = |dropped| {
            let entry = staged.iter().find_map(|(_, entry)| entry.clone())?;
            Some((Entry { log_group: None, log_stream: None, ..entry }, dropped))
        };
        let known = self.deliveries.objects().deliveries.contains_key(id);
        let Some(pair) = self.pair(id) else {
            // A destination of another account that is out of sight may come back; a delivery that
            // was deleted does not.
            if !known {
                self.store.roll_over(id, numbers, None, gone_at(staged.len() as u64))?;
            }
            return Ok(!known);
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
            return Ok(true);
        }
        // Without an encoder for Parquet the records wait for a host that has one.
        let Some(rendered) = render(&rendering, &rows) else { return Ok(false) };
        if let Some(group) = log_group_of(pair.resource.as_str(), &self.home)
            && self.permit_delivery(id).is_ok()
        {
            self.put_into(&group, &pair.source.name, rendered)?;
            self.store.roll_over(id, numbers, None, gone_at(gone))?;
            return Ok(true);
        }
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
        Ok(true)
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

    /// Puts records into a log group of this engine, each an event of now, judged by the policies
    /// of that group. What a delivery puts is delivered no further, so that nothing loops.
    // Choice: AWS does not publish the name of the stream; ours is that of the source.
    fn put_into(
        &self,
        group: &LogGroupName,
        stream: &str,
        records: Vec<Rendered>,
    ) -> Result<(), Error> {
        let stream = LogStreamName::new(stream)?;
        let made = self.create_log_stream(group, &stream);
        if made.is_err() && self.live(group).is_err() {
            // The log group is gone; so are its events.
            return Ok(());
        }
        let timestamp = self.clock.now_ms().max(0);
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for Rendered { data, .. } in records {
            let text = String::from_utf8_lossy(&data).trim_end_matches('\n').to_owned();
            let size = text.len() + EVENT_OVERHEAD_BYTES;
            if batch.len() == BATCH_EVENTS_MAX || bytes + size > BATCH_BYTES_MAX {
                self.put_batch(group, &stream, std::mem::take(&mut batch))?;
                bytes = 0;
            }
            if text.is_empty() || size > BATCH_BYTES_MAX {
                continue;
            }
            bytes += size;
            batch.push(InputLogEvent { timestamp, message: RawMessage::from(text.as_str()) });
        }
        self.put_batch(group, &stream, batch)
    }

    fn put_batch(
        &self,
        group: &LogGroupName,
        stream: &LogStreamName,
        log_events: Vec<InputLogEvent>,
    ) -> Result<(), Error> {
        if log_events.is_empty() {
            return Ok(());
        }
        let (log_group_name, log_stream_name) = (group.clone(), stream.clone());
        let request = PutLogEvents { log_group_name, log_stream_name, log_events };
        self.put_events(request, false).map(drop)
    }
}

/// The bucket of an ARN that may have a prefix.
fn bucket_of(arn: &Arn) -> Arn {
    let bucket = arn.as_str().split_once('/').map_or(arn.as_str(), |(bucket, _)| bucket);
    Arn::parse("bucket", bucket).unwrap_or_else(|_| arn.clone())
}
