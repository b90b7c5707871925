//! An engine that delivers to AWS, and what its destinations have to be given.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use logveil::{
    AccountId, Arn, Clock, CreateDelivery, DataProtectionPolicy, Directory, Distribution, Engine,
    FilterName, FilterPattern, GetLogEvents, Home, InMemory, InputLogEvent, LogGroupName,
    LogStreamName, Outgoing, OutgoingKind, OutputFormat, Payload, PutDataProtectionPolicy,
    PutDeliveryDestination, PutDeliverySource, PutLogEvents, PutSubscriptionFilter, RawMessage,
    Region, SystemClock,
};
use logveil_aws::{Aws, Options};
use serde_json::{Value, json};

/// Stands in the events, where it is masked. It may arrive nowhere.
pub const CANARY: &str = "kanarienvogel@example.com";

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";

struct Everything;

impl Directory for Everything {
    fn exists(&self, _: &Arn) -> bool {
        true
    }
}

pub struct World {
    pub engine: Engine,
    pub aside: Arc<InMemory>,
}

pub fn home() -> Home {
    Home { account: AccountId::new(ACCOUNT).unwrap(), region: Region::new(REGION).unwrap() }
}

pub fn arn(text: &str) -> Arn {
    Arn::parse("arn", text).unwrap()
}

/// An engine whose destinations are at that address.
pub fn world(url: &str) -> World {
    let aside = Arc::new(InMemory::default());
    let set_aside: Arc<dyn logveil::Destination> = aside.clone();
    let (aws, clock) = (aws(url, Some(set_aside)), Arc::new(SystemClock));
    World { engine: Engine::new(home(), clock, Arc::new(Everything), Arc::new(aws)), aside }
}

pub fn aws(url: &str, set_aside: Option<Arc<dyn logveil::Destination>>) -> Aws {
    let endpoint_url = Some(url.to_owned());
    Aws::new(Options { endpoint_url, set_aside, ..Options::new(home().region) }).unwrap()
}

/// A payload with a partition key.
pub fn outgoing<'a>(destination_arn: &'a Arn, data: &'a [u8]) -> Outgoing<'a> {
    Outgoing {
        destination_arn,
        kind: OutgoingKind::Data,
        name: "all",
        partition_key: Some("key"),
        object_key: None,
        log_place: None,
        data,
    }
}

/// The SDK as a consumer has it, with this test's runtime.
pub fn sdk(url: &str) -> (tokio::runtime::Runtime, SdkConfig) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(REGION).endpoint_url(url);
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = runtime.block_on(loader.http_client(http).load());
    (runtime, config)
}

impl World {
    /// Makes a log group, protected by a policy whose findings go there.
    pub fn protect(&self, group: &str, findings: Value) {
        let name = LogGroupName::new(group).unwrap();
        self.engine.create_log_group(&name).unwrap();
        let policy = DataProtectionPolicy::of(&["EmailAddress"]).unwrap();
        let mut document: Value = serde_json::from_str(policy.document()).unwrap();
        let audit = &mut document["Statement"][0]["Operation"]["Audit"];
        audit["FindingsDestination"] = findings;
        let request = PutDataProtectionPolicy {
            log_group_identifier: group.to_owned(),
            policy_document: document.to_string(),
        };
        self.engine.put_data_protection_policy(request).unwrap();
    }

    pub fn subscribe(&self, group: &str, destination: &str) {
        let destination_arn = arn(destination);
        let role = format!("arn:aws:iam::{ACCOUNT}:role/deliver");
        let request = PutSubscriptionFilter {
            log_group_name: LogGroupName::new(group).unwrap(),
            filter_name: FilterName::new("all").unwrap(),
            filter_pattern: FilterPattern::parse("").unwrap(),
            role_arn: (destination_arn.service() != "lambda").then(|| arn(&role)),
            destination_arn,
            distribution: Distribution::ByLogStream,
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
        };
        self.engine.put_subscription_filter(request).unwrap();
    }

