//! Why an operation was refused, as the service says it on the wire.

use std::borrow::Cow;

use logveil::Error;

use crate::auth::Refusal;
use crate::model::Invalid;

/// An error answer. Its text names places and limits, never what a caller sent as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    /// AWS's name for the error, such as `InvalidParameterException`.
    pub(crate) code: Cow<'static, str>,
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), status, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", 400, message)
    }

    /// The body is not what the protocol asks for.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", 400, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", 400, message)
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::new(invalid.code(), 400, invalid.message())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let message = match error.place() {
            Some(place) if !place.pointer.is_empty() => {
                format!("{} (at {})", error.message(), place.pointer)
            }
            _ => error.message().to_owned(),
        };
        Self { code: Cow::Borrowed(kind.code()), status: kind.http_status(), message }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = refusal.kind();
        Self::new(kind.code(), kind.http_status(), refusal.message())
    }
}
