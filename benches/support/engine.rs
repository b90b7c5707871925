//! An engine with one log group and one log stream, for the benches.

#![allow(dead_code)] // No bench takes all of it.

use std::sync::Arc;

use logveil::{
    AccountId, Arn, Clock, Destination, Directory, Engine, Home, InputLogEvent, LogGroupName,
    LogStreamName, PutLogEvents, RawMessage, Region,
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
