//! A world with a day of events behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use logveil::{
    AccountPolicyType, Clock, DataProtectionPolicy, DeliveryError, Destination, Distribution,
    Engine, FilterName, FilterPattern, InputLogEvent, LogGroupName, LogStreamName, Outgoing,
    PutAccountPolicy, PutDataProtectionPolicy, PutLogEvents, PutSubscriptionFilter, RawMessage,
};
use logveil_server::{World, WorldOptions};
use tempfile::TempDir;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// 2026-11-30T12:30:00Z.
pub const NOW: i64 = 1_796_041_800_000;

/// What was put and must never be seen.
pub const SECRETS: [&str; 6] = [
    "jane@example.com",
    "536-22-8145",
    "canary-message",
    "canary-pattern",
    "canary-description",
    "canary-stream",
];

const KINESIS: &str = "arn:aws:kinesis:us-east-1:123456789012:stream";

struct Steps(AtomicI64);

impl Clock for Steps {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Takes what goes to the stream `open`, and no more.
struct Half;

impl Destination for Half {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let deliver = |it: &Outgoing<'_>| match it.destination_arn.as_str().ends_with("/open") {
            true => Ok(()),
            false => Err(DeliveryError::AccessDenied),
        };
        batch.iter().map(deliver).collect()
    }
}

/// Everything that the page shows, `hours` back to now.
pub fn world(folder: &TempDir, hours: i64) -> Arc<World> {
    let clock = Arc::new(Steps(AtomicI64::new(NOW - hours * HOUR_MS)));
    let mut options = WorldOptions::new(folder.path());
    options.clock = Arc::<Steps>::clone(&clock);
    options.destination = Some(Arc::new(Half));
    let world = World::open(options).expect("a world");
    let engine = world.engine(world.home()).expect("an engine");
    for name in ["/app/api", "/app/web", "audit"] {
        engine.create_log_group(&LogGroupName::new(name).expect("a name")).expect("made");
        make_stream(&engine, name);
    }
    protect(&engine);
    subscribe(&engine, "/app/api", "to-open", "open");
    subscribe(&engine, "/app/web", "to-shut", "shut");
    engine.deliver_pending();
    for hour in 0..=hours {
        let now_ms = NOW - (hours - hour) * HOUR_MS;
        clock.0.store(now_ms, Ordering::Relaxed);
        let mails = usize::try_from(hour % 5).expect("small");
        let mut messages = vec!["mail to jane@example.com"; mails];
        messages.push("canary-message");
        if hour % 3 == 0 {
            messages.extend(["ssn 536-22-8145", "host 10.0.0.1 card 4539 1488 0343 6467"]);
        }
        put(&engine, "/app/api", now_ms, &messages);
        put(&engine, "/app/web", now_ms, &messages[..1]);
    }
    engine.deliver_pending();
    world
}

fn make_stream(engine: &Engine, log_group: &str) {
    let stream = LogStreamName::new("canary-stream").expect("a name");
    engine
        .create_log_stream(&LogGroupName::new(log_group).expect("a name"), &stream)
        .expect("made");
}

fn protect(engine: &Engine) {
    let account = DataProtectionPolicy::of(&["EmailAddress", "Ssn-US"]).expect("identifiers");
    let document = account.document().replacen('{', "{\"Description\":\"canary-description\",", 1);
    engine
        .put_account_policy(PutAccountPolicy {
            policy_name: "everywhere".to_owned(),
            policy_document: document,
            policy_type: AccountPolicyType::DataProtection,
            scope: None,
            selection_criteria: None,
        })
        .expect("put");
    let group = DataProtectionPolicy::of(&["IpAddress", "CreditCardNumber"]).expect("identifiers");
    engine
        .put_data_protection_policy(PutDataProtectionPolicy {
            log_group_identifier: "/app/api".to_owned(),
            policy_document: group.document().to_owned(),
        })
        .expect("put");
}

fn subscribe(engine: &Engine, log_group: &str, name: &str, stream: &str) {
    let arn = |text: &str| logveil::Arn::parse("arn", text).expect("an ARN");
    engine
        .put_subscription_filter(PutSubscriptionFilter {
            log_group_name: LogGroupName::new(log_group).expect("a name"),
            filter_name: FilterName::new(name).expect("a name"),
            filter_pattern: FilterPattern::parse("-\"canary-pattern\"").expect("a pattern"),
            destination_arn: arn(&format!("{KINESIS}/{stream}")),
            role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
            distribution: Distribution::ByLogStream,
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
        })
        .expect("put");
}

fn put(engine: &Engine, log_group: &str, timestamp: i64, messages: &[&str]) {
    let event = |message: &&str| InputLogEvent { timestamp, message: RawMessage::from(*message) };
    engine
        .put_log_events(PutLogEvents {
            log_group_name: LogGroupName::new(log_group).expect("a name"),
            log_stream_name: LogStreamName::new("canary-stream").expect("a name"),
            log_events: messages.iter().map(event).collect(),
        })
        .expect("put");
}
