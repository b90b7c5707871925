//! Canaries: values that must not come out of any door without a grant, in whatever dress.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logveil::{
    AccountPolicyType, DataProtectionPolicy, Distribution, Durability, FileDestination,
    FilterLogEvents, FilterName, FilterPattern, GetLogEvents, LineState, Masker, MetricDatum,
    MetricTransformation, Principal, PutLogEvents, PutMetricFilter, PutSubscriptionFilter,
    RawMessage, Scratch, SubscriptionPolicy, decode,
};
use serde_json::json;
use tempfile::TempDir;

use crate::findings::gunzip;
use crate::support::world::{
    Allow, account_policy, arn, batch, document, group, payload, stream, with_keys, world, world_at,
};
use crate::support::{files_below, masker_of_all, policy};

/// What is planted, and in which message.
const CANARIES: [(&str, &str); 6] = [
    ("536-22-8145", "ssn 536-22-8145 given"),
    ("canary.q7x@zebra-post.org", r#"{"to":"canary.q7x@zebra-post.org"}"#),
    ("4539 5787 6362 1486", "visa 4539 5787 6362 1486 é"),
    ("203.0.113.77", "from 203.0.113.77:443"),
    (
        "mJalrXUtnQEMI/K7MDENG/bPxRfiCYEXAMPL1KEY",
        "secret key mJalrXUtnQEMI/K7MDENG/bPxRfiCYEXAMPL1KEY",
    ),
    ("CANARY-éß-77", "custom CANARY-éß-77 here"),
];

const CUSTOM: (&str, &str) = ("Canary", r"CANARY-[^ ]+");

/// Whether `bytes` hold the canary as text, JSON-escaped, in base64 or in hex.
fn holds(bytes: &[u8], canary: &str) -> bool {
    let found = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
    let escaped: String = canary
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(ascii) if ascii.is_ascii() => char::from(ascii).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    // Base64 of the canary at each of three places in its group of three bytes.
    let base64 = |shift: usize| {
        let padded = [vec![0; shift], canary.as_bytes().to_vec()].concat();
        let text = STANDARD.encode(padded);
        text[shift.div_ceil(3) * 4..text.len() / 4 * 4 - 4].to_owned()
    };
    found(canary.as_bytes())
        || found(escaped.as_bytes())
        || found(canary.replace('/', "\\/").as_bytes())
        || found(hex.as_bytes())
        || found(hex.to_uppercase().as_bytes())
        || (0..3).any(|shift| found(base64(shift).as_bytes()))
}

/// Asserts without printing what leaked: a test log is a door too.
fn assert_clean(door: &str, bytes: impl AsRef<[u8]>) {
    for (index, (canary, _)) in CANARIES.iter().enumerate() {
        assert!(!holds(bytes.as_ref(), canary), "canary {index} came out of: {door}");
    }
}

fn messages() -> Vec<&'static str> {
    CANARIES.iter().map(|(_, message)| *message).collect()
}

fn protected() -> DataProtectionPolicy {
    policy(&logveil::identifier::managed_ids().collect::<Vec<_>>(), &[CUSTOM])
}

#[test]
fn the_search_finds_a_canary_in_every_dress() {
    let canary = CANARIES[5].0;
    let dressed = [
        canary.to_owned(),
        "CANARY-\\u00e9\\u00df-77".to_owned(),
        STANDARD.encode(format!("x{canary}yz")),
        STANDARD.encode(format!("xy{canary}yz")),
        STANDARD.encode(format!("xyz{canary}yz")),
        canary.bytes().map(|byte| format!("{byte:02X}")).collect(),
    ];
    for text in dressed {
        assert!(holds(text.as_bytes(), canary), "{text}");
    }
    assert!(!holds(b"CANARY-**", canary));
}

