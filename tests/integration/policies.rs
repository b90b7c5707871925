//! Policy documents: each rule as a case, and documents broken by a generator.

use logveil::{DataProtectionPolicy, Error, ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support;
use crate::support::generate::Random;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    reason: String,
    /// A string is the document itself, so that it need not be JSON.
    #[serde(default)]
    document: Value,
    /// Instead of `document`: a valid document of so many characters, were there no limit.
    pad: Option<usize>,
    ok: bool,
    /// The place of the first fault.
    pointer: Option<String>,
    /// The text at the place of the first fault.
    at: Option<String>,
    /// What the message of the first fault contains.
    contains: Option<String>,
    /// The places of all faults.
    pointers: Option<Vec<String>>,
}

#[test]
fn policies() {
    support::cases::<Vec<Case>>("policies.json").iter().for_each(check);
}

#[track_caller]
fn check(case: &Case) {
    let name = format!("{} ({})", case.name, case.reason);
    let document = match (&case.document, case.pad) {
        (_, Some(chars)) => padded(chars),
        (Value::String(text), None) => text.clone(),
        (value, None) => value.to_string(),
    };
    let parsed = DataProtectionPolicy::parse(&document);
    let faults = DataProtectionPolicy::faults(&document);
    if case.ok {
        let policy = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(faults.is_empty(), "{name}: faults of a valid document");
        assert_eq!(policy.document(), document, "{name}");
        assert!(!policy.identifiers().is_empty(), "{name}");
        return;
    }
    let fault = parsed.map(|_| ()).expect_err(&name);
    check_refusal(&name, &document, &fault, &faults);
    let place = fault.place().expect("checked");
    assert_eq!(Some(&place.pointer), case.pointer.as_ref(), "{name}: {fault}");
    let contains = case.contains.as_ref().unwrap_or_else(|| panic!("{name}: no `contains`"));
    assert!(fault.message().contains(contains), "{name}: {fault}");
    if let Some(at) = &case.at {
        assert_eq!(&document[place.start..place.end], at, "{name}: {fault}");
    }
    if let Some(pointers) = &case.pointers {
        let seen: Vec<_> = faults.iter().map(|f| &f.place().expect("checked").pointer).collect();
        assert_eq!(seen, pointers.iter().collect::<Vec<_>>(), "{name}: {faults:#?}");
    }
}

/// What holds for every refused document: one kind, a place inside the document, `faults` and
/// `parse` at one.
#[track_caller]
fn check_refusal(name: &str, document: &str, fault: &Error, faults: &[Error]) {
    assert_eq!(faults.first(), Some(fault), "{name}: parse and faults disagree");
    let tree: Option<Value> = serde_json::from_str(document).ok();
    let mut start = 0;
    for fault in faults {
        assert_eq!(fault.kind(), ErrorKind::InvalidParameter, "{name}: {fault}");
        let place = fault.place().unwrap_or_else(|| panic!("{name}: no place: {fault}"));
        assert!(document.get(place.start..place.end).is_some(), "{name}: off the text: {fault}");
        assert!(start <= place.start, "{name}: not in the order of the text: {fault}");
        start = place.start;
        match &tree {
            Some(tree) => assert!(tree.pointer(&place.pointer).is_some(), "{name}: {fault}"),
            None => assert!(!place.pointer.contains('~'), "{name}: {fault}"),
        }
    }
}

fn padded(chars: usize) -> String {
    let policy = DataProtectionPolicy::of(&["EmailAddress"]).expect("known");
    let with = |text: &str| {
        let document = policy.document().trim_end();
        document.replacen('{', &format!("{{\"Description\":\"{text}\","), 1)
    };
    let document = with(&"é".repeat(chars - with("").chars().count()));
    assert_eq!(document.chars().count(), chars);
    document
}

