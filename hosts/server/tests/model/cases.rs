//! Requests and what is said of them: `tests/cases/validation.json`.
//!
//! `{"$repeat": "a", "times": 3}` stands for `"aaa"`, and `{a*3}` for `aaa` in a message.

use logveil_server::model::Model;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    operation: String,
    request: Value,
    /// Absent when nothing is wrong.
    code: Option<String>,
    message: Option<String>,
}

/// What is wrong with the answer, if anything.
fn check(case: &Case) -> Option<String> {
    let operation = Model::get().operation(&case.operation).expect("an operation of the model");
    let said = operation.check(&repeated(&case.request)).err();
    let said = said.map(|invalid| (invalid.code().to_owned(), invalid.message().to_owned()));
    let expected = case.code.clone().zip(case.message.as_deref().map(expanded));
    (said != expected).then(|| format!("{}\n  {said:?}\n  {expected:?}", case.name))
}

fn repeated(value: &Value) -> Value {
    match value {
        Value::Object(entries) => match (entries.get("$repeat"), entries.get("times")) {
            (Some(text), Some(times)) => {
                let times = usize::try_from(times.as_u64().expect("a number")).expect("small");
                Value::from(text.as_str().expect("a text").repeat(times))
            }
            _ => entries.iter().map(|(key, value)| (key.clone(), repeated(value))).collect(),
        },
        Value::Array(elements) => elements.iter().map(repeated).collect(),
        other => other.clone(),
    }
}

fn expanded(message: &str) -> String {
    let Some((before, rest)) = message.split_once("'{") else { return message.to_owned() };
    let (repeat, after) = rest.split_once('}').expect("a closing brace");
    let (text, times) = repeat.split_once('*').expect("a text and a number");
    format!("{before}'{}{after}", text.repeat(times.parse().expect("a number")))
}

#[test]
fn requests_are_judged_as_the_cases_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/validation.json");
    let text = std::fs::read_to_string(path).expect("the cases");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("cases");
    assert!(cases.len() >= 80);
    let wrong: Vec<_> = cases.iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
