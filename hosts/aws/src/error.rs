//! What the SDK says → what becomes of the item.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use logveil::DeliveryError;

/// What an error of a whole request means for what was in it. Neither its text nor the answer's
/// body is looked at.
pub(crate) fn of_request<E>(error: &SdkError<E, HttpResponse>) -> DeliveryError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(refused) => {
            of_code(refused.err().code(), Some(refused.raw().status().as_u16()))
        }
        // Answers that are none of the service: a proxy's, or cut off.
        SdkError::ResponseError(answer) => of_code(None, Some(answer.raw().status().as_u16())),
        _ if lacks_credentials(error) => DeliveryError::AccessDenied,
        // No answer, or no request: endpoints that are misspelt look like those that are down.
        _ => DeliveryError::Unavailable,
    }
}

/// What the code of a record that was refused means; records have no status of their own.
#[cfg(any(feature = "kinesis", feature = "firehose"))]
pub(crate) fn of_record(code: &str) -> DeliveryError {
    of_code(Some(code), None)
}

/// Names before numbers: services answer 400 for almost everything.
///
/// Source: the services' API references, common errors; AWS General Reference, error retries.
fn of_code(code: Option<&str>, status: Option<u16>) -> DeliveryError {
    // Codes come also as `Code:http://…` and `prefix#Code`.
    let code = code.unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    // S3 writes `KMS.NotFoundException` where others write `KMSNotFoundException`.
    let code = &code.replace("KMS.", "KMS");
    let named = |names: &[&str]| {
        names.iter().any(|name| code == name || code.strip_suffix("Exception") == Some(name))
    };
    if named(&THROTTLED) {
        return DeliveryError::Throttled;
    }
    if named(&UNAVAILABLE) {
        return DeliveryError::Unavailable;
    }
    if named(&DENIED) {
        return DeliveryError::AccessDenied;
    }
    if named(&NOT_FOUND) {
        return DeliveryError::NotFound;
    }
    if named(&REFUSED) {
        return DeliveryError::Refused;
    }
    match status {
        Some(429) => DeliveryError::Throttled,
        Some(401 | 403 | 407) => DeliveryError::AccessDenied,
        // A redirect means that a bucket is in another Region.
        Some(300..=399 | 404 | 410) => DeliveryError::NotFound,
        // In conflict with another request, or too early.
        Some(408 | 409 | 425) => DeliveryError::Unavailable,
        Some(413 | 414 | 422) => DeliveryError::Refused,
        // What nobody knows is kept and tried again: what is refused is gone.
        _ => DeliveryError::Unavailable,
    }
}

/// Codes, without the `Exception` that some end with.
const THROTTLED: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2Throttled",
    "KMSThrottling",
    "LimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttled",
    "Throttling",
    "TooManyRequests",
    "TransactionInProgress",
    "ServiceQuotaExceeded",
];

const UNAVAILABLE: [&str; 7] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "OperationAborted",
    "RequestTimeout",
    "ResourceInUse",
    "ServiceUnavailable",
];

/// Also credentials that are wrong, have expired or are not there, and keys that may not be used:
/// another try in some minutes may have others.
const DENIED: [&str; 21] = [
    "AccessDenied",
    "AuthFailure",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidKMSResource",
    "InvalidSignature",
    "InvalidToken",
    "KMSAccessDenied",
    "KMSDisabled",
    "KMSInvalidState",
    "KMSOptInRequired",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClient",
];

const NOT_FOUND: [&str; 5] =
    ["KMSNotFound", "NoSuchBucket", "NotFound", "PermanentRedirect", "ResourceNotFound"];

/// What no other try makes better.
const REFUSED: [&str; 13] = [
    "EntityTooLarge",
    "InvalidArgument",
    "InvalidParameter",
    "InvalidParameterValue",
    "InvalidRequest",
    "InvalidRequestContent",
    "KeyTooLongError",
    "MalformedRequest",
    "RequestEntityTooLarge",
    "RequestTooLarge",
    "Serialization",
    "UnsupportedMediaType",
    "Validation",
];

/// Whether a request was not made because nothing in the chain has credentials.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<CredentialsError>() {
            return true;
        }
        next = error.source();
    }
    false
}
