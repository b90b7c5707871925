//! A message as a list of where its fields stand, to be read once and asked often.

use crate::eight;
use crate::span::Span;

use super::steps;

/// Fields that an empty list keeps room for, so that one huge event does not hold memory for ever.
const KEPT_FIELDS_MAX: usize = 64 * 1024;

/// The fields of one message. Their memory is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Line {
    fields: Vec<Field>,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    text: Span,
    /// The byte it begins with, its delimiter included.
    start: usize,
}

impl Line {
    /// Cost: one pass.
    pub(super) fn read(&mut self, text: &str) {
        self.fields.clear();
        self.fields.shrink_to(KEPT_FIELDS_MAX);
        self.fields.extend(Fields::new(text));
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The text of a field.
    pub(super) fn field<'t>(&self, text: &'t str, number: usize) -> Option<&'t str> {
        let span = self.fields.get(number)?.text;
        Some(text.get(span.range()).expect("fields begin and end between characters"))
    }

    /// The rest of the message from a field on.
    pub(super) fn rest<'t>(&self, text: &'t str, number: usize) -> Option<&'t str> {
        let start = self.fields.get(number)?.start;
        Some(text.get(start..).expect("fields begin between characters").trim_end())
    }
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

    /// What stands between the delimiter at hand and the next `close`.
    fn delimited(&mut self, close: u8) -> Option<Span> {
        let start = self.at + 1;
        let inside = self.text.as_bytes().get(start..)?;
        let found = memchr::memchr(close, inside);
        steps::add(found.unwrap_or(inside.len()));
        let end = start + found?;
        self.at = end + 1;
        Some(Span::new(start, end))
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        while let Some(len) = blank(self.text, self.at) {
            self.at += len;
        }
        let start = self.at;
        let delimited = match self.text.as_bytes().get(start)? {
            b'[' if self.brackets => {
                let text = self.delimited(b']');
                self.brackets = text.is_some();
                text
            }
            b'"' => self.delimited(b'"'),
            _ => None,
        };
        let text = delimited.unwrap_or_else(|| {
            loop {
                let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                self.at += eight::before(rest, |word| {
                    eight::below(word, b' ' + 1) | eight::beyond_ascii(word)
                });
                if self.at == self.text.len() || blank(self.text, self.at).is_some() {
                    break;
                }
                self.at += 1;
            }
            steps::add(self.at - start);
            Span::new(start, self.at)
        });
        Some(Field { text, start })
    }
}

/// The bytes of the blank that begins at a byte of the text.
fn blank(text: &str, at: usize) -> Option<usize> {
    match text.as_bytes().get(at)? {
        b'\t'..=b'\r' | b' ' => Some(1),
        // Blanks beyond ASCII are written with these in front, and nothing goes on with them.
        0xC2 | 0xE1..=0xE3 => {
            let char = text.get(at..)?.chars().next()?;
            char.is_whitespace().then_some(char.len_utf8())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_blank_is_one() {
        for char in '\0'..=char::MAX {
            let text = format!("é{char}é");
            let expected = char.is_whitespace().then_some(char.len_utf8());
            assert_eq!(blank(&text, 2), expected, "{}", char.escape_unicode());
            assert_eq!(blank(&text, 1), None, "inside a character");
        }
    }
}
