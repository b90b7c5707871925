//! A quick look at the two words around a gap. Most pairs of capitalised words in a log are no
//! name, and a few steps tell: what the table says of a word is kept for the next time.

use super::table::{self, Score};
use super::words::{BEFORE_CAPITAL, PARTICLES};
use super::{CAPITALS, COMMA, COMMA_EACH, FAMILY_FIRST, NAME, is_capital, is_title};

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
    #[inline]
    fn look(&mut self, word: &Plain) -> &Entry {
        let mixed = word.letters as u64 ^ ((word.letters >> 64) as u64).rotate_left(29);
        let entry = &mut self.entries[(mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize];
        if entry.letters != word.letters {
            *entry = Entry::of(word);
        }
        entry
    }
}

impl Entry {
    #[inline(never)]
    fn of(word: &Plain) -> Self {
        let bytes = word.bytes();
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

/// The highest bit of each byte that is no ASCII letter.
#[inline]
fn others(bytes: u128) -> u128 {
    const FROM_A: u128 = u128::from_ne_bytes([0x80 - b'a'; 16]);
    const BEYOND_Z: u128 = u128::from_ne_bytes([0x80 - b'z' - 1; 16]);
    let folded = (bytes | CASES) & !HIGHS;
    (!(folded + FROM_A) | (folded + BEYOND_Z) | bytes) & HIGHS
}

impl Plain {
    /// The letters from byte `at` on.
    #[inline]
    fn at(text: &[u8], at: usize) -> Option<Self> {
        let bytes = match text.get(at..at + 16) {
            Some(ahead) => ahead.try_into().expect("sixteen bytes"),
            None => {
                let rest = text.get(at..)?;
                let mut bytes = [0; 16];
                bytes[..rest.len()].copy_from_slice(rest);
                bytes
            }
        };
        let bytes = u128::from_le_bytes(bytes);
        let len = others(bytes).trailing_zeros() as usize / 8;
        let inside = 1u128.unbounded_shl(8 * len as u32).wrapping_sub(1);
        let (letters, capitals) = ((bytes | CASES) & inside, !bytes & CASES & inside);
        (len <= PLAIN_BYTES_MAX).then_some(Self { letters, capitals: capitals << 2, len })
    }

    /// The letters before byte `end`.
    #[inline]
    fn before(text: &[u8], end: usize) -> Option<Self> {
        let bytes = match end.checked_sub(16) {
            Some(from) => text[from..end].try_into().expect("sixteen bytes"),
            None => {
                let mut bytes = [0; 16];
                bytes[16 - end..].copy_from_slice(&text[..end]);
                bytes
            }
        };
        let bytes = u128::from_le_bytes(bytes);
        let len = others(bytes).leading_zeros() as usize / 8;
        let outside = 8 * (16 - len as u32);
        let (letters, capitals) = (bytes | CASES, !bytes & CASES);
        (len <= PLAIN_BYTES_MAX).then_some(Self {
            letters: letters.unbounded_shr(outside),
            capitals: capitals.unbounded_shr(outside) << 2,
            len,
        })
    }

    fn bytes(&self) -> [u8; 16] {
        self.letters.to_le_bytes()
    }

    #[inline]
    fn has_capital(&self) -> bool {
        self.capitals != 0
    }

    #[inline]
    fn begins_with_capital(&self) -> bool {
        self.capitals & 0x80 != 0
    }

    /// How many points the word loses for how it is written; none if names are not written so.
    /// A single letter is no word.
    #[inline]
    fn loss(&self) -> Option<i32> {
        if !self.begins_with_capital() || self.len < 2 {
            None
        } else if self.capitals == 0x80 {
            Some(0)
        } else {
            self.loss_of_capitals()
        }
    }

    /// The same for a word with a second capital.
    #[inline(never)]
    fn loss_of_capitals(&self) -> Option<i32> {
        let count = self.capitals.count_ones();
        let inner = self.capitals & !0x80;
        if count as usize == self.len {
            Some(CAPITALS)
        } else if count == 2 && inner != 0 {
            let first = inner.trailing_zeros() as usize / 8;
            BEFORE_CAPITAL.contains(&&self.bytes()[..first]).then_some(0)
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

/// Whether the byte may end a part of a word before its joint.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// The letters before byte `end`: whether a name may begin there.
fn start(bytes: &[u8], end: usize) -> Start {
    let Some(word) = Plain::before(bytes, end) else { return Start::Unclear };
    let from = end - word.len;
    let before = if from == 0 { b'\n' } else { bytes[from - 1] };
    let small_first = || !word.begins_with_capital();
    match before {
        // No joint, as in `Jean-P.` and `H.-P.`, but `-----BEGIN`.
        b'-' if from < 2 || !is_part(bytes[from - 2]) && bytes[from - 2] != b'.' => Start::None,
        // More letters, or a joint of the word.
        b'\'' | b'-' | 0x80.. => Start::Unclear,
        _ if !word.has_capital() => Start::Small(word),
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
            // `Mr. van Dyk`, `Mr. ms Dyk`
            return spaced && {
                let known = lexicon.look(&word);
                known.particle || known.title
            };
        }
        Start::Capital(word) => word,
    };
    let Some(loss) = one.loss() else { return false };
    let known = lexicon.look(&one);
    if known.title {
        return true;
    }
    let one = less(known.score, loss);
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
    let Some(b'a'..=b'z' | b'A'..=b'Z' | 0x80..) = bytes.get(after + 1) else { return false };
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
        // A joint of the word, but not `KEY-----`.
        Some(b'-') if !bytes.get(after + 1).is_some_and(|byte| is_part(*byte)) => {
            return Next::None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What begins at the capitals behind gaps that are not refused.
    fn capitals(text: &str) -> Vec<&str> {
        let mut lexicon = Lexicon::default();
        let gaps = text.match_indices([' ', '+']).map(|(gap, _)| gap + 1);
        gaps.filter(|at| may_be(text, *at, &mut lexicon)).map(|at| &text[at..]).collect()
    }

    #[test]
    fn pairs_of_words_of_logs_are_refused() {
        let lines = [
            "[Sun Dec 04 04:47:44 2005] [error] State Change",
            "INFO [RMCommunicator Allocator] org.example.Server: Connection Refused",
            "Task Transitioned From New. Then Stopped (Again) Now",
            "ERROR IN CONTACTING RM.",
            "-----BEGIN Private Key-----",
        ];
        for line in lines {
            assert_eq!(capitals(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn what_may_go_on_as_a_name_is_looked_at_closely() {
        let cases = [
            ("by Anna Schmidt", "Schmidt"),
            ("by Server van Foo", "Foo"),
            ("Mr. ms Dyk", "Dyk"),
            ("Connection X Closed", "X Closed"),
            ("\\nServer Error", "Error"),
            ("Jean-Server Error", "Error"),
            ("value=Server+Error", "Error"),
        ];
        for (text, rest) in cases {
            assert!(capitals(text).contains(&rest), "{text}");
        }
    }

    #[test]
    fn words_are_read_from_both_sides() {
        for word in ["", "A", "Anna", "Maximil", "Maximili", "Maximilianhans", "Maximilianhanss"] {
            for around in ["", " ", "aaaa aaaa aaaa aaaa "] {
                let text = format!("{around}{word} {around}");
                let from = around.len();
                let ahead = Plain::at(text.as_bytes(), from).expect("short");
                let back = Plain::before(text.as_bytes(), from + word.len()).expect("short");
                for plain in [ahead, back] {
                    assert_eq!(plain.len, word.len());
                    let letters = word.to_ascii_lowercase();
                    assert_eq!(&plain.bytes()[..word.len()], letters.as_bytes());
                    assert_eq!(plain.begins_with_capital(), !word.is_empty());
                }
            }
        }
        assert!(Plain::at(&[b'a'; 16], 0).is_none(), "too long");
    }
}
