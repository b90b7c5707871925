//! JSON patterns: `{ $.eventType = "Update*" && ($.code >= 400 || $.items[*].id IS NULL) }`.

use crate::error::Error;

use super::condition::{Condition, Operator};
use super::need::{self, Clue, Literal, Need};
use super::program::{Link, Program};
use super::reader::Reader;
use super::regex;
use super::selector::Selector;
use super::tape::{Kind, Tape, text_of};

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

    /// Asks a tape that holds an object, and the text it was read from. `follow` follows the
    /// selector of the test with that number.
    pub(super) fn matches(
        &self,
        tape: &Tape,
        text: &str,
        buffer: &mut String,
        mut follow: impl FnMut(usize, &Selector, &mut String) -> Option<usize>,
    ) -> bool {
        self.program.holds(|number, Test { selector, ask }| {
            let at = follow(number, selector, buffer);
            match ask {
                Ask::NotExists => !selector.any(at, tape, text, buffer, |_, _| true),
                Ask::Is(kind) => {
                    selector.any(at, tape, text, buffer, |at, _| tape.node(at).kind == *kind)
                }
                Ask::Compare(condition) => selector.any(at, tape, text, buffer, |at, buffer| {
                    text_of(text, tape.node(at), buffer).is_some_and(|value| condition.holds(value))
                }),
            }
        })
    }

    /// The selectors of its tests, in their order.
    pub(super) fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.program.tests().map(|test| &test.selector)
    }

    /// What its text holds, unless that spells characters as `\u0041` and its like.
    pub(super) fn need(&self) -> Option<Need<'_>> {
        need::of_program(&self.program, |Test { selector, ask }| {
            let one = (!selector.has_wildcard()).then_some(selector);
            let condition = match ask {
                Ask::Compare(condition) => Some(condition),
                Ask::Is(_) => None,
                Ask::NotExists => return None,
            };
            if let Some((Condition::Number(operator, bound), selector)) = condition.zip(one)
                && *operator != Operator::Unequal
            {
                return Some(Clue::Number(selector, *operator, *bound));
            }
            let text = condition.and_then(Condition::literal);
            let Some(literal) = text.and_then(|text| Literal::value(as_spelt(text))) else {
                return literal_of(selector).map(Clue::Text);
            };
            let only = one.zip(condition.and_then(Condition::only));
            Some(only.map_or(Clue::Text(literal), |(selector, text)| {
                Clue::Equal(selector, text, literal)
            }))
        })
    }

    pub(super) fn has_regex(&self) -> bool {
        let is_regex = |test: &Test| matches!(&test.ask, Ask::Compare(Condition::Regex(..)));
        self.program.tests().any(is_regex)
    }

    /// Calls `take` with each selector and the first value it points to that has a text.
    pub(super) fn extract(&self, tape: &Tape, text: &str, take: &mut dyn FnMut(&str, &str)) {
        for Test { selector, .. } in self.program.tests() {
            let take = |value: &str| take(selector.as_str(), value);
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

/// The longest key in it.
pub(super) fn literal_of(selector: &Selector) -> Option<Literal<'_>> {
    let keys = selector.keys().map(as_spelt);
    keys.max_by_key(|key| key.len()).and_then(Literal::key)
}

/// The longest part of a text that JSON spells only as it is, or with `\u`.
fn as_spelt(text: &str) -> &str {
    let short_escape = |c: char| matches!(c, '"' | '\\' | '/') || c.is_ascii_control();
    text.split(short_escape).max_by_key(|part| part.len()).unwrap_or_default()
}
