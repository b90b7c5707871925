//! An automaton, packed: states from which the same can be found are merged, and numbered so that
//! those that end a pattern come last.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use crate::automaton::{Automaton, DEAD};
use crate::detect::tables::IdentifierSet;
use crate::detect::walker::{State, Walker};

/// A packed automaton, and what only the build asks of it.
pub(super) struct Packed {
    pub(super) walker: Walker,
    /// The states, and the identifiers that can still be found from each.
    pub(super) reach: Vec<(State, IdentifierSet)>,
}

/// Packs the automaton of patterns. `kinds` are what patterns are told apart by: a number of what
/// they ask for, and their identifier.
pub(super) fn pack(automaton: &Automaton, kinds: &[(u16, u16)]) -> Packed {
    let ends_of = |state: usize| {
        let kinds = automaton.ends(state as u32, false).iter().map(|end| kinds[usize::from(*end)]);
        kinds.collect::<BTreeSet<(u16, u16)>>()
    };
    let groups = merged(automaton, &ends_of);
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let mut members = vec![0; count];
    for (state, group) in groups.iter().enumerate().rev() {
        members[*group] = state;
    }
    // The dead state first, those that end a pattern last.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|group| {
        let state = members[*group];
        (state != DEAD as usize, !ends_of(state).is_empty(), *group)
    });
    let mut numbers = vec![0; count];
    for (number, group) in order.iter().enumerate() {
        numbers[*group] = number;
    }
    let number = |state: u32| numbers[groups[state as usize]];
    let (classes, representatives) = classes(|byte| {
        members.iter().map(|s| number(automaton.next(*s as u32, byte))).collect::<Vec<_>>()
    });
    let stride = representatives.len() + 1;
    let row = |number: usize| State::try_from(number * stride).expect("less than 65,536 numbers");
    let mut rows = Vec::with_capacity(count * stride);
    let mut sets: Vec<(IdentifierSet, &'static [(u16, IdentifierSet)])> = Vec::new();
    let mut known = HashMap::new();
    let mut ending = row(count);
    let mut reach = vec![0; count];
    for (at, group) in order.iter().enumerate() {
        let state = members[*group];
        let to = |byte: &u8| row(number(automaton.next(state as u32, *byte)));
        rows.extend(representatives.iter().map(to));
        let ends = ends_of(state);
        let mut index = 0;
        if !ends.is_empty() {
            ending = ending.min(row(at));
            let mut of_kinds: BTreeMap<u16, IdentifierSet> = BTreeMap::new();
            for (kind, identifier) in &ends {
                *of_kinds.entry(*kind).or_default() |= 1 << identifier;
            }
            reach[at] = of_kinds.values().fold(0, |all, one| all | one);
            index = *known.entry(ends).or_insert_with(|| {
                let of_kinds: Vec<_> = of_kinds.into_iter().collect();
                sets.push((reach[at], of_kinds.leak()));
                sets.len() - 1
            });
        }
        rows.push(u16::try_from(index).expect("few sets"));
    }
    let reach = spread(reach, &rows, stride);
    let reach = reach.into_iter().enumerate().map(|(at, reach)| (row(at), reach)).collect();
    let walker = Walker {
        classes: Box::leak(Box::new(classes)),
        rows: rows.leak(),
        stride,
        start: row(number(automaton.start(1))),
        ending,
        sets: sets.leak(),
    };
    Packed { walker, reach }
}

/// For each state the number of its group: states from which the same can be found are merged.
fn merged(automaton: &Automaton, ends_of: &dyn Fn(usize) -> BTreeSet<(u16, u16)>) -> Vec<usize> {
    let states = u32::try_from(automaton.states()).expect("numbered in 32 bits");
    let (_, representatives) = classes(|byte| automaton.class(byte));
    let mut kinds = HashMap::new();
    let kind = |state| {
        assert_eq!(automaton.ends(state, false), automaton.ends(state, true), "no anchors");
        let fresh = kinds.len();
        *kinds.entry((state == DEAD, ends_of(state as usize))).or_insert(fresh)
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
fn spread(mut reach: Vec<IdentifierSet>, rows: &[State], stride: usize) -> Vec<IdentifierSet> {
    loop {
        let mut changed = false;
        for state in (1..reach.len()).rev() {
            let next = &rows[state * stride..][..stride - 1];
            let next = next.iter().map(|to| reach[usize::from(*to) / stride]);
            let all = next.fold(reach[state], |all, one| all | one);
            changed |= all != reach[state];
            reach[state] = all;
        }
        if !changed {
            return reach;
        }
    }
}
