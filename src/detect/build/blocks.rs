//! What the catalogue says of key blocks and of recognizers, and both as source.

use std::sync::Arc;

use super::gate::element_of;
use super::numbered;
use crate::detect::gates::{Element, rarity};
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

/// Most bytes of a fixed text that are looked for.
const LITERAL_SHAPE_MAX: usize = 6;

/// The rarest few bytes in a row of a fixed text, and where in it they stand.
fn of_literal(literal: &str) -> (Vec<Element>, usize) {
    let elements: Vec<_> = literal.bytes().map(|byte| element_of(&[byte])).collect();
    let windows = (1..=LITERAL_SHAPE_MAX.min(elements.len()))
        .flat_map(|len| (0..=elements.len() - len).map(move |from| (from, len)));
    let (from, len) = windows
        .max_by_key(|(from, len)| {
            (rarity(&elements[*from..*from + *len]), std::cmp::Reverse((*len, *from)))
        })
        .expect("the literal has bytes");
    (elements[from..from + len].to_vec(), from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::classes::Class;

    #[test]
    fn of_a_fixed_text_the_rarest_bytes_are_looked_for() {
        let is = Element::Is;
        let (dash, letter) = (is(Class::Dash), is(Class::Letter));
        let tail = vec![letter, dash, is(Class::Digit), is(Class::Colon), is(Class::Space)];
        assert_eq!(of_literal("User-Key-File-1: "), (tail, 12));
        assert_eq!(of_literal("-----BEGIN").0, [&[dash; 5][..], &[letter]].concat());
    }
}
