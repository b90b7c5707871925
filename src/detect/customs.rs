//! Custom identifiers in the scan of all others. What each match of a regex holds is looked for
//! once in a buffer: fixed texts together, shapes with the shapes of the managed gates. Only where
//! it stands, and only from where a match may begin, the regex's automaton walks. A regex of which
//! nothing is known that is worth looking for is tried at every byte.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::classes::CHUNK;
use super::entry::{Entry, Sign};
use super::gates::Element;
use super::longest::Search;
use super::scan::Opened;
use super::{DetectScratch, Detection};
use crate::automaton::Automaton;
use crate::identifier::DataIdentifier;

/// The custom identifiers of a detector.
pub(super) struct Customs {
    /// Each regex, and the index of its identifier.
    pub(super) all: Vec<(Arc<Automaton>, u16)>,
    /// What is looked for, and for which of `all`. First those by shape.
    entries: Vec<(u16, Entry)>,
    shaped: usize,
    literals: Option<Literals>,
    /// Those of `all` that are tried at every byte.
    everywhere: Vec<u16>,
    /// The gate of the first entry.
    first_gate: u8,
}

/// Fixed texts, none of which holds another.
struct Literals {
    search: AhoCorasick,
    /// For each text, the entries whose sign it is.
    entries: Vec<Vec<u16>>,
    longest: usize,
}

/// Working memory.
#[derive(Default)]
pub(super) struct CustomScratch {
    /// Which custom identifier may begin where, from the first to the last place.
    starts: Vec<(u16, usize, usize)>,
    /// For each entry, up to where was walked back.
    walked: Vec<usize>,
}

impl Customs {
    /// The custom ones among `identifiers`. At most `shapes_max` of their branches are looked for
    /// by shape; the gate of the first is `first_gate`.
    pub(super) fn new(
        identifiers: &[Arc<DataIdentifier>],
        shapes_max: usize,
        first_gate: u8,
    ) -> Self {
        let mut customs = Self {
            all: Vec::new(),
            entries: Vec::new(),
            shaped: 0,
            literals: None,
            everywhere: Vec::new(),
            first_gate,
        };
        let (mut shaped, mut literal) = (Vec::new(), Vec::new());
        for (identifier, index) in identifiers.iter().zip(0u16..) {
            let Some(automaton) = identifier.automaton() else { continue };
            let number = u16::try_from(customs.all.len()).expect("at most 128 identifiers");
            customs.all.push((Arc::clone(automaton), index));
            let entries = Entry::all(&identifier.patterns()[0].regex).unwrap_or_default();
            let by_shape = |entry: &Entry| matches!(entry.sign, Sign::Shapes(_));
            let shapes = entries.iter().filter(|entry| by_shape(entry)).count();
            let gates = shaped.len() + literal.len() + entries.len();
            let fits =
                shaped.len() + shapes <= shapes_max && gates <= usize::from(u8::MAX - first_gate);
            if entries.is_empty() || !fits {
                customs.everywhere.push(number);
                continue;
            }
            for entry in entries {
                let list = if by_shape(&entry) { &mut shaped } else { &mut literal };
                list.push((number, entry));
            }
        }
        customs.shaped = shaped.len();
        customs.literals = Literals::new(&mut literal, shaped.len());
        customs.entries = shaped;
        customs.entries.append(&mut literal);
        customs.entries.shrink_to_fit();
        customs
    }

    /// The shapes of each entry that is looked for by shape.
    pub(super) fn shapes(&self) -> impl Iterator<Item = Vec<&[Element]>> {
        self.entries[..self.shaped].iter().map(|(_, entry)| match &entry.sign {
            Sign::Shapes(shapes) => shapes.iter().map(Vec::as_slice).collect(),
            Sign::Literal(_) => Vec::new(),
        })
    }

    /// Whether every text has to be judged, whatever was noted in it.
    pub(super) fn visit_all(&self) -> bool {
        !self.everywhere.is_empty()
    }

