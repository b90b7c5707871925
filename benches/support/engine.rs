//! An engine with one log group and one log stream, for the benches.

#![allow(dead_code)] // No bench takes all of it.

use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use logveil::{
    AccountId, Arn, Clock, Destination, Directory, Distribution, Engine, FilterName, FilterPattern,
    Home, InMemory, InputLogEvent, LogGroupName, LogStreamName, OutgoingKind, PutLogEvents,
    PutSubscriptionFilter, RawMessage, Region,
};

const NOW_MS: i64 = 1_800_000_000_000;

struct Stopped;

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
}

struct Everything;

impl Directory for Everything {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

pub fn engine(destination: Arc<dyn Destination>) -> Engine {
    let engine = Engine::new(home(), Arc::new(Stopped), Arc::new(Everything), destination);
    engine.create_log_group(&group()).expect("a new group");
    engine.create_log_stream(&group(), &stream()).expect("a new stream");
    engine
}

/// An engine that is kept, without log groups when it is new.
pub fn kept(path: &std::path::Path, options: logveil::OpenOptions) -> Engine {
    let destination = Arc::new(logveil::InMemory::default());
    let (clock, directory) = (Arc::new(Stopped), Arc::new(Everything));
    let opened = Engine::open(path, options, home(), clock, directory, destination);
    opened.expect("the directory can be written")
}

/// Sends what the pattern selects to a Kinesis stream.
pub fn subscribe(engine: &Engine, pattern: &str) {
    let arn = |text: &str| Arn::parse("arn", text).expect("an ARN");
    let filter = PutSubscriptionFilter {
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
        log_group_name: group(),
        filter_name: FilterName::new("all").expect("a name"),
        filter_pattern: FilterPattern::parse(pattern).expect("a valid pattern"),
        destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/bench"),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/bench")),
        distribution: Distribution::ByLogStream,
    };
    engine.put_subscription_filter(filter).expect("a valid filter");
    engine.deliver_pending();
}

/// The payloads that have arrived, unpacked.
pub fn documents(destination: &InMemory) -> Vec<Vec<u8>> {
    let sent = destination.delivered();
    let data = sent.iter().filter(|one| one.kind == OutgoingKind::Data);
    let documents = data.map(|one| {
        let mut document = Vec::new();
        let unpacked = MultiGzDecoder::new(&one.data[..]).read_to_end(&mut document);
        unpacked.expect("Kinesis records are gzip");
        document
    });
    documents.collect()
}

/// Compresses as payloads are; how many bytes are left.
pub fn gzip(documents: &[Vec<u8>]) -> usize {
    let one = |document: &Vec<u8>| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        gzip.write_all(document).expect("memory");
        gzip.finish().expect("memory").len()
    };
    documents.iter().map(one).sum()
}

fn home() -> Home {
    Home {
        account: AccountId::new("123456789012").expect("twelve digits"),
        region: Region::new("eu-west-1").expect("a Region"),
    }
}

pub fn group() -> LogGroupName {
    LogGroupName::new("/bench").expect("a name")
}

pub fn stream() -> LogStreamName {
    LogStreamName::new("s").expect("a name")
}

pub fn batch(lines: &[&str]) -> PutLogEvents {
    let event = |line: &&str| InputLogEvent { timestamp: NOW_MS, message: RawMessage::from(*line) };
    PutLogEvents {
        log_group_name: group(),
        log_stream_name: stream(),
        log_events: lines.iter().map(event).collect(),
    }
}
