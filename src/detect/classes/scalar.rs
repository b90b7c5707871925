//! The bitmaps by table, for machines without the vector code and as its twin in tests.

use super::{BLOCK, Class, Classes, GROUP, LANES};

/// Per byte, its classes as bits in the order of [`Class`].
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        let mut bits = (value.is_ascii_alphabetic() as u16) << Class::Letter as u8
            | ((value & 0x20 != 0) as u16) << Class::Lower as u8
            | (value.is_ascii_digit() as u16) << Class::Digit as u8
            | ((value >= 0x80) as u16) << Class::High as u8;
        let mut single = 0;
        while single < Class::SINGLES.len() {
            let (class, only) = Class::SINGLES[single];
            bits |= ((value == only) as u16) << class as u8;
            single += 1;
        }
        table[byte] = bits;
        byte += 1;
    }
    table
};

/// Fills group `group` of each bitmap.
#[inline(always)]
pub(super) fn classify(text: &[u8; GROUP], blocks: usize, classes: &mut Classes, group: usize) {
    for (lane, block) in text.chunks_exact(BLOCK).enumerate() {
        let mut words = [0u64; Class::COUNT];
        let block = if lane < blocks { block } else { &[] };
        for (at, byte) in block.iter().enumerate() {
            let mut bits = TABLE[usize::from(*byte)];
            while bits != 0 {
                words[bits.trailing_zeros() as usize] |= 1 << at;
                bits &= bits - 1;
            }
        }
        for (row, word) in classes.iter_mut().zip(words) {
            row[group * LANES + lane] = word;
        }
    }
}
