//! What operations ask of their callers, and that it is asked.

use logveil::iam::Decision;
use logveil::{AccountId, Home, Region};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::*;
use crate::auth::permissions::authorize;
use crate::auth::permissions::tests::{listed, needed};
use crate::input::Input;
use crate::model::Model;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    operation: String,
    #[allow(dead_code, reason = "for those who read the file")]
    why: Option<String>,
    #[serde(default)]
    input: Map<String, Value>,
    /// Actions, and resources without `arn:aws:logs:us-east-1:111111111111:`.
    needs: Vec<(String, String)>,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/permissions.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn home() -> Home {
    let account = AccountId::new("111111111111").unwrap();
    Home { account, region: Region::new("us-east-1").unwrap() }
}

fn whole(resource: &str) -> String {
    match resource.starts_with("arn:") {
        true => resource.to_owned(),
        false => format!("arn:aws:logs:us-east-1:111111111111:{resource}"),
    }
}

#[test]
fn each_operation_asks_for_what_the_table_says() {
    for case in cases() {
        let needs = case.needs.iter();
        let needs: Vec<_> = needs.map(|(what, on)| (what.clone(), whole(on))).collect();
        let found = needed(&home(), &case.operation, case.input.clone());
        assert_eq!(found, needs, "{} {:?}", case.operation, case.input);
    }
}

#[test]
fn the_table_holds_every_operation_that_is_answered() {
    let listed = listed();
    for name in &listed {
        assert!(Model::get().operation(name).is_some(), "{name}");
        assert_eq!(listed.iter().filter(|other| *other == name).count(), 1, "{name}");
        assert!(cases().iter().any(|case| case.operation == *name), "no case for {name}");
    }
    for operation in crate::ops::all() {
        assert!(listed.contains(&operation.name), "{}", operation.name);
    }
}

/// Each need of each case is asked for: without it the operation is refused, under the name of what
/// lacks; with all of them and nothing else it is not.
#[test]
fn an_operation_is_refused_for_each_need_that_is_not_met() {
    for case in cases() {
        // What is abroad takes more than the caller's own policies.
        if case.needs.iter().any(|(_, on)| on.contains(":222222222222:")) {
            continue;
        }
        let statement = |(action, on): &(String, String)| {
            // As policies write what ends openly.
            let resource = whole(on).replace(":delivery:*", ":delivery:${*}");
            json!({"Effect": "Allow", "Action": action, "Resource": resource})
        };
        let ask = |needs: &[(String, String)]| {
            let statements: Vec<_> = needs.iter().map(statement).collect();
            let nothing = json!({"Effect": "Allow", "Action": "x:Nothing", "Resource": "*"});
            let statements = [statements, vec![nothing]].concat();
            let policies = json!([{"Version": "2012-10-17", "Statement": statements}]);
            let sent = Sent::post(&case.operation, "{}").signed(&Signer::default());
            let caller = sent.admit(&credentials(None, Some(policies)), "logs", NOW_MS).unwrap();
            authorize(&caller, &case.operation, &Input::new(case.input.clone()), |_| {
                Decision::Silent
            })
        };
        assert_eq!(ask(&case.needs), Ok(()), "{}", case.operation);
        for lacks in 0..case.needs.len() {
            let (action, on) = &case.needs[lacks];
            let others = case.needs.iter().filter(|(a, o)| (a, o) != (action, on));
            let needs: Vec<_> = others.cloned().collect();
            let failure = ask(&needs).expect_err(&case.operation);
            assert_eq!((&*failure.code, failure.status), ("AccessDeniedException", 400));
            let says = format!("is not authorized to perform: {action} on resource: {}", whole(on));
            assert!(failure.message.contains(&says), "{}", failure.message);
        }
    }
}

#[test]
fn what_is_of_another_account_takes_more_than_the_callers_policies() {
    let sent = Sent::post("GetLogEvents", "{}").signed(&Signer::default());
    let caller = sent.admit(&credentials(None, None), "logs", NOW_MS).unwrap();
    let group = |account: &str| {
        let arn = format!("arn:aws:logs:us-east-1:{account}:log-group:/app");
        let Value::Object(input) = json!({"logGroupIdentifier": arn, "logStreamName": "web"})
        else {
            unreachable!("an object")
        };
        Input::new(input)
    };
    let ask = |account, of_resource: Decision| {
        authorize(&caller, "GetLogEvents", &group(account), |_| of_resource)
    };
    assert!(ask("111111111111", Decision::Silent).is_ok());
    assert!(ask("111111111111", Decision::Denied).is_err());
    assert!(ask("222222222222", Decision::Allowed).is_ok());
    assert!(ask("222222222222", Decision::Denied).is_err());
    let failure = ask("222222222222", Decision::Silent).unwrap_err();
    assert!(failure.message.contains("no resource-based policy allows"), "{}", failure.message);
}
