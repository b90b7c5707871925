//! Export tasks.

use logveil::{CreateExportTask, DescribeExportTasks, ExportTask, ExportTaskStatusCode};
use serde_json::{Value, json};

use super::{Answer, Operation, empty, log_groups, object, operation, some};
use crate::call::Call;
use crate::input::missing;

pub(super) const OPERATIONS: &[Operation] = &[
    operation("CreateExportTask", create),
    operation("DescribeExportTasks", describe),
    operation("CancelExportTask", cancel),
];

fn create(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let task_id = call.engine.create_export_task(CreateExportTask {
        task_name: input.owned("taskName")?,
        log_group_name: log_groups::name(call)?,
        log_stream_name_prefix: input.owned("logStreamNamePrefix")?,
        from: input.integer("from")?.ok_or_else(|| missing("from"))?,
        to: input.integer("to")?.ok_or_else(|| missing("to"))?,
        destination: input.needed("destination")?.to_owned(),
        destination_prefix: input.owned("destinationPrefix")?,
    })?;
    Ok(json!({ "taskId": task_id }))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let input = &call.input;
    let status = input.parsed("statusCode", ExportTaskStatusCode::parse)?;
    if status == Some(None) {
        return Ok(json!({ "exportTasks": [] }));
    }
    let page = call.engine.describe_export_tasks(&DescribeExportTasks {
        task_id: input.owned("taskId")?,
        status_code: status.flatten(),
        limit: input.count("limit")?,
        next_token: input.owned("nextToken")?,
    })?;
    let tasks: Vec<Value> = page.export_tasks.iter().map(shown).collect();
    Ok(object([("exportTasks", Some(tasks.into())), ("nextToken", some(page.next_token))]))
}

fn cancel(call: &mut Call<'_>) -> Answer {
    call.engine.cancel_export_task(call.input.needed("taskId")?)?;
    empty()
}

fn shown(task: &ExportTask) -> Value {
    let status = object([
        ("code", Some(task.status_code.as_str().into())),
        ("message", some(task.status_message.as_deref())),
    ]);
    let execution = object([
        ("creationTime", Some(task.creation_time.into())),
        ("completionTime", some(task.completion_time)),
    ]);
    object([
        ("taskId", Some(task.task_id.as_str().into())),
        ("taskName", some(task.task_name.as_deref())),
        ("logGroupName", Some(task.log_group_name.as_str().into())),
        ("from", Some(task.from.into())),
        ("to", Some(task.to.into())),
        ("destination", Some(task.destination.as_str().into())),
        ("destinationPrefix", Some(task.destination_prefix.as_str().into())),
        ("status", Some(status)),
        ("executionInfo", Some(execution)),
    ])
}
