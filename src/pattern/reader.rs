//! The text of a pattern, character by character, and the place of what is wrong with it.

use crate::error::{Error, Place};

/// Reads a pattern from its first character on. It never quotes it.
#[derive(Clone)]
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The byte that is read next.
    at: usize,
    /// Where reading ends.
    end: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, end: text.len() }
    }

    /// Leaves out the last character.
    pub(super) fn without_last(mut self) -> Self {
        self.end -= self.rest().chars().next_back().map_or(0, char::len_utf8);
        self
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).expect("the reader stops between characters")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Whether something is left after the blanks.
    pub(super) fn skip_blanks(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
        self.peek().is_some()
    }

    /// Reads `text` when it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let here = self.rest().starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// Reads `word` when it stands here, with no letter or digit behind it.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word).map(|rest| rest.chars().next());
        let whole = after.is_some_and(|next| !next.is_some_and(is_name));
        whole && self.eat(word)
    }

    /// The characters from here on that are `of` a kind.
    pub(super) fn take_while(&mut self, of: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c| !of(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).expect("a character begins there")
    }

    /// A text in double quotes, in which `\"` and `\\` are escapes.
    pub(super) fn quoted(&mut self) -> Result<String, Error> {
        let opened = self.at;
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') if matches!(self.peek(), Some('"' | '\\')) => text.extend(self.next()),
                Some(char) => text.push(char),
                None => return Err(self.fault_at(opened, "opens a phrase that is never closed")),
            }
        }
    }

    /// Blames the character at hand, or the end of the pattern.
    pub(super) fn fault(&self, what: &str) -> Error {
        self.fault_at(self.at, what)
    }

    /// Blames the character at byte `at`, or the end of the pattern.
    pub(super) fn fault_at(&self, at: usize, what: &str) -> Error {
        let before = self.text.get(..at).expect("faults lie between characters");
        let len =
            self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let offset = before.chars().count();
        let place = Place { pointer: "/filterPattern".to_owned(), start: at, end: at + len };
        let subject = if len == 0 { "end at" } else { "character at" };
        Error::invalid(format!("filterPattern: the {subject} offset {offset} {what}")).at(place)
    }
}

/// Letters, digits and underscores.
// Choice: letters and digits of any script; AWS's page says "alphanumeric".
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What names of fields consist of.
pub(super) fn is_name(c: char) -> bool {
    is_word(c) || c == '-'
}