#[test]
fn the_library_shows_no_canary() {
    let masker = Masker::new(&[protected()]).unwrap();
    let mut scratch = Scratch::default();
    for message in messages() {
        let masked = masker.mask(message, &mut scratch);
        assert!(!masked.is_clean());
        assert_clean("mask", masked.as_str());
        assert_clean("Debug of Masked", format!("{masked:?} {masked}"));
        let finding = masked.finding(0, "arn:aws:logs:x:1:log-group:g:*", 0).unwrap();
        assert_clean("finding", serde_json::to_string(&finding).unwrap());
        assert_clean("Debug of finding", format!("{finding:?}"));
        assert_clean("Debug of raw", format!("{:?}", RawMessage::from(message)));
        let json = serde_json::json!({"k": message, message: 1}).to_string();
        let mut state = LineState::default();
        let masked = masker.mask_json(&mut state, &json, &mut scratch).unwrap();
        assert_clean("mask_json", masked.as_str());
        assert_clean("Debug of MaskedJson", format!("{masked:?}"));
    }
    let text = messages().join("\n");
    let mut state = LineState::default();
    let lines = masker.mask_lines(&mut state, &text, &mut scratch);
    assert_clean("mask_lines", lines.as_str());
    assert_clean(
        "Debug of lines",
        format!("{lines:?} {state:?} {scratch:?}", scratch = Scratch::default()),
    );
    assert_clean("Debug of masker", format!("{masker:?}"));
}

