//! The text of a query, piece by piece, and the place of what is wrong with it.

use crate::error::{Error, ErrorKind, Place};

/// Reads a query from its first character on. No error quotes it.
#[derive(Clone)]
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The byte that is read next.
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What stands between a byte and here, without blanks at its ends.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).expect("the reader stops between characters").trim()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).expect("the reader stops between characters")
    }

    /// The character that is next, behind blanks and comments.
    pub(super) fn peek(&mut self) -> Option<char> {
        loop {
            let rest = self.rest();
            let next = rest.chars().next()?;
            if next == '#' {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if next.is_whitespace() {
                self.at += next.len_utf8();
            } else {
                return Some(next);
            }
        }
    }

    /// Reads `text` when it is next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.peek();
        let here = self.rest().starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// Reads `text`, which the grammar has here.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), Error> {
        if self.eat(text) { Ok(()) } else { Err(self.fault(&format!("has to be {text}"))) }
    }

    /// The word that is next: letters, digits, `_`, `@` and `.`; empty if there is none.
    pub(super) fn peek_word(&mut self) -> &'t str {
        self.peek();
        let rest = self.rest();
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.');
        rest.get(..rest.find(|c| !inside(c)).unwrap_or(rest.len())).expect("a character begins")
    }

    pub(super) fn word(&mut self) -> &'t str {
        let word = self.peek_word();
        self.at += word.len();
        word
    }

    /// Reads a keyword in any case, when it is next.
    pub(super) fn eat_word(&mut self, keyword: &str) -> bool {
        let here = self.peek_word().eq_ignore_ascii_case(keyword);
        if here {
            self.at += keyword.len();
        }
        here
    }

    /// The next keywords, if they all follow.
    pub(super) fn eat_words(&mut self, keywords: [&str; 2]) -> bool {
        let start = self.at;
        let here = keywords.iter().all(|keyword| self.eat_word(keyword));
        if !here {
            self.at = start;
        }
        here
    }

    /// A name: a word, or what stands in backticks, or several of them without a blank between.
    pub(super) fn name(&mut self) -> Result<String, Error> {
        let mut name = self.word().to_owned();
        while self.rest().starts_with('`') {
            let opened = self.at;
            let inside = self.rest().get(1..).expect("a backtick is one byte");
            let Some(len) = inside.find('`') else {
                return Err(self.fault_at(opened, "opens a name that is never closed"));
            };
            name.push_str(inside.get(..len).expect("it was found there"));
            self.at += len + 2;
            // No blank is skipped: what follows one is something else.
            if self.rest().starts_with(|c: char| c.is_alphanumeric() || "_@.".contains(c)) {
                name.push_str(self.word());
            }
        }
        if name.is_empty() { Err(self.fault("has to begin a field")) } else { Ok(name) }
    }

    /// A text in double or single quotes, in which `\` stands before these, itself, n, t and r.
    pub(super) fn quoted(&mut self) -> Result<String, Error> {
        let (opened, mut text) = (self.at, String::new());
        let mut chars = self.rest().char_indices();
        let quote = chars.next().map(|(_, quote)| quote);
        while let Some((at, next)) = chars.next() {
            if Some(next) == quote {
                self.at += at + 1;
                return Ok(text);
            }
            if next != '\\' {
                text.push(next);
                continue;
            }
            match chars.next() {
                Some((_, c @ ('"' | '\'' | '\\'))) => text.push(c),
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other)) => text.extend(['\\', other]),
                None => break,
            }
        }
        Err(self.fault_at(opened, "opens a text that is never closed"))
    }

    /// What stands between slashes, in which `\/` is a slash.
    pub(super) fn slashed(&mut self) -> Result<String, Error> {
        let (opened, mut text) = (self.at, String::new());
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, next)) = chars.next() {
            match next {
                '/' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, '/')) => text.push('/'),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                _ => text.push(next),
            }
        }
        Err(self.fault_at(opened, "opens a regular expression that is never closed"))
    }

    /// Blames the character that is next, or the end of the query.
    pub(super) fn fault(&mut self, what: &str) -> Error {
        self.peek();
        self.fault_at(self.at, what)
    }

    /// Blames the character at byte `at`, or the end of the query.
    pub(super) fn fault_at(&self, at: usize, what: &str) -> Error {
        let before = self.text.get(..at).expect("faults lie between characters");
        let next = self.text.get(at..).and_then(|rest| rest.chars().next());
        let len = next.map_or(0, char::len_utf8);
        let (offset, line) = (before.chars().count(), before.matches('\n').count() + 1);
        let place = Place { pointer: "/queryString".to_owned(), start: at, end: at + len };
        let subject = if len == 0 { "end at" } else { "character at" };
        let text = format!("queryString: the {subject} offset {offset} (line {line}) {what}");
        Error::new(ErrorKind::MalformedQuery, text).at(place)
    }
}
