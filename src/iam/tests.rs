//! Cases, and the evaluator held against another one on policies that are made up.

use iam_rs::{
    Context as OtherContext, ContextValue, Decision as OtherDecision, IAMPolicy, IAMRequest,
    Principal as OtherPrincipal, PrincipalId, evaluate_policy,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::arn::{AccountId, Arn};

mod identity;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    decided: Vec<Decided>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    name: String,
    #[allow(dead_code, reason = "for those who read the file")]
    why: String,
    version: Option<String>,
    statements: Vec<Value>,
    requests: Vec<Asked>,
}

/// Who asks; what is left out is the usual.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default = "root")]
    caller: String,
    action: Option<String>,
    resource: Option<String>,
    #[serde(default)]
    context: Map<String, Value>,
    decision: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    name: String,
    document: Value,
    pointer: String,
    message: String,
}

const ACTION: &str = "logs:CreateDelivery";
const RESOURCE: &str = "arn:aws:logs:eu-west-1:222222222222:delivery-destination:d";

fn root() -> String {
    "111111111111".to_owned()
}

fn caller(text: &str) -> Caller {
    match AccountId::new(text) {
        Ok(account) => Caller::Account(account),
        Err(_) if text.starts_with("arn:") => Caller::Arn(Arn::parse("caller", text).unwrap()),
        Err(_) => Caller::Service(text.to_owned()),
    }
}

fn context(said: &Map<String, Value>) -> Context {
    said.iter().fold(Context::default(), |context, (key, value)| match value {
        Value::Array(values) => {
            values.iter().fold(context, |context, value| context.with(key, value.as_str().unwrap()))
        }
        value => context.with(key, value.as_str().unwrap()),
    })
}

