//! JSON in events: the fields that are discovered, and maps and lists that a query makes.

use std::rc::Rc;

use zeroize::Zeroizing;

use super::value::{Datum, Mark, Text, Value};
use crate::json::{Scanner, Token};
use crate::limits::{QUERY_FIELD_NAME_BYTES_MAX, QUERY_JSON_FIELDS_MAX};
use crate::pattern::{Kind, Tape, text_of};

/// Masks what a text holds, if it holds something.
pub(super) type Judge<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A JSON value and the text that it is in.
#[derive(Clone)]
pub(super) struct Tree {
    text: Text,
    tape: Rc<Tape>,
    at: usize,
}

/// The fields of one event: the values in its JSON that are neither map nor list.
pub(super) struct Discovered {
    tree: Option<Tree>,
    fields: Vec<(String, usize)>,
}

impl Tree {
    /// Reads a whole JSON text.
    pub(super) fn parse(text: &Text) -> Option<Self> {
        let mut tape = Tape::default();
        tape.read_value(text).then(|| Self { text: Rc::clone(text), tape: Rc::new(tape), at: 0 })
    }

    /// As it is spelt.
    pub(super) fn source(&self) -> &str {
        let span = self.tape.node(self.at).span;
        match self.kind() {
            Kind::Object | Kind::Array => self.text.get(span.start..self.end()),
            _ => self.text.get(span.range()),
        }
        .expect("values lie on characters")
    }

    /// Where a map or a list ends: its brackets are paired, and no text behind it is looked at.
    fn end(&self) -> usize {
        let start = self.tape.node(self.at).span.start;
        let rest = self.text.get(start..).expect("values lie on characters");
        start + first_value_len(rest).expect("it was read before")
    }

    fn kind(&self) -> Kind {
        self.tape.node(self.at).kind
    }

    /// How many values a list has.
    pub(super) fn list_len(&self) -> Option<usize> {
        (self.kind() == Kind::Array).then(|| self.tape.children(self.at).count())
    }

    /// The values of a list.
    pub(super) fn items<'a>(&'a self, mark: Mark, judge: &'a Judge<'_>) -> Vec<Value> {
        let list = self.kind() == Kind::Array;
        let children = self.tape.children(self.at).filter(|_| list);
        children.map(|(_, child)| self.with(child).value(mark, judge)).collect()
    }

    fn with(&self, at: usize) -> Self {
        Self { at, ..self.clone() }
    }

    /// What a key or an index leads to.
    pub(super) fn get(&self, step: &str) -> Option<Self> {
        let child = match self.kind() {
            Kind::Object => {
                let mut buffer = Zeroizing::new(String::new());
                let same = |(key, _): &(usize, usize)| {
                    text_of(&self.text, self.tape.node(*key), &mut buffer) == Some(step)
                };
                self.tape.children(self.at).filter(same).last()
            }
            Kind::Array => self.tape.children(self.at).nth(step.parse().ok()?),
            _ => None,
        };
        child.map(|(_, child)| self.with(child))
    }

    /// The value. A text that is spelt with escapes was not seen by whoever judged its event, and
    /// is judged here.
    pub(super) fn value(self, mark: Mark, judge: &Judge<'_>) -> Value {
        let node = self.tape.node(self.at);
        match node.kind {
            Kind::Object | Kind::Array => Value { datum: Datum::Tree(self), mark },
            Kind::True => Value::truth(true),
            Kind::False => Value::truth(false),
            Kind::Null => Value::ABSENT,
            Kind::Number | Kind::String | Kind::Key => {
                let mut decoded = Zeroizing::new(String::new());
                let text = text_of(&self.text, node, &mut decoded).unwrap_or_default();
                let judged = if !is_slice_of(&self.text, text) && mark != Mark::Open {
                    judge(text)
                } else {
                    None
                };
                Value::text(judged.unwrap_or_else(|| text.to_owned()), mark)
            }
        }
    }
}

/// Whether `part` is a slice of `text`, and nothing was decoded to make it.
fn is_slice_of(text: &str, part: &str) -> bool {
    let (outer, inner) = (text.as_bytes().as_ptr_range(), part.as_bytes().as_ptr_range());
    outer.start <= inner.start && inner.end <= outer.end
}

impl Discovered {
    /// Reads the fields of a message: it is a JSON object, or one is in it.
    // Choice: of a message that is not JSON as a whole the first object counts, which begins with
    // its first brace, as AWS says of Lambda's logs.
    pub(super) fn of(message: &Text) -> Self {
        let mut fields = Vec::new();
        let tree = object_in(message);
        if let Some(tree) = &tree {
            let mut name = Zeroizing::new(String::new());
            collect(tree, 0, &mut name, &mut fields);
        }
        Self { tree, fields }
    }

