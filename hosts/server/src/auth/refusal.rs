//! Why a request is not let in, under AWS's names.

use std::fmt;

/// Why a request is not let in. The text says which part is at fault and quotes nothing of a
/// signature, a token or a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    kind: RefusalKind,
    message: String,
}

/// AWS's name for the reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusalKind {
    /// The request is not signed.
    MissingAuthenticationToken,
    /// What is said of the signature is not complete or not of its form.
    IncompleteSignature,
    /// The signature is another one, or not one of this time, Region or service.
    InvalidSignature,
    /// The access key is not known, or the session token is not its own.
    UnrecognizedClient,
    /// The access key was a temporary one.
    ExpiredToken,
    /// The caller is known and may not do this.
    AccessDenied,
}

impl RefusalKind {
    /// The wire name.
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::AccessDenied => "AccessDeniedException",
        }
    }

    /// The HTTP status.
    // Choice: 400 for all; the API's list of common errors has 403 for some, and clients of the
    // service report 400.
    pub fn http_status(self) -> u16 {
        400
    }
}

impl Refusal {
    pub(super) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn incomplete(message: &str) -> Self {
        Self::new(RefusalKind::IncompleteSignature, message)
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::InvalidSignature, message)
    }

    pub(super) fn unrecognized() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new(RefusalKind::UnrecognizedClient, message)
    }

    /// AWS's name for the reason.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.message)
    }
}

impl std::error::Error for Refusal {}
