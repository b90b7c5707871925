//! JSON patterns: `{ $.eventType = "Update*" && ($.code >= 400 || $.items[*].id IS NULL) }`.

use crate::error::Error;
use crate::limits::FILTER_WILDCARDS_MAX;

use super::condition::Condition;
use super::need::{self, Literal, Need};
use super::program::{Link, Program};
use super::reader::{Reader, is_name};
use super::regex;
use super::tape::{Kind, Tape, is_key, text_of};

/// A JSON pattern, compiled.
#[derive(Debug)]
pub(super) struct JsonPattern {
    program: Program<Test>,
}

#[derive(Debug)]
struct Test {
    selector: Selector,
    ask: Ask,
}

// Choice: a field that is missing, null, an object or an array satisfies no comparison, `!=`
// included; `true` and `false` compare as these words.
#[derive(Debug)]
enum Ask {
    Compare(Condition),
    Is(Kind),
    NotExists,
}

/// The path to a value, or with a wildcard to several.
#[derive(Debug)]
pub(super) struct Selector {
    /// As it stands in the pattern.
    text: String,
    path: Vec<Step>,
    /// The kind of container whose children are all tried, and the path from each of them.
    wildcard: Option<(Kind, Vec<Step>)>,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl JsonPattern {
    /// Reads what stands between `{` and `}`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (mut tests, mut links, mut open) = (Vec::new(), Vec::new(), Vec::new());
        let (mut regexes, mut wildcards) = (regex::Count::default(), 0);
        loop {
            reader.skip_blanks();
            while reader.peek() == Some('(') {
                open.push(reader.at());
                reader.next();
                reader.skip_blanks();
            }
            tests.push(Test::read(reader, &mut regexes, &mut wildcards)?);
            while reader.skip_blanks() && reader.peek() == Some(')') {
                if open.pop().is_none() {
                    return Err(reader.fault("closes a parenthesis that was never opened"));
                }
                reader.next();
            }
            if reader.peek().is_none() {
                break;
            }
            links.push(Link::new(read_and(reader)?, open.len()));
        }
        if let Some(opened) = open.pop() {
            return Err(reader.fault_at(opened, "opens a parenthesis that is never closed"));
        }
        Ok(Self { program: Program::new(tests, &links) })
    }

    /// Asks a tape that holds an object, and the text it was read from.
    pub(super) fn matches(&self, tape: &Tape, text: &str, buffer: &mut String) -> bool {
        self.program.holds(|test| match &test.ask {
            Ask::NotExists => !test.selector.any(tape, text, buffer, |_, _| true),
            Ask::Is(kind) => {
                test.selector.any(tape, text, buffer, |at, _| tape.node(at).kind == *kind)
            }
            Ask::Compare(condition) => test.selector.any(tape, text, buffer, |at, buffer| {
                text_of(text, tape.node(at), buffer).is_some_and(|value| condition.holds(value))
            }),
        })
    }

    /// What its text holds, unless that spells characters as `\u0041` and its like.
    pub(super) fn need(&self) -> Option<Need<'_>> {
        need::of_program(&self.program, |test| {
            let value = match &test.ask {
                Ask::Compare(condition) => condition.literal(),
                Ask::Is(_) => None,
                Ask::NotExists => return None,
            };
            let value = value.and_then(|text| Literal::value(as_spelt(text)));
            value.or_else(|| test.selector.literal())
        })
    }

    pub(super) fn has_regex(&self) -> bool {
        let is_regex = |test: &Test| matches!(&test.ask, Ask::Compare(Condition::Regex(..)));
        self.program.tests().any(is_regex)
    }

    /// Calls `take` with each selector and the first value it points to that has a text.
    pub(super) fn extract(&self, tape: &Tape, text: &str, take: &mut dyn FnMut(&str, &str)) {
        for Test { selector, .. } in self.program.tests() {
            let take = |value: &str| take(&selector.text, value);
            selector.first(tape, text, &mut String::new(), take);
        }
    }
}

/// Reads `&&` (true) or `||` (false).
pub(super) fn read_and(reader: &mut Reader<'_>) -> Result<bool, Error> {
    let and = reader.eat("&&");
    if and || reader.eat("||") { Ok(and) } else { Err(reader.fault("has to be && or ||")) }
}

impl Test {
    fn read(
        reader: &mut Reader<'_>,
        regexes: &mut regex::Count,
        wildcards: &mut usize,
    ) -> Result<Self, Error> {
        let selector = Selector::read(reader, wildcards)?;
        reader.skip_blanks();
        let ask = if reader.eat_word("IS") {
            reader.skip_blanks();
            let kinds = [("NULL", Kind::Null), ("TRUE", Kind::True), ("FALSE", Kind::False)];
            let Some((_, kind)) = kinds.iter().find(|(word, _)| reader.eat_word(word)) else {
                return Err(reader.fault("has to be NULL, TRUE or FALSE"));
            };
            Ask::Is(*kind)
        } else if reader.eat_word("NOT") {
            reader.skip_blanks();
            if !reader.eat_word("EXISTS") {
                return Err(reader.fault("has to be EXISTS"));
            }
            Ask::NotExists
        } else if reader.peek().is_some_and(char::is_alphabetic) {
            let what = "has to be an operator: =, !=, <, <=, >, >=, IS or NOT EXISTS";
            return Err(reader.fault(what));
        } else {
            Ask::Compare(Condition::read(reader, regexes)?)
        };
        Ok(Self { selector, ask })
    }
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

    /// The longest key in it.
    fn literal(&self) -> Option<Literal<'_>> {
        let rest = self.wildcard.iter().flat_map(|(_, rest)| rest);
        let keys = self.path.iter().chain(rest).filter_map(|step| match step {
            Step::Key(key) => Some(as_spelt(key)),
            Step::Index(_) => None,
        });
        keys.max_by_key(|key| key.len()).and_then(Literal::key)
    }

    /// Calls `take` with the first value it points to that has a text.
    pub(super) fn first(
        &self,
        tape: &Tape,
        text: &str,
        buffer: &mut String,
        mut take: impl FnMut(&str),
    ) {
        self.any(tape, text, buffer, |at, buffer| {
            text_of(text, tape.node(at), buffer).inspect(|value| take(value)).is_some()
        });
    }

    /// Whether `is` holds for any of the values that it points to.
    fn any(
        &self,
        tape: &Tape,
        text: &str,
        buffer: &mut String,
        mut is: impl FnMut(usize, &mut String) -> bool,
    ) -> bool {
        let Some(at) = follow(tape, text, buffer, 0, &self.path) else { return false };
        let Some((kind, rest)) = &self.wildcard else { return is(at, buffer) };
        tape.node(at).kind == *kind
            && tape.children(at).any(|(_, child)| {
                follow(tape, text, buffer, child, rest).is_some_and(|found| is(found, buffer))
            })
    }
}

/// The longest part of a text that JSON spells only as it is, or with `\u`.
fn as_spelt(text: &str) -> &str {
    let short_escape = |c: char| matches!(c, '"' | '\\' | '/') || c.is_ascii_control();
    text.split(short_escape).max_by_key(|part| part.len()).unwrap_or_default()
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
