//! Identifiers → one combined scanner.

use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use regex_syntax::hir::{Hir, HirKind};

use super::keywords::Keywords;
use super::{Detector, IDENTIFIERS_MAX};
use crate::automaton::Automaton;
use crate::error::Error;
use crate::identifier::{Check, DataIdentifier, Edges, Identifiers, KeywordPlace, Kind, Pattern};

/// Largest combined automaton, in bytes; the managed catalogue needs far less.
pub(super) const AUTOMATON_BYTES_MAX: usize = 256 << 20;

/// Patterns that are walked together from one start.
pub(super) struct Group {
    pub(super) automaton: Automaton,
    pub(super) patterns: Vec<GroupPattern>,
    /// A byte that every match of the group holds; a text without it needs no walk.
    pub(super) required: Option<u8>,
    /// Longest match in bytes.
    pub(super) longest: usize,
}

/// What is asked of a candidate, besides its shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupPattern {
    pub(super) identifier: u16,
    pub(super) edges: Edges,
    pub(super) check: Check,
    pub(super) needs_keyword: bool,
    pub(super) keyword_place: KeywordPlace,
    pub(super) distance_chars: usize,
}

impl GroupPattern {
    pub(super) fn new(identifier: u16, pattern: &Pattern) -> Self {
        Self {
            identifier,
            edges: pattern.edges,
            check: pattern.check,
            needs_keyword: pattern.needs_keyword,
            keyword_place: pattern.keyword_place,
            distance_chars: pattern.keyword_distance_chars,
        }
    }
}

impl Detector {
    /// Compiles `identifiers`, which are sorted and distinct.
    ///
    /// # Errors
    ///
    /// InvalidParameter for more than 128 identifiers, which two policies can hold only with 98
    /// managed and more custom ones than they may define.
    pub(crate) fn compile(identifiers: Identifiers) -> Result<Self, Error> {
        if identifiers.len() > IDENTIFIERS_MAX {
            let len = identifiers.len();
            return Err(Error::too_long("DataIdentifier", len, IDENTIFIERS_MAX, "identifiers"));
        }
        let numbered = || identifiers.iter().zip(0u16..);
        let keywords = Keywords::compile(numbered().flat_map(|(identifier, index)| {
            identifier.keywords.iter().map(move |keyword| (keyword.as_str(), index))
        }));
        let blocks: Vec<_> = numbered()
            .flat_map(|(identifier, index)| {
                identifier.blocks.iter().map(move |block| (Arc::new(block.clone()), index))
            })
            .collect();
        let block_begins = (!blocks.is_empty()).then(|| {
            AhoCorasick::new(blocks.iter().map(|(block, _)| &block.begin))
                .expect("few, short lines")
        });
        let customs = numbered()
            .filter_map(|(id, index)| Some((Arc::clone(id.automaton.as_ref()?), index)))
            .collect();
        let recognizers =
            numbered().filter_map(|(id, index)| Some((id.recognizer?, index))).collect();
        let (bound, free) = groups(&identifiers);
        Ok(Self {
            identifiers,
            keywords,
            bound,
            free,
            customs,
            blocks,
            block_begins,
            recognizers,
            shapes: OnceLock::new(),
        })
    }
}

/// The group walked near keywords, and those walked everywhere, one for each byte that their
/// patterns require.
fn groups(identifiers: &[Arc<DataIdentifier>]) -> (Option<Group>, Vec<Group>) {
    let (mut bound, mut free) = (Vec::new(), Vec::<(Option<u8>, Vec<_>)>::new());
    let managed = identifiers.iter().zip(0u16..).filter(|(id, _)| id.kind == Kind::Managed);
    for (identifier, index) in managed {
        for pattern in &identifier.patterns {
            let entry = (pattern.regex.as_str(), GroupPattern::new(index, pattern));
            if pattern.needs_keyword {
                bound.push(entry);
                continue;
            }
            let hir = regex_syntax::parse(&pattern.regex).expect("checked when the file was read");
            let required = required_byte(&hir);
            match free.iter_mut().find(|(byte, _)| *byte == required) {
                Some((_, group)) => group.push(entry),
                None => free.push((required, vec![entry])),
            }
        }
    }
    let bound = (!bound.is_empty()).then(|| group(None, bound));
    (bound, free.into_iter().map(|(required, patterns)| group(required, patterns)).collect())
}

fn group(required: Option<u8>, patterns: Vec<(&str, GroupPattern)>) -> Group {
    let regexes: Vec<_> = patterns.iter().map(|(regex, _)| *regex).collect();
    let automaton = Automaton::compile(&regexes, AUTOMATON_BYTES_MAX)
        .unwrap_or_else(|_| panic!("the managed patterns compile"));
    let longest = regexes.iter().map(|regex| longest_bytes(regex)).max().unwrap_or(0);
    let patterns = patterns.into_iter().map(|(_, pattern)| pattern).collect();
    Group { automaton, patterns, required, longest }
}

fn longest_bytes(regex: &str) -> usize {
    let hir = regex_syntax::parse(regex).expect("checked when the file was read");
    hir.properties().maximum_len().expect("managed patterns are bounded")
}

/// The rarest punctuation byte that every match holds, if there is one: `@` of an e-mail address.
fn required_byte(hir: &Hir) -> Option<u8> {
    const RARE_FIRST: &[u8] = b"@%+(";
    let required = required_bytes(hir);
    let rare = RARE_FIRST.iter().copied().find(|byte| required >> byte & 1 == 1);
    rare.or_else(|| (0..128).rev().find(|byte| required >> byte & 1 == 1))
}

/// The punctuation that every match holds, a bit for each ASCII byte.
fn required_bytes(hir: &Hir) -> u128 {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let punctuation = literal.0.iter().filter(|b| b.is_ascii_punctuation());
            punctuation.fold(0, |set, byte| set | 1 << byte)
        }
        HirKind::Capture(capture) => required_bytes(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_bytes(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().fold(0, |set, part| set | required_bytes(part)),
        HirKind::Alternation(parts) => {
            parts.iter().map(required_bytes).reduce(|all, part| all & part).unwrap_or(0)
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => 0,
    }
}
