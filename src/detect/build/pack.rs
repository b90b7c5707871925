//! An automaton, packed: states from which the same can be found are merged, and numbered so that
//! those that end a pattern come last.

use std::collections::HashMap;
use std::hash::Hash;

use crate::automaton::{Automaton, DEAD};
use crate::detect::tables::IdentifierSet;
use crate::detect::walker::{State, Walker};

/// Packs the automaton of patterns that belong to `identifiers`, by pattern.
pub(super) fn pack(automaton: &Automaton, identifiers: &[u16]) -> Walker {
    let groups = merged(automaton);
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let mut members = vec![0; count];
    for (state, group) in groups.iter().enumerate().rev() {
        members[*group] = state;
    }
    // The dead state first, those that end a pattern last.
    let ends_of = |state: usize| automaton.ends(state as u32, false);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|group| {
        let state = members[*group];
        (state != DEAD as usize, !ends_of(state).is_empty(), *group)
    });
    let mut numbers = vec![0; count];
    for (number, group) in order.iter().enumerate() {
        numbers[*group] = number;
    }
    let number = |state: u32| {
        State::try_from(numbers[groups[state as usize]]).expect("fewer than 65,536 states")
    };
    let (classes, representatives) = classes(|byte| {
        members.iter().map(|s| number(automaton.next(*s as u32, byte))).collect::<Vec<_>>()
    });
    let stride = representatives.len();
    let mut next = Vec::with_capacity(count * stride);
    let mut ends = Vec::new();
    let mut sets: Vec<(IdentifierSet, &'static [u16])> = Vec::new();
    let mut known = HashMap::new();
    let mut reach = vec![0; count];
    for (row, group) in order.iter().enumerate() {
        let state = members[*group];
        let to = |byte: &u8| number(automaton.next(state as u32, *byte));
        next.extend(representatives.iter().map(to));
        let patterns = ends_of(state);
        if !patterns.is_empty() {
            let of = patterns.iter().map(|pattern| 1 << identifiers[usize::from(*pattern)]);
            let set: IdentifierSet = of.fold(0, |all, one: IdentifierSet| all | one);
            reach[row] = set;
            let index = *known.entry(patterns.to_vec()).or_insert_with(|| {
                sets.push((set, patterns.to_vec().leak()));
                sets.len() - 1
            });
            ends.push(u16::try_from(index).expect("few sets"));
        }
    }
    let ending = State::try_from(count - ends.len()).expect("fewer than 65,536 states");
    let (reaches, reach) = distinct(spread(reach, &next, stride));
    Walker {
        classes: Box::leak(Box::new(classes)),
        next: next.leak(),
        stride,
        start: number(automaton.start(1)),
        ending,
        ends: ends.leak(),
        sets: sets.leak(),
        reaches: reaches.leak(),
        reach: reach.leak(),
    }
}

/// For each state the number of its group: states from which the same can be found are merged.
fn merged(automaton: &Automaton) -> Vec<usize> {
    let states = u32::try_from(automaton.states()).expect("numbered in 32 bits");
    let (_, representatives) = classes(|byte| automaton.class(byte));
    let mut kinds = HashMap::new();
    let kind = |state| {
        assert_eq!(automaton.ends(state, false), automaton.ends(state, true), "no anchors");
        let fresh = kinds.len();
        *kinds.entry((state == DEAD, automaton.ends(state, false).to_vec())).or_insert(fresh)
    };
    let mut groups: Vec<usize> = (0..states).map(kind).collect();
    let mut count = 0;
    loop {
        let mut rows = HashMap::new();
        let row = |state: u32| {
            let to = |byte: &u8| groups[automaton.next(state, *byte) as usize];
            let key: Vec<usize> = [groups[state as usize]]
                .into_iter()
                .chain(representatives.iter().map(to))
                .collect();
            let fresh = rows.len();
            *rows.entry(key).or_insert(fresh)
        };
        groups = (0..states).map(row).collect();
        if rows.len() == count {
            return groups;
        }
        count = rows.len();
    }
}

/// The class of each byte, and a byte of each class. Bytes of one column are one class.
fn classes<C: Eq + Hash>(column: impl Fn(u8) -> C) -> ([u8; 256], Vec<u8>) {
    let mut representatives = Vec::new();
    let mut numbers = HashMap::new();
    let mut classes = [0; 256];
    for byte in 0..=255u8 {
        classes[usize::from(byte)] = *numbers.entry(column(byte)).or_insert_with(|| {
            representatives.push(byte);
            u8::try_from(representatives.len() - 1).expect("at most 256 classes")
        });
    }
    (classes, representatives)
}

/// Adds to each state what its successors reach.
fn spread(mut reach: Vec<IdentifierSet>, next: &[State], stride: usize) -> Vec<IdentifierSet> {
    loop {
        let mut changed = false;
        for state in (1..reach.len()).rev() {
            let row = &next[state * stride..][..stride];
            let all = row.iter().fold(reach[state], |all, to| all | reach[usize::from(*to)]);
            changed |= all != reach[state];
            reach[state] = all;
        }
        if !changed {
            return reach;
        }
    }
}

/// The distinct values, and the index of each value among them.
fn distinct(values: Vec<IdentifierSet>) -> (Vec<u16>, Vec<IdentifierSet>) {
    let mut known = HashMap::new();
    let mut all = Vec::new();
    let mut index = |value: IdentifierSet| {
        *known.entry(value).or_insert_with(|| {
            all.push(value);
            u16::try_from(all.len() - 1).expect("few sets")
        })
    };
    let indexes = values.into_iter().map(&mut index).collect();
    (indexes, all)
}
