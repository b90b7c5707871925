//! The hot loop: a text in chunks, each turned into bitmaps, then asked where keywords and gates
//! stand. Judges no candidate; see [`super::judge`].

use zeroize::Zeroize;

use super::classes::{
    BLOCK, CHUNK, Class, ClassSet, Classes, EMPTY, GROUP, GROUPS, LANES, Lanes, Work, and, behind,
    carry, lanes, or,
};
use super::codes::Codes;
use super::filter::{AHEAD, Beginnings, words};
use super::keywords::KeywordHit;
use super::recognize::{Sides, note_names};
use super::records::Records;
use super::shapes::ShapeRows;
use super::{Detector, fold, mailbox, word};
use crate::identifier::Recognizer;

/// A place from which candidates are looked for: byte `at` is where the gate was seen to be open.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Opened {
    pub(super) at: usize,
    pub(super) gate: u8,
}

/// The gates that are made by hand, and the first of those made of shapes.
pub(super) const GATE_DOTS: u8 = 0;
pub(super) const GATE_COLONS: u8 = 1;
pub(super) const GATE_BLOCKS: u8 = 2;
pub(super) const GATE_FOLD: u8 = 3;
pub(super) const GATE_NAMES: u8 = 4;
pub(super) const GATE_CODES: u8 = 5;
pub(super) const GATE_MAILBOXES: u8 = 6;
pub(super) const GATE_SHAPES: u8 = 7;

/// The classes that many chunks hold no byte of.
const WATCHED: [Class; 9] = [
    Class::High,
    Class::Dash,
    Class::Colon,
    Class::At,
    Class::Plus,
    Class::Open,
    Class::Percent,
    Class::Backslash,
    Class::Escape,
];

/// Working memory of the hot loop.
pub(super) struct ScanScratch {
    marks: Marks,
    /// The last chunk of a text, with zeros behind it.
    last: Box<[u8; CHUNK + AHEAD]>,
    /// What was found, in ascending order.
    pub(super) hits: Vec<KeywordHit>,
    pub(super) opened: Vec<Opened>,
}

/// What is known of the bytes of a chunk, and of those before.
struct Marks {
    classes: Box<Classes>,
    shapes: ShapeRows,
    /// The octets of the block before; see [`octets`].
    octets_before: u64,
    /// What the recognizers ask of the block before.
    sides: Sides,
    codes: Codes,
    /// Something that begins an escape stands in the chunk, or stood in the one before.
    escapes: [bool; 2],
}

impl Default for ScanScratch {
    fn default() -> Self {
        Self {
            marks: Marks::default(),
            last: vec![0; CHUNK + AHEAD].try_into().expect("a chunk and more"),
            hits: Vec::new(),
            opened: Vec::new(),
        }
    }
}

impl ScanScratch {
    pub(super) fn forget(&mut self) {
        self.last.as_mut_slice().zeroize();
    }
}

impl Drop for ScanScratch {
    fn drop(&mut self) {
        self.forget();
    }
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            classes: vec![EMPTY; Class::COUNT].try_into().expect("all classes"),
            shapes: ShapeRows::default(),
            octets_before: 0,
            sides: Sides::default(),
            codes: Codes::default(),
            escapes: [false; 2],
        }
    }
}

impl Marks {
    /// Forgets the text before.
    fn begin(&mut self, detector: &Detector) {
        self.classes.iter_mut().for_each(|row| row[LANES - 1] = 0);
        self.octets_before = 0;
        self.sides.begin();
        self.codes.begin();
        self.escapes = [false; 2];
        detector.shapes.begin(&mut self.shapes);
    }
}

impl ScanScratch {
    /// Moves what was noted to the right, for a record that starts at byte `by` of its buffer.
    pub(super) fn move_on(&mut self, by: usize) {
        for hit in &mut self.hits {
            (hit.start, hit.end) = (hit.start + by, hit.end + by);
        }
        self.opened.iter_mut().for_each(|opened| opened.at += by);
    }
}

