//! Pattern text → terms.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::Error;
use crate::limits::FILTER_PATTERN_CHARS_MAX;

/// The terms of an unstructured pattern. All empty: it selects every event.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) all: Vec<String>,
    pub(super) any: Vec<String>,
    pub(super) none: Vec<String>,
}

/// # Errors
///
/// InvalidParameter, see [`super::FilterPattern::parse`].
pub(super) fn terms(text: &str) -> Result<Parsed, Error> {
    let chars = text.chars().count();
    if chars > FILTER_PATTERN_CHARS_MAX {
        return Err(Error::too_long(
            "filterPattern",
            chars,
            FILTER_PATTERN_CHARS_MAX,
            "characters",
        ));
    }
    let mut parsed = Parsed::default();
    let trimmed = text.trim();
    // Choice: `""` alone selects every event, as the documented `" "` does.
    if matches!(trimmed, "" | "\" \"" | "\"\"") {
        return Ok(parsed);
    }
    refuse_other_dialects(trimmed)?;
    let mut reader = Reader { chars: text.chars().peekable(), offset: 0 };
    while reader.skip_blanks() {
        let terms = match reader.peek() {
            Some('?') => reader.step(&mut parsed.any),
            Some('-') => reader.step(&mut parsed.none),
            _ => &mut parsed.all,
        };
        terms.push(reader.term()?);
    }
    Ok(parsed)
}

fn refuse_other_dialects(trimmed: &str) -> Result<(), Error> {
    for (open, close, name) in [('{', '}', "JSON"), ('[', ']', "space-delimited")] {
        if trimmed.starts_with(open) {
            return Err(Error::invalid(if trimmed.ends_with(close) {
                format!("filterPattern: {name} patterns ({open}…{close}) are not supported yet")
            } else {
                format!("filterPattern begins with {open} and does not end with {close}")
            }));
        }
    }
    Ok(())
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    /// Characters read.
    offset: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        self.offset += 1;
        Some(next)
    }

    /// Reads one character and hands `terms` through.
    fn step<'a>(&mut self, terms: &'a mut Vec<String>) -> &'a mut Vec<String> {
        self.next();
        terms
    }

    /// Whether something is left after the blanks.
    fn skip_blanks(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
        self.peek().is_some()
    }

    fn term(&mut self) -> Result<String, Error> {
        let term = match self.peek() {
            Some('"') => self.quoted()?,
            Some('%') => {
                return Err(self.fault("begins a regular expression (%…%): not supported yet"));
            }
            _ => self.bare()?,
        };
        match self.peek() {
            Some(next) if !next.is_whitespace() => {
                Err(self.fault("follows a term without a blank"))
            }
            _ => Ok(term),
        }
    }

    /// A phrase in double quotes, in which `\"` and `\\` are escapes.
    fn quoted(&mut self) -> Result<String, Error> {
        let opened = self.offset;
        self.next();
        let mut term = String::new();
        loop {
            match self.next() {
                Some('"') => break,
                Some('\\') if matches!(self.peek(), Some('"' | '\\')) => term.extend(self.next()),
                Some(char) => term.push(char),
                None => return Err(fault(opened, "opens a phrase that is never closed")),
            }
        }
        if term.is_empty() { Err(fault(opened, "begins an empty term")) } else { Ok(term) }
    }

    /// A term of letters, digits and underscores.
    // Choice: letters and digits of any script; AWS's page says "alphanumeric".
    fn bare(&mut self) -> Result<String, Error> {
        let mut term = String::new();
        while let Some(char) = self.peek().filter(|char| char.is_alphanumeric() || *char == '_') {
            self.next();
            term.push(char);
        }
        match self.peek() {
            Some(next) if !next.is_whitespace() => {
                Err(self
                    .fault("is not a letter, a digit or _: put the whole term in double quotes"))
            }
            _ if term.is_empty() => Err(self.fault("has to begin a term")),
            _ => Ok(term),
        }
    }

    fn fault(&self, what: &str) -> Error {
        fault(self.offset, what)
    }
}

fn fault(offset: usize, what: &str) -> Error {
    Error::invalid(format!("filterPattern: the character at offset {offset} {what}"))
}
