//! Log streams.

use logveil::{DescribeLogStreams, LogStream, LogStreamName, OrderBy};
use serde_json::Value;

use super::{Answer, Operation, empty, events, log_groups, object, operation, some};
use crate::answer::Failure;
use crate::call::Call;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("CreateLogStream", create),
    operation("DeleteLogStream", delete),
    operation("DescribeLogStreams", describe),
];

pub(super) fn name(call: &Call<'_>) -> Result<LogStreamName, Failure> {
    Ok(LogStreamName::new(call.input.needed("logStreamName")?)?)
}

fn create(call: &mut Call<'_>) -> Answer {
    call.engine.create_log_stream(&log_groups::name(call)?, &name(call)?)?;
    empty()
}

fn delete(call: &mut Call<'_>) -> Answer {
    call.engine.delete_log_stream(&log_groups::name(call)?, &name(call)?)?;
    empty()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let (engine, log_group) = call.log_group()?;
    let input = &call.input;
    let mut request = DescribeLogStreams::new(log_group);
    request.log_stream_name_prefix = input.owned("logStreamNamePrefix")?;
    if input.text("orderBy")? == Some("LastEventTime") {
        request.order_by = OrderBy::LastEventTime;
    }
    request.descending = input.flag("descending")?.unwrap_or_default();
    request.limit = input.count("limit")?;
    request.next_token = input.owned("nextToken")?;
    let page = engine.describe_log_streams(&request)?;
    let log_streams: Vec<Value> = page.log_streams.iter().map(shown).collect();
    Ok(object([("logStreams", Some(log_streams.into())), ("nextToken", some(page.next_token))]))
}

fn shown(stream: &LogStream) -> Value {
    object([
        ("logStreamName", Some(stream.log_stream_name.as_str().into())),
        ("creationTime", Some(stream.creation_time.into())),
        ("firstEventTimestamp", some(stream.first_event_timestamp)),
        ("lastEventTimestamp", some(stream.last_event_timestamp)),
        ("lastIngestionTime", some(stream.last_ingestion_time)),
        // Clients of before 2023 send it with their next batch; it is ignored there.
        ("uploadSequenceToken", Some(events::SEQUENCE_TOKEN.into())),
        ("arn", Some(stream.arn.as_str().into())),
        // Always 0 since 2019: CloudWatch Logs API Reference, LogStream.
        ("storedBytes", Some(0.into())),
    ])
}