    /// Delivers the log group's events to a bucket, as one JSON object a line.
    pub fn deliver(&self, group: &str, bucket: &str) {
        let source = PutDeliverySource {
            name: "source".to_owned(),
            resource_arn: format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"),
            log_type: "APPLICATION_LOGS".to_owned(),
            tags: BTreeMap::new(),
            delivery_source_configuration: BTreeMap::new(),
        };
        self.engine.put_delivery_source(source).unwrap();
        let destination = PutDeliveryDestination {
            name: "destination".to_owned(),
            output_format: Some(OutputFormat::Json),
            destination_resource_arn: Some(bucket.to_owned()),
            delivery_destination_type: None,
            role_arn: None,
            tags: BTreeMap::new(),
        };
        let destination = self.engine.put_delivery_destination(destination).unwrap();
        let request = CreateDelivery {
            delivery_source_name: "source".to_owned(),
            delivery_destination_arn: destination.arn,
            record_fields: None,
            field_delimiter: None,
            s3_delivery_configuration: None,
            tags: BTreeMap::new(),
        };
        self.engine.create_delivery(request).unwrap();
    }

    pub fn put(&self, group: &str, stream: &str, messages: impl IntoIterator<Item = String>) {
        let log_group_name = LogGroupName::new(group).unwrap();
        let log_stream_name = LogStreamName::new(stream).unwrap();
        let _ = self.engine.create_log_stream(&log_group_name, &log_stream_name);
        let timestamp = SystemClock.now_ms();
        let log_events = messages
            .into_iter()
            .map(|message| InputLogEvent { timestamp, message: RawMessage::from(message) })
            .collect();
        let request = PutLogEvents { log_group_name, log_stream_name, log_events };
        self.engine.put_log_events(request).unwrap();
    }

    /// What readers of a log stream see: times and masked messages.
    pub fn stored(&self, group: &str, stream: &str) -> Events {
        let group = LogGroupName::new(group).unwrap();
        let stream = LogStreamName::new(stream).unwrap();
        let mut request = GetLogEvents::new(group, stream);
        request.start_from_head = true;
        let mut events = Vec::new();
        loop {
            let page = self.engine.get_log_events(&request).unwrap();
            if page.events.is_empty() {
                return events;
            }
            let event =
                |it: &logveil::OutputLogEvent| (it.timestamp, it.message.reveal().to_owned());
            events.extend(page.events.iter().map(event));
            request.next_token = Some(page.next_forward_token);
        }
    }
}

/// Times and messages, in order.
pub type Events = Vec<(i64, String)>;

/// Lines as an application writes them: every third with the canary, in scripts of all kinds.
pub fn lines(count: usize, stream: &str) -> impl Iterator<Item = String> {
    let line = move |number| match number % 3 {
        0 => format!("{stream} {number} \"sent\"\tto {CANARY} from 10.0.0.1 \u{1}\\"),
        1 => format!("{stream} {number} Grüße, 好, 🦀 \u{2028} {{\"status\": 200}}"),
        _ => format!("{stream} {number} GET /index.html"),
    };
    (0..count).map(line)
}

/// The events of payloads by log stream, in order. There is nothing in them but what has to be.
pub fn by_stream(payloads: &[Payload], group: &str) -> BTreeMap<String, Events> {
    let mut streams: BTreeMap<String, Events> = BTreeMap::new();
    for payload in payloads {
        let text = serde_json::to_string(payload).unwrap();
        assert!(!text.contains("kanarienvogel"), "the canary arrived");
        if payload.message_type == "CONTROL_MESSAGE" {
            continue;
        }
        assert_eq!((payload.owner.as_str(), payload.log_group.as_str()), (ACCOUNT, group));
        assert_eq!(payload.subscription_filters, ["all"]);
        let events = payload.log_events.iter().map(|it| (it.timestamp, it.message.clone()));
        streams.entry(payload.log_stream.clone()).or_default().extend(events);
    }
    streams
}

/// What no findings are sent to.
pub fn nowhere() -> Value {
    json!({})
}
