//! Export tasks: the events of a log group, masked, as objects of a bucket.

mod run;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::arn::{Arn, LogGroupName};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    EXPORT_BUCKET_CHARS_MAX, EXPORT_PREFIX_BYTES_MAX, EXPORT_TASKS_MAX, NAME_CHARS_MAX,
};

use super::{Engine, describe_limit};

/// Kind under which the tasks are kept.
const TASK: &str = "export-task";

/// What object keys begin with unless the request says otherwise.
const DEFAULT_PREFIX: &str = "exportedlogs";

/// Request of [`Engine::create_export_task`]. Times are milliseconds since 1970 UTC.
#[derive(Clone, Debug)]
pub struct CreateExportTask {
    /// At most 512 characters.
    pub task_name: Option<String>,
    /// The log group.
    pub log_group_name: LogGroupName,
    /// Only log streams whose name begins so.
    pub log_stream_name_prefix: Option<String>,
    /// Only events of this time or later.
    pub from: i64,
    /// Only events of this time or earlier; not before the log group was made.
    pub to: i64,
    /// The name of the bucket.
    pub destination: String,
    /// What the objects' keys begin with, `exportedlogs` unless set.
    pub destination_prefix: Option<String>,
}

/// Request of [`Engine::describe_export_tasks`]. The default asks for the latest 50.
#[derive(Clone, Debug, Default)]
pub struct DescribeExportTasks {
    /// Only this task.
    pub task_id: Option<String>,
    /// Only tasks of this status.
    pub status_code: Option<ExportTaskStatusCode>,
    /// Most tasks to return, 1 to 50; absent means 50.
    pub limit: Option<usize>,
    /// The next page's token, from the page before.
    pub next_token: Option<String>,
}

/// Answer of [`Engine::describe_export_tasks`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DescribeExportTasksResult {
    /// The tasks, the latest first.
    pub export_tasks: Vec<ExportTask>,
    /// Absent on the last page.
    pub next_token: Option<String>,
}

/// An export task as the API shows it. Times are milliseconds since 1970 UTC.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ExportTask {
    /// Names it among all.
    pub task_id: String,
    /// The name that it was given.
    pub task_name: Option<String>,
    /// The log group.
    #[serde(deserialize_with = "run::log_group_name")]
    pub log_group_name: LogGroupName,
    /// Events of this time or later.
    pub from: i64,
    /// Events of this time or earlier.
    pub to: i64,
    /// The bucket.
    pub destination: String,
    /// What the objects' keys begin with.
    pub destination_prefix: String,
    /// How far it is.
    pub status_code: ExportTaskStatusCode,
    /// Why, when there is more to say.
    pub status_message: Option<String>,
    /// When it was made.
    pub creation_time: i64,
    /// When it ended.
    pub completion_time: Option<i64>,
}

/// How far an export task is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ExportTaskStatusCode {
    /// It was made.
    Pending,
    /// Objects are on their way.
    Running,
    /// The bucket took all objects.
    Completed,
    /// It was cancelled.
    Cancelled,
    /// The bucket did not take an object, or the log group is gone.
    Failed,
}

impl ExportTaskStatusCode {
    const ALL: [Self; 5] =
        [Self::Pending, Self::Running, Self::Completed, Self::Cancelled, Self::Failed];

    /// Parses a status code as the API spells it; `None` for PENDING_CANCEL, which no task here
    /// ever has.
    ///
    /// # Errors
    ///
    /// InvalidParameter for other text.
    pub fn parse(text: &str) -> Result<Option<Self>, Error> {
        if text == "PENDING_CANCEL" {
            return Ok(None);
        }
        let found = Self::ALL.into_iter().find(|known| known.as_str() == text);
        found.map(Some).ok_or_else(|| Error::invalid("statusCode is none of the API"))
    }

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }

    fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

/// A task as it is kept: what is shown of it, and how far it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Task {
    shown: ExportTask,
    /// In the order in which tasks were made.
    number: u64,
    /// The log group's number; one made again under the name is another one.
    group: u64,
    stream_prefix: String,
    /// Objects that were queued, the test object included.
    queued: u64,
    /// Where reading goes on; absent before the first stream.
    place: Option<run::Place>,
    /// Whether all was read.
    read: bool,
}

