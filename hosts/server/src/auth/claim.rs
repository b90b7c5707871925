//! What a request says of its signature: in the Authorization header, or in the query when it was
//! signed in advance.
//!
//! Source: IAM User Guide, Create a signed AWS API request.

use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, header::HeaderName};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;

use super::{Incoming, Refusal, RefusalKind};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const TERMINATOR: &str = "aws4_request";
/// The parameter of a query that its signature is not over.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Longest life of a request signed in advance, in seconds: a week.
const EXPIRES_S_MAX: i64 = 604_800;

/// What a request says of its signature; nothing of it is believed yet. It has no `Debug`.
pub(super) struct Claim {
    pub(super) access_key: String,
    /// `YYYYMMDD`.
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    /// Lower case, sorted, none twice.
    pub(super) signed_headers: Vec<String>,
    /// 64 hexadecimal digits in lower case.
    pub(super) signature: String,
    /// `YYYYMMDDTHHMMSSZ`.
    pub(super) at: String,
    pub(super) at_ms: i64,
    /// How long it counts, when it was signed in advance.
    pub(super) expires_s: Option<i64>,
    pub(super) session_token: Option<String>,
}

/// The parts as they stand, before they are looked at.
struct Parts {
    credential: String,
    signed_headers: String,
    signature: String,
    at: String,
    expires: Option<String>,
    session_token: Option<String>,
}

impl Claim {
    /// # Errors
    ///
    /// MissingAuthenticationToken when there is none, IncompleteSignature when it is not whole,
    /// InvalidSignature when its scope does not end as it must or is of another day.
    pub(super) fn of(request: &Incoming<'_>) -> Result<Self, Refusal> {
        let in_query = pairs(request.query()).any(|(name, _)| name == SIGNATURE.as_bytes());
        match (request.headers.contains_key(AUTHORIZATION), in_query) {
            (false, false) => {
                let message = "Missing Authentication Token";
                Err(Refusal::new(RefusalKind::MissingAuthenticationToken, message))
            }
            (true, true) => {
                let message = "The request is signed in its header and in its query; one will do.";
                Err(Refusal::incomplete(message))
            }
            (true, false) => Self::from_parts(Parts::of_header(request.headers)?),
            (false, true) => Self::from_parts(Parts::of_query(request.query())?),
        }
    }

    fn from_parts(parts: Parts) -> Result<Self, Refusal> {
        let scope: Vec<_> = parts.credential.split('/').collect();
        let [access_key, date, region, service, terminator] = scope[..] else {
            let message = "Credential must have exactly 5 slash-delimited elements, \
                           e.g. keyid/date/region/service/term.";
            return Err(Refusal::incomplete(message));
        };
        if terminator != TERMINATOR {
            let message =
                "Credential should be scoped with a valid terminator: 'aws4_request'.".to_owned();
            return Err(Refusal::invalid(message));
        }
        let Some(at_ms) = time(&parts.at) else {
            let message = "Date must be in ISO-8601 'basic format', such as 20150830T123600Z.";
            return Err(Refusal::incomplete(message));
        };
        if parts.at.get(..8) != Some(date) {
            let message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version \
                           of date from HTTP.";
            return Err(Refusal::invalid(message));
        }
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if parts.signature.len() != 64 || !parts.signature.bytes().all(hexadecimal) {
            let message = "Signature must be 64 hexadecimal digits in lower case.";
            return Err(Refusal::incomplete(message));
        }
        Ok(Self {
            access_key: access_key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed_headers(&parts.signed_headers)?,
            expires_s: parts.expires.as_deref().map(expires).transpose()?,
            signature: parts.signature,
            at: parts.at,
            at_ms,
            session_token: parts.session_token,
        })
    }
}

