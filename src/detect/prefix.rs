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

/// A keyword begins at a byte with this bit.
pub(super) const KEYWORD: u8 = 0x40;

/// Marks that are read at a time.
pub(super) const MARKS: usize = 8;

/// Letters and digits in a row that are counted; more count as so many.
pub(super) const RUN_MAX: usize = 32;

/// Identifiers, and which of them each walk finds.
pub(super) type PrefixSet = (IdentifierSet, &'static [(u8, IdentifierSet)]);

/// For each prefix, what may begin so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    /// By number of the prefix, the index in `sets`.
    pub(super) indexes: &'static [u16; PREFIXES],
    pub(super) sets: &'static [PrefixSet],
    pub(super) runs: Runs,
}

/// What may begin with so many letters and digits in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs {
    /// By what they are (none, digits, letters, both), by how many they are and by the group of the
    /// byte behind them: the index in `sets`.
    pub(super) indexes: &'static [u8],
    pub(super) sets: &'static [IdentifierSet],
    /// Bytes of a group lead on alike; how many groups there are.
    pub(super) groups: &'static [u8; 256],
    pub(super) groups_len: usize,
}

impl Runs {
    /// The place in `indexes` of the first group.
    #[inline(always)]
    pub(super) fn row(&self, kinds: usize, length: usize) -> usize {
        (kinds * (RUN_MAX + 1) + length) * self.groups_len
    }
}

impl Prefixes {
    /// What may begin so that the kinds of its first bytes are those in the lower bits of `marks`.
    #[inline(always)]
    pub(super) fn at(&self, marks: u64) -> &'static PrefixSet {
        &self.sets[usize::from(self.indexes[number(marks)])]
    }

    /// What may begin with the letters and digits that `marks` and `text` begin with. Inside a word
    /// a value ends only where a keyword begins: then that is anything.
    #[inline(always)]
    pub(super) fn of_run(&self, marks: &[u8], text: &[u8]) -> IdentifierSet {
        let Some((length, kinds)) = run(marks) else { return IdentifierSet::MAX };
        let Runs { indexes, sets, groups, .. } = self.runs;
        let behind = text.get(length).unwrap_or(&b'\n');
        let place = self.runs.row(kinds, length) + usize::from(groups[usize::from(*behind)]);
        sets[usize::from(indexes[place])]
    }
}

/// How many letters and digits `marks` begin with, and which of both they are; `None` if a keyword
/// begins among them, but for the first.
#[inline(always)]
fn run(marks: &[u8]) -> Option<(usize, usize)> {
    /// The lowest bit of each mark.
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (mut digits, mut letters) = (0, 0);
    for (before, marks) in marks.chunks_exact(MARKS).take(RUN_MAX / MARKS).enumerate() {
        let word = u64::from_le_bytes(marks.try_into().expect("eight marks"));
        let (letter, part) = (word >> 1 & LOW, (word | word >> 1) & LOW);
        let keyword = (word / u64::from(KEYWORD)) & LOW & !u64::from(before == 0);
        let stop = keyword | part ^ LOW;
        let inside = stop.wrapping_sub(1) & !stop;
        letters |= letter & inside;
        digits |= part & !letter & inside;
        if stop != 0 {
            let length = before * MARKS + stop.trailing_zeros() as usize / 8;
            let split = part & stop & stop.wrapping_neg() != 0;
            let kinds = usize::from(digits != 0) | usize::from(letters != 0) << 1;
            return (!split).then_some((length, kinds));
        }
    }
    Some((RUN_MAX, usize::from(digits != 0) | usize::from(letters != 0) << 1))
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
    use crate::detect::catalogue::TABLES;
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
    fn runs_let_through_what_the_automata_find() {
        let seed = 17u64;
        let (mut state, mut found) = (seed, 0);
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % bound
        };
        for round in 0..4_000 {
            let few_letters = below(3) > 0;
            let text: Vec<u8> = (0..below(50))
                .map(|_| match below(8) {
                    0 => b" -./,*+("[below(8)],
                    1 | 2 if !few_letters => b"ABCFXZabcxyz"[below(12)],
                    _ => b"0123456789A"[below(11)],
                })
                .collect();
            let mut marks = Vec::new();
            Level::Scalar.run(Mark { text: &text, before: b' ', plain: true, marks: &mut marks });
            marks.resize(text.len() + RUN_MAX + MARKS, 0);
            for (at, walks) in (0..text.len())
                .flat_map(|at| TABLES.bound.walks.iter().map(move |walks| (at, walks)))
            {
                let passed = TABLES.bound.prefixes.of_run(&marks[at..], &text[at..]);
                walks.walker.walk(&text[at..], |length, set| {
                    let (identifiers, _) = walks.walker.sets[usize::from(set)];
                    let inside = text.get(at + length).is_some_and(u8::is_ascii_alphanumeric);
                    found += usize::from(!inside);
                    let text = String::from_utf8_lossy(&text[at..]);
                    assert!(
                        inside || identifiers & !passed == 0,
                        "seed {seed}, round {round}: {text}"
                    );
                });
            }
        }
        assert!(found > 10_000, "{found} values");
    }

    #[test]
    fn a_keyword_inside_a_word_lets_all_through() {
        let run_of = |text: &[u8], keyword: usize| {
            let mut marks = Vec::new();
            Level::Scalar.run(Mark { text, before: b' ', plain: true, marks: &mut marks });
            marks.resize(text.len() + RUN_MAX + MARKS, 0);
            marks[keyword] |= KEYWORD;
            run(&marks)
        };
        assert_eq!(run_of(b"123456789012ab-", 0), Some((14, 3)));
        assert_eq!(run_of(b"123456789012ab-", 14), Some((14, 3)));
        assert_eq!(run_of(b"123456789012ssn", 12), None);
        assert_eq!(run_of(b"12345678901234567890123456789012345", 34), Some((RUN_MAX, 1)));
        assert_eq!(run_of(b"abc", 0), Some((3, 2)));
        assert_eq!(run_of(b"(12", 0), Some((0, 0)));
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
