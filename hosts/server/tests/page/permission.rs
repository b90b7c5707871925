//! Who sees the page, over the network.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as Signer;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use logveil::{AccountId, Home, LogGroupName, Region};
use logveil_server::auth::{Credentials, Gate};
use logveil_server::{Server, ServerOptions, World};
use serde_json::json;
use tempfile::TempDir;

use crate::world::{NOW, world};

const SECRET: &str = "a secret of forty characters, for tests.";

fn credentials() -> Credentials {
    let principal = |account: &str, name: &str, key: &str, action: &str| {
        json!({
            "arn": format!("arn:aws:iam::{account}:user/{name}"),
            "accessKeys": [{ "accessKeyId": key, "secretAccessKey": SECRET }],
            "policies": [{
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }],
            }],
        })
    };
    let file = json!({ "principals": [
        principal("123456789012", "sees", "AKIATESTSEES00000001", "logs:DescribeLogGroups"),
        principal("123456789012", "puts", "AKIATESTPUTS00000001", "logs:PutLogEvents"),
    ]});
    Credentials::parse(&file.to_string()).expect("a credentials file")
}

/// Runs a server while `ask` asks it.
fn served(world: Arc<World>, gate: Gate, ask: impl FnOnce(SocketAddr)) {
    let options = ServerOptions::new("127.0.0.1:0".parse().expect("an address"), gate);
    let server = Server::bind(world, options).expect("an address");
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = std::thread::spawn(move || server.run(async { _ = stopped.await }));
    ask(address);
    stop.send(()).expect("it runs");
    running.join().expect("it ended").expect("it ran");
}

/// The whole answer to a GET, head and body.
fn get(address: SocketAddr, path: &str, headers: &[(String, String)]) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let mut request = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all((request + "\r\n").as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn host(address: SocketAddr) -> Vec<(String, String)> {
    vec![("host".to_owned(), address.to_string())]
}

fn signed(address: SocketAddr, key: &str) -> Vec<(String, String)> {
    let mut headers = host(address);
    let identity = Signer::new(key, SECRET, None, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("logs")
        .time(UNIX_EPOCH + Duration::from_millis(NOW.cast_unsigned()))
        .settings(SigningSettings::default())
        .build()
        .expect("parameters")
        .into();
    let borrowed = headers.iter().map(|(name, value)| (&**name, &**value));
    let uri = format!("http://{address}/");
    let request = SignableRequest::new("GET", uri, borrowed, SignableBody::Bytes(b""));
    let (instructions, _) =
        sign(request.expect("a request"), &params).expect("signed").into_parts();
    let (added, _) = instructions.into_parts();
    headers.extend(added.iter().map(|it| (it.name().to_owned(), it.value().to_owned())));
    headers
}

#[test]
fn with_credentials_the_page_is_for_who_may_list_the_log_groups_of_the_account() {
    let folder = TempDir::new().expect("a folder");
    let world = world(&folder, 1);
    let other = Home {
        account: AccountId::new("999999999999").expect("an account"),
        region: Region::new("us-east-1").expect("a Region"),
    };
    let engine = world.engine(&other).expect("an engine");
    engine.create_log_group(&LogGroupName::new("of-another").expect("a name")).expect("made");
    served(world, Gate::Credentials(credentials()), |address| {
        let answer = get(address, "/", &host(address));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("\r\n\r\nMissingAuthenticationTokenException"), "{answer}");

        let answer = get(address, "/", &signed(address, "AKIATESTPUTS00000001"));
        assert!(answer.contains("\r\n\r\nAccessDeniedException"), "{answer}");
        assert!(!answer.contains("/app/api"), "{answer}");

        let mut forged = signed(address, "AKIATESTSEES00000001");
        let authorization = forged.iter_mut().find(|(name, _)| name == "authorization");
        authorization.expect("it is signed").1.push('0');
        let answer = get(address, "/", &forged);
        assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("/app/api"), "{answer}");

        let answer = get(address, "/", &signed(address, "AKIATESTSEES00000001"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("/app/api") && answer.contains("Account 123456789012"), "{answer}");
        assert!(!answer.contains("of-another") && !answer.contains("999999999999"), "{answer}");
    });
}

#[test]
fn without_credentials_the_page_is_for_this_machine_and_nothing_is_run_or_kept() {
    let folder = TempDir::new().expect("a folder");
    let world = world(&folder, 1);
    let gate = Gate::AnyKey(world.home().clone());
    served(world, gate, |address| {
        let answer = get(address, "/", &host(address));
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("/app/api"), "{answer}");
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self';",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "content-type: text/html; charset=utf-8",
        ] {
            assert!(answer.contains(header), "{header} is missing in {answer}");
        }
        let style = get(address, "/page.css", &host(address));
        assert!(style.contains("content-type: text/css") && style.contains("color-scheme"));
        // A page of another site whose name was made to lead here.
        let answer = get(address, "/", &[("host".to_owned(), "evil.example:80".to_owned())]);
        assert!(answer.contains("\r\n\r\nAccessDeniedException"), "{answer}");
        assert!(!answer.contains("/app/api"), "{answer}");
    });
}
