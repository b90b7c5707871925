//! What values may begin with, read off the automata.

use std::collections::{BTreeSet, HashMap};

use super::pack::Packed;
use crate::detect::keywords::Keywords;
use crate::detect::prefix::{
    KINDS, PREFIX, PREFIXES, PrefixSet, Prefixes, RUN_MAX, Runs, begins, kind, number,
};
use crate::detect::tables::IdentifierSet;
use crate::detect::walker::{State, Walker};

/// The kind of digits.
const DIGIT: usize = 1;

/// What letters and digits in a row may be: none of them, digits, letters, both.
const RUNS: usize = 4;

/// The prefixes of what `walkers` find. Values of the identifiers `inside` may end inside a word.
pub(super) fn prefixes(walkers: &[Packed], keywords: &Keywords, inside: IdentifierSet) -> Prefixes {
    for byte in 0..=255u8 {
        let dead = |packed: &Packed| packed.walker.next(packed.walker.start, byte) == Walker::DEAD;
        assert!(begins(byte) || walkers.iter().all(dead), "a value begins with byte {byte}");
    }
    // A value ends before a digit only where a keyword begins with it.
    let digits_join = (b'0'..=b'9').all(|digit| !keywords.first[usize::from(digit)]);
    let mut all: Vec<Vec<(u8, IdentifierSet)>> = vec![Vec::new(); PREFIXES];
    for (packed, walk) in walkers.iter().zip(0..) {
        let steps = Steps::of(packed);
        let start = Ahead { states: vec![packed.walker.start], ended: 0 };
        steps.follow(&start, digits_join, &mut Vec::new(), &mut |kinds, identifiers| {
            if identifiers != 0 {
                all[number_of(kinds)].push((walk, identifiers));
            }
        });
    }
    let mut sets: Vec<PrefixSet> = vec![(0, &[])];
    let mut known = HashMap::from([(Vec::new(), 0)]);
    let index = |walks: Vec<(u8, IdentifierSet)>| {
        *known.entry(walks.clone()).or_insert_with(|| {
            let all = walks.iter().fold(0, |all, (_, one)| all | one);
            sets.push((all, walks.leak()));
            u16::try_from(sets.len() - 1).expect("few sets")
        })
    };
    let indexes: Vec<u16> = all.into_iter().map(index).collect();
    let indexes = Box::new(indexes.try_into().expect("one for each prefix"));
    Prefixes { indexes: Box::leak(indexes), sets: sets.leak(), runs: runs(walkers, inside) }
}

/// What begins with so many letters and digits, and then ends or goes on with something else.
fn runs(walkers: &[Packed], inside: IdentifierSet) -> Runs {
    let mut alike: HashMap<Vec<u8>, u8> = HashMap::new();
    let mut group = |byte: usize| {
        // Behind a run stands no letter and no digit.
        let part = u8::try_from(byte).is_ok_and(|byte| byte.is_ascii_alphanumeric());
        let byte = if part { usize::from(b'\n') } else { byte };
        let known = u8::try_from(alike.len()).expect("few groups");
        *alike.entry(walkers.iter().map(|w| w.walker.classes[byte]).collect()).or_insert(known)
    };
    let groups: [u8; 256] = std::array::from_fn(&mut group);
    let groups_len = alike.len();
    let mut runs =
        Runs { indexes: &[], sets: &[], groups: Box::leak(Box::new(groups)), groups_len };
    let mut all = vec![inside; RUNS * (RUN_MAX + 1) * groups_len];
    walkers.iter().for_each(|packed| add_runs(packed, &runs, &mut all));
    let mut sets = Vec::new();
    let index = |set: IdentifierSet| {
        let known = sets.iter().position(|known| *known == set);
        let index = known.unwrap_or_else(|| {
            sets.push(set);
            sets.len() - 1
        });
        u8::try_from(index).expect("few sets")
    };
    runs.indexes = all.into_iter().map(index).collect::<Vec<_>>().leak();
    runs.sets = sets.leak();
    runs
}

