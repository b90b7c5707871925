//! Postal addresses.

use crate::span::Span;

/// Finds every address in `text`.
pub(super) fn find(_text: &str, _found: impl FnMut(Span)) {}
