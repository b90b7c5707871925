//! Filter patterns: text → terms, a JSON or a space-delimited pattern, and these × message →
//! whether it matches.

mod condition;
mod delimited;
mod field;
mod json;
mod line;
mod literals;
mod need;
mod numbers;
mod program;
mod reader;
mod regex;
mod selector;
mod set;
mod steps;
mod tape;
mod terms;

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::error::Error;
use crate::limits::FILTER_PATTERN_CHARS_MAX;
use crate::message::{MaskedMessage, Shown, wipe_room};

use delimited::DelimitedPattern;
use json::JsonPattern;
use line::Line;
use need::Need;
use reader::Reader;
use terms::Terms;

pub(crate) use condition::number;
pub(crate) use field::Field;
pub(crate) use regex::linear;
pub use set::FilterPatterns;
pub(crate) use tape::{Kind, Tape, text_of};

/// A filter pattern: which log events a subscription filter or `FilterLogEvents` selects.
///
/// - Terms are separated by blanks and all have to occur, `"a phrase"` is one term, `%regex%` a
///   regular expression, `-term` must not occur, and of several `?term` one has to occur, unless
///   there is a term without `?`, one with `-` included: then they are ignored. Upper and lower
///   case differ. The empty pattern and `" "` select every event.
/// - `{ $.level = "ERROR" && $.items[*].id > 7 }` asks the fields of a JSON object: `=`, `!=`, `<`,
///   `<=`, `>`, `>=`, `IS NULL`, `IS TRUE`, `IS FALSE`, `NOT EXISTS`. Asterisks in place of a
///   number are read as a string, so a masked number leaves the other fields to be asked.
/// - `[ip, ..., status = 4*, bytes]` asks the fields of a line.
///
/// Regular expressions are AWS's subset, in linear time. `Debug` prints the length only. A clone
/// shares what was compiled.
///
/// ```
/// # fn main() -> Result<(), logveil::Error> {
/// let pattern = logveil::FilterPattern::parse(r#"{ $.status >= 400 && $.path = "/api/*" }"#)?;
/// assert!(pattern.matches_text(r#"{"status": 404, "path": "/api/items"}"#));
/// assert!(!pattern.matches_text(r#"{"status": 404, "path": "/"}"#));
/// # Ok(())
/// # }
/// ```
///
/// Source: CloudWatch Logs User Guide, Filter pattern syntax.
#[derive(Clone)]
pub struct FilterPattern {
    text: String,
    dialect: Arc<Dialect>,
    scratch: Arc<Mutex<Scratch>>,
}

#[derive(Debug)]
enum Dialect {
    Terms(Terms),
    Json(JsonPattern),
    Delimited(DelimitedPattern),
}

/// What patterns need to read events, used again from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tape: Tape,
    line: Line,
    /// A value without its escapes.
    buffer: String,
    /// Of several patterns those that were asked about the event at hand.
    asked: Vec<bool>,
    /// Of their selectors those that were followed in it, and where to.
    followed: Vec<Option<Option<usize>>>,
}

/// A value may be what a caller with a grant is shown.
impl Drop for Scratch {
    fn drop(&mut self) {
        wipe_room(&mut self.buffer);
    }
}

/// One message, to be shown to many patterns: as JSON and as fields it is read once, for the first
/// that asks.
pub(crate) struct Event<'a> {
    text: &'a str,
    scratch: &'a mut Scratch,
    is_object: Option<bool>,
    is_line: bool,
}

impl<'a> Event<'a> {
    pub(crate) fn new(message: &'a MaskedMessage, scratch: &'a mut Scratch) -> Self {
        Self::of(message.as_str(), scratch)
    }

    /// The same for text that may be shown.
    pub(crate) fn of(text: &'a str, scratch: &'a mut Scratch) -> Self {
        Self { text, scratch, is_object: None, is_line: false }
    }

    /// Whether the message is a JSON object, which then is on the tape.
    fn is_object(&mut self) -> bool {
        *self.is_object.get_or_insert_with(|| self.scratch.tape.read(self.text))
    }

