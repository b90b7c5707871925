//! The anchored automaton of many patterns, packed into the fewest states and bytes.

use super::tables::IdentifierSet;

/// A state, by where its row begins; [`Walker::DEAD`] has no way on.
pub(super) type State = u16;

/// The tables. States that end a pattern come last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walker {
    pub(super) classes: &'static [u8; 256],
    /// A row for each state: the next state by class, then what ends in it, by index in `sets`.
    pub(super) rows: &'static [State],
    /// Numbers in a row.
    pub(super) stride: usize,
    pub(super) start: State,
    /// The first state that ends a pattern.
    pub(super) ending: State,
    /// The identifiers whose patterns end together, and for each pattern those of them that ask
    /// for it.
    pub(super) sets: &'static [(IdentifierSet, &'static [(u16, IdentifierSet)])],
}

impl Walker {
    /// No pattern can match any more.
    pub(super) const DEAD: State = 0;

    /// The state after `byte`.
    #[inline(always)]
    pub(super) fn next(&self, state: State, byte: u8) -> State {
        let class = usize::from(self.classes[usize::from(byte)]);
        self.rows[usize::from(state) + class]
    }

    /// The patterns that end in `state`, if any does.
    #[inline(always)]
    pub(super) fn ends(&self, state: State) -> Option<u16> {
        let ends = || self.rows[usize::from(state) + self.stride - 1];
        (state >= self.ending).then(ends)
    }

    /// Walks `bytes` from their beginning, and calls `at_end(length, patterns)` for each beginning
    /// of theirs that a pattern matches, the shortest first.
    #[inline(always)]
    pub(super) fn walk(&self, bytes: &[u8], mut at_end: impl FnMut(usize, u16)) {
        let mut state = self.start;
        for (before, byte) in bytes.iter().enumerate() {
            state = self.next(state, *byte);
            if let Some(set) = self.ends(state) {
                at_end(before + 1, set);
            } else if state == Self::DEAD {
                return;
            }
        }
    }
}
