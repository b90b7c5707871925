//! Reads the little languages of `fieldSelectionCriteria` and `selectionCriteria`: words, texts in
//! double quotes, lists of them; white space is free.

use crate::error::Error;

pub(super) struct Words<'t> {
    /// Named in errors.
    parameter: &'static str,
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    pub(super) fn new(parameter: &'static str, text: &'t str) -> Self {
        Self { parameter, text, at: 0 }
    }

    fn skip_space(&mut self) -> &'t str {
        let rest = self.text.get(self.at..).expect("it stops between characters");
        let trimmed = rest.trim_ascii_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.skip_space().is_empty()
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        let here = self.skip_space().starts_with(word);
        self.at += if here { word.len() } else { 0 };
        here
    }

    /// One text at least, in brackets.
    pub(super) fn list(&mut self) -> Result<Vec<String>, Error> {
        if !self.eat("[") {
            return self.refuse("expected [");
        }
        let mut values = Vec::new();
        loop {
            values.push(self.string()?);
            if self.eat("]") {
                return Ok(values);
            }
            if !self.eat(",") {
                return self.refuse("expected , or ]");
            }
        }
    }

    pub(super) fn string(&mut self) -> Result<String, Error> {
        if !self.eat("\"") {
            return self.refuse("expected a text in double quotes");
        }
        let rest = self.text.get(self.at..).expect("it stops between characters");
        let Some((value, _)) = rest.split_once('"') else {
            return self.refuse("expected a closing double quote");
        };
        self.at += value.len() + 1;
        Ok(value.to_owned())
    }

    pub(super) fn refuse<T>(&mut self, what: &str) -> Result<T, Error> {
        self.skip_space();
        Err(Error::invalid(format!("{}: at byte {}, {what}", self.parameter, self.at)))
    }
}
