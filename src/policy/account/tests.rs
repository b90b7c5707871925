use super::*;

const STREAM: &str = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";
const ROLE: &str = "arn:aws:iam::111122223333:role/path/to";

#[test]
fn policy_types_are_those_of_the_api() {
    for known in AccountPolicyType::ALL {
        assert_eq!(AccountPolicyType::parse(known.as_str()), Ok(known));
    }
    let refused = AccountPolicyType::parse("canary").expect_err("unknown");
    assert!(!refused.to_string().contains("canary"), "{refused}");
}

#[test]
fn policy_names_keep_their_limits() {
    for name in ["a", "é x:*", "aws", "AWS/x", &"é".repeat(256)] {
        assert!(check_policy_name(name).is_ok(), "{name}");
    }
    for name in ["", "aws/x", "a\nb", "a\u{7f}", &"a".repeat(257)] {
        assert!(check_policy_name(name).is_err(), "{name:?}");
    }
}

#[test]
fn destinations_are_told_apart_by_arn() {
    let kind = |rest: &str| {
        let arn = Arn::parse("destinationArn", &format!("arn:aws:{rest}")).expect(rest);
        DestinationKind::of(&arn).ok()
    };
    let home = "eu-west-1:111122223333";
    let cases = [
        (format!("kinesis:{home}:stream/orders_1.x-y"), Some(DestinationKind::Kinesis)),
        (format!("firehose:{home}:deliverystream/s"), Some(DestinationKind::Firehose)),
        (format!("lambda:{home}:function:f"), Some(DestinationKind::Lambda)),
        (format!("lambda:{home}:function:f:live"), Some(DestinationKind::Lambda)),
        (format!("lambda:{home}:function:f:$LATEST"), Some(DestinationKind::Lambda)),
        (format!("logs:{home}:destination:d/e"), Some(DestinationKind::Logical)),
        (format!("kinesis:{home}:stream/"), None),
        (format!("kinesis:{home}:stream/a/b"), None),
        (format!("kinesis:{home}:stream:a"), None),
        (format!("lambda:{home}:function:f:"), None),
        (format!("lambda:{home}:function:f:a:b"), None),
        (format!("lambda:{home}:layer:f"), None),
        (format!("logs:{home}:log-group:/a"), None),
        (format!("logs:{home}:destination:a:b"), None),
        (format!("sqs:{home}:queue"), None),
        ("s3:::bucket".to_owned(), None),
        ("kinesis:eu-west-1::stream/a".to_owned(), None),
        ("kinesis::111122223333:stream/a".to_owned(), None),
    ];
    for (rest, expected) in cases {
        assert_eq!(kind(&rest), expected, "{rest}");
    }
}

#[test]
fn a_subscription_policy_is_read() {
    let document = format!(
        r#"{{"DestinationArn":"{STREAM}","RoleArn":"{ROLE}","FilterPattern":"canary",
            "Distribution":"Random"}}"#
    );
    let policy = SubscriptionPolicy::parse(&document).unwrap();
    assert_eq!(policy.destination_arn.as_str(), STREAM);
    assert_eq!(policy.role_arn.as_ref().map(Arn::as_str), Some(ROLE));
    assert_eq!(policy.distribution, Distribution::Random);
    assert!(policy.filter_pattern == "canary");
    assert!(!format!("{policy:?} {policy:#?}").contains("canary"), "Debug shows the pattern");

    let short = format!(r#"{{"DestinationArn":"{FUNCTION}","FilterPattern":""}}"#);
    let policy = SubscriptionPolicy::parse(&short).unwrap();
    assert_eq!((policy.role_arn, policy.distribution), (None, Distribution::ByLogStream));
}

#[test]
fn a_subscription_policy_is_refused_at_its_fault() {
    let stream = format!(r#""DestinationArn":"{STREAM}""#);
    let function = format!(r#""DestinationArn":"{FUNCTION}""#);
    let long = "é".repeat(1025);
    let cases = [
        ("[]".to_owned(), "", "is an array"),
        ("{".to_owned(), "", "not JSON"),
        (r#"{"FilterPattern":""}"#.to_owned(), "", "has no DestinationArn"),
        (format!("{{{function}}}"), "", "has no FilterPattern"),
        (format!(r#"{{{stream},"FilterPattern":""}}"#), "", "has no RoleArn"),
        (
            format!(r#"{{{function},"FilterPattern":"{long}"}}"#),
            "/FilterPattern",
            "1025 characters; at most 1024",
        ),
        (format!(r#"{{{function},"FilterPattern":null}}"#), "/FilterPattern", "is null"),
        (format!(r#"{{{function},"filterPattern":""}}"#), "", "write FilterPattern"),
        (format!(r#"{{{function},"FilterPattern":"","Canary":1}}"#), "", "not known"),
        (format!(r#"{{{function},{function},"FilterPattern":""}}"#), "", "twice"),
        (
            format!(r#"{{{function},"FilterPattern":"","Distribution":"random"}}"#),
            "/Distribution",
            "write Random or ByLogStream",
        ),
        (
            format!(r#"{{{stream},"FilterPattern":"","RoleArn":"{STREAM}"}}"#),
            "/RoleArn",
            "not the ARN of a role",
        ),
        (
            r#"{"DestinationArn":"canary","FilterPattern":""}"#.to_owned(),
            "/DestinationArn",
            "not an ARN",
        ),
        (
            r#"{"DestinationArn":"arn:aws:s3:::canary","FilterPattern":""}"#.to_owned(),
            "/DestinationArn",
            "no possible destination",
        ),
    ];
    for (document, pointer, expected) in cases {
        let refused = SubscriptionPolicy::parse(&document).expect_err(expected);
        assert_eq!(refused.place().map(|place| place.pointer.as_str()), Some(pointer), "{refused}");
        assert!(refused.message().contains(expected), "{refused}: {expected}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
}
