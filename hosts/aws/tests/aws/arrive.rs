//! What arrives is what is stored: the masked events and their findings.

use std::collections::BTreeMap;
use std::io::Read;

use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_firehose::Client as Firehose;
use aws_sdk_firehose::types::ExtendedS3DestinationConfiguration;
use aws_sdk_kinesis::Client as Kinesis;
use aws_sdk_kinesis::types::ShardIteratorType;
use aws_sdk_s3::Client as S3;
use flate2::read::MultiGzDecoder;
use logveil::{DeliveryReport, Destination, Outgoing, decode};
use serde_json::{Value, json};

use crate::world::{
    ACCOUNT, CANARY, Events, REGION, World, arn, aws, by_stream, lines, nowhere, outgoing, sdk,
    world,
};
use crate::{moto, stub};

/// Streams that an application writes to, and how many events each has.
const STREAMS: [(&str, usize); 4] = [("web-1", 700), ("web-2", 1), ("wörker", 100), ("a/b c", 30)];

/// Writes them all; what they hold then.
fn fill(world: &World, group: &str) -> BTreeMap<String, Events> {
    for (stream, count) in STREAMS {
        world.put(group, stream, lines(count, stream));
    }
    let stored = |(stream, count): (&str, usize)| {
        let events = world.stored(group, stream);
        assert_eq!(events.len(), count);
        assert!(events.iter().all(|(_, message)| !message.contains("kanarienvogel")));
        (stream.to_owned(), events)
    };
    STREAMS.map(stored).into()
}

#[track_caller]
fn deliver_all(world: &World) -> DeliveryReport {
    let report = world.engine.deliver_pending();
    assert_eq!((report.waiting, report.dropped, report.set_aside), (0, 0, 0));
    report
}

/// All records of a Kinesis stream, with their partition keys.
pub fn records(stream: &str) -> Vec<(String, Vec<u8>)> {
    let (runtime, config) = sdk(moto::url());
    let client = Kinesis::new(&config);
    runtime.block_on(async {
        let shards = client.list_shards().stream_name(stream).send().await.unwrap();
        let mut records: Vec<(String, Vec<u8>)> = Vec::new();
        for shard in shards.shards() {
            let iterator = client
                .get_shard_iterator()
                .stream_name(stream)
                .shard_id(shard.shard_id())
                .shard_iterator_type(ShardIteratorType::TrimHorizon);
            let mut iterator = iterator.send().await.unwrap().shard_iterator;
            while let Some(from) = iterator.take() {
                let page = client.get_records().shard_iterator(from).send().await.unwrap();
                let found = page.records().iter();
                records.extend(found.map(|record| {
                    let key = record.partition_key().expect("every record has one");
                    (key.to_owned(), record.data().as_ref().to_vec())
                }));
                let more = !page.records().is_empty();
                iterator = page.next_shard_iterator.filter(|_| more);
            }
        }
        records
    })
}

/// Makes a Kinesis stream; its ARN.
pub fn make_stream(stream: &str, shards: i32) -> String {
    let (runtime, config) = sdk(moto::url());
    let made = Kinesis::new(&config).create_stream().stream_name(stream).shard_count(shards);
    runtime.block_on(made.send()).unwrap();
    format!("arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}")
}

fn make_bucket(bucket: &str) {
    let (runtime, config) = sdk(moto::url());
    let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let made = S3::from_conf(config).create_bucket().bucket(bucket);
    runtime.block_on(made.send()).unwrap();
}

/// All objects of a bucket by key.
fn objects(bucket: &str) -> BTreeMap<String, Vec<u8>> {
    let (runtime, config) = sdk(moto::url());
    let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let client = S3::from_conf(config);
    runtime.block_on(async {
        let list = client.list_objects_v2().bucket(bucket).send().await.unwrap();
        let mut objects = BTreeMap::new();
        for key in list.contents().iter().filter_map(|object| object.key()) {
            let object = client.get_object().bucket(bucket).key(key).send().await.unwrap();
            let body = object.body.collect().await.unwrap().to_vec();
            objects.insert(key.to_owned(), body);
        }
        objects
    })
}

