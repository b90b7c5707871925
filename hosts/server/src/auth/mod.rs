//! Who may: signatures of requests are verified, callers known by their access keys, and what they
//! may do decided by their IAM policies.
//!
//! [`Gate::admit`] turns a request into a [`Caller`] or refuses it with AWS's name for the reason.
//! It sees the body as it was sent, before it is inflated or read: nothing of a request that is not
//! admitted is looked at.

mod caller;
mod canonical;
mod claim;
mod credentials;
mod gate;
pub(crate) mod permissions;
mod refusal;
mod verify;

#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use credentials::{Credentials, CredentialsError};
pub use gate::Gate;
pub use refusal::{Refusal, RefusalKind};

use hyper::HeaderMap;

/// A request as it arrived: what its signature is over. It has no `Debug`: it holds everything.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// Such as `POST`.
    pub method: &'a str,
    /// Path and query as they stand in the request line.
    pub path_and_query: &'a str,
    /// All header fields.
    pub headers: &'a HeaderMap,
    /// The body as it was sent, not inflated.
    pub body: &'a [u8],
    /// Whether it came over TLS, for policies that ask for `aws:SecureTransport`.
    pub secure: bool,
}

impl<'a> Incoming<'a> {
    fn path(&self) -> &'a str {
        self.path_and_query.split_once('?').map_or(self.path_and_query, |(path, _)| path)
    }

    /// What stands behind the question mark; empty without one.
    fn query(&self) -> &'a str {
        self.path_and_query.split_once('?').map_or("", |(_, query)| query)
    }
}
