//! A quick look at the two words around a gap. Most pairs of capitalised words in a log are no
//! name, and a few steps tell: what the table says of a word is kept for the next time.

use super::table::{self, Score};
use super::words::{BEFORE_CAPITAL, PARTICLES};
use super::{
    CAPITALS, COMMA, COMMA_EACH, FAMILY_FIRST, NAME, is_capital, is_title,
};

/// Longest word that is looked at here, in bytes; of longer ones nothing is said.
const PLAIN_BYTES_MAX: usize = 15;

/// Words that are kept: a log has fewer that stand beside each other in capitals.
const KEPT: usize = 1 << 9;

/// What is known of words seen before, each in the one place that its hash gives it.
pub(in crate::detect) struct Lexicon {
    entries: Box<[Entry; KEPT]>,
}

/// A word and what it may be.
#[derive(Clone, Copy)]
struct Entry {
    /// Lower case, the first letter in the lowest byte.
    letters: u128,
    score: Score,
    title: bool,
    particle: bool,
}

impl Default for Lexicon {
    fn default() -> Self {
        let score = Score { given: 0, family: 0 };
        let empty = Entry { letters: 0, score, title: false, particle: false };
        Self { entries: vec![empty; KEPT].try_into().ok().expect("as many as are kept") }
    }
}

impl Lexicon {
    fn look(&mut self, word: &Plain) -> Entry {
        let mixed = (word.letters as u64) ^ ((word.letters >> 64) as u64).rotate_left(29);
        let slot = (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize % KEPT;
        if self.entries[slot].letters != word.letters {
            self.entries[slot] = Entry::of(word);
        }
        self.entries[slot]
    }
}

impl Entry {
    #[inline(never)]
    fn of(word: &Plain) -> Self {
        let bytes = word.letters.to_le_bytes();
        let key = &bytes[..word.len];
        Self {
            letters: word.letters,
            score: table::score(key),
            title: is_title(key),
            particle: PARTICLES.contains(&key),
        }
    }
}

/// A run of at most [`PLAIN_BYTES_MAX`] ASCII letters.
#[derive(Clone, Copy)]
struct Plain {
    /// Lower case, the first letter in the lowest byte.
    letters: u128,
    /// The highest bit of the byte of each capital.
    capitals: u128,
    len: usize,
}

/// The highest bit and the case bit of each byte.
const HIGHS: u128 = u128::from_ne_bytes([0x80; 16]);
const CASES: u128 = u128::from_ne_bytes([0x20; 16]);

/// The highest bit of each byte that is an ASCII letter.
fn letters(bytes: u128) -> u128 {
    let spread = |byte: u8| u128::from_ne_bytes([byte; 16]);
    let folded = (bytes | CASES) & !HIGHS;
    let from_a = folded + spread(0x80 - b'a');
    let beyond_z = folded + spread(0x80 - b'z' - 1);
    from_a & !beyond_z & !bytes & HIGHS
}

impl Plain {
    fn new(bytes: u128, len: usize) -> Self {
        let inside = (1 << (8 * len)) - 1;
        let bytes = bytes & inside;
        let capitals = (!bytes & CASES & inside) << 2;
        Self { letters: (bytes | CASES) & inside, capitals, len }
    }

    /// The letters from byte `at` on.
    fn at(text: &[u8], at: usize) -> Option<Self> {
        let bytes = match text.get(at..at + 16) {
            Some(bytes) => u128::from_le_bytes(bytes.try_into().expect("sixteen")),
            None => {
                let mut bytes = [0; 16];
                let rest = text.get(at..)?;
                bytes[..rest.len()].copy_from_slice(rest);
                u128::from_le_bytes(bytes)
            }
        };
        let len = (!letters(bytes) & HIGHS).trailing_zeros() as usize / 8;
        (len <= PLAIN_BYTES_MAX).then(|| Self::new(bytes, len))
    }

    /// The letters before byte `end`.
    fn before(text: &[u8], end: usize) -> Option<Self> {
        let bytes = match end.checked_sub(16) {
            Some(from) => u128::from_le_bytes(text[from..end].try_into().expect("sixteen")),
            None => {
                let mut bytes = [0; 16];
                bytes[16 - end..].copy_from_slice(&text[..end]);
                u128::from_le_bytes(bytes)
            }
        };
        let len = (!letters(bytes) & HIGHS).leading_zeros() as usize / 8;
        let aligned = if len == 0 { 0 } else { bytes >> (128 - 8 * len as u32) };
        (len <= PLAIN_BYTES_MAX).then(|| Self::new(aligned, len))
    }

    fn begins_with_capital(&self) -> bool {
        self.capitals & 0x80 != 0
    }

