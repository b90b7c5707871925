//! Who may what, over HTTP: three callers of one account and one of another, signed by the SDK's
//! signer.

use std::io::Write as _;
use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use logveil_server::ServerOptions;
use logveil_server::auth::{Credentials, Gate};
use serde_json::{Value, json};

use crate::support::{Running, read_reply};

const SECRET: &str = "jane@example.com";

fn credentials() -> Credentials {
    let principal = |account: &str, name: &str, policies: Value| {
        json!({
            "arn": format!("arn:aws:iam::{account}:user/{name}"),
            "accessKeys": [{"accessKeyId": name, "secretAccessKey": format!("secret of {name}")}],
            "policies": policies,
        })
    };
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let no_unmask = json!({"Effect": "Deny", "Action": "logs:Unmask", "Resource": "*"});
    let reads = json!({"Effect": "Allow", "Action": ["logs:Get*", "logs:FilterLogEvents"],
        "Resource": "arn:aws:logs:us-east-1:123456789012:log-group:/app:*"});
    let file = json!({"principals": [
        principal("123456789012", "admin", json!([{"Statement": everything}])),
        principal("123456789012", "support", json!([{"Statement": [everything, no_unmask]}])),
        principal("123456789012", "reader", json!([{"Statement": reads}])),
        principal("123456789012", "nobody", json!([])),
        principal("999999999999", "stranger", json!([{"Statement": everything}])),
    ]});
    Credentials::parse(&file.to_string()).expect("a credentials file")
}

/// Calls an operation as somebody, with a secret.
fn call(
    running: &Running,
    who: &str,
    secret: &str,
    operation: &str,
    input: &Value,
) -> (u16, Value) {
    let (body, target) = (input.to_string(), format!("Logs_20140328.{operation}"));
    let identity = aws_credential_types::Credentials::new(who, secret, None, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("logs")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("whole")
        .into();
    let content_type = "application/x-amz-json-1.1";
    let headers =
        [("host", "localhost"), ("content-type", content_type), ("x-amz-target", &target)];
    let request = SignableRequest::new(
        "POST",
        "http://localhost/",
        headers.into_iter(),
        SignableBody::Bytes(body.as_bytes()),
    );
    let signed = sign(request.expect("a request"), &params).expect("signed");
    let (instructions, _) = signed.into_parts();
    let mut head = "POST / HTTP/1.1\r\n".to_owned();
    for (name, value) in headers.into_iter().chain(instructions.headers()) {
        head += &format!("{name}: {value}\r\n");
    }
    let mut stream = running.connect();
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).expect("the server reads");
    let reply = read_reply(&mut stream).expect("an answer");
    (reply.status, serde_json::from_slice(&reply.body).expect("the answer is JSON"))
}

fn ask(running: &Running, who: &str, operation: &str, input: &Value) -> Result<Value, String> {
    let secret = format!("secret of {who}");
    let (status, answer) = call(running, who, &secret, operation, input);
    match status {
        200 => Ok(answer),
        _ => Err(answer["__type"].as_str().expect("a name").to_owned()),
    }
}

