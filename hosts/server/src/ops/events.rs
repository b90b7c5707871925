//! Events in and out.

use std::collections::BTreeMap;

use logveil::{
    FilterLogEvents, FilterPattern, GetLogEvents, GetLogRecord, InputLogEvent, LogStreamName,
    PutLogEvents, RawMessage, RejectedLogEventsInfo, TestMetricFilter,
};
use serde_json::{Value, json};

use super::{Answer, Operation, log_groups, log_streams, object, operation, some, texts};
use crate::answer::Failure;
use crate::call::Call;
use crate::input::{integer, missing, wrong_type};

pub(super) const OPERATIONS: &[Operation] = &[
    operation("PutLogEvents", put),
    operation("GetLogEvents", get),
    operation("FilterLogEvents", filter),
    operation("GetLogRecord", get_record),
    operation("TestMetricFilter", test_metric_filter),
];

/// What stands where the service once gave a token for the next batch. It is ignored.
// Choice: the same for every batch, as its value has meant nothing since 2023.
pub(super) const SEQUENCE_TOKEN: &str = "49600000000000000000000000000000000000000000000000000002";

fn put(call: &mut Call<'_>) -> Answer {
    let log_group_name = log_groups::name(call)?;
    let log_stream_name = log_streams::name(call)?;
    let log_events = call.input.take("logEvents").ok_or_else(|| missing("logEvents"))?;
    let Value::Array(log_events) = log_events else { return Err(wrong_type("logEvents")) };
    let log_events = log_events.into_iter().map(event).collect::<Result<_, _>>()?;
    let put =
        call.engine.put_log_events(PutLogEvents { log_group_name, log_stream_name, log_events })?;
    let entity =
        call.input.has("entity").then(|| json!({ "errorType": "UnsupportedLogGroupType" }));
    Ok(object([
        ("nextSequenceToken", Some(SEQUENCE_TOKEN.into())),
        ("rejectedLogEventsInfo", put.rejected_log_events_info.map(rejected)),
        // Choice: entities are not kept; the answer says so and the events are.
        ("rejectedEntityInfo", entity),
    ]))
}

/// The text is moved, never copied.
fn event(item: Value) -> Result<InputLogEvent, Failure> {
    let Value::Object(mut members) = item else { return Err(wrong_type("logEvents")) };
    let timestamp = members.get("timestamp").ok_or_else(|| missing("logEvents.member.timestamp"));
    let timestamp = integer("logEvents.member.timestamp", timestamp?)?;
    match members.remove("message") {
        Some(Value::String(text)) => {
            Ok(InputLogEvent { timestamp, message: RawMessage::from(text) })
        }
        Some(_) => Err(wrong_type("logEvents.member.message")),
        None => Err(missing("logEvents.member.message")),
    }
}

fn rejected(info: RejectedLogEventsInfo) -> Value {
    object([
        ("tooNewLogEventStartIndex", some(info.too_new_log_event_start_index)),
        ("tooOldLogEventEndIndex", some(info.too_old_log_event_end_index)),
        ("expiredLogEventEndIndex", some(info.expired_log_event_end_index)),
    ])
}

fn get(call: &mut Call<'_>) -> Answer {
    let (engine, log_group) = call.log_group()?;
    let grant = call.grant(&engine, &log_group)?;
    let input = &call.input;
    let page = engine.get_log_events(&GetLogEvents {
        log_group_name: log_group,
        log_stream_name: log_streams::name(call)?,
        start_time: input.integer("startTime")?,
        end_time: input.integer("endTime")?,
        next_token: input.owned("nextToken")?,
        limit: input.count("limit")?,
        start_from_head: input.flag("startFromHead")?.unwrap_or_default(),
        unmask: grant.as_ref(),
    })?;
    let event = |event: &logveil::OutputLogEvent| {
        json!({
            "timestamp": event.timestamp,
            "message": event.message.reveal(),
            "ingestionTime": event.ingestion_time,
        })
    };
    Ok(json!({
        "events": page.events.iter().map(event).collect::<Vec<_>>(),
        "nextForwardToken": page.next_forward_token,
        "nextBackwardToken": page.next_backward_token,
    }))
}

fn filter(call: &mut Call<'_>) -> Answer {
    let (engine, log_group) = call.log_group()?;
    let grant = call.grant(&engine, &log_group)?;
    let input = &call.input;
    let names = input.parsed_all("logStreamNames", LogStreamName::new)?;
    let page = engine.filter_log_events(&FilterLogEvents {
        log_group_name: log_group,
        log_stream_names: names.unwrap_or_default(),
        log_stream_name_prefix: input.owned("logStreamNamePrefix")?,
        start_time: input.integer("startTime")?,
        end_time: input.integer("endTime")?,
        filter_pattern: input.parsed("filterPattern", FilterPattern::parse)?.unwrap_or_default(),
        next_token: input.owned("nextToken")?,
        limit: input.count("limit")?,
        start_from_head: input.flag("startFromHead")?.unwrap_or(true),
        unmask: grant.as_ref(),
    })?;
    let event = |event: &logveil::FilteredLogEvent| {
        json!({
            "logStreamName": event.log_stream_name.as_str(),
            "timestamp": event.timestamp,
            "message": event.message.reveal(),
            "ingestionTime": event.ingestion_time,
            "eventId": event.event_id,
        })
    };
    Ok(object([
        ("events", Some(page.events.iter().map(event).collect())),
        // Always empty since 2020: CloudWatch Logs API Reference, FilterLogEvents.
        ("searchedLogStreams", Some(json!([]))),
        ("nextToken", some(page.next_token)),
    ]))
}

fn get_record(call: &mut Call<'_>) -> Answer {
    let log_record_pointer = call.input.needed("logRecordPointer")?.to_owned();
    let unmask = call.input.flag("unmask")?.unwrap_or_default();
    let mut request = GetLogRecord { log_record_pointer, unmask: None };
    let grant = match unmask {
        true => {
            let log_group = call.engine.log_group_of_pointer(&request.log_record_pointer)?;
            call.grant(&call.engine, &log_group)?
        }
        false => None,
    };
    request.unmask = grant.as_ref();
    let record = call.engine.get_log_record(&request)?;
    let home = call.engine.home();
    let fields = [
        ("@message", record.message.reveal().to_owned()),
        ("@timestamp", record.timestamp.to_string()),
        ("@ingestionTime", record.ingestion_time.to_string()),
        ("@logStream", record.log_stream_name.to_string()),
        ("@log", format!("{}:{}", home.account, record.log_group_name)),
        ("@ptr", request.log_record_pointer.clone()),
    ];
    let fields: BTreeMap<String, String> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(json!({ "logRecord": texts(fields) }))
}

fn test_metric_filter(call: &mut Call<'_>) -> Answer {
    let pattern = call.input.parsed("filterPattern", FilterPattern::parse)?.unwrap_or_default();
    let messages = call.input.texts("logEventMessages")?.unwrap_or_default();
    let request = TestMetricFilter { filter_pattern: pattern, log_event_messages: &messages };
    let matches = call.engine.test_metric_filter(&request)?;
    let shown = |found: &logveil::MetricFilterMatchRecord<'_>| {
        json!({
            "eventNumber": found.event_number,
            "eventMessage": found.event_message,
            "extractedValues": texts(found.extracted_values.iter().cloned().collect()),
        })
    };
    Ok(json!({ "matches": matches.iter().map(shown).collect::<Vec<_>>() }))
}
