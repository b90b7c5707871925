//! Which bytes of a text belong to which class, as bitmaps: bit `i` of a word speaks for byte `i`
//! of a block of 64. Two ways make the same bits: vector code where the machine has it, and a table
//! everywhere else.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod scalar;

/// Bytes that one word of a bitmap speaks for.
pub(super) const BLOCK: usize = 64;

/// Blocks of one [`Lanes`].
pub(super) const LANES: usize = 4;

/// Bytes that one [`Lanes`] speaks for.
pub(super) const GROUP: usize = BLOCK * LANES;

/// Groups of one chunk: the bitmaps of a chunk stay in the first-level cache.
pub(super) const GROUPS: usize = 16;

/// Bytes of one chunk.
pub(super) const CHUNK: usize = GROUP * GROUPS;

/// The bitmaps of four blocks in a row. Plain words: compiled for AVX2 they are one register.
pub(super) type Lanes = [u64; LANES];

/// The bitmap of a chunk, which begins at group 1: word 3 is the last of the chunk before.
pub(super) type Row = [u64; LANES * (GROUPS + 1)];

/// A bitmap without bits.
pub(super) const EMPTY: Row = [0; LANES * (GROUPS + 1)];

/// The classes that have a bitmap.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub(super) enum Class {
    /// ASCII letters.
    Letter,
    /// Bit 5 of the byte, which is the case of a letter: set in lower case.
    Lower,
    Digit,
    /// Bytes of characters outside ASCII.
    High,
    Dot,
    Dash,
    Space,
    Colon,
    At,
    Plus,
    Open,
    Slash,
    Percent,
    Backslash,
    Escape,
}

impl Class {
    pub(super) const COUNT: usize = 15;

    /// The classes of one byte each.
    pub(super) const SINGLES: [(Self, u8); 11] = [
        (Self::Dot, b'.'),
        (Self::Dash, b'-'),
        (Self::Space, b' '),
        (Self::Colon, b':'),
        (Self::At, b'@'),
        (Self::Plus, b'+'),
        (Self::Open, b'('),
        (Self::Slash, b'/'),
        (Self::Percent, b'%'),
        (Self::Backslash, b'\\'),
        (Self::Escape, 0x1B),
    ];

    /// The byte of a class of one byte.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "vector code asks"))]
    const fn byte(self) -> u8 {
        let mut single = 0;
        while single < Self::SINGLES.len() {
            let (class, byte) = Self::SINGLES[single];
            if class as u8 == self as u8 {
                return byte;
            }
            single += 1;
        }
        panic!("a class of many bytes")
    }

    /// Whether most stretches of a log hold none.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "vector code asks"))]
    const fn is_rare(self) -> bool {
        matches!(self, Self::At | Self::Plus | Self::Percent | Self::Backslash | Self::Escape)
    }
}

/// Classes as bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ClassSet(u32);

impl ClassSet {
    pub(super) const ALL: Self = Self(u32::MAX);
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(class: Class) -> Self {
        Self(1 << class as u32)
    }

    pub(super) fn without(self, class: Class) -> Self {
        Self(self.0 & !(1 << class as u32))
    }

    pub(super) fn has(self, class: Class) -> bool {
        self.has_all(Self::of(class))
    }

    pub(super) fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

/// The bitmaps of one chunk, by class.
pub(super) type Classes = [Row; Class::COUNT];

/// How the bitmaps are made and used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Level {
    /// For any machine.
    Scalar,
    /// For x86-64 with AVX2, BMI1, BMI2, LZCNT and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Proof),
}

/// What is done with a chunk once for each level, so that it is compiled for that level.
/// `classify(text, blocks, classes, group)` fills group `group` of each bitmap, from the first
/// `blocks` blocks; the text behind them is zeros.
pub(super) trait Work {
    fn run(self, classify: impl Fn(&[u8; GROUP], usize, &mut Classes, usize));
}

impl Level {
    /// The fastest of this machine.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(proof) = avx2::Proof::new() {
            return Self::Avx2(proof);
        }
        Self::Scalar
    }

    /// Does `work`, compiled for this level.
    pub(super) fn run(self, work: impl Work) {
        match self {
            Self::Scalar => work.run(scalar::classify),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(proof) => proof.run(work),
        }
    }
}

/// The words of group `group`.
#[inline(always)]
pub(super) fn lanes(row: &Row, group: usize) -> &Lanes {
    row[group * LANES..][..LANES].try_into().expect("four words")
}

/// The words of group `group`, to be written.
#[inline(always)]
pub(super) fn lanes_mut(row: &mut Row, group: usize) -> &mut Lanes {
    (&mut row[group * LANES..][..LANES]).try_into().expect("four words")
}

/// Each word's last neighbour.
#[inline(always)]
fn lanes_before(row: &Row, group: usize) -> &Lanes {
    row[group * LANES - 1..][..LANES].try_into().expect("four words")
}

/// The words of group `group` moved up by `K` bits: bit `i` tells of the byte `K` before.
#[inline(always)]
pub(super) fn behind<const K: u32>(row: &Row, group: usize) -> Lanes {
    let (cur, before) = (lanes(row, group), lanes_before(row, group));
    std::array::from_fn(|i| cur[i] << K | before[i] >> (64 - K))
}

/// Takes the last of the first `groups` groups for the next chunk.
#[inline(always)]
pub(super) fn carry(row: &mut Row, groups: usize) {
    row[LANES - 1] = row[groups * LANES + LANES - 1];
}

#[inline(always)]
pub(super) fn and(a: &Lanes, b: &Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] & b[i])
}

#[inline(always)]
pub(super) fn or(a: &Lanes, b: &Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] | b[i])
}

/// `a` without `b`.
#[inline(always)]
pub(super) fn less(a: &Lanes, b: &Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] & !b[i])
}

#[inline(always)]
pub(super) fn any(a: &Lanes) -> bool {
    a[0] | a[1] | a[2] | a[3] != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Collect<'t>(&'t [u8; GROUP], &'t mut Classes);

    impl Work for Collect<'_> {
        #[inline(always)]
        fn run(self, classify: impl Fn(&[u8; GROUP], usize, &mut Classes, usize)) {
            let blocks = 1 + usize::from(self.0[0]) % LANES;
            let mut text = *self.0;
            text[blocks * BLOCK..].fill(0);
            classify(&text, blocks, self.1, 3);
        }
    }

    #[test]
    fn every_level_makes_the_same_bits() {
        let mut seed = 1u64;
        let mut bytes: Vec<u8> = (0..=255).collect();
        for round in 0..200 {
            let text: &[u8; GROUP] = bytes.as_slice().try_into().expect("a group");
            let [mut table, mut best] = [[[u64::MAX; LANES * (GROUPS + 1)]; Class::COUNT]; 2];
            Level::Scalar.run(Collect(text, &mut table));
            Level::best().run(Collect(text, &mut best));
            assert!(table == best, "round {round}");
            for byte in &mut bytes {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (seed >> 40) as u8;
            }
        }
    }

    #[test]
    fn what_stands_behind_carries_from_block_to_block() {
        let mut row = EMPTY;
        row[3..8].copy_from_slice(&[1 << 63, 1 << 63, 0, 5, 1 << 62]);
        assert_eq!(behind::<1>(&row, 1), [1, 1, 10, 1 << 63]);
        assert_eq!(behind::<2>(&row, 1), [2, 2, 20, 0]);
        carry(&mut row, 1);
        assert_eq!(row[3], 1 << 62);
    }
}
