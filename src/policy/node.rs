//! A JSON value of a policy document and the way to it: every check and every fault of one goes
//! through here, so that no fault lacks a place and none quotes the document.

use crate::error::{Error, Place};
use crate::json::{self, Fault, Value, ValueKind};
use crate::span::Span;

use super::names::nearest;

/// A value, its place, and the document for places inside of strings.
#[derive(Clone)]
pub(crate) struct Node<'v> {
    document: &'v str,
    value: &'v Value,
    /// Known keys and indexes only.
    pointer: String,
}

/// The keys that an object may have.
pub(crate) struct Keys {
    pub(crate) allowed: &'static [&'static str],
    /// Keys that readers may know from elsewhere, and why they are refused.
    pub(crate) refused: &'static [(&'static str, &'static str)],
}

/// The members of an object that are allowed there.
pub(crate) struct Object<'v> {
    pub(crate) node: Node<'v>,
    members: Vec<(&'static str, Node<'v>)>,
    /// Allowed keys that are present under another spelling: refused already, so not missing.
    misspelt: Vec<&'static str>,
}

/// Reads `document`, checks its root with `check`, and returns every fault in the order of the
/// text. `what` names the document in messages; it has at most `chars_max` characters.
// Choice: a document that is too long or is not JSON has that one fault; guessing what its author
// meant beyond it would only add noise.
pub(crate) fn read<T>(
    what: &str,
    chars_max: usize,
    document: &str,
    check: impl FnOnce(&Node<'_>, &mut Vec<Error>) -> T,
) -> Result<T, Vec<Error>> {
    check_length(what, chars_max, document).map_err(|fault| vec![fault])?;
    let value = json::tree(document).map_err(|fault| vec![not_json(what, fault)])?;
    let mut faults = Vec::new();
    let root = Node { document, value: &value, pointer: String::new() };
    let checked = check(&root, &mut faults);
    if faults.is_empty() {
        return Ok(checked);
    }
    faults.sort_by_key(|fault| fault.place().map(|place| place.start));
    Err(faults)
}

fn check_length(what: &str, chars_max: usize, document: &str) -> Result<(), Error> {
    let Some((start, _)) = document.char_indices().nth(chars_max) else {
        return Ok(());
    };
    let chars = document.chars().count();
    let place = Place { pointer: String::new(), start, end: document.len() };
    Err(Error::too_long(what, chars, chars_max, "characters").at(place))
}

fn not_json(what: &str, fault: Fault) -> Error {
    let Fault { what: expected, span: Span { start, end } } = fault;
    let message = format!("{what} is not JSON: at byte {start}, {expected}");
    Error::invalid(message).at(Place { pointer: String::new(), start, end })
}

impl<'v> Node<'v> {
    /// Where the value stands.
    pub(crate) fn place(&self) -> Place {
        self.fault("").place().cloned().expect("a fault of a node has a place")
    }

    /// A fault of the whole value.
    pub(crate) fn fault(&self, message: impl Into<String>) -> Error {
        self.fault_in(self.value.span, message)
    }

    /// A fault of the character at byte `at` of a string's text.
    pub(crate) fn fault_at(&self, at: usize, message: impl Into<String>) -> Error {
        self.fault_in(self.spelling(at), message)
    }

    /// A fault of the string's text from byte `at` to its end.
    pub(crate) fn fault_from(&self, at: usize, message: impl Into<String>) -> Error {
        let Span { start, end } = self.spelling(at);
        let end = end.max(self.value.span.end - 1); // without the closing quote
        self.fault_in(Span::new(start, end), message)
    }

    /// The bytes of the document that spell the character at byte `at` of the string's text.
    fn spelling(&self, at: usize) -> Span {
        let Span { start, end } = self.value.span;
        let source = self.document.get(start..end).expect("values end on characters");
        let inside = json::spelling(source, at);
        Span::new(start + inside.start, start + inside.end)
    }

    fn fault_in(&self, span: Span, message: impl Into<String>) -> Error {
        let (pointer, Span { start, end }) = (self.pointer.clone(), span);
        Error::invalid(message).at(Place { pointer, start, end })
    }

    /// What the value is called in messages: its key, or its index and the key of its array.
    fn name(&self) -> String {
        let mut steps = self.pointer.rsplit('/');
        let last = steps.next().unwrap_or_default();
        match steps.next() {
            None => "the document".to_owned(),
            Some(array) if last.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("element {last} of {array}")
            }
            Some(_) => last.to_owned(),
        }
    }

    fn wrong_type(&self, write: &str) -> Error {
        let kind = match self.value.kind {
            ValueKind::Object(_) => "an object",
            ValueKind::Array(_) => "an array",
            ValueKind::String(_) => "a string",
            ValueKind::Number => "a number",
            ValueKind::Bool => "true or false",
            ValueKind::Null => "null",
        };
        self.fault(format!("{} is {kind}; write {write}", self.name()))
    }

    /// The text of a string; `write` says what belongs here, such as "a string of letters".
    pub(crate) fn string(&self, write: &str, faults: &mut Vec<Error>) -> Option<&'v str> {
        if let ValueKind::String(text) = &self.value.kind {
            return Some(text);
        }
        faults.push(self.wrong_type(write));
        None
    }

    /// The elements of an array.
    pub(crate) fn array(&self, write: &str, faults: &mut Vec<Error>) -> Option<Vec<Node<'v>>> {
        let ValueKind::Array(values) = &self.value.kind else {
            faults.push(self.wrong_type(write));
            return None;
        };
        let element = |(index, value)| {
            let pointer = format!("{}/{index}", self.pointer);
            Node { document: self.document, value, pointer }
        };
        Some(values.iter().enumerate().map(element).collect())
    }

    /// The value itself, or each element of an array.
    pub(crate) fn one_or_many(&self) -> Vec<Node<'v>> {
        match &self.value.kind {
            ValueKind::Array(_) => self.array("", &mut Vec::new()).unwrap_or_default(),
            _ => vec![self.clone()],
        }
    }

    /// The text of a string, and a number, `true` or `false` as it is spelt.
    pub(crate) fn scalar(&self, write: &str, faults: &mut Vec<Error>) -> Option<&'v str> {
        match &self.value.kind {
            ValueKind::Number | ValueKind::Bool => {
                let source = self.document.get(self.value.span.range());
                Some(source.expect("values end on characters"))
            }
            _ => self.string(write, faults),
        }
    }

    /// The members of an object whose keys are not ours to list, each with the fault that it is
    /// when nobody knows it. The pointer stays that of the object. A key that appears twice is a
    /// fault.
    pub(crate) fn entries(
        &self,
        write: &str,
        faults: &mut Vec<Error>,
    ) -> Option<Vec<(&'v str, Error, Node<'v>)>> {
        let ValueKind::Object(members) = &self.value.kind else {
            faults.push(self.wrong_type(write));
            return None;
        };
        let mut entries = Vec::with_capacity(members.len());
        for member in members {
            if member.repeated {
                let message = format!("{} has a key twice; write it once", self.name());
                faults.push(self.fault_in(member.key_span, message));
                continue;
            }
            let message = format!("{} has a key that is not known", self.name());
            let unknown = self.fault_in(member.key_span, message);
            let node = Node { value: &member.value, ..self.clone() };
            entries.push((member.key.as_str(), unknown, node));
        }
        Some(entries)
    }

    /// The same value, called by a name that is not the user's.
    pub(crate) fn called(mut self, name: &str) -> Self {
        self.pointer = format!("{}/{name}", self.pointer);
        self
    }

    /// Whether it is a string.
    pub(crate) fn is_string(&self) -> bool {
        matches!(self.value.kind, ValueKind::String(_))
    }

    /// The members of an object; keys that are not allowed or appear twice are faults.
    pub(crate) fn object(
        &self,
        keys: &Keys,
        write: &str,
        faults: &mut Vec<Error>,
    ) -> Option<Object<'v>> {
        let ValueKind::Object(members) = &self.value.kind else {
            faults.push(self.wrong_type(write));
            return None;
        };
        let mut object = Object { node: self.clone(), members: Vec::new(), misspelt: Vec::new() };
        for member in members {
            let known = keys.allowed.iter().find(|key| **key == member.key);
            let Some(key) = known else {
                let (message, meant) = keys.refuse(&member.key, &self.name());
                object.misspelt.extend(meant);
                faults.push(self.fault_in(member.key_span, message));
                continue;
            };
            if member.repeated {
                let message = format!("{key} is written twice in one object; write it once");
                faults.push(self.fault_in(member.key_span, message));
                continue;
            }
            let pointer = format!("{}/{key}", self.pointer);
            let node = Node { document: self.document, value: &member.value, pointer };
            object.members.push((key, node));
        }
        Some(object)
    }
}