impl Detector {
    /// Scans `text`, which holds the `records`, from the left, and calls `settle(scratch, end)`
    /// whenever all that stands before byte `end` has been noted.
    pub(super) fn scan(
        &self,
        text: &str,
        records: Records<'_>,
        scratch: &mut ScanScratch,
        mut settle: impl FnMut(&mut ScanScratch, usize),
    ) {
        scratch.hits.clear();
        scratch.opened.clear();
        scratch.marks.begin(self);
        for start in (0..text.len()).step_by(CHUNK) {
            let noted = scratch.opened.len();
            let place = Place { detector: self, text, records, start };
            self.level.run(Chunk { place, scratch });
            self.customs.note_literals(text, start, &mut scratch.opened);
            scratch.opened[noted..].sort_unstable();
            settle(scratch, text.len().min(start + CHUNK));
        }
    }
}

/// One chunk of a text.
struct Chunk<'s> {
    place: Place<'s>,
    scratch: &'s mut ScanScratch,
}

/// Where a chunk lies: it begins at byte `start`.
#[derive(Clone, Copy)]
struct Place<'s> {
    detector: &'s Detector,
    text: &'s str,
    records: Records<'s>,
    start: usize,
}

/// What is noted of a chunk.
struct Noted<'n> {
    hits: &'n mut Vec<KeywordHit>,
    opened: &'n mut Vec<Opened>,
}

impl Work for Chunk<'_> {
    #[inline(always)]
    fn run(self, classify: impl Fn(&[u8; GROUP], usize, &mut Classes, usize)) {
        let Self { place, scratch } = self;
        let ScanScratch { marks, last, hits, opened } = scratch;
        let rest = &place.text.as_bytes()[place.start..];
        let (bytes, groups) = padded(rest, last);
        let blocks = rest.len().div_ceil(BLOCK);
        for group in 1..=groups {
            let first = (group - 1) * GROUP;
            let text = bytes[first..first + GROUP].try_into().expect("a group");
            classify(text, blocks - first / BLOCK, &mut marks.classes, group);
        }
        // Most single events are one group, and what is done with one has no loops.
        let noted = Noted { hits, opened };
        match groups {
            1 => place.look(bytes, 1, marks, noted),
            _ => place.look(bytes, groups, marks, noted),
        }
    }
}

impl Place<'_> {
    /// Looks at a chunk of so many groups, whose classes are known.
    #[inline(always)]
    fn look(self, bytes: &[u8], groups: usize, marks: &mut Marks, noted: Noted<'_>) {
        let Self { detector, text, records, start } = self;
        let Marks { classes, shapes, octets_before, escapes, sides, codes } = marks;
        let Noted { hits, opened } = noted;
        let mut present = ClassSet::ALL;
        for class in WATCHED {
            let words = &classes[class as usize][LANES..][..groups * LANES];
            if words.iter().fold(0, |all, word| all | word) == 0 {
                present = present.without(class);
            }
        }
        let has = |class| present.has(class);
        let escape = has(Class::Backslash) || has(Class::Percent) || has(Class::Escape);
        *escapes = [escape, escapes[0]];
        let high = has(Class::High) || !bytes[groups * GROUP..][..AHEAD].is_ascii();

        if detector.wanted != 0 && (high || escapes[0]) {
            note_folds(text, start, classes, groups, opened);
        }
        detector.shapes.find(classes, present, groups, escapes[0] || escapes[1], shapes);
        detector.note_shapes(text, start, groups, shapes, opened);
        if detector.mailboxes && (has(Class::At) || has(Class::Percent)) {
            note_at_signs(text.as_bytes(), start, classes, groups, opened);
        }
        if detector.tables.addresses.identifiers & detector.wanted != 0 {
            note_addresses(text.as_bytes(), start, classes, groups, octets_before, opened);
        }
        for (recognizer, _) in &detector.recognizers {
            match recognizer {
                Recognizer::Name => note_names(text, start, classes, groups, sides, opened),
                Recognizer::Address => codes.note(text, start, classes, groups, records, opened),
            }
        }
        if !detector.filter.is_empty {
            let beginnings = Beginnings {
                has_high: high,
                high: high && detector.filter.high,
                escapes: escapes[0] || escapes[1],
                digits: detector.filter.digits,
            };
            let block = |group: usize, lane: usize| (group - 1) * GROUP + lane * BLOCK;
            for group in 1..=groups {
                let words = words(classes, group, beginnings);
                for lane in 0..LANES {
                    let (long, short) = (words.long[lane], words.short[lane]);
                    if long | short == 0 {
                        continue;
                    }
                    let at = block(group, lane);
                    let window = bytes[at..at + BLOCK + AHEAD].try_into().expect("inside");
                    let passed = if high {
                        detector.filter.pass::<true>(window, long, short)
                    } else {
                        detector.filter.pass::<false>(window, long, short)
                    };
                    if passed != 0 {
                        let goes_on = words.goes_on[lane];
                        detector.note_keywords(text, start + at, window, passed, goes_on, hits);
                    }
                }
            }
        }
        if start + CHUNK < text.len() {
            classes.iter_mut().for_each(|row| carry(row, groups));
        }
    }
}

