//! Finding sensitive data: keywords and triggers first, patterns only near them, then the tests
//! that confirm a candidate. One combined scanner for all identifiers of a detector.
//!
//! What is reported, exactly (the naive oracle of the tests says the same in other words): a
//! candidate is a stretch that one pattern matches from end to end, whose edges fit, that passes
//! its check and, where one is required, has a keyword of its identifier near. Per identifier the
//! candidates are taken leftmost first, the longest of those that start together, and none that
//! overlaps one already taken. Identifiers do not hide each other. Managed patterns and keywords
//! read the text as it would be written in ASCII (see [`fold`]).

mod address;
mod block;
#[cfg(test)]
mod build;
mod catalogue;
mod classes;
mod codes;
mod compile;
mod confirm;
mod customs;
mod entry;
pub mod explain;
mod filter;
mod fold;
mod gates;
mod ipv4;
mod judge;
mod keywords;
pub(crate) mod lines;
mod longest;
mod mailbox;
mod name;
mod prefix;
mod recognize;
mod records;
mod scan;
mod shapes;
mod size;
mod tables;
mod walker;
mod window;
mod word;

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::identifier::{DataIdentifier, Recognizer};
use crate::span::Span;
use block::Seen;
use classes::Level;
use compile::Gated;
use confirm::Checked;
use customs::{CustomScratch, Customs};
use filter::Filter;
use fold::Folded;
use keywords::KeywordHit;
pub(crate) use records::{RecordFound, Records, count_lines};
use scan::ScanScratch;
use shapes::Shapes;
pub use size::tables_bytes;
use tables::{IdentifierSet, Tables, WalkPattern};

/// Most identifiers in one detector.
pub(crate) const IDENTIFIERS_MAX: usize = 128;

/// A set of identifiers, compiled. Immutable and shared.
pub(crate) struct Detector {
    level: Level,
    identifiers: Vec<Arc<DataIdentifier>>,
    /// What is known of all managed identifiers.
    tables: &'static Tables,
    /// Those of them that are looked for.
    wanted: IdentifierSet,
    /// Their indexes, by number in the catalogue.
    numbers: Vec<u16>,
    filter: Filter,
    /// The gates that are made of shapes: those of `gated`, that of blocks, those of customs.
    shapes: Shapes,
    /// What is asked of addresses of machines, if they are looked for.
    machines: Option<&'static WalkPattern>,
    /// Shapes that patterns without keyword begin with, by length.
    gated: Vec<Gated>,
    /// Mailboxes are looked for.
    mailboxes: bool,
    customs: Customs,
    recognizers: Vec<(Recognizer, u16)>,
    /// What explaining needs beside; compiled when it is asked for.
    explained: OnceLock<Vec<explain::Patterns>>,
}

/// A confirmed hit: which identifier (its index in the detector) and where, in bytes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Detection {
    pub(crate) span: Span,
    pub(crate) identifier: u16,
}

impl Detection {
    /// The same detection in a text that begins `by` bytes earlier.
    pub(crate) fn moved_on(self, by: usize) -> Self {
        Self { span: Span::new(self.span.start + by, self.span.end + by), ..self }
    }

    /// The same detection in a text that begins `by` bytes later.
    pub(crate) fn moved_back(self, by: usize) -> Self {
        Self { span: Span::new(self.span.start - by, self.span.end - by), ..self }
    }
}

/// Working memory of one thread, reused from text to text.
#[derive(Default)]
pub(crate) struct DetectScratch {
    scan: Option<Box<ScanScratch>>,
    /// The same for a record that is read in another spelling.
    scan_folded: Option<Box<ScanScratch>>,
    hits: Vec<KeywordHit>,
    /// Ends of keywords that a letter or digit follows: a value may begin there.
    touches: Vec<usize>,
    /// `(end, patterns)` of the walk from one start.
    ends: Vec<(usize, u16)>,
    /// What is known of the spans that begin there.
    checked: Vec<Checked>,
    /// Of the bytes near keywords: their kinds, and whether a value may begin there.
    marks: Vec<u8>,
    /// `(end, identifier)` of what was found near keywords, where it may hide what overlaps it.
    taken: Vec<(usize, IdentifierSet)>,
    folded: Folded,
    /// For each pattern of mailboxes, up to where starts have been tried.
    settled: Vec<usize>,
    /// Up to where mailboxes of the record go.
    mailboxes_end: usize,
    custom: CustomScratch,
    /// What the text has told about each kind of block.
    seen: Vec<Seen>,
    /// Leave key blocks to the caller, who knows better where they end.
    pub(crate) without_blocks: bool,
    /// What was found in the record that is judged.
    found: Vec<Detection>,
    /// What was found in all of them.
    all: Vec<Detection>,
    records: Vec<RecordFound>,
    /// The BEGIN line of some block stands in the buffer.
    saw_block: bool,
}

impl DetectScratch {
    /// Overwrites what it holds of texts.
    pub(crate) fn forget(&mut self) {
        self.folded.forget();
        for scan in [&mut self.scan, &mut self.scan_folded].into_iter().flatten() {
            scan.forget();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.records.clear();
        self.saw_block = false;
    }

    /// Adds a detection that the text alone did not tell, in its place.
    pub(crate) fn add(&mut self, detection: Detection) {
        self.all.retain(|found| {
            let same = found.identifier == detection.identifier;
            !(same
                && found.span.start < detection.span.end
                && detection.span.start < found.span.end)
        });
        let at = self.all.partition_point(|found| *found < detection);
        self.all.insert(at, detection);
    }

    /// What the last buffer holds: record after record, each sorted by start, then end, then
    /// identifier.
    pub(crate) fn detections(&self) -> &[Detection] {
        &self.all
    }

    /// Whether the last buffer holds the BEGIN line of a block, closed or not.
    pub(crate) fn saw_block(&self) -> bool {
        self.saw_block
    }

    /// The records in which something was found, in order.
    pub(crate) fn records(&self) -> &[RecordFound] {
        &self.records
    }
}

impl fmt::Debug for DetectScratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DetectScratch({} detections)", self.all.len())
    }
}

/// Counts only: custom identifiers hold policy text.
impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Detector({} identifiers)", self.identifiers.len())
    }
}

impl Detector {
    /// The identifiers, sorted and distinct.
    pub(crate) fn identifiers(&self) -> &[Arc<DataIdentifier>] {
        &self.identifiers
    }

    /// The name of the identifier of that index.
    pub(crate) fn name(&self, identifier: u16) -> &str {
        self.identifiers[usize::from(identifier)].name()
    }

    /// The index of an identifier, if the detector looks for it.
    pub(crate) fn index_of(&self, identifier: &DataIdentifier) -> Option<u16> {
        let key = identifier.key();
        let index = self.identifiers.binary_search_by(|known| known.key().cmp(&key)).ok()?;
        u16::try_from(index).ok()
    }
}