/// All export tasks. Locked before the store.
#[derive(Default)]
pub(super) struct Exports {
    tasks: Mutex<BTreeMap<u64, Task>>,
    /// Held while a task goes on.
    running: Mutex<()>,
}

impl Exports {
    /// The tasks that were kept.
    ///
    /// # Errors
    ///
    /// InvalidOperation when one is not understood.
    pub(super) fn open(kept: &[(String, String, String)]) -> Result<Self, Error> {
        let of_kind = kept.iter().filter(|(kind, ..)| kind == TASK);
        let read = |(.., value): &(String, String, String)| {
            let task: Task = serde_json::from_str(value).ok()?;
            Some((task.number, task))
        };
        let tasks: Option<BTreeMap<_, _>> = of_kind.map(read).collect();
        let tasks = tasks.ok_or_else(|| {
            let message = "an export task that is kept is not understood by this version";
            Error::new(ErrorKind::InvalidOperation, message)
        })?;
        Ok(Self { tasks: tasks.into(), running: Mutex::default() })
    }

    fn tasks(&self) -> MutexGuard<'_, BTreeMap<u64, Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Begins to export the events of a log group into a bucket, masked: gzip objects
    /// `PREFIX/TASK/STREAM/NUMBER.gz` of lines, each a time and a message, with `-` for `/` in the
    /// stream's name, and `PREFIX/aws-logs-write-test` before them. The work is done where
    /// deliveries are made, some 4 MiB at a time; each object arrives at least once.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a range, a bucket or a name that cannot be, or a bucket that does not
    /// exist; LimitExceeded while another task is active; ResourceNotFound; ServiceUnavailable.
    pub fn create_export_task(&self, request: CreateExportTask) -> Result<String, Error> {
        let destination = self.check_export(&request)?;
        let name = &request.log_group_name;
        let about =
            self.store.with_group(name, |group| (group.about.number, group.about.creation_time));
        let (group, made_ms) = about?;
        if request.to < made_ms {
            return Err(Error::invalid("to is earlier than the log group was made"));
        }
        let mut tasks = self.exports.tasks();
        if tasks.values().any(|task| task.shown.status_code.is_active()) {
            let message = "an export task is active already; one at a time";
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let task = Task {
            shown: ExportTask {
                task_id: run::new_task_id()?,
                task_name: request.task_name,
                log_group_name: request.log_group_name,
                from: request.from,
                to: request.to,
                destination: request.destination,
                destination_prefix: request
                    .destination_prefix
                    .unwrap_or_else(|| DEFAULT_PREFIX.to_owned()),
                status_code: ExportTaskStatusCode::Pending,
                status_message: None,
                creation_time: self.clock.now_ms(),
                completion_time: None,
            },
            number: tasks.keys().next_back().map_or(1, |last| last + 1),
            group,
            stream_prefix: request.log_stream_name_prefix.unwrap_or_default(),
            queued: 1,
            place: None,
            read: false,
        };
        let id = task.shown.task_id.clone();
        let entry = run::entry(&task, &destination, vec![run::test_object(&task)]);
        self.store.keep_object_and_queue(TASK, &id, written(&task), Some(entry))?;
        tasks.insert(task.number, task);
        // What ended longest ago is forgotten.
        if tasks.len() > EXPORT_TASKS_MAX
            && let Some((number, oldest)) = tasks.first_key_value()
        {
            let (number, id) = (*number, oldest.shown.task_id.clone());
            self.store.keep_object(TASK, &id, None)?;
            tasks.remove(&number);
        }
        Ok(id)
    }

    /// Checks what can be without looking at the log group, and answers the bucket's ARN.
    fn check_export(&self, request: &CreateExportTask) -> Result<Arn, Error> {
        let chars = |text: &Option<String>| text.as_ref().map_or(1, |text| text.chars().count());
        for (parameter, text) in [
            ("taskName", &request.task_name),
            ("logStreamNamePrefix", &request.log_stream_name_prefix),
        ] {
            if !(1..=NAME_CHARS_MAX).contains(&chars(text)) {
                let message = format!("{parameter} has not 1 to {NAME_CHARS_MAX} characters");
                return Err(Error::invalid(message));
            }
        }
        if request.from < 0 || request.from > request.to {
            return Err(Error::invalid("from is negative or later than to"));
        }
        let bytes = request.destination_prefix.as_ref().map_or(1, String::len);
        if !(1..=EXPORT_PREFIX_BYTES_MAX).contains(&bytes) {
            let message = format!("destinationPrefix has not 1 to {EXPORT_PREFIX_BYTES_MAX} bytes");
            return Err(Error::invalid(message));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let bucket = &request.destination;
        let fits = (1..=EXPORT_BUCKET_CHARS_MAX).contains(&bucket.len());
        if !fits || !bucket.bytes().all(allowed) {
            return Err(Error::invalid("destination is not the name of a bucket"));
        }
        let arn = Arn::parse("destination", &self.home.bucket_arn(bucket))?;
        if !self.directory.exists(&arn) {
            return Err(Error::invalid(format!("the bucket {arn} does not exist")));
        }
        Ok(arn)
    }

    /// The export tasks, the latest first, a page at a time.
    ///
    /// # Errors
    ///
    /// InvalidParameter for a limit or token that cannot be.
    pub fn describe_export_tasks(
        &self,
        request: &DescribeExportTasks,
    ) -> Result<DescribeExportTasksResult, Error> {
        let limit = describe_limit(request.limit)?;
        let (id, status) = (request.task_id.as_deref(), request.status_code);
        let paging = self.tokens.of("DescribeExportTasks", self.clock.now_ms());
        let paging = paging.with(id.unwrap_or_default());
        let paging = paging.with(status.map_or("", ExportTaskStatusCode::as_str));
        let before = |token| {
            paging.parse_name(token, |text| {
                text.parse::<u64>().map_err(|_| Error::invalid("nextToken"))
            })
        };
        let before = request.next_token.as_deref().map(before).transpose()?;
        let tasks = self.exports.tasks();
        let wanted = |task: &&Task| {
            id.is_none_or(|id| id == task.shown.task_id)
                && status.is_none_or(|status| status == task.shown.status_code)
        };
        let mut found = tasks.range(..before.unwrap_or(u64::MAX)).rev().map(|(_, task)| task);
        let mut found = std::iter::from_fn(|| found.find(wanted));
        let page: Vec<&Task> = found.by_ref().take(limit).collect();
        let last = page.last().filter(|_| found.next().is_some());
        let next_token = last.map(|task| paging.print(task.number.to_string().as_bytes()));
        let export_tasks = page.iter().map(|task| task.shown.clone()).collect();
        Ok(DescribeExportTasksResult { export_tasks, next_token: next_token.transpose()? })
    }

    /// Ends an export task; what waits to be sent of it is dropped. Objects that arrived stay.
    ///
    /// # Errors
    ///
    /// ResourceNotFound; InvalidOperation when it has ended; ServiceUnavailable.
    pub fn cancel_export_task(&self, task_id: &str) -> Result<(), Error> {
        let mut tasks = self.exports.tasks();
        let task = tasks.values_mut().find(|task| task.shown.task_id == task_id);
        let task = task.ok_or_else(|| {
            let message = "The specified export task does not exist.";
            Error::new(ErrorKind::ResourceNotFound, message)
        })?;
        if !task.shown.status_code.is_active() {
            let message = "the export task is neither pending nor running";
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        let mut next = task.clone();
        self.end(&mut next, ExportTaskStatusCode::Cancelled, None);
        self.store.end_export(TASK, task_id, written(&next))?;
        *task = next;
        Ok(())
    }

    fn end(&self, task: &mut Task, status: ExportTaskStatusCode, message: Option<&str>) {
        task.shown.status_code = status;
        task.shown.status_message = message.map(str::to_owned);
        task.shown.completion_time = Some(self.clock.now_ms());
    }
}

fn written(task: &Task) -> String {
    serde_json::to_string(task).expect("a task is plain JSON")
}
