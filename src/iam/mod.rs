//! IAM resource policies: parsed, and evaluated for one request. A small evaluator of our own, for
//! the policies of delivery destinations and of logical destinations.
//!
//! Source: IAM User Guide, JSON policy element reference and Policy evaluation logic.
//!
//! What a policy may hold that is not evaluated here is refused when it is parsed, never skipped: a
//! condition that nobody looks at would open what it was written to close.

mod condition;
mod glob;
mod parse;
mod principal;

use crate::error::Error;

use condition::Condition;
use glob::Glob;
use principal::Principals;

pub(crate) use condition::Context;
pub(crate) use principal::Caller;

/// A resource policy, checked. `Debug` prints counts only.
pub(crate) struct ResourcePolicy {
    statements: Vec<Statement>,
}

/// What somebody wants to do.
pub(crate) struct Request<'a> {
    pub(crate) caller: &'a Caller,
    /// Such as `logs:CreateDelivery`.
    pub(crate) action: &'a str,
    /// An ARN.
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

/// What a policy says of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever others say.
    Denied,
    /// No statement speaks of it: it is not allowed.
    Silent,
}

struct Statement {
    allows: bool,
    principals: Principals,
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

impl ResourcePolicy {
    /// Reads a policy document of at most `chars_max` characters; `parameter` names it in messages.
    ///
    /// # Errors
    ///
    /// InvalidParameter for the first fault of the document, with its place; callers whose
    /// operation has another name for that give it theirs. Nothing of the document is quoted.
    pub(crate) fn parse(parameter: &str, chars_max: usize, document: &str) -> Result<Self, Error> {
        parse::read(parameter, chars_max, document)
            .map(|statements| Self { statements })
            .map_err(|faults| faults.into_iter().next().expect("a refusal has a fault"))
    }

    /// What the policy says of a request. Cost: the length of the policy, and of each pattern times
    /// that of what it is held against.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        let mut decision = Decision::Silent;
        for statement in self.statements.iter().filter(|it| it.speaks_of(request)) {
            if !statement.allows {
                return Decision::Denied;
            }
            decision = Decision::Allowed;
        }
        decision
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
        self.principals.hold(request.caller)
            && self.covers(request.action, request.resource)
            && self.conditions.iter().all(|condition| condition.holds(request.context))
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

#[cfg(test)]
mod tests;
