//! What a consumer gets: JSON, gzip and, for Lambda, base64 in an envelope.
//!
//! Source: CloudWatch Logs User Guide, Subscriptions; the marks are in our reference.

use std::io::Write;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use memchr::memmem;
use serde::Serialize;

use super::send::PARTITION_KEY_BYTES;
use crate::limits::{LAMBDA_ENVELOPE_BYTES_MAX, RECORD_BYTES_MAX};
use crate::message::MaskedMessage;
use crate::policy::DestinationKind;
use crate::store::EventKey;

/// Compression level of payloads. Source: CloudWatch Logs User Guide, Subscription filters with
/// Firehose.
const GZIP_LEVEL: u32 = 6;

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

/// Events of one log stream as JSON objects, which payloads are cut from.
#[derive(Default)]
pub(super) struct EncodedEvents {
    /// The objects, each with a comma behind it.
    json: Vec<u8>,
    /// Which events they are, and where each object ends, its comma left out.
    events: Vec<(EventKey, usize)>,
}

impl EncodedEvents {
    /// Adds an event behind the others.
    pub(super) fn push(
        &mut self,
        key: EventKey,
        message: &MaskedMessage,
        fields: &[(String, String)],
    ) {
        let json = &mut self.json;
        json.extend_from_slice(b"{\"id\":\"");
        json.extend_from_slice(&key.position.id());
        json.extend_from_slice(b"\",\"timestamp\":");
        write!(json, "{}", key.position.timestamp).expect("memory can be written");
        json.extend_from_slice(b",\"message\":");
        append_json_string(json, message.as_str());
        for (index, (name, value)) in fields.iter().enumerate() {
            let before: &[u8] = if index == 0 { b",\"extractedFields\":{" } else { b"," };
            json.extend_from_slice(before);
            append_json_string(json, name);
            json.push(b':');
            append_json_string(json, value);
        }
        json.extend_from_slice(if fields.is_empty() { b"}," } else { b"}}," });
        self.events.push((key, json.len() - 1));
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// The events from the one of that index on.
    pub(super) fn keys_from(&self, index: usize) -> impl Iterator<Item = EventKey> {
        self.events[index..].iter().map(|(key, _)| *key)
    }

    /// The objects of the events `range`, with commas between them.
    fn json(&self, range: Range<usize>) -> &[u8] {
        let Some((_, end)) = self.events[range.clone()].last() else { return &[] };
        &self.json[self.start(range.start)..*end]
    }

    /// Where the object of an event begins.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.events[before].1 + 1)
    }

    /// Where to cut `range` so that both parts have about as many bytes, and at least one event.
    fn middle(&self, range: &Range<usize>) -> usize {
        let half = self.start(range.start).midpoint(self.events[range.end - 1].1);
        let before = self.events[range.clone()].partition_point(|(_, end)| *end <= half);
        (range.start + before).clamp(range.start + 1, range.end - 1)
    }
}

/// Writes a text as JSON does. Most messages hold nothing that has to be escaped.
fn append_json_string(json: &mut Vec<u8>, text: &str) {
    const BLOCK: usize = 32;
    let plain = |block: &[u8]| {
        let special = |byte: &u8| (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
        !block.iter().fold(false, |any, byte| any | special(byte))
    };
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    if blocks.iter().all(|block| plain(block)) && plain(rest) {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        serde_json::to_writer(json, text).expect("memory can be written");
    }
}

/// Payloads with events of one log stream, each below the destination's limit, except for a single
/// event that alone exceeds it.
pub(super) struct Pieces<'a> {
    header: Header<'a>,
    kind: DestinationKind,
    events: &'a EncodedEvents,
    /// What is left: the next events are in the last range.
    rest: Vec<Range<usize>>,
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
struct ControlEvent {
    id: &'static str,
    timestamp: i64,
    message: &'static str,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(
        header: Header<'a>,
        kind: DestinationKind,
        events: &'a EncodedEvents,
    ) -> Self {
        let all = 0..events.len();
        let rest = if all.is_empty() { Vec::new() } else { vec![all] };
        Self { header, kind, events, rest }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    /// Cost: what does not fit is halved by bytes, so an event is compressed once for each halving:
    /// for a batch of `PutLogEvents` once or twice.
    fn next(&mut self) -> Option<Piece> {
        let mut range = self.rest.pop()?;
        loop {
            let data = data_message(&self.header, self.kind, self.events.json(range.clone()));
            let fits = data.len() <= bytes_max(self.kind);
            if fits || range.len() == 1 {
                return Some(Piece { data, events: range.len(), fits });
            }
            let middle = self.events.middle(&range);
            self.rest.push(middle..range.end);
            range.end = middle;
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

fn data_message(header: &Header<'_>, kind: DestinationKind, events: &[u8]) -> Vec<u8> {
    let none: &[()] = &[];
    let json = Json {
        message_type: "DATA_MESSAGE",
        owner: header.owner,
        log_group: header.log_group,
        log_stream: header.log_stream,
        subscription_filters: &[header.filter_name],
        log_events: none,
        policy_level: header.policy_level,
    };
    let around = to_bytes(&json);
    // No name holds this: its quotes would be escaped.
    let array = memmem::find(&around, b"\"logEvents\":[").expect("events are a field");
    let (before, after) = around.split_at(array + b"\"logEvents\":[".len());
    envelope(kind, gzip_of(&[before, events, after]))
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

fn to_bytes(json: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(json).expect("payloads are plain JSON")
}

/// One gzip member, the same for the same bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_of(&[bytes])
}

/// The parts come whole: the compressor is slow on the many small writes of a serializer.
fn gzip_of(parts: &[&[u8]]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    for part in parts {
        encoder.write_all(part).expect("memory can be written");
    }
    encoder.finish().expect("memory can be written")
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
        let mut events = EncodedEvents::default();
        for (key, message) in (1..=12).map(event) {
            events.push(key, &message, &[]);
        }
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

    #[test]
    fn messages_are_escaped_as_json_is() {
        let long = "x".repeat(40);
        for special in ["", "\"", "\\", "\n", "\u{1}", "\u{1f}", " ", "\u{7f}", "é", "\u{2028}"] {
            for text in [special.to_owned(), format!("{long}{special}"), format!("{special}{long}")]
            {
                let mut json = Vec::new();
                append_json_string(&mut json, &text);
                assert_eq!(json, serde_json::to_vec(&text).unwrap());
            }
        }
    }
}