    /// The fields of the message.
    fn line(&mut self) -> &Line {
        if !std::mem::replace(&mut self.is_line, true) {
            self.scratch.line.read(self.text);
        }
        &self.scratch.line
    }
}

impl FilterPattern {
    /// Parses a pattern of at most 1,024 characters, with at most two regular expressions and three
    /// wildcards in selectors.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the pattern is too long or malformed, with the offset of the offending
    /// character in the text and its bytes in [`Error::place`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let chars = text.chars().count();
        if chars > FILTER_PATTERN_CHARS_MAX {
            let max = FILTER_PATTERN_CHARS_MAX;
            return Err(Error::too_long("filterPattern", chars, max, "characters"));
        }
        Ok(Self::of(text, Dialect::parse(text)?))
    }

    fn of(text: &str, dialect: Dialect) -> Self {
        Self { text: text.to_owned(), dialect: Arc::new(dialect), scratch: Arc::default() }
    }

    /// The pattern as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern selects a message. Cost: linear in the message; once the working memory
    /// has grown, nothing is allocated.
    pub fn matches(&self, message: &MaskedMessage) -> bool {
        self.matches_text(message.as_str())
    }

    /// The same for text that the caller holds and may see, as in `TestMetricFilter`.
    pub fn matches_text(&self, text: &str) -> bool {
        with(&self.scratch, |scratch| self.matches_event(&mut Event::of(text, scratch)))
    }

    /// The same for what a read returns, so that a caller with a grant filters what it is shown.
    pub(crate) fn matches_shown(&self, message: &Shown) -> bool {
        self.matches_text(message.reveal())
    }

    /// The same for one event that other patterns are asked about too.
    pub(crate) fn matches_event(&self, event: &mut Event<'_>) -> bool {
        self.matches_among(event, &[])
    }

    /// The same for one of several patterns. `selectors` numbers those of its tests among those of
    /// all, so that each is followed once.
    fn matches_among(&self, event: &mut Event<'_>, selectors: &[usize]) -> bool {
        let pattern = match &*self.dialect {
            Dialect::Terms(terms) => return terms.matches(event.text),
            Dialect::Delimited(pattern) => {
                let text = event.text;
                return pattern.matches(event.line(), text);
            }
            Dialect::Json(pattern) => pattern,
        };
        if !event.is_object() {
            return false;
        }
        let (text, Scratch { tape, buffer, followed, .. }) = (event.text, &mut *event.scratch);
        pattern.matches(tape, text, buffer, |test, selector, buffer| {
            let known = selectors.get(test).and_then(|selector| followed.get_mut(*selector));
            let mut unknown = None;
            let known = known.unwrap_or(&mut unknown);
            *known.get_or_insert_with(|| selector.follow(tape, text, buffer))
        })
    }

    /// The values that the pattern names, if it selects the text: `$.selector` of a JSON pattern
    /// with the first value that is no object, no array and not null; `$name` of a space-delimited
    /// one, and `$1`, `$2` … for the fields that `...` stands for. None for terms.
    // Choice: the keys as TestMetricFilter shows them in the API Reference, in the pattern's order.
    pub fn extract(&self, text: &str) -> Option<Vec<(String, String)>> {
        self.extract_where(text, |event| self.matches_event(event))
    }

    /// The values that the pattern names in a message and that leave as others: as they are in
    /// `meant`, the message masked as what its JSON means.
    pub(crate) fn extract_masked(&self, text: &str, meant: &str) -> Vec<(String, String)> {
        let values = |text| self.extract_where(text, |event| event.is_object()).unwrap_or_default();
        if !self.reads_json() {
            return Vec::new();
        }
        let masked = values(meant);
        let other = |(name, value): (String, String)| {
            // What is no more found under its name has a key that was masked.
            let found = masked.iter().find(|(known, _)| *known == name);
            let masked = found.map_or("*".repeat(value.chars().count()), |it| it.1.clone());
            (masked != value).then_some((name, masked))
        };
        values(text).into_iter().filter_map(other).collect()
    }

    /// Whether it selects JSON, in which a text may be spelt with escapes.
    pub(crate) fn reads_json(&self) -> bool {
        matches!(&*self.dialect, Dialect::Json(_))
    }

    fn extract_where(
        &self,
        text: &str,
        selects: impl FnOnce(&mut Event<'_>) -> bool,
    ) -> Option<Vec<(String, String)>> {
        let mut values: Vec<(String, String)> = Vec::new();
        let mut take = |name: &str, value: &str| {
            if values.iter().all(|(known, _)| known != name) {
                values.push((name.to_owned(), value.to_owned()));
            }
        };
        let selected = with(&self.scratch, |scratch| {
            let mut event = Event::of(text, scratch);
            let selected = selects(&mut event);
            match &*self.dialect {
                Dialect::Json(pattern) if selected => {
                    pattern.extract(&event.scratch.tape, text, &mut take);
                }
                Dialect::Delimited(pattern) if selected => {
                    pattern.extract(event.line(), text, &mut take);
                }
                _ => {}
            }
            selected
        });
        selected.then_some(values)
    }

    /// What stands in whatever it selects, JSON patterns apart where a text spells characters by
    /// their number; `None` when nothing is known.
    fn need(&self) -> Option<Need<'_>> {
        match &*self.dialect {
            Dialect::Terms(terms) => terms.need(),
            Dialect::Json(pattern) => pattern.need(),
            Dialect::Delimited(pattern) => pattern.need(),
        }
    }

    /// Whether a regular expression is asked.
    pub(crate) fn has_regex(&self) -> bool {
        match &*self.dialect {
            Dialect::Terms(terms) => terms.has_regex(),
            Dialect::Json(pattern) => pattern.has_regex(),
            Dialect::Delimited(pattern) => pattern.has_regex(),
        }
    }

    /// Its text, if it names values in what it selects.
    pub(crate) fn text_of_named(&self) -> Option<String> {
        match &*self.dialect {
            Dialect::Terms(_) => None,
            Dialect::Json(_) | Dialect::Delimited(_) => Some(self.text.clone()),
        }
    }
}

