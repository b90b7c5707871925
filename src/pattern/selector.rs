//! Selectors of JSON patterns: `$.items[*].id`, `$.['any key'][0]`.

use crate::error::Error;
use crate::limits::FILTER_WILDCARDS_MAX;

use super::reader::{Reader, is_name};
use super::tape::{Kind, Tape, is_key, text_of};

/// The path to a value, or with a wildcard to several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Selector {
    /// As it stands in the pattern.
    text: String,
    path: Vec<Step>,
    /// The kind of container whose children are all tried, and the path from each of them.
    wildcard: Option<(Kind, Vec<Step>)>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Selector {
    pub(super) fn read(reader: &mut Reader<'_>, wildcards: &mut usize) -> Result<Self, Error> {
        let from = reader.clone();
        if !reader.eat("$") {
            return Err(reader.fault("has to begin a selector ($) or a parenthesis"));
        }
        let (mut path, mut wildcard) = (Vec::new(), None);
        loop {
            let start = reader.at();
            let step = match reader.peek() {
                Some('.') => read_member(reader)?,
                Some('[') => read_brackets(reader)?,
                _ => break,
            };
            match (step, &mut wildcard) {
                (Some(step), None) => path.push(step),
                (Some(step), Some((_, rest))) => Vec::push(rest, step),
                (None, Some(_)) => {
                    let what = "begins a second wildcard; a selector has at most one";
                    return Err(reader.fault_at(start, what));
                }
                (None, None) if *wildcards == FILTER_WILDCARDS_MAX => {
                    let what = "begins a fourth wildcard; a pattern has at most three";
                    return Err(reader.fault_at(start, what));
                }
                (None, None) => {
                    *wildcards += 1;
                    let members = from.rest().as_bytes().get(start - from.at()) == Some(&b'.');
                    let kind = if members { Kind::Object } else { Kind::Array };
                    wildcard = Some((kind, Vec::new()));
                }
            }
        }
        if path.is_empty() && wildcard.is_none() {
            return Err(reader.fault("has to go on with the selector: a period or ["));
        }
        let text = from.rest().get(..reader.at() - from.at()).expect("it was read").to_owned();
        Ok(Self { text, path, wildcard })
    }

    /// As it stands in the pattern.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn has_wildcard(&self) -> bool {
        self.wildcard.is_some()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let rest = self.wildcard.iter().flat_map(|(_, rest)| rest);
        self.path.iter().chain(rest).filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    /// Calls `take` with the first value it points to that has a text.
    pub(super) fn first(
        &self,
        tape: &Tape,
        text: &str,
        buffer: &mut String,
        mut take: impl FnMut(&str),
    ) {
        let at = self.follow(tape, text, buffer);
        self.any(at, tape, text, buffer, |at, buffer| {
            text_of(text, tape.node(at), buffer).inspect(|value| take(value)).is_some()
        });
    }

    /// The value that it points to or, with a wildcard, the one whose children it tries.
    pub(super) fn follow(&self, tape: &Tape, text: &str, buffer: &mut String) -> Option<usize> {
        follow(tape, text, buffer, 0, &self.path)
    }

    /// Whether `is` holds for any of the values that it points to. `at` is what [`Self::follow`]
    /// says.
    pub(super) fn any(
        &self,
        at: Option<usize>,
        tape: &Tape,
        text: &str,
        buffer: &mut String,
        mut is: impl FnMut(usize, &mut String) -> bool,
    ) -> bool {
        let Some(at) = at else { return false };
        let Some((kind, rest)) = &self.wildcard else { return is(at, buffer) };
        tape.node(at).kind == *kind
            && tape.children(at).any(|(_, child)| {
                follow(tape, text, buffer, child, rest).is_some_and(|found| is(found, buffer))
            })
    }
}

/// The node at the end of a path.
// Choice: of members with the same key the last counts, as for most readers of JSON.
fn follow(
    tape: &Tape,
    text: &str,
    buffer: &mut String,
    from: usize,
    path: &[Step],
) -> Option<usize> {
    let mut at = from;
    for step in path {
        let kind = tape.node(at).kind;
        at = match step {
            Step::Key(key) if kind == Kind::Object => {
                let same = |(name, _): &(usize, usize)| is_key(text, tape.node(*name), key, buffer);
                tape.children(at).filter(same).last()?.1
            }
            Step::Index(index) if kind == Kind::Array => tape.children(at).nth(*index)?.1,
            _ => return None,
        };
    }
    Some(at)
}

/// `.name`, `.['name']`; `None` for `.*`.
fn read_member(reader: &mut Reader<'_>) -> Result<Option<Step>, Error> {
    reader.next();
    match reader.peek() {
        Some('*') => {
            reader.next();
            Ok(None)
        }
        Some('[') if reader.rest().starts_with("['") => read_quoted(reader).map(Some),
        _ => {
            let name = reader.take_while(is_name);
            if name.is_empty() {
                let what = "has to begin a key; other keys stand in [' and ']";
                return Err(reader.fault(what));
            }
            Ok(Some(Step::Key(name.to_owned())))
        }
    }
}

/// `[0]`, `['name']`; `None` for `[*]`.
fn read_brackets(reader: &mut Reader<'_>) -> Result<Option<Step>, Error> {
    if reader.rest().starts_with("['") {
        return read_quoted(reader).map(Some);
    }
    reader.next();
    let start = reader.at();
    let step = if reader.eat("*") {
        None
    } else {
        let digits = reader.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(reader.fault("has to be an index, * or a key in single quotes"));
        }
        let Ok(index) = digits.parse() else {
            return Err(reader.fault_at(start, "begins an index that no array has"));
        };
        Some(Step::Index(index))
    };
    if !reader.eat("]") {
        return Err(reader.fault("has to be ]"));
    }
    Ok(step)
}

/// `['any key']`; it ends with the first `']`.
fn read_quoted(reader: &mut Reader<'_>) -> Result<Step, Error> {
    let opened = reader.at();
    reader.eat("['");
    let Some(len) = reader.rest().find("']") else {
        return Err(reader.fault_at(opened, "opens a key that is never closed"));
    };
    if len == 0 {
        return Err(reader.fault_at(opened, "begins an empty key"));
    }
    let key = reader.rest().get(..len).expect("it was found there").to_owned();
    reader.eat(&key);
    reader.eat("']");
    Ok(Step::Key(key))
}
