//! Names of people.

use crate::span::Span;

/// Finds every name in `text`.
pub(super) fn find(_text: &str, _found: impl FnMut(Span)) {}