/// Adds what one automaton finds.
fn add_runs(packed: &Packed, runs: &Runs, all: &mut [IdentifierSet]) {
    let walker = &packed.walker;
    let reach: HashMap<State, IdentifierSet> = packed.reach.iter().copied().collect();
    let steps = |state: State, of: fn(&u8) -> bool| {
        let next = (0..=255).filter(of).map(move |byte| (byte, walker.next(state, byte)));
        next.filter(|(_, state)| *state != Walker::DEAD)
    };
    let mut at = BTreeSet::from([(walker.start, 0)]);
    for length in 0..=RUN_MAX {
        for (state, kinds) in &at {
            let row = runs.row(*kinds, length);
            let row = &mut all[row..row + runs.groups_len];
            if length == RUN_MAX {
                row.iter_mut().for_each(|set| *set |= reach[state]);
                continue;
            }
            let ends = walker.ends(*state).map_or(0, |set| walker.sets[usize::from(set)].0);
            row.iter_mut().for_each(|set| *set |= ends);
            for (byte, to) in steps(*state, |byte| !byte.is_ascii_alphanumeric()) {
                row[usize::from(runs.groups[usize::from(byte)])] |= reach[&to];
            }
        }
        let longer = at.iter().flat_map(|(state, kinds)| {
            let digit = steps(*state, u8::is_ascii_digit).map(move |(_, to)| (to, kinds | 1));
            let letter = steps(*state, u8::is_ascii_alphabetic).map(move |(_, to)| (to, kinds | 2));
            digit.chain(letter)
        });
        at = longer.collect();
    }
}

fn number_of(kinds: &[usize]) -> usize {
    let marks = kinds.iter().zip(0..).map(|(kind, at)| (*kind as u64) << (8 * at));
    number(marks.fold(0, |all, one| all | one))
}

/// Where an automaton may stand behind the first bytes, and what has ended before.
struct Ahead {
    states: Vec<State>,
    ended: IdentifierSet,
}

/// For each state and kind, the states behind a byte of that kind, and what each state reaches.
struct Steps<'w> {
    walker: &'w Walker,
    next: HashMap<State, ([Vec<State>; KINDS], IdentifierSet)>,
}

impl<'w> Steps<'w> {
    fn of(packed: &'w Packed) -> Self {
        let walker = &packed.walker;
        let of = |(state, reach): &(State, IdentifierSet)| {
            let mut next: [Vec<State>; KINDS] = Default::default();
            for byte in 0..=255u8 {
                let to = walker.next(*state, byte);
                if to != Walker::DEAD {
                    next[usize::from(kind(byte))].push(to);
                }
            }
            for next in &mut next {
                next.sort_unstable();
                next.dedup();
            }
            (*state, (next, *reach))
        };
        Self { walker, next: packed.reach.iter().map(of).collect() }
    }

    /// Calls `done` for each prefix that begins with `kinds`, with what may begin so.
    fn follow(
        &self,
        ahead: &Ahead,
        digits_join: bool,
        kinds: &mut Vec<usize>,
        done: &mut impl FnMut(&[usize], IdentifierSet),
    ) {
        if kinds.len() == PREFIX {
            let reach = ahead.states.iter().map(|state| self.next[state].1);
            done(kinds, reach.fold(ahead.ended, |all, one| all | one));
            return;
        }
        for kind in 0..KINDS {
            let mut ended = ahead.ended;
            if !(digits_join && kind == DIGIT) {
                let ends = ahead.states.iter().filter_map(|state| self.walker.ends(*state));
                let ends = ends.map(|set| self.walker.sets[usize::from(set)].0);
                ended = ends.fold(ended, |all, one| all | one);
            }
            let to = ahead.states.iter().flat_map(|state| &self.next[state].0[kind]);
            let mut states: Vec<State> = to.copied().collect();
            states.sort_unstable();
            states.dedup();
            kinds.push(kind);
            self.follow(&Ahead { states, ended }, digits_join, kinds, done);
            kinds.pop();
        }
    }
}
