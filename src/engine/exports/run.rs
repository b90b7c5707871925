//! An export task goes on: a few MiB are read, packed and queued; then it waits until these are
//! gone.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ExportTaskStatusCode, TASK, Task, written};
use crate::arn::{Arn, LogGroupName, LogStreamName};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::limits::{EXPORT_OBJECTS_AT_ONCE, EXPORT_STEP_BYTES};
use crate::policy::Distribution;
use crate::store::{Content, Entry, Owner, Position, Rendered, Route, Window};
use crate::subscription::{gzip, stable_hash};

/// Where reading goes on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Place {
    stream: String,
    /// The event that comes next; absent when the stream is done.
    next: Option<(i64, u64)>,
    /// Objects of the stream so far.
    objects: u64,
}

/// One log stream that is read.
struct Part {
    stream: LogStreamName,
    folder: String,
    from: Position,
    objects: u64,
}

impl Engine {
    /// Whether an export task has something to do now.
    pub(in crate::engine) fn has_export(&self) -> bool {
        let tasks = self.exports.tasks();
        let active = |task: &&Task| is_active(task);
        let task = tasks.values().find(active);
        task.is_some_and(|task| {
            self.bucket(task).is_ok_and(|it| !self.store.export_waits(&task.shown.task_id, &it))
        })
    }

    /// Goes on with the active export task, if nothing of it waits to be sent. Whether something
    /// was queued.
    pub(in crate::engine) fn export_some(&self) -> bool {
        let Ok(_one_at_a_time) = self.exports.running.try_lock() else { return false };
        let active = |task: &&Task| is_active(task);
        let Some(task) = self.exports.tasks().values().find(active).cloned() else {
            return false;
        };
        // A disk that fails is known to the next write.
        self.advance(task).unwrap_or_default()
    }

    fn advance(&self, mut task: Task) -> Result<bool, Error> {
        let bucket = self.bucket(&task)?;
        let id = task.shown.task_id.clone();
        let tally = self.store.export_tally(&id, &bucket);
        if tally.dropped > 0 {
            return self.fail(task, "the bucket did not take an object");
        }
        if self.store.export_waits(&id, &bucket) {
            return Ok(false);
        }
        if tally.delivered < task.queued {
            return self.fail(task, "an object was lost on its way");
        }
        if task.read {
            self.end(&mut task, ExportTaskStatusCode::Completed, Some("Completed successfully"));
            return self.keep(task, None).map(|()| false);
        }
        let objects = match self.read_some(&mut task) {
            Ok(objects) => objects,
            Err(error) if error.kind() == ErrorKind::ServiceUnavailable => return Err(error),
            Err(_) => return self.fail(task, "the log group was deleted"),
        };
        task.shown.status_code = ExportTaskStatusCode::Running;
        if objects.is_empty() {
            return self.keep(task, None).map(|()| true);
        }
        task.queued += objects.len() as u64;
        let entry = Entry { born_ms: self.clock.now_ms(), ..entry(&task, &bucket, objects) };
        self.keep(task, Some(entry)).map(|()| true)
    }

    fn bucket(&self, task: &Task) -> Result<Arn, Error> {
        Arn::parse("destination", &self.home.bucket_arn(&task.shown.destination))
    }

    fn fail(&self, mut task: Task, why: &str) -> Result<bool, Error> {
        self.end(&mut task, ExportTaskStatusCode::Failed, Some(why));
        let mut tasks = self.exports.tasks();
        let Some(before) = tasks.get_mut(&task.number).filter(|it| is_active(it)) else {
            return Ok(false);
        };
        self.store.end_export(TASK, &task.shown.task_id, written(&task))?;
        *before = task;
        Ok(false)
    }

    /// Keeps how far a task is, unless it was cancelled meanwhile.
    fn keep(&self, task: Task, entry: Option<Entry>) -> Result<(), Error> {
        let mut tasks = self.exports.tasks();
        let Some(before) = tasks.get_mut(&task.number).filter(|it| is_active(it)) else {
            return Ok(());
        };
        let id = &task.shown.task_id;
        self.store.keep_object_and_queue(TASK, id, written(&task), entry)?;
        *before = task;
        Ok(())
    }

    /// Reads from where the task is, until there is enough for one time or nothing is left.
    fn read_some(&self, task: &mut Task) -> Result<Vec<Rendered>, Error> {
        let (mut objects, mut bytes) = (Vec::new(), 0);
        while bytes < EXPORT_STEP_BYTES && objects.len() < EXPORT_OBJECTS_AT_ONCE {
            let Some(part) = self.next_part(task)? else {
                task.read = true;
                break;
            };
            let (lines, next) = self.lines(task, &part, EXPORT_STEP_BYTES - bytes)?;
            let mut done = part.objects;
            if !lines.is_empty() {
                bytes += lines.len();
                let key = object_key(task, &part);
                objects.push(Rendered { object_key: Some(key), data: gzip(lines.as_bytes()) });
                done += 1;
            }
            let next = next.map(|position| (position.timestamp, position.sequence));
            let stream = part.stream.as_str().to_owned();
            task.place = Some(Place { stream, next, objects: done });
        }
        Ok(objects)
    }

