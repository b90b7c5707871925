//! Space-delimited patterns: `[ip, ..., request = *.html*, status = 4* || status = 5*, bytes]`.

use crate::error::Error;

use super::condition::Condition;
use super::json::read_and;
use super::line::Line;
use super::need::{self, Clue, Literal, Need};
use super::program::{Link, Program};
use super::reader::{Reader, is_name};
use super::regex;

/// A space-delimited pattern, compiled.
#[derive(Debug)]
pub(super) struct DelimitedPattern {
    /// The names of the fields, without `...`.
    names: Vec<String>,
    /// How many of them stand before `...`.
    before_gap: Option<usize>,
    /// Tests of the fields, which are numbered as the names.
    program: Program<(usize, Condition)>,
}

/// How a pattern and a message lie beside each other.
#[derive(Clone, Copy)]
struct Layout {
    /// Fields of the message that `...` stands for, and the name behind it.
    gap: usize,
    after_gap: usize,
    /// The name whose field is the rest of the line.
    takes_rest: Option<usize>,
}

impl DelimitedPattern {
    /// Reads what stands between `[` and `]`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (mut names, mut before_gap) = (Vec::new(), None);
        let (mut tests, mut links, mut regexes) = (Vec::new(), Vec::new(), regex::Count::default());
        loop {
            reader.skip_blanks();
            let start = reader.at();
            if reader.eat("...") {
                if before_gap.replace(names.len()).is_some() {
                    return Err(reader.fault_at(start, "begins a second ...; a pattern has one"));
                }
            } else {
                let name = reader.take_while(is_name);
                if name.is_empty() {
                    return Err(reader.fault("has to begin the name of a field, or ..."));
                }
                if reader.skip_blanks() && reader.peek() != Some(',') {
                    if !tests.is_empty() {
                        links.push(Link::new(true, 0));
                    }
                    let field = names.len();
                    read_tests(reader, name, &mut regexes, &mut links, |test| {
                        tests.push((field, test));
                    })?;
                }
                names.push(name.to_owned());
            }
            if !reader.skip_blanks() {
                break;
            }
            if !reader.eat(",") {
                return Err(reader.fault("has to be a comma or ]"));
            }
        }
        Ok(Self { names, before_gap, program: Program::new(tests, &links) })
    }

    /// Asks the fields of a message.
    pub(super) fn matches(&self, line: &Line, text: &str) -> bool {
        let Some(layout) = self.layout(line) else { return false };
        self.program.holds(|_, (name, condition)| {
            layout.value(line, text, *name).is_some_and(|value| condition.holds(value))
        })
    }

    /// What the message holds.
    pub(super) fn need(&self) -> Option<Need<'_>> {
        need::of_program(&self.program, |(_, condition)| {
            condition.literal().and_then(Literal::value).map(Clue::Text)
        })
    }

    pub(super) fn has_regex(&self) -> bool {
        self.program.tests().any(|(_, condition)| matches!(condition, Condition::Regex(..)))
    }

    /// The number of the first field of that name.
    pub(super) fn field(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The text of a field of a message.
    pub(super) fn value<'t>(&self, line: &Line, text: &'t str, name: usize) -> Option<&'t str> {
        self.layout(line)?.value(line, text, name)
    }

    /// Calls `take` with `$name` or, for what `...` stands for, `$` and the number of the field
    /// from 1 on, and the field's text.
    pub(super) fn extract(&self, line: &Line, text: &str, take: &mut dyn FnMut(&str, &str)) {
        let Some(layout) = self.layout(line) else { return };
        let before_gap = self.before_gap.unwrap_or(self.names.len());
        let named = |name: usize, take: &mut dyn FnMut(&str, &str)| {
            let value = self.names.get(name).zip(layout.value(line, text, name));
            value.into_iter().for_each(|(name, value)| take(&format!("${name}"), value));
        };
        (0..before_gap).for_each(|name| named(name, take));
        for number in before_gap..before_gap + layout.gap {
            let value = line.field(text, number);
            value.into_iter().for_each(|value| take(&format!("${}", number + 1), value));
        }
        (before_gap..self.names.len()).for_each(|name| named(name, take));
    }

    /// `None` when the message has too few fields.
    // Choice: without `...` the last name takes the rest of the line, delimiters included, as the
    // guide's own `[w1=ERROR, w2]` needs it; `...` stands for none or more fields.
    fn layout(&self, line: &Line) -> Option<Layout> {
        let names = self.names.len();
        let extra = line.len().checked_sub(names)?;
        Some(match self.before_gap {
            Some(before) => Layout { gap: extra, after_gap: before, takes_rest: None },
            None => {
                let takes_rest = (extra > 0).then_some(names - 1);
                Layout { gap: 0, after_gap: names, takes_rest }
            }
        })
    }
}

impl Layout {
    /// The text of the field of that name.
    fn value<'t>(self, line: &Line, text: &'t str, name: usize) -> Option<&'t str> {
        let number = if name < self.after_gap { name } else { name + self.gap };
        if self.takes_rest == Some(number) {
            line.rest(text, number)
        } else {
            line.field(text, number)
        }
    }
}

/// Reads the tests of one field: `= 4*`, `= 404 || status = 410`.
fn read_tests(
    reader: &mut Reader<'_>,
    name: &str,
    regexes: &mut regex::Count,
    links: &mut Vec<Link>,
    mut push: impl FnMut(Condition),
) -> Result<(), Error> {
    loop {
        push(Condition::read(reader, regexes)?);
        if !reader.skip_blanks() || reader.peek() == Some(',') {
            return Ok(());
        }
        links.push(Link::new(read_and(reader)?, 1));
        reader.skip_blanks();
        let start = reader.at();
        let again = reader.take_while(is_name);
        if !again.is_empty() && again != name {
            return Err(reader.fault_at(start, "begins another name than this field's"));
        }
        reader.skip_blanks();
    }
}