#[test]
fn a_policy_says_what_its_document_says() {
    let document = json!({
        "Name": "audit_1", "Description": "text", "Version": "2021-06-01",
        "Configuration": { "CustomDataIdentifier": [{ "Name": "StaffNo", "Regex": "SN-\\d{6}" }] },
        "Statement": [
            statement(
                &["StaffNo", &arn("IpAddress"), &arn("EmailAddress")],
                json!({ "Audit": { "FindingsDestination": {
                    "CloudWatchLogs": { "LogGroup": "/audit" },
                    "Firehose": { "DeliveryStream": "stream" },
                    "S3": { "Bucket": "bucket" },
                } } }),
            ),
            statement(
                &[&arn("EmailAddress"), &arn("IpAddress"), "StaffNo"],
                json!({ "Deidentify": { "MaskConfig": {} } }),
            ),
        ],
    });
    let policy = DataProtectionPolicy::parse(&document.to_string()).expect("valid");
    assert_eq!(policy.name(), Some("audit_1"));
    assert_eq!(policy.description(), Some("text"));
    let names: Vec<&str> = policy.identifiers().iter().map(|known| known.name()).collect();
    assert_eq!(names, ["StaffNo", "IpAddress", "EmailAddress"], "the Audit statement's order");
    let destinations = format!("{:?}", policy.destinations());
    let expected = "[LogGroup(LogGroupName(\"/audit\")), DeliveryStream(\"stream\"), \
                    Bucket(\"bucket\")]";
    assert_eq!(destinations, expected);
}

#[test]
fn custom_identifiers_are_printed_without_their_regex() {
    let policy = support::policy(&["EmailAddress"], &[("StaffNo", "canary[0-9]+")]);
    let custom = policy.identifiers().iter().find(|it| it.name() == "StaffNo").expect("custom");
    let pattern = &custom.patterns()[0];
    assert!(pattern.regex.contains("canary"));
    let printed = format!("{custom:?} {custom:#?} {pattern:?} {pattern:#?} {policy:?} {policy:#?}");
    assert!(!printed.contains("canary"));
    assert!(printed.contains("StaffNo"), "the name is told");
}

fn arn(name: &str) -> String {
    format!("arn:aws:dataprotection::aws:data-identifier/{name}")
}

fn statement(identifiers: &[&str], operation: Value) -> Value {
    json!({ "Sid": "canary7Q", "DataIdentifier": identifiers, "Operation": operation })
}

/// In every free-text part of the generated documents; no error may show it, in any case.
const CANARY: &str = "canary7q";
const SEED: u64 = 0x10_6E11;
const DOCUMENTS: usize = 300;

#[test]
fn broken_documents_are_refused_without_a_word_of_their_text() {
    let random = &mut Random::new(SEED);
    for index in 0..DOCUMENTS {
        let base = base(random);
        DataProtectionPolicy::parse(&base.to_string()).expect("broken only by what follows");
        let (how, breaker) = BREAKERS[index % BREAKERS.len()];
        let document = breaker(random, base);
        let name = format!("seed {SEED:#x}, document {index}, {how}");
        let parsed = DataProtectionPolicy::parse(&document);
        let faults = DataProtectionPolicy::faults(&document);
        let fault = parsed.map(|_| ()).expect_err(&name);
        check_refusal(&name, &document, &fault, &faults);
        for fault in &faults {
            let shown = format!("{fault} {fault:?} {}", fault.message()).to_lowercase();
            assert!(!shown.contains(CANARY), "{name}: the text is shown");
        }
    }
}

/// A valid document with canaries; no string holds a bracket, a brace or an escape.
fn base(random: &mut Random) -> Value {
    let mut identifiers = vec![arn("EmailAddress"), arn("IpAddress"), arn("Ssn-US")];
    identifiers.truncate(1 + random.below(3));
    let mut document = json!({ "Version": "2021-06-01", "Description": "canary7Q é" });
    if random.below(2) == 0 {
        identifiers.push("Canary7Q".to_owned());
        document["Configuration"] = json!({
            "CustomDataIdentifier": [{ "Name": "Canary7Q", "Regex": "canary7Q-x+" }]
        });
    }
    let mut destinations = json!({
        "CloudWatchLogs": { "LogGroup": "/canary7q" },
        "Firehose": { "DeliveryStream": "canary7q" },
        "S3": { "Bucket": "canary7q" },
    });
    for key in ["CloudWatchLogs", "Firehose", "S3"] {
        if random.below(2) == 0 {
            object(&mut destinations).remove(key);
        }
    }
    let names: Vec<&str> = identifiers.iter().map(String::as_str).collect();
    document["Statement"] = json!([
        statement(&names, json!({ "Audit": { "FindingsDestination": destinations } })),
        statement(&names, json!({ "Deidentify": { "MaskConfig": {} } })),
    ]);
    document
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("an object")
}

