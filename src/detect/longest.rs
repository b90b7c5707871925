//! Leftmost-longest matches of one automaton, non-overlapping, in linear time.
//!
//! Looking for the longest match from each start in turn is quadratic for `a.*b|a` on `aaaa…`:
//! each start looks for a `b` to the end of the text. When such looking in vain has cost a few
//! times the text's length, a pass from the right notes from which states a match still lies
//! ahead (the idea of Reps, "Maximal-munch tokenization in linear time", 1998, turned around), and
//! no step is in vain any more.

use crate::automaton::{Automaton, DEAD, State};
use crate::span::Span;

/// Steps in vain that are put up with: this many a byte.
const PATIENCE: usize = 8;

/// Positions between two noted sets.
const BLOCK: usize = 1024;

/// Calls `found` for each match. Cost: linear in the text, times the automaton's states for texts
/// that try it; the memory then is 2 bits a state for every 1,024th byte, and 1,024 sets more.
pub(super) fn find_longest(automaton: &Automaton, text: &[u8], mut found: impl FnMut(Span)) {
    let mut patience = PATIENCE * text.len() + BLOCK;
    let mut at = 0;
    while at < text.len() {
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
        match patience.checked_sub(vain) {
            Some(rest) => patience = rest,
            None => return Guided::new(automaton, text, at).find(&mut found),
        }
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

/// The search that knows what lies ahead.
struct Guided<'t> {
    automaton: &'t Automaton,
    text: &'t [u8],
    from: usize,
    words: usize,
}

impl<'t> Guided<'t> {
    fn new(automaton: &'t Automaton, text: &'t [u8], from: usize) -> Self {
        Self { automaton, text, from, words: automaton.states().div_ceil(64) }
    }

    fn find(&self, found: &mut impl FnMut(Span)) {
        let blocks = self.block_ends();
        let mut sets = vec![0; (BLOCK + 1) * self.words];
        let mut run: Option<(usize, State)> = None;
        let (mut start, mut block) = (self.from, 0);
        while start < self.text.len() {
            let end = (start + BLOCK).min(self.text.len());
            self.fill(&mut sets, start, end, &blocks[block]);
            for at in start..end {
                let ahead = &sets[(at - start) * self.words..(at - start + 1) * self.words];
                if let Some((from, state)) = run
                    && !contains(ahead, state)
                {
                    found(Span::new(from, at));
                    run = None;
                }
                let (from, state) = run.unwrap_or((at, self.automaton.start(at)));
                run = contains(ahead, state)
                    .then(|| (from, self.automaton.next(state, self.text[at])));
            }
            (start, block) = (end, block + 1);
        }
        if let Some((from, _)) = run {
            found(Span::new(from, self.text.len()));
        }
    }

    /// The set at the end of each block, found from the right.
    fn block_ends(&self) -> Vec<Vec<u64>> {
        let mut set = vec![0; self.words];
        let mut before = vec![0; self.words];
        let mut ends = vec![set.clone()];
        for at in (self.from..self.text.len()).rev() {
            self.step(at, &set, &mut before);
            std::mem::swap(&mut set, &mut before);
            if (at - self.from).is_multiple_of(BLOCK) && at > self.from {
                ends.push(set.clone());
            }
        }
        ends.reverse();
        ends
    }

    /// The sets of `start..end`, from the one at `end`.
    fn fill(&self, sets: &mut [u64], start: usize, end: usize, at_end: &[u64]) {
        let words = self.words;
        sets[(end - start) * words..(end - start + 1) * words].copy_from_slice(at_end);
        for at in (start..end).rev() {
            let (left, right) = sets.split_at_mut((at - start + 1) * words);
            self.step(at, &right[..words], &mut left[(at - start) * words..]);
        }
    }

    /// From the states that have a match ahead after byte `at`, those that have one before it.
    fn step(&self, at: usize, after: &[u64], before: &mut [u64]) {
        before.fill(0);
        let eoi = at + 1 == self.text.len();
        for state in 1..State::try_from(self.automaton.states()).expect("numbered in 32 bits") {
            let next = self.automaton.next(state, self.text[at]);
            if next != DEAD && (contains(after, next) || !self.automaton.ends(next, eoi).is_empty())
            {
                before[state as usize / 64] |= 1 << (state % 64);
            }
        }
    }
}

fn contains(set: &[u64], state: State) -> bool {
    set[state as usize / 64] >> (state % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let automaton = Automaton::compile(&[pattern], 1 << 20).expect("small");
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
        let automaton = Automaton::compile(&["a.*b|a"], 1 << 20).expect("small");
        let text = vec![b'a'; 1 << 20];
        let mut count = 0;
        find_longest(&automaton, &text, |_| count += 1);
        assert_eq!(count, text.len());
    }
}