    pub(super) fn get(&self, name: &str, mark: Mark, judge: &Judge<'_>) -> Value {
        let found = self.fields.iter().rfind(|(known, _)| known == name);
        match (found, &self.tree) {
            (Some((_, at)), Some(tree)) => tree.with(*at).value(mark, judge),
            _ => Value::ABSENT,
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }
}

fn object_in(message: &Text) -> Option<Tree> {
    if message.trim_ascii_start().starts_with('{')
        && let Some(tree) = Tree::parse(message)
    {
        return Some(tree);
    }
    let start = memchr::memchr(b'{', message.as_bytes())?;
    let rest = message.get(start..)?;
    let object = rest.get(..first_value_len(rest)?)?;
    Tree::parse(&Rc::new(Zeroizing::new(object.to_owned())))
}

/// The length of the JSON value that a text begins with.
fn first_value_len(text: &str) -> Option<usize> {
    let (mut scanner, mut depth) = (Scanner::masked(text), 0usize);
    loop {
        let event = scanner.next_event().ok()??;
        match event.token {
            Token::BeginObject | Token::BeginArray => depth += 1,
            Token::EndObject | Token::EndArray => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(event.span.end);
        }
    }
}

/// Notes the values inside the one at `at`, which has that name. A name that begins with `@` gets
/// another one.
fn collect(tree: &Tree, at: usize, name: &mut String, fields: &mut Vec<(String, usize)>) {
    let kind = tree.tape.node(at).kind;
    if !matches!(kind, Kind::Object | Kind::Array) {
        if kind != Kind::Null && name.len() <= QUERY_FIELD_NAME_BYTES_MAX {
            fields.push((name.clone(), at));
        }
        return;
    }
    let mut key = Zeroizing::new(String::new());
    for (index, (before, child)) in tree.tape.children(at).enumerate() {
        let full = fields.len() == QUERY_JSON_FIELDS_MAX;
        if full || name.len() > QUERY_FIELD_NAME_BYTES_MAX {
            return;
        }
        let len = name.len();
        if len > 0 {
            name.push('.');
        }
        match kind {
            Kind::Object => {
                let text = text_of(&tree.text, tree.tape.node(before), &mut key);
                let text = text.unwrap_or_default();
                if len == 0 && text.starts_with('@') {
                    name.push('@');
                }
                name.push_str(text);
            }
            _ => name.push_str(&index.to_string()),
        }
        collect(tree, child, name, fields);
        name.truncate(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Rc::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn fields_are_discovered_by_dotted_names() {
        let judge = |text: &str| text.contains('@').then(|| "*".to_owned());
        let message = r#"ts {"a":{"b":["x",{"c":1e3}],"d.e":true,"n":null},"@t":"\u0061@","s":**,
            "a.b.0":"last"} {"later":1}"#;
        let found = Discovered::of(&text(message));
        let get = |name: &str| {
            found.get(name, Mark::Derived, &judge).as_text().map(|text| text.into_owned())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(get("a.b.0"), some("last"));
        assert_eq!(get("a.b.1.c"), some("1e3"));
        assert_eq!(get("a.d.e"), some("1"));
        assert_eq!(get("@@t"), some("*"), "what is spelt with escapes is judged");
        assert_eq!(get("s"), some("**"));
        assert_eq!((get("a"), get("a.n"), get("later"), get("@t")), (None, None, None, None));
        assert_eq!(found.names().count(), 6);
        assert_eq!(Discovered::of(&text("{no")).names().count(), 0);
        let many: Vec<_> = (0..300).map(|at| format!("\"k{at}\":{at}")).collect();
        let many = format!("{{{}}}", many.join(","));
        assert_eq!(Discovered::of(&text(&many)).names().count(), QUERY_JSON_FIELDS_MAX);
    }

    #[test]
    fn trees_are_walked_and_print_as_they_are_spelt() {
        let tree = Tree::parse(&text(r#" {"l":[1,{"k":"v"},[ ]],"k":0} "#)).unwrap();
        assert_eq!(tree.source(), r#"{"l":[1,{"k":"v"},[ ]],"k":0}"#);
        let list = tree.get("l").unwrap();
        assert_eq!((list.source(), list.list_len()), (r#"[1,{"k":"v"},[ ]]"#, Some(3)));
        assert_eq!(list.get("1").unwrap().get("k").unwrap().source(), r#""v""#);
        assert_eq!(list.items(Mark::Derived, &|_| None).len(), 3);
        assert!(tree.get("x").is_none() && list.get("9").is_none() && list.get("k").is_none());
    }
}
