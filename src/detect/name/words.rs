//! Words as names spell them: where one ends, how it is capitalised, and its key in the table.

use super::fold::folded;
use crate::detect::word;
use crate::span::Span;

/// Longest word that is looked at, in bytes; the bound keeps the time linear.
const WORD_BYTES_MAX: usize = 64;
/// Longest key, in bytes; the rest of a longer word is left out of it.
const KEY_BYTES_MAX: usize = 40;

/// Words that may stand inside a name and count nothing.
pub(super) const PARTICLES: [&[u8]; 40] = [
    b"abu", b"af", b"al", b"av", b"ben", b"bin", b"bint", b"binti", b"da", b"das", b"de", b"del",
    b"della", b"dello", b"den", b"der", b"di", b"do", b"dos", b"du", b"e", b"el", b"ibn", b"i",
    b"la", b"las", b"le", b"los", b"op", b"san", b"ten", b"ter", b"thi", b"van", b"vom", b"von",
    b"vd", b"y", b"zu", b"zur",
];

/// Beginnings after which a name may have a second capital: `McDonald`, `LeBlanc`.
pub(super) const BEFORE_CAPITAL: [&[u8]; 16] = [
    b"al", b"ben", b"da", b"de", b"del", b"di", b"du", b"el", b"fitz", b"la", b"le", b"mac", b"mc",
    b"o", b"st", b"van",
];

/// How a word is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    Capitalised,
    Capitals,
    /// One capital letter, perhaps with a dot.
    Initial,
    Lower,
    Other,
}

/// One word of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// Without a possessive `'s`.
    pub(super) span: Span,
    /// Where the word ends with everything that belongs to it: the dot of an initial, an `'s`.
    pub(super) after: usize,
    pub(super) shape: Shape,
    /// A dot stands behind it, which may belong to it or end a sentence.
    pub(super) dot: bool,
    key: [u8; KEY_BYTES_MAX],
    key_len: usize,
}

impl Word {
    /// Lower case, without accents.
    pub(super) fn key(&self) -> &[u8] {
        &self.key[..self.key_len]
    }

    /// Whether it may stand inside a name without being a name.
    pub(super) fn is_particle(&self) -> bool {
        let plain = self.shape == Shape::Lower && self.span.len() == self.key_len;
        let written = plain
            || (matches!(self.shape, Shape::Capitalised | Shape::Capitals) && self.key_len <= 3);
        (written || (self.shape == Shape::Initial && !self.dot)) && PARTICLES.contains(&self.key())
    }

    /// The word that begins at byte `start`, which is at a character; none where no Latin letter
    /// is, or where the word is too long to be a name.
    pub(super) fn read(text: &str, start: usize) -> Option<Self> {
        let mut word = Self {
            span: Span::new(start, start),
            after: start,
            shape: Shape::Other,
            dot: false,
            key: [0; KEY_BYTES_MAX],
            key_len: 0,
        };
        let mut written = Written::default();
        let mut at = start;
        while let Some(c) = word::char_at(text, at) {
            let next = at + c.len_utf8();
            if is_mark(c) {
                // An accent of its own, behind its letter.
            } else if is_letter(c) {
                written.letter(c, word.part());
                word.push(c);
            } else if at > start && is_joint(c) && word::char_at(text, next).is_some_and(is_letter)
            {
                written.joint();
                word.push_byte(if c == '-' { b'-' } else { b'\'' });
            } else {
                break;
            }
            at = next;
            if at - start > WORD_BYTES_MAX {
                return None;
            }
        }
        if at == start {
            return None;
        }
        (word.span.end, word.after, word.shape) = (at, at, written.shape());
        word.dot = text.as_bytes().get(at) == Some(&b'.');
        if word.shape == Shape::Initial && word.dot {
            (word.span.end, word.after) = (at + 1, at + 1);
        } else if word.key().ends_with(b"'s") && word.key_len > 3 {
            word.key_len -= 2;
            let mark = if text.as_bytes()[at - 2] == b'\'' { 1 } else { '’'.len_utf8() };
            word.span.end = at - 1 - mark;
        }
        Some(word)
    }

    /// The letters since the last joint, as the key has them.
    fn part(&self) -> &[u8] {
        let key = self.key();
        let begin = key.iter().rposition(|byte| !byte.is_ascii_lowercase()).map_or(0, |at| at + 1);
        &key[begin..]
    }

    fn push(&mut self, c: char) {
        for byte in folded(c) {
            self.push_byte(*byte);
        }
    }

    fn push_byte(&mut self, byte: u8) {
        if let Some(place) = self.key.get_mut(self.key_len) {
            *place = byte;
            self.key_len += 1;
        }
    }
}

/// The letters of a word so far, as upper and lower case.
#[derive(Default)]
struct Written {
    letters: usize,
    lower: usize,
    part_upper_first: bool,
    part_letters: usize,
    part_lower: usize,
    part_has_inner_capital: bool,
    first_upper: bool,
    broken: bool,
}

impl Written {
    fn letter(&mut self, c: char, part: &[u8]) {
        let upper = if c.is_ascii() { c.is_ascii_uppercase() } else { c.is_uppercase() };
        self.first_upper |= self.letters == 0 && upper;
        if self.part_letters == 0 {
            self.part_upper_first = upper;
        } else if upper && self.part_upper_first && !self.part_has_inner_capital {
            self.part_has_inner_capital = true;
            self.broken |=
                !BEFORE_CAPITAL.contains(&part) || self.part_lower + 1 != self.part_letters;
        } else if upper {
            self.broken = true;
        }
        self.letters += 1;
        self.part_letters += 1;
        self.lower += usize::from(!upper);
        self.part_lower += usize::from(!upper);
    }

    fn joint(&mut self) {
        (self.part_letters, self.part_lower, self.part_has_inner_capital) = (0, 0, false);
    }

    fn shape(&self) -> Shape {
        match (self.letters, self.lower) {
            (1, 0) => Shape::Initial,
            (_, 0) => Shape::Capitals,
            (letters, lower) if letters == lower => Shape::Lower,
            _ if self.first_upper && !self.broken => Shape::Capitalised,
            _ => Shape::Other,
        }
    }
}

fn is_joint(c: char) -> bool {
    matches!(c, '\'' | '’' | '-')
}

/// Latin letters with and without accents, Vietnamese ones included.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' if c != '×' && c != '÷')
}

/// Accents that are characters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}
