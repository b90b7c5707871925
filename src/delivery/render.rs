//! Records as they leave: the lines of an object, or the records of a stream.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::key::Keys;
use super::object::{
    Delivery, DeliveryDestination, DeliveryDestinationType, DeliverySource, OutputFormat,
};
use crate::arn::{Arn, Home};
use crate::limits::ROLLOVER_BYTES;
use crate::message::MaskedMessage;
use crate::store::Rendered;
use crate::subscription::{gzip, stable_hash};

/// Makes a Parquet file of the names of columns and the rows, a text for each column; `None` when
/// it cannot. All columns are UTF-8.
pub type ParquetEncoder = Arc<dyn Fn(&[String], &[Vec<String>]) -> Option<Vec<u8>> + Send + Sync>;

/// A record of a producer that the host names. `Debug` prints counts only.
#[derive(Clone)]
pub struct VendedRecord {
    /// Its fields, by the names of the producer's template.
    pub fields: Vec<(String, String)>,
    /// Its text, for the output format `raw`.
    pub raw: String,
}

/// A record on its way out: nothing in it is an original.
pub(crate) enum Row<'a> {
    /// An event of a log group.
    Event {
        home: &'a Home,
        timestamp: i64,
        message: &'a MaskedMessage,
        log_group: &'a str,
        log_stream: &'a str,
        event_id: String,
    },
    /// A record of a producer, masked.
    Record(&'a VendedRecord),
}

/// What the records of one rollover have in common.
pub(crate) struct Rendering<'a> {
    pub(crate) home: &'a Home,
    pub(crate) source: &'a DeliverySource,
    pub(crate) destination: &'a DeliveryDestination,
    pub(crate) resource: &'a Arn,
    pub(crate) delivery: &'a Delivery,
    /// When the first record came.
    pub(crate) opened_ms: i64,
    /// Tells this rollover from all others of the delivery.
    pub(crate) number: u64,
    pub(crate) parquet: Option<&'a ParquetEncoder>,
}

impl Row<'_> {
    /// The value of a field; `None` when the record has none of that name.
    pub(super) fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Event { home, timestamp, message, log_group, log_stream, event_id } => {
                Some(match name {
                    "timestamp" => Cow::Owned(timestamp.to_string()),
                    "message" => Cow::Borrowed(message.as_str()),
                    "logGroup" => Cow::Borrowed(*log_group),
                    "logStream" => Cow::Borrowed(*log_stream),
                    "owner" => Cow::Borrowed(home.account.as_str()),
                    "eventId" => Cow::Borrowed(event_id),
                    _ => return None,
                })
            }
            Self::Record(record) => {
                let found = record.fields.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| Cow::Borrowed(value.as_str()))
            }
        }
    }

    fn raw(&self) -> &str {
        match self {
            Self::Event { message, .. } => message.as_str(),
            Self::Record(record) => &record.raw,
        }
    }
}

impl Rendering<'_> {
    fn format(&self) -> OutputFormat {
        self.destination.output_format
    }

    fn delimiter(&self) -> &str {
        match self.format() {
            OutputFormat::W3c => self.delivery.field_delimiter.as_deref().unwrap_or("\t"),
            _ => self.delivery.field_delimiter.as_deref().unwrap_or(" "),
        }
    }

    /// A record as one line, without a line feed.
    fn line(&self, row: &Row<'_>) -> String {
        let fields = &self.delivery.record_fields;
        match self.format() {
            OutputFormat::Json | OutputFormat::Parquet => {
                let member = |name: &String| {
                    let value = row.field(name)?;
                    let text = |text: &str| serde_json::to_string(text).expect("text is JSON");
                    // A time is a number, as it is in the API.
                    let bare = name == "timestamp" && matches!(row, Row::Event { .. });
                    let value = if bare { value.into_owned() } else { text(&value) };
                    Some(format!("{}:{value}", text(name)))
                };
                format!("{{{}}}", fields.iter().filter_map(member).collect::<Vec<_>>().join(","))
            }
            OutputFormat::Plain | OutputFormat::W3c => {
                let delimiter = self.delimiter();
                let value = |name: &String| {
                    escape(row.field(name).as_deref().unwrap_or_default(), delimiter)
                };
                fields.iter().map(value).collect::<Vec<_>>().join(delimiter)
            }
            OutputFormat::Raw => row.raw().trim_end_matches(['\r', '\n']).to_owned(),
        }
    }
}

