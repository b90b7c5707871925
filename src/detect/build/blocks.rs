//! What the catalogue says of key blocks and of recognizers, and both as source.

use std::sync::Arc;

use super::numbered;
use crate::detect::gates::of_literal;
use crate::detect::tables::KnownBlock;
use crate::identifier::{Block, DataIdentifier, Recognizer};

/// The blocks of all identifiers, each with the bytes that are looked for.
pub(super) fn blocks(identifiers: &[Arc<DataIdentifier>]) -> &'static [KnownBlock] {
    let known = numbered(identifiers).flat_map(|(identifier, number)| {
        identifier.blocks().iter().map(move |block| {
            let (shape, from) = of_literal(&block.begin);
            let (shape_end, shape): (usize, &'static [_]) = (from + shape.len(), shape.leak());
            KnownBlock { identifier: number, block: block.clone(), shape, shape_end }
        })
    });
    known.collect::<Vec<_>>().leak()
}

/// The identifiers whose values a recognizer finds.
pub(super) fn recognizers(identifiers: &[Arc<DataIdentifier>]) -> &'static [(Recognizer, u16)] {
    let known = numbered(identifiers).filter_map(|(id, number)| Some((id.recognizer()?, number)));
    known.collect::<Vec<_>>().leak()
}

/// The expression that makes the block.
pub(super) fn source_of(known: &KnownBlock, shape: &str) -> String {
    let KnownBlock { identifier, block, shape_end, .. } = known;
    let Block { begin, end, named, end_hex_max } = block;
    format!(
        "KnownBlock {{ identifier: {identifier}, block: Block {{ begin: Cow::Borrowed({begin:?}), \
         end: Cow::Borrowed({end:?}), named: {named}, end_hex_max: {end_hex_max} }}, \
         shape: {shape}, shape_end: {shape_end} }}"
    )
}