fn cases() -> Cases {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/iam.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn cases_are_decided_as_iam_decides() {
    for case in cases().decided {
        let name = &case.name;
        // What a statement leaves out is the usual.
        let whole = |mut statement: Value| {
            let object = statement.as_object_mut().unwrap();
            let usual = [("Effect", "Allow"), ("Principal", "*"), ("Action", ACTION)];
            for (key, value) in usual.into_iter().chain([("Resource", "*")]) {
                if !object.contains_key(&format!("Not{key}")) {
                    object.entry(key).or_insert(json!(value));
                }
            }
            statement
        };
        let statements: Vec<_> = case.statements.into_iter().map(whole).collect();
        let version = case.version.as_deref().unwrap_or("2012-10-17");
        let document = json!({"Version": version, "Statement": statements}).to_string();
        let policy = ResourcePolicy::parse("policy", 51_200, &document);
        let policy = policy.unwrap_or_else(|error| panic!("{name}: {error}"));
        for (index, asked) in case.requests.iter().enumerate() {
            let request = Request {
                caller: &caller(&asked.caller),
                action: asked.action.as_deref().unwrap_or(ACTION),
                resource: asked.resource.as_deref().unwrap_or(RESOURCE),
                context: &context(&asked.context),
            };
            let decision = format!("{:?}", policy.decide(&request));
            assert_eq!(decision, asked.decision, "{name}, request {index}");
        }
    }
}

#[test]
fn what_is_not_evaluated_is_refused_in_its_place_and_not_quoted() {
    for case in cases().refused {
        let document = match &case.document {
            Value::String(text) => text.clone(),
            document => document.to_string(),
        };
        let error = ResourcePolicy::parse("policy", 51_200, &document).expect_err(&case.name);
        let place = error.place().expect("a place");
        assert_eq!(place.pointer, case.pointer, "{}: {error}", case.name);
        assert!(error.message().contains(&case.message), "{}: {error}", case.name);
        assert!(!error.to_string().contains("QUOTED"), "{}: {error}", case.name);
    }
}

#[test]
fn a_policy_has_at_most_so_many_characters() {
    let document = json!({"Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}})
    .to_string();
    assert!(ResourcePolicy::parse("policy", document.len(), &document).is_ok());
    let error = ResourcePolicy::parse("policy", document.len() - 1, &document).unwrap_err();
    assert!(error.message().contains("characters"), "{error}");
}

/// Numbers that follow from a seed.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.next(of.len())]
    }

    /// One text, or an array of up to three.
    fn some_of(&mut self, of: &[&str]) -> Value {
        match self.next(4) {
            0 => json!([self.one_of(of), self.one_of(of)]),
            1 => json!([self.one_of(of), self.one_of(of), self.one_of(of)]),
            _ => json!(self.one_of(of)),
        }
    }
}

const CALLERS: [&str; 4] = [
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::333333333333:root",
    "arn:aws:iam::111111111111:user/ann",
    "arn:aws:iam::111111111111:role/path/ship",
];
const PRINCIPALS: [&str; 7] = [
    "*",
    "111111111111",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::333333333333:root",
    "arn:aws:iam::111111111111:user/ann",
    "arn:aws:iam::111111111111:user/bob",
    "arn:aws:iam::111111111111:role/path/ship",
];
const ACTIONS: [&str; 6] = [
    "*",
    "logs:*",
    "logs:CreateDelivery",
    "logs:Create*",
    "logs:?reateDelivery",
    "logs:DeleteDelivery",
];
const RESOURCES: [&str; 7] = [
    "*",
    "arn:aws:logs:eu-west-1:222222222222:delivery-destination:d",
    "arn:aws:logs:eu-west-1:222222222222:delivery-destination:*",
    "arn:aws:logs:*:222222222222:delivery-destination:d",
    "arn:aws:logs:eu-west-?:222222222222:*",
    "arn:aws:logs:eu-west-1:333333333333:delivery-destination:d",
    "arn:aws:logs:eu-west-1:222222222222:delivery-destination:?",
];
const TEXTS: [&str; 8] =
    ["111111111111", "1111*", "*", "?11111111111", "o-abc", "O-ABC", "o-*", "333333333333"];
const ARNS: [&str; 5] = [
    "arn:aws:logs:eu-west-1:111111111111:delivery-source:s",
    "arn:aws:logs:eu-west-1:111111111111:delivery-source:*",
    "arn:aws:logs:*:111111111111:*",
    "arn:aws:logs:eu-west-?:333333333333:delivery-source:s",
    "arn:aws:logs:eu-west-1:333333333333:delivery-source:*",
];
const TIMES: [&str; 3] = ["2027-01-15T08:00:00Z", "2027-01-15T07:59:59Z", "2030-01-01T00:00:00Z"];
const SECONDS: [&str; 3] = ["1799999999", "1800000000", "1800000001"];

/// A condition block that both evaluators read the same way. Left out, as the other one reads it
/// otherwise than AWS's text: `ArnEquals` with a wildcard (it compares letter by letter), sets of
/// numbers and of times (it has none), one value of a negated operator against several of a
/// request.
fn conditions(seeded: &mut Seeded) -> Value {
    let mut block = Map::new();
    for _ in 0..seeded.next(3) {
        let negated = seeded.one_of(&["", "Not"]);
        let (operator, key, values) = match seeded.next(6) {
            0 => (format!("String{negated}Equals"), "aws:SourceAccount", seeded.some_of(&TEXTS)),
            1 => (format!("String{negated}Like"), "aws:PrincipalOrgID", seeded.some_of(&TEXTS)),
            2 => {
                let operator = format!("String{negated}EqualsIgnoreCase");
                (operator, "aws:PrincipalOrgID", seeded.some_of(&TEXTS))
            }
            3 => (format!("Arn{negated}Like"), "aws:SourceArn", seeded.some_of(&ARNS)),
            4 => {
                let order = ["NotEquals", "LessThan", "GreaterThanEquals", "LessThanEquals"];
                let order = seeded.one_of(&order);
                if seeded.next(2) == 0 {
                    (format!("Date{order}"), "aws:CurrentTime", seeded.some_of(&TIMES))
                } else {
                    (format!("Numeric{order}"), "aws:EpochTime", seeded.some_of(&SECONDS))
                }
            }
            _ => {
                ("Null".to_owned(), "aws:PrincipalOrgID", json!(seeded.one_of(&["true", "false"])))
            }
        };
        let text = operator.starts_with("String") || operator.starts_with("Arn");
        let operator = match seeded.next(5) {
            0 if operator != "Null" => format!("{operator}IfExists"),
            1 if text => format!("ForAnyValue:{operator}"),
            2 if text => format!("ForAllValues:{operator}"),
            _ => operator,
        };
        block.insert(operator, json!({key: values}));
    }
    Value::Object(block)
}

fn statement(seeded: &mut Seeded, sid: usize) -> Value {
    let allows = seeded.next(3) > 0;
    let mut statement = json!({
        "Sid": format!("S{sid}"),
        "Effect": if allows { "Allow" } else { "Deny" },
    });
    let principal = json!({"AWS": seeded.some_of(&PRINCIPALS)});
    let not = |seeded: &mut Seeded| if seeded.next(6) == 0 { "Not" } else { "" };
    let element = if allows { "" } else { not(seeded) };
    statement[format!("{element}Principal")] = principal;
    statement[format!("{}Action", not(seeded))] = seeded.some_of(&ACTIONS);
    statement[format!("{}Resource", not(seeded))] = seeded.some_of(&RESOURCES);
    let conditions = conditions(seeded);
    if conditions.as_object().is_some_and(|block| !block.is_empty()) {
        statement["Condition"] = conditions;
    }
    statement
}

/// The other evaluator knows an account's id and root as that root alone, where AWS means all of
/// the account: who belongs to it is named beside it.
fn with_members(policy: &Value, caller: &str) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let Some(named) = statement.get_mut("Principal").map(|it| &mut it["AWS"]) else { continue };
        let mut all = named.as_array().cloned().unwrap_or_else(|| vec![named.clone()]);
        let account = caller.split(':').nth(4).unwrap();
        if all.iter().any(|it| it == account || *it == format!("arn:aws:iam::{account}:root")) {
            all.push(json!(caller));
        }
        *named = json!(all);
    }
    policy
}

