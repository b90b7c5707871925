//! IAM policies: parsed, and evaluated for one request. A small evaluator of our own, for the
//! policies of resources (delivery destinations, logical destinations) and for those that a host
//! keeps with its callers.
//!
//! Source: IAM User Guide, JSON policy element reference and Policy evaluation logic.
//!
//! What a policy may hold that is not evaluated here is refused when it is parsed, never skipped: a
//! condition that nobody looks at would open what it was written to close.
//!
//! ```
//! use logveil::iam::{self, Caller, Context, Decision, IdentityPolicy, Request};
//!
//! # fn main() -> Result<(), logveil::Error> {
//! let policies = [IdentityPolicy::parse(
//!     "policies",
//!     r#"{"Version": "2012-10-17", "Statement": [
//!         {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
//!         {"Effect": "Deny", "Action": "logs:Unmask", "Resource": "*"}
//!     ]}"#,
//! )?];
//! let ann = logveil::Arn::parse("caller", "arn:aws:iam::111111111111:user/ann")?;
//! let request = Request {
//!     caller: &Caller::Arn(ann),
//!     action: "logs:GetLogEvents",
//!     resource: "arn:aws:logs:eu-west-1:111111111111:log-group:/app:log-stream:web",
//!     context: &Context::default().at(1_800_000_000_000),
//! };
//! assert_eq!(iam::decide(&request, &policies, Decision::Silent), Decision::Allowed);
//! let unmask = Request { action: "logs:Unmask", ..request };
//! assert_eq!(iam::decide(&unmask, &policies, Decision::Silent), Decision::Denied);
//! # Ok(())
//! # }
//! ```

mod condition;
mod glob;
mod parse;
mod principal;

use crate::error::Error;
use crate::limits::IDENTITY_POLICY_CHARS_MAX;

use condition::Condition;
use glob::Glob;
use principal::Principals;

pub use condition::Context;
pub use principal::Caller;

/// A resource policy, checked. `Debug` prints counts only.
pub(crate) struct ResourcePolicy {
    statements: Vec<Statement>,
}

/// A policy of a user or a role, checked: it has no principal, and speaks of whoever it is attached
/// to. `Debug` prints counts only.
pub struct IdentityPolicy {
    statements: Vec<Statement>,
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who.
    pub caller: &'a Caller,
    /// Such as `logs:CreateDelivery`.
    pub action: &'a str,
    /// An ARN, or `*` where an action has no resource.
    pub resource: &'a str,
    /// What conditions may ask for.
    pub context: &'a Context,
}

/// What a policy says of a request.
#[must_use]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever others say.
    Denied,
    /// No statement speaks of it: it is not allowed.
    Silent,
}

struct Statement {
    allows: bool,
    /// `None` in a policy of an identity.
    principals: Option<Principals>,
    actions: Patterns,
    resources: Patterns,
    /// All have to hold.
    conditions: Vec<Condition>,
}

/// An element of patterns, such as `Action` or `NotAction`.
struct Patterns {
    negated: bool,
    any_of: Vec<Glob>,
}

/// Whether a request is allowed, by the caller's own policies and that of the resource, which is
/// silent when there is none. In the caller's own account either is enough; a resource of another
/// account takes both; what either denies is denied. Whose account the resource is says its ARN;
/// one that names none is the caller's.
pub fn decide(request: &Request<'_>, own: &[IdentityPolicy], of_resource: Decision) -> Decision {
    let statements = own.iter().flat_map(|policy| &policy.statements);
    let own = decide_by(statements, request);
    match (own, of_resource) {
        (Decision::Denied, _) | (_, Decision::Denied) => Decision::Denied,
        (Decision::Allowed, Decision::Allowed) => Decision::Allowed,
        (Decision::Allowed, Decision::Silent) | (Decision::Silent, Decision::Allowed)
            if request.is_at_home() =>
        {
            Decision::Allowed
        }
        _ => Decision::Silent,
    }
}

/// What statements say of a request: one that denies it outweighs all others.
fn decide_by<'s>(
    statements: impl IntoIterator<Item = &'s Statement>,
    request: &Request<'_>,
) -> Decision {
    let mut decision = Decision::Silent;
    for statement in statements.into_iter().filter(|it| it.speaks_of(request)) {
        if !statement.allows {
            return Decision::Denied;
        }
        decision = Decision::Allowed;
    }
    decision
}