#[test]
fn callers_do_what_they_may_and_see_what_they_may() {
    let gate = Gate::Credentials(credentials());
    let running = Running::with(|options| ServerOptions { gate, ..options });
    let group = json!({"logGroupName": "/app"});
    let stream = json!({"logGroupName": "/app", "logStreamName": "web"});
    let policy = json!({"Name": "p", "Version": "2021-06-01", "Statement": [
        {"Sid": "a", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
         "Operation": {"Audit": {"FindingsDestination": {}}}},
        {"Sid": "d", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
         "Operation": {"Deidentify": {"MaskConfig": {}}}}]});
    let policy = json!({"logGroupIdentifier": "/app", "policyDocument": policy.to_string()});
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_millis() as i64;
    let mut events = stream.clone();
    events["logEvents"] = json!([{"timestamp": now, "message": format!("to {SECRET}")}]);

    let denied = Err("AccessDeniedException".to_owned());
    for who in ["reader", "nobody"] {
        assert_eq!(ask(&running, who, "CreateLogGroup", &group), denied);
    }
    for (operation, input) in [
        ("CreateLogGroup", &group),
        ("CreateLogStream", &stream),
        ("PutDataProtectionPolicy", &policy),
        ("PutLogEvents", &events),
    ] {
        assert!(ask(&running, "admin", operation, input).is_ok(), "{operation}");
    }
    for who in ["reader", "nobody"] {
        assert_eq!(ask(&running, who, "PutLogEvents", &events), denied);
    }
    // Masked for whoever may read.
    for who in ["admin", "support", "reader"] {
        let answer = ask(&running, who, "GetLogEvents", &stream).expect(who);
        assert_eq!(answer["events"][0]["message"], "to ****************", "{who}");
    }
    assert_eq!(ask(&running, "nobody", "GetLogEvents", &stream), denied);
    // Unmasked for who may that as well, whether there is anything or not.
    for (log_group, exists) in [("/app", true), ("/none", false)] {
        let unmask = json!({"logGroupName": log_group, "logStreamName": "web", "unmask": true});
        for who in ["support", "reader", "nobody"] {
            assert_eq!(ask(&running, who, "GetLogEvents", &unmask), denied, "{who} {log_group}");
        }
        let answer = ask(&running, "admin", "GetLogEvents", &unmask);
        match exists {
            true => assert_ne!(answer, denied),
            false => assert_ne!(answer.expect_err("it is not there"), "AccessDeniedException"),
        }
    }
    // Another account has a /app of its own, and no way to this one.
    assert!(ask(&running, "stranger", "GetLogEvents", &stream).is_err());
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/app";
    let abroad = json!({"logGroupIdentifier": arn, "logStreamName": "web"});
    assert_eq!(ask(&running, "stranger", "GetLogEvents", &abroad), denied);
}

#[test]
fn what_is_of_another_account_is_read_once_both_sides_allow_it() {
    let gate = Gate::Credentials(credentials());
    let running = Running::with(|options| ServerOptions { gate, ..options });
    let stream = json!({"logGroupName": "/app", "logStreamName": "web"});
    let admin =
        |operation, input: &Value| ask(&running, "admin", operation, input).expect(operation);
    admin("CreateLogGroup", &json!({"logGroupName": "/app"}));
    admin("CreateLogStream", &stream);
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/app";
    let abroad = json!({"logGroupIdentifier": arn, "logStreamName": "web"});
    let denied = Err("AccessDeniedException".to_owned());
    assert_eq!(ask(&running, "stranger", "GetLogEvents", &abroad), denied);
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "logs:GetLogEvents",
        "Resource": format!("{arn}:*")}]});
    let policy = json!({"policyName": "readers", "policyDocument": document.to_string()});
    admin("PutResourcePolicy", &policy);
    assert!(ask(&running, "stranger", "GetLogEvents", &abroad).is_ok());
    let mut unmask = abroad.clone();
    unmask["unmask"] = json!(true);
    assert_eq!(ask(&running, "stranger", "GetLogEvents", &unmask), denied);
    assert_eq!(ask(&running, "stranger", "FilterLogEvents", &abroad), denied);
}

#[test]
fn nobody_comes_in_without_a_signature_of_a_known_key() {
    let gate = Gate::Credentials(credentials());
    let running = Running::with(|options| ServerOptions { gate, ..options });
    let name = |(status, answer): (u16, Value)| (status, answer["__type"].clone());
    let unsigned = running.call("DescribeLogGroups", &json!({}));
    assert_eq!(name(unsigned), (400, json!("MissingAuthenticationTokenException")));
    let wrong = call(&running, "admin", "another secret", "DescribeLogGroups", &json!({}));
    assert_eq!(name(wrong), (400, json!("InvalidSignatureException")));
    let unknown = call(&running, "somebody", "secret", "DescribeLogGroups", &json!({}));
    assert_eq!(name(unknown), (400, json!("UnrecognizedClientException")));
    let (status, _) = call(&running, "admin", "secret of admin", "DescribeLogGroups", &json!({}));
    assert_eq!(status, 200);
}
