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
mod compile;
mod confirm;
pub mod explain;
mod fold;
mod keywords;
pub(crate) mod lines;
mod longest;
mod name;
mod scan;
mod word;

use std::fmt;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

use crate::automaton::Automaton;
use crate::identifier::{Block, DataIdentifier, Recognizer};
use crate::span::Span;
use block::{Extent, Seen};
use compile::Group;
use fold::Folded;
use keywords::{KeywordHit, Keywords};

/// Most identifiers in one detector: they are bits of a [`keywords::IdentifierSet`].
pub(crate) const IDENTIFIERS_MAX: usize = 128;

/// A set of identifiers, compiled. Immutable and shared.
pub(crate) struct Detector {
    identifiers: Vec<Arc<DataIdentifier>>,
    keywords: Keywords,
    /// Patterns that need a keyword near.
    bound: Option<Group>,
    /// Patterns that need none.
    free: Vec<Group>,
    customs: Vec<(Arc<Automaton>, u16)>,
    blocks: Vec<(Arc<Block>, u16)>,
    block_begins: Option<AhoCorasick>,
    recognizers: Vec<(Recognizer, u16)>,
    /// What explaining needs beside; compiled when it is asked for.
    shapes: OnceLock<Vec<explain::Shapes>>,
}

/// A confirmed hit: which identifier (its index in the detector) and where, in bytes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Detection {
    pub(crate) span: Span,
    pub(crate) identifier: u16,
}

/// Working memory of one thread, reused from text to text.
#[derive(Debug, Default)]
pub(crate) struct DetectScratch {
    hits: Vec<KeywordHit>,
    /// Ends of keywords that a letter or digit follows: a value may begin there.
    touches: Vec<usize>,
    /// `(end, pattern)` of the walk from one start.
    ends: Vec<(usize, u16)>,
    folded: Folded,
    /// What the text has told about each kind of block.
    seen: Vec<Seen>,
    /// Leave key blocks to the caller, who knows better where they end.
    pub(crate) without_blocks: bool,
    found: Vec<Detection>,
}

impl DetectScratch {
    pub(crate) fn clear(&mut self) {
        self.hits.clear();
        self.touches.clear();
        self.ends.clear();
        self.seen.clear();
        self.found.clear();
    }

    /// Adds a detection that the text alone did not tell, in its place.
    pub(crate) fn add(&mut self, detection: Detection) {
        self.found.retain(|found| {
            let same = found.identifier == detection.identifier;
            !(same
                && found.span.start < detection.span.end
                && detection.span.start < found.span.end)
        });
        let at = self.found.partition_point(|found| *found < detection);
        self.found.insert(at, detection);
    }

