//! CloudWatch Logs: an event for each finding, in a log stream that is made when it is not there.

use std::collections::BTreeMap;

use aws_config::{Region, SdkConfig};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::Builder;
use aws_sdk_cloudwatchlogs::error::BuildError;
use aws_sdk_cloudwatchlogs::types::{InputLogEvent, RejectedLogEventsInfo};
use logveil::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCH_SPAN_MS_MAX, EVENT_OVERHEAD_BYTES};
use logveil::{DeliveryError, Outgoing};

use crate::aws::Results;
use crate::error::of_request;
use crate::requests::{Limits, cut};

/// What one `PutLogEvents` may hold.
const LIMITS: Limits = Limits { records: BATCH_EVENTS_MAX, bytes: BATCH_BYTES_MAX };

pub(crate) async fn deliver(config: &SdkConfig, batch: &[Outgoing<'_>]) -> Results {
    let Some(arn) = batch.first().map(|outgoing| outgoing.destination_arn) else {
        return Vec::new();
    };
    let Some(group) = arn.resource().strip_prefix("log-group:") else {
        return vec![Err(DeliveryError::NotFound); batch.len()];
    };
    let region = Region::new(arn.region().to_owned());
    let client = Client::from_conf(Builder::from(config).region(region).build());
    let group = group.trim_end_matches(":*");
    let mut results = vec![Err(DeliveryError::Refused); batch.len()];
    for (name, numbers) in by_stream(batch) {
        let stream = Stream { client: &client, group, name };
        let events: Vec<_> = numbers.iter().map(|number| batch[*number]).collect();
        for (number, result) in numbers.iter().zip(stream.put_all(&events).await) {
            results[*number] = result;
        }
    }
    results
}

/// The items of each log stream in order of their times, as numbers in the batch. What names no
/// stream is no event.
fn by_stream<'a>(batch: &[Outgoing<'a>]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut streams: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (number, outgoing) in batch.iter().enumerate() {
        if let Some(place) = outgoing.log_place {
            streams.entry(place.log_stream).or_default().push(number);
        }
    }
    streams.values_mut().for_each(|numbers| numbers.sort_by_key(|number| time(&batch[*number])));
    streams
}

fn time(outgoing: &Outgoing<'_>) -> i64 {
    outgoing.log_place.map_or(0, |place| place.timestamp)
}

/// A log stream of a log group.
struct Stream<'a> {
    client: &'a Client,
    group: &'a str,
    name: &'a str,
}

impl Stream<'_> {
    /// Puts events in order of time, at most a day of them at once.
    async fn put_all(&self, mut events: &[Outgoing<'_>]) -> Results {
        let mut results = Vec::with_capacity(events.len());
        while let Some(first) = events.first() {
            let end = time(first).saturating_add(BATCH_SPAN_MS_MAX);
            let within = events.partition_point(|outgoing| time(outgoing) <= end);
            let (day, rest) = events.split_at(within);
            let size = |outgoing: &Outgoing<'_>| text(outgoing).len() + EVENT_OVERHEAD_BYTES;
            for part in cut(day, LIMITS, size) {
                results.extend(self.put(part).await);
            }
            events = rest;
        }
        results
    }

    async fn put(&self, part: &[Outgoing<'_>]) -> Results {
        let Ok(events) = part.iter().map(event).collect::<Result<Vec<_>, _>>() else {
            return vec![Err(DeliveryError::Refused); part.len()];
        };
        let mut answer = self.try_put(events.clone()).await;
        if answer == Err(DeliveryError::NotFound) {
            answer = match self.create().await {
                Ok(()) => self.try_put(events).await,
                Err(error) => Err(error),
            };
        }
        match answer {
            Ok(rejected) => (0..part.len()).map(|index| accepted(index, &rejected)).collect(),
            Err(error) => vec![Err(error); part.len()],
        }
    }

    async fn try_put(
        &self,
        events: Vec<InputLogEvent>,
    ) -> Result<Option<RejectedLogEventsInfo>, DeliveryError> {
        let request =
            self.client.put_log_events().log_group_name(self.group).log_stream_name(self.name);
        let answer = request.set_log_events(Some(events)).send().await;
        answer.map(|answer| answer.rejected_log_events_info).map_err(|error| of_request(&error))
    }

    /// Makes the log stream; one that another made meanwhile is as good.
    async fn create(&self) -> Result<(), DeliveryError> {
        let request =
            self.client.create_log_stream().log_group_name(self.group).log_stream_name(self.name);
        match request.send().await {
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_resource_already_exists_exception() => Ok(()),
                _ => Err(of_request(&error)),
            },
            Ok(_) => Ok(()),
        }
    }
}

fn event(outgoing: &Outgoing<'_>) -> Result<InputLogEvent, BuildError> {
    InputLogEvent::builder().timestamp(time(outgoing)).message(text(outgoing)).build()
}

/// The finding without the line feed that parts it from others in files.
fn text<'a>(outgoing: &Outgoing<'a>) -> &'a str {
    std::str::from_utf8(outgoing.data).unwrap_or_default().trim_end_matches('\n')
}

/// Whether the service took the event of that index: not too old, not expired, not too new.
fn accepted(index: usize, rejected: &Option<RejectedLogEventsInfo>) -> Result<(), DeliveryError> {
    let Some(info) = rejected else { return Ok(()) };
    let before = |end: Option<i32>| end.is_some_and(|end| (index as i64) < i64::from(end));
    let too_new = info.too_new_log_event_start_index;
    let too_new = too_new.is_some_and(|start| index as i64 >= i64::from(start));
    if too_new
        || before(info.too_old_log_event_end_index)
        || before(info.expired_log_event_end_index)
    {
        return Err(DeliveryError::Refused);
    }
    Ok(())
}