/// The chunk that `rest` begins with, as whole groups and [`AHEAD`] bytes more.
#[inline(always)]
fn padded<'t>(rest: &'t [u8], last: &'t mut [u8; CHUNK + AHEAD]) -> (&'t [u8], usize) {
    if rest.len() >= CHUNK + AHEAD {
        return (&rest[..CHUNK + AHEAD], GROUPS);
    }
    let groups = rest.len().min(CHUNK).div_ceil(GROUP);
    let padded = &mut last[..groups * GROUP + AHEAD];
    padded[..rest.len()].copy_from_slice(rest);
    padded[rest.len()..].fill(0);
    (padded, groups)
}

impl Detector {
    /// Notes the keywords among the words of a block that the filter has let through.
    #[inline(never)]
    fn note_keywords(
        &self,
        text: &str,
        block: usize,
        window: &[u8; BLOCK + AHEAD],
        mut words: u64,
        goes_on: u64,
        hits: &mut Vec<KeywordHit>,
    ) {
        while words != 0 {
            let at = words.trailing_zeros() as usize % BLOCK;
            words &= words - 1;
            let before = (block + at).checked_sub(1).map_or(b' ', |at| text.as_bytes()[at]);
            // In nearly all texts one look at a byte tells.
            let apart = before.is_ascii() && !before.is_ascii_alphanumeric();
            let confirmed = self.filter.confirms(window, at, goes_on >> at);
            if confirmed && (apart || word::begins(text, block + at)) {
                self.tables.keywords.find_at(text, block + at, self.wanted, hits);
            }
        }
    }

    /// Notes where shapes end.
    #[inline(always)]
    fn note_shapes(
        &self,
        text: &str,
        start: usize,
        groups: usize,
        shapes: &ShapeRows,
        opened: &mut Vec<Opened>,
    ) {
        for (target, mut found) in self.shapes.found(shapes).enumerate() {
            while found != 0 {
                let group = found.trailing_zeros() as usize;
                found &= found - 1;
                debug_assert!(group <= groups, "only what was scanned is found");
                for (lane, bits) in lanes(&shapes.ends[target], group).iter().enumerate() {
                    let block = start + (group - 1) * GROUP + lane * BLOCK;
                    self.note_ends(text, block, *bits, target, opened);
                }
            }
        }
    }

    fn note_ends(
        &self,
        text: &str,
        block: usize,
        mut bits: u64,
        target: usize,
        opened: &mut Vec<Opened>,
    ) {
        while bits != 0 {
            let at = block + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if target < self.gated.len() {
                let gate = GATE_SHAPES + u8::try_from(target).expect("few gates");
                opened.push(Opened { at, gate });
            } else if let Some(custom) = target.checked_sub(self.gated.len() + 1) {
                self.customs.note(custom, text, at, opened);
            } else if let Some(begin) = self.block_begin(text, at) {
                opened.push(Opened { at: begin, gate: GATE_BLOCKS });
            }
        }
    }
}

