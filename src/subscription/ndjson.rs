//! Lines of JSON as a destination: for pipes, terminals and `jq`.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde::Serialize;
use serde_json::Value;

use super::decode::decode;
use super::destination::{DeliveryError, Destination, Outgoing, OutgoingKind};
use crate::limits::DECODED_BYTES_MAX;

/// Writes a line of JSON for each payload, each finding, and each record of a delivery:
/// `{"destinationArn","kind","name","payload"}`, with `finding` or `record` in place of `payload`
/// for these.
///
/// Payloads are unpacked. `kind` is `data`, `control`, `dead-letter`, `finding` or `record`;
/// `partitionKey` and `objectKey` are there when the item has one. What is no JSON inside, such as
/// records of the formats `plain`, `w3c`, `raw` and `parquet`, stands in `data` as
/// base64. Lines of one item are written at once, and flushed.
pub struct NdjsonDestination<W>(Mutex<W>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a, T: Serialize> {
    destination_arn: &'a str,
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_key: Option<&'a str>,
    #[serde(flatten)]
    content: Content<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Content<T> {
    Payload(T),
    Finding(Value),
    Record(Value),
    Data(String),
}

impl<W: Write + Send> NdjsonDestination<W> {
    /// Writes to `writer`, in one piece for each item.
    pub fn new(writer: W) -> Self {
        Self(Mutex::new(writer))
    }

    fn write(&self, outgoing: &Outgoing<'_>) -> io::Result<()> {
        let mut text = Vec::new();
        let of_delivery = outgoing.kind == OutgoingKind::Record;
        if let (false, Ok(payloads)) = (of_delivery, decode(outgoing.data)) {
            payloads.iter().for_each(|it| push(&mut text, outgoing, Content::Payload(it)));
        } else if let Some(lines) = json_lines(outgoing.data) {
            let content = if of_delivery { Content::Record } else { Content::Finding };
            lines.into_iter().for_each(|it| push::<()>(&mut text, outgoing, content(it)));
        } else {
            push::<()>(&mut text, outgoing, Content::Data(STANDARD.encode(outgoing.data)));
        }
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(&text)?;
        writer.flush()
    }
}

impl<W: Write + Send> Destination for NdjsonDestination<W> {
    /// Unavailable when a line cannot be written.
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let write = |outgoing| self.write(outgoing).map_err(|_| DeliveryError::Unavailable);
        batch.iter().map(write).collect()
    }
}

impl<W> fmt::Debug for NdjsonDestination<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NdjsonDestination")
    }
}

fn push<T: Serialize>(text: &mut Vec<u8>, outgoing: &Outgoing<'_>, content: Content<T>) {
    let Outgoing { name, partition_key, object_key, .. } = *outgoing;
    let destination_arn = outgoing.destination_arn.as_str();
    let kind = match outgoing.kind {
        OutgoingKind::Data => "data",
        OutgoingKind::Control => "control",
        OutgoingKind::DeadLetter => "dead-letter",
        OutgoingKind::Finding => "finding",
        OutgoingKind::Record => "record",
    };
    let line = Line { destination_arn, kind, name, partition_key, object_key, content };
    serde_json::to_writer(&mut *text, &line).expect("memory can be written");
    text.push(b'\n');
}

/// The documents of JSON lines, packed by gzip or not; `None` when it is something else.
fn json_lines(data: &[u8]) -> Option<Vec<Value>> {
    let mut unpacked = Vec::new();
    let mut lines = data;
    if data.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(data).take(DECODED_BYTES_MAX).read_to_end(&mut unpacked).ok()?;
        lines = &unpacked;
    }
    serde_json::Deserializer::from_slice(lines).into_iter().collect::<Result<_, _>>().ok()
}
