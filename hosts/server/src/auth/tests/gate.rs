//! What is refused though it is signed, under which name; and who is let in as whom.

use logveil::iam::Decision;
use logveil::{
    AccountId, Arn, Authorizer, Directory, Engine, ErrorKind, Home, InMemory, LogGroupName,
    Principal, Region, SystemClock,
};

use super::*;

struct Case {
    why: &'static str,
    sent: Sent,
    now_ms: i64,
    kind: RefusalKind,
    message: &'static str,
}

fn case(why: &'static str, sent: Sent, kind: RefusalKind, message: &'static str) -> Case {
    Case { why, sent, now_ms: NOW_MS, kind, message }
}

fn post() -> Sent {
    Sent::post("ListLogGroups", "{}")
}

fn signed() -> Sent {
    post().signed(&Signer::default())
}

fn signed_in_advance() -> Sent {
    post().signed(&Signer { expires_s: Some(60), ..Signer::default() })
}

fn replaced(mut sent: Sent, from: &str, to: &str) -> Sent {
    let text = match sent.headers.iter_mut().find(|(name, _)| name == "authorization") {
        Some((_, value)) => value,
        None => &mut sent.target,
    };
    assert!(text.contains(from), "{text}");
    *text = text.replacen(from, to, 1);
    sent
}

