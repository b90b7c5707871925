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
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let joins = next.start <= kept.end;
        if joins {
            kept.end = kept.end.max(next.end);
        }
        joins
    });
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
