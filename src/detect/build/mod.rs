//! The catalogue → its tables. Runs when the crate is built; the library itself holds only what
//! comes out, and its tests hold the two together.

mod blocks;
mod gate;
mod pack;
mod prefix;
mod source;
mod trie;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::gates::Element;
use super::keywords::Keywords;
use super::tables::{Bound, Free, IdentifierSet, Mailbox, Tables, WalkPattern, Walks};
use super::walker::Walker;
use crate::automaton::{Automaton, Budget};
use crate::identifier::{Check, DataIdentifier, Edges, MAILBOX_MAX, Pattern, managed, managed_ids};
use gate::{Gate, Shape};
use pack::Packed;

pub(in crate::detect) use source::source;

/// Largest combined automaton, in bytes; the managed catalogue needs far less.
const AUTOMATON_BYTES_MAX: usize = 256 << 20;

/// A pattern and the number of its identifier.
type Numbered<'i> = (&'i Pattern, u16);

/// The tables of all managed identifiers.
pub(in crate::detect) fn tables() -> Tables {
    let identifiers: Vec<_> = managed_ids().map(|id| managed(id).expect("listed")).collect();
    assert!(identifiers.len() <= IdentifierSet::BITS as usize, "identifiers are bits of a set");
    let keywords = numbered(&identifiers).flat_map(|(identifier, number)| {
        identifier.keywords().iter().map(move |keyword| (keyword.as_str(), number))
    });
    let longest = |identifier: &Arc<DataIdentifier>| {
        let bound = identifier.patterns().iter().filter(|pattern| pattern.needs_keyword);
        let longest = bound.map(|pattern| longest_bytes(&pattern.regex)).max();
        u16::try_from(longest.unwrap_or(0)).expect("values are short")
    };
    let keywords =
        trie::keywords_of(keywords, &identifiers.iter().map(longest).collect::<Vec<_>>());
    let (mut bound, mut addresses) = (Vec::new(), Vec::new());
    let (mut begins, mut shapes, mut mailboxes) = (Vec::new(), Vec::new(), Vec::new());
    for (pattern, number) in patterns(&identifiers) {
        assert!(pattern.edges != Edges::Any, "managed values have edges");
        if pattern.needs_keyword {
            bound.push((pattern, number));
            continue;
        }
        if pattern.check == Check::IpAddress {
            addresses.push((pattern, number));
            continue;
        }
        let hir = regex_syntax::parse(&pattern.regex).expect("checked when the file was read");
        match Gate::of(&hir) {
            Gate::Begins(of_it) => {
                begins.push((pattern, number));
                shapes.extend(of_it.into_iter().map(|shape| (1 << number, shape)));
            }
            Gate::AtSign { sign, before, bytes_max } => {
                assert!(pattern.check == Check::Email, "who judges mailboxes judges all alike");
                let regex = without_limit(&pattern.regex);
                let pattern = &Pattern { regex, ..pattern.clone() };
                let walks = Walks { bytes_max: MAILBOX_MAX, ..walks(&[(pattern, number)]) };
                let beyond_ascii = false;
                let (before, before_max) = (Box::leak(before), bytes_max);
                mailboxes.push(Mailbox { walks, sign, before, before_max, beyond_ascii });
            }
            // Legal, and so slow that it has to be meant.
            Gate::None => panic!("{}: no gate", identifiers[usize::from(number)].name()),
        }
    }
    mark_beyond_ascii(&mut mailboxes);
    // They are found elsewhere too.
    let others = patterns(&identifiers).filter(|(pattern, _)| !pattern.needs_keyword);
    let others = others.fold(0, |all, (_, number)| all | (1 << number));
    let addresses = walks(&addresses);
    assert!(addresses.patterns.len() == 1, "addresses are all asked for the same");
    Tables {
        bound: walks_near_keywords(&bound, others, &keywords),
        keywords,
        addresses,
        free: beginning_with(shapes, &begins),
        mailboxes: mailboxes.leak(),
        blocks: blocks::blocks(&identifiers),
        recognizers: blocks::recognizers(&identifiers),
    }
}

/// The pattern of a mailbox without the limit of its domain, which the check knows too: an
/// automaton that counts so far is large.
fn without_limit(regex: &str) -> String {
    let domain = regex.rfind("{1,252}").filter(|at| regex.len() == at + "{1,252}".len());
    domain.map_or_else(|| regex.to_owned(), |at| format!("{}+", &regex[..at]))
}

/// The identifiers with their numbers.
fn numbered(
    identifiers: &[Arc<DataIdentifier>],
) -> impl Iterator<Item = (&Arc<DataIdentifier>, u16)> {
    identifiers.iter().zip(0..)
}

fn patterns(identifiers: &[Arc<DataIdentifier>]) -> impl Iterator<Item = Numbered<'_>> {
    numbered(identifiers)
        .flat_map(|(id, number)| id.patterns().iter().map(move |pattern| (pattern, number)))
}

/// Marks those that in ASCII text match nothing that another one does not.
fn mark_beyond_ascii(mailboxes: &mut [Mailbox]) {
    for index in 0..mailboxes.len() {
        mailboxes[index].beyond_ascii = mailboxes.iter().enumerate().any(|(other, whole)| {
            let (part, whole) = (&mailboxes[index].walks, &whole.walks);
            let alike = part.identifiers == whole.identifiers
                && part.patterns[0].edges == whole.patterns[0].edges;
            other != index && alike && ascii_matches_are_shared(&part.walker, &whole.walker)
        });
    }
}

