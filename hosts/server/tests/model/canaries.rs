//! What errors repeat of a request, and what they never do.

use std::collections::BTreeSet;

use logveil_server::model::{Invalid, Model};
use serde_json::{Value, json};

use crate::requests::{NEVER, Place, Step, least, places, shape};

const CANARY: &str = "canary-4539148803436467";
const DIGITS: u64 = 4_539_148_803_436_467;

/// Texts with the canary in front that break whatever a text can break.
fn broken_texts() -> Vec<String> {
    let long = format!("{CANARY}{}", "x".repeat(10_485_760));
    let mut texts: Vec<_> = [1, 5, 30, 60, 128, 256, 600, 1100, 2100, 11_000, 52_000]
        .map(|rest| format!("{CANARY}{}", "x".repeat(rest)))
        .into();
    texts.extend(["", " :*$\u{0}", "\u{1b}[2J\n", ",;|"].map(|end| format!("{CANARY}{end}")));
    texts.push(long);
    texts
}

/// What is said of the request; all of it, also what only programs see.
fn said(place: &Place, value: &Value) -> Option<(Invalid, String)> {
    let operation = Model::get().operation(&place.operation).expect("an operation");
    let invalid = operation.check(&place.request(value)).err()?;
    let all = format!("{invalid:?} {}", invalid.message());
    Some((invalid, all))
}

fn holds_canary(text: &str) -> bool {
    text.contains("canary") || text.contains("45391488")
}

#[test]
fn texts_are_repeated_by_the_table_only() {
    let (texts, mut repeated, mut refused) = (broken_texts(), BTreeSet::new(), 0);
    for place in places() {
        if shape(&place.shape)["type"] != "string" {
            continue;
        }
        for text in &texts {
            // Only one text is that long.
            if text.len() > 60_000 && place.shape != "TableBody" {
                continue;
            }
            let Some((invalid, all)) = said(&place, &json!(text)) else { continue };
            refused += 1;
            assert!(all.len() < 16_000, "{place:?} says {} bytes", all.len());
            assert!(!invalid.message().chars().any(char::is_control), "{place:?}");
            if holds_canary(&all) && shape(&place.shape)["enum"].is_null() {
                let members = place.steps.iter().filter_map(|step| match step {
                    Step::Member(name) => Some(name.as_str()),
                    _ => None,
                });
                for name in members {
                    assert!(!NEVER.contains(&name), "{place:?} is repeated");
                }
                repeated.insert(place.shape.clone());
            }
        }
    }
    assert!(refused > 3000, "{refused} refused");
    let names = ["LogGroupName", "LogStreamName", "FilterName"];
    assert!(names.iter().all(|name| repeated.contains(*name)), "{repeated:?}");
    for shape_name in &repeated {
        let name = ["Name", "Arn", "Id", "Identifier", "Token", "Pointer", "Prefix", "Type"];
        let other = ["ExportDestinationBucket", "MetricNamespace", "Service"];
        let patterns_of_names = ["LogGroupNamePattern", "LogGroupNameRegexPattern"];
        let known = name.iter().any(|end| shape_name.ends_with(end))
            || other.contains(&shape_name.as_str())
            || patterns_of_names.contains(&shape_name.as_str());
        assert!(known, "{shape_name} is repeated");
    }
}

/// The canary itself is as it should be; something else of its list or map is not.
#[test]
fn a_list_or_map_with_a_fault_is_not_repeated_if_it_may_hold_text() {
    let mut refused = 0;
    for place in places() {
        let text = shape(&place.shape);
        let wrong = match text["type"].as_str().expect("a type") {
            "list" => {
                vec![json!([CANARY, ""]), json!([CANARY, null]), vec![json!(CANARY); 200].into()]
            }
            "map" => vec![json!({ CANARY: "", "": CANARY }), json!({ CANARY: null })],
            _ => continue,
        };
        let part = text["member"].as_str().map(shape);
        if !NEVER.contains(&place.member()) && part.is_some_and(|part| part["type"] == "string") {
            continue;
        }
        for value in &wrong {
            let Some((_, all)) = said(&place, value) else { continue };
            refused += 1;
            assert!(!holds_canary(&all), "{place:?} repeats {value:.100}");
        }
    }
    assert!(refused > 100, "{refused} refused");
}

#[test]
fn nothing_of_a_wrong_type_is_repeated() {
    let values = [
        json!({ CANARY: CANARY }),
        json!([CANARY]),
        json!([[CANARY], { CANARY: 1 }]),
        json!(DIGITS),
        json!(4_539_148_803_436_467.5),
        json!(CANARY),
        json!([{ "message": { CANARY: CANARY } }]),
    ];
    let mut refused = 0;
    for place in places() {
        if matches!(place.steps.last(), Some(Step::Key)) {
            continue;
        }
        for value in &values {
            let Some((invalid, all)) = said(&place, value) else { continue };
            if invalid.code() == "SerializationException" {
                refused += 1;
                assert!(!holds_canary(&all), "{place:?} repeats {value}");
            }
        }
    }
    assert!(refused > 4000, "{refused} refused");
}

/// The canary is in every place but the faulty one.
#[test]
fn a_fault_says_nothing_of_its_neighbours() {
    let mut refused = 0;
    for place in places().iter().filter(|place| place.steps.len() == 1) {
        let text = shape(
            crate::requests::MODEL["operations"][&place.operation]["input"]
                .as_str()
                .expect("a name"),
        );
        let mut request = serde_json::Map::new();
        for (name, inner) in text["members"].as_object().expect("members") {
            let inner = inner.as_str().expect("a name");
            let is_text = shape(inner)["type"] == "string" && shape(inner)["enum"].is_null();
            let value = if is_text { json!(CANARY) } else { least(inner) };
            request.insert(name.clone(), value);
        }
        request.insert(CANARY.to_owned(), json!({ CANARY: [CANARY] }));
        let kind = shape(&place.shape)["type"].as_str().expect("a type");
        let wrong = if kind == "list" { json!({ CANARY: 1 }) } else { json!([CANARY]) };
        request.insert(place.member().to_owned(), wrong);
        let operation = Model::get().operation(&place.operation).expect("an operation");
        let invalid = operation.check(&Value::Object(request)).expect_err("a wrong type");
        assert!(!holds_canary(&format!("{invalid:?}")), "{place:?}");
        refused += 1;
    }
    assert!(refused > 300, "{refused} refused");
}