impl Parts {
    // Choice: the time of a request is read from x-amz-date only, as every SDK sends it, and not
    // from Date.
    fn of_header(headers: &HeaderMap) -> Result<Self, Refusal> {
        let text = only(headers, &AUTHORIZATION)?.unwrap_or_default();
        let (algorithm, rest) = text.split_once(' ').unwrap_or((text, ""));
        if algorithm != ALGORITHM {
            return Err(Refusal::incomplete("Authorization must be of AWS4-HMAC-SHA256."));
        }
        let [mut credential, mut signed_headers, mut signature] = [None, None, None];
        for part in rest.split(',') {
            let Some((name, value)) = part.trim().split_once('=') else {
                let message = "Authorization header has a part that is not a key=value pair.";
                return Err(Refusal::incomplete(message));
            };
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(Refusal::incomplete("Authorization header has an unknown part.")),
            };
            if place.replace(value.to_owned()).is_some() {
                return Err(Refusal::incomplete("Authorization header has a part twice."));
            }
        }
        let lacks = |name: &str| {
            Refusal::incomplete(&format!("Authorization header requires '{name}' parameter."))
        };
        let Some(at) = only(headers, &DATE)? else {
            let message = "Authorization header requires existence of a 'X-Amz-Date' header.";
            return Err(Refusal::incomplete(message));
        };
        Ok(Self {
            credential: credential.ok_or_else(|| lacks("Credential"))?,
            signed_headers: signed_headers.ok_or_else(|| lacks("SignedHeaders"))?,
            signature: signature.ok_or_else(|| lacks("Signature"))?,
            at: at.to_owned(),
            expires: None,
            session_token: only(headers, &TOKEN)?.map(str::to_owned),
        })
    }

    fn of_query(query: &str) -> Result<Self, Refusal> {
        let find = |wanted: &str| {
            let mut found = pairs(query).filter(|(name, _)| name == wanted.as_bytes());
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(Refusal::incomplete("An X-Amz- parameter stands twice.")),
                (Some((_, value)), None) => String::from_utf8(value)
                    .map(Some)
                    .map_err(|_| Refusal::incomplete("An X-Amz- parameter is not UTF-8.")),
                (None, _) => Ok(None),
            }
        };
        let require = |name: &str| {
            let message = format!("AWS query-string parameters must include '{name}'.");
            find(name)?.ok_or_else(|| Refusal::incomplete(&message))
        };
        if require("X-Amz-Algorithm")? != ALGORITHM {
            return Err(Refusal::incomplete("X-Amz-Algorithm must be AWS4-HMAC-SHA256."));
        }
        Ok(Self {
            credential: require("X-Amz-Credential")?,
            signed_headers: require("X-Amz-SignedHeaders")?,
            signature: require(SIGNATURE)?,
            at: require("X-Amz-Date")?,
            expires: Some(require("X-Amz-Expires")?),
            session_token: find("X-Amz-Security-Token")?,
        })
    }
}

/// The names and values of a query, decoded. A plus is a plus.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text| percent_decode_str(text).collect();
        (decode(name), decode(value))
    })
}

/// The value of a header that may stand once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        (_, Some(_)) => Err(Refusal::incomplete("A header of the signature stands twice.")),
        (Err(_), None) => Err(Refusal::incomplete("A header of the signature is not ASCII.")),
    }
}

fn signed_headers(text: &str) -> Result<Vec<String>, Refusal> {
    let names: Vec<_> = text.split(';').map(str::to_owned).collect();
    let lower = |name: &String| !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase());
    if !names.iter().all(lower) || !names.is_sorted_by(|one, next| one < next) {
        let message = "SignedHeaders must be names in lower case, sorted, with semicolons between.";
        return Err(Refusal::incomplete(message));
    }
    Ok(names)
}

fn expires(text: &str) -> Result<i64, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds =
        text.parse().ok().filter(|seconds| digits && (1..=EXPIRES_S_MAX).contains(seconds));
    let message = "X-Amz-Expires must be a number of seconds from 1 to 604800.";
    seconds.ok_or_else(|| Refusal::incomplete(message))
}

/// A time such as `20150830T123600Z`, in milliseconds since 1970 UTC.
fn time(text: &str) -> Option<i64> {
    let shape = |(at, byte): (usize, u8)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    if text.len() != 16 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
