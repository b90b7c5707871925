//! Where in a JSON document a scanner stands: whether under the field that was asked for, and under
//! which keys.

use crate::span::Span;

/// How far back a key may lie, in bytes of the judged text, before it is mentioned again: well
/// inside the 30 characters that a keyword reaches.
const MENTION_BYTES: usize = 16;

/// Containers above a value whose keys are mentioned.
const LEVELS: usize = 4;

/// Longest key that is mentioned again; no keyword is longer.
const KEY_BYTES_MAX: usize = 64;

/// The keys above a scanner.
pub(super) struct Path<'f> {
    field: Option<&'f str>,
    frames: Vec<Frame<'f>>,
    /// What of the field remains below the next value.
    next: Matched<'f>,
}

/// What remains of the field below a path; empty once it is matched whole.
type Matched<'f> = Option<&'f str>;

/// An open container.
struct Frame<'f> {
    matched: Matched<'f>,
    object: bool,
    /// Where the key of the current value stands in the judged text; objects only.
    key: Span,
    /// Where the judged text ended when the key was written last.
    mentioned: usize,
}

impl<'f> Path<'f> {
    pub(super) fn new(field: Option<&'f str>) -> Self {
        Self { field, frames: Vec::new(), next: Some(field.unwrap_or_default()) }
    }

    pub(super) fn open(&mut self, object: bool) {
        let key = Span::new(0, 0);
        self.frames.push(Frame { matched: self.next, object, key, mentioned: 0 });
    }

    pub(super) fn close(&mut self) {
        self.frames.pop();
        self.next = match self.frames.last() {
            Some(frame) => frame.matched,
            None => Some(self.field.unwrap_or_default()),
        };
    }

    pub(super) fn key(&mut self, key: &str) {
        if self.field.is_none() {
            return;
        }
        self.next = match self.frames.last().and_then(|frame| frame.matched) {
            Some("") => Some(""),
            Some(rest) if rest == key => Some(""),
            Some(rest) => rest.strip_prefix(key).and_then(|rest| rest.strip_prefix('.')),
            None => None,
        };
    }

    pub(super) fn is_covered(&self) -> bool {
        self.next == Some("")
    }

    /// Notes that the current key has just been written, as `key`, up to byte `end`.
    pub(super) fn mentioned(&mut self, key: Span, end: usize) {
        if let Some(frame) = self.frames.last_mut() {
            (frame.key, frame.mentioned) = (key, end);
        }
    }

    /// Writes again the keys above what comes next that lie too far back to be keywords for it: of
    /// an array, whose values stand one after the other, or of an object.
    pub(super) fn mention(&mut self, text: &mut String, separator: char) {
        let own = self.frames.last().is_some_and(|frame| frame.object);
        let above = self.frames.len() - usize::from(own);
        let first = above.saturating_sub(LEVELS);
        for frame in self.frames[first..above].iter_mut().filter(|frame| frame.object) {
            let far = text.len() - frame.mentioned > MENTION_BYTES;
            if far && (1..=KEY_BYTES_MAX).contains(&frame.key.len()) {
                text.extend_from_within(frame.key.range());
                text.push(separator);
                frame.mentioned = text.len();
            }
        }
    }

    /// Whether the next value is one of an array.
    pub(super) fn in_array(&self) -> bool {
        self.frames.last().is_some_and(|frame| !frame.object)
    }
}
