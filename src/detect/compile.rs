//! Identifiers → one combined scanner: what the tables of the catalogue say of them, and what a
//! policy defines itself.

use std::sync::OnceLock;

use super::catalogue::TABLES;
use super::classes::Level;
use super::customs::Customs;
use super::filter::Filter;
use super::gates::Element;
use super::scan::GATE_SHAPES;
use super::shapes::{Shapes, TARGETS_MAX};
use super::tables::{IdentifierSet, Tables, WalkPattern, Walks};
use super::{Detector, IDENTIFIERS_MAX};
use crate::error::Error;
use crate::identifier::Identifiers;

/// Shapes of one length that patterns without keyword begin with, of the identifiers that are
/// wanted.
pub(super) struct Gated {
    pub(super) shape_len: usize,
    shapes: Vec<&'static [Element]>,
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
        for (identifier, index) in numbered() {
            if let Some(number) = identifier.number() {
                wanted |= 1 << number;
                numbers[number] = index;
            }
        }
        let is_wanted = |number: u16| wanted >> number & 1 == 1;
        let gated = gated(tables, wanted);
        let mut shapes: Vec<_> = gated.iter().map(|gated| gated.shapes.clone()).collect();
        let blocks = tables.blocks.iter().filter(|known| is_wanted(known.identifier));
        shapes.push(blocks.map(|known| known.shape).collect());
        let first_gate = GATE_SHAPES + u8::try_from(shapes.len()).expect("few gates");
        let customs = Customs::new(&identifiers, TARGETS_MAX - shapes.len(), first_gate);
        shapes.extend(customs.shapes());
        let recognizers = tables.recognizers.iter().filter(|(_, number)| is_wanted(*number));
        let recognizers =
            recognizers.map(|(recognizer, number)| (*recognizer, numbers[usize::from(*number)]));
        Ok(Self {
            level: Level::best(),
            tables,
            wanted,
            filter: Filter::new(&tables.keywords, wanted),
            shapes: Shapes::new(&shapes),
            explained: OnceLock::new(),
            machines: machines(&tables.addresses, wanted),
            gated,
            mailboxes: tables.mailboxes.iter().any(|m| m.walks.identifiers & wanted != 0),
            customs,
            recognizers: recognizers.collect(),
            numbers,
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

/// What is asked of addresses of machines, if they are looked for.
fn machines(addresses: &'static Walks, wanted: IdentifierSet) -> Option<&'static WalkPattern> {
    let wanted = |pattern: &&WalkPattern| pattern.identifiers & wanted != 0;
    addresses.patterns.iter().find(wanted)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{DetectScratch, Records};
    use crate::identifier::DataIdentifier;

    #[test]
    fn neither_compiling_nor_scanning_reads_a_file() {
        let detector = Detector::compile(DataIdentifier::all_unread()).expect("98 are few");
        let mut scratch = DetectScratch::default();
        detector.detect("ssn 536-22-8145 for Anna Schmidt", Records::Whole, &mut scratch);
        assert_eq!(scratch.detections().len(), 2);
        assert!(!detector.identifiers().iter().any(|identifier| identifier.is_read()));
        assert_eq!(detector.identifiers()[0].category(), "Personal");
        assert!(detector.identifiers()[0].is_read(), "what is asked for is read");
    }
}