/// Whether `whole` matches every ASCII text that `part` matches, by all pairs of states that one
/// text leads to.
fn ascii_matches_are_shared(part: &Walker, whole: &Walker) -> bool {
    let mut open = vec![(part.start, whole.start)];
    let mut seen = BTreeSet::from([open[0]]);
    while let Some((of_part, of_whole)) = open.pop() {
        if part.ends(of_part).is_some() && whole.ends(of_whole).is_none() {
            return false;
        }
        for byte in 0..0x80 {
            let next = (part.next(of_part, byte), whole.next(of_whole, byte));
            if next.0 != Walker::DEAD && seen.insert(next) {
                open.push(next);
            }
        }
    }
    true
}

fn beginning_with(mut shapes: Vec<(IdentifierSet, Shape)>, patterns: &[Numbered<'_>]) -> Free {
    shapes.sort_by(|a, b| a.1.cmp(&b.1));
    shapes.dedup_by(|next, kept| {
        let same = next.1 == kept.1;
        if same {
            kept.0 |= next.0;
        }
        same
    });
    let shapes = shapes.into_iter().map(|(set, shape)| (set, &*shape.leak()));
    let shapes: Vec<(IdentifierSet, &'static [Element])> = shapes.collect();
    Free { walks: walks(patterns), shapes: shapes.leak() }
}

/// The patterns that need a keyword near; `others` have patterns that need none.
fn walks_near_keywords(
    patterns: &[Numbered<'_>],
    others: IdentifierSet,
    keywords: &Keywords,
) -> Bound {
    let mut alike: BTreeMap<Likeness, Vec<Numbered<'_>>> = BTreeMap::new();
    for (pattern, number) in patterns {
        alike.entry(Likeness::of(pattern)).or_default().push((pattern, *number));
    }
    let (packed, walks): (Vec<_>, Vec<_>) = alike.values().map(|patterns| packed(patterns)).unzip();
    let mut first = Box::new([0; 256]);
    for (packed, byte) in packed.iter().flat_map(|p| (0..=255u8).map(move |byte| (p, byte))) {
        let state = packed.walker.next(packed.walker.start, byte);
        let (_, reach) = packed.reach.iter().find(|(known, _)| *known == state).expect("a state");
        first[usize::from(byte)] |= reach;
    }
    // An extension follows them: `x12`.
    let phones = patterns.iter().filter(|(pattern, _)| pattern.edges == Edges::Phone);
    let phones = phones.fold(0, |all, (_, number)| all | (1 << number));
    let distances = patterns.iter().map(|(pattern, _)| pattern.keyword_distance_chars);
    Bound {
        first: Box::leak(first),
        prefixes: prefix::prefixes(&packed, keywords, phones),
        only_here: !others,
        walks: walks.leak(),
        distance_chars: distances.max().unwrap_or(0),
    }
}

/// What makes an automaton of two patterns small: that they go alike.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Likeness {
    phone: bool,
    letters: bool,
    starts_with_digit: bool,
    starts_with_letter: bool,
    long: bool,
}

impl Likeness {
    /// From that many bytes on a pattern that starts with a letter is a long one.
    const LONG: usize = 13;

    fn of(pattern: &Pattern) -> Self {
        let automaton =
            Automaton::compile(&[&pattern.regex], Budget::of_bytes(AUTOMATON_BYTES_MAX))
                .unwrap_or_else(|_| panic!("a managed pattern compiles"));
        let starts = |test: fn(&u8) -> bool| {
            (0..=127u8).any(|byte| test(&byte) && automaton.may_start_with(byte))
        };
        let hir = regex_syntax::parse(&pattern.regex).expect("checked when the file was read");
        let mut bytes = [false; 256];
        gate::collect_bytes(&hir, &mut bytes);
        let letters = (0..=255u8)
            .any(|b| bytes[usize::from(b)] && (b.is_ascii_alphabetic() || !b.is_ascii()));
        let starts_with_digit = starts(u8::is_ascii_digit);
        Self {
            phone: pattern.edges == Edges::Phone,
            letters,
            starts_with_digit,
            starts_with_letter: starts(u8::is_ascii_alphabetic),
            long: letters && !starts_with_digit && longest_bytes(&pattern.regex) >= Self::LONG,
        }
    }
}

fn walks(patterns: &[Numbered<'_>]) -> Walks {
    packed(patterns).1
}

fn packed(patterns: &[Numbered<'_>]) -> (Packed, Walks) {
    let regexes: Vec<_> = patterns.iter().map(|(pattern, _)| pattern.regex.as_str()).collect();
    let automaton = Automaton::compile(&regexes, Budget::of_bytes(AUTOMATON_BYTES_MAX))
        .unwrap_or_else(|_| panic!("the managed patterns compile"));
    let mut distinct: Vec<WalkPattern> = Vec::new();
    let mut kind = |(pattern, number): &Numbered<'_>| {
        let pattern = WalkPattern::new(*number, pattern);
        let alike = |known: &WalkPattern| {
            WalkPattern { identifiers: 0, ..*known } == WalkPattern { identifiers: 0, ..pattern }
        };
        let known = distinct.iter().position(alike).unwrap_or_else(|| {
            distinct.push(pattern);
            distinct.len() - 1
        });
        distinct[known].identifiers |= pattern.identifiers;
        (u16::try_from(known).expect("few patterns"), *number)
    };
    let kinds: Vec<(u16, u16)> = patterns.iter().map(&mut kind).collect();
    let packed = pack::pack(&automaton, &kinds);
    let walks = Walks {
        walker: packed.walker,
        identifiers: distinct.iter().fold(0, |all, pattern| all | pattern.identifiers),
        patterns: distinct.leak(),
        bytes_max: usize::MAX,
    };
    (packed, walks)
}

fn longest_bytes(regex: &str) -> usize {
    let hir = regex_syntax::parse(regex).expect("checked when the file was read");
    hir.properties().maximum_len().expect("managed patterns are bounded")
}
