//! Tables → the Rust expression that makes them.

use std::fmt::{Debug, Write};

use super::blocks::source_of;
use crate::detect::gates::Element;
use crate::detect::keywords::Keywords;
use crate::detect::prefix::{Prefixes, Runs};
use crate::detect::tables::{Bound, Free, KnownBlock, Mailbox, Tables, WalkPattern, Walks};
use crate::detect::walker::Walker;
use crate::identifier::Recognizer;

/// The expression. Its names are those of [`super::super::catalogue`].
pub(in crate::detect) fn source(tables: &Tables) -> String {
    let Tables { keywords, bound, addresses, free, mailboxes, blocks, recognizers } = tables;
    let block = |block: &KnownBlock| source_of(block, &slice(block.shape, of_element));
    let recognizer =
        |(kind, number): &(Recognizer, u16)| format!("(Recognizer::{kind:?}, {number})");
    format!(
        "Tables {{\nkeywords: {},\nbound: {},\naddresses: {},\nfree: {},\nmailboxes: {},\n\
         blocks: {},\nrecognizers: {},\n}}\n",
        of_keywords(keywords),
        of_bound(bound),
        of_walks(addresses),
        of_free(free),
        slice(mailboxes, of_mailbox),
        slice(blocks, block),
        slice(recognizers, recognizer),
    )
}

fn slice<T>(items: &[T], of: impl Fn(&T) -> String) -> String {
    let mut text = "&[".to_owned();
    for (at, item) in items.iter().enumerate() {
        let end = if at % 16 == 15 { ",\n" } else { "," };
        write!(text, "{}{end}", of(item)).expect("a string takes all");
    }
    text + "]"
}

fn plain<T: Debug>(item: &T) -> String {
    format!("{item:?}")
}

fn of_keywords(keywords: &Keywords) -> String {
    let Keywords { nodes, labels, targets, begins, sets, longest, folds, latin, forms, first } =
        keywords;
    format!(
        "Keywords {{ nodes: {}, labels: {}, targets: {}, begins: {}, sets: {}, \
         longest: &{longest:?}, folds: {}, latin: &{latin:?}, forms: {}, first: {} }}",
        slice(nodes, plain),
        slice(labels, plain),
        slice(targets, plain),
        slice(&begins[..], plain),
        slice(sets, plain),
        slice(folds, plain),
        slice(forms, |form| format!("Form {{ bytes: &{:?}, set: {} }}", form.bytes, form.set)),
        slice(&first[..], plain),
    )
}

fn of_bound(bound: &Bound) -> String {
    let Bound { walks, first, prefixes, only_here, distance_chars } = bound;
    let Prefixes { indexes, sets, runs } = prefixes;
    let Runs { indexes: of_runs, sets: sets_of_runs, groups, groups_len } = runs;
    format!(
        "Bound {{ walks: {}, first: &{first:?}, prefixes: Prefixes {{ indexes: {}, sets: {}, \
         runs: Runs {{ indexes: &{of_runs:?}, sets: &{sets_of_runs:?}, \
         groups: &{groups:?}, groups_len: {groups_len} }} }}, \
         only_here: {only_here}, distance_chars: {distance_chars} }}",
        slice(walks, of_walks),
        slice(&indexes[..], plain),
        slice(sets, |(all, walks)| format!("({all}, &{walks:?})")),
    )
}

fn of_walks(walks: &Walks) -> String {
    let Walks { walker, patterns, identifiers, bytes_max } = walks;
    let (walker, patterns) = (of_walker(walker), slice(patterns, of_pattern));
    format!(
        "Walks {{ walker: {walker}, patterns: {patterns}, identifiers: {identifiers}, \
         bytes_max: {bytes_max} }}\n"
    )
}

fn of_walker(walker: &Walker) -> String {
    let Walker { classes, rows, stride, start, ending, sets } = walker;
    format!(
        "Walker {{ classes: {}, rows: {}, stride: {stride}, start: {start}, ending: {ending}, \
         sets: {} }}",
        slice(&classes[..], plain),
        slice(rows, plain),
        slice(sets, |(set, patterns)| format!("({set}, &{patterns:?})")),
    )
}

fn of_pattern(pattern: &WalkPattern) -> String {
    let WalkPattern { identifiers, edges, check, needs_keyword, keyword_place, distance_chars } =
        pattern;
    format!(
        "WalkPattern {{ identifiers: {identifiers}, edges: Edges::{edges:?}, \
         check: Check::{check:?}, needs_keyword: {needs_keyword}, \
         keyword_place: KeywordPlace::{keyword_place:?}, distance_chars: {distance_chars} }}"
    )
}

fn of_free(free: &Free) -> String {
    let Free { walks, shapes } = free;
    let shapes = slice(shapes, |(set, shape)| format!("({set}, {})", slice(shape, of_element)));
    format!("Free {{ walks: {}, shapes: {shapes} }}\n", of_walks(walks))
}

fn of_mailbox(mailbox: &Mailbox) -> String {
    let Mailbox { walks, sign, before, before_max, beyond_ascii } = mailbox;
    format!(
        "Mailbox {{ walks: {}, sign: {sign}, before: {}, before_max: {before_max}, \
         beyond_ascii: {beyond_ascii} }}\n",
        of_walks(walks),
        slice(&before[..], plain),
    )
}

fn of_element(element: &Element) -> String {
    match element {
        Element::Is(class) => format!("Element::Is(Class::{class:?})"),
        other => format!("Element::{other:?}"),
    }
}