/// Makes a Firehose stream in front of a bucket of the same name; its ARN.
fn make_firehose(name: &str) -> String {
    make_bucket(name);
    let (runtime, config) = sdk(moto::url());
    let bucket = ExtendedS3DestinationConfiguration::builder()
        .role_arn(format!("arn:aws:iam::{ACCOUNT}:role/firehose"))
        .bucket_arn(format!("arn:aws:s3:::{name}"))
        .build()
        .unwrap();
    let client = Firehose::new(&config);
    let made = client.create_delivery_stream().delivery_stream_name(name);
    runtime.block_on(made.extended_s3_destination_configuration(bucket).send()).unwrap();
    format!("arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}")
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(bytes).read_to_string(&mut text).expect("gzip of UTF-8");
    text
}

/// What has to be in the findings of [`fill`], whoever gets them: one for each canary.
#[track_caller]
fn check_findings<'a>(lines: impl IntoIterator<Item = &'a str>, group: &str) {
    let mut count = 0;
    for line in lines {
        assert!(!line.contains("kanarienvogel"), "the canary arrived");
        let finding: Value = serde_json::from_str(line).unwrap();
        let resource = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*");
        assert_eq!(finding["resourceArn"], resource);
        assert_eq!(finding["dataIdentifiers"][0]["name"], "EmailAddress");
        assert_eq!(finding["dataIdentifiers"][0]["count"], 1);
        let detection = &finding["dataIdentifiers"][0]["detections"][0];
        let [start, end] = ["start", "end"].map(|key| detection[key].as_u64().unwrap());
        assert_eq!(end - start, CANARY.len() as u64);
        count += 1;
    }
    assert_eq!(count, STREAMS.iter().map(|(_, count)| count.div_ceil(3)).sum::<usize>());
}

#[test]
fn kinesis_gets_the_masked_events() {
    let arn = make_stream("arrive", 3);
    let world = world(moto::url());
    world.protect("/app", nowhere());
    world.subscribe("/app", &arn);
    let stored = fill(&world, "/app");
    assert_eq!(deliver_all(&world).delivered, 1 + STREAMS.len());
    let records = records("arrive");
    let payloads: Vec<_> =
        records.iter().map(|(_, data)| decode(data).unwrap().remove(0)).collect();
    assert_eq!(by_stream(&payloads, "/app"), stored);
    let control = payloads.iter().filter(|it| it.message_type == "CONTROL_MESSAGE");
    assert_eq!(control.count(), 1);
    // Each log stream has a partition key of its own.
    let keys: BTreeMap<_, _> =
        payloads.iter().zip(&records).map(|(it, (key, _))| (&it.log_stream, key)).collect();
    let mut distinct: Vec<_> = keys.into_values().collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 1 + STREAMS.len());
}

#[test]
fn a_bucket_behind_firehose_gets_the_masked_events() {
    let arn = make_firehose("behind-firehose");
    let world = world(moto::url());
    world.protect("/app", nowhere());
    world.subscribe("/app", &arn);
    let stored = fill(&world, "/app");
    deliver_all(&world);
    let objects: Vec<_> = objects("behind-firehose").into_values().collect();
    let payloads = decode(&objects.concat()).unwrap();
    assert_eq!(by_stream(&payloads, "/app"), stored);
    assert_eq!(payloads.len(), 1 + STREAMS.len(), "a gzip member for each payload");
}