    /// The log stream that is read next, from where on.
    fn next_part(&self, task: &Task) -> Result<Option<Part>, Error> {
        let from = Position::at(task.shown.from);
        self.store.with_group(&task.shown.log_group_name, |group| {
            let streams = || group.streams.keys();
            let (stream, from, objects) = match &task.place {
                Some(Place { stream, next: Some((timestamp, sequence)), objects }) => {
                    let stream = streams().find(|name| name.as_str() == stream);
                    let position = Position { timestamp: *timestamp, sequence: *sequence };
                    (stream, position, *objects)
                }
                _ => (None, from, 0),
            };
            // A stream that was deleted is over.
            let after = task.place.as_ref().map(|place| place.stream.as_str());
            let later = |name: &&LogStreamName| {
                after.is_none_or(|after| name.as_str() > after)
                    && name.as_str().starts_with(&task.stream_prefix)
            };
            let (stream, from, objects) = match stream {
                Some(stream) => (stream, from, objects),
                None => (streams().find(later)?, Position::at(task.shown.from), 0),
            };
            let twin = |other: &LogStreamName| other != stream && same_folder(other, stream);
            let alone = !stream.as_str().contains('/') || !streams().any(twin);
            let folder = folder(stream.as_str(), alone);
            Some(Part { stream: stream.clone(), folder, from, objects })
        })
    }

    /// Lines of a stream, some bytes of them, and the event that comes next.
    fn lines(
        &self,
        task: &Task,
        part: &Part,
        bytes_max: usize,
    ) -> Result<(String, Option<Position>), Error> {
        let window = Window {
            positions: part.from..Position::at(task.shown.to.saturating_add(1)),
            now_ms: self.clock.now_ms(),
            number: Some(task.group),
        };
        let (mut lines, mut next) = (String::new(), None);
        let name = &task.shown.log_group_name;
        let read = self.store.scan_stream(name, &part.stream, &window, true, |found| {
            if lines.len() >= bytes_max {
                next = Some(found.position);
                return ControlFlow::Break(());
            }
            push_line(&mut lines, found.position.timestamp, found.event.message.as_str());
            ControlFlow::Continue(())
        });
        read.map(|()| (lines, next))
    }
}

fn is_active(task: &Task) -> bool {
    task.shown.status_code.is_active()
}

/// `2026-11-30T20:15:30.123Z MESSAGE`
fn push_line(lines: &mut String, timestamp: i64, message: &str) {
    let time = Timestamp::from_millisecond(timestamp).unwrap_or(Timestamp::MAX);
    writeln!(lines, "{} {message}", time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")).expect("a string");
}

/// The folder of a stream: its name, with `-` for `/`.
// Choice: when another stream of the log group has the same one, a hash keeps them apart; AWS's
// objects would take each other's place.
fn folder(stream: &str, alone: bool) -> String {
    let plain = stream.replace('/', "-");
    if alone {
        return plain;
    }
    let hash = stable_hash(stream);
    format!("{plain}-{}", hash.get(..8).expect("a hash has 32 hexadecimal digits"))
}

fn same_folder(one: &LogStreamName, other: &LogStreamName) -> bool {
    let plain = |byte: u8| if byte == b'/' { b'-' } else { byte };
    let (one, other) = (one.as_str().bytes(), other.as_str().bytes());
    one.len() == other.len() && one.map(plain).eq(other.map(plain))
}

fn object_key(task: &Task, part: &Part) -> String {
    let (prefix, id) = (&task.shown.destination_prefix, &task.shown.task_id);
    format!("{prefix}/{id}/{}/{:06}.gz", part.folder, part.objects)
}

/// What is written before anything else, to see whether the bucket takes it.
pub(super) fn test_object(task: &Task) -> Rendered {
    let object_key = Some(format!("{}/aws-logs-write-test", task.shown.destination_prefix));
    Rendered { object_key, data: b"Permission Check Successful".to_vec() }
}

pub(super) fn entry(task: &Task, bucket: &Arn, objects: Vec<Rendered>) -> Entry {
    let route = Route {
        owner: Owner::Export(task.shown.task_id.clone()),
        destination_arn: bucket.clone(),
        distribution: Distribution::default(),
        extracted_by: None,
        system_fields: Vec::new(),
    };
    Entry {
        route: Arc::new(route),
        born_ms: task.shown.creation_time,
        // It goes out whatever becomes of the log group: that was asked for before.
        log_group: None,
        log_stream: None,
        content: Content::Rendered(objects),
        judged: Vec::new(),
    }
}

/// A random UUID.
pub(super) fn new_task_id() -> Result<String, Error> {
    let mut noise = [0_u8; 16];
    getrandom::fill(&mut noise).map_err(|_| {
        Error::new(ErrorKind::ServiceUnavailable, "the system gives no random bytes")
    })?;
    noise[6] = noise[6] & 0x0f | 0x40;
    noise[8] = noise[8] & 0x3f | 0x80;
    let hex: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| hex.get(range).expect("32 digits").to_owned();
    Ok([part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-"))
}

pub(super) fn log_group_name<'de, D: Deserializer<'de>>(from: D) -> Result<LogGroupName, D::Error> {
    let text = String::deserialize(from)?;
    LogGroupName::new(&text).map_err(|_| serde::de::Error::custom("a log group's name"))
}
