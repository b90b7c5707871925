//! Export tasks: every event of the range arrives in its object, masked, once, over restarts.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::atomic::Ordering;

use flate2::read::GzDecoder;
use logveil::{
    CreateExportTask, Delivered, DeliveryError, DescribeExportTasks, Durability, Engine, ErrorKind,
    ExportTask, ExportTaskStatusCode, FileDestination, Outgoing, OutgoingKind, PutLogEvents,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::files_below;
use crate::support::world::{
    NOW, World, arn, batch, document, event, group, noise, stream, with_keys, world_at, world_with,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn request(name: &str) -> CreateExportTask {
    CreateExportTask {
        task_name: None,
        log_group_name: group(name),
        log_stream_name_prefix: None,
        from: 0,
        to: NOW,
        destination: "bucket".to_owned(),
        destination_prefix: None,
    }
}

fn task(engine: &Engine, id: &str) -> ExportTask {
    let request = DescribeExportTasks { task_id: Some(id.to_owned()), ..Default::default() };
    let mut found = engine.describe_export_tasks(&request).unwrap().export_tasks;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn status(engine: &Engine, id: &str) -> ExportTaskStatusCode {
    task(engine, id).status_code
}

fn gunzip(data: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).unwrap();
    text
}

/// What arrived of a task: keys below its folder, and lines. The same key may come twice with the
/// same bytes.
fn objects(delivered: &[Delivered], id: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for delivered in delivered.iter().filter(|it| it.name == id) {
        assert_eq!(delivered.kind, OutgoingKind::Record);
        assert_eq!(delivered.destination_arn.as_str(), "arn:aws:s3:::bucket");
        let key = delivered.object_key.as_deref().unwrap();
        let Some((_, rest)) = key.split_once(&format!("/{id}/")) else {
            assert!(key.ends_with("/aws-logs-write-test"), "{key}");
            assert_eq!(delivered.data, b"Permission Check Successful");
            continue;
        };
        let text = gunzip(&delivered.data);
        let before = found.insert(rest.to_owned(), text.clone());
        assert!(before.is_none_or(|before| before == text), "{key} changed");
    }
    found
}

fn kind<T: std::fmt::Debug>(result: Result<T, logveil::Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn an_export_holds_the_masked_events_of_its_range_by_stream() {
    let world = world_with("/app", "web/1");
    world.protect_account("p", &document("p", &["EmailAddress"], &json!({})));
    for name in ["other", "empty", "web-2"] {
        world.engine.create_log_stream(&group("/app"), &stream(name)).unwrap();
    }
    world.put("/app", "web/1", &["early", "to jane@example.com", "é last"]);
    world.put("/app", "web-2", &["a\nb"]);
    world.put("/app", "other", &["other"]);
    let id = world
        .engine
        .create_export_task(CreateExportTask {
            task_name: Some("mine".to_owned()),
            log_stream_name_prefix: Some("web".to_owned()),
            from: NOW - 1,
            destination_prefix: Some("logs/2027".to_owned()),
            ..request("/app")
        })
        .unwrap();
    assert_eq!(status(&world.engine, &id), ExportTaskStatusCode::Pending);
    world.put("/app", "web-2", &["put while it is pending"]);
    let delivered = world.delivered();
    let first = delivered.iter().find(|it| it.name == id).unwrap();
    assert_eq!(first.object_key.as_deref(), Some("logs/2027/aws-logs-write-test"));
    let expected = BTreeMap::from([
        (
            "web-1/000000.gz".to_owned(),
            "2027-01-15T07:59:59.999Z to ****************\n2027-01-15T08:00:00.000Z é last\n"
                .to_owned(),
        ),
        (
            "web-2/000000.gz".to_owned(),
            "2027-01-15T08:00:00.000Z a\nb\n2027-01-15T08:00:00.000Z put while it is pending\n"
                .to_owned(),
        ),
    ]);
    assert_eq!(objects(&delivered, &id), expected);
    let shown = task(&world.engine, &id);
    let expected = ExportTask {
        task_id: id,
        task_name: Some("mine".to_owned()),
        log_group_name: group("/app"),
        from: NOW - 1,
        to: NOW,
        destination: "bucket".to_owned(),
        destination_prefix: "logs/2027".to_owned(),
        status_code: ExportTaskStatusCode::Completed,
        status_message: Some("Completed successfully".to_owned()),
        creation_time: NOW,
        completion_time: Some(NOW),
    };
    assert_eq!(shown, expected);
}

#[test]
fn streams_whose_folders_would_be_one_are_kept_apart() {
    let world = world_with("/app", "a/b");
    world.engine.create_log_stream(&group("/app"), &stream("a-b")).unwrap();
    world.put("/app", "a/b", &["slash"]);
    world.put("/app", "a-b", &["dash"]);
    let id = world.engine.create_export_task(request("/app")).unwrap();
    let found = objects(&world.delivered(), &id);
    assert_eq!(found.len(), 2, "{:?}", found.keys());
    assert_eq!(found["a-b/000000.gz"], "2027-01-15T08:00:00.000Z dash\n");
}

/// 12 MB in a stream of its own, and small streams.
fn much(world: &World) -> BTreeMap<String, Vec<String>> {
    world.engine.create_log_group(&group("/much")).unwrap();
    let mut all = BTreeMap::<String, Vec<String>>::new();
    for number in 0..130 {
        let name = format!("small-{number:03}");
        world.engine.create_log_stream(&group("/much"), &stream(&name)).unwrap();
        world.put("/much", &name, &[&name]);
        all.insert(name.clone(), vec![name]);
    }
    world.engine.create_log_stream(&group("/much"), &stream("large")).unwrap();
    let texts: Vec<_> = (0..24).map(|seed| noise(500_000, seed)).collect();
    for (at, two) in texts.chunks(2).enumerate() {
        let log_events = two.iter().map(|text| event(NOW - 100 + at as i64, text)).collect();
        let (log_group_name, log_stream_name) = (group("/much"), stream("large"));
        let request = PutLogEvents { log_group_name, log_stream_name, log_events };
        world.engine.put_log_events(request).unwrap();
    }
    all.insert("large".to_owned(), texts);
    all
}

/// The messages of an export by stream, from objects in the order of their numbers.
fn messages(objects: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for (key, text) in objects {
        let (name, _) = key.split_once('/').unwrap();
        let lines = text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned());
        found.entry(name.to_owned()).or_default().extend(lines);
    }
    found
}

#[test]
fn nothing_is_lost_over_failures_and_restarts_and_little_waits_at_a_time() {
    let path = TempDir::new().unwrap();
    let open = || world_at(path.path(), with_keys(Durability::Buffered)).unwrap();
    let world = open();
    let expected = much(&world);
    let id = world.engine.create_export_task(request("/much")).unwrap();
    drop(world);
    let (mut delivered, mut most, mut now_ms) = (Vec::new(), 0, NOW);
    let mut runs = 0;
    loop {
        let world = open();
        world.clock.0.store(now_ms, Ordering::SeqCst);
        let mut calls = 0_usize;
        world.destination.fail(move |_| {
            calls += 1;
            if calls.is_multiple_of(3) { Err(DeliveryError::Throttled) } else { Ok(()) }
        });
        let report = world.engine.deliver_pending();
        most = most.max(report.waiting);
        delivered.extend(world.destination.kept.delivered());
        if status(&world.engine, &id) == ExportTaskStatusCode::Completed {
            break;
        }
        assert!(matches!(
            status(&world.engine, &id),
            ExportTaskStatusCode::Pending | ExportTaskStatusCode::Running
        ));
        now_ms += 1000;
        runs += 1;
        assert!(runs < 1000, "it ends");
    }
    assert!(runs > 1, "it was interrupted");
    assert!(most <= 1, "{most} entries waited");
    let objects = objects(&delivered, &id);
    let large = objects.keys().filter(|key| key.starts_with("large/")).count();
    assert!((3..=4).contains(&large), "{large} objects of 4 MiB or less for 12 MB");
    assert!(messages(&objects) == expected);
}

#[test]
fn one_task_at_a_time_and_it_can_be_cancelled() {
    let world = world_with("/app", "s");
    world.put("/app", "s", &["x"]);
    let engine = &world.engine;
    let first = engine.create_export_task(request("/app")).unwrap();
    assert_eq!(kind(engine.create_export_task(request("/app"))), ErrorKind::LimitExceeded);
    engine.cancel_export_task(&first).unwrap();
    assert_eq!(status(engine, &first), ExportTaskStatusCode::Cancelled);
    assert_eq!(task(engine, &first).completion_time, Some(NOW));
    assert_eq!(kind(engine.cancel_export_task(&first)), ErrorKind::InvalidOperation);
    assert_eq!(kind(engine.cancel_export_task("none")), ErrorKind::ResourceNotFound);
    assert_eq!(world.delivered().len(), 0, "what waited was dropped");
    let second = engine.create_export_task(request("/app")).unwrap();
    assert_eq!(objects(&world.delivered(), &second).len(), 1);
    assert_eq!(kind(engine.cancel_export_task(&second)), ErrorKind::InvalidOperation);

    let describe = |request: &DescribeExportTasks| {
        let page = engine.describe_export_tasks(request).unwrap();
        let ids: Vec<_> = page.export_tasks.into_iter().map(|it| it.task_id).collect();
        (ids, page.next_token)
    };
    let all = DescribeExportTasks::default();
    assert_eq!(describe(&all).0, [second.clone(), first.clone()]);
    let status_code = Some(ExportTaskStatusCode::Cancelled);
    let found = describe(&DescribeExportTasks { status_code, ..all.clone() });
    assert_eq!(found, (vec![first.clone()], None));
    let (page, next_token) = describe(&DescribeExportTasks { limit: Some(1), ..all.clone() });
    assert_eq!(page, [second]);
    assert!(next_token.is_some());
    let rest = describe(&DescribeExportTasks { limit: Some(1), next_token, ..all });
    assert_eq!(rest, (vec![first], None));
}

#[test]
fn a_bucket_that_never_takes_it_and_a_log_group_that_is_gone_fail_the_task() {
    let world = world_with("/app", "s");
    world.put("/app", "s", &["x"]);
    let engine = &world.engine;
    world.destination.fail(|_| Err(DeliveryError::Refused));
    let refused = engine.create_export_task(request("/app")).unwrap();
    engine.deliver_pending();
    engine.deliver_pending();
    assert_eq!(status(engine, &refused), ExportTaskStatusCode::Failed);

    world.destination.fail(|_| Err(DeliveryError::AccessDenied));
    let denied = engine.create_export_task(request("/app")).unwrap();
    engine.deliver_pending();
    assert_eq!(status(engine, &denied), ExportTaskStatusCode::Pending);
    world.clock.0.store(NOW + DAY_MS + 1, Ordering::SeqCst);
    engine.deliver_pending();
    engine.deliver_pending();
    assert_eq!(status(engine, &denied), ExportTaskStatusCode::Failed);

    world.destination.fail(|_| Err(DeliveryError::Throttled));
    let gone = engine.create_export_task(request("/app")).unwrap();
    engine.deliver_pending();
    engine.delete_log_group(&group("/app")).unwrap();
    world.make("/app", "s");
    world.engine.put_log_events(batch("/app", "s", &["another group"])).unwrap();
    world.destination.fail(|_| Ok(()));
    let delivered = world.delivered();
    assert_eq!(status(engine, &gone), ExportTaskStatusCode::Failed);
    assert_eq!(objects(&delivered, &gone).len(), 0);
}

#[test]
fn requests_that_cannot_be_are_refused() {
    let world = world_with("/app", "s");
    let engine = &world.engine;
    let long = Some("x".repeat(513));
    for bad in [
        CreateExportTask { from: -1, ..request("/app") },
        CreateExportTask { from: NOW + 1, ..request("/app") },
        CreateExportTask { from: 0, to: NOW - 1, ..request("/app") },
        CreateExportTask { destination: String::new(), ..request("/app") },
        CreateExportTask { destination: "a bucket".to_owned(), ..request("/app") },
        CreateExportTask { destination: "missing".to_owned(), ..request("/app") },
        CreateExportTask { destination_prefix: Some(String::new()), ..request("/app") },
        CreateExportTask { destination_prefix: Some("x".repeat(1025)), ..request("/app") },
        CreateExportTask { task_name: long.clone(), ..request("/app") },
        CreateExportTask { log_stream_name_prefix: long, ..request("/app") },
    ] {
        assert_eq!(kind(engine.create_export_task(bad)), ErrorKind::InvalidParameter);
    }
    let missing = engine.create_export_task(request("/none"));
    assert_eq!(kind(missing), ErrorKind::ResourceNotFound);
    assert_eq!(
        engine.describe_export_tasks(&DescribeExportTasks::default()).unwrap().export_tasks,
        []
    );
}

#[test]
fn a_directory_takes_an_export() {
    use std::sync::Arc;

    use logveil::{Clock, Destination};

    use crate::support::world::{Everything, StoppedClock, home};

    let path = TempDir::new().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(StoppedClock(NOW.into()));
    let files: Arc<dyn Destination> = Arc::new(FileDestination::new(path.path()));
    let engine = Engine::new(home("123456789012"), clock, Arc::new(Everything), files);
    engine.create_log_group(&group("/app")).unwrap();
    engine.create_log_stream(&group("/app"), &stream("s")).unwrap();
    engine.put_log_events(batch("/app", "s", &["x"])).unwrap();
    let id = engine.create_export_task(request("/app")).unwrap();
    engine.deliver_pending();
    let bucket = std::fs::read_dir(path.path()).unwrap().next().unwrap().unwrap().path();
    let object = bucket.join("exportedlogs").join(&id).join("s/000000.gz");
    let text = gunzip(&std::fs::read(object).unwrap());
    assert_eq!(text, "2027-01-15T08:00:00.000Z x\n");
    assert_eq!(status(&engine, &id), ExportTaskStatusCode::Completed);
}

#[test]
fn an_object_key_is_a_path_in_a_directory() {
    use logveil::Destination as _;

    let path = TempDir::new().unwrap();
    let destination = arn("arn:aws:s3:::bucket");
    let put = |key| Outgoing {
        destination_arn: &destination,
        kind: OutgoingKind::Record,
        name: "d",
        partition_key: None,
        object_key: Some(key),
        log_place: None,
        data: b"x",
    };
    // Partitions as Hive names them stay readable; what would leave the directory does not.
    let keys = ["AWSLogs/region=eu-west-1/year=2026/a.gz", "../../b=c/d e"];
    FileDestination::new(path.path()).deliver(&keys.map(put));
    let found: Vec<_> = files_below(path.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    let hive = found.iter().any(|it| it.ends_with("AWSLogs/region=eu-west-1/year=2026/a.gz"));
    assert!(hive, "{found:?}");
}