    /// How many points the word loses for how it is written; none if names are not written so.
    /// A single letter is no word.
    fn loss(&self) -> Option<i32> {
        let all = HIGHS & ((1 << (8 * self.len)) - 1);
        let inner = self.capitals & !0x80;
        if !self.begins_with_capital() || self.len < 2 {
            None
        } else if inner == 0 {
            Some(0)
        } else if self.capitals == all {
            Some(CAPITALS)
        } else if inner & (inner - 1) == 0 {
            let first = inner.trailing_zeros() as usize / 8;
            let bytes = self.letters.to_le_bytes();
            BEFORE_CAPITAL.contains(&&bytes[..first]).then_some(0)
        } else {
            None
        }
    }
}

/// Whether a name may have its second word, or an initial or particle inside it, begin at byte
/// `capital`, behind a gap. Says no only where [`super::at`] finds nothing from any place before
/// the gap from which that word would be read.
pub(in crate::detect) fn may_be(text: &str, capital: usize, lexicon: &mut Lexicon) -> bool {
    let bytes = text.as_bytes();
    let Some(&[before_gap, gap, first]) = bytes.get(capital.wrapping_sub(2)..=capital) else {
        return false;
    };
    if !is_capital(first) {
        return false;
    }
    if gap != b' ' || before_gap >= 0x80 {
        return true;
    }
    let end = capital - 1;
    match before_gap {
        b'.' => may_be_short(bytes, end - 1, lexicon),
        b',' => may_be_family(bytes, end - 1, capital, lexicon),
        letter if letter.is_ascii_alphabetic() => may_be_pair(bytes, end, capital, lexicon),
        _ => false,
    }
}

/// What a look at the letters before a gap or sign tells.
enum Start {
    /// Nothing: it takes a closer look.
    Unclear,
    /// No name begins with them.
    None,
    /// All are small.
    Small(Plain),
    /// A name may begin with the first.
    Capital(Plain),
}

/// The letters before byte `end`: whether a name may begin there.
fn start(bytes: &[u8], end: usize) -> Start {
    let Some(word) = Plain::before(bytes, end) else { return Start::Unclear };
    let from = end - word.len;
    let before = if from == 0 { b'\n' } else { bytes[from - 1] };
    let small_first = || !word.begins_with_capital();
    match before {
        // More letters, or a joint of the word.
        b'\'' | b'-' | 0x80.. => Start::Unclear,
        _ if word.capitals == 0 => Start::Small(word),
        // An escape may end inside the letters, or before them; a slash may part names.
        b'0'..=b'9' | b'\\' | b'%' | b'/' | b'*' => Start::Unclear,
        b'[' | b';' if small_first() => Start::Unclear,
        b'_' | b'.' | b'@' | b'$' | b'&' | b'+' | b'~' | b'^' if word.len > 1 => Start::None,
        _ if small_first() => Start::None,
        _ => Start::Capital(word),
    }
}

/// Two words with a space between.
fn may_be_pair(bytes: &[u8], end: usize, capital: usize, lexicon: &mut Lexicon) -> bool {
    let one = match start(bytes, end) {
        Start::Unclear => return true,
        Start::None => return false,
        Start::Small(word) => {
            let spaced = end > word.len && bytes[end - word.len - 1] == b' ';
            return spaced && lexicon.look(&word).particle;
        }
        Start::Capital(word) => word,
    };
    let Some(loss) = one.loss() else { return false };
    let one = lexicon.look(&one);
    if one.title {
        return true;
    }
    let one = less(one.score, loss);
    let (two, after) = match next(bytes, capital, lexicon) {
        Next::Unclear => return true,
        Next::None => return false,
        Next::Word(score, after) => (score, after),
    };
    if one.given + two.family >= NAME || one.family + two.given >= FAMILY_FIRST {
        return true;
    }
    if bytes.get(after) != Some(&b' ') {
        return false;
    }
    match next(bytes, after + 1, lexicon) {
        Next::Unclear => true,
        Next::None => false,
        Next::Word(three, _) => {
            one.given.min(two.given) + three.family >= NAME
                || one.family + two.given.min(three.given) >= FAMILY_FIRST
        }
    }
}

/// What a look at a word behind a gap tells.
enum Next {
    /// Nothing: it takes a closer look.
    Unclear,
    /// It is not of a name.
    None,
    /// What it speaks for, and where it ends.
    Word(Score, usize),
}

fn next(bytes: &[u8], at: usize, lexicon: &mut Lexicon) -> Next {
    let Some(word) = Plain::at(bytes, at) else { return Next::Unclear };
    let after = at + word.len;
    match bytes.get(after) {
        Some(0x80..) => return Next::Unclear,
        _ if word.len == 0 => return Next::None,
        // A joint of the word.
        Some(b'\'' | b'-') => return Next::Unclear,
        // An initial.
        _ if word.len == 1 && word.begins_with_capital() => return Next::Unclear,
        _ => {}
    }
    let known = lexicon.look(&word);
    match word.loss() {
        _ if known.particle => Next::Unclear,
        Some(loss) => Next::Word(less(known.score, loss), after),
        None => Next::None,
    }
}

fn less(score: Score, loss: i32) -> Score {
    Score { given: score.given - loss, family: score.family - loss }
}

/// Something with a dot before the gap: an initial or a title.
fn may_be_short(bytes: &[u8], end: usize, lexicon: &mut Lexicon) -> bool {
    match start(bytes, end) {
        Start::Unclear => true,
        Start::None | Start::Small(_) => false,
        Start::Capital(word) => word.len == 1 || lexicon.look(&word).title,
    }
}

/// A family name with a comma behind it.
fn may_be_family(bytes: &[u8], end: usize, capital: usize, lexicon: &mut Lexicon) -> bool {
    let family = match start(bytes, end) {
        Start::Unclear => return true,
        Start::None | Start::Small(_) => return false,
        Start::Capital(word) => lexicon.look(&word).score.family,
    };
    match next(bytes, capital, lexicon) {
        Next::Unclear => true,
        Next::None => false,
        Next::Word(Score { given, .. }, _) => {
            family >= COMMA_EACH && given >= COMMA_EACH && family + given >= COMMA
        }
    }
}
