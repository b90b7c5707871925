//! Which words may begin a keyword: two tables of bits, asked at every word of a text, that seldom
//! say yes in vain and never no.

use super::classes::{BLOCK, Class, Classes, Lanes, behind, lanes, less, or};
use super::keywords::{Form, Keywords};
use super::tables::IdentifierSet;

/// Bytes behind a block that a look at its words may read.
pub(super) const AHEAD: usize = 8;

/// Case bits of four and of eight letters.
const FOLD_4: u32 = 0x2020_2020;
const FOLD_8: u64 = 0x2020_2020_2020_2020;

/// High bits: bytes of characters outside ASCII.
const HIGH_4: u32 = 0x8080_8080;
const HIGH_8: u64 = 0x0000_8080_8080_8080;

/// The filter of one detector.
pub(super) struct Filter {
    /// By a hash of the first four bytes: keywords of four bytes and more.
    four: Box<[u32; 1 << 11]>,
    /// By five bits of each of the first three bytes: shorter keywords, exactly, and those that
    /// begin with less than four letters.
    three: Box<[u32; 1 << 10]>,
    /// The same of the shorter ones alone.
    whole_three: Box<[u32; 1 << 10]>,
    /// By a hash of the first six bytes: keywords of six bytes and more.
    six: Box<[u64; 1 << 8]>,
    /// By a hash of all bytes: keywords of four and five bytes.
    whole: Box<[u64; 1 << 8]>,
    /// First bytes of keywords that begin outside ASCII.
    lead: [bool; 256],
    /// Some keyword begins with a digit.
    pub(super) digits: bool,
    /// Some keyword begins outside ASCII.
    pub(super) high: bool,
    /// There are no keywords.
    pub(super) is_empty: bool,
}

impl Filter {
    /// The filter for the keywords of `wanted` identifiers.
    pub(super) fn new(keywords: &Keywords, wanted: IdentifierSet) -> Self {
        let mut lead = *keywords.first;
        lead[..0x80].fill(false);
        let mut filter = Self {
            four: vec![0; 1 << 11].try_into().expect("2^11 words"),
            three: vec![0; 1 << 10].try_into().expect("2^10 words"),
            whole_three: vec![0; 1 << 10].try_into().expect("2^10 words"),
            six: vec![0; 1 << 8].try_into().expect("2^8 words"),
            whole: vec![0; 1 << 8].try_into().expect("2^8 words"),
            digits: (b'0'..=b'9').any(|digit| keywords.first[usize::from(digit)]),
            high: lead.iter().any(|lead| *lead),
            lead,
            is_empty: true,
        };
        for Form { bytes, set } in keywords.forms {
            if keywords.sets[usize::from(*set)] & wanted != 0 {
                filter.insert(bytes);
                filter.is_empty = false;
            }
        }
        filter
    }

    /// `form` is a whole keyword, or the first eight bytes of one.
    fn insert(&mut self, form: &[u8]) {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(form) {
            *to = from | 0x20;
        }
        let word = u64::from_le_bytes(bytes);
        let first = word as u32;
        match form.len() {
            0 => {}
            1..=3 => {
                let known = 8 * form.len() as u32;
                for rest in 0..1u32 << (24 - known).min(16) {
                    // Five bits of each byte are all that is asked; the byte behind a short
                    // keyword may be any.
                    let (table, bit) = three_slot(first & ((1 << known) - 1) | rest << known);
                    self.three[table] |= 1 << bit;
                    self.whole_three[table] |= 1 << bit;
                }
            }
            length => {
                let (table, bit) = four_slot(first);
                self.four[table] |= 1 << bit;
                if !form[..4].iter().all(u8::is_ascii_alphabetic) {
                    let (table, bit) = three_slot(first);
                    self.three[table] |= 1 << bit;
                }
                let (set, hashed) = match length {
                    4 => (&mut self.whole, word & 0xFFFF_FFFF),
                    5 => (&mut self.whole, word & 0xFF_FFFF_FFFF),
                    _ => (&mut self.six, word & 0xFFFF_FFFF_FFFF),
                };
                let (table, bit) = slot(hashed);
                set[table] |= 1 << bit;
            }
        }
    }

    /// Of the words of a block, those that may begin a keyword: `long` are asked by four bytes,
    /// `short` by three. With `HIGH`, words may hold characters outside ASCII.
    #[inline(always)]
    pub(super) fn pass<const HIGH: bool>(
        &self,
        window: &[u8; BLOCK + AHEAD],
        long: u64,
        short: u64,
    ) -> u64 {
        let mut passed = 0;
        let mut rest = long;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize % BLOCK;
            rest &= rest - 1;
            let word = four_bytes(window, at);
            let (table, bit) = four_slot(word | FOLD_4);
            let mut found = self.four[table] >> bit & 1;
            if HIGH {
                found |= u32::from(word & HIGH_4 != 0);
            }
            passed |= u64::from(found) << at;
        }
        rest = short;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize % BLOCK;
            rest &= rest - 1;
            let (table, bit) = three_slot(four_bytes(window, at));
            passed |= u64::from(self.three[table] >> bit & 1) << at;
        }
        passed
    }

    /// A second look at a word that has passed; `goes_on` tells of the letters of the block that
    /// do not end or begin a word, the word's first letter in bit 0.
    #[inline(always)]
    pub(super) fn confirms(&self, window: &[u8; BLOCK + AHEAD], at: usize, goes_on: u64) -> bool {
        let bytes: [u8; 8] = window[at..at + 8].try_into().expect("eight bytes");
        let word = u64::from_le_bytes(bytes);
        if word & HIGH_8 != 0 {
            let first = bytes[0];
            return first < 0x80 || self.lead[usize::from(first)];
        }
        let folded = word | FOLD_8;
        let has = |set: &[u64; 1 << 8], hashed: u64| {
            let (table, bit) = slot(hashed);
            set[table] >> bit & 1 == 1
        };
        has(&self.six, folded & 0xFFFF_FFFF_FFFF)
            || (goes_on & 1 << 4 == 0 && has(&self.whole, folded & 0xFFFF_FFFF))
            || (goes_on & 1 << 5 == 0 && has(&self.whole, folded & 0xFF_FFFF_FFFF))
            || (goes_on & 0b1110 != 0b1110 && {
                let (table, bit) = three_slot(word as u32);
                self.whole_three[table] >> bit & 1 == 1
            })
    }
}

