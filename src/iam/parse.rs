//! Policy JSON → statements.

use std::collections::HashSet;

use crate::error::Error;
use crate::policy::node::{self, Keys, Node, Object};

use super::condition::{Condition, Operator, identity_key, key};
use super::glob::{Glob, Variable};
use super::principal::{Principal, Principals};
use super::{Patterns, Statement};

const ROOT: Keys = Keys { allowed: &["Version", "Id", "Statement"], refused: &[] };

const STATEMENT: Keys = Keys {
    allowed: &[
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ],
    refused: &[],
};

/// As [`STATEMENT`], of a policy that is attached to whom it means.
const IDENTITY_STATEMENT: Keys = Keys {
    allowed: &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"],
    refused: &[
        ("Principal", "the policy speaks of whom it is attached to"),
        ("NotPrincipal", "the policy speaks of whom it is attached to"),
    ],
};

const PRINCIPAL: Keys = Keys {
    allowed: &["AWS", "Service"],
    refused: &[
        ("Federated", "write AWS or Service"),
        ("CanonicalUser", "write AWS with an account id"),
    ],
};

/// Since this version `${…}` is a policy variable.
const NEWER: &str = "2012-10-17";
const OLDER: &str = "2008-10-17";

/// What a policy is attached to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Resource,
    Identity,
}

/// What is the same for all statements of a document.
struct Reader<'f> {
    kind: Kind,
    variables: bool,
    sids: HashSet<String>,
    faults: &'f mut Vec<Error>,
}

/// The statements of a document, or all its faults.
pub(super) fn read(
    kind: Kind,
    parameter: &str,
    chars_max: usize,
    document: &str,
) -> Result<Vec<Statement>, Vec<Error>> {
    node::read(parameter, chars_max, document, |root, faults| read_root(kind, root, faults))
}

fn read_root(kind: Kind, root: &Node<'_>, faults: &mut Vec<Error>) -> Vec<Statement> {
    let Some(root) = root.object(&ROOT, "an object with Version and Statement", faults) else {
        return Vec::new();
    };
    let variables = version(&root, faults);
    if let Some(id) = root.get("Id") {
        id.string("a string", faults);
    }
    let write = "an array of statements";
    let Some(statements) = root.require("Statement", write, faults) else { return Vec::new() };
    let nodes = statements.one_or_many();
    if nodes.is_empty() {
        faults.push(statements.fault("Statement is empty; write at least one statement"));
    }
    let mut reader = Reader { kind, variables, sids: HashSet::new(), faults };
    nodes.iter().filter_map(|node| reader.statement(node)).collect()
}

/// Whether the document's version has policy variables. Without one it is the older, as IAM has it.
fn version(root: &Object<'_>, faults: &mut Vec<Error>) -> bool {
    let Some(node) = root.get("Version") else { return false };
    let write = "\"2012-10-17\"";
    match node.string(write, faults) {
        Some(NEWER) => true,
        None | Some(OLDER) => false,
        Some(_) => {
            faults.push(node.fault(format!("Version is not known; write {write}")));
            false
        }
    }
}