type Breaker = fn(&mut Random, Value) -> String;

/// Each breaks any document of [`base`], wherever the random place falls.
const BREAKERS: [(&str, Breaker); 20] = [
    ("a required key is dropped", |random, mut document| {
        let (parent, key) = REQUIRED[random.below(REQUIRED.len())];
        object(document.pointer_mut(parent).expect("present")).remove(key).expect("present");
        document.to_string()
    }),
    ("a key is renamed", |random, mut document| {
        let parent = object(pick(random, &mut document, &|v| has_members(v)));
        let key = pick_key(random, parent);
        let value = parent.remove(&key).expect("present");
        let renamed = [key.to_lowercase(), format!("{key}canary7Q"), "Canary7Q".to_owned()];
        parent.insert(renamed[random.below(3)].clone(), value);
        document.to_string()
    }),
    ("a key is added", |random, mut document| {
        let added = ["canary7Q", "", "~1/0", "Deny", "RedactConfig", "MaskWithCharacter", "a\u{0}"];
        let key = random.pick(&added).to_owned();
        object(pick(random, &mut document, &|v| v.is_object())).insert(key, json!("canary7Q"));
        document.to_string()
    }),
    ("a key is repeated", |random, document| {
        let text = document.to_string();
        let at = pick_place(random, &text, "{\"") + 1;
        let mut tokens = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        tokens.next();
        let key_end = at + tokens.byte_offset() + 1;
        let mut tokens = serde_json::Deserializer::from_str(&text[key_end..]).into_iter::<Value>();
        tokens.next();
        let member = &text[at..key_end + tokens.byte_offset()];
        format!("{}{member},{}", &text[..at], &text[at..])
    }),
    ("a value has a type that no value has", |random, mut document| {
        let values = [json!(1), json!(-2.5e3), json!(true), json!(null)];
        *pick(random, &mut document, &|_| true) = values[random.below(4)].clone();
        document.to_string()
    }),
    ("an object becomes an array or a string", |random, mut document| {
        let value = pick(random, &mut document, &|v| v.is_object());
        *value = [json!([value.clone()]), json!("canary7Q"), json!([])][random.below(3)].clone();
        document.to_string()
    }),
    ("an array becomes an object or a string", |random, mut document| {
        let value = pick(random, &mut document, &|v| v.is_array());
        *value = [json!({}), json!("canary7Q"), value[0].clone()][random.below(3)].clone();
        document.to_string()
    }),
    ("a string becomes an array or an object", |random, mut document| {
        let value = pick(random, &mut document, &|v| v.is_string());
        *value = [json!([value.clone()]), json!({ "canary7Q": value })][random.below(2)].clone();
        document.to_string()
    }),
    ("a data identifier is changed", |random, mut document| {
        let pointer = format!("/Statement/{}/DataIdentifier/0", random.below(2));
        let element = document.pointer_mut(&pointer).expect("present");
        let text = element.as_str().expect("a string").to_owned();
        let changed = [format!("{text}Canary7Q"), format!("Canary7Q{text}"), text.to_uppercase()];
        *element = json!(changed[random.below(3)]);
        document.to_string()
    }),
    ("a statement is lost or added", |random, mut document| {
        let statements = document["Statement"].as_array_mut().expect("an array");
        let statement = statements.remove(random.below(2));
        if random.below(2) == 0 {
            statements.extend([statement.clone(), statement]);
        }
        document.to_string()
    }),
    ("a huge array", |random, mut document| {
        let huge = [json!(vec!["canary7Q"; 2500]), json!(vec![json!({}); 9000])];
        let pointer = ["/Statement", "/Statement/0/DataIdentifier"][random.below(2)];
        *document.pointer_mut(pointer).expect("present") = huge[random.below(2)].clone();
        document.to_string()
    }),
    ("a depth bomb", |random, mut document| {
        *pick(random, &mut document, &|_| true) = json!("@bomb");
        let open = [("[", "]"), ("{\"Statement\":", "}")][random.below(2)];
        let levels = if open.0 == "[" { 10_000 } else { 1_000 };
        let close = [open.1.repeat(levels), String::new()];
        let bomb = format!("{}[]{}", open.0.repeat(levels), close[random.below(2)]);
        document.to_string().replace("\"@bomb\"", &bomb)
    }),
    ("cut short", |random, document| {
        let text = document.to_string();
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text[..ends[random.below(ends.len())]].to_owned()
    }),
    ("a NUL", |random, document| insert_anywhere(random, &document.to_string(), "\0")),
    ("a lone surrogate in a key", |random, document| {
        let text = document.to_string();
        let at = pick_place(random, &text, "\":");
        let escape = random.pick(&["\\ud800", "\\udc00", "\\uDBFF\\u0041"]);
        format!("{}{escape}{}", &text[..at], &text[at..])
    }),
    ("something before or after", |random, document| {
        let before = ["\u{feff}", "\u{a0}", ",", "canary7Q ", "{}", "\u{b}"];
        let after = ["\u{feff}", "}", ",", " canary7Q", "{}", "\0"];
        match random.below(2) {
            0 => format!("{}{document}", random.pick(&before)),
            _ => format!("{document}{}", random.pick(&after)),
        }
    }),
    ("a trailing comma", |random, document| {
        let text = document.to_string();
        let at = match random.below(2) {
            0 => pick_place(random, &text, "}"),
            _ => pick_place(random, &text, "]"),
        };
        format!("{},{}", &text[..at], &text[at..])
    }),
    ("a quote is lost", |random, document| {
        let text = document.to_string();
        let at = pick_place(random, &text, "\"");
        format!("{}{}", &text[..at], &text[at + 1..])
    }),
    ("a colon or comma is lost", |random, document| {
        let text = document.to_string();
        let before = random.pick(&["\":", "\",", "},"]);
        let at = 1 + pick_place(random, &text, before);
        format!("{}{}", &text[..at], &text[at + 1..])
    }),
    ("a comment, or another quote", |random, document| {
        let text = document.to_string();
        match random.below(2) {
            0 => text.replacen(':', ": /* canary7Q */ ", 1),
            _ => text.replace('"', "'"),
        }
    }),
];

