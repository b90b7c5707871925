//! An anchored multi-pattern DFA as plain tables: from one start it reports every end of every
//! pattern. The NFA is `regex-automata`'s; its states are put together here, because an end is then
//! known before the next byte is read, which keeps walks short, and because every step is counted:
//! what a regex may cost is bounded by work, which is the same on every machine and every day.

use std::collections::HashMap;
use std::rc::Rc;

use regex_automata::nfa::thompson::{Config, NFA, State as Part, WhichCaptures};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

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

/// What compiling may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Largest tables, in bytes; also the largest NFA and the largest sets of its states.
    pub(crate) bytes_max: usize,
    /// Most steps, each over one state of the NFA: some nanoseconds.
    pub(crate) steps_max: usize,
}

impl Budget {
    /// For regexes that are ours: only the memory is bounded.
    pub(crate) fn of_bytes(bytes_max: usize) -> Self {
        Self { bytes_max, steps_max: usize::MAX }
    }
}

/// Which part of the budget does not suffice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TooMuch {
    Bytes,
    Steps,
}

impl Automaton {
    /// Compiles `patterns` (the `regex` syntax, no look-around but `^` and `$`).
    pub(crate) fn compile(patterns: &[&str], budget: Budget) -> Result<Self, TooMuch> {
        let config = Config::new()
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(budget.bytes_max));
        let nfa = NFA::compiler().configure(config).build_many(patterns);
        Tables::new(&nfa.map_err(|_| TooMuch::Bytes)?, budget).build()
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

/// The subset construction.
struct Tables<'n> {
    nfa: &'n NFA,
    budget: Budget,
    /// One byte of each class.
    representatives: Vec<u8>,
    classes: [u8; 256],
    /// The states so far: those parts of the NFA in which a walk may be, sorted.
    members: Vec<Rc<[StateID]>>,
    numbers: HashMap<Rc<[StateID]>, State>,
    bytes: usize,
    steps: usize,
    sets: HashMap<Vec<u16>, u32>,
    /// Parts that were reached, in this round if that is their number.
    reached: Vec<u32>,
    round: u32,
}

impl<'n> Tables<'n> {
    fn new(nfa: &'n NFA, budget: Budget) -> Self {
        let mut classes = [0; 256];
        let mut representatives = Vec::new();
        for byte in 0..=255u8 {
            let class = nfa.byte_classes().get(byte);
            if usize::from(class) == representatives.len() {
                representatives.push(byte);
            }
            classes[usize::from(byte)] = class;
        }
        let nothing: Rc<[StateID]> = Rc::from([]);
        Self {
            nfa,
            budget,
            representatives,
            classes,
            members: vec![Rc::clone(&nothing)],
            numbers: HashMap::from([(nothing, DEAD)]),
            bytes: 0,
            steps: 0,
            sets: HashMap::from([(Vec::new(), 0)]),
            reached: vec![0; nfa.states().len()],
            round: 0,
        }
    }