#[inline(always)]
fn four_bytes(window: &[u8; BLOCK + AHEAD], at: usize) -> u32 {
    u32::from_le_bytes([window[at], window[at + 1], window[at + 2], window[at + 3]])
}

/// Multiplicative hashing with 2^32 and 2^64 over the golden ratio.
#[inline(always)]
fn four_slot(folded: u32) -> (usize, u32) {
    let hash = folded.wrapping_mul(0x9E37_79B1) >> 16;
    ((hash >> 5) as usize, hash & 31)
}

#[inline(always)]
fn slot(folded: u64) -> (usize, u32) {
    let hash = folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 50;
    ((hash >> 6) as usize, (hash & 63) as u32)
}

#[inline(always)]
fn three_slot(word: u32) -> (usize, u32) {
    let first_two = word & 0x1F | word >> 3 & 0x3E0;
    (first_two as usize, word >> 16 & 0x1F)
}

/// Where in a group keywords may begin, by how many bytes each is asked, and which letters neither
/// begin a word nor follow the end of one.
pub(super) struct Words {
    /// Four letters, or characters outside ASCII.
    pub(super) long: Lanes,
    /// Less than four letters up to the end of the word.
    pub(super) short: Lanes,
    pub(super) goes_on: Lanes,
}

/// What words of a text may begin with, besides letters.
#[derive(Clone, Copy)]
pub(super) struct Beginnings {
    /// There are characters outside ASCII.
    pub(super) has_high: bool,
    /// And keywords that begin with one.
    pub(super) high: bool,
    /// There are escapes, behind which a word may begin.
    pub(super) escapes: bool,
    /// Keywords may begin with a digit.
    pub(super) digits: bool,
}

/// The words of group `group`, by the rules of [`super::word`], and a few more.
#[inline(always)]
pub(super) fn words(classes: &Classes, group: usize, beginnings: Beginnings) -> Words {
    let row = |class: Class| &classes[class as usize];
    let cur = |class: Class| lanes(row(class), group);
    let (letter, lower) = (cur(Class::Letter), cur(Class::Lower));
    let upper = less(letter, lower);
    let after_letter = behind::<1>(row(Class::Letter), group);
    let after_upper = less(&after_letter, &behind::<1>(row(Class::Lower), group));
    let after_lower = less(&after_letter, &after_upper);
    // The last capital of several before a small letter; what follows the block may be one.
    let before_small: Lanes = {
        let high = cur(Class::High);
        std::array::from_fn(|i| (letter[i] & lower[i] | high[i]) >> 1 | 1 << 63)
    };
    let mut starts: Lanes = std::array::from_fn(|i| {
        letter[i] & !after_letter[i]
            | upper[i] & (after_lower[i] | after_upper[i] & before_small[i])
    });
    if beginnings.escapes {
        starts = or(&starts, &behind_escapes(classes, group));
    }
    let mut all = starts;
    if beginnings.high {
        all = or(&all, cur(Class::High));
    }
    if beginnings.digits {
        all = or(&all, cur(Class::Digit));
    }
    let goes_on = less(letter, &starts);
    let short = std::array::from_fn(|i| {
        let on = goes_on[i];
        all[i] & !(on >> 1 & on >> 2 & on >> 3)
    });
    let long = if beginnings.has_high {
        all
    } else {
        std::array::from_fn(|i| {
            let other = !letter[i];
            all[i] & !(other >> 1 | other >> 2 | other >> 3)
        })
    };
    Words { long, short, goes_on }
}

/// Letters that may stand directly behind an escape: `\n`, `\u003c`, `%3D` or `%253D`, or the `m`
/// of a colour.
#[inline(never)]
fn behind_escapes(classes: &Classes, group: usize) -> Lanes {
    let row = |class: Class| &classes[class as usize];
    let two = behind::<2>(row(Class::Backslash), group);
    let six = behind::<6>(row(Class::Backslash), group);
    let (three, five) =
        (behind::<3>(row(Class::Percent), group), behind::<5>(row(Class::Percent), group));
    let after_letter = behind::<1>(row(Class::Letter), group);
    // A colour's `m` follows a digit, a semicolon or the bracket, never a letter.
    let after_lone = less(&after_letter, &behind::<2>(row(Class::Letter), group));
    let letter = lanes(row(Class::Letter), group);
    std::array::from_fn(|i| letter[i] & (two[i] | six[i] | three[i] | five[i] | after_lone[i]))
}