fn headers_that_are_wrong() -> Vec<Case> {
    use RefusalKind::{IncompleteSignature, InvalidSignature, MissingAuthenticationToken};
    let with =
        |value: &str| post().with("authorization", value).with("x-amz-date", "20150830T123600Z");
    vec![
        case("nothing", post(), MissingAuthenticationToken, "Missing Authentication Token"),
        case("another scheme", with("Basic eA=="), IncompleteSignature, "AWS4-HMAC-SHA256"),
        case("no scheme", with(""), IncompleteSignature, "AWS4-HMAC-SHA256"),
        case("nothing else", with("AWS4-HMAC-SHA256"), IncompleteSignature, "key=value"),
        case(
            "no credential",
            replaced(signed(), "Credential=AKIDEXAMPLE/20150830/us-east-1/logs/aws4_request, ", ""),
            IncompleteSignature,
            "'Credential'",
        ),
        case(
            "no headers",
            replaced(signed(), "SignedHeaders=content-type;host;x-amz-date;x-amz-target, ", ""),
            IncompleteSignature,
            "'SignedHeaders'",
        ),
        case(
            "no signature",
            replaced(signed(), ", Signature=", ", S="),
            IncompleteSignature,
            "unknown part",
        ),
        case(
            "a part twice",
            replaced(signed(), "SignedHeaders=", "SignedHeaders=host, SignedHeaders="),
            IncompleteSignature,
            "twice",
        ),
        case(
            "four elements",
            replaced(signed(), "/logs/", "/"),
            IncompleteSignature,
            "5 slash-delimited",
        ),
        case(
            "six elements",
            replaced(signed(), "/logs/", "/logs/x/"),
            IncompleteSignature,
            "5 slash-delimited",
        ),
        case(
            "terminator",
            replaced(signed(), "aws4_request", "aws5_request"),
            InvalidSignature,
            "terminator",
        ),
        case(
            "another day",
            replaced(signed(), "/20150830/", "/20150831/"),
            InvalidSignature,
            "does not match YYYYMMDD",
        ),
        case(
            "another service",
            post().signed(&Signer { service: "s3", ..Signer::default() }),
            InvalidSignature,
            "correct service: 'logs'",
        ),
        case(
            "no Region",
            post().signed(&Signer { region: "US_EAST".to_owned(), ..Signer::default() }),
            InvalidSignature,
            "valid Region",
        ),
        case(
            "upper case",
            replaced(signed(), "content-type;", "Content-Type;"),
            IncompleteSignature,
            "lower case",
        ),
        case(
            "another order",
            replaced(signed(), "content-type;host", "host;content-type"),
            IncompleteSignature,
            "sorted",
        ),
        case(
            "a name twice",
            replaced(signed(), "host;", "host;host;"),
            IncompleteSignature,
            "sorted",
        ),
        case("no date", signed().without("x-amz-date"), IncompleteSignature, "X-Amz-Date"),
        case(
            "a date twice",
            signed().with("x-amz-date", "20150830T123600Z"),
            IncompleteSignature,
            "twice",
        ),
        case(
            "no such date",
            post()
                .with("x-amz-date", "20150230T123600Z")
                .with("authorization", signed().header("authorization")),
            IncompleteSignature,
            "ISO-8601",
        ),
        case(
            "a date with colons",
            post()
                .with("x-amz-date", "2015-08-30T12:36")
                .with("authorization", signed().header("authorization")),
            IncompleteSignature,
            "ISO-8601",
        ),
        case(
            "two signatures",
            signed().with("authorization", signed().header("authorization")),
            IncompleteSignature,
            "twice",
        ),
        case(
            "host is not signed",
            post().signed(&Signer { without: vec!["host"], ..Signer::default() }),
            InvalidSignature,
            "'Host'",
        ),
        case(
            "the operation is not signed",
            post().signed(&Signer { without: vec!["x-amz-target"], ..Signer::default() }),
            InvalidSignature,
            "Every X-Amz- header",
        ),
        case(
            "a header more",
            signed().with("x-amz-more", "1"),
            InvalidSignature,
            "Every X-Amz- header",
        ),
        case(
            "a value more",
            signed().with("content-type", "text/plain"),
            InvalidSignature,
            "does not match",
        ),
        case(
            "a header less",
            signed().without("content-type"),
            InvalidSignature,
            "not in the request",
        ),
        case(
            "a body that is not signed",
            post().with("x-amz-content-sha256", "UNSIGNED-PAYLOAD").signed(&Signer::default()),
            InvalidSignature,
            "SHA-256 of the body",
        ),
        case(
            "a body in chunks",
            post()
                .with("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
                .signed(&Signer::default()),
            InvalidSignature,
            "SHA-256 of the body",
        ),
        case(
            "the digest of another body",
            post()
                .with(
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                )
                .signed(&Signer::default()),
            InvalidSignature,
            "SHA-256 of the body",
        ),
        case(
            "a short signature",
            replaced(signed(), "Signature=", "Signature=0"),
            IncompleteSignature,
            "64 hexadecimal",
        ),
        case(
            "no session token of this key",
            post().signed(&Signer { token: Some("t".to_owned()), ..Signer::default() }),
            RefusalKind::UnrecognizedClient,
            "security token",
        ),
        case(
            "an unknown key",
            replaced(signed(), "AKIDEXAMPLE", "AKIDEXAMPLF"),
            RefusalKind::UnrecognizedClient,
            "security token",
        ),
    ]
}

fn queries_that_are_wrong() -> Vec<Case> {
    use RefusalKind::{IncompleteSignature, InvalidSignature};
    let mut both = signed_in_advance();
    both.headers.push(("authorization".to_owned(), signed().header("authorization").to_owned()));
    vec![
        case("both", both, IncompleteSignature, "one will do"),
        case(
            "no time to count",
            replaced(signed_in_advance(), "X-Amz-Expires=60", "X=1"),
            IncompleteSignature,
            "X-Amz-Expires",
        ),
        case(
            "no seconds",
            replaced(signed_in_advance(), "X-Amz-Expires=60", "X-Amz-Expires=0"),
            IncompleteSignature,
            "1 to 604800",
        ),
        case(
            "signed seconds",
            replaced(signed_in_advance(), "X-Amz-Expires=60", "X-Amz-Expires=%2B60"),
            IncompleteSignature,
            "1 to 604800",
        ),
        case(
            "more than a week",
            replaced(signed_in_advance(), "X-Amz-Expires=60", "X-Amz-Expires=604801"),
            IncompleteSignature,
            "1 to 604800",
        ),
        case(
            "more seconds",
            replaced(signed_in_advance(), "X-Amz-Expires=60", "X-Amz-Expires=61"),
            InvalidSignature,
            "does not match",
        ),
        case(
            "a signature twice",
            replaced(signed_in_advance(), "X-Amz-Signature", "X-Amz-Signature=0&X-Amz-Signature"),
            IncompleteSignature,
            "twice",
        ),
        case(
            "a parameter more",
            replaced(signed_in_advance(), "?", "?a=b&"),
            InvalidSignature,
            "does not match",
        ),
        case(
            "another algorithm",
            replaced(signed_in_advance(), "AWS4%2DHMAC", "AWS5%2DHMAC"),
            IncompleteSignature,
            "AWS4-HMAC-SHA256",
        ),
        case(
            "an operation that is not signed",
            Sent { headers: vec![("host".to_owned(), "h".to_owned())], ..post() }
                .signed(&Signer { expires_s: Some(60), ..Signer::default() })
                .with("x-amz-target", "Logs_20140328.DeleteLogGroup"),
            InvalidSignature,
            "Every X-Amz- header",
        ),
        case(
            "a token that is no UTF-8",
            replaced(signed_in_advance(), "?", "?X-Amz-Security-Token=%FF&"),
            IncompleteSignature,
            "UTF-8",
        ),
    ]
}

#[test]
fn what_is_wrong_has_its_name() {
    let credentials = credentials(None, None);
    let cases = headers_that_are_wrong().into_iter().chain(queries_that_are_wrong());
    for Case { why, sent, now_ms, kind, message } in cases {
        let refusal = sent.admit(&credentials, "logs", now_ms).expect_err(why);
        assert_eq!(refusal.kind(), kind, "{why}: {refusal}");
        assert!(refusal.message().contains(message), "{why}: {refusal}");
        assert!(kind.code().ends_with("Exception") && kind.http_status() == 400);
    }
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    let credentials = credentials(None, None);
    let (minutes, second) = (5 * 60 * 1000, 1000);
    for (sent, now_ms, says) in [
        (signed(), NOW_MS + minutes, None),
        (
            signed(),
            NOW_MS + minutes + second,
            Some("Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z"),
        ),
        (signed(), NOW_MS - minutes, None),
        (
            signed(),
            NOW_MS - minutes - second,
            Some(
                "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z",
            ),
        ),
        (signed_in_advance(), NOW_MS + 60 * second, None),
        (signed_in_advance(), NOW_MS + 61 * second, Some("Signature expired")),
        (signed_in_advance(), NOW_MS - minutes, None),
        (signed_in_advance(), NOW_MS - minutes - second, Some("Signature not yet current")),
        (signed(), i64::MAX, Some("Signature expired")),
        (signed(), i64::MIN, Some("Signature not yet current")),
    ] {
        match (sent.admit(&credentials, "logs", now_ms), says) {
            (Ok(_), None) => {}
            (Err(refusal), Some(says)) => {
                assert_eq!(refusal.kind(), RefusalKind::InvalidSignature);
                assert!(refusal.message().starts_with(says), "{refusal}");
            }
            (answer, says) => panic!("{now_ms}: {answer:?} {says:?}"),
        }
    }
}

#[test]
fn the_digest_of_the_body_may_be_said() {
    let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"; // of {}
    let sent = post().with("x-amz-content-sha256", digest).signed(&Signer::default());
    assert!(sent.admit(&credentials(None, None), "logs", NOW_MS).is_ok());
}

#[test]
fn a_temporary_key_needs_its_token_and_ends() {
    let file = json!({"principals": [{
        "arn": "arn:aws:sts::111111111111:assumed-role/ship/session",
        "accessKeys": [{"accessKeyId": KEY, "secretAccessKey": SECRET, "sessionToken": "token",
            "expiration": "2015-08-30T12:36:01Z"}],
        "policies": [],
    }]});
    let credentials = Credentials::parse(&file.to_string()).unwrap();
    let sent = |token: Option<&str>, expires_s| {
        let token = token.map(str::to_owned);
        post().signed(&Signer { token, expires_s, ..Signer::default() })
    };
    for expires_s in [None, Some(60)] {
        let admit = |token, now_ms| sent(token, expires_s).admit(&credentials, "logs", now_ms);
        assert!(admit(Some("token"), NOW_MS).is_ok());
        for token in [None, Some("tokem"), Some("toke")] {
            let refusal = admit(token, NOW_MS).unwrap_err();
            assert_eq!(refusal.kind(), RefusalKind::UnrecognizedClient);
        }
        let refusal = admit(Some("token"), NOW_MS + 1000).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::ExpiredToken);
    }
}