    /// What the last text holds, sorted by start, then end, then identifier.
    pub(crate) fn detections(&self) -> &[Detection] {
        &self.found
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

    /// Finds everything in `text`, into `scratch`. Cost: linear in the text; nothing is allocated
    /// once `scratch` has grown.
    pub(crate) fn detect(&self, text: &str, scratch: &mut DetectScratch) {
        scratch.clear();
        let mut folded = std::mem::take(&mut scratch.folded);
        if folded.fill(text) {
            self.find_shapes(folded.text(), scratch);
            for found in &mut scratch.found {
                found.span = folded.original(found.span);
            }
        } else {
            self.find_shapes(text, scratch);
        }
        scratch.folded = folded;
        for (automaton, identifier) in &self.customs {
            longest::find_longest(automaton, text.as_bytes(), |span| {
                scratch.found.push(Detection { span, identifier: *identifier });
            });
        }
        self.recognize(text, &mut scratch.found);
        if !scratch.without_blocks {
            self.find_blocks(text, scratch);
        }
        if !scratch.found.is_empty() {
            leftmost_longest(&mut scratch.found);
        }
    }

    /// What identifiers without patterns find.
    fn recognize(&self, text: &str, found: &mut Vec<Detection>) {
        for (recognizer, identifier) in &self.recognizers {
            let first = found.len();
            let push = |span| found.push(Detection { span, identifier: *identifier });
            match recognizer {
                Recognizer::Name => {
                    name::find(text, push);
                    drop_streets(text, found, first);
                }
                Recognizer::Address => address::find(text, push),
            }
        }
    }

    /// Finds what patterns and keywords of managed identifiers describe.
    fn find_shapes(&self, text: &str, scratch: &mut DetectScratch) {
        self.find_keywords(text, scratch);
        for group in &self.free {
            let absent = |byte| memchr::memchr(byte, text.as_bytes()).is_none();
            if !group.required.is_some_and(absent) {
                self.walk_everywhere(group, text, scratch);
            }
        }
        if let Some(group) = &self.bound
            && !scratch.hits.is_empty()
        {
            self.walk_near_keywords(group, text, scratch);
        }
    }

    /// Blocks of one identifier that overlap are one: a key cut off runs into the next.
    fn find_blocks(&self, text: &str, scratch: &mut DetectScratch) {
        let DetectScratch { seen, found, .. } = scratch;
        let first = found.len();
        self.each_block(text, seen, |kind, begin, extent| {
            let Some(span) = extent.span(begin.start) else { return };
            let (_, identifier) = self.blocks[kind];
            let mut earlier = found[first..].iter_mut().rev();
            match earlier.find(|found| found.identifier == identifier) {
                Some(last) if span.start < last.span.end => {
                    last.span.end = last.span.end.max(span.end);
                }
                _ => found.push(Detection { span, identifier }),
            }
        });
    }

    /// Calls `judged` for each BEGIN that another one has not settled: which of the blocks it
    /// opens, where it stands, how far the block goes.
    fn each_block(
        &self,
        text: &str,
        seen: &mut Vec<Seen>,
        mut judged: impl FnMut(usize, Span, Extent),
    ) {
        let Some(begins) = &self.block_begins else { return };
        for begin in begins.find_iter(text) {
            let kind = begin.pattern().as_usize();
            seen.resize(self.blocks.len(), Seen::default());
            if seen[kind].covers(begin.start()) {
                continue;
            }
            let (block, _) = &self.blocks[kind];
            let extent = block::extent(text, begin.end(), block, &mut seen[kind]);
            judged(kind, Span::new(begin.start(), begin.end()), extent);
        }
    }
}

/// Drops the names from index `first` on that lie inside an address: streets are called after
/// people.
// Choice: a name inside an address is the name of a street, whether addresses are looked for or
// not.
fn drop_streets(text: &str, found: &mut Vec<Detection>, first: usize) {
    if found.len() == first {
        return;
    }
    let (mut kept, mut next) = (first, first);
    address::find(text, |address| {
        while next < found.len() && found[next].span.start < address.end {
            let name = found[next];
            if name.span.start < address.start || address.end < name.span.end {
                found[kept] = name;
                kept += 1;
            }
            next += 1;
        }
    });
    found.copy_within(next.., kept);
    found.truncate(kept + found.len() - next);
}

/// Per identifier: leftmost first, of those that start together the longest, no overlap. Sorts by
/// start, then end, then identifier.
fn leftmost_longest(found: &mut Vec<Detection>) {
    found.sort_unstable_by_key(|d| (d.identifier, d.span.start, std::cmp::Reverse(d.span.end)));
    let mut last: Option<Detection> = None;
    found.retain(|next| {
        let hidden = last.is_some_and(|taken| {
            taken.identifier == next.identifier && next.span.start < taken.span.end
        });
        if !hidden {
            last = Some(*next);
        }
        !hidden
    });
    found.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_streets_are_dropped_and_those_around_them_stay() {
        let name = |start, end| Detection { span: Span::new(start, end), identifier: 0 };
        let text = "Anna Schmidt, 12 rue Jean Moulin, 75001 Paris, Paul Weber";
        let mut found = vec![name(0, 1), name(0, 12), name(21, 32), name(47, 57)];
        drop_streets(text, &mut found, 1);
        assert_eq!(found, [name(0, 1), name(0, 12), name(47, 57)]);
    }

    #[test]
    fn of_those_that_start_together_the_longest_is_taken() {
        let found = |start, end, identifier| Detection { span: Span::new(start, end), identifier };
        let mut all =
            vec![found(0, 2, 1), found(0, 5, 1), found(4, 9, 1), found(5, 6, 1), found(1, 3, 2)];
        leftmost_longest(&mut all);
        assert_eq!(all, [found(0, 5, 1), found(1, 3, 2), found(5, 6, 1)]);
    }
}
