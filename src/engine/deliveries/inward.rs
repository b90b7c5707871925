//! Records of deliveries that go into log groups of this engine.

use crate::arn::{LogGroupName, LogStreamName};
use crate::error::ErrorKind;
use crate::event::InputLogEvent;
use crate::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_OVERHEAD_BYTES};
use crate::message::RawMessage;
use crate::subscription::{DeliveryError, Destination, Outgoing, OutgoingKind};

use super::{Engine, log_group_of};
use crate::engine::ingest::PutLogEvents;

/// Puts records into the engine's own log groups, and hands everything else to the host.
pub(in crate::engine) struct Inward<'a>(pub(in crate::engine) &'a Engine);

impl Destination for Inward<'_> {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let Self(engine) = self;
        let group = batch.first().map(|it| it.destination_arn.as_str());
        let Some(group) = group.and_then(|arn| log_group_of(arn, &engine.home)) else {
            return engine.destination.deliver(batch);
        };
        let mut results = Vec::with_capacity(batch.len());
        let (mut rest, mut failed) = (batch, None);
        while let Some(first) = rest.first() {
            let (now, later) = rest.split_at(together(rest));
            if first.kind == OutgoingKind::Record {
                let stream = stream_of(first);
                // What follows in the log stream waits.
                let result = match failed {
                    Some((of_it, error)) if of_it == stream => Err(error),
                    _ => engine.put_records(&group, stream, now),
                };
                failed = result.err().map(|error| (stream, error)).or(failed);
                results.extend(now.iter().map(|_| result));
            } else {
                let mut of_host = engine.destination.deliver(now);
                of_host.resize(now.len(), Err(DeliveryError::Unavailable));
                results.extend(of_host);
            }
            rest = later;
        }
        results
    }
}

impl Engine {
    /// Puts records into a log group, each an event of now, judged by the policies of that group.
    /// What a delivery puts is delivered no further, so that nothing loops.
    // Choice: AWS does not publish the name of the stream; ours is that of the source.
    fn put_records(
        &self,
        group: &LogGroupName,
        stream: &str,
        records: &[Outgoing<'_>],
    ) -> Result<(), DeliveryError> {
        let stream = LogStreamName::new(stream).map_err(|_| DeliveryError::Refused)?;
        // It is there already, but for the first time.
        drop(self.create_log_stream(group, &stream));
        let timestamp = self.clock.now_ms().max(0);
        let event = |record: &Outgoing<'_>| {
            let text = String::from_utf8_lossy(text_of(record));
            InputLogEvent { timestamp, message: RawMessage::from(&*text) }
        };
        // Nothing is no event.
        let records = records.iter().filter(|record| !text_of(record).is_empty());
        let log_events: Vec<_> = records.map(event).collect();
        if log_events.is_empty() {
            return Ok(());
        }
        let (log_group_name, log_stream_name) = (group.clone(), stream);
        let request = PutLogEvents { log_group_name, log_stream_name, log_events };
        self.put_events(request, false).map(drop).map_err(|error| match error.kind() {
            ErrorKind::ResourceNotFound => DeliveryError::NotFound,
            _ => DeliveryError::Unavailable,
        })
    }
}

fn stream_of<'a>(record: &Outgoing<'a>) -> &'a str {
    record.log_place.map_or("", |place| place.log_stream)
}

/// The text of a record, without the line feed behind it.
fn text_of<'a>(record: &Outgoing<'a>) -> &'a [u8] {
    record.data.strip_suffix(b"\n").unwrap_or(record.data)
}

/// How many of the first go into one batch of one log stream; one at least.
fn together(records: &[Outgoing<'_>]) -> usize {
    let mut bytes = 0;
    let fits = |record: &&Outgoing<'_>| {
        bytes += text_of(record).len() + EVENT_OVERHEAD_BYTES;
        let alike = record.kind == records[0].kind && stream_of(record) == stream_of(&records[0]);
        alike && bytes <= BATCH_BYTES_MAX
    };
    records.iter().take(BATCH_EVENTS_MAX).take_while(fits).count().max(1)
}