const REQUIRED: [(&str, &str); 8] = [
    ("", "Statement"),
    ("/Statement/0", "DataIdentifier"),
    ("/Statement/1", "DataIdentifier"),
    ("/Statement/0", "Operation"),
    ("/Statement/1/Operation", "Deidentify"),
    ("/Statement/0/Operation", "Audit"),
    ("/Statement/0/Operation/Audit", "FindingsDestination"),
    ("/Statement/1/Operation/Deidentify", "MaskConfig"),
];

fn has_members(value: &Value) -> bool {
    value.as_object().is_some_and(|object| !object.is_empty())
}

fn pick_key(random: &mut Random, object: &Map<String, Value>) -> String {
    object.keys().nth(random.below(object.len())).expect("in range").clone()
}

/// A value of the document, the root included, among those that `wanted` wants.
fn pick<'v>(
    random: &mut Random,
    root: &'v mut Value,
    wanted: &dyn Fn(&Value) -> bool,
) -> &'v mut Value {
    let mut pointers = Vec::new();
    collect(root, String::new(), wanted, &mut pointers);
    let pointer = &pointers[random.below(pointers.len())];
    root.pointer_mut(pointer).expect("collected")
}

fn collect(
    value: &Value,
    pointer: String,
    wanted: &dyn Fn(&Value) -> bool,
    into: &mut Vec<String>,
) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| collect(value, format!("{pointer}/{key}"), wanted, into)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| collect(value, format!("{pointer}/{index}"), wanted, into)),
        _ => {}
    }
    if wanted(value) {
        into.push(pointer);
    }
}

/// Where one of the occurrences of `what` begins.
fn pick_place(random: &mut Random, text: &str, what: &str) -> usize {
    let places: Vec<usize> = text.match_indices(what).map(|(at, _)| at).collect();
    places[random.below(places.len())]
}

fn insert_anywhere(random: &mut Random, text: &str, what: &str) -> String {
    let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    places.push(text.len());
    let at = places[random.below(places.len())];
    format!("{}{what}{}", &text[..at], &text[at..])
}
