//! Query × events: whatever is parsed runs and shows no value that was masked, and whatever is
//! refused has a place.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use logveil::{
    AccountId, Arn, Clock, DataProtectionPolicy, Directory, Engine, ErrorKind, GetQueryResults,
    Home, InMemory, InputLogEvent, LogGroupName, LogStreamName, PutDataProtectionPolicy,
    PutLogEvents, Query, Region, StartQuery, SystemClock,
};

/// What no answer may hold.
const CANARY: &str = "canary.q7x@zebra-post.org";

const MESSAGES: [&str; 7] = [
    "to canary.q7x@zebra-post.org from user=ann, latency := 12",
    r#"{"level":"ERROR","ms":12,"a":"canary.q7x","b":"@zebra-post.org","l":[1,{"k":"v"}]}"#,
    r#"{"v":"\u0063anary.q7x\u0040zebra-post.org","b64":"Y2FuYXJ5LnE3eEB6ZWJyYS1wb3N0Lm9yZw=="}"#,
    r#"{"hex":"63616e6172792e713778407a656272612d706f73742e6f7267"}"#,
    r#"{"url":"canary.q7x%40zebra-post.org"}"#,
    "REPORT RequestId: 1\tDuration: 1 ms\tMemory Size: 128 MB",
    "",
];

struct Nothing;

impl Directory for Nothing {
    fn exists(&self, _: &Arn) -> bool {
        false
    }
}

static ENGINE: LazyLock<(Engine, i64)> = LazyLock::new(|| {
    let account = AccountId::new("123456789012").expect("an account");
    let home = Home { account, region: Region::new("eu-west-1").expect("a Region") };
    let sink = Arc::new(InMemory::default());
    let engine = Engine::new(home, Arc::new(SystemClock), Arc::new(Nothing), sink);
    let (log_group_name, log_stream_name) = places();
    engine.create_log_group(&log_group_name).expect("a new log group");
    engine.create_log_stream(&log_group_name, &log_stream_name).expect("a new log stream");
    let policy = DataProtectionPolicy::of(&["EmailAddress"]).expect("a known identifier");
    engine
        .put_data_protection_policy(PutDataProtectionPolicy {
            log_group_identifier: "/app".to_owned(),
            policy_document: policy.document().to_owned(),
        })
        .expect("a valid policy");
    let now_ms = SystemClock.now_ms();
    let event = |text: &&str| InputLogEvent { timestamp: now_ms, message: (*text).into() };
    let log_events = MESSAGES.iter().filter(|text| !text.is_empty()).map(event).collect();
    let request = PutLogEvents { log_group_name, log_stream_name, log_events };
    engine.put_log_events(request).expect("a valid batch");
    (engine, now_ms / 1000)
});

fn places() -> (LogGroupName, LogStreamName) {
    (LogGroupName::new("/app").expect("a name"), LogStreamName::new("s").expect("a name"))
}

fuzz_target!(|text: &str| {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => {
            if error.kind() == ErrorKind::MalformedQuery {
                let place = error.place().expect("a fault of a query has a place");
                assert!(text.get(place.start..place.end).is_some(), "whole characters");
            }
            return;
        }
    };
    assert_eq!(query.as_str(), text);
    if query.unmasks() || text.contains("zebra") {
        return;
    }
    let (engine, now) = &*ENGINE;
    let request = StartQuery::new(places().0, query, (now - 60, now + 60));
    let id = engine.start_query(request).expect("a valid request");
    let result = engine.get_query_results(&GetQueryResults::new(id)).expect("it has run");
    for field in result.results.iter().flatten() {
        assert!(!field.value().contains(CANARY), "a value is shown");
    }
});
