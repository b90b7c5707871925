//! What a consumer gets: JSON, gzip and, for Lambda, base64 in an envelope.
//!
//! Source: CloudWatch Logs User Guide, Subscriptions; the marks are in our reference.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::send::PARTITION_KEY_BYTES;
use crate::limits::{LAMBDA_ENVELOPE_BYTES_MAX, RECORD_BYTES_MAX};
use crate::message::MaskedMessage;
use crate::policy::DestinationKind;
use crate::store::EventKey;

/// Compression level of payloads. Source: CloudWatch Logs User Guide, Subscription filters with
/// Firehose.
const GZIP_LEVEL: u32 = 6;

/// Bytes of JSON around the message of one event: id, timestamp and names.
const EVENT_JSON_BYTES: usize = 120;

/// The part of a payload that all its events share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) owner: &'a str,
    pub(super) log_group: &'a str,
    pub(super) log_stream: &'a str,
    pub(super) filter_name: &'a str,
    /// `ACCOUNT_LEVEL_POLICY` for the account's filter, otherwise absent.
    pub(super) policy_level: Option<&'static str>,
}

/// One encoded payload.
#[derive(Debug)]
pub(super) struct Piece {
    /// What the destination is handed.
    pub(super) data: Vec<u8>,
    /// How many of the events it holds.
    pub(super) events: usize,
    /// Whether it is below the destination's limit.
    pub(super) fits: bool,
}

/// Encodes events of one log stream piece by piece, each below the destination's limit, except for
/// a single event that alone exceeds it.
pub(super) struct Pieces<'a> {
    header: Header<'a>,
    kind: DestinationKind,
    /// What is left: the next events are in the last slice.
    rest: Vec<&'a [(EventKey, MaskedMessage)]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a, E> {
    message_type: &'static str,
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: &'a [&'a str],
    log_events: &'a [E],
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_level: Option<&'static str>,
}

#[derive(Serialize)]
struct DataEvent<'a> {
    id: String,
    timestamp: i64,
    message: &'a MaskedMessage,
}

#[derive(Serialize)]
struct ControlEvent {
    id: &'static str,
    timestamp: i64,
    message: &'static str,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(
        header: Header<'a>,
        kind: DestinationKind,
        events: &'a [(EventKey, MaskedMessage)],
    ) -> Self {
        let rest = if events.is_empty() { Vec::new() } else { vec![events] };
        Self { header, kind, rest }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    /// Cost: what does not fit is halved by bytes, so an event is compressed once for each halving:
    /// for a batch of `PutLogEvents` once or twice.
    fn next(&mut self) -> Option<Piece> {
        let mut events = self.rest.pop()?;
        loop {
            let data = data_message(&self.header, self.kind, events);
            let fits = data.len() <= bytes_max(self.kind);
            if fits || events.len() == 1 {
                return Some(Piece { data, events: events.len(), fits });
            }
            let (left, right) = events.split_at(middle(events));
            self.rest.push(right);
            events = left;
        }
    }
}

/// The largest payload of that kind, in what its target counts. Behind a logical destination there
/// may be a Kinesis stream, which counts the partition key.
fn bytes_max(kind: DestinationKind) -> usize {
    match kind {
        DestinationKind::Lambda => LAMBDA_ENVELOPE_BYTES_MAX,
        DestinationKind::Firehose => RECORD_BYTES_MAX,
        DestinationKind::Kinesis | DestinationKind::Logical => {
            RECORD_BYTES_MAX - PARTITION_KEY_BYTES
        }
    }
}

/// Where to cut so that both halves have about as many bytes, and at least one event.
fn middle(events: &[(EventKey, MaskedMessage)]) -> usize {
    let bytes = |event: &(EventKey, MaskedMessage)| event.1.as_str().len() + EVENT_JSON_BYTES;
    let half = events.iter().map(bytes).sum::<usize>() / 2;
    let mut taken = 0;
    let cut = events.iter().position(|event| {
        taken += bytes(event);
        taken > half
    });
    cut.unwrap_or_default().clamp(1, events.len() - 1)
}

