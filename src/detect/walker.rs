//! The anchored automaton of many patterns, packed: the fewest states and bytes, with the
//! identifiers that can still be found from each state.

use super::tables::IdentifierSet;

/// A state; [`Walker::DEAD`] has no way on.
pub(super) type State = u16;

/// The tables. States that end a pattern are numbered last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walker {
    pub(super) classes: &'static [u8; 256],
    /// `state * stride + class` → state.
    pub(super) next: &'static [State],
    pub(super) stride: usize,
    pub(super) start: State,
    /// The first state that ends a pattern.
    pub(super) ending: State,
    /// For each state from `ending` on, the index of its patterns in `sets`.
    pub(super) ends: &'static [u16],
    /// The patterns that end together, and their identifiers.
    pub(super) sets: &'static [(IdentifierSet, &'static [u16])],
    /// For each state, the index in `reach` of the identifiers that it can lead to.
    pub(super) reaches: &'static [u16],
    pub(super) reach: &'static [IdentifierSet],
}

impl Walker {
    /// No pattern can match any more.
    pub(super) const DEAD: State = 0;

    /// The state after `byte`.
    #[inline(always)]
    pub(super) fn next(&self, state: State, byte: u8) -> State {
        let class = usize::from(self.classes[usize::from(byte)]);
        self.next[usize::from(state) * self.stride + class]
    }

    /// The patterns that end in `state`, if any does.
    #[inline(always)]
    pub(super) fn ends(&self, state: State) -> Option<u16> {
        let index = state.checked_sub(self.ending)?;
        Some(self.ends[usize::from(index)])
    }

    /// The identifiers whose patterns may still match.
    #[inline(always)]
    pub(super) fn reach(&self, state: State) -> IdentifierSet {
        self.reach[usize::from(self.reaches[usize::from(state)])]
    }
}
