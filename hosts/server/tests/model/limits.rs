//! For each constraint of each request: what is at the limit is taken, what is one beyond is
//! refused, and the text says where and which limit.

use logveil_corpora::Random;
use logveil_server::model::Model;
use serde_json::{Value, json};

use crate::requests::{Place, entries, least, places, shape, string};

const SEED: u64 = 0x6c6f_6773;

#[track_caller]
fn taken(place: &Place, value: &Value) {
    let operation = Model::get().operation(&place.operation).expect("an operation");
    let said = operation.check(&place.request(value));
    assert!(said.is_ok(), "seed {SEED}: {place:?} refuses {value:.100}: {said:?}");
}

#[track_caller]
fn refused(place: &Place, value: &Value, constraint: &str) {
    let operation = Model::get().operation(&place.operation).expect("an operation");
    let said = operation.check(&place.request(value)).expect_err(constraint);
    assert_eq!(said.code(), operation.invalid_code(), "{place:?}: {said:?}");
    // Parts of lists and maps are answered for by the whole, in brackets.
    let text = said.message();
    let at = format!(" at '{}' failed to satisfy constraint: ", place.path());
    let found = text.match_indices(&at).any(|(found, _)| {
        let rest = &text[found + at.len()..];
        rest.starts_with(constraint) || place.is_part() && rest.contains(constraint)
    });
    assert!(found, "seed {SEED}: {place:?}: {constraint} is missing in {text}");
}

fn lengths(place: &Place, of_length: &mut dyn FnMut(usize) -> Value) -> usize {
    let text = shape(&place.shape);
    let mut checks = 0;
    let bound = |name: &str| text[name].as_u64().map(|n| usize::try_from(n).expect("small"));
    if let Some(min) = bound("min") {
        taken(place, &of_length(min));
        if min > 0 {
            let constraint = format!("Member must have length greater than or equal to {min}");
            refused(place, &of_length(min - 1), &constraint);
        }
        checks += 2;
    }
    if let Some(max) = bound("max") {
        taken(place, &of_length(max));
        let constraint = format!("Member must have length less than or equal to {max}");
        refused(place, &of_length(max + 1), &constraint);
        checks += 2;
    }
    checks
}

fn strings(place: &Place, random: &mut Random) -> usize {
    let text = shape(&place.shape);
    if let Some(values) = text["enum"].as_array() {
        values.iter().for_each(|value| taken(place, value));
        let names: Vec<_> = values.iter().map(|value| value.as_str().expect("a text")).collect();
        let constraint = format!("Member must satisfy enum value set: [{}]", names.join(", "));
        for wrong in ["", "nothing of the kind", &names[0].to_lowercase().replace('_', "-")] {
            if !names.contains(&wrong) {
                refused(place, &json!(wrong), &constraint);
            }
        }
        return values.len() + 1;
    }
    let mut of_length = |count: usize| match count {
        0 => json!(""),
        count => json!(string(&place.shape, count, random)),
    };
    let mut checks = lengths(place, &mut of_length);
    if let Some(pattern) = text["pattern"].as_str() {
        let wrong = format!("{}:* $\u{0}", "a".repeat(40));
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        refused(place, &json!(wrong), &constraint);
        checks += 1;
    }
    checks
}

fn numbers(place: &Place) -> usize {
    let text = shape(&place.shape);
    let mut checks = 0;
    if let Some(min) = text["min"].as_i64() {
        taken(place, &json!(min));
        let constraint = format!("Member must have value greater than or equal to {min}");
        refused(place, &json!(min - 1), &constraint);
        checks += 2;
    }
    if let Some(max) = text["max"].as_i64() {
        taken(place, &json!(max));
        let constraint = format!("Member must have value less than or equal to {max}");
        refused(place, &json!(max + 1), &constraint);
        checks += 2;
    }
    checks
}

#[test]
fn limits_of_every_member_hold_to_the_one() {
    let mut random = Random::new(SEED);
    let (mut checks, mut members) = (0, 0);
    for place in places() {
        let text = shape(&place.shape);
        let here = match text["type"].as_str().expect("a type") {
            "string" => strings(&place, &mut random),
            "integer" | "long" => numbers(&place),
            "list" => {
                let element = text["member"].as_str().expect("a name");
                lengths(&place, &mut |count| vec![least(element); count].into())
            }
            "map" => lengths(&place, &mut |count| entries(text, count).into()),
            _ => 0,
        };
        members += usize::from(here > 0);
        checks += here;
    }
    assert!(members > 400 && checks > 1000, "{members} members, {checks} checks");
}

#[test]
fn the_least_request_is_taken_and_lacks_nothing_it_could_do_without() {
    let mut required = 0;
    for operation in Model::get().operations() {
        let input = crate::requests::MODEL["operations"][operation.name()]["input"].clone();
        let request = least(input.as_str().expect("a name"));
        assert_eq!(operation.check(&request), Ok(()), "{}", operation.name());
        for name in request.as_object().expect("a structure").keys() {
            for without in [None, Some(Value::Null)] {
                let mut request = request.clone();
                let members = request.as_object_mut().expect("a structure");
                match without {
                    Some(null) => members.insert(name.clone(), null),
                    None => members.remove(name),
                };
                let said = operation.check(&request).expect_err("a member is missing");
                let text = format!(
                    "1 validation error detected: Value null at '{name}' failed to satisfy \
                     constraint: Member must not be null"
                );
                assert_eq!(said.message(), text, "{}", operation.name());
            }
            required += 1;
        }
    }
    assert!(required > 120, "{required} required members");
}

#[test]
fn wrong_types_are_refused_wherever_they_stand() {
    let wrong = [
        json!("text"),
        json!(1),
        json!(1.5),
        json!(true),
        json!([]),
        json!({}),
        json!(u64::MAX),
        json!([[["deep"]]]),
    ];
    let mut refused = 0;
    for place in places() {
        let operation = Model::get().operation(&place.operation).expect("an operation");
        let kind = shape(&place.shape)["type"].as_str().expect("a type");
        if matches!(place.steps.last(), Some(crate::requests::Step::Key)) {
            continue;
        }
        for value in &wrong {
            let fits = match kind {
                "string" | "blob" => value.is_string(),
                "integer" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
                "long" => value.as_i64().is_some(),
                "double" => value.is_number(),
                "boolean" => value.is_boolean(),
                "list" => value.is_array(),
                _ => value.is_object(),
            };
            let said = operation.check(&place.request(value)).err();
            if !fits {
                let said = said.unwrap_or_else(|| panic!("{place:?} takes {value}"));
                assert_eq!(said.code(), "SerializationException", "{place:?}: {value}");
                assert!(said.message().contains(place.member()), "{place:?}: {said:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 4000, "{refused} refused");
}
