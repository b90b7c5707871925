//! The one form of a request that signatures are over.
//!
//! Source: IAM User Guide, Create a signed AWS API request, step 1.

use std::borrow::Cow;

use hyper::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::Incoming;
use super::claim::{Claim, SIGNATURE, pairs};

/// What is escaped: all but letters, digits and four more.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ESCAPED_IN_PATHS: AsciiSet = ESCAPED.remove(b'/');

/// The canonical request; `digest` is that of the body. `None` when a header that is said to be
/// signed is not there.
pub(super) fn canonical(request: &Incoming<'_>, claim: &Claim, digest: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let line = |text: &mut Vec<u8>, line: &[u8]| {
        text.extend_from_slice(line);
        text.push(b'\n');
    };
    line(&mut text, request.method.as_bytes());
    line(&mut text, path(request.path()).as_bytes());
    line(&mut text, query(request.query()).as_bytes());
    for name in &claim.signed_headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        values(request.headers, name, &mut text)?;
        text.push(b'\n');
    }
    line(&mut text, b"");
    line(&mut text, claim.signed_headers.join(";").as_bytes());
    text.extend_from_slice(digest.as_bytes());
    Some(text)
}

/// The path without dots and doubled slashes, escaped once more than it arrived.
fn path(path: &str) -> Cow<'static, str> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    if segments.is_empty() {
        return Cow::Borrowed("/");
    }
    let end = if path.ends_with('/') { "/" } else { "" };
    let normal = format!("/{}{end}", segments.join("/"));
    Cow::Owned(percent_encode(normal.as_bytes(), &ESCAPED_IN_PATHS).to_string())
}

/// The parameters but the signature, escaped, in order.
fn query(query: &str) -> String {
    let escape = |bytes: &[u8]| percent_encode(bytes, &ESCAPED).to_string();
    let pairs = pairs(query).filter(|(name, _)| name != SIGNATURE.as_bytes());
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (escape(&name), escape(&value))).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The values of a header with commas between, each without spaces around it and with one where
/// several stood.
fn values(headers: &HeaderMap, name: &str, text: &mut Vec<u8>) -> Option<()> {
    let mut any = false;
    for value in headers.get_all(name) {
        if any {
            text.push(b',');
        }
        any = true;
        let mut space = false;
        for byte in value.as_bytes().trim_ascii() {
            if *byte != b' ' || !space {
                text.push(*byte);
            }
            space = *byte == b' ';
        }
    }
    any.then_some(())
}
