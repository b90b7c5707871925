//! The text of one log event, before and after masking. The only place raw text can be touched.
//!
//! ```compile_fail
//! let raw = logveil::RawMessage::from("ssn 536-22-8145".to_owned());
//! println!("{raw}"); // raw text cannot be shown
//! ```
//!
//! ```compile_fail
//! let raw = logveil::RawMessage::from("ssn 536-22-8145".to_owned());
//! let text: &str = &raw; // nor borrowed as text
//! ```
//!
//! ```compile_fail
//! fn serialise<T: serde::Serialize>(_: &T) {}
//! serialise(&logveil::RawMessage::from("ssn 536-22-8145".to_owned())); // nor serialised
//! ```
//!
//! ```compile_fail
//! fn serialise<T: serde::Serialize>(_: &T) {}
//! fn any(message: &logveil::UnmaskedMessage) {
//!     serialise(message); // an unmasked message neither
//! }
//! ```
//!
//! ```compile_fail
//! fn deliver(_: &logveil::MaskedMessage) {}
//! deliver(&logveil::RawMessage::from("ssn 536-22-8145".to_owned())); // nor delivered
//! ```
//!
//! ```compile_fail
//! // A masked message cannot be made from text: only masking makes one.
//! let masked = logveil::MaskedMessage("ssn 536-22-8145".to_owned());
//! ```

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use zeroize::Zeroize;

use crate::span::Span;

/// What a masked character becomes.
// Choice: one per character (Unicode scalar value) of the span, separators included, so that
// positions in findings stay valid in the masked text. AWS says "asterisks" and no more.
pub(crate) const MASK: u8 = b'*';

/// Text as received. It has no `Display`, no `Clone`, no `Deref`; `Debug` prints its length only.
/// Dropping it overwrites the text.
pub struct RawMessage(String);

/// Text that is safe to show. Only masking makes one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MaskedMessage(String);

/// The text under the asterisks of one event. `Debug` prints counts only; dropping it overwrites
/// the text.
pub struct Originals {
    /// Where each stretch of asterisks lies in the masked text, in bytes.
    stars: Vec<Span>,
    /// The text of each stretch, one after the other.
    text: String,
    /// Where each stretch's text ends in `text`.
    ends: Vec<usize>,
}

/// What a read returns.
#[derive(Debug)]
pub enum Shown {
    /// To a caller without a grant, or an event that never had anything to mask.
    Masked(MaskedMessage),
    /// To a caller with a grant.
    Unmasked(UnmaskedMessage),
}

/// An original, for a caller who holds `logs:Unmask`. It has no text in `Debug`, no `Serialize`
/// and one method; dropping it overwrites the text.
pub struct UnmaskedMessage(String);

impl From<String> for RawMessage {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for RawMessage {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl RawMessage {
    /// A message from bytes: whatever is not UTF-8 is replaced by U+FFFD, once, here at the door.
    pub fn from_utf8_lossy(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self(text),
            Err(error) => {
                let mut bytes = error.into_bytes();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                bytes.zeroize();
                Self(text)
            }
        }
    }

    /// Length in bytes of UTF-8.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no character.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, for the detector only.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Overwrites each character inside `spans` by one `*`; the character count does not change.
    /// Takes the buffer: a clean message is moved, not copied.
    ///
    /// # Panics
    ///
    /// Panics unless `spans` are sorted, disjoint, not empty and on character boundaries.
    pub(crate) fn mask(mut self, spans: &[Span]) -> (MaskedMessage, Option<Originals>) {
        let mut text = std::mem::take(&mut self.0);
        if spans.is_empty() {
            return (MaskedMessage(text), None);
        }
        let originals = Originals::take(&text, spans);
        overwrite(&mut text, spans);
        (MaskedMessage(text), Some(originals))
    }
}

/// Overwrites a text and empties it; for buffers that were only ever added to.
pub(crate) fn wipe(text: &mut String) {
    text.as_mut_str().zeroize();
    text.clear();
}

/// The same with all that the buffer has room for. `String` itself does so byte by byte, which
/// takes as long as a scan.
pub(crate) fn wipe_room(text: &mut String) {
    let mut bytes = std::mem::take(text).into_bytes();
    bytes.as_mut_slice().zeroize();
    bytes.spare_capacity_mut().zeroize();
    bytes.clear();
    *text = String::from_utf8(bytes).unwrap_or_default();
}

impl Drop for RawMessage {
    fn drop(&mut self) {
        wipe_room(&mut self.0);
    }
}

impl fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawMessage({} bytes)", self.0.len())
    }
}