#[test]
fn a_lambda_function_gets_the_masked_events() {
    let stub = stub::start(|_| stub::Answer { status: 202, body: String::new() });
    let world = world(&stub.url);
    world.protect("/app", nowhere());
    world.subscribe("/app", &format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:live"));
    let stored = fill(&world, "/app");
    deliver_all(&world);
    let requests = stub.requests.lock().unwrap();
    let mut payloads = Vec::new();
    for request in requests.iter() {
        let function = request.line.split(' ').nth(1).unwrap();
        let arn = format!("arn%3Aaws%3Alambda%3A{REGION}%3A{ACCOUNT}%3Afunction%3Af%3Alive");
        assert_eq!(function, format!("/2015-03-31/functions/{arn}/invocations"));
        assert_eq!(request.header("x-amz-invocation-type"), Some("Event"));
        assert!(request.header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 "));
        let envelope: Value = serde_json::from_slice(&request.body).unwrap();
        assert!(envelope["awslogs"]["data"].is_string());
        payloads.extend(decode(&request.body).unwrap());
    }
    assert_eq!(by_stream(&payloads, "/app"), stored);
}

#[test]
fn a_bucket_gets_findings_under_their_keys() {
    make_bucket("findings");
    let world = world(moto::url());
    world.protect("/app", json!({"S3": {"Bucket": "findings"}}));
    fill(&world, "/app");
    deliver_all(&world);
    let objects = objects("findings");
    assert_eq!(objects.len(), STREAMS.len(), "an object for each batch");
    for key in objects.keys() {
        let start = format!("AWSLogs/{ACCOUNT}/logs/{REGION}/app/20");
        let file = key.rsplit('/').next().unwrap();
        assert!(key.starts_with(&start) && key.ends_with(".log.gz"), "{key}");
        assert!(file.starts_with(&format!("{ACCOUNT}_dataprotection_{REGION}_20")), "{key}");
    }
    let text: String = objects.values().map(|object| gunzip(object)).collect();
    check_findings(text.lines(), "/app");
}

#[test]
fn a_bucket_gets_the_records_of_a_delivery() {
    make_bucket("deliveries");
    let world = world(moto::url());
    world.protect("/app", nowhere());
    world.deliver("/app", "arn:aws:s3:::deliveries");
    let stored = fill(&world, "/app");
    world.engine.flush_deliveries().unwrap();
    deliver_all(&world);
    let objects = objects("deliveries");
    let mut arrived: BTreeMap<String, Events> = BTreeMap::new();
    for (key, object) in objects {
        assert!(key.starts_with(&format!("AWSLogs/{ACCOUNT}/")) && key.ends_with(".json.gz"));
        for line in gunzip(&object).lines() {
            assert!(!line.contains("kanarienvogel"), "the canary arrived");
            let record: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            let event = (record["timestamp"].as_i64().unwrap(), text("message"));
            arrived.entry(text("logStream")).or_default().push(event);
        }
    }
    assert_eq!(arrived, stored);
}

#[test]
fn firehose_gets_findings_as_lines() {
    make_firehose("findings-firehose");
    let world = world(moto::url());
    world.protect("/app", json!({"Firehose": {"DeliveryStream": "findings-firehose"}}));
    fill(&world, "/app");
    deliver_all(&world);
    let bytes: Vec<_> = objects("findings-firehose").into_values().collect();
    let text = String::from_utf8(bytes.concat()).unwrap();
    check_findings(text.lines(), "/app");
}

#[test]
fn a_real_log_group_gets_findings_in_a_stream_that_is_made() {
    let (runtime, config) = sdk(moto::url());
    let client = Logs::new(&config);
    runtime.block_on(client.create_log_group().log_group_name("/real").send()).unwrap();
    let world = world(moto::url());
    let from = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    world.protect("/app", json!({"CloudWatchLogs": {"LogGroup": "/real"}}));
    fill(&world, "/app");
    deliver_all(&world);
    let read = client.get_log_events().log_group_name("/real").log_stream_name("/app");
    let page = runtime.block_on(read.start_from_head(true).send()).unwrap();
    check_findings(page.events().iter().map(|event| event.message().unwrap()), "/app");
    assert!(page.events().iter().all(|it| it.timestamp().unwrap() >= from.as_millis() as i64));
    // The stream is there now: what comes later goes on in it.
    world.put("/app", "web-1", [format!("to {CANARY}")]);
    deliver_all(&world);
    let read = client.get_log_events().log_group_name("/real").log_stream_name("/app");
    let again = runtime.block_on(read.start_from_head(true).send()).unwrap();
    assert_eq!(again.events().len(), page.events().len() + 1);
}

#[test]
fn a_batch_for_one_stream_is_cut_into_requests_and_all_of_it_arrives() {
    let arn = arn(&make_stream("cut", 2));
    let data: Vec<Vec<u8>> = (0..1_203_u32).map(|it| it.to_be_bytes().repeat(3_000)).collect();
    let keys: Vec<String> = (0..data.len()).map(|number| format!("{number:032x}")).collect();
    let item = |(data, key)| Outgoing { partition_key: Some(key), ..outgoing(&arn, data) };
    let batch: Vec<_> =
        data.iter().map(Vec::as_slice).zip(keys.iter().map(String::as_str)).map(item).collect();
    assert_eq!(aws(moto::url(), None).deliver(&batch), vec![Ok(()); batch.len()]);
    let mut arrived: Vec<_> = records("cut").into_iter().map(|(_, data)| data).collect();
    arrived.sort();
    assert!(arrived == data, "each record once, as it was");
}
