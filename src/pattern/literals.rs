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

/// Slots for each key, so that few others meet one that is taken; and most slots.
const SLOTS_PER_KEY: usize = 16;
const SLOTS_MAX: usize = 1 << 13;

const NONE: u32 = u32::MAX;

/// Texts, each with the number that is reported where it occurs.
#[derive(Debug)]
pub(super) struct Literals {
    stride: usize,
    grams: Vec<Gram>,
    gram_slots: Slots,
    literals: Vec<Literal>,
    literal_slots: Slots,
    numbers: Vec<usize>,
}

/// Four bytes of literals.
#[derive(Debug)]
struct Gram {
    bytes: u32,
    /// Where they stand in the literals, and how long these are.
    offset: usize,
    len: usize,
    /// The next in the same slot.
    next: u32,
}

#[derive(Debug)]
struct Literal {
    padded: Padded,
    len: usize,
    /// Which of the numbers are its.
    numbers: Range<usize>,
    next: u32,
}

/// A literal, filled up with zeros.
type Padded = u128;

/// Chains of what has the same hash.
#[derive(Debug)]
struct Slots {
    heads: Box<[u32]>,
    /// A slot is what is left of a hash behind so many bits.
    shift: u32,
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
        let mut sorted: Vec<_> =
            texts.iter().map(|(text, number)| (&text.as_bytes()[..first(text)], *number)).collect();
        sorted.sort_unstable();
        let mut grams: Vec<_> = Vec::new();
        for (bytes, _) in &sorted {
            let windows = bytes.windows(GRAM_BYTES).take(stride).enumerate();
            let gram = |window| gram(window).expect("a window of four bytes");
            grams.extend(windows.map(|(offset, window)| (gram(window), offset, bytes.len())));
        }
        grams.sort_unstable();
        grams.dedup();
        let gram_slots = Slots::new(grams.len());
        let literal_slots = Slots::new(sorted.len());
        let numbers = sorted.iter().map(|(_, number)| *number).collect();
        let (all, literals) = (Vec::new(), Vec::new());
        let mut it = Self { stride, grams: all, gram_slots, literals, literal_slots, numbers };
        for (bytes, offset, len) in grams {
            let next = it.gram_slots.chain(u64::from(bytes), it.grams.len());
            it.grams.push(Gram { bytes, offset, len, next });
        }
        let mut start = 0;
        for same in sorted.chunk_by(|one, other| one.0 == other.0) {
            let bytes = same.first().expect("no chunk is empty").0;
            let (padded, numbers) = (padded(bytes, bytes.len()), start..start + same.len());
            start = numbers.end;
            let next = it.literal_slots.chain(folded(padded), it.literals.len());
            it.literals.push(Literal { padded, len: bytes.len(), numbers, next });
        }
        it
    }

    /// Calls `found` with the number of each text that occurs, once or more often. Cost: a fraction
    /// of the haystack's length, and a look at the texts for each place where the first bytes of
    /// one stand.
    pub(super) fn find(&self, haystack: &[u8], mut found: impl FnMut(usize)) {
        if self.grams.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(bytes) = haystack.get(at..).and_then(gram) {
            steps::add(1);
            let head = self.gram_slots.head(u64::from(bytes));
            if head != NONE {
                self.look(head, bytes, haystack, at, &mut found);
            }
            at += self.stride;
        }
    }

    /// Reports the literals that stand there, if these bytes are theirs. Apart from the loop that
    /// seldom needs it, which is the faster for that.
    #[inline(never)]
    fn look(
        &self,
        head: u32,
        bytes: u32,
        haystack: &[u8],
        at: usize,
        found: &mut impl FnMut(usize),
    ) {
        let mut next = head;
        while let Some(gram) = self.grams.get(next as usize) {
            if gram.bytes == bytes {
                let start = at.checked_sub(gram.offset);
                let here = start.and_then(|start| haystack.get(start..));
                let here = here.filter(|here| here.len() >= gram.len);
                here.into_iter().for_each(|here| self.confirm(here, gram.len, found));
            }
            next = gram.next;
        }
    }

    /// Reports the literal of that length that begins there, if one does.
    fn confirm(&self, here: &[u8], len: usize, found: &mut impl FnMut(usize)) {
        steps::add(1);
        let padded = padded(here, len);
        let mut next = self.literal_slots.head(folded(padded));
        while let Some(literal) = self.literals.get(next as usize) {
            if literal.padded == padded && literal.len == len {
                let numbers = self.numbers.get(literal.numbers.clone()).unwrap_or_default();
                numbers.iter().copied().for_each(found);
                return;
            }
            next = literal.next;
        }
    }
}

impl Slots {
    fn new(keys: usize) -> Self {
        let slots = (keys * SLOTS_PER_KEY).next_power_of_two().clamp(2, SLOTS_MAX);
        Self { heads: vec![NONE; slots].into(), shift: u64::BITS - slots.ilog2() }
    }

    /// The first of those that have a slot with `key`.
    #[inline(always)]
    fn head(&self, key: u64) -> u32 {
        *self.heads.get(self.slot(key)).expect("the hash has as many bits")
    }

    /// Puts a number before those that have a slot with `key`, which it returns.
    fn chain(&mut self, key: u64, number: usize) -> u32 {
        let slot = self.slot(key);
        let head = self.heads.get_mut(slot).expect("the hash has as many bits");
        std::mem::replace(head, u32::try_from(number).expect("filters are fewer"))
    }

    #[inline(always)]
    fn slot(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }
}

/// The first `len` bytes, filled up.
fn padded(bytes: &[u8], len: usize) -> Padded {
    let first = bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut few = [0; LITERAL_BYTES_MAX];
        few.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
        few
    });
    let others = 8 * LITERAL_BYTES_MAX.saturating_sub(len);
    Padded::from_le_bytes(first) << others >> others
}

/// What is hashed of a literal.
fn folded(padded: Padded) -> u64 {
    (padded >> 64) as u64 ^ (padded as u64).rotate_left(29)
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
