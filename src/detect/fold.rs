//! Texts as they would be written in ASCII: typographic spaces and dashes, full-width letters and
//! digits, and the escapes of a URL beside digits are read as what they stand for. Managed
//! identifiers are looked for in the folded text, and found where they stand in the original.

use std::fmt;

use crate::message::wipe;
use crate::span::Span;

/// The last text that had to be folded, and where its characters came from. Overwritten when it is
/// dropped.
#[derive(Default)]
pub(super) struct Folded {
    text: String,
    /// `(byte of the folded text, bytes lost before it)`, ascending.
    lost: Vec<(usize, usize)>,
}

impl Folded {
    /// Folds `text`; false if it is as it would be.
    pub(super) fn fill(&mut self, text: &str) -> bool {
        wipe(&mut self.text);
        self.lost.clear();
        let bytes = text.as_bytes();
        if !bytes.iter().any(|byte| *byte >= 0x80 || *byte == b'%') {
            return false;
        }
        let (mut copied, mut lost, mut at) = (0, 0, 0);
        while at < bytes.len() {
            let Some((plain, len)) = plain_at(text, at) else {
                at += 1;
                continue;
            };
            // Room for all of it at once: growing would leave copies behind.
            self.text.reserve(bytes.len() - self.text.len());
            self.text.push_str(text.get(copied..at).expect("between characters"));
            self.text.push(plain);
            (at, lost) = (at + len, lost + len - 1);
            copied = at;
            self.lost.push((self.text.len(), lost));
        }
        if lost > 0 {
            self.text.push_str(text.get(copied..).expect("behind a character"));
        }
        lost > 0
    }

    pub(super) fn forget(&mut self) {
        wipe(&mut self.text);
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where a stretch of the folded text stands in the original.
    pub(super) fn original(&self, span: Span) -> Span {
        Span::new(self.original_at(span.start), self.original_at(span.end))
    }

    fn original_at(&self, at: usize) -> usize {
        let before = self.lost.partition_point(|(folded, _)| *folded <= at);
        at + before.checked_sub(1).map_or(0, |last| self.lost[last].1)
    }
}

impl Drop for Folded {
    fn drop(&mut self) {
        wipe(&mut self.text);
    }
}

impl fmt::Debug for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Folded({} bytes)", self.text.len())
    }
}

/// Whether the character or escape at byte `at` is folded.
pub(super) fn folds_at(text: &str, at: usize) -> bool {
    // The first bytes of those that are, so that most texts in other scripts cost little.
    matches!(text.as_bytes()[at], b'%' | 0xC2 | 0xE2 | 0xE3 | 0xEF) && plain_at(text, at).is_some()
}

/// What the character or escape at byte `at` stands for, and its length in bytes.
fn plain_at(text: &str, at: usize) -> Option<(char, usize)> {
    match text.as_bytes()[at] {
        b'%' => Some((unescape(text.as_bytes(), at)?, 3)),
        0xC0.. => {
            let c = text.get(at..)?.chars().next()?;
            Some((plain(c)?, c.len_utf8()))
        }
        _ => None,
    }
}

/// The character of ASCII that `c` is a form of.
// Choice: full-width and typographic forms are those that forms, word processors and web pages
// write in numbers: U+00A0 and U+2000 to U+200A, U+202F, U+205F and U+3000 for a space, U+2010 to
// U+2015, U+2212, U+FE58 and U+FE63 for a dash, U+FF01 to U+FF5E for ASCII itself.
fn plain(c: char) -> Option<char> {
    match c {
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => Some('-'),
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        _ => None,
    }
}

/// The separator that an escape stands for beside a digit.
fn unescape(bytes: &[u8], at: usize) -> Option<char> {
    let [high, low] = *bytes.get(at + 1..at + 3)? else { return None };
    let before = at.checked_sub(1).map_or(b' ', |last| bytes[last]);
    let after = bytes.get(at + 3).copied().unwrap_or(b' ');
    let plain = match (high, low.to_ascii_uppercase()) {
        (b'2', b'0') => ' ',
        (b'2', b'8') => '(',
        (b'2', b'9') => ')',
        (b'2', b'B') if after.is_ascii_digit() => '+',
        (b'2', b'C') => ',',
        (b'2', b'D') => '-',
        (b'2', b'F') => '/',
        _ => return None,
    };
    let sign = plain == ' ' && after == b'-';
    (before.is_ascii_digit() || after.is_ascii_digit() || sign).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_the_folded_text_lead_back() {
        for (text, folded) in [
            ("ssn 536‑22–8145.", "ssn 536-22-8145."),
            ("ＳＳＮ ５３６", "SSN 536"),
            ("a\u{A0}b\u{202F}c\u{3000}", "a b c "),
            ("tel=%28212%29%20555%2D0134", "tel=(212) 555-0134"),
            ("to=%2B44%207&x=%2B", "to=+44 7&x=%2B"),
            ("41.9%2C%20-87.6", "41.9, -87.6"),
            ("1%20jane%40example.com&x=%20", "1 jane%40example.com&x=%20"),
            ("%2%20%4é", "%2 %4é"),
        ] {
            let mut fold = Folded::default();
            assert!(fold.fill(text), "{text}");
            assert!((0..text.len()).any(|at| folds_at(text, at)), "{text}");
            assert_eq!(fold.text(), folded);
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let back = |at| fold.original(Span::new(at, at)).start;
            assert_eq!(back(folded.len()), text.len(), "{text}");
            assert!(folded.char_indices().all(|(at, _)| starts.contains(&back(at))), "{text}");
        }
        let mut fold = Folded::default();
        assert!(fold.fill("ssn 536‑22–8145."));
        assert_eq!(fold.original(Span::new(4, 15)), Span::new(4, 19));
        assert!(!format!("{fold:?}").contains("536"), "raw text is not printed");
    }

    #[test]
    fn plain_texts_are_not_folded() {
        for text in ["", "ssn 536-22-8145", "Straße 5", "100% of", "a%20b", "%", "9%2"] {
            assert!(!Folded::default().fill(text), "{text}");
            assert!(!(0..text.len()).any(|at| folds_at(text, at)), "{text}");
        }
    }
}