fn request(seeded: &mut Seeded) -> (Map<String, Value>, &'static str, &'static str, &'static str) {
    let mut context = Map::new();
    let org = ["o-abc", "O-ABC", "x"];
    let accounts = ["111111111111", "333333333333"];
    let arns = [ARNS[0], "arn:aws:logs:eu-west-1:333333333333:delivery-source:s"];
    for (key, values) in [
        ("aws:SourceAccount", &accounts[..]),
        ("aws:PrincipalOrgID", &org),
        ("aws:SourceArn", &arns),
    ] {
        if seeded.next(4) > 0 {
            context.insert(key.to_owned(), json!(seeded.one_of(values)));
        }
    }
    context.insert("aws:CurrentTime".to_owned(), json!(TIMES[0]));
    context.insert("aws:EpochTime".to_owned(), json!(SECONDS[1]));
    let actions = ["logs:CreateDelivery", "logs:DeleteDelivery", "logs:PutDeliverySource"];
    (
        context,
        seeded.one_of(&CALLERS),
        seeded.one_of(&actions),
        seeded.one_of(&[RESOURCES[1], RESOURCES[5]]),
    )
}

/// What the other evaluator says, or its error.
fn other_decision(
    policy: &IAMPolicy,
    who: &str,
    action: &str,
    resource: &str,
    said: &Map<String, Value>,
) -> Result<Decision, String> {
    let value = |value: &Value| ContextValue::String(value.as_str().unwrap().to_owned());
    let said = said.iter().map(|(key, it)| (key.clone(), value(it))).collect();
    let request = IAMRequest {
        principal: OtherPrincipal::Aws(PrincipalId::String(who.to_owned())),
        action: action.to_owned(),
        resource: iam_rs::Arn::parse(resource).unwrap(),
        context: OtherContext::with_data(said),
    };
    match evaluate_policy(policy, &request) {
        Ok(OtherDecision::Allow) => Ok(Decision::Allowed),
        Ok(OtherDecision::Deny) => Ok(Decision::Denied),
        Ok(OtherDecision::NotApplicable) => Ok(Decision::Silent),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn another_evaluator_decides_the_same() {
    let rounds = std::env::var("LOGVEIL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let seed =
        std::env::var("LOGVEIL_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0x1A3_5EED);
    let mut seeded = Seeded(seed);
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..rounds {
        let count = 1 + seeded.next(3);
        let statements: Vec<_> = (0..count).map(|sid| statement(&mut seeded, sid)).collect();
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let policy = ResourcePolicy::parse("policy", 51_200, &document.to_string());
        let policy = policy
            .unwrap_or_else(|error| panic!("seed {seed}, round {round}: {error}\n{document}"));
        for _ in 0..4 {
            let (said, who, action, resource) = request(&mut seeded);
            let caller = match who.strip_suffix(":root") {
                Some(account) => caller(account.rsplit(':').next().unwrap()),
                None => caller(who),
            };
            let context = context(&said);
            let ours =
                policy.decide(&Request { caller: &caller, action, resource, context: &context });
            let theirs = IAMPolicy::from_json(&with_members(&document, who).to_string()).unwrap();
            let theirs = other_decision(&theirs, who, action, resource, &said);
            assert_eq!(
                Ok(ours),
                theirs,
                "seed {seed}, round {round}: {who} {action} {resource}\n{document}\n{said:?}",
            );
            *seen.entry(format!("{ours:?}")).or_insert(0) += 1;
        }
    }
    assert!(seen.len() == 3 && seen.values().all(|n| *n > rounds / 5), "seed {seed}: {seen:?}");
}
