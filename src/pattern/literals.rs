//! Many texts looked for in one pass.
//!
//! The pass does not look at every byte: four bytes are read at every `stride`-th place, and a
//! table says which texts have these four among their first bytes. Each text is so long that one of
//! the places lies in it.

use std::ops::Range;

use super::steps;

/// Bytes that are read at a place.
const GRAM_BYTES: usize = 4;

/// Most bytes between two places.
const STRIDE_MAX: usize = 8;

/// Bytes of a text that are looked for: of a longer one the first.
const LITERAL_BYTES_MAX: usize = 16;

/// Slots for each gram, so that few others meet one that is taken; and most slots.
const SLOTS_PER_GRAM: usize = 16;
const SLOTS_MAX: usize = 1 << 13;

const NONE: u32 = u32::MAX;

/// Texts, each with the number that is reported where it occurs.
#[derive(Debug)]
pub(super) struct Literals {
    stride: usize,
    /// The first gram with each hash. The hash is what is left behind `shift` bits.
    heads: Box<[u32]>,
    shift: u32,
    grams: Vec<Gram>,
    /// For each gram the literals that have it, in order.
    literals: Vec<(Padded, usize)>,
}

/// A literal, filled up with zeros.
type Padded = [u8; LITERAL_BYTES_MAX];

/// Four bytes of one or more literals that have one length.
#[derive(Debug)]
struct Gram {
    bytes: u32,
    /// Where they stand in the literals.
    offset: usize,
    len: usize,
    literals: Range<usize>,
    /// The next with the same hash.
    next: u32,
}

impl Literals {
    /// Whether a text is long enough to be looked for.
    pub(super) fn takes(text: &str) -> bool {
        text.len() >= GRAM_BYTES
    }

    /// Texts that are all long enough.
    pub(super) fn new(texts: &[(&str, usize)]) -> Self {
        let first = |text: &'_ str| text.len().min(LITERAL_BYTES_MAX);
        let shortest = texts.iter().map(|(text, _)| first(text)).min().unwrap_or(GRAM_BYTES);
        let stride = (shortest + 1 - GRAM_BYTES).min(STRIDE_MAX);
        let mut all = Vec::new();
        for (text, number) in texts {
            let bytes = &text.as_bytes()[..first(text)];
            for (offset, window) in bytes.windows(GRAM_BYTES).take(stride).enumerate() {
                let gram = gram(window).expect("a window of four bytes");
                all.push(((gram, offset, bytes.len()), (padded(bytes), *number)));
            }
        }
        all.sort_unstable();
        let slots = (all.len() * SLOTS_PER_GRAM).next_power_of_two().clamp(2, SLOTS_MAX);
        let (heads, shift) = (vec![NONE; slots].into(), u32::BITS - slots.ilog2());
        let mut it = Self { stride, heads, shift, grams: Vec::new(), literals: Vec::new() };
        for same in all.chunk_by(|one, other| one.0 == other.0) {
            let (bytes, offset, len) = same.first().expect("no chunk is empty").0;
            let start = it.literals.len();
            it.literals.extend(same.iter().map(|(_, literal)| *literal));
            let number = u32::try_from(it.grams.len()).expect("filters are fewer");
            let slot = it.slot(bytes);
            let head = it.heads.get_mut(slot).expect("the hash has as many bits");
            let next = std::mem::replace(head, number);
            it.grams.push(Gram { bytes, offset, len, literals: start..it.literals.len(), next });
        }
        it
    }

    /// Calls `found` with the number of each text that occurs, once or more often. Cost: a fraction
    /// of the haystack's length, and a search among the texts for each place where the first bytes
    /// of one stand.
    pub(super) fn find(&self, haystack: &[u8], mut found: impl FnMut(usize)) {
        if self.grams.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(bytes) = haystack.get(at..).and_then(gram) {
            steps::add(1);
            let mut next = *self.heads.get(self.slot(bytes)).expect("the hash has as many bits");
            while let Some(gram) = self.grams.get(next as usize) {
                if gram.bytes == bytes {
                    let start = at.checked_sub(gram.offset);
                    let here = start.and_then(|start| haystack.get(start..start + gram.len));
                    here.into_iter().for_each(|here| self.confirm(gram, here, &mut found));
                }
                next = gram.next;
            }
            at += self.stride;
        }
    }

    /// Reports which of a gram's literals stands there.
    fn confirm(&self, gram: &Gram, here: &[u8], found: &mut impl FnMut(usize)) {
        steps::add(1);
        let here = padded(here);
        let literals = self.literals.get(gram.literals.clone()).expect("made with the gram");
        let first = literals.partition_point(|(literal, _)| *literal < here);
        let same = literals.get(first..).unwrap_or_default().iter();
        same.take_while(|(literal, _)| *literal == here).for_each(|(_, number)| found(*number));
    }

    fn slot(&self, bytes: u32) -> usize {
        (bytes.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }
}

fn padded(bytes: &[u8]) -> Padded {
    let mut padded = [0; LITERAL_BYTES_MAX];
    padded.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
    padded
}

/// The first bytes as a number.
fn gram(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_wherever_it_stands() {
        let texts = ["ERROR", "ERRO", "rror occurred", "occurred twice in a row", "é漢字"];
        for count in 1..=texts.len() {
            let numbered: Vec<_> = (0..count).map(|at| (texts[at], at)).collect();
            let literals = Literals::new(&numbered);
            for (number, text) in texts.iter().enumerate().take(count) {
                for before in 0..20 {
                    for after in ["", ".", "and so on"] {
                        let haystack = format!("{}{text}{after}", "-".repeat(before));
                        let mut found = [0; 5];
                        literals.find(haystack.as_bytes(), |number| found[number] += 1);
                        assert_eq!(found[number], 1, "text {number} behind {before} bytes");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is_looked_for() {
        Literals::new(&[]).find(b"any text", |_| panic!("there is no text"));
    }
}