/// Working memory for one caller at a time; who finds it taken makes its own.
fn with<T>(scratch: &Mutex<Scratch>, run: impl FnOnce(&mut Scratch) -> T) -> T {
    match scratch.try_lock() {
        Ok(mut scratch) => run(&mut scratch),
        Err(_) => run(&mut Scratch::default()),
    }
}

impl Dialect {
    fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        // Choice: `""` alone selects every event, as the documented `" "` does.
        if matches!(trimmed, "" | "\" \"" | "\"\"") {
            return Ok(Self::Terms(Terms::default()));
        }
        let mut reader = Reader::new(text.trim_end());
        reader.skip_blanks();
        for (open, close) in [('{', '}'), ('[', ']')] {
            if trimmed.starts_with(open) && !trimmed.ends_with(close) {
                let what = format!("begins a pattern that does not end with {close}");
                return Err(reader.fault(&what));
            }
        }
        match reader.peek() {
            Some('{') => JsonPattern::read(&mut inside(reader)).map(Self::Json),
            Some('[') => DelimitedPattern::read(&mut inside(reader)).map(Self::Delimited),
            _ => Terms::parse(text).map(Self::Terms),
        }
    }
}

/// What stands inside the brackets at hand.
fn inside(mut reader: Reader<'_>) -> Reader<'_> {
    reader.next();
    reader.without_last()
}

impl Default for FilterPattern {
    /// The empty pattern, which selects every event.
    fn default() -> Self {
        Self::of("", Dialect::Terms(Terms::default()))
    }
}

impl fmt::Debug for FilterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterPattern({} characters)", self.text.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_pattern() {
        let pattern = FilterPattern::parse("canary -other").unwrap();
        assert_eq!(format!("{pattern:?}"), "FilterPattern(13 characters)");
    }
}
