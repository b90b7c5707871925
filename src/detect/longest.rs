//! Leftmost-longest matches of one automaton, non-overlapping, in linear time.
//!
//! Looking for the longest match from each start in turn is quadratic for `a.*b|a` on `aaaa…`:
//! each start looks for a `b` to the end of the text. When such looking in vain has cost a few
//! times the text's length, a pass from the right notes from which states a match still lies
//! ahead (the idea of Reps, "Maximal-munch tokenization in linear time", 1998, turned around), and
//! no step is in vain any more.

use std::collections::HashMap;
use std::ops::Range;

use crate::automaton::{Automaton, DEAD, State};
use crate::span::Span;

/// Steps in vain that are put up with: this many a byte.
const PATIENCE: usize = 8;

/// Positions between two sets that are kept.
const BLOCK: usize = 1024;

/// Words of 64 bits that remembered sets may take (32 MiB), before and beside one block's.
const SETS_WORDS_MAX: usize = 4 << 20;

/// Calls `found` for each match. Cost: linear in the text; for texts that try it, each new set of
/// states costs a step per state, and the memory is a bit per state for every 1,024th byte and for
/// the sets remembered.
pub(super) fn find_longest(automaton: &Automaton, text: &[u8], found: impl FnMut(Span)) {
    Search::new(text).look(automaton, text, 0..text.len(), found);
}

/// One search through one text, for callers that know where matches may begin.
pub(super) struct Search {
    /// No match begins before this byte but those that were found.
    settled: usize,
    patience: usize,
}

impl Search {
    pub(super) fn new(text: &[u8]) -> Self {
        Self { settled: 0, patience: PATIENCE * text.len() + BLOCK }
    }

    /// Calls `found` for the matches that begin at `places`, which come in ascending order from
    /// call to call. Others may be among them: those of the whole text, from some place on.
    pub(super) fn look(
        &mut self,
        automaton: &Automaton,
        text: &[u8],
        places: Range<usize>,
        mut found: impl FnMut(Span),
    ) {
        let mut at = places.start.max(self.settled);
        while at < places.end {
            if !automaton.may_start_with(text[at]) {
                at += 1;
                continue;
            }
            let (end, stop) = longest_from(automaton, text, at);
            let useful = end.unwrap_or(at + 1);
            if let Some(end) = end {
                found(Span::new(at, end));
            }
            at = useful;
            let vain = stop.saturating_sub(useful);
            match self.patience.checked_sub(vain) {
                Some(rest) => self.patience = rest,
                None => {
                    self.settled = text.len();
                    return Guided::new(automaton, text, at).find(&mut found);
                }
            }
        }
        self.settled = self.settled.max(at);
    }
}

/// The longest match from `from`, and how far was looked.
fn longest_from(automaton: &Automaton, text: &[u8], from: usize) -> (Option<usize>, usize) {
    let mut state = automaton.start(from);
    let mut end = None;
    for at in from..text.len() {
        state = automaton.next(state, text[at]);
        if state == DEAD {
            return (end, at);
        }
        if !automaton.ends(state, at + 1 == text.len()).is_empty() {
            end = Some(at + 1);
        }
    }
    (end, text.len())
}

/// The search that knows what lies ahead. `Set`s are rows of bits, one per state: the states from
/// which a match ends further on.
struct Guided<'t> {
    automaton: &'t Automaton,
    text: &'t [u8],
    from: usize,
    words: usize,
    sets: Vec<u64>,
    numbers: HashMap<Box<[u64]>, Set>,
    steps: HashMap<(Set, u8), Set>,
}

/// The number of a row in `Guided::sets`.
type Set = u32;

/// No state: nothing lies ahead of the end of the text.
const NOTHING: Set = 0;

impl<'t> Guided<'t> {
    fn new(automaton: &'t Automaton, text: &'t [u8], from: usize) -> Self {
        let words = automaton.states().div_ceil(64);
        let (sets, numbers, steps) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut guided = Self { automaton, text, from, words, sets, numbers, steps };
        guided.forget();
        guided
    }

    fn find(&mut self, found: &mut impl FnMut(Span)) {
        let blocks = self.block_ends();
        let mut ahead = Vec::with_capacity(BLOCK);
        let mut run: Option<(usize, State)> = None;
        let (mut start, mut block) = (self.from, 0);
        while start < self.text.len() {
            let end = (start + BLOCK).min(self.text.len());
            self.fill(&mut ahead, start, end, &blocks[block]);
            for at in start..end {
                let ahead = ahead[end - 1 - at];
                if let Some((from, state)) = run
                    && !self.contains(ahead, state)
                {
                    found(Span::new(from, at));
                    run = None;
                }
                let (from, state) = run.unwrap_or((at, self.automaton.start(at)));
                run = self
                    .contains(ahead, state)
                    .then(|| (from, self.automaton.next(state, self.text[at])));
            }
            (start, block) = (end, block + 1);
        }
        if let Some((from, _)) = run {
            found(Span::new(from, self.text.len()));
        }
    }