impl MaskedMessage {
    /// A masked message that the store kept; `None` unless it is UTF-8.
    pub(crate) fn stored(bytes: Vec<u8>) -> Option<Self> {
        String::from_utf8(bytes).ok().map(Self)
    }

    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MaskedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for MaskedMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Originals {
    fn take(text: &str, spans: &[Span]) -> Self {
        let mut originals = Self {
            stars: Vec::with_capacity(spans.len()),
            text: String::with_capacity(spans.iter().map(|span| span.len()).sum()),
            ends: Vec::with_capacity(spans.len()),
        };
        let mut shrunk = 0;
        for span in spans {
            let secret = slice(text, *span);
            let stars = secret.chars().count();
            let start = span.start - shrunk;
            originals.stars.push(Span::new(start, start + stars));
            originals.text.push_str(secret);
            originals.ends.push(originals.text.len());
            shrunk += secret.len() - stars;
        }
        originals
    }

    /// Puts the originals back under their asterisks.
    pub(crate) fn restore(&self, masked: &MaskedMessage) -> UnmaskedMessage {
        let mut text = String::with_capacity(masked.0.len() + self.text.len());
        let (mut shown, mut taken) = (0, 0);
        for (stars, end) in self.stars.iter().zip(&self.ends) {
            text.push_str(slice(&masked.0, Span::new(shown, stars.start)));
            text.push_str(slice(&self.text, Span::new(taken, *end)));
            (shown, taken) = (stars.end, *end);
        }
        text.push_str(slice(&masked.0, Span::new(shown, masked.0.len())));
        UnmaskedMessage(text)
    }
}

/// Originals as bytes, for the vault only: they leave memory sealed or not at all.
impl Originals {
    /// How many bytes [`Self::encode`] appends.
    pub(crate) fn encoded_len(&self) -> usize {
        let fields: usize = self.fields().flatten().map(number_len).sum();
        number_len(self.stars.len()) + fields + self.text.len()
    }

    /// Appends them to `out`, which must have room: growing it would leave a copy behind.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        assert!(out.capacity() - out.len() >= self.encoded_len(), "room for all originals");
        write_number(out, self.stars.len());
        self.fields().flatten().for_each(|field| write_number(out, field));
        out.extend_from_slice(self.text.as_bytes());
    }

    /// Reads what [`Self::encode`] wrote for `masked`; `None` when it is anything else.
    pub(crate) fn decode(mut bytes: &[u8], masked: &MaskedMessage) -> Option<Self> {
        let count = read_number(&mut bytes)?;
        let mut originals = Self { stars: Vec::new(), text: String::new(), ends: Vec::new() };
        let (mut shown, mut taken) = (0usize, 0usize);
        for _ in 0..count {
            let start = shown.checked_add(read_number(&mut bytes)?)?;
            let stars = read_number(&mut bytes)?;
            shown = start.checked_add(stars)?;
            taken = taken.checked_add(stars)?.checked_add(read_number(&mut bytes)?)?;
            let covered = masked.0.as_bytes().get(start..shown)?;
            if stars == 0 || covered.iter().any(|byte| *byte != MASK) {
                return None;
            }
            originals.stars.push(Span::new(start, shown));
            originals.ends.push(taken);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let cut_well = originals.ends.iter().all(|end| text.is_char_boundary(*end));
        if !cut_well || taken != text.len() {
            return None;
        }
        text.clone_into(&mut originals.text);
        Some(originals)
    }

    /// For each stretch: the bytes since the one before, its asterisks, and how many bytes more
    /// its text has.
    fn fields(&self) -> impl Iterator<Item = [usize; 3]> {
        let (mut shown, mut taken) = (0, 0);
        self.stars.iter().zip(&self.ends).map(move |(stars, end)| {
            let fields = [stars.start - shown, stars.len(), end - taken - stars.len()];
            (shown, taken) = (stars.end, *end);
            fields
        })
    }
}

impl Drop for Originals {
    fn drop(&mut self) {
        wipe_room(&mut self.text);
    }
}

impl fmt::Debug for Originals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Originals({} stretches, {} bytes)", self.stars.len(), self.text.len())
    }
}

