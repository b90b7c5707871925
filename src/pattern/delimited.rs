//! Space-delimited patterns: `[ip, ..., request = *.html*, status = 4* || status = 5*, bytes]`.

use crate::error::Error;

use super::condition::Condition;
use super::json::read_and;
use super::need::{self, Literal, Need};
use super::program::{Link, Program};
use super::reader::{Reader, is_name};
use super::{regex, steps};

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

    /// Cost: two passes over the message.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(layout) = self.layout(text) else { return false };
        let mut fields = Fields::new(text);
        let (mut current, mut read) = ("", 0);
        // The tests ask for fields from the left to the right, some of them twice.
        self.program.holds(|(name, condition)| {
            let number = layout.number(*name);
            while read <= number {
                current = match fields.next() {
                    Some(field) if layout.takes_rest == Some(read) => fields.rest_from(field.start),
                    Some(field) => field.text,
                    None => return false,
                };
                read += 1;
            }
            condition.holds(current)
        })
    }

    /// What the message holds.
    pub(super) fn need(&self) -> Option<Need<'_>> {
        need::of_program(&self.program, |(_, condition)| {
            condition.literal().and_then(Literal::value)
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
    pub(super) fn value<'t>(&self, text: &'t str, name: usize) -> Option<&'t str> {
        let layout = self.layout(text)?;
        let number = layout.number(name);
        let mut fields = Fields::new(text);
        let field = fields.nth(number)?;
        let rest = layout.takes_rest == Some(number);
        Some(if rest { fields.rest_from(field.start) } else { field.text })
    }

    /// Calls `take` with `$name` or, for what `...` stands for, `$` and the number of the field
    /// from 1 on, and the field's text.
    pub(super) fn extract(&self, text: &str, take: &mut dyn FnMut(&str, &str)) {
        let Some(layout) = self.layout(text) else { return };
        let mut fields = Fields::new(text);
        let (mut number, mut name) = (0, 0);
        while let Some(field) = fields.next() {
            if self.before_gap == Some(name) && number < name + layout.gap {
                take(&format!("${}", number + 1), field.text);
            } else if let Some(named) = self.names.get(name) {
                let rest = layout.takes_rest == Some(number);
                let value = if rest { fields.rest_from(field.start) } else { field.text };
                take(&format!("${named}"), value);
                name += 1;
            }
            number += 1;
        }
    }

    /// `None` when the message has too few fields.
    // Choice: without `...` the last name takes the rest of the line, delimiters included, as the
    // guide's own `[w1=ERROR, w2]` needs it; `...` stands for none or more fields.
    fn layout(&self, text: &str) -> Option<Layout> {
        let (names, count) = (self.names.len(), Fields::new(text).count());
        let extra = count.checked_sub(names)?;
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
    /// The number of the field of that name.
    fn number(self, name: usize) -> usize {
        if name < self.after_gap { name } else { name + self.gap }
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

/// A field of a message and the byte it begins with, its delimiter included.
struct Field<'t> {
    text: &'t str,
    start: usize,
}

/// The fields of a message: what stands between blanks, between `[` and `]`, or between double
/// quotes.
// Choice: delimiters count at the front of a field only, the first closing one ends it, and one
// that is never closed is a character like others.
struct Fields<'t> {
    text: &'t str,
    at: usize,
    /// Whether a `]` may still follow: looked for in vain once, never again, so that the cost stays
    /// one pass. Behind a `"` looked for in vain there is none to begin a field.
    brackets: bool,
}

impl<'t> Fields<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0, brackets: true }
    }

    fn from(&self, at: usize) -> &'t str {
        self.text.get(at..).expect("fields begin and end between characters")
    }

    /// The rest of the message from that byte on.
    fn rest_from(&self, start: usize) -> &'t str {
        self.from(start).trim_end()
    }

    /// What stands between the delimiter at hand and the next `close`.
    fn delimited(&mut self, close: u8) -> Option<&'t str> {
        let inside = self.from(self.at + 1);
        let found = memchr::memchr(close, inside.as_bytes());
        steps::add(found.unwrap_or(inside.len()));
        let len = found?;
        self.at += len + 2;
        inside.get(..len)
    }
}

impl<'t> Iterator for Fields<'t> {
    type Item = Field<'t>;

    fn next(&mut self) -> Option<Field<'t>> {
        let rest = self.from(self.at);
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        let start = self.at;
        let delimited = match trimmed.chars().next()? {
            '[' if self.brackets => {
                let text = self.delimited(b']');
                self.brackets = text.is_some();
                text
            }
            '"' => self.delimited(b'"'),
            _ => None,
        };
        let text = delimited.unwrap_or_else(|| {
            let len = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            self.at = start + len;
            steps::add(len);
            trimmed.get(..len).expect("a blank begins there")
        });
        Some(Field { text, start })
    }
}
