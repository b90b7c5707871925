//! What the first few bytes at a place tell of the values that may begin there: by kind of byte,
//! one look-up instead of a walk. It says yes in vain at times, and never no.

use super::classes::{Classes, GROUP, Work};
use super::tables::IdentifierSet;

/// Bytes that are looked at.
pub(super) const PREFIX: usize = 6;

/// Kinds of bytes: digits, capital letters, small letters, separators of values, all others.
pub(super) const KINDS: usize = 5;

/// How many prefixes there are.
pub(super) const PREFIXES: usize = KINDS.pow(PREFIX as u32);

/// A value may begin at a byte with this bit; the lower bits are its kind.
pub(super) const BEGINS: u8 = 0x80;

/// Identifiers, and which of them each walk finds.
pub(super) type PrefixSet = (IdentifierSet, &'static [(u8, IdentifierSet)]);

/// For each prefix, what may begin so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    /// By number of the prefix, the index in `sets`.
    pub(super) indexes: &'static [u16; PREFIXES],
    pub(super) sets: &'static [PrefixSet],
}

impl Prefixes {
    /// What may begin so that the kinds of its first bytes are those in the lower bits of `marks`.
    #[inline(always)]
    pub(super) fn at(&self, marks: u64) -> &'static PrefixSet {
        &self.sets[usize::from(self.indexes[number(marks)])]
    }
}

/// The number of a prefix: its kinds as digits, the first one the highest. Bytes, then pairs of
/// them, are joined side by side.
#[inline(always)]
pub(super) fn number(marks: u64) -> usize {
    const BASE: u64 = KINDS as u64;
    let kinds = marks & 0x0007_0707_0707_0707;
    let pairs = (kinds * BASE + (kinds >> 8)) & 0x00FF_00FF_00FF_00FF;
    let first_four = (pairs * (BASE * BASE) + (pairs >> 16)) & 0xFFFF;
    (first_four * (BASE * BASE) + (pairs >> 32 & 0xFF)) as usize
}

/// The kind of a byte.
#[inline(always)]
pub(super) fn kind(byte: u8) -> u8 {
    let when = |test: bool, kind: u8| if test { kind } else { 0 };
    let separator = (byte == b' ') | (byte == b'-') | (byte == b'.') | (byte == b'/');
    when(is_digit(byte), 1)
        | when(byte.wrapping_sub(b'A') < 26, 2)
        | when(byte.wrapping_sub(b'a') < 26, 3)
        | when(separator, 4)
}

/// Whether a value may begin with the byte: a letter, a digit or one of a few signs.
#[inline(always)]
pub(super) fn begins(byte: u8) -> bool {
    let sign = (byte.wrapping_sub(b'(') < 8) | (byte == b'<') | (byte == b'\\');
    is_digit(byte) | is_letter(byte) | sign
}

#[inline(always)]
fn is_digit(byte: u8) -> bool {
    byte.wrapping_sub(b'0') < 10
}

#[inline(always)]
fn is_letter(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26
}

/// Marks each byte of `text` with its kind, and those that a value may begin with. With `plain`
/// none begins behind a letter or digit, unless with a bracket; `before` is the byte before all.
pub(super) struct Mark<'t> {
    pub(super) text: &'t [u8],
    pub(super) before: u8,
    pub(super) plain: bool,
    pub(super) marks: &'t mut Vec<u8>,
}

/// No bitmaps are asked for, but the vectors of the level.
impl Work for Mark<'_> {
    #[inline(always)]
    fn run(self, _: impl Fn(&[u8; GROUP], usize, &mut Classes, usize)) {
        let Self { text, before, plain, marks } = self;
        let joins = if plain { BEGINS } else { 0 };
        let one = |byte: u8, before: u8| {
            let joined = (is_digit(before) | is_letter(before)) & (byte != b'(');
            let begins = if begins(byte) { BEGINS } else { 0 };
            kind(byte) | begins & !(if joined { joins } else { 0 })
        };
        marks.clear();
        let [first, rest @ ..] = text else { return };
        marks.resize(text.len(), one(*first, before));
        // Without a branch, so that many bytes are marked at once.
        for ((mark, byte), before) in marks[1..].iter_mut().zip(rest).zip(text) {
            *mark = one(*byte, *before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::classes::Level;

    #[test]
    fn prefixes_are_numbered_by_their_kinds() {
        let number_of = |text: &[u8; 8]| {
            let mut marks = Vec::new();
            Level::best().run(Mark { text, before: b' ', plain: true, marks: &mut marks });
            number(u64::from_le_bytes(marks.try_into().expect("eight bytes")))
        };
        assert_eq!(number_of(b"1Aa-.=1A"), 3125 + 2 * 625 + 3 * 125 + 4 * 25 + 4 * 5);
        assert_eq!(number_of(b"zzzzzzzz"), PREFIXES / 4 * 3);
        assert_eq!(number_of(b"--------"), PREFIXES - 1);
    }

    #[test]
    fn values_begin_where_nothing_joins_them() {
        let begins = |plain: bool| {
            let mut marks = Vec::new();
            let text = b"a1 B-(2(=\xC3x";
            Level::Scalar.run(Mark { text, before: b'9', plain, marks: &mut marks });
            let text = marks.iter().map(|mark| if mark & BEGINS != 0 { '^' } else { '.' });
            text.collect::<String>()
        };
        assert_eq!(begins(true), "...^.^^^..^");
        assert_eq!(begins(false), "^^.^^^^^..^");
    }
}
