//! The program with Parquet: `deliver` of records for a destination of that output format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use logveil::{
    AccountId, Arn, Clock, CreateDelivery, Directory, Engine, Home, InMemory, InputLogEvent,
    LogGroupName, LogStreamName, OpenOptions, OutputFormat, PutDeliveryDestination,
    PutDeliverySource, PutLogEvents, RawMessage, Region, SystemClock,
};

/// Ten minutes ago.
struct Earlier;

impl Clock for Earlier {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() - 10 * 60 * 1000
    }
}

struct Everything;

impl Directory for Everything {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

/// A store with an event for a bucket, to be written as Parquet since five minutes.
fn store_with_a_delivery(data: &Path) {
    let account = AccountId::new("123456789012").unwrap();
    let home = Home { account, region: Region::new("us-east-1").unwrap() };
    let (clock, sink) = (Arc::new(Earlier), Arc::new(InMemory::default()));
    let options = OpenOptions::default();
    let engine = Engine::open(data, options, home, clock, Arc::new(Everything), sink).unwrap();
    engine.encode_parquet_with(Arc::new(|_: &[String], _: &[Vec<String>]| None));
    let (group, stream) = (LogGroupName::new("/app").unwrap(), LogStreamName::new("s").unwrap());
    engine.create_log_group(&group).unwrap();
    engine.create_log_stream(&group, &stream).unwrap();
    let source = PutDeliverySource {
        name: "app".to_owned(),
        resource_arn: "arn:aws:logs:us-east-1:123456789012:log-group:/app".to_owned(),
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
    let delivery = CreateDelivery {
        delivery_source_name: "app".to_owned(),
        delivery_destination_arn: engine.put_delivery_destination(destination).unwrap().arn,
        record_fields: None,
        field_delimiter: None,
        s3_delivery_configuration: None,
        tags: BTreeMap::new(),
    };
    engine.create_delivery(delivery).unwrap();
    let event = InputLogEvent { timestamp: Earlier.now_ms(), message: RawMessage::from("hello") };
    let (log_group_name, log_stream_name) = (group, stream);
    let request = PutLogEvents { log_group_name, log_stream_name, log_events: vec![event] };
    engine.put_log_events(request).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn records_that_wait_for_a_bucket_leave_as_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("to"));
    store_with_a_delivery(&data);
    let args = ["deliver", "--data", data.to_str().unwrap(), "--to", to.to_str().unwrap()];
    let ran = Command::new(env!("CARGO_BIN_EXE_logveil")).args(args).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let [file] = &files(&to)[..] else { panic!("one object") };
    assert!(file.to_str().unwrap().ends_with(".parquet"));
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
}