fn home() -> Home {
    let account = AccountId::new("123456789012").unwrap();
    Home { account, region: Region::new("eu-central-1").unwrap() }
}

#[test]
fn a_gate_for_any_key_lets_everybody_in_and_do_everything() {
    let gate = Gate::AnyKey(home());
    let of_account = Signer { region: "eu-west-1".to_owned(), ..Signer::default() };
    let of_account = replaced(post().signed(&of_account), "AKIDEXAMPLE", "999999999999");
    for (sent, account, region) in [
        (post(), "123456789012", "eu-central-1"),
        (signed(), "123456789012", "us-east-1"),
        (signed_in_advance(), "123456789012", "us-east-1"),
        (of_account, "999999999999", "eu-west-1"),
        (replaced(signed(), "us-east-1", "US"), "123456789012", "eu-central-1"),
        (post().with("authorization", "Basic x"), "123456789012", "eu-central-1"),
    ] {
        let caller = sent.let_through(|request| gate.admit(request, 0)).unwrap();
        let home = caller.home();
        assert_eq!((home.account.as_str(), home.region.as_str()), (account, region));
        assert_eq!(caller.arn().as_str(), format!("arn:aws:iam::{account}:root"));
        assert!(caller.may("logs:Unmask", "arn:aws:logs:us-east-1:000000000000:log-group:g:*"));
        assert_eq!(caller.decide_passing("arn:aws:iam::000000000000:role/r"), Decision::Allowed);
    }
}

