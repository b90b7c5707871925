//! The public test suite of Signature Version 4, as a verifier sees it.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    #[allow(dead_code, reason = "for those who read the file")]
    source: String,
    skipped: Vec<Skipped>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skipped {
    name: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    token: Option<String>,
    /// Why a verifier of this service does not take it.
    refused: Option<String>,
}

fn suite() -> Suite {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/sigv4.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_public_suite_is_verified() {
    let suite = suite();
    let mut verified = 0;
    for case in &suite.cases {
        let headers = case.headers.iter();
        let sent = Sent {
            method: case.method.clone(),
            target: case.target.clone(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
            body: case.body.clone().into_bytes(),
        };
        let credentials = credentials(case.token.as_deref(), None);
        let answer = sent.admit(&credentials, "service", NOW_MS);
        match (&case.refused, answer) {
            (None, answer) => {
                let caller = answer.unwrap_or_else(|refusal| panic!("{}: {refusal}", case.name));
                assert_eq!(caller.region().as_str(), "us-east-1");
                verified += 1;
            }
            (Some(why), answer) => {
                let refusal = answer.expect_err(&format!("{}: {why}", case.name));
                assert_eq!(refusal.kind(), RefusalKind::InvalidSignature, "{}", case.name);
            }
        }
        // The same for this service is refused: the scope says another one.
        let refusal = sent.admit(&credentials, "logs", NOW_MS).unwrap_err();
        assert!(refusal.message().contains("correct service: 'logs'"), "{}", case.name);
    }
    assert_eq!((suite.cases.len(), verified), (76, 62));
    for Skipped { name, why } in suite.skipped {
        assert!(!why.is_empty(), "{name}");
    }
}
