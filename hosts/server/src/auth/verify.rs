//! Whether a signature is that of whom it claims to be.
//!
//! Source: IAM User Guide, Create a signed AWS API request, steps 2 to 4.

use hmac::{Hmac, KeyInit, Mac};
use hyper::header::HeaderName;
use jiff::Timestamp;
use logveil::Zeroizing;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::canonical::canonical;
use super::claim::{ALGORITHM, Claim, TERMINATOR};
use super::{Incoming, Refusal};

/// How far the clock of a caller may be off, in milliseconds.
// Choice: five minutes, as the service's own errors say, and not the fifteen of others.
const SKEW_MS: i64 = 5 * 60 * 1000;

const DIGEST: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// Whether the claim is for this service and time, over all that matters.
///
/// # Errors
///
/// InvalidSignature.
pub(super) fn check_claim(
    request: &Incoming<'_>,
    claim: &Claim,
    service: &str,
    now_ms: i64,
) -> Result<(), Refusal> {
    if claim.service != service {
        let message = format!("Credential should be scoped to correct service: '{service}'.");
        return Err(Refusal::invalid(message));
    }
    check_time(claim, now_ms)?;
    if !claim.signed_headers.iter().any(|name| name == "host") {
        let message = "'Host' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Refusal::invalid(message));
    }
    let signed = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    let names = request.headers.keys().map(HeaderName::as_str);
    if names.filter(|name| name.starts_with("x-amz-")).any(|name| !signed(name)) {
        let message = "Every X-Amz- header must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Refusal::invalid(message));
    }
    Ok(())
}

fn check_time(claim: &Claim, now_ms: i64) -> Result<(), Refusal> {
    let at = &claim.at;
    let life_ms = claim.expires_s.map_or(SKEW_MS, |seconds| seconds * 1000);
    if claim.at_ms < now_ms.saturating_sub(life_ms) {
        let earliest = shown(now_ms.saturating_sub(life_ms));
        let message = format!("Signature expired: {at} is now earlier than {earliest}.");
        return Err(Refusal::invalid(message));
    }
    if claim.at_ms > now_ms.saturating_add(SKEW_MS) {
        let latest = shown(now_ms.saturating_add(SKEW_MS));
        let message = format!("Signature not yet current: {at} is still later than {latest}.");
        return Err(Refusal::invalid(message));
    }
    Ok(())
}

fn shown(ms: i64) -> String {
    let time =
        Timestamp::from_millisecond(ms).map(|time| time.strftime("%Y%m%dT%H%M%SZ").to_string());
    time.unwrap_or_default()
}

/// Whether the signature is the one that `secret` makes for the request.
///
/// # Errors
///
/// InvalidSignature.
pub(super) fn check_signature(
    request: &Incoming<'_>,
    claim: &Claim,
    secret: &str,
) -> Result<(), Refusal> {
    let digest = hex::encode(Sha256::digest(request.body));
    // Choice: a body that is not signed, or signed in chunks, is refused; only S3 has them.
    let said = request.headers.get_all(DIGEST).iter();
    if !said.into_iter().all(|said| same(said.as_bytes(), digest.as_bytes())) {
        let message = "X-Amz-Content-Sha256 is not the SHA-256 of the body.";
        return Err(Refusal::invalid(message));
    }
    let Some(canonical) = canonical(request, claim, &digest) else {
        let message = "A 'SignedHeader' of the AWS Authorization is not in the request.";
        return Err(Refusal::invalid(message));
    };
    if !same(signature(claim, secret, &canonical).as_bytes(), claim.signature.as_bytes()) {
        let message = "The request signature we calculated does not match the signature you \
                       provided. Check your AWS Secret Access Key and signing method. Consult the \
                       service documentation for details.";
        return Err(Refusal::invalid(message));
    }
    Ok(())
}

/// The signature of a canonical request in the scope of a claim.
fn signature(claim: &Claim, secret: &str, canonical: &[u8]) -> String {
    let Claim { at, date, region, service, .. } = claim;
    let digest = hex::encode(Sha256::digest(canonical));
    let text = format!("{ALGORITHM}\n{at}\n{date}/{region}/{service}/{TERMINATOR}\n{digest}");
    let mut key = Zeroizing::new([0; 32]);
    let first = Zeroizing::new(format!("AWS4{secret}"));
    *key = mac(first.as_bytes(), date);
    for part in [region.as_str(), service, TERMINATOR] {
        *key = mac(&*key, part);
    }
    hex::encode(mac(&*key, &text))
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key has any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Whether two texts are the same, in a time that says nothing of where they differ.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}