#[test]
fn a_gate_with_credentials_lets_in_who_signs_for_this_service() {
    let gate = Gate::Credentials(credentials(None, None));
    let caller = signed().let_through(|request| gate.admit(request, NOW_MS)).unwrap();
    assert_eq!(
        format!("{caller:?}"),
        "Caller(arn:aws:iam::111111111111:user/path/ann in us-east-1)"
    );
    let other = post().signed(&Signer { service: "monitoring", ..Signer::default() });
    assert!(other.let_through(|request| gate.admit(request, NOW_MS)).is_err());
}

/// What conditions know of a caller.
#[test]
fn a_caller_may_what_its_policies_say() {
    let group = "arn:aws:logs:us-east-1:111111111111:log-group:/app:*";
    let condition = json!({
        "StringEquals": {"aws:username": "ann", "aws:PrincipalType": "User",
            "aws:PrincipalAccount": "111111111111", "aws:ResourceAccount": "111111111111",
            "aws:RequestedRegion": "us-east-1"},
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:user/path/ann"},
        "Bool": {"aws:SecureTransport": "false"},
        "DateEquals": {"aws:CurrentTime": "2015-08-30T12:36:00Z"},
    });
    let policies = json!([
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "logs:Get*", "Resource": "*", "Condition": condition},
            {"Effect": "Allow", "Action": "logs:Unmask", "Resource": group},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
             "Condition": {"StringEquals": {"iam:PassedToService": "logs.amazonaws.com"}}}]},
        {"Version": "2012-10-17", "Statement": {
            "Effect": "Deny", "Action": "logs:GetQueryResults", "Resource": "*"}},
    ]);
    let caller = signed().admit(&credentials(None, Some(policies)), "logs", NOW_MS).unwrap();
    for (action, resource, may) in [
        ("logs:GetLogEvents", group, true),
        ("logs:GetQueryResults", "*", false),
        ("logs:Unmask", group, true),
        ("logs:Unmask", "arn:aws:logs:us-east-1:111111111111:log-group:/app2:*", false),
        ("logs:GetLogEvents", "arn:aws:logs:us-east-1:222222222222:log-group:/app:*", false),
        ("logs:PutLogEvents", group, false),
    ] {
        assert_eq!(caller.may(action, resource), may, "{action} {resource}");
    }
    let passing = |account| caller.decide_passing(&format!("arn:aws:iam::{account}:role/ship"));
    assert_eq!(passing("111111111111"), Decision::Allowed);
    assert_eq!(passing("222222222222"), Decision::Silent);
    let denied = caller.denied("logs:Unmask", group, Decision::Silent);
    assert_eq!(denied.kind().code(), "AccessDeniedException");
    assert_eq!(
        denied.message(),
        format!(
            "User: arn:aws:iam::111111111111:user/path/ann is not authorized to perform: \
             logs:Unmask on resource: {group} because no identity-based policy allows the \
             logs:Unmask action"
        )
    );
}

