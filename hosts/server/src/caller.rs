//! Who asks.

use logveil::{Authorizer, Home, Principal};

/// The caller of one request.
pub(crate) struct Caller {
    pub(crate) home: Home,
    pub(crate) principal: String,
}

impl Authorizer for Caller {
    fn allows(&self, _: &Principal, _action: &str, _resource_arn: &str) -> bool {
        true
    }
}