impl Reader<'_> {
    /// `None` when it has a fault.
    fn statement(&mut self, node: &Node<'_>) -> Option<Statement> {
        let (keys, write) = match self.kind {
            Kind::Resource => (&STATEMENT, "an object with Effect, Principal, Action and Resource"),
            Kind::Identity => (&IDENTITY_STATEMENT, "an object with Effect, Action and Resource"),
        };
        let object = node.object(keys, write, self.faults)?;
        self.sid(&object);
        let allows = self.effect(&object);
        let principals = match self.kind {
            Kind::Resource => Some(self.principals(&object, allows == Some(true))),
            Kind::Identity => None,
        };
        let actions = self.patterns(&object, "Action", "NotAction", Self::action);
        let resources = self.patterns(&object, "Resource", "NotResource", Self::resource);
        let conditions = match object.get("Condition") {
            Some(node) => self.conditions(node),
            None => Vec::new(),
        };
        Some(Statement {
            allows: allows?,
            principals: match principals {
                Some(principals) => Some(principals?),
                None => None,
            },
            actions: actions?,
            resources: resources?,
            conditions,
        })
    }

    fn sid(&mut self, object: &Object<'_>) {
        let Some(node) = object.get("Sid") else { return };
        let Some(sid) = node.string("a string", self.faults) else { return };
        if !sid.is_empty() && !self.sids.insert(sid.to_owned()) {
            self.faults.push(node.fault("Sid is that of an earlier statement; write another"));
        }
    }

    fn effect(&mut self, object: &Object<'_>) -> Option<bool> {
        let write = "\"Allow\" or \"Deny\"";
        let node = object.require("Effect", write, self.faults)?;
        match node.string(write, self.faults)? {
            "Allow" => Some(true),
            "Deny" => Some(false),
            _ => {
                self.faults.push(node.fault(format!("Effect is not known; write {write}")));
                None
            }
        }
    }

    fn principals(&mut self, object: &Object<'_>, allows: bool) -> Option<Principals> {
        let write = "\"*\", or an object with AWS or Service";
        let (node, negated) = self.one_of(object, "Principal", "NotPrincipal", write)?;
        if negated && allows {
            let message = "NotPrincipal stands in a statement that allows; write Principal";
            self.faults.push(node.fault(message));
            return None;
        }
        if node.is_string() {
            let everyone = node.string(write, self.faults) == Some("*");
            if !everyone {
                self.faults.push(node.fault(format!("this names no principal; write {write}")));
            }
            return everyone.then(|| Principals { negated, any_of: vec![Principal::Everyone] });
        }
        let before = self.faults.len();
        let kinds = node.object(&PRINCIPAL, write, self.faults)?;
        let mut any_of = Vec::new();
        for (kind, node) in kinds.members() {
            for node in node.one_or_many() {
                any_of.extend(self.principal(kind, &node));
            }
        }
        if any_of.is_empty() && before == self.faults.len() {
            self.faults.push(node.fault(format!("this names no principal; write {write}")));
        }
        (!any_of.is_empty()).then_some(Principals { negated, any_of })
    }

    fn principal(&mut self, kind: &str, node: &Node<'_>) -> Option<Principal> {
        let service = kind == "Service";
        let write = match service {
            true => "a service's name such as delivery.logs.amazonaws.com",
            false => "\"*\", an account id, or the ARN of an account's root, a user or a role",
        };
        let text = node.string(write, self.faults)?;
        let found = match service {
            true => is_service(text).then(|| Principal::Service(text.to_owned())),
            false => Principal::parse(text),
        };
        if found.is_none() {
            self.faults.push(node.fault(format!("this names no principal; write {write}")));
        }
        found
    }

    fn patterns(
        &mut self,
        object: &Object<'_>,
        plain: &'static str,
        negated: &'static str,
        read: impl Fn(&mut Self, &Node<'_>) -> Option<Glob>,
    ) -> Option<Patterns> {
        let (node, negated) = self.one_of(object, plain, negated, "a string or an array")?;
        let nodes = node.one_or_many();
        if nodes.is_empty() {
            self.faults.push(node.fault(format!("{plain} is empty; write at least one")));
        }
        let any_of: Vec<_> = nodes.iter().filter_map(|node| read(self, node)).collect();
        (any_of.len() == nodes.len()).then_some(Patterns { negated, any_of })
    }

    /// The one of two elements that a statement has.
    fn one_of<'o, 'v>(
        &mut self,
        object: &'o Object<'v>,
        plain: &'static str,
        negated: &'static str,
        write: &str,
    ) -> Option<(&'o Node<'v>, bool)> {
        match (object.get(plain), object.get(negated)) {
            (Some(_), Some(other)) => {
                let message = format!("{negated} stands beside {plain}; write one of them");
                self.faults.push(other.fault(message));
                None
            }
            (None, Some(node)) => Some((node, true)),
            _ => object.require(plain, write, self.faults).map(|node| (node, false)),
        }
    }

    /// Actions have no case: their patterns are lower case.
    fn action(&mut self, node: &Node<'_>) -> Option<Glob> {
        let write = "an action such as logs:CreateDelivery";
        let text = node.string(write, self.faults)?;
        let named = text.split_once(':').is_some_and(|(service, name)| {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let service = !service.is_empty() && service.bytes().all(is_name);
            let is_pattern = |byte: u8| is_name(byte) || matches!(byte, b'*' | b'?');
            service && !name.is_empty() && name.bytes().all(is_pattern)
        });
        if text != "*" && !named {
            self.faults.push(node.fault(format!("this names no action; write {write}")));
            return None;
        }
        Some(Glob::parse(&text.to_ascii_lowercase(), false).expect("no variables are read"))
    }

    fn resource(&mut self, node: &Node<'_>) -> Option<Glob> {
        let write = "an ARN, or *";
        let text = node.string(write, self.faults)?;
        let colons = text.matches(':').count();
        if text != "*" && !(text.starts_with("arn:") && (colons >= 5 || text.contains('*'))) {
            self.faults.push(node.fault(format!("this is no resource; write {write}")));
            return None;
        }
        self.glob(text, node)
    }

    fn conditions(&mut self, node: &Node<'_>) -> Vec<Condition> {
        let mut conditions = Vec::new();
        let write = "an object of operators";
        let operators = node.entries(write, self.faults).unwrap_or_default();
        for (name, unknown, node) in operators {
            let Some(operator) = Operator::parse(name) else {
                self.faults.push(unknown);
                continue;
            };
            let node = node.called(name);
            let keys = node.entries("an object of condition keys", self.faults);
            let keys = keys.unwrap_or_default();
            for (name, unknown, node) in keys {
                let known = match self.kind {
                    Kind::Resource => key(name),
                    Kind::Identity => identity_key(name),
                };
                match known {
                    Some(key) => {
                        conditions.extend(self.condition(operator, key, &node.called(key)))
                    }
                    None => self.faults.push(unknown),
                }
            }
        }
        conditions
    }

    fn condition(
        &mut self,
        operator: Operator,
        key: &'static str,
        node: &Node<'_>,
    ) -> Option<Condition> {
        let nodes = node.one_or_many();
        if nodes.is_empty() {
            self.faults.push(node.fault("this condition has no value; write at least one"));
        }
        let mut values = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let write = operator.test.wants();
            let Some(text) = node.scalar(write, self.faults) else { continue };
            let Some(glob) = self.glob(text, node) else { continue };
            match operator.test.value(glob) {
                Some(value) => values.push(value),
                None => self.faults.push(node.fault(format!("this is not {write}; write {write}"))),
            }
        }
        (!values.is_empty()).then_some(Condition { operator, key, values })
    }

    fn glob(&mut self, text: &str, node: &Node<'_>) -> Option<Glob> {
        match Glob::parse(text, self.variables) {
            Ok(glob) => Some(glob),
            Err(Variable(at)) => {
                let message = "policy variables are not possible here; write the text itself";
                self.faults.push(node.fault_at(at, message));
                None
            }
        }
    }
}

fn is_service(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    text.contains('.') && text.bytes().all(allowed) && !text.starts_with('.')
}
