//! Bad days: records that are refused alone, services that refuse all, services that are not there.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logveil::{DeliveryError, Destination, LogPlace, Outgoing, OutgoingKind};
use serde_json::{Value, json};

use crate::moto;
use crate::stub::{Answer, Request, start};
use crate::world::{ACCOUNT, REGION, arn, aws, outgoing};

/// A service that takes records in batches: its request's list and what it calls its answer.
struct Service {
    arn: &'static str,
    refused: &'static str,
    results: &'static str,
    /// What a record that was taken is given.
    id: &'static str,
    /// The code with which records are refused.
    code: &'static str,
}

const KINESIS: Service = Service {
    arn: "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    refused: "FailedRecordCount",
    results: "Records",
    id: "SequenceNumber",
    code: "ProvisionedThroughputExceededException",
};

const FIREHOSE: Service = Service {
    arn: "arn:aws:firehose:us-east-1:123456789012:deliverystream/s",
    refused: "FailedPutCount",
    results: "RequestResponses",
    id: "RecordId",
    code: "ServiceUnavailableException",
};

impl Service {
    /// Answers each record of a request with its id, or as `takes` says with a code.
    fn answer(&self, records: &[Vec<u8>], mut takes: impl FnMut(&[u8]) -> bool) -> Answer {
        let mut refused = 0;
        let mut result = |data: &Vec<u8>| {
            if takes(data) {
                return json!({self.id: "1", "ShardId": "shardId-000000000000"});
            }
            refused += 1;
            json!({"ErrorCode": self.code, "ErrorMessage": "not for your eyes"})
        };
        let results: Vec<_> = records.iter().map(&mut result).collect();
        let body = json!({self.refused: refused, self.results: results}).to_string();
        Answer { status: 200, body }
    }
}

/// The records of a request.
fn records_of(request: &Request) -> Vec<Vec<u8>> {
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let data = |record: &Value| STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
    body["Records"].as_array().unwrap().iter().map(data).collect()
}

/// Every second record is refused at first. All arrive, and what was taken is not sent again.
#[track_caller]
fn check_partial_failures(service: Service) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let (seen, destination) = (Arc::clone(&sent), arn(service.arn));
    let stub = start(move |request| {
        service.answer(&records_of(request), |data| {
            let mut seen = seen.lock().unwrap();
            let again = seen.iter().any(|it| it == data);
            seen.push(data.to_vec());
            again || data[0].is_multiple_of(2)
        })
    });
    let aws = aws(&stub.url, None);
    let data: Vec<Vec<u8>> = (0..100_u8).map(|byte| vec![byte; 10]).collect();
    let batch: Vec<_> = data.iter().map(|data| outgoing(&destination, data)).collect();
    let results = aws.deliver(&batch);
    assert_eq!(results.len(), batch.len());
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_ok(), number.is_multiple_of(2), "record {number}");
    }
    let refused = batch.iter().zip(&results).filter(|(_, result)| result.is_err());
    let again: Vec<_> = refused.map(|(outgoing, _)| *outgoing).collect();
    assert_eq!(aws.deliver(&again), vec![Ok(()); 50]);
    assert_eq!(sent.lock().unwrap().len(), 150);
}

#[test]
fn of_a_kinesis_batch_only_what_was_refused_is_left() {
    check_partial_failures(KINESIS);
}

#[test]
fn of_a_firehose_batch_only_what_was_refused_is_left() {
    check_partial_failures(FIREHOSE);
}

/// An answer to a whole request, and what it means for what was in it.
struct Case {
    status: u16,
    body: &'static str,
    means: DeliveryError,
}

const fn case(status: u16, body: &'static str, means: DeliveryError) -> Case {
    Case { status, body, means }
}

