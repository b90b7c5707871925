//! What a consumer received → the payloads in it.

use std::fmt;
use std::io::Read;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::limits::DECODED_BYTES_MAX;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// How the base64 of gzip bytes begins.
const GZIP_MAGIC_BASE64: &str = "H4sI";

/// Base64 with or without padding: tools differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A subscription's payload. `Debug` prints counts only.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// `DATA_MESSAGE` or `CONTROL_MESSAGE`.
    pub message_type: String,
    /// The account of the log data; in control messages `CloudwatchLogs`.
    pub owner: String,
    /// The log group's name.
    pub log_group: String,
    /// The log stream's name.
    pub log_stream: String,
    /// The filters that took the events.
    pub subscription_filters: Vec<String>,
    /// The events.
    pub log_events: Vec<PayloadEvent>,
    /// What else the payload says, such as `policyLevel`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An event of a [`Payload`]. `Debug` prints no text.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct PayloadEvent {
    /// A decimal number that sorts by time.
    pub id: String,
    /// Milliseconds since 1970 UTC.
    pub timestamp: i64,
    /// The text.
    pub message: String,
    /// What else the event says, such as `extractedFields`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Reads what a consumer of Kinesis, Firehose, Lambda or S3 gets: gzip bytes (also several members
/// one after the other), their base64 (also several, a line each), the Lambda envelope
/// `{"awslogs":{"data":…}}`, the Lambda events of Kinesis (`{"Records":[…]}`) and Firehose
/// (`{"records":[…]}`), or the JSON itself.
///
/// # Errors
///
/// InvalidParameter when it is none of these, or unpacks to more than 256 MiB.
pub fn decode(bytes: &[u8]) -> Result<Vec<Payload>, Error> {
    let mut decoder = Decoder { payloads: Vec::new(), bytes_left: DECODED_BYTES_MAX };
    if bytes.starts_with(GZIP_MAGIC) {
        decoder.gzip(bytes)?;
        return Ok(decoder.payloads);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable("neither gzip nor text"))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('{') {
        decoder.json(text.as_bytes())?;
    } else {
        decoder.base64_lines(text)?;
    }
    Ok(decoder.payloads)
}

struct Decoder {
    payloads: Vec<Payload>,
    bytes_left: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Payload(Payload),
    Lambda {
        awslogs: Data,
    },
    Kinesis {
        #[serde(rename = "Records")]
        records: Vec<KinesisRecord>,
    },
    Firehose {
        records: Vec<Data>,
    },
}

/// A record of a Lambda event, or of `aws kinesis get-records`.
#[derive(Deserialize)]
#[serde(untagged)]
enum KinesisRecord {
    Event {
        kinesis: Data,
    },
    Record {
        #[serde(rename = "Data")]
        data: String,
    },
}

#[derive(Deserialize)]
struct Data {
    data: String,
}

impl KinesisRecord {
    fn data(&self) -> &str {
        match self {
            Self::Event { kinesis } => &kinesis.data,
            Self::Record { data } => data,
        }
    }
}

impl Decoder {
    /// Unpacks gzip members and reads the payloads in them.
    fn gzip(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut json = Vec::new();
        let mut reader = MultiGzDecoder::new(bytes).take(self.bytes_left + 1);
        let read = reader.read_to_end(&mut json).map_err(|_| unreadable("damaged gzip"))? as u64;
        if read > self.bytes_left {
            return Err(unreadable("larger than 256 MiB once unpacked"));
        }
        self.bytes_left -= read;
        for payload in serde_json::Deserializer::from_slice(&json).into_iter::<Payload>() {
            self.payloads.push(payload.map_err(|_| unreadable("gzip without a payload in it"))?);
        }
        Ok(())
    }

    /// Reads JSON documents, one after the other.
    fn json(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for document in serde_json::Deserializer::from_slice(bytes).into_iter::<Document>() {
            match document.map_err(|_| unreadable("JSON without a payload in it"))? {
                Document::Payload(payload) => self.payloads.push(payload),
                Document::Lambda { awslogs } => self.base64(&awslogs.data)?,
                Document::Kinesis { records } => {
                    records.iter().try_for_each(|record| self.base64(record.data()))?;
                }
                Document::Firehose { records } => {
                    records.iter().try_for_each(|record| self.base64(&record.data))?;
                }
            }
        }
        Ok(())
    }

    /// A payload begins on each line that begins as gzip does; other lines go on with it.
    fn base64_lines(&mut self, text: &str) -> Result<(), Error> {
        let mut payload = String::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with(GZIP_MAGIC_BASE64) && !payload.is_empty() {
                self.base64(&payload)?;
                payload.clear();
            }
            payload.push_str(line);
        }
        self.base64(&payload)
    }

    fn base64(&mut self, text: &str) -> Result<(), Error> {
        let bytes = BASE64.decode(text).map_err(|_| unreadable("neither JSON nor base64"))?;
        if !bytes.starts_with(GZIP_MAGIC) {
            return Err(unreadable("base64 of something else than gzip"));
        }
        self.gzip(&bytes)
    }
}

fn unreadable(what: &str) -> Error {
    Error::invalid(format!("the payload is {what}"))
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({}, {} events)", self.message_type, self.log_events.len())
    }
}

impl fmt::Debug for PayloadEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadEvent({} bytes)", self.message.len())
    }
}
