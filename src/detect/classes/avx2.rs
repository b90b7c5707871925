//! The bitmaps by vector code. The one module of the crate that may use `unsafe`: to call code that
//! is compiled for instructions which not every machine has.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srli_epi16, _mm256_sub_epi8, _mm256_testz_si256,
};

use super::{BLOCK, Class, Classes, GROUP, LANES, Work, lanes_mut};

/// Exists only on a machine that has what this module is compiled for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::detect) struct Proof(());

impl Proof {
    pub(super) fn new() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        has_all.then_some(Self(()))
    }

    /// Does `work`, compiled for this machine.
    pub(super) fn run(self, work: impl Work) {
        // SAFETY: `new` makes a proof only where the machine has every feature of `run`.
        unsafe { run(work) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run(work: impl Work) {
    // A closure is compiled as the function around it is.
    work.run(|text, blocks, classes, group| match blocks {
        1 => classify::<1>(text, classes, group),
        2 => classify::<2>(text, classes, group),
        _ => classify::<LANES>(text, classes, group),
    });
}

/// Fills group `group` of each bitmap, from the first `USED` blocks of the text.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn classify<const USED: usize>(text: &[u8; GROUP], classes: &mut Classes, group: usize) {
    if USED < LANES {
        classes.iter_mut().for_each(|row| *lanes_mut(row, group) = [0; LANES]);
    }
    let [
        letter,
        lower,
        digit,
        high,
        dot,
        dash,
        space,
        colon,
        at,
        plus,
        open,
        slash,
        percent,
        backslash,
        escape,
    ] = classes;
    // Each place is looked up once.
    let letter = lanes_mut(letter, group);
    let lower = lanes_mut(lower, group);
    let digit = lanes_mut(digit, group);
    let high = lanes_mut(high, group);
    let dot = lanes_mut(dot, group);
    let dash = lanes_mut(dash, group);
    let space = lanes_mut(space, group);
    let colon = lanes_mut(colon, group);
    let at = lanes_mut(at, group);
    let plus = lanes_mut(plus, group);
    let open = lanes_mut(open, group);
    let slash = lanes_mut(slash, group);
    let percent = lanes_mut(percent, group);
    let backslash = lanes_mut(backslash, group);
    let escape = lanes_mut(escape, group);
    let (blocks, _) = text[..USED * BLOCK].as_chunks::<BLOCK>();
    let mut rare = _mm256_setzero_si256();
    for (lane, block) in blocks.iter().enumerate() {
        let halves = halves(block);
        letter[lane] = bits(letters(halves.0), letters(halves.1));
        lower[lane] = bits(_mm256_slli_epi16::<2>(halves.0), _mm256_slli_epi16::<2>(halves.1));
        digit[lane] = bits(digits(halves.0), digits(halves.1));
        high[lane] = bits(halves.0, halves.1);
        dot[lane] = equal(halves, Class::Dot);
        dash[lane] = equal(halves, Class::Dash);
        space[lane] = equal(halves, Class::Space);
        colon[lane] = equal(halves, Class::Colon);
        open[lane] = equal(halves, Class::Open);
        slash[lane] = equal(halves, Class::Slash);
        let rare_halves = _mm256_or_si256(rare_bytes(halves.0), rare_bytes(halves.1));
        rare = _mm256_or_si256(rare, rare_halves);
    }
    if _mm256_testz_si256(rare, rare) != 0 {
        for words in [at, plus, percent, backslash, escape] {
            *words = [0; LANES];
        }
        return;
    }
    for (lane, block) in blocks.iter().enumerate() {
        let halves = halves(block);
        at[lane] = equal(halves, Class::At);
        plus[lane] = equal(halves, Class::Plus);
        percent[lane] = equal(halves, Class::Percent);
        backslash[lane] = equal(halves, Class::Backslash);
        escape[lane] = equal(halves, Class::Escape);
    }
}

/// Where the byte of a class of one byte stands.
#[inline]
#[target_feature(enable = "avx2")]
fn equal((low, high): (__m256i, __m256i), class: Class) -> u64 {
    let byte = _mm256_set1_epi8(class.byte() as i8);
    bits(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
}

/// Bits where a byte is one of the rare classes', by both halves of the byte.
#[inline]
#[target_feature(enable = "avx2")]
fn rare_bytes(bytes: __m256i) -> __m256i {
    const HALVES: ([i8; 16], [i8; 16]) = {
        let (mut low, mut high) = ([0; 16], [0; 16]);
        let mut single = 0;
        while single < Class::SINGLES.len() {
            let (class, byte) = Class::SINGLES[single];
            if class.is_rare() {
                // Bytes with the same high half share a bit.
                let bit = 1 << (byte >> 4 & 7);
                low[(byte & 15) as usize] |= bit;
                high[(byte >> 4) as usize] |= bit;
            }
            single += 1;
        }
        (low, high)
    };
    let table = |half: [i8; 16]| {
        let words: [i64; 2] = [
            i64::from_le_bytes(std::array::from_fn(|i| half[i] as u8)),
            i64::from_le_bytes(std::array::from_fn(|i| half[i + 8] as u8)),
        ];
        _mm256_set_epi64x(words[1], words[0], words[1], words[0])
    };
    let high_half = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15));
    _mm256_and_si256(
        _mm256_shuffle_epi8(table(HALVES.0), bytes),
        _mm256_shuffle_epi8(table(HALVES.1), high_half),
    )
}

/// The two halves of a block.
#[inline]
#[target_feature(enable = "avx2")]
fn halves(block: &[u8; BLOCK]) -> (__m256i, __m256i) {
    let word = |at: usize| {
        let bytes: [u8; 8] = block[at..at + 8].try_into().expect("eight bytes");
        i64::from_le_bytes(bytes)
    };
    (
        _mm256_set_epi64x(word(24), word(16), word(8), word(0)),
        _mm256_set_epi64x(word(56), word(48), word(40), word(32)),
    )
}

/// The highest bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn bits(low: __m256i, high: __m256i) -> u64 {
    let word = |half| u64::from(_mm256_movemask_epi8(half) as u32);
    word(low) | word(high) << 32
}

/// `first..first + count` of the bytes, moved to the least signed numbers.
#[inline]
#[target_feature(enable = "avx2")]
fn range(bytes: __m256i, first: u8, count: i8) -> __m256i {
    let moved = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first.wrapping_add(0x80) as i8));
    _mm256_cmpgt_epi8(_mm256_set1_epi8(i8::MIN + count), moved)
}

#[inline]
#[target_feature(enable = "avx2")]
fn letters(bytes: __m256i) -> __m256i {
    range(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), b'a', 26)
}

#[inline]
#[target_feature(enable = "avx2")]
fn digits(bytes: __m256i) -> __m256i {
    range(bytes, b'0', 10)
}
