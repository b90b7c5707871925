//! Identifiers → one combined scanner: what the tables of the catalogue say of them, and what a
//! policy defines itself.

use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

use super::catalogue::TABLES;
use super::classes::Level;
use super::filter::Filter;
use super::gates::{Element, of_literal};
use super::shapes::Shapes;
use super::tables::{IdentifierSet, Tables, WalkPattern, Walks};
use super::{Detector, IDENTIFIERS_MAX};
use crate::error::Error;
use crate::identifier::{Block, Identifiers, Kind, managed_number};

/// Shapes of one length that patterns without keyword begin with, of the identifiers that are
/// wanted.
pub(super) struct Gated {
    pub(super) shape_len: usize,
    shapes: Vec<&'static [Element]>,
}

/// A kind of block, and which identifier finds it.
pub(super) struct BlockKind {
    pub(super) block: Arc<Block>,
    pub(super) identifier: u16,
    /// Bytes of its BEGIN line up to the end of the shape that is its gate.
    pub(super) shape_end: usize,
}

impl Detector {
    /// Compiles `identifiers`, which are sorted and distinct. Cost: some tens of microseconds, as
    /// the managed ones have their tables; custom ones were compiled when their policy was read.
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
        let tables: &'static Tables = &TABLES;
        let numbered = || identifiers.iter().zip(0u16..);
        let (mut wanted, mut numbers) = (0, vec![0; IdentifierSet::BITS as usize]);
        for (identifier, index) in numbered().filter(|(id, _)| id.kind == Kind::Managed) {
            let number = managed_number(&identifier.name).expect("a managed identifier");
            wanted |= 1 << number;
            numbers[number] = index;
        }
        let gated = gated(tables, wanted);
        let mut block_shapes = Vec::new();
        let blocks: Vec<_> = numbered()
            .flat_map(|(identifier, index)| identifier.blocks.iter().map(move |b| (b, index)))
            .map(|(block, identifier)| {
                let (shape, from) = of_literal(&block.begin);
                let shape_end = from + shape.len();
                block_shapes.push(shape);
                BlockKind { block: Arc::new(block.clone()), identifier, shape_end }
            })
            .collect();
        let block_begins = (!blocks.is_empty()).then(|| {
            AhoCorasick::new(blocks.iter().map(|known| &known.block.begin))
                .expect("few, short lines")
        });
        let mut shapes: Vec<_> = gated.iter().map(|gated| gated.shapes.clone()).collect();
        if !block_shapes.is_empty() {
            shapes.push(block_shapes.iter().map(Vec::as_slice).collect());
        }
        let customs: Vec<_> = numbered()
            .filter_map(|(id, index)| Some((Arc::clone(id.automaton.as_ref()?), index)))
            .collect();
        let recognizers: Vec<_> =
            numbered().filter_map(|(id, index)| Some((id.recognizer?, index))).collect();
        Ok(Self {
            level: Level::best(),
            tables,
            wanted,
            numbers,
            filter: Filter::new(&tables.keywords, wanted),
            shapes: Shapes::new(&shapes),
            explained: OnceLock::new(),
            ipv4: ipv4(&tables.addresses, wanted),
            gated,
            mailboxes: tables.mailboxes.iter().any(|m| m.walks.identifiers & wanted != 0),
            visits_all: !customs.is_empty(),
            customs,
            recognizers,
            blocks,
            block_begins,
            identifiers,
        })
    }
}

impl Detector {
    /// The same detector for any machine.
    pub(crate) fn portable(self) -> Self {
        Self { level: Level::Scalar, ..self }
    }
}

/// The pattern that matches an IPv4 address.
fn ipv4(addresses: &'static Walks, wanted: IdentifierSet) -> Option<&'static WalkPattern> {
    let walker = &addresses.walker;
    let state = b"192.0.2.44".iter().fold(walker.start, |state, byte| walker.next(state, *byte));
    let (_, patterns) = walker.sets[usize::from(walker.ends(state)?)];
    let patterns = patterns.iter().map(|pattern| &addresses.patterns[usize::from(*pattern)]);
    patterns.into_iter().find(|pattern| wanted >> pattern.identifier & 1 == 1)
}

fn gated(tables: &'static Tables, wanted: IdentifierSet) -> Vec<Gated> {
    let mut gated: Vec<Gated> = Vec::new();
    for (_, shape) in tables.free.shapes.iter().filter(|(set, _)| set & wanted != 0) {
        match gated.iter_mut().find(|gated| gated.shape_len == shape.len()) {
            Some(gated) => gated.shapes.push(shape),
            None => gated.push(Gated { shape_len: shape.len(), shapes: vec![shape] }),
        }
    }
    gated
}
