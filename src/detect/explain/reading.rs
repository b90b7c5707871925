//! The two spellings of a text: as patterns read it, and as it was given.

use crate::detect::fold::Folded;
use crate::finding::{CharSpan, char_spans};
use crate::span::Span;

/// A text as patterns read it, and the original, in which positions are given.
pub(super) struct Reading<'t> {
    pub(super) text: &'t str,
    pub(super) original: &'t str,
    pub(super) folded: Option<&'t Folded>,
}

impl<'t> Reading<'t> {
    pub(super) fn plain(text: &'t str) -> Self {
        Self { text, original: text, folded: None }
    }

    pub(super) fn original(&self, span: Span) -> Span {
        self.folded.map_or(span, |folded| folded.original(span))
    }

    pub(super) fn chars(&self, span: Span) -> CharSpan {
        char_spans(self.original, [self.original(span)])[0]
    }
}
