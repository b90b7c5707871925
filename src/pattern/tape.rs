//! A JSON text as a list of where its values stand, to be read once and asked often.

use crate::json::{Event, Scanner, Token, unescape};
use crate::span::Span;

use super::steps;

/// Nodes that an empty tape keeps room for, so that one huge event does not hold memory for ever.
const KEPT_NODES_MAX: usize = 64 * 1024;

/// The values of one JSON text. Its memory is used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Object,
    Array,
    /// In an object; its value is the next node.
    Key,
    String,
    Number,
    True,
    False,
    Null,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where a value stands; of an object or an array, where it begins.
    pub(crate) span: Span,
    escaped: bool,
    /// The first node that is not inside this one.
    next: usize,
}

impl Tape {
    /// Whether `text` is a JSON object; then its values are on the tape, the object first.
    // Choice: only a whole and strict JSON object is matched by JSON patterns; AWS's page says no
    // more than "JSON log events".
    pub(crate) fn read(&mut self, text: &str) -> bool {
        if !text.trim_ascii_start().starts_with('{') {
            self.nodes.clear();
            return false;
        }
        self.read_value(text)
    }

    /// The same for any JSON value.
    pub(crate) fn read_value(&mut self, text: &str) -> bool {
        self.nodes.clear();
        self.nodes.shrink_to(KEPT_NODES_MAX);
        let mut scanner = Scanner::masked(text);
        // The innermost open container; while it is open, its `next` is the one around it.
        let mut open = usize::MAX;
        loop {
            let Ok(event) = scanner.next_event() else { return false };
            let Some(event) = event else { return true };
            steps::add(1);
            let kind = match event.token {
                Token::BeginObject => Kind::Object,
                Token::BeginArray => Kind::Array,
                Token::EndObject | Token::EndArray => {
                    let end = self.nodes.len();
                    let closed = self.nodes.get_mut(open).expect("the scanner pairs brackets");
                    open = std::mem::replace(&mut closed.next, end);
                    continue;
                }
                Token::Key => Kind::Key,
                Token::String => Kind::String,
                Token::Number => Kind::Number,
                Token::True => Kind::True,
                Token::False => Kind::False,
                Token::Null => Kind::Null,
            };
            let at = self.nodes.len();
            let container = matches!(kind, Kind::Object | Kind::Array);
            let next = if container { std::mem::replace(&mut open, at) } else { at + 1 };
            let Event { span, escaped, .. } = event;
            self.nodes.push(Node { kind, span, escaped, next });
        }
    }

    pub(crate) fn node(&self, at: usize) -> Node {
        *self.nodes.get(at).expect("a node of this tape")
    }

    /// The values in the object or the array at `at`, each with the node before it, which in an
    /// object is its key.
    pub(crate) fn children(&self, at: usize) -> impl Iterator<Item = (usize, usize)> {
        let parent = self.node(at);
        let keys = usize::from(parent.kind == Kind::Object);
        let end = if matches!(parent.kind, Kind::Object | Kind::Array) { parent.next } else { at };
        let mut child = at + 1;
        std::iter::from_fn(move || {
            let (before, value) = (child, child + keys);
            (value < end).then(|| {
                steps::add(1);
                child = self.node(value).next;
                (before, value)
            })
        })
    }
}

/// The text of a value, or `None` for objects, arrays and null. `buffer` holds it when it is
/// spelt with escapes.
pub(crate) fn text_of<'a>(text: &'a str, node: Node, buffer: &'a mut String) -> Option<&'a str> {
    let source = text.get(node.span.range()).expect("the scanner reads whole characters");
    match node.kind {
        Kind::Object | Kind::Array | Kind::Null => None,
        Kind::Number | Kind::True | Kind::False => Some(source),
        Kind::Key | Kind::String if !node.escaped => {
            Some(source.get(1..source.len() - 1).expect("quotes around it"))
        }
        Kind::Key | Kind::String => {
            buffer.clear();
            unescape(source, buffer);
            Some(buffer)
        }
    }
}

/// Whether a key is `key`. What is spelt with escapes is longer than what it stands for, and begins
/// as it does or with an escape.
#[inline]
pub(super) fn is_key(text: &str, node: Node, key: &str, buffer: &mut String) -> bool {
    const QUOTES: usize = 2;
    if !node.escaped && node.span.len() != key.len() + QUOTES {
        return false;
    }
    let inside = text.as_bytes().get(node.span.start + 1..node.span.end - 1);
    let inside = inside.expect("quotes around it");
    if !node.escaped {
        return inside == key.as_bytes();
    }
    let first = inside.first();
    inside.len() > key.len()
        && (first == key.as_bytes().first() || first == Some(&b'\\'))
        && text_of(text, node, buffer) == Some(key)
}