impl Shown {
    /// The text as this caller may see it: may be an original when the read had a grant.
    pub fn reveal(&self) -> &str {
        match self {
            Self::Masked(message) => message.as_str(),
            Self::Unmasked(message) => message.reveal(),
        }
    }
}

impl UnmaskedMessage {
    /// The original text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for UnmaskedMessage {
    fn drop(&mut self) {
        wipe_room(&mut self.0);
    }
}

impl fmt::Debug for UnmaskedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnmaskedMessage({} bytes)", self.0.len())
    }
}

/// Bytes as text: what is not UTF-8 becomes U+FFFD. Borrowed when nothing was replaced.
pub fn text_from_utf8_lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Writes one asterisk over each character inside `spans`, in place and in one pass; the freed
/// tail is overwritten too, as it still holds raw bytes.
///
/// # Panics
///
/// Panics unless `spans` are sorted, disjoint, not empty and on character boundaries.
pub(crate) fn overwrite(text: &mut String, spans: &[Span]) {
    let mut last = 0;
    for span in spans {
        assert!(last <= span.start && !span.is_empty(), "spans are sorted, disjoint, not empty");
        let on_boundaries = text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
        assert!(on_boundaries, "spans lie on characters, inside the text");
        last = span.end;
    }
    let Some(first) = spans.first() else { return };
    let mut bytes = std::mem::take(text).into_bytes();
    let (mut write, mut read) = (first.start, first.start);
    for span in spans {
        if write < read {
            bytes.copy_within(read..span.start, write);
        }
        write += span.start - read;
        let chars = count_chars(&bytes[span.range()]);
        bytes[write..write + chars].fill(MASK);
        write += chars;
        read = span.end;
    }
    let len = bytes.len();
    if write < read {
        bytes.copy_within(read..len, write);
    }
    write += len - read;
    bytes[write..].fill(0);
    bytes.truncate(write);
    *text = String::from_utf8(bytes).unwrap_or_else(|_| unreachable!("masking keeps UTF-8"));
}

/// Appends `text` to `out`, with one asterisk for each character inside `spans`.
///
/// # Panics
///
/// Panics unless `spans` are sorted, disjoint, not empty and on character boundaries.
pub(crate) fn append_masked(out: &mut String, text: &str, spans: &[Span]) {
    const ASTERISKS: &str = "********************************";
    out.reserve(text.len());
    let mut end = 0;
    for span in spans {
        assert!(end <= span.start && !span.is_empty(), "spans are sorted, disjoint, not empty");
        out.push_str(slice(text, Span::new(end, span.start)));
        let masked = slice(text, *span);
        let ascii = masked.is_ascii();
        let mut chars = if ascii { masked.len() } else { count_chars(masked.as_bytes()) };
        while chars > 0 {
            let count = chars.min(ASTERISKS.len());
            out.push_str(&ASTERISKS[..count]);
            chars -= count;
        }
        end = span.end;
    }
    out.push_str(slice(text, Span::new(end, text.len())));
}

/// Characters in a stretch of valid UTF-8.
pub(crate) fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// Seven bits a byte, the lowest first; the last byte is below 128.
fn write_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number_len(number: usize) -> usize {
    (number.max(1).ilog2() / 7) as usize + 1
}