const CASES: [Case; 17] = [
    case(400, r#"{"__type":"ProvisionedThroughputExceededException"}"#, DeliveryError::Throttled),
    case(400, r#"{"__type":"com.amazonaws#LimitExceededException"}"#, DeliveryError::Throttled),
    case(400, r#"{"__type":"ThrottlingException","message":"m"}"#, DeliveryError::Throttled),
    case(429, "", DeliveryError::Throttled),
    case(400, r#"{"__type":"KMSThrottlingException"}"#, DeliveryError::Throttled),
    case(503, r#"{"__type":"ServiceUnavailableException"}"#, DeliveryError::Unavailable),
    case(500, r#"{"__type":"InternalFailure"}"#, DeliveryError::Unavailable),
    case(502, "<html>a proxy's page</html>", DeliveryError::Unavailable),
    case(200, "no JSON", DeliveryError::Unavailable),
    case(400, r#"{"__type":"AccessDeniedException"}"#, DeliveryError::AccessDenied),
    case(400, r#"{"__type":"ExpiredTokenException"}"#, DeliveryError::AccessDenied),
    case(403, "", DeliveryError::AccessDenied),
    case(400, r#"{"__type":"ResourceNotFoundException"}"#, DeliveryError::NotFound),
    case(404, "", DeliveryError::NotFound),
    case(400, r#"{"__type":"ValidationException"}"#, DeliveryError::Refused),
    case(400, r#"{"__type":"InvalidArgumentException"}"#, DeliveryError::Refused),
    case(413, "", DeliveryError::Refused),
];

#[test]
fn an_error_becomes_what_follows_from_it() {
    let destinations = [
        KINESIS.arn,
        FIREHOSE.arn,
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "arn:aws:s3:::bucket",
        "arn:aws:logs:us-east-1:123456789012:log-group:/g:*",
    ];
    for Case { status, body, means } in CASES {
        let stub = start(move |_| Answer { status, body: body.to_owned() });
        let aws = aws(&stub.url, None);
        for destination in destinations {
            // S3 speaks XML, and invocations that were taken have no answer.
            let other = destination.contains("s3") || destination.contains("lambda");
            if other && (status == 200 || status == 400) {
                continue;
            }
            let destination_arn = arn(destination);
            let item = everything(&destination_arn);
            assert_eq!(aws.deliver(&[item]), [Err(means)], "{destination}: {status} {body}");
        }
    }
}

/// Something that every service could take.
fn everything<'a>(destination_arn: &'a logveil::Arn) -> Outgoing<'a> {
    let place = LogPlace { log_stream: "s", timestamp: 1_800_000_000_000 };
    Outgoing {
        object_key: Some("key"),
        log_place: Some(place),
        ..outgoing(destination_arn, b"{}\n")
    }
}

#[test]
fn s3_says_its_errors_in_xml() {
    for (status, code, means) in [
        (503, "SlowDown", DeliveryError::Throttled),
        (403, "AccessDenied", DeliveryError::AccessDenied),
        (404, "NoSuchBucket", DeliveryError::NotFound),
        (301, "PermanentRedirect", DeliveryError::NotFound),
        (409, "OperationAborted", DeliveryError::Unavailable),
        (400, "RequestTimeout", DeliveryError::Unavailable),
        (400, "EntityTooLarge", DeliveryError::Refused),
        (400, "KMS.DisabledException", DeliveryError::AccessDenied),
        (400, "KMS.NotFoundException", DeliveryError::NotFound),
        (400, "SomethingNew", DeliveryError::Unavailable),
    ] {
        let body = format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
        let stub = start(move |_| Answer { status, body: body.clone() });
        let destination = arn("arn:aws:s3:::bucket");
        let results = aws(&stub.url, None).deliver(&[everything(&destination)]);
        assert_eq!(results, [Err(means)], "{code}");
    }
}

#[test]
fn what_is_not_there_is_told_from_what_cannot_be_reached() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (there, gone) = (aws(moto::url(), None), aws(&format!("http://{free}"), None));
    for destination in [
        "arn:aws:kinesis:us-east-1:123456789012:stream/none",
        "arn:aws:firehose:us-east-1:123456789012:deliverystream/none",
        "arn:aws:s3:::none",
        "arn:aws:logs:us-east-1:123456789012:log-group:/none",
    ] {
        let destination = arn(destination);
        let batch = [everything(&destination)];
        assert_eq!(there.deliver(&batch), [Err(DeliveryError::NotFound)], "{destination}");
        assert_eq!(gone.deliver(&batch), [Err(DeliveryError::Unavailable)], "{destination}");
    }
    let unknown = arn("arn:aws:logs:us-east-1:123456789012:destination:d");
    assert_eq!(there.deliver(&[everything(&unknown)]), [Err(DeliveryError::NotFound)]);
    let unknown = arn("arn:aws:sqs:us-east-1:123456789012:q");
    assert_eq!(there.deliver(&[everything(&unknown)]), [Err(DeliveryError::NotFound)]);
    assert_eq!(there.deliver(&[]), []);
}

#[test]
fn a_service_that_answers_for_too_few_records_is_not_believed() {
    let body =
        json!({"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "s"}]});
    let stub = start(move |_| Answer { status: 200, body: body.to_string() });
    let destination = arn(KINESIS.arn);
    let item = outgoing(&destination, b"x");
    let results = aws(&stub.url, None).deliver(&[item, item]);
    assert_eq!(results, [Ok(()), Err(DeliveryError::Unavailable)]);
}

#[test]
fn a_record_for_which_a_whole_request_is_refused_holds_up_no_other() {
    let stub = start(|request| {
        let records = records_of(request);
        if records.iter().any(|record| record == b"bad") {
            let body = json!({"__type": "InvalidArgumentException"}).to_string();
            return Answer { status: 400, body };
        }
        KINESIS.answer(&records, |_| true)
    });
    let destination = arn(KINESIS.arn);
    let batch = [&b"one"[..], b"bad", b"two"].map(|data| outgoing(&destination, data));
    let results = aws(&stub.url, None).deliver(&batch);
    assert_eq!(results, [Ok(()), Err(DeliveryError::Refused), Ok(())]);
}

#[test]
fn what_is_too_large_goes_aside_and_never_to_the_destination() {
    let stub = start(|request| KINESIS.answer(&records_of(request), |_| true));
    let destination = arn(KINESIS.arn);
    let large = Outgoing { kind: OutgoingKind::DeadLetter, ..outgoing(&destination, b"large") };
    let batch = [large, outgoing(&destination, b"small"), large];
    let refused = Err(DeliveryError::Refused);
    assert_eq!(aws(&stub.url, None).deliver(&batch), [refused, Ok(()), refused]);
    let aside = Arc::new(logveil::InMemory::default());
    let set_aside: Arc<dyn Destination> = aside.clone();
    assert_eq!(aws(&stub.url, Some(set_aside)).deliver(&batch), vec![Ok(()); 3]);
    let kept: Vec<_> = aside.delivered().into_iter().map(|it| it.data).collect();
    assert_eq!(kept, [b"large", b"large"]);
    let sent: Vec<_> = stub.requests.lock().unwrap().iter().flat_map(records_of).collect();
    assert_eq!(sent, [b"small", b"small"]);
}

#[test]
fn events_that_a_log_group_rejects_are_refused_alone() {
    let body = json!({"rejectedLogEventsInfo": {
        "tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2, "tooNewLogEventStartIndex": 4,
    }});
    let stub = start(move |_| Answer { status: 200, body: body.to_string() });
    let destination = arn("arn:aws:logs:us-east-1:123456789012:log-group:/g");
    let at = |timestamp| Outgoing {
        log_place: Some(LogPlace { log_stream: "s", timestamp }),
        ..outgoing(&destination, b"{}\n")
    };
    // Out of order: the service counts in order of time.
    let results = aws(&stub.url, None).deliver(&[at(3), at(0), at(4), at(2), at(1)]);
    let refused = Err(DeliveryError::Refused);
    assert_eq!(results, [Ok(()), refused, refused, Ok(()), refused]);
    let sent: Value = serde_json::from_slice(&stub.requests.lock().unwrap()[0].body).unwrap();
    let times: Vec<_> =
        sent["logEvents"].as_array().unwrap().iter().map(|it| it["timestamp"].clone()).collect();
    assert_eq!(times, [0, 1, 2, 3, 4]);
}

#[test]
fn a_stream_and_its_region_are_those_of_the_arn() {
    let stub = start(|request| KINESIS.answer(&records_of(request), |_| true));
    let text = format!("arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/s");
    assert_ne!(REGION, "eu-west-1");
    aws(&stub.url, None).deliver(&[outgoing(&arn(&text), b"x")]);
    let requests = stub.requests.lock().unwrap();
    let signed = requests[0].header("authorization").unwrap();
    assert!(signed.contains("/eu-west-1/kinesis/aws4_request"));
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body["StreamARN"], text);
}

#[test]
fn no_error_repeats_what_was_sent_or_answered() {
    let stub = start(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        Answer { status: 400, body: json!({"__type": body, "message": body}).to_string() }
    });
    let destination = arn(KINESIS.arn);
    let aws = aws(&stub.url, None);
    let results = aws.deliver(&[outgoing(&destination, b"kanarienvogel")]);
    // A code that nobody knows.
    assert_eq!(results, [Err(DeliveryError::Unavailable)]);
    assert!(!format!("{results:?} {aws:?}").contains("kanarienvogel"));
}