    fn build(mut self) -> Result<Automaton, TooMuch> {
        let begin = self.nfa.start_anchored();
        let start_of_text = self.state(&[begin], |look| look == Look::Start)?;
        let start = self.state(&[begin], |_| false)?;
        let stride = self.representatives.len();
        let (mut next, mut ends, mut ends_at_eoi) = (vec![DEAD; stride], vec![0], vec![0]);
        let mut done = 1;
        let mut onward = Vec::new();
        while let Some(members) = self.members.get(done).cloned() {
            done += 1;
            for class in 0..stride {
                self.steps += members.len();
                let byte = self.representatives[class];
                onward.clear();
                onward.extend(members.iter().filter_map(|part| self.after(*part, byte)));
                next.push(self.state(&onward, |_| false)?);
            }
            ends.push(self.ends(&members));
            let at_end = self.parts(&members, |look| look == Look::End);
            ends_at_eoi.push(self.ends(&at_end));
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
        for byte in 0..=255u8 {
            automaton.first[usize::from(byte)] =
                [start_of_text, start].iter().any(|from| automaton.next(*from, byte) != DEAD);
        }
        Ok(automaton)
    }

    /// The part that follows `part` behind `byte`.
    fn after(&self, part: StateID, byte: u8) -> Option<StateID> {
        match self.nfa.state(part) {
            Part::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
            Part::Sparse(transitions) => transitions.matches_byte(byte),
            Part::Dense(transitions) => transitions.matches_byte(byte),
            _ => None,
        }
    }

    /// The number of the state that consists of `from` and what can be reached from there.
    fn state(&mut self, from: &[StateID], look: impl Fn(Look) -> bool) -> Result<State, TooMuch> {
        let members = self.parts(from, look);
        if self.steps > self.budget.steps_max {
            return Err(TooMuch::Steps);
        }
        if let Some(known) = self.numbers.get(&*members) {
            return Ok(*known);
        }
        self.bytes += size_of_val(&*members) + self.representatives.len() * size_of::<State>();
        if self.bytes > self.budget.bytes_max {
            return Err(TooMuch::Bytes);
        }
        let number = State::try_from(self.members.len()).expect("the size is limited");
        let members: Rc<[StateID]> = members.into();
        self.members.push(Rc::clone(&members));
        self.numbers.insert(members, number);
        Ok(number)
    }

    /// What can be reached from `from` without reading: parts that read, end a pattern, or ask for
    /// the end of the text. `look` says which anchors hold.
    fn parts(&mut self, from: &[StateID], look: impl Fn(Look) -> bool) -> Vec<StateID> {
        self.round += 1;
        let mut parts = Vec::new();
        let mut open = from.to_vec();
        while let Some(part) = open.pop() {
            self.steps += 1;
            if std::mem::replace(&mut self.reached[part], self.round) == self.round {
                continue;
            }
            match self.nfa.state(part) {
                Part::Look { look: asked, next } if look(*asked) => open.push(*next),
                Part::Look { look: Look::End, .. } => parts.push(part),
                Part::Look { .. } | Part::Fail => {}
                Part::Union { alternates } => open.extend_from_slice(alternates),
                Part::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
                Part::Capture { next, .. } => open.push(*next),
                Part::ByteRange { .. } | Part::Sparse(_) | Part::Dense(_) | Part::Match { .. } => {
                    parts.push(part)
                }
            }
        }
        parts.sort_unstable();
        parts
    }

    /// The number of the set of patterns that end in these parts.
    fn ends(&mut self, parts: &[StateID]) -> u32 {
        let of = |part: &StateID| match self.nfa.state(*part) {
            Part::Match { pattern_id } => {
                Some(u16::try_from(pattern_id.as_usize()).expect("fewer than 65,536 patterns"))
            }
            _ => None,
        };
        let mut patterns: Vec<u16> = parts.iter().filter_map(of).collect();
        patterns.sort_unstable();
        let next = u32::try_from(self.sets.len()).expect("the size is limited");
        *self.sets.entry(patterns).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { bytes_max: 1 << 20, steps_max: 1 << 20 };

    fn ends(patterns: &[&str], text: &str, from: usize) -> Vec<(usize, Vec<u16>)> {
        let automaton = Automaton::compile(patterns, BUDGET).expect("small patterns");
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
        assert_eq!(ends(&["a$", "a$|aa", "a^a", "a$a", "^aa$"], "aa", 0), [(2, vec![1, 4])]);
    }

    #[test]
    fn a_pattern_too_large_is_refused() {
        let refused = |budget| Automaton::compile(&[".*a.{60}"], budget).err();
        assert_eq!(refused(BUDGET), Some(TooMuch::Bytes));
        assert_eq!(refused(Budget { steps_max: 1000, ..BUDGET }), Some(TooMuch::Steps));
        assert_eq!(refused(Budget { bytes_max: 1000, ..BUDGET }), Some(TooMuch::Bytes));
    }
}
