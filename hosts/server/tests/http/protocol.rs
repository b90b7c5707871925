//! What stands around an operation: methods, targets, types, encodings, sizes, time.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Running, call, head, read_reply};

/// What a raw request is answered with: status, error name, and the head of the answer.
fn answered(running: &Running, request: &[u8]) -> (u16, String, String) {
    let mut stream = running.connect();
    stream.write_all(request).expect("the server reads");
    let reply = read_reply(&mut stream).expect("an answer");
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    (reply.status, answer["__type"].as_str().unwrap_or_default().to_owned(), reply.head)
}

#[test]
fn every_answer_says_which_request_it_is_for() {
    let running = Running::start();
    let ok = format!("{}Content-Length: 2\r\n\r\n{{}}", head("DescribeLogGroups"));
    let wrong = format!("{}Content-Length: 1\r\n\r\n{{", head("DescribeLogGroups"));
    for (request, status) in [(ok, 200), (wrong, 400)] {
        let (found, _, head) = answered(&running, request.as_bytes());
        assert_eq!(found, status);
        assert!(head.contains("\r\nx-amzn-requestid: "), "{head}");
        assert!(head.contains("\r\ncontent-type: application/x-amz-json-1.1\r\n"), "{head}");
    }
}

#[test]
fn what_is_no_operation_is_refused_by_name() {
    let running = Running::start();
    let target = |target: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-amz-json-1.1\r\n\
             X-Amz-Target: {target}\r\nContent-Length: 2\r\n\r\n{{}}"
        )
    };
    let typed = |kind: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nX-Amz-Target: \
             Logs_20140328.DescribeLogGroups\r\nContent-Length: 2\r\n\r\n{{}}"
        )
    };
    let bare = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}".to_owned();
    let cases = [
        (target("Logs_20140328.DescribeLogGroups"), 200, ""),
        (target("Logs_20140328.Nothing"), 400, "UnknownOperationException"),
        (target("Logs_20140328.StartLiveTail"), 400, "UnsupportedOperationException"),
        (target("DynamoDB_20120810.ListTables"), 400, "UnknownOperationException"),
        (bare, 400, "UnknownOperationException"),
        (typed("application/x-amz-json-1.1; charset=utf-8"), 200, ""),
        (typed("text/plain"), 415, "UnsupportedMediaTypeException"),
        ("GET /health HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 200, ""),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_owned(), 405, ""),
        ("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 404, ""),
    ];
    for (request, status, name) in cases {
        let (found, code, _) = answered(&running, request.as_bytes());
        assert_eq!((found, code.as_str()), (status, name), "{request}");
    }
}

#[test]
fn accounts_and_regions_lie_side_by_side_up_to_a_number() {
    let running = Running::start();
    let describe = |region: &str, operation: &str, body: &str| {
        let scope = format!("111122223333/20260101/{region}/logs/aws4_request");
        let request = format!(
            "{}Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, \
             Signature={}\r\nX-Amz-Date: 20260101T000000Z\r\nContent-Length: {}\r\n\r\n{body}",
            head(operation),
            "0".repeat(64),
            body.len()
        );
        let mut stream = running.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let reply = read_reply(&mut stream).expect("an answer");
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let group = r#"{"logGroupName":"/here"}"#;
    assert_eq!(describe("eu-west-1", "CreateLogGroup", group).0, 200);
    let here = describe("eu-west-1", "DescribeLogGroups", "{}").1;
    let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/here:*";
    assert_eq!(here["logGroups"][0]["arn"], arn);
    assert_eq!(describe("eu-west-2", "DescribeLogGroups", "{}").1["logGroups"], json!([]));
    assert_eq!(running.done("DescribeLogGroups", &json!({}))["logGroups"], json!([]));
    let refused = |number: usize| describe(&format!("r-{number}"), "DescribeLogGroups", "{}");
    let (status, answer) = (0..4).map(refused).find(|(status, _)| *status != 200).unwrap();
    assert_eq!((status, &answer["__type"]), (400, &json!("LimitExceededException")));
    assert_eq!(describe("eu-west-1", "DescribeLogGroups", "{}").1, here);
}

#[test]
fn metrics_are_what_the_host_says() {
    let get = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(answered(&Running::start(), get).0, 404);
    let text = || "logveil_requests_total 1\n".to_owned();
    let metrics =
        Some(std::sync::Arc::new(text) as std::sync::Arc<dyn Fn() -> String + Send + Sync>);
    let running = Running::with(|options| logveil_server::ServerOptions { metrics, ..options });
    let mut stream = running.connect();
    stream.write_all(get).unwrap();
    let reply = read_reply(&mut stream).expect("an answer");
    assert_eq!((reply.status, reply.body.as_slice()), (200, text().as_bytes()));
}

#[test]
fn a_connection_is_kept_and_bodies_may_be_gzip() {
    let running = Running::start();
    let mut stream = running.connect();
    let (status, _) = call(&mut stream, "CreateLogGroup", &json!({"logGroupName": "/a"}));
    assert_eq!(status, 200);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(br#"{"logGroupNamePrefix":"/a"}"#).unwrap();
    let body = gzip.finish().unwrap();
    let mut request = head("DescribeLogGroups");
    request.push_str(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len()));
    stream.write_all(&[request.as_bytes(), &body].concat()).unwrap();
    let reply = read_reply(&mut stream).expect("the connection is still there");
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(answer["logGroups"][0]["logGroupName"], "/a");
}

#[test]
fn what_is_too_large_or_too_slow_is_refused() {
    let running = Running::with(|options| logveil_server::ServerOptions {
        request_timeout: Duration::from_secs(2),
        ..options
    });
    let large = format!("{}Content-Length: 9000000\r\n\r\n", head("DescribeLogGroups"));
    let (status, code, _) = answered(&running, large.as_bytes());
    assert_eq!((status, code.as_str()), (413, "RequestEntityTooLargeException"));
    let half = format!("{}Content-Length: 100\r\n\r\n{{", head("DescribeLogGroups"));
    let (status, code, _) = answered(&running, half.as_bytes());
    assert_eq!((status, code.as_str()), (408, "RequestTimeoutException"));
    // Half a head is not answered: the connection ends.
    let mut stream = running.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost").unwrap();
    assert!(read_reply(&mut stream).is_none_or(|reply| reply.status == 408));
    running.done("DescribeLogGroups", &json!({}));
}

#[test]
fn an_end_lets_answers_under_way_finish() {
    let mut running = Running::start();
    running.done("CreateLogGroup", &json!({"logGroupName": "/a"}));
    let mut stream = running.connect();
    let body = r#"{"logGroupName":"/b"}"#;
    let start = format!("{}Content-Length: {}\r\n\r\n", head("CreateLogGroup"), body.len());
    stream.write_all(start.as_bytes()).unwrap();
    let (first, rest) = body.split_at(5);
    stream.write_all(first.as_bytes()).unwrap();
    // The server has the request once it answers another connection's.
    running.done("DescribeLogGroups", &json!({}));
    std::thread::scope(|scope| {
        let address = running.address;
        let ending = scope.spawn(|| running.stop());
        // It has begun to end once nobody listens any more.
        while std::net::TcpStream::connect(address).is_ok() {}
        stream.write_all(rest.as_bytes()).unwrap();
        assert_eq!(read_reply(&mut stream).expect("an answer").status, 200);
        drop(stream);
        ending.join().unwrap();
    });
}
