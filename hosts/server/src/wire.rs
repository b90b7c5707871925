//! AWS JSON 1.1: bodies in, bodies out.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};

use crate::answer::Failure;

/// The media type of every request and answer.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// What precedes an operation's name in `X-Amz-Target`.
pub(crate) const TARGET_PREFIX: &str = "Logs_20140328.";

/// Largest body, in bytes, before and after it is inflated. A batch of 1 MiB whose every byte is
/// escaped as `\u0001`, with 10,000 events around it, is below 8 MiB.
pub(crate) const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Most arrays and objects inside one another. The API model's deepest shape has nine.
const DEPTH_MAX: usize = 32;

/// Inflates a gzip body.
///
/// # Errors
///
/// SerializationException when it is none, RequestEntityTooLarge when it becomes too large.
pub(crate) fn inflate(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut inflated = Vec::new();
    let mut reader = MultiGzDecoder::new(body).take(BODY_BYTES_MAX as u64 + 1);
    reader
        .read_to_end(&mut inflated)
        .map_err(|_| Failure::serialization("the body is not the gzip that its header says"))?;
    match inflated.len() > BODY_BYTES_MAX {
        true => Err(too_large()),
        false => Ok(inflated),
    }
}

/// The members of a body, which has to be one JSON object; an empty body counts as `{}`.
///
/// # Errors
///
/// SerializationException; the text says where it ends to be JSON and quotes nothing.
pub(crate) fn members(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    check_depth(body)?;
    let parsed = match serde_json::from_slice(body) {
        Err(_) => serde_json::from_slice(&mended(body)),
        parsed => parsed,
    };
    match parsed {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Failure::serialization("the body is not a JSON object")),
        Err(error) => Err(Failure::serialization(format!(
            "the body is not JSON: line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// The body with U+FFFD for what no text can hold: bytes that are not UTF-8, and surrogates
/// without their other half, which some writers of JSON make. The library does the same at its
/// door.
fn mended(body: &[u8]) -> Vec<u8> {
    let text = logveil::text_from_utf8_lossy(body);
    let mut mended = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let length = match surrogate(escape) {
            Some(0xd800..=0xdbff) => {
                let low = escape.get(6..).and_then(surrogate);
                if low.is_some_and(|low| low >= 0xdc00) { Ok(12) } else { Err(6) }
            }
            Some(_) => Err(6),
            // An escaped backslash is passed whole, so that what follows it is no escape.
            None => Ok(escape.chars().take(2).map(char::len_utf8).sum()),
        };
        let (length, shown) = match length {
            Ok(length) => (length, escape.get(..length).unwrap_or_default()),
            Err(length) => (length, "\\ufffd"),
        };
        mended.push_str(shown);
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended.into_bytes()
}

/// The code of a `\uD8xx` to `\uDFxx` that a text begins with.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let code = u16::from_str_radix(digits, 16).ok()?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}

/// Before a value is built: a body of brackets alone would cost memory for each.
fn check_depth(body: &[u8]) -> Result<(), Failure> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let message = format!("the body is nested more than {DEPTH_MAX} deep");
            return Err(Failure::serialization(message));
        }
    }
    Ok(())
}

pub(crate) fn too_large() -> Failure {
    let message = format!("the body is larger than {BODY_BYTES_MAX} bytes");
    Failure::new("RequestEntityTooLargeException", 413, message)
}

/// The body of an error answer.
pub(crate) fn error_body(failure: &Failure) -> String {
    json!({ "__type": failure.code, "message": failure.message }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_objects_of_bounded_depth_and_size() {
        assert!(members(b" ").unwrap().is_empty());
        assert_eq!(members(br#"{"a":"]["}"#).unwrap().len(), 1);
        for body in ["[]", "1", "{", "{\"a\":1} x", "\u{feff}{}"] {
            let failure = members(body.as_bytes()).unwrap_err();
            assert_eq!((&*failure.code, failure.status), ("SerializationException", 400));
        }
        assert!(members(&[0xff, b'{', b'}']).is_err());
        let shown = |body: &[u8]| members(body).unwrap()["a"].as_str().unwrap().to_owned();
        assert_eq!(shown(b"{\"a\":\"x\xffy\"}"), "x\u{fffd}y");
        assert_eq!(
            shown(br#"{"a":"\ud83dx\\udc00\ud83d\ude00\udc00"}"#),
            "\u{fffd}x\\udc00\u{1f600}\u{fffd}"
        );
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(members(deep(DEPTH_MAX - 1).as_bytes()).is_ok());
        assert!(members(deep(DEPTH_MAX).as_bytes()).is_err());
    }

    #[test]
    fn a_small_body_that_inflates_to_a_large_one_is_refused() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..9 {
            gzip.write_all(&vec![b' '; 1024 * 1024]).unwrap();
        }
        let body = gzip.finish().unwrap();
        assert!(body.len() < BODY_BYTES_MAX / 50);
        assert_eq!(inflate(&body).unwrap_err().status, 413);
        assert_eq!(inflate(&body[..body.len() / 2]).unwrap_err().status, 400);
        assert_eq!(inflate(b"{}").unwrap_err().status, 400);
    }
}
