//! One error type for the crate: AWS's name for callers, a sentence for people.

use std::fmt;

/// Why an operation was refused. The text names the parameter and the limit, never the user's data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
}

/// Where in a JSON document, a filter pattern or a query the fault lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// JSON pointer (RFC 6901) of the offending value. Keys that we do not know are left out: the
    /// pointer then names the object that holds them. For a filter pattern, `/filterPattern`, for a
    /// query, `/queryString`, and the bytes are those of the text.
    pub pointer: String,
    /// First byte of the fault in the document.
    pub start: usize,
    /// The byte after the fault.
    pub end: usize,
}

/// AWS's name for the error.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// A parameter is specified incorrectly. HTTP 400.
    InvalidParameter,
    /// The maximum number of resources exists already. HTTP 400.
    LimitExceeded,
    /// The log group, log stream, policy or filter does not exist. HTTP 400.
    ResourceNotFound,
    /// A resource of that name exists already. HTTP 400.
    ResourceAlreadyExists,
    /// Two requests changed one resource at once; this one lost. HTTP 400.
    OperationAborted,
    /// The operation is not valid on this resource. HTTP 400.
    InvalidOperation,
    /// The caller may not do this. HTTP 400.
    AccessDenied,
    /// A parameter of a delivery operation is specified incorrectly. HTTP 400.
    Validation,
    /// What was asked for stands against what is there. HTTP 400.
    Conflict,
    /// A resource would have more tags than it may. HTTP 400.
    TooManyTags,
    /// The maximum number of delivery objects exists already. HTTP 400.
    ServiceQuotaExceeded,
    /// A query string is not valid; [`Error::place`] says where. HTTP 400.
    MalformedQuery,
    /// The service cannot complete the request; it may be tried again. HTTP 500.
    ServiceUnavailable,
}

impl ErrorKind {
    /// The wire name: `"InvalidParameterException"`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidParameter => "InvalidParameterException",
            Self::LimitExceeded => "LimitExceededException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::ResourceAlreadyExists => "ResourceAlreadyExistsException",
            Self::OperationAborted => "OperationAbortedException",
            Self::InvalidOperation => "InvalidOperationException",
            Self::AccessDenied => "AccessDeniedException",
            Self::Validation => "ValidationException",
            Self::Conflict => "ConflictException",
            Self::TooManyTags => "TooManyTagsException",
            Self::ServiceQuotaExceeded => "ServiceQuotaExceededException",
            Self::MalformedQuery => "MalformedQueryException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
        }
    }

    /// The HTTP status that the service answers with.
    pub fn http_status(self) -> u16 {
        match self {
            Self::ServiceUnavailable => 500,
            Self::InvalidParameter
            | Self::LimitExceeded
            | Self::ResourceNotFound
            | Self::ResourceAlreadyExists
            | Self::OperationAborted
            | Self::InvalidOperation
            | Self::AccessDenied
            | Self::Validation
            | Self::Conflict
            | Self::TooManyTags
            | Self::ServiceQuotaExceeded
            | Self::MalformedQuery => 400,
        }
    }

    /// Whether the same request may succeed later without a change.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::OperationAborted | Self::ServiceUnavailable)
    }
}

impl Error {
    /// AWS's name for the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence for people, without the kind's name.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the fault lies, for errors about a JSON document, a filter pattern or a query.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None }
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidParameter, message)
    }

    /// What is wrong with a parameter of a delivery operation.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Validation, message)
    }

    /// The same fault under the name that the delivery operations have for it.
    pub(crate) fn into_validation(mut self) -> Self {
        if self.kind == ErrorKind::InvalidParameter {
            self.kind = ErrorKind::Validation;
        }
        self
    }

    /// `parameter` is longer than its limit; `unit` is "characters", "bytes" or "events".
    pub(crate) fn too_long(parameter: &str, len: usize, max: usize, unit: &str) -> Self {
        Self::invalid(format!("{parameter} has {len} {unit}; at most {max} are allowed"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.message)?;
        match &self.place {
            Some(place) if place.pointer.is_empty() => write!(f, " (the whole document)"),
            Some(place) => write!(f, " (at {})", place.pointer),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
