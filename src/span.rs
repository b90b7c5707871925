//! Spans of bytes, and the one union of them.

use std::ops::Range;

/// A stretch of text in bytes: `start..end`, the end excluded. Never empty once it is a detection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    ///
    /// # Panics
    ///
    /// Panics when `end < start`.
    pub fn new(start: usize, end: usize) -> Self {
        assert!(start <= end, "a span ends at or after its start");
        Self { start, end }
    }

    /// The span as a range, to index bytes with.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Sorts `spans` and unites those that overlap or touch, in place: sorted and disjoint afterwards.
pub(crate) fn unite(spans: &mut Vec<Span>) {
    unite_from(spans, 0);
}

/// Like [`unite`], for the spans from index `first` on; the others stay as they are.
pub(crate) fn unite_from(spans: &mut Vec<Span>, first: usize) {
    spans[first..].sort_unstable();
    let mut kept = first;
    for next in first..spans.len() {
        let span = spans[next];
        if kept > first && span.start <= spans[kept - 1].end {
            spans[kept - 1].end = spans[kept - 1].end.max(span.end);
        } else {
            spans[kept] = span;
            kept += 1;
        }
    }
    spans.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unite_joins_overlapping_and_touching_spans() {
        let mut spans = [(5, 9), (0, 2), (2, 4), (7, 8), (20, 21), (8, 12), (30, 39), (32, 34)]
            .map(|(start, end)| Span::new(start, end))
            .to_vec();
        unite(&mut spans);
        let expected =
            [(0, 4), (5, 12), (20, 21), (30, 39)].map(|(start, end)| Span::new(start, end));
        assert_eq!(spans, expected);
    }
}
