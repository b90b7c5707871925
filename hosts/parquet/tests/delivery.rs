//! A delivery to a bucket as Parquet, read back by the reader of the crate that wrote it.

use std::collections::BTreeMap;
use std::sync::Arc;

use logveil::{
    AccountId, Arn, Clock, CreateDelivery, DataProtectionPolicy, Directory, Engine, Home, InMemory,
    InputLogEvent, LogGroupName, LogStreamName, OutputFormat, PutDataProtectionPolicy,
    PutDeliveryDestination, PutDeliverySource, PutLogEvents, RawMessage, Region, SystemClock,
};
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor};

struct Everything;

impl Directory for Everything {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

/// Texts of all kinds; every third is masked.
fn texts() -> Vec<String> {
    let text = |number| match number % 3 {
        0 => format!("{number} to kanarienvogel@example.com"),
        1 => format!("{number} \"Grüße\", 好\t🦀\n\u{1}"),
        _ => format!("{number} GET /index.html"),
    };
    (0..2_000).map(text).collect()
}

fn engine(sink: &Arc<InMemory>) -> Engine {
    let account = AccountId::new("123456789012").unwrap();
    let home = Home { account, region: Region::new("eu-west-1").unwrap() };
    let engine =
        Engine::new(home, Arc::new(SystemClock), Arc::new(Everything), Arc::clone(sink) as _);
    engine.encode_parquet_with(Arc::new(logveil_parquet::encode));
    engine
}

fn deliver(engine: &Engine, group: &LogGroupName, record_fields: &[&str]) {
    let source = PutDeliverySource {
        name: "app".to_owned(),
        resource_arn: format!("arn:aws:logs:eu-west-1:123456789012:log-group:{}", group.as_str()),
        log_type: "APPLICATION_LOGS".to_owned(),
        tags: BTreeMap::new(),
        delivery_source_configuration: BTreeMap::new(),
    };
    engine.put_delivery_source(source).unwrap();
    let destination = PutDeliveryDestination {
        name: "lake".to_owned(),
        output_format: Some(OutputFormat::Parquet),
        destination_resource_arn: Some("arn:aws:s3:::lake".to_owned()),
        delivery_destination_type: None,
        role_arn: None,
        tags: BTreeMap::new(),
    };
    let destination = engine.put_delivery_destination(destination).unwrap();
    let delivery = CreateDelivery {
        delivery_source_name: "app".to_owned(),
        delivery_destination_arn: destination.arn,
        record_fields: Some(record_fields.iter().map(|name| (*name).to_owned()).collect()),
        field_delimiter: None,
        s3_delivery_configuration: None,
        tags: BTreeMap::new(),
    };
    engine.create_delivery(delivery).unwrap();
}

#[test]
fn a_bucket_gets_a_file_whose_rows_are_the_masked_events() {
    let sink = Arc::new(InMemory::default());
    let engine = engine(&sink);
    let (group, stream) = (LogGroupName::new("/app").unwrap(), LogStreamName::new("s").unwrap());
    engine.create_log_group(&group).unwrap();
    engine.create_log_stream(&group, &stream).unwrap();
    let policy_document =
        DataProtectionPolicy::of(&["EmailAddress"]).unwrap().document().to_owned();
    let request =
        PutDataProtectionPolicy { log_group_identifier: "/app".to_owned(), policy_document };
    engine.put_data_protection_policy(request).unwrap();
    deliver(&engine, &group, &["timestamp", "message"]);
    let timestamp = SystemClock.now_ms();
    let event =
        |text: &String| InputLogEvent { timestamp, message: RawMessage::from(text.as_str()) };
    let log_events = texts().iter().map(event).collect();
    let request = PutLogEvents { log_group_name: group, log_stream_name: stream, log_events };
    engine.put_log_events(request).unwrap();
    engine.flush_deliveries().unwrap();
    engine.deliver_pending();

    let arrived = sink.delivered().remove(0);
    assert!(arrived.object_key.unwrap().ends_with(".parquet"));
    let file = SerializedFileReader::new(bytes::Bytes::from(arrived.data)).unwrap();
    let metadata = file.metadata();
    assert_eq!(metadata.file_metadata().num_rows(), texts().len() as i64);
    assert_eq!(metadata.row_group(0).column(1).compression(), Compression::SNAPPY);
    let names: Vec<_> =
        metadata.file_metadata().schema().get_fields().iter().map(|it| it.name()).collect();
    assert_eq!(names, ["timestamp", "message"]);
    let masked = |text: String| text.replace("kanarienvogel@example.com", &"*".repeat(25));
    for (row, text) in file.get_row_iter(None).unwrap().zip(texts()) {
        let row = row.unwrap();
        assert!(row.get_column_iter().all(|(_, field)| matches!(field, Field::Str(_))));
        assert_eq!(row.get_string(0).unwrap(), &timestamp.to_string());
        assert_eq!(row.get_string(1).unwrap(), &masked(text));
    }
}

#[test]
fn rows_that_do_not_fit_the_columns_are_no_file() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert!(logveil_parquet::encode(&names(&["a", "b"]), &[names(&["1"])]).is_none());
    assert!(logveil_parquet::encode(&[], &[]).is_none());
    assert!(logveil_parquet::encode(&names(&["a"]), &[]).is_some(), "a file without rows");
}
