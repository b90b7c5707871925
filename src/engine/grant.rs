//! Who may see originals.

use crate::arn::{Home, LogGroupName};
use crate::error::{Error, ErrorKind};

use super::Engine;

/// Action that a principal needs to see originals.
const UNMASK: &str = "logs:Unmask";

/// Decides who may do what: the host's IAM.
pub trait Authorizer {
    /// Whether `principal` may do `action` (`logs:Unmask`) on the resource: a log group's ARN with
    /// `:*` at its end, as IAM policies write it.
    fn allows(&self, principal: &Principal, action: &str, resource_arn: &str) -> bool;
}

/// Who asks, in the host's words: an ARN, a user name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Principal(String);

impl Principal {
    /// The principal of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Proof that a principal holds `logs:Unmask` for one log group of one account and Region. Only
/// [`Engine::authorize_unmask`] makes one; every read checks that it is for the group it reads. It
/// ends with the log group: one made again under the same name is another one.
///
/// ```compile_fail
/// let grant = logveil::UnmaskGrant {}; // nothing else makes one
/// ```
#[derive(Clone, Debug)]
pub struct UnmaskGrant {
    home: Home,
    log_group: LogGroupName,
    /// The log group's number in the store; checked where its events are read.
    pub(super) number: u64,
    principal: Principal,
}

impl UnmaskGrant {
    /// The log group whose originals may be seen.
    pub fn log_group(&self) -> &LogGroupName {
        &self.log_group
    }

    /// Who may see them.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl Engine {
    /// Asks whether `principal` may see the originals of a log group.
    ///
    /// # Errors
    ///
    /// AccessDenied when `authorizer` says no, whether the log group exists or not;
    /// InvalidOperation when the engine was opened without a key provider; ResourceNotFound.
    pub fn authorize_unmask(
        &self,
        authorizer: &dyn Authorizer,
        principal: Principal,
        log_group: &LogGroupName,
    ) -> Result<UnmaskGrant, Error> {
        let arn = format!("{}:*", self.home.log_group_arn(log_group));
        // Looked up before the question is asked: what is made meanwhile is not what it is about.
        let group = self.live(log_group);
        if !authorizer.allows(&principal, UNMASK, &arn) {
            return Err(denied("the principal does not hold logs:Unmask for the log group"));
        }
        if !self.vault.keeps_originals() {
            let message = "originals are neither kept nor shown: no key provider was given";
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        let (home, log_group, number) = (self.home.clone(), log_group.clone(), group?.at.number);
        Ok(UnmaskGrant { home, log_group, number, principal })
    }

    /// # Errors
    ///
    /// AccessDenied when the grant is for another log group, account or Region. Whether the log
    /// group was made again meanwhile is checked where it is read.
    pub(super) fn check_grant(
        &self,
        grant: Option<&UnmaskGrant>,
        log_group: &LogGroupName,
    ) -> Result<(), Error> {
        match grant {
            Some(grant) if grant.home != self.home || grant.log_group != *log_group => {
                Err(denied("the grant is for another log group"))
            }
            _ => Ok(()),
        }
    }
}

fn denied(message: &str) -> Error {
    Error::new(ErrorKind::AccessDenied, message)
}