impl Keys {
    /// The message for a key that is not allowed, and the allowed key that was probably meant.
    fn refuse(&self, key: &str, owner: &str) -> (String, Option<&'static str>) {
        if let Some((key, why)) = self.refused.iter().find(|(refused, _)| *refused == key) {
            return (format!("{key} is not possible here; {why}"), None);
        }
        if let Some(meant) = nearest(key, self.allowed.iter().copied()) {
            return (format!("{owner} has a key that is not known; write {meant}"), Some(meant));
        }
        let message = match self.allowed {
            [] => format!("{owner} has a key; write {{}}"),
            [only] => format!("{owner} has a key that is not known; write only {only}"),
            allowed => {
                let allowed = allowed.join(", ");
                format!("{owner} has a key that is not known; remove it or write one of {allowed}")
            }
        };
        (message, None)
    }
}

impl<'v> Object<'v> {
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'v>> {
        self.members.iter().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// Like [`Object::get`]; a missing key is a fault. `write` says what its value would be.
    pub(crate) fn require(
        &self,
        key: &'static str,
        write: &str,
        faults: &mut Vec<Error>,
    ) -> Option<&Node<'v>> {
        let found = self.get(key);
        if found.is_none() && !self.misspelt(key) {
            let message = format!("{} has no {key}; add {key}: {write}", self.node.name());
            faults.push(self.node.fault(message));
        }
        found
    }

    /// Whether `key` stands here under another spelling, which is a fault already.
    pub(crate) fn misspelt(&self, key: &str) -> bool {
        self.misspelt.contains(&key)
    }

    /// The allowed members in the order of the document.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'static str, &Node<'v>)> {
        self.members.iter().map(|(key, node)| (*key, node))
    }

    /// Whether the object has no member, known or not.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.node.value.kind, ValueKind::Object(members) if members.is_empty())
    }
}
