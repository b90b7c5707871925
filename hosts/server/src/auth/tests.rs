//! Signatures, held against the public test suite and the SDK's own signer, and broken.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;

mod files;
mod forged;
mod gate;
mod oracle;
mod permissions;
mod suite;

/// 2015-08-30T12:36:00Z, the time of the suite.
const NOW_MS: i64 = 1_440_938_160_000;
const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A request that can be changed.
#[derive(Clone)]
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// How [`Sent::signed`] signs.
#[derive(Clone)]
struct Signer {
    service: &'static str,
    region: String,
    secret: &'static str,
    token: Option<String>,
    at_ms: i64,
    /// Seconds that it counts, signed in advance.
    expires_s: Option<u64>,
    /// Headers that are left out of the signature.
    without: Vec<&'static str>,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            service: "logs",
            region: "us-east-1".to_owned(),
            secret: SECRET,
            token: None,
            at_ms: NOW_MS,
            expires_s: None,
            without: Vec::new(),
        }
    }
}

impl Sent {
    /// What an SDK sends.
    fn post(operation: &str, body: &str) -> Self {
        let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let target = format!("Logs_20140328.{operation}");
        let headers = [
            ("host", "logs.us-east-1.amazonaws.com"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &target),
        ];
        Self {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: headers.map(header).to_vec(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// The same, signed by the SDK's signer.
    fn signed(mut self, signer: &Signer) -> Self {
        let identity = SdkCredentials::new(KEY, signer.secret, signer.token.clone(), None, "test");
        let identity = identity.into();
        let mut settings = SigningSettings::default();
        if let Some(seconds) = signer.expires_s {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(seconds));
        }
        if let Some(excluded) = &mut settings.excluded_headers {
            excluded.extend(signer.without.iter().map(|name| (*name).into()));
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&signer.region)
            .name(signer.service)
            .time(UNIX_EPOCH + Duration::from_millis(signer.at_ms as u64))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("https://{}{}", self.header("host"), self.target);
        let headers = self.headers.iter().map(|(name, value)| (&**name, &**value));
        let body = SignableBody::Bytes(&self.body);
        let request = SignableRequest::new(&self.method, uri, headers, body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let (headers, query) = instructions.into_parts();
        for header in headers {
            self.headers.push((header.name().to_owned(), header.value().to_owned()));
        }
        let escape = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        for (name, value) in query {
            let joint = if self.target.contains('?') { '&' } else { '?' };
            // A parameter's name is not escaped by any signer.
            self.target = format!("{}{joint}{name}={}", self.target, escape(&value));
        }
        self
    }

    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| known == name).expect("there").1
    }

    fn header_mut(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(known, _)| known == name).expect("there").1
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// As [`Credentials::admit`]; what no server could pass on counts as refused.
    fn admit(
        &self,
        credentials: &Credentials,
        service: &str,
        now_ms: i64,
    ) -> Result<Caller, Refusal> {
        self.let_through(|request| credentials.admit(request, service, now_ms))
    }

    fn let_through(
        &self,
        gate: impl FnOnce(&Incoming<'_>) -> Result<Caller, Refusal>,
    ) -> Result<Caller, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value.as_bytes());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(Refusal::incomplete("no header"));
            };
            headers.append(name, value);
        }
        gate(&Incoming {
            method: &self.method,
            path_and_query: &self.target,
            headers: &headers,
            body: &self.body,
            secure: false,
        })
    }
}

/// One user with one key, and with one policy that allows everything unless told otherwise.
fn credentials(token: Option<&str>, policies: Option<serde_json::Value>) -> Credentials {
    let mut key = json!({"accessKeyId": KEY, "secretAccessKey": SECRET});
    if let Some(token) = token {
        key["sessionToken"] = json!(token);
    }
    let everything = json!([{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]);
    let file = json!({"principals": [{
        "arn": "arn:aws:iam::111111111111:user/path/ann",
        "accessKeys": [key],
        "policies": policies.unwrap_or(everything),
    }]});
    Credentials::parse(&file.to_string()).unwrap()
}

/// Numbers that follow from a seed.
struct Seeded(u64);

impl Seeded {
    /// From `LOGVEIL_SEED`, or the usual one.
    fn new(usual: u64) -> (Self, u64) {
        let seed = std::env::var("LOGVEIL_SEED").ok().and_then(|n| n.parse().ok());
        let seed = seed.unwrap_or(usual);
        (Self(seed), seed)
    }

    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    fn one_of<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.next(of.len())]
    }

    fn text(&mut self, letters: &str, longest: usize) -> String {
        let letters: Vec<_> = letters.chars().collect();
        (0..self.next(longest + 1)).map(|_| letters[self.next(letters.len())]).collect()
    }
}
