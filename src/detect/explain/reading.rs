//! The two spellings of a text: as patterns read it, and as it was given.

use crate::detect::fold::Folded;
use crate::finding::CharSpan;
use crate::message::count_chars;
use crate::span::Span;

/// Bytes between two places whose characters are counted beforehand.
const STEP_BYTES: usize = 256;

/// A text as patterns read it, and the original, in which positions are given.
pub(super) struct Reading<'t> {
    pub(super) text: &'t str,
    pub(super) original: &'t str,
    folded: Option<&'t Folded>,
    /// Characters of the original before every [`STEP_BYTES`]th byte: counting from the start of
    /// the text for each position would take quadratic time.
    chars_before: Vec<usize>,
}

impl<'t> Reading<'t> {
    pub(super) fn plain(text: &'t str) -> Self {
        Self::new(text, text, None)
    }

    pub(super) fn folded(folded: &'t Folded, original: &'t str) -> Self {
        Self::new(folded.text(), original, Some(folded))
    }

    fn new(text: &'t str, original: &'t str, folded: Option<&'t Folded>) -> Self {
        let mut chars_before = Vec::with_capacity(original.len() / STEP_BYTES + 1);
        let mut chars = 0;
        for step in original.as_bytes().chunks(STEP_BYTES) {
            chars_before.push(chars);
            chars += count_chars(step);
        }
        Self { text, original, folded, chars_before }
    }

    pub(super) fn original(&self, span: Span) -> Span {
        self.folded.map_or(span, |folded| folded.original(span))
    }

    pub(super) fn chars(&self, span: Span) -> CharSpan {
        let span = self.original(span);
        CharSpan { start: self.chars_until(span.start), end: self.chars_until(span.end) }
    }

    /// Characters of the original before byte `at`.
    fn chars_until(&self, at: usize) -> usize {
        let step = (at / STEP_BYTES).min(self.chars_before.len().saturating_sub(1));
        let counted = self.chars_before.get(step).copied().unwrap_or_default();
        counted + count_chars(&self.original.as_bytes()[step * STEP_BYTES..at])
    }
}