/// A value between delimiters: what would be taken for a delimiter or the end of the record is
/// percent-encoded, and nothing is a dash.
// Choice: AWS does not say; CloudFront writes its W3C logs that way.
fn escape(value: &str, delimiter: &str) -> String {
    if value.is_empty() {
        return "-".to_owned();
    }
    let first = delimiter.chars().next();
    let mut out = String::with_capacity(value.len());
    for char in value.chars() {
        if char.is_control() || char == '%' || Some(char) == first {
            let mut bytes = [0; 4];
            let bytes = char.encode_utf8(&mut bytes).bytes();
            bytes.for_each(|byte| out.push_str(&format!("%{byte:02X}")));
        } else {
            out.push(char);
        }
    }
    out
}

/// The objects for a bucket, or a record for each row elsewhere. `None` when the host has no
/// encoder for a Parquet destination, or it fails.
pub(crate) fn render(rendering: &Rendering<'_>, rows: &[Row<'_>]) -> Option<Vec<Rendered>> {
    if rendering.destination.delivery_destination_type != DeliveryDestinationType::S3 {
        let record = |row| format!("{}\n", rendering.line(row)).into_bytes();
        let rendered = |row| Rendered { object_key: None, data: record(row) };
        return Some(rows.iter().map(rendered).collect());
    }
    let config = rendering.delivery.s3_delivery_configuration.clone().unwrap_or_default();
    let keys = Keys {
        home: rendering.home,
        source: rendering.source,
        bucket: rendering.resource,
        config: &config,
        opened_ms: rendering.opened_ms,
    };
    let mut folders: BTreeMap<String, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows {
        folders.entry(keys.folder(row)).or_default().push(row);
    }
    let mut objects = Vec::new();
    for (folder, rows) in folders {
        for piece in pieces(&rows) {
            let Rendering { delivery, number, .. } = rendering;
            let hash = stable_hash(&format!("{}:{number}:{}", delivery.id, objects.len()));
            let file = keys.file(hash.get(..16).unwrap_or_default());
            let (extension, data) = object(rendering, piece)?;
            let object_key = Some(format!("{folder}{file}.{extension}"));
            objects.push(Rendered { object_key, data });
        }
    }
    Some(objects)
}

/// Rows of at most so many bytes of messages together, one at least.
fn pieces<'r, 'a>(rows: &'r [&'a Row<'a>]) -> Vec<&'r [&'a Row<'a>]> {
    let (mut pieces, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (index, row) in rows.iter().enumerate() {
        let size = match row {
            Row::Event { message, .. } => message.as_str().len(),
            Row::Record(record) => record.size(),
        } as u64;
        if index > start && bytes + size > ROLLOVER_BYTES {
            pieces.push(&rows[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    pieces.push(&rows[start..]);
    pieces
}

fn object(rendering: &Rendering<'_>, rows: &[&Row<'_>]) -> Option<(&'static str, Vec<u8>)> {
    let fields = &rendering.delivery.record_fields;
    if rendering.format() == OutputFormat::Parquet {
        let value = |row: &Row<'_>, name: &String| row.field(name).unwrap_or_default().into_owned();
        let table: Vec<Vec<String>> =
            rows.iter().map(|row| fields.iter().map(|name| value(row, name)).collect()).collect();
        return Some(("parquet", rendering.parquet?(fields, &table)?));
    }
    let mut text = String::new();
    if rendering.format() == OutputFormat::W3c {
        text.push_str(&format!("#Version: 1.0\n#Fields: {}\n", fields.join(" ")));
    }
    for row in rows {
        text.push_str(&rendering.line(row));
        text.push('\n');
    }
    let extension = match rendering.format() {
        OutputFormat::Json => "json.gz",
        _ => "log.gz",
    };
    Some((extension, gzip(text.as_bytes())))
}

impl VendedRecord {
    pub(crate) fn size(&self) -> usize {
        let of = |(name, value): &(String, String)| name.len() + value.len();
        self.raw.len() + self.fields.iter().map(of).sum::<usize>()
    }

    /// As it is staged.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&(&self.fields, &self.raw)).expect("text is JSON")
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (fields, raw) = serde_json::from_slice(bytes).ok()?;
        Some(Self { fields, raw })
    }
}

impl std::fmt::Debug for VendedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VendedRecord({} fields, {} bytes)", self.fields.len(), self.size())
    }
}