#[test]
fn a_session_is_its_role_to_conditions() {
    let policies = json!([{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/ship"},
            "StringEquals": {"aws:PrincipalType": "AssumedRole"}}}}]);
    let file = |arn: &str| {
        json!({"principals": [{"arn": arn, "policies": policies,
            "accessKeys": [{"accessKeyId": KEY, "secretAccessKey": SECRET}]}]})
    };
    for (arn, may) in [
        ("arn:aws:sts::111111111111:assumed-role/ship/session", true),
        ("arn:aws:sts::111111111111:assumed-role/ships/session", false),
        ("arn:aws:iam::111111111111:role/ship", true),
        ("arn:aws:iam::111111111111:user/ship", false),
        ("arn:aws:iam::111111111111:root", false),
    ] {
        let credentials = Credentials::parse(&file(arn).to_string()).unwrap();
        let caller = signed().admit(&credentials, "logs", NOW_MS).unwrap();
        assert_eq!(caller.may("logs:Unmask", "*"), may, "{arn}");
    }
}

#[test]
fn the_engine_unmasks_for_who_may() {
    struct Nothing;
    impl Directory for Nothing {
        fn exists(&self, _: &Arn) -> bool {
            false
        }
    }
    let home = Home { account: AccountId::new("111111111111").unwrap(), region: home().region };
    let sink = std::sync::Arc::new(InMemory::default());
    let clock = std::sync::Arc::new(SystemClock);
    let engine = Engine::new(home, clock, std::sync::Arc::new(Nothing), sink);
    let policies = json!([{"Statement": {"Effect": "Allow", "Action": "logs:Unmask",
        "Resource": "arn:aws:logs:eu-central-1:111111111111:log-group:/app:*"}}]);
    let caller = signed().admit(&credentials(None, Some(policies)), "logs", NOW_MS).unwrap();
    let (app, other) = (LogGroupName::new("/app").unwrap(), LogGroupName::new("/other").unwrap());
    engine.create_log_group(&app).unwrap();
    assert!(engine.authorize_unmask(&caller, caller.principal(), &app).is_ok());
    // A policy may speak of the log streams.
    let policies = json!([{"Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "logs:Unmask",
         "Resource": "arn:aws:logs:eu-central-1:111111111111:log-group:/app:log-stream:*"}]}]);
    let barred = signed().admit(&credentials(None, Some(policies)), "logs", NOW_MS).unwrap();
    assert!(engine.authorize_unmask(&barred, barred.principal(), &app).is_err());
    // Whether it exists or not.
    let denied = engine.authorize_unmask(&caller, caller.principal(), &other).unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::AccessDenied);
    // Not for somebody else.
    assert!(!caller.allows(
        &Principal::new("arn:aws:iam::111111111111:user/bob"),
        "logs:Unmask",
        "arn:aws:logs:eu-central-1:111111111111:log-group:/app:*"
    ));
}