    /// The set at the end of each block, found from the right.
    fn block_ends(&mut self) -> Vec<Box<[u64]>> {
        let mut set = NOTHING;
        let mut ends = vec![self.row(set).into()];
        for at in (self.from..self.text.len()).rev() {
            set = self.step(at, set);
            if (at - self.from).is_multiple_of(BLOCK) && at > self.from {
                ends.push(self.row(set).into());
                set = self.forget_if_many(set);
            }
        }
        ends.reverse();
        ends
    }

    /// The sets of `start..end`, the last position's first, from the one at `end`.
    fn fill(&mut self, ahead: &mut Vec<Set>, start: usize, end: usize, at_end: &[u64]) {
        ahead.clear();
        let mut set = self.number(at_end.into());
        set = self.forget_if_many(set);
        for at in (start..end).rev() {
            set = self.step(at, set);
            ahead.push(set);
        }
    }

    /// From the states that have a match ahead after byte `at`, those that have one before it.
    fn step(&mut self, at: usize, after: Set) -> Set {
        if at + 1 == self.text.len() {
            return self.compute(at, after);
        }
        let key = (after, self.automaton.class(self.text[at]));
        match self.steps.get(&key) {
            Some(set) => *set,
            None => {
                let set = self.compute(at, after);
                self.steps.insert(key, set);
                set
            }
        }
    }

    fn compute(&mut self, at: usize, after: Set) -> Set {
        let mut before = vec![0; self.words].into_boxed_slice();
        let eoi = at + 1 == self.text.len();
        for state in 1..State::try_from(self.automaton.states()).expect("numbered in 32 bits") {
            let next = self.automaton.next(state, self.text[at]);
            let ends = || !self.automaton.ends(next, eoi).is_empty();
            if next != DEAD && (self.contains(after, next) || ends()) {
                before[state as usize / 64] |= 1 << (state % 64);
            }
        }
        self.number(before)
    }

    fn number(&mut self, row: Box<[u64]>) -> Set {
        let fresh = Set::try_from(self.numbers.len()).expect("few sets are kept");
        if let Some(known) = self.numbers.get(&row) {
            return *known;
        }
        self.sets.extend_from_slice(&row);
        self.numbers.insert(row, fresh);
        fresh
    }

    fn row(&self, set: Set) -> &[u64] {
        &self.sets[set as usize * self.words..(set as usize + 1) * self.words]
    }

    fn contains(&self, set: Set, state: State) -> bool {
        self.row(set)[state as usize / 64] >> (state % 64) & 1 == 1
    }

    /// Bounds the memory: between blocks nothing but one set need be known.
    fn forget_if_many(&mut self, set: Set) -> Set {
        if self.sets.len() < SETS_WORDS_MAX {
            return set;
        }
        let row: Box<[u64]> = self.row(set).into();
        self.forget();
        self.number(row)
    }

    fn forget(&mut self) {
        self.sets.clear();
        self.numbers.clear();
        self.steps.clear();
        let nothing = self.number(vec![0; self.words].into());
        assert_eq!(nothing, NOTHING, "the first set is the empty one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automaton::Budget;

    fn guided(automaton: &Automaton, text: &[u8]) -> Vec<Span> {
        let mut spans = Vec::new();
        Guided::new(automaton, text, 0).find(&mut |span| spans.push(span));
        spans
    }

    fn naive(automaton: &Automaton, text: &[u8]) -> Vec<Span> {
        let (mut spans, mut at) = (Vec::new(), 0);
        while at < text.len() {
            match longest_from(automaton, text, at).0 {
                Some(end) => {
                    spans.push(Span::new(at, end));
                    at = end;
                }
                None => at += 1,
            }
        }
        spans
    }

    #[test]
    fn the_guided_search_agrees_with_the_naive_one() {
        let patterns = [
            "a.*b|a",
            "a{2,5}b",
            "[ab]*ab|b",
            "^a|a$",
            "ab|abab|ba",
            "a[ab]{30}a[ab]*|ab",
            ".{3}b",
        ];
        let mut seed = 0x9E37_79B9_7F4A_7C15u64;
        for pattern in patterns {
            let automaton =
                Automaton::compile(&[pattern], Budget::of_bytes(1 << 20)).expect("small");
            for len in [0, 1, 2, 7, 40, 200, BLOCK - 1, BLOCK, BLOCK + 1, 3000] {
                let text: Vec<u8> = (0..len)
                    .map(|_| {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        b"aab\nc"[(seed >> 33) as usize % 5]
                    })
                    .collect();
                let expected = naive(&automaton, &text);
                assert_eq!(guided(&automaton, &text), expected, "{pattern} on {len} bytes");
                let mut spans = Vec::new();
                find_longest(&automaton, &text, |span| spans.push(span));
                assert_eq!(spans, expected, "{pattern} on {len} bytes");
            }
        }
    }

    #[test]
    fn looking_in_vain_stays_linear() {
        let automaton = Automaton::compile(&["a.*b|a"], Budget::of_bytes(1 << 20)).expect("small");
        let text = vec![b'a'; 1 << 20];
        let mut count = 0;
        find_longest(&automaton, &text, |_| count += 1);
        assert_eq!(count, text.len());
    }
}
