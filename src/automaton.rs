//! An anchored multi-pattern DFA as plain tables: from one start it reports every end of every
//! pattern. Determinisation is `regex-automata`'s; the tables are ours because they know an end
//! before the next byte is read, which keeps walks short and lets policies share them.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// A state; [`DEAD`] has no way on.
pub(crate) type State = u32;

/// No pattern can match any more.
pub(crate) const DEAD: State = 0;

/// The tables. Cost of a walk: one look-up a byte, no allocation.
#[derive(Debug)]
pub(crate) struct Automaton {
    classes: [u8; 256],
    stride: usize,
    /// `state * stride + class` → state.
    next: Vec<State>,
    /// State → index in `sets` of the patterns that end here, whatever follows.
    ends: Vec<u32>,
    /// State → index in `sets` of the patterns that end here when the text does.
    ends_at_eoi: Vec<u32>,
    sets: Vec<Vec<u16>>,
    start_of_text: State,
    start: State,
    first: [bool; 256],
}

/// The compiled form would be larger than the limit.
#[derive(Debug)]
pub(crate) struct TooLarge;

impl Automaton {
    /// Compiles `patterns` (the `regex` syntax, no look-around but `^` and `$`) into tables of at
    /// most about `bytes_max` bytes.
    pub(crate) fn compile(patterns: &[&str], bytes_max: usize) -> Result<Self, TooLarge> {
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::All)
                    .accelerate(false)
                    .dfa_size_limit(Some(bytes_max))
                    .determinize_size_limit(Some(bytes_max)),
            )
            .syntax(syntax::Config::new().utf8(true))
            .thompson(thompson::Config::new().nfa_size_limit(Some(bytes_max)))
            .build_many(patterns)
            .map_err(|_| TooLarge)?;
        Ok(Tables::new(&dfa).build())
    }

    /// The state before the first byte of a walk that starts at byte `at` of the text.
    pub(crate) fn start(&self, at: usize) -> State {
        if at == 0 { self.start_of_text } else { self.start }
    }

    /// The class of `byte`: bytes of one class lead to the same states.
    pub(crate) fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// The state after `byte`.
    pub(crate) fn next(&self, state: State, byte: u8) -> State {
        self.next[state as usize * self.stride + usize::from(self.classes[usize::from(byte)])]
    }

    /// The patterns that end in `state`; `eoi` when the text ends here too.
    pub(crate) fn ends(&self, state: State, eoi: bool) -> &[u16] {
        let table = if eoi { &self.ends_at_eoi } else { &self.ends };
        &self.sets[table[state as usize] as usize]
    }

    /// Whether a walk may start with `byte`.
    pub(crate) fn may_start_with(&self, byte: u8) -> bool {
        self.first[usize::from(byte)]
    }

    /// How many states there are, the dead one included.
    pub(crate) fn states(&self) -> usize {
        self.ends.len()
    }

    /// Walks `text` from `from`, and calls `at_end(end, patterns)` at every end, shortest first.
    pub(crate) fn walk(&self, text: &[u8], from: usize, mut at_end: impl FnMut(usize, &[u16])) {
        let mut state = self.start(from);
        for (at, byte) in text.iter().enumerate().skip(from) {
            state = self.next(state, *byte);
            if state == DEAD {
                return;
            }
            let ends = self.ends(state, at + 1 == text.len());
            if !ends.is_empty() {
                at_end(at + 1, ends);
            }
        }
    }
}

/// Copies a dense DFA, one byte class and one state at a time.
struct Tables<'d> {
    dfa: &'d dense::DFA<Vec<u32>>,
    /// One byte of each class.
    representatives: Vec<u8>,
    classes: [u8; 256],
    numbers: HashMap<StateID, State>,
    queue: Vec<StateID>,
    sets: HashMap<Vec<u16>, u32>,
}

impl<'d> Tables<'d> {
    fn new(dfa: &'d dense::DFA<Vec<u32>>) -> Self {
        let mut classes = [0; 256];
        let mut representatives = Vec::new();
        let mut seen: HashMap<u8, u8> = HashMap::new();
        for byte in 0..=255u8 {
            let class = *seen.entry(dfa.byte_classes().get(byte)).or_insert_with(|| {
                representatives.push(byte);
                u8::try_from(representatives.len() - 1).expect("at most 256 classes")
            });
            classes[usize::from(byte)] = class;
        }
        let sets = HashMap::from([(Vec::new(), 0)]);
        Self { dfa, representatives, classes, numbers: HashMap::new(), queue: Vec::new(), sets }
    }