    /// Notes that the sign of an entry ends at byte `at`, if what stands around it fits.
    pub(super) fn note(&self, entry: usize, text: &str, at: usize, opened: &mut Vec<Opened>) {
        if self.entries[entry].1.stands(text.as_bytes(), at + 1) {
            let gate = self.first_gate + u8::try_from(entry).expect("as many as gates");
            opened.push(Opened { at, gate });
        }
    }

    /// Notes the fixed texts that end in the chunk from byte `start`.
    #[inline]
    pub(super) fn note_literals(&self, text: &str, start: usize, opened: &mut Vec<Opened>) {
        if let Some(literals) = &self.literals {
            literals.note(self, text, start, opened);
        }
    }

    /// Finds all values in a text that starts at byte `start` of what `opened` tells of.
    pub(super) fn find(
        &self,
        text: &str,
        start: usize,
        opened: &[Opened],
        scratch: &mut DetectScratch,
    ) {
        let DetectScratch { custom: CustomScratch { starts, walked }, found, .. } = scratch;
        let bytes = text.as_bytes();
        let mut find = |number: u16, from: usize, to: usize, search: &mut Search| {
            let (automaton, identifier) = &self.all[usize::from(number)];
            search.look(automaton, bytes, from..to, |span| {
                found.push(Detection { span, identifier: *identifier });
            });
        };
        for number in &self.everywhere {
            find(*number, 0, bytes.len(), &mut Search::new(bytes));
        }
        let of_entries = |opened: &&Opened| opened.gate >= self.first_gate;
        let mut opened = opened.iter().filter(of_entries).peekable();
        if opened.peek().is_none() {
            return;
        }
        starts.clear();
        walked.clear();
        walked.resize(self.entries.len(), 0);
        for opened in opened {
            let index = usize::from(opened.gate - self.first_gate);
            let (number, entry) = &self.entries[index];
            let end = opened.at + 1 - start;
            if let Some(places) = entry.starts(bytes, end, walked[index]) {
                walked[index] = *places.end();
                starts.push((*number, *places.start(), places.end() + 1));
            }
        }
        starts.sort_unstable();
        for of_one in starts.chunk_by(|a, b| a.0 == b.0) {
            let mut search = Search::new(bytes);
            for (number, from, to) in of_one {
                find(*number, *from, *to, &mut search);
            }
        }
    }
}

impl Literals {
    /// Those of `entries`, the first of which has the number `first`.
    fn new(entries: &mut [(u16, Entry)], first: usize) -> Option<Self> {
        let mut shortest: Vec<_> = (0..entries.len()).collect();
        shortest.sort_by_key(|index| entries[*index].1.literal().len());
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut users: Vec<Vec<u16>> = Vec::new();
        for index in shortest {
            let entry = &mut entries[index].1;
            // One that holds another is looked for by that.
            let known = texts.iter().position(|text| entry.look_for(text));
            let known = known.unwrap_or_else(|| {
                texts.push(entry.literal().to_vec());
                users.push(Vec::new());
                texts.len() - 1
            });
            users[known].push(u16::try_from(first + index).expect("at most as many as gates"));
        }
        if texts.is_empty() {
            return None;
        }
        // Of texts that do not hold each other the leftmost are all; only so vectors are used.
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&texts)
            .expect("few, short texts");
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        Some(Self { search, entries: users, longest })
    }

    fn note(&self, customs: &Customs, text: &str, start: usize, opened: &mut Vec<Opened>) {
        let end = text.len().min(start + CHUNK);
        let mut at = start.saturating_sub(self.longest - 1);
        while let Some(hit) = self.search.find(Input::new(text).range(at..end)) {
            at = hit.start() + 1;
            if hit.end() <= start {
                continue;
            }
            for entry in &self.entries[hit.pattern().as_usize()] {
                customs.note(usize::from(*entry), text, hit.end() - 1, opened);
            }
        }
    }
}