#[test]
fn the_engine_shows_no_canary() {
    let world = world();
    world.make("/app", "s");
    world.make("findings", "unused");
    world.protect_group("/app", &serde_json::from_str(protected().document()).unwrap());
    let to_group = json!({"CloudWatchLogs": {"LogGroup": "findings"},
        "Firehose": {"DeliveryStream": "f"}, "S3": {"Bucket": "bucket"}});
    let all: Vec<_> = logveil::identifier::managed_ids().collect();
    world.protect_account("account", &document("account", &all, &to_group));
    for (name, destination) in [
        ("k", "arn:aws:kinesis:eu-west-1:123456789012:stream/k"),
        ("l", "arn:aws:lambda:eu-west-1:123456789012:function:l"),
    ] {
        let filter = PutSubscriptionFilter {
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
            log_group_name: group("/app"),
            filter_name: logveil::FilterName::new(name).unwrap(),
            filter_pattern: FilterPattern::parse("").unwrap(),
            destination_arn: arn(destination),
            role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
            distribution: logveil::Distribution::ByLogStream,
        };
        world.engine.put_subscription_filter(filter).unwrap();
    }
    let request = batch("/app", "s", &messages());
    assert_clean("Debug of request", format!("{request:?}"));
    let result = world.engine.put_log_events(request).unwrap();
    assert_clean("Debug of result", format!("{result:?}"));

    let read = world.engine.get_log_events(&GetLogEvents::new(group("/app"), stream("s"))).unwrap();
    assert_eq!(read.events.len(), CANARIES.len());
    assert_clean("Debug of events", format!("{read:?}"));
    for event in &read.events {
        assert!(event.message.reveal().contains('*'));
        assert_clean("event", event.message.reveal());
    }
    let filtered = world.engine.filter_log_events(&FilterLogEvents::new(group("/app"))).unwrap();
    assert_clean("Debug of filtered", format!("{filtered:?}"));
    assert_clean("findings", world.read("findings", "/app").join("\n"));
    assert_clean("engine", format!("{:?} {:?}", world.engine, world.engine.metrics()));

    // A filter pattern is no oracle: what it asks for is not there.
    for (canary, _) in CANARIES {
        let mut request = FilterLogEvents::new(group("/app"));
        request.filter_pattern = FilterPattern::parse(&format!("{canary:?}")).unwrap();
        assert!(world.engine.filter_log_events(&request).unwrap().events.is_empty());
    }

    let folder = std::env::temp_dir().join(format!("logveil-leakage-{}", std::process::id()));
    let files = FileDestination::new(&folder);
    let delivered = world.delivered();
    assert!(delivered.len() >= 6, "payloads, control messages, findings");
    for one in delivered {
        assert_clean("delivered", &one.data);
        assert_clean("object key", one.object_key.as_deref().unwrap_or_default());
        if one.data.starts_with(&[0x1f, 0x8b]) {
            assert_clean("unpacked", gunzip(&one.data));
        }
        assert_clean("Debug of delivered", format!("{one:?}"));
        if one.kind == logveil::OutgoingKind::Data {
            let payload = payload(&one);
            assert_clean("payload", serde_json::to_string(&payload).unwrap());
            assert_clean("Debug of payload", format!("{payload:?}"));
        }
        let outgoing = logveil::Outgoing {
            destination_arn: &one.destination_arn,
            kind: one.kind,
            name: &one.name,
            partition_key: one.partition_key.as_deref(),
            object_key: one.object_key.as_deref(),
            log_place: None,
            data: &one.data,
        };
        assert_clean("Debug of outgoing", format!("{outgoing:?}"));
        logveil::Destination::deliver(&files, &[outgoing]).remove(0).unwrap();
    }
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            assert_clean("file name", path.to_string_lossy().as_bytes());
            match path.is_dir() {
                true => folders.push(path),
                false => assert_clean("file", std::fs::read(&path).unwrap()),
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What callers send wrong is not repeated to them.
#[test]
fn errors_and_panics_show_no_canary() {
    let world = world();
    world.make("/app", "s");
    for (canary, message) in CANARIES {
        for text in [canary, message] {
            let statement = json!({
                "Sid": text, "DataIdentifier": [text], "Operation": {text: {}},
            });
            let custom = json!([{"Name": text, "Regex": format!("({text}")}]);
            let wrong = json!({
                "Name": text, text: text, "Statement": [statement],
                "Configuration": {"CustomDataIdentifier": custom},
            });
            for document in [wrong.to_string(), format!("{{\"{text}"), text.to_owned()] {
                for error in DataProtectionPolicy::faults(&document) {
                    assert_clean("policy fault", format!("{error} {error:?}"));
                }
                let error = SubscriptionPolicy::parse(&document).unwrap_err();
                assert_clean("subscription policy", format!("{error} {error:?}"));
                let request =
                    account_policy("p", AccountPolicyType::DataProtection, &json!(document));
                assert_clean("Debug of policy request", format!("{request:?}"));
                let error = world.engine.put_account_policy(request).unwrap_err();
                assert_clean("account policy", format!("{error} {error:?}"));
            }
            for pattern in
                [format!("[{text}"), format!("{{ $.a = {text}"), format!("%{text}%{text}")]
            {
                let error = FilterPattern::parse(&pattern).unwrap_err();
                assert_clean("filter pattern", format!("{error} {error:?}"));
            }
            let error = decode(text.as_bytes()).unwrap_err();
            assert_clean("decode", format!("{error} {error:?}"));
        }
        let pattern = FilterPattern::parse(&format!("{canary:?}")).unwrap();
        assert_clean("Debug of pattern", format!("{pattern:?}"));
        let mut late = batch("/app", "s", &[message, message]);
        late.log_events.swap(0, 1);
        let error = world.engine.put_log_events(late).unwrap_err();
        assert_clean("batch error", format!("{error} {error:?}"));
    }
    // Records that are not characters: the panic says where, not what.
    let masker = masker_of_all();
    let text = CANARIES[5].1;
    let cut = text.find('é').unwrap() + 1;
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut scratch = Scratch::default();
        masker.mask_batch(text, &[logveil::Span::new(0, cut)], &mut scratch).records()
    }));
    let payload = panic.expect_err("the record ends inside a character");
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    assert_clean("panic", text.expect("a panic with text"));
}

