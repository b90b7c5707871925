//! What values may begin with, read off the automata.

use std::collections::HashMap;

use super::pack::Packed;
use crate::detect::keywords::Keywords;
use crate::detect::prefix::{KINDS, PREFIX, PREFIXES, PrefixSet, Prefixes, begins, kind, number};
use crate::detect::tables::IdentifierSet;
use crate::detect::walker::{State, Walker};

/// The kind of digits.
const DIGIT: usize = 1;

/// The prefixes of what `walkers` find.
pub(super) fn prefixes(walkers: &[Packed], keywords: &Keywords) -> Prefixes {
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
    Prefixes { indexes: Box::leak(indexes), sets: sets.leak() }
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