fn read_number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    // Five bytes hold more than the largest event; longer numbers are none that were written.
    for shift in [0, 7, 14, 21, 28] {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(first & 0x7F) << shift;
        if *first < 0x80 {
            return Some(number);
        }
    }
    None
}

/// `text[span]` whose panic does not print the text.
fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).expect("spans lie on characters, inside the text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(pairs: &[(usize, usize)]) -> Vec<Span> {
        pairs.iter().map(|&(start, end)| Span::new(start, end)).collect()
    }

    #[test]
    fn each_character_becomes_one_asterisk_and_comes_back() {
        let cases = [
            ("ssn 536-22-8145.", vec![(4, 15)], "ssn ***********."),
            ("née Öğretmen ok", vec![(5, 15)], "née ******** ok"),
            ("éé€𝄞x", vec![(2, 4), (7, 11)], "é*€*x"),
            ("ab", vec![(0, 1), (1, 2)], "**"),
            ("clean", vec![], "clean"),
        ];
        for (text, pairs, expected) in cases {
            let (masked, originals) = RawMessage::from(text).mask(&spans(&pairs));
            assert_eq!(masked.as_str(), expected);
            assert_eq!(originals.is_some(), !pairs.is_empty());
            if let Some(originals) = originals {
                assert_eq!(originals.restore(&masked).reveal(), text);
            }
        }
    }

    #[test]
    fn a_wiped_text_is_empty_and_keeps_its_room() {
        let mut text = "secret".repeat(10);
        text.truncate(5);
        let room = text.capacity();
        wipe_room(&mut text);
        assert_eq!((text.as_str(), text.capacity()), ("", room));
        text.push_str("other");
        wipe(&mut text);
        assert_eq!((text.as_str(), text.capacity()), ("", room));
    }

    #[test]
    fn originals_survive_as_bytes_and_nothing_else_is_taken_for_them() {
        let long = "x".repeat(300);
        let text = format!("née Öğretmen ok €𝄞 {long} end");
        let pairs = [(5, 15), (19, 26), (27, 27 + long.len())];
        let (masked, originals) = RawMessage::from(text.as_str()).mask(&spans(&pairs));
        let originals = originals.expect("three spans were masked");
        let mut bytes = Vec::with_capacity(originals.encoded_len());
        originals.encode(&mut bytes);
        assert_eq!(bytes.len(), originals.encoded_len());
        let back = Originals::decode(&bytes, &masked).expect("what was written");
        assert_eq!(back.restore(&masked).reveal(), text);

        for len in 0..bytes.len() {
            assert!(Originals::decode(&bytes[..len], &masked).is_none(), "{len} bytes of it");
        }
        for other in ["née".to_owned(), masked.as_str().replace('*', "x")] {
            let other = RawMessage::from(other).mask(&[]).0;
            assert!(Originals::decode(&bytes, &other).is_none());
        }
        // Whatever the bytes are, reading them does not panic, nor does restoring.
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                let read = Originals::decode(&bytes, &masked);
                read.iter().for_each(|read| drop(read.restore(&masked)));
            }
        }
    }

    #[test]
    fn debug_prints_lengths_only() {
        let raw = RawMessage::from("canary");
        assert_eq!(format!("{raw:?}"), "RawMessage(6 bytes)");
        let (masked, originals) = raw.mask(&spans(&[(0, 6)]));
        let originals = originals.expect("one span was masked");
        assert_eq!(format!("{originals:?}"), "Originals(1 stretches, 6 bytes)");
        let unmasked = originals.restore(&masked);
        assert_eq!(format!("{unmasked:?}"), "UnmaskedMessage(6 bytes)");
    }

    #[test]
    fn a_span_off_a_character_panics_without_the_text() {
        let panic = std::panic::catch_unwind(|| RawMessage::from("aé").mask(&spans(&[(0, 2)])));
        let payload = panic.expect_err("the span ends inside a character");
        let literal = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = literal.or_else(|| payload.downcast_ref::<String>().cloned());
        assert_eq!(text.as_deref(), Some("spans lie on characters, inside the text"));
    }
}