    fn build(mut self) -> Automaton {
        let start = |before: Option<u8>| {
            let config = start::Config::new().anchored(Anchored::Yes).look_behind(before);
            self.dfa.start_state(&config).expect("the automaton is anchored")
        };
        let (at_text, inside) = (start(None), start(Some(b'a')));
        let (start_of_text, start) = (self.number(at_text), self.number(inside));
        let stride = self.representatives.len();
        let (mut next, mut ends, mut ends_at_eoi) = (vec![DEAD; stride], vec![0], vec![0]);
        let mut done = 0;
        while done < self.queue.len() {
            let state = self.queue[done];
            done += 1;
            for class in 0..stride {
                let to = self.dfa.next_state(state, self.representatives[class]);
                next.push(self.number(to));
            }
            // A state of the library that reports an end does so one byte late.
            let after = self.dfa.next_state(state, self.representatives[0]);
            ends.push(self.set(after));
            ends_at_eoi.push(self.set(self.dfa.next_eoi_state(state)));
        }
        let mut sets = vec![Vec::new(); self.sets.len()];
        for (set, number) in self.sets {
            sets[number as usize] = set;
        }
        let mut automaton = Automaton {
            classes: self.classes,
            stride,
            next,
            ends,
            ends_at_eoi,
            sets,
            start_of_text,
            start,
            first: [false; 256],
        };
        automaton.drop_hopeless_states();
        for byte in 0..=255u8 {
            automaton.first[usize::from(byte)] =
                [start_of_text, start].iter().any(|from| automaton.next(*from, byte) != DEAD);
        }
        automaton
    }

    fn number(&mut self, state: StateID) -> State {
        if self.dfa.is_dead_state(state) || self.dfa.is_quit_state(state) {
            return DEAD;
        }
        let next = State::try_from(self.numbers.len() + 1).expect("the size is limited");
        *self.numbers.entry(state).or_insert_with(|| {
            self.queue.push(state);
            next
        })
    }

    fn set(&mut self, state: StateID) -> u32 {
        let mut patterns = Vec::new();
        if self.dfa.is_match_state(state) {
            for index in 0..self.dfa.match_len(state) {
                let pattern = self.dfa.match_pattern(state, index).as_usize();
                patterns.push(u16::try_from(pattern).expect("fewer than 65,536 patterns"));
            }
            patterns.sort_unstable();
        }
        let next = u32::try_from(self.sets.len()).expect("the size is limited");
        *self.sets.entry(patterns).or_insert(next)
    }
}

impl Automaton {
    /// Sends transitions into states from which no end can be reached to [`DEAD`]: the library's
    /// states for "the end was one byte ago" are such.
    fn drop_hopeless_states(&mut self) {
        let states = self.states();
        let mut hopeful: Vec<bool> =
            (0..states).map(|s| self.ends[s] != 0 || self.ends_at_eoi[s] != 0).collect();
        loop {
            let mut changed = false;
            for state in (1..states).rev() {
                let row = &self.next[state * self.stride..(state + 1) * self.stride];
                if !hopeful[state] && row.iter().any(|to| hopeful[*to as usize]) {
                    hopeful[state] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for to in &mut self.next {
            if !hopeful[*to as usize] {
                *to = DEAD;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(patterns: &[&str], text: &str, from: usize) -> Vec<(usize, Vec<u16>)> {
        let automaton = Automaton::compile(patterns, 1 << 20).expect("small patterns");
        let mut found = Vec::new();
        automaton.walk(text.as_bytes(), from, |end, set| found.push((end, set.to_vec())));
        found
    }

    #[test]
    fn every_end_of_every_pattern_is_reported() {
        assert_eq!(
            ends(&["[0-9]{2,4}", "1.3"], "12345", 0),
            [(2, vec![0]), (3, vec![0, 1]), (4, vec![0])]
        );
    }

    #[test]
    fn anchors_mean_the_ends_of_the_text() {
        assert_eq!(ends(&["^a", "a$"], "aa", 0), [(1, vec![0])]);
        assert_eq!(ends(&["^a", "a$"], "aa", 1), [(2, vec![1])]);
    }

    #[test]
    fn a_pattern_too_large_is_refused() {
        assert!(Automaton::compile(&[".*a.{60}"], 1 << 20).is_err());
    }
}