#[test]
fn no_file_of_a_store_and_no_diagnostic_of_it_holds_a_canary() {
    let directory = TempDir::new().unwrap();
    let open = || world_at(directory.path(), with_keys(Durability::Buffered)).unwrap();
    let world = open();
    for name in ["/app", "/audit"] {
        world.make(name, "s");
    }
    let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit"}});
    let managed = logveil::identifier::managed_ids().collect::<Vec<_>>();
    world.protect_account("p", &document("p", &managed, &findings));
    world.protect_group("/app", &serde_json::from_str(protected().document()).unwrap());
    world
        .engine
        .put_subscription_filter(PutSubscriptionFilter {
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_fields: Vec::new(),
            log_group_name: group("/app"),
            filter_name: FilterName::new("f").unwrap(),
            filter_pattern: FilterPattern::parse("").unwrap(),
            destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/s"),
            role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
            distribution: Distribution::ByLogStream,
        })
        .unwrap();
    let mut said = String::new();
    let mut world = Some(world);
    for round in 0..3 {
        // Reading it again from disk is a door as well.
        let world = world.take().unwrap_or_else(open);
        for _ in 0..20 {
            world.put("/app", "s", &messages());
        }
        let allow = Allow("ann", "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned());
        let grant = world.engine.authorize_unmask(&allow, Principal::new("ann"), &group("/app"));
        let grant = grant.unwrap();
        let mut request = FilterLogEvents::new(group("/app"));
        request.unmask = Some(&grant);
        // What is seen with a grant is searched for a canary, and found: the search is no failure.
        request.filter_pattern = FilterPattern::parse("\"536-22-8145\"").unwrap();
        let found = world.engine.filter_log_events(&request).unwrap();
        assert_eq!(found.events.len(), 20 * (round + 1));
        said += &format!("{found:?} {:?} {:?}", world.engine, world.engine.metrics());
        said += &format!("{:?} {grant:?}", world.engine.unmask_log());
        let late = logveil::InputLogEvent { timestamp: -1, message: messages()[0].into() };
        let request = PutLogEvents { log_events: vec![late], ..batch("/app", "s", &[]) };
        said += &format!("{}", world.engine.put_log_events(request).unwrap_err());
    }
    assert_clean("diagnostics", &said);
    for (name, bytes) in files_below(directory.path()) {
        assert_clean(&name.display().to_string(), &bytes);
        assert_clean("a file's name", name.to_str().unwrap());
    }
}

/// What a metric filter reads from a message goes out as a dimension, however the message spells
/// it, and as a label of nothing.
#[test]
fn metric_data_show_no_canary() {
    let world = world();
    world.make("/app", "s");
    world.protect_group("/app", &serde_json::from_str(protected().document()).unwrap());
    let put = |name: &str, pattern: &str, selector: &str| {
        let transformation = MetricTransformation {
            dimensions: BTreeMap::from([("D".to_owned(), selector.to_owned())]),
            ..MetricTransformation::new("App", name, "1")
        };
        let request = PutMetricFilter {
            log_group_name: group("/app"),
            filter_name: FilterName::new(name).unwrap(),
            filter_pattern: FilterPattern::parse(pattern).unwrap(),
            metric_transformations: vec![transformation],
            apply_on_transformed_logs: false,
            field_selection_criteria: None,
            emit_system_field_dimensions: Vec::new(),
        };
        world.engine.put_metric_filter(request).unwrap();
    };
    put("first", "[a, ...]", "$a");
    put("last", "[..., a]", "$a");
    put("rest", "[a, b]", "$b");
    put("json", "{ $.* = * }", "$.*");
    let names = ["ssn", "to", "visa", "from", "secret key", "custom"];
    let spelt = |(name, (canary, _)): (&str, &(&str, &str))| {
        let escaped: String = canary.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let last = canary.chars().next_back().unwrap();
        let end = format!("\\u{:04x}", u32::from(last));
        let partly = canary.strip_suffix(last).unwrap().to_owned() + &end;
        [escaped, partly].map(|text| format!(r#"{{"{name}":"{text}"}}"#))
    };
    let spelt: Vec<_> = names.into_iter().zip(&CANARIES).flat_map(spelt).collect();
    let messages: Vec<_> = messages().into_iter().chain(spelt.iter().map(String::as_str)).collect();
    let kept = crate::facade::Kept::default();
    metrics::with_local_recorder(&kept, || world.put("/app", "s", &messages));
    assert_clean("the facade", format!("{:?}", kept.sums()));
    world.clock.0.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    let mut json = 0;
    let publish = |data: &[MetricDatum]| {
        for datum in data {
            assert_clean("a data point", format!("{datum:?}"));
            json += usize::from(datum.metric_name == "json");
        }
        true
    };
    assert!(world.engine.publish_metric_data(publish).unwrap() > 10);
    assert!(json > 2, "values that are spelt with escapes are read");
    assert_clean("Debug of the engine", format!("{:?} {:?}", world.engine, world.engine.metrics()));
}