impl Request<'_> {
    /// Whether the resource is one of the caller's account.
    fn is_at_home(&self) -> bool {
        let owner = self.resource.split(':').nth(4).unwrap_or_default();
        owner.is_empty() || self.caller.account() == Some(owner)
    }
}

impl IdentityPolicy {
    /// Reads a policy document of at most [`IDENTITY_POLICY_CHARS_MAX`] characters; `parameter`
    /// names it in messages.
    ///
    /// # Errors
    ///
    /// InvalidParameter for the first fault of the document, with its place. Nothing of the
    /// document is quoted.
    pub fn parse(parameter: &str, document: &str) -> Result<Self, Error> {
        parse::read(parse::Kind::Identity, parameter, IDENTITY_POLICY_CHARS_MAX, document)
            .map(|statements| Self { statements })
            .map_err(first)
    }
}

fn first(faults: Vec<Error>) -> Error {
    faults.into_iter().next().expect("a refusal has a fault")
}

impl ResourcePolicy {
    /// Reads a policy document of at most `chars_max` characters; `parameter` names it in messages.
    ///
    /// # Errors
    ///
    /// InvalidParameter for the first fault of the document, with its place; callers whose
    /// operation has another name for that give it theirs. Nothing of the document is quoted.
    pub(crate) fn parse(parameter: &str, chars_max: usize, document: &str) -> Result<Self, Error> {
        parse::read(parse::Kind::Resource, parameter, chars_max, document)
            .map(|statements| Self { statements })
            .map_err(first)
    }

    /// What the policy says of a request. Cost: the length of the policy, and of each pattern times
    /// that of what it is held against.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        decide_by(&self.statements, request)
    }

    pub(crate) fn statements(&self) -> usize {
        self.statements.len()
    }

    /// How many statements allow an action on a resource, for some caller on some conditions.
    pub(crate) fn allowing(&self, action: &str, resource: &str) -> usize {
        let allows = |it: &&Statement| it.allows && it.covers(action, resource);
        self.statements.iter().filter(allows).count()
    }
}

impl ResourcePolicy {
    /// Whether the statement at an index allows an action on a resource, as [`Self::allowing`].
    pub(crate) fn allows_at(&self, index: usize, action: &str, resource: &str) -> bool {
        let found = self.statements.get(index);
        found.is_some_and(|it| it.allows && it.covers(action, resource))
    }

    /// On which resources the statement at an index allows an action, as it spells them.
    pub(crate) fn allowed_resources(&self, index: usize, action: &str) -> Vec<String> {
        let action = action.to_ascii_lowercase();
        let found = self.statements.get(index);
        let found = found.filter(|it| it.allows && it.actions.hold(&action));
        let resources = found.map(|it| &it.resources).filter(|it| !it.negated);
        let texts = resources.into_iter().flat_map(|it| &it.any_of);
        texts.map(|pattern| pattern.clone().into_text()).collect()
    }
}

impl Statement {
    fn speaks_of(&self, request: &Request<'_>) -> bool {
        self.speaks_to(request)
            && self.covers(request.action, request.resource)
            && self.conditions.iter().all(|condition| condition.holds(request.context))
    }

    /// Whether the caller is meant. To allow what it is to its own account leaves the rest to that
    /// account's policies; only who is named, or everyone, is allowed by the resource alone.
    fn speaks_to(&self, request: &Request<'_>) -> bool {
        let Some(principals) = &self.principals else { return true };
        match self.allows && request.is_at_home() {
            true => principals.name(request.caller),
            false => principals.hold(request.caller),
        }
    }

    fn covers(&self, action: &str, resource: &str) -> bool {
        self.actions.hold(&action.to_ascii_lowercase()) && self.resources.hold(resource)
    }
}

impl Patterns {
    fn hold(&self, text: &str) -> bool {
        self.any_of.iter().any(|pattern| pattern.matches(text)) != self.negated
    }
}

impl std::fmt::Debug for ResourcePolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResourcePolicy({} statements)", self.statements.len())
    }
}

impl std::fmt::Debug for IdentityPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdentityPolicy({} statements)", self.statements.len())
    }
}

#[cfg(test)]
mod tests;