fn data_message(
    header: &Header<'_>,
    kind: DestinationKind,
    events: &[(EventKey, MaskedMessage)],
) -> Vec<u8> {
    let event = |(key, message): (&EventKey, _)| {
        let (id, timestamp) = (key.position.to_string(), key.position.timestamp);
        DataEvent { id, timestamp, message }
    };
    let log_events: Vec<_> = events.iter().map(|(key, message)| event((key, message))).collect();
    let json = Json {
        message_type: "DATA_MESSAGE",
        owner: header.owner,
        log_group: header.log_group,
        log_stream: header.log_stream,
        subscription_filters: &[header.filter_name],
        log_events: &log_events,
        policy_level: header.policy_level,
    };
    envelope(kind, gzip(&to_bytes(&json)))
}

/// The test message that a new subscription's destination gets.
pub(super) fn control_message(kind: DestinationKind, timestamp: i64) -> Vec<u8> {
    // Choice: the first two texts are seen in public captures; those for Lambda functions and
    // logical destinations follow them.
    let message = match kind {
        DestinationKind::Kinesis => {
            "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."
        }
        DestinationKind::Firehose => {
            "CWL CONTROL MESSAGE: Checking health of destination Firehose."
        }
        DestinationKind::Lambda => {
            "CWL CONTROL MESSAGE: Checking health of destination Lambda function."
        }
        DestinationKind::Logical => "CWL CONTROL MESSAGE: Checking health of destination.",
    };
    let json = Json {
        message_type: "CONTROL_MESSAGE",
        owner: "CloudwatchLogs",
        log_group: "",
        log_stream: "",
        subscription_filters: &[],
        log_events: &[ControlEvent { id: "", timestamp, message }],
        policy_level: None,
    };
    envelope(kind, gzip(&to_bytes(&json)))
}

/// The JSON is written whole before it is compressed: the compressor is slow on the many small
/// writes of a serializer.
fn to_bytes(json: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(json).expect("payloads are plain JSON")
}

/// One gzip member, the same for the same bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory can be written")
}

/// What the target is handed: Lambda gets base64 in JSON, the others the gzip bytes.
fn envelope(kind: DestinationKind, gzip: Vec<u8>) -> Vec<u8> {
    match kind {
        DestinationKind::Lambda => {
            let mut envelope = String::from("{\"awslogs\":{\"data\":\"");
            STANDARD.encode_string(gzip, &mut envelope);
            envelope.push_str("\"}}");
            envelope.into_bytes()
        }
        DestinationKind::Kinesis | DestinationKind::Firehose | DestinationKind::Logical => gzip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::RawMessage;
    use crate::store::Position;

    /// Text that gzip cannot make smaller than about three quarters.
    fn noise(len: usize, seed: u64) -> String {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'0' + (state >> 58) as u8)
        };
        std::iter::repeat_with(&mut next).take(len).collect()
    }

    #[test]
    fn pieces_stay_below_what_each_target_counts() {
        let header = Header {
            owner: "123456789012",
            log_group: "g",
            log_stream: "s",
            filter_name: "f",
            policy_level: None,
        };
        let event = |sequence: u64| {
            let len = if sequence == 8 { 1_500_000 } else { 100_000 };
            let (message, _) = RawMessage::from(noise(len, sequence * 7919)).mask(&[]);
            let position = Position { timestamp: 5, sequence };
            (EventKey { stream: 1, position }, message)
        };
        let events: Vec<_> = (1..=12).map(event).collect();
        assert_eq!(bytes_max(DestinationKind::Firehose), RECORD_BYTES_MAX);
        assert_eq!(bytes_max(DestinationKind::Logical), bytes_max(DestinationKind::Kinesis));
        for (kind, max, key) in [
            (DestinationKind::Kinesis, RECORD_BYTES_MAX, PARTITION_KEY_BYTES),
            (DestinationKind::Lambda, LAMBDA_ENVELOPE_BYTES_MAX, 0),
        ] {
            assert_eq!(bytes_max(kind) + key, max);
            let pieces: Vec<_> = Pieces::new(header, kind, &events).collect();
            assert_eq!(pieces.iter().map(|piece| piece.events).sum::<usize>(), 12);
            let fits = |piece: &Piece| piece.data.len() + key <= max;
            assert!(pieces.iter().all(|piece| piece.fits == fits(piece)));
            let aside: Vec<_> = pieces.iter().filter(|piece| !piece.fits).collect();
            assert_eq!((aside.len(), aside[0].events), (1, 1), "only the large event");
        }
    }
}