/// Notes where an IPv4 address may have its last octet, and where colons stand as IPv6 addresses
/// have them: two together, or six in a chain.
#[inline(always)]
fn note_addresses(
    text: &[u8],
    start: usize,
    classes: &Classes,
    groups: usize,
    octets_before: &mut u64,
    opened: &mut Vec<Opened>,
) {
    let mut colons_before = classes[Class::Colon as usize][LANES - 1];
    for group in 1..=groups {
        let octets = octets(classes, group);
        let colons = lanes(&classes[Class::Colon as usize], group);
        for lane in 0..LANES {
            let block = start + (group - 1) * GROUP + lane * BLOCK;
            let (octets, before) = (octets[lane], std::mem::replace(octets_before, octets[lane]));
            if octets != 0 && octets.count_ones() + before.count_ones() >= 3 {
                note_dots(block, octets, before, opened);
            }
            let (colons, before) =
                (colons[lane], std::mem::replace(&mut colons_before, colons[lane]));
            let doubled = colons & (colons << 1 | before >> 63);
            if doubled != 0 || colons.count_ones() + before.count_ones() >= 6 {
                note_colons(text, block, colons, before, opened);
            }
        }
    }
}

/// Notes the at signs that a mailbox may have.
#[inline(never)]
fn note_at_signs(
    text: &[u8],
    start: usize,
    classes: &Classes,
    groups: usize,
    opened: &mut Vec<Opened>,
) {
    each_of([Class::At, Class::Percent], start, classes, groups, |at| {
        if mailbox::may_be_sign(text, at) {
            opened.push(Opened { at, gate: GATE_MAILBOXES });
        }
    });
}

/// Notes the characters and escapes that stand for others.
#[inline(never)]
fn note_folds(
    text: &str,
    start: usize,
    classes: &Classes,
    groups: usize,
    opened: &mut Vec<Opened>,
) {
    each_of([Class::High, Class::Percent], start, classes, groups, |at| {
        if fold::folds_at(text, at) {
            opened.push(Opened { at, gate: GATE_FOLD });
        }
    });
}

/// Calls `note` with each byte of either class.
#[inline(always)]
fn each_of(
    either: [Class; 2],
    start: usize,
    classes: &Classes,
    groups: usize,
    mut note: impl FnMut(usize),
) {
    for group in 1..=groups {
        let [one, other] = either.map(|class| lanes(&classes[class as usize], group));
        for (lane, mut bits) in or(one, other).into_iter().enumerate() {
            let block = start + (group - 1) * GROUP + lane * BLOCK;
            while bits != 0 {
                note(block + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        }
    }
}

/// First digits of numbers that follow a number and a dot.
#[inline(always)]
fn octets(classes: &Classes, group: usize) -> Lanes {
    let (digit, dot) = (&classes[Class::Digit as usize], &classes[Class::Dot as usize]);
    and(&and(lanes(digit, group), &behind::<1>(dot, group)), &behind::<2>(digit, group))
}

/// The third of three octets, each two to four bytes behind the one before.
#[inline(never)]
fn note_dots(block: usize, octets: u64, before: u64, opened: &mut Vec<Opened>) {
    let all = u128::from(octets) << 64 | u128::from(before);
    let near = |bits: u128| bits << 2 | bits << 3 | bits << 4;
    let third = all & near(all & near(all));
    let mut bits = (third >> 64) as u64;
    while bits != 0 {
        let at = block + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        opened.push(Opened { at, gate: GATE_DOTS });
    }
}

#[inline(never)]
fn note_colons(text: &[u8], block: usize, colons: u64, before: u64, opened: &mut Vec<Opened>) {
    let all = u128::from(colons) << 64 | u128::from(before);
    let near = |bits: u128| bits << 1 | bits << 2 | bits << 3 | bits << 4 | bits << 5;
    let sixth = (0..5).fold(all, |chain, _| all & near(chain));
    let mut bits = ((all & (all << 1) | sixth) >> 64) as u64;
    while bits != 0 {
        let at = block + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        // No address has three colons together; what matters is where such a run begins and ends.
        let inside = at >= 2 && text[at - 2..].starts_with(b"::::");
        if !inside {
            opened.push(Opened { at, gate: GATE_COLONS });
        }
    }
}
