//! Who makes a request, and whom a statement means.

use crate::arn::{AccountId, Arn};

/// Who makes a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// An account as a whole, which is also its root user.
    Account(AccountId),
    /// A user, a role or a role's session, by ARN.
    Arn(Arn),
    /// A service, such as `delivery.logs.amazonaws.com`.
    Service(String),
}

impl Caller {
    /// The account that the caller belongs to; a service belongs to none.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Account(account) => Some(account.as_str()),
            Self::Arn(arn) => Some(arn.account()),
            Self::Service(_) => None,
        }
    }
}

/// The `Principal` or `NotPrincipal` of a statement.
pub(super) struct Principals {
    pub(super) negated: bool,
    pub(super) any_of: Vec<Principal>,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Principal {
    Everyone,
    Account(String),
    /// A user, a role or a role's session.
    Arn(Arn),
    Service(String),
}

impl Principals {
    // Choice: what NotPrincipal leaves out has to stand there itself: its account is not enough,
    // and AWS as well denies the rest of an account then.
    pub(super) fn hold(&self, caller: &Caller) -> bool {
        if self.negated {
            return !self.any_of.iter().any(|principal| principal.is(caller));
        }
        self.any_of.iter().any(|principal| principal.is(caller) || principal.holds(caller))
    }

    /// Whether the caller itself is meant, and not only its account.
    pub(super) fn name(&self, caller: &Caller) -> bool {
        self.any_of.iter().any(|principal| principal.is(caller)) != self.negated
    }
}

impl Principal {
    /// Reads what stands under `AWS`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everyone);
        }
        if AccountId::new(text).is_ok() {
            return Some(Self::Account(text.to_owned()));
        }
        let arn = Arn::parse("Principal", text).ok()?;
        AccountId::new(arn.account()).ok().filter(|_| arn.region().is_empty())?;
        let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
        let named = !name.is_empty() && !name.contains(['*', '?']);
        match (arn.service(), kind) {
            ("iam", "root") if name.is_empty() && arn.resource() == "root" => {
                Some(Self::Account(arn.account().to_owned()))
            }
            ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user") if named => {
                Some(Self::Arn(arn))
            }
            _ => None,
        }
    }

    /// Whether the caller is meant, and not only its account.
    fn is(&self, caller: &Caller) -> bool {
        match (self, caller) {
            (Self::Everyone, _) => true,
            (Self::Account(id), Caller::Account(caller)) => caller.as_str() == id,
            (Self::Service(name), Caller::Service(caller)) => caller == name,
            (Self::Arn(arn), Caller::Arn(caller)) => arn == caller || is_session_of(caller, arn),
            _ => false,
        }
    }

    /// Whether an account is meant that the caller belongs to.
    fn holds(&self, caller: &Caller) -> bool {
        match (self, caller) {
            (Self::Account(id), Caller::Arn(caller)) => caller.account() == id,
            _ => false,
        }
    }
}

/// Whether a session is one of a role. A session's ARN has the role's name without its path.
fn is_session_of(session: &Arn, role: &Arn) -> bool {
    let of_session = session.resource().strip_prefix("assumed-role/");
    let of_role = role.resource().strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    session.service() == "sts"
        && role.service() == "iam"
        && session.partition() == role.partition()
        && session.account() == role.account()
        && of_session.and_then(|it| it.split('/').next()).is_some_and(|it| Some(it) == of_role)
}
