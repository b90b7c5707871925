//! What the managed catalogue says, for every policy: made once, when the crate is built, by
//! [`super::build`] from `data-identifiers/`. A policy selects from it by a set of identifiers.

use super::gates::Element;
use super::keywords::Keywords;
use super::prefix::Prefixes;
use super::walker::Walker;
use crate::identifier::{Block, Check, Edges, KeywordPlace, Pattern, Recognizer};

/// Managed identifiers by their number in the catalogue, as bits.
pub(super) type IdentifierSet = u128;

/// The tables of all managed identifiers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables {
    pub(super) keywords: Keywords,
    /// Patterns that need a keyword near.
    pub(super) bound: Bound,
    /// Addresses of machines, whose gates are made by hand.
    pub(super) addresses: Walks,
    /// Patterns that need none and begin with a shape.
    pub(super) free: Free,
    /// Patterns that need none and hold an at sign.
    pub(super) mailboxes: &'static [Mailbox],
    /// Private keys, in the order of their identifiers.
    pub(super) blocks: &'static [KnownBlock],
    /// Identifiers whose values are found without patterns.
    pub(super) recognizers: &'static [(Recognizer, u16)],
}

/// Patterns that need a keyword near.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Patterns that look alike stand together: one automaton for all would be five times as large.
    pub(super) walks: &'static [Walks],
    /// The identifiers whose values may start with each byte.
    pub(super) first: &'static [IdentifierSet; 256],
    /// What values may begin with.
    pub(super) prefixes: Prefixes,
    /// Identifiers all of whose patterns need a keyword.
    pub(super) only_here: IdentifierSet,
    /// Largest distance to a keyword, in characters.
    pub(super) distance_chars: usize,
}

/// Patterns that are walked together from one start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walks {
    pub(super) walker: Walker,
    /// Patterns that ask for the same are one.
    pub(super) patterns: &'static [WalkPattern],
    /// The identifiers of the patterns.
    pub(super) identifiers: IdentifierSet,
    /// No longer value passes their checks, in bytes.
    pub(super) bytes_max: usize,
}

/// What is asked of a candidate, besides its shape.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct WalkPattern {
    /// Those that ask for this.
    pub(super) identifiers: IdentifierSet,
    pub(super) edges: Edges,
    pub(super) check: Check,
    pub(super) needs_keyword: bool,
    pub(super) keyword_place: KeywordPlace,
    pub(super) distance_chars: usize,
}

impl WalkPattern {
    /// `pattern` of the identifier with that number in the catalogue.
    pub(super) fn new(identifier: u16, pattern: &Pattern) -> Self {
        Self {
            identifiers: 1 << identifier,
            edges: pattern.edges,
            check: pattern.check,
            needs_keyword: pattern.needs_keyword,
            keyword_place: pattern.keyword_place,
            distance_chars: pattern.keyword_distance_chars,
        }
    }
}

/// Patterns without keyword that begin with a shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Free {
    pub(super) walks: Walks,
    /// The gates: each value of an identifier of the set begins with one of its shapes.
    pub(super) shapes: &'static [(IdentifierSet, &'static [Element])],
}

/// A kind of block, and which identifier finds it.
#[derive(Clone, Debug)]
pub(super) struct KnownBlock {
    /// By its number in the catalogue.
    pub(super) identifier: u16,
    pub(super) block: Block,
    /// The gate: a few bytes of the BEGIN line, which end before byte `shape_end` of it.
    pub(super) shape: &'static [Element],
    pub(super) shape_end: usize,
}

/// A pattern of a variable part, an at sign, and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mailbox {
    pub(super) walks: Walks,
    /// The first byte of the at sign: `@` or `%`.
    pub(super) sign: u8,
    /// What may stand in a value before the sign, and how many bytes.
    pub(super) before: &'static [bool; 256],
    pub(super) before_max: usize,
    /// In ASCII text it matches nothing that another one does not.
    pub(super) beyond_ascii: bool,
}
