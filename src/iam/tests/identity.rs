//! Policies of identities: cases, and the evaluator held against another one.

use super::*;

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
    /// The statements of each.
    policies: Vec<Value>,
    resource_policy: Option<Value>,
    requests: Vec<Asked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default = "ann")]
    caller: String,
    action: Option<String>,
    resource: Option<String>,
    #[serde(default)]
    context: Map<String, Value>,
    decision: String,
}

fn ann() -> String {
    "arn:aws:iam::111111111111:user/ann".to_owned()
}

fn cases() -> Cases {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/iam-identity.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

#[test]
fn cases_are_decided_as_iam_decides() {
    for case in cases().decided {
        let name = &case.name;
        let parse = |it| IdentityPolicy::parse("policy", &document(it));
        let own: Result<Vec<_>, _> = case.policies.iter().map(parse).collect();
        let own = own.unwrap_or_else(|error| panic!("{name}: {error}"));
        let parse = |it: &Value| ResourcePolicy::parse("policy", 51_200, &document(it)).unwrap();
        let of_resource = case.resource_policy.as_ref().map(parse);
        for (index, asked) in case.requests.iter().enumerate() {
            let log_stream = "arn:aws:logs:eu-west-1:111111111111:log-group:/app:log-stream:web";
            let request = Request {
                caller: &caller(&asked.caller),
                action: asked.action.as_deref().unwrap_or("logs:GetLogEvents"),
                resource: asked.resource.as_deref().unwrap_or(log_stream),
                context: &context(&asked.context),
            };
            let theirs = of_resource.as_ref().map(|policy| policy.decide(&request));
            let decision = decide(&request, &own, theirs.unwrap_or(Decision::Silent));
            assert_eq!(format!("{decision:?}"), asked.decision, "{name}, request {index}");
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
        let error = IdentityPolicy::parse("policy", &document).expect_err(&case.name);
        let place = error.place().expect("a place");
        assert_eq!(place.pointer, case.pointer, "{}: {error}", case.name);
        assert!(error.message().contains(&case.message), "{}: {error}", case.name);
        assert!(!error.to_string().contains("QUOTED"), "{}: {error}", case.name);
    }
}

#[test]
fn a_policy_has_at_most_so_many_characters_and_shows_none() {
    let document = document(&json!({"Effect": "Allow", "Action": "logs:*", "Resource": "*"}));
    let padded = format!("{document:IDENTITY_POLICY_CHARS_MAX$}");
    let policy = IdentityPolicy::parse("policy", &padded).unwrap();
    assert_eq!(format!("{policy:?}"), "IdentityPolicy(1 statements)");
    let error = IdentityPolicy::parse("policy", &format!("{padded} ")).unwrap_err();
    assert!(error.message().contains("characters"), "{error}");
}

#[test]
fn another_evaluator_decides_the_same() {
    let rounds = std::env::var("LOGVEIL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let seed =
        std::env::var("LOGVEIL_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0x1DE_5EED);
    let mut seeded = Seeded(seed);
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..rounds {
        let count = 1 + seeded.next(3);
        let statements: Vec<_> = (0..count).map(|sid| statement(&mut seeded, sid)).collect();
        let mut document = json!({"Version": "2012-10-17", "Statement": statements});
        for statement in document["Statement"].as_array_mut().unwrap() {
            let statement = statement.as_object_mut().unwrap();
            statement.retain(|key, _| !key.ends_with("Principal"));
        }
        let policy = IdentityPolicy::parse("policy", &document.to_string());
        let policy = [policy.unwrap_or_else(|error| panic!("seed {seed}, {round}: {error}"))];
        for _ in 0..4 {
            let (said, _, action, resource) = request(&mut seeded);
            // One of the resource's account, so that the caller's policy is enough.
            let who = format!("arn:aws:iam::{}:user/ann", resource.split(':').nth(4).unwrap());
            let context = context(&said);
            let caller = caller(&who);
            let asked = Request { caller: &caller, action, resource, context: &context };
            let ours = decide(&asked, &policy, Decision::Silent);
            let theirs = IAMPolicy::from_json(&document.to_string()).unwrap();
            let theirs = other_decision(&theirs, &who, action, resource, &said);
            assert_eq!(
                Ok(ours),
                theirs,
                "seed {seed}, round {round}: {action} {resource}\n{document}\n{said:?}",
            );
            *seen.entry(format!("{ours:?}")).or_insert(0) += 1;
        }
    }
    assert!(seen.len() == 3 && seen.values().all(|n| *n > rounds / 5), "seed {seed}: {seen:?}");
}
