//! The words that addresses are told by, each with its classes: `words.txt`, sorted by bytes, one
//! `word<TAB>class class …` a line. Words are in lower case; a phrase has one space between its
//! words; `-straße` stands for every word that ends in it, `D-` (`d-`) for the country before a
//! code.

/// Longest key of the table, in bytes: longer words have no class.
pub(super) const WORD_BYTES_MAX: usize = 32;

/// Longest ending of a compound, in bytes.
const ENDING_BYTES_MAX: usize = 11;

/// Fewest bytes before the ending of a compound.
const STEM_BYTES_MIN: usize = 2;

pub(super) const WORDS: &str = include_str!("words.txt");

/// A set of classes, as bits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Class(u32);

macro_rules! classes { ($($constant:ident $name:literal $bit:literal),+ $(,)?) => {
    impl Class {
        $(pub(super) const $constant: Self = Self(1 << $bit);)+

        fn named(name: &[u8]) -> Self {
            $(if name == $name.as_bytes() { return Self::$constant; })+
            Self(0)
        }
    }
} }

classes! {
    STREET "street" 0, STREET_WEAK "street_weak" 1, LEAD "lead" 2, LEAD_LOWER "lead_lower" 3,
    FRENCH "french" 4, FRENCH_WEAK "french_weak" 5, APART "apart" 6, PREPOSITION "preposition" 7,
    PREPOSITION_TWO "preposition_two" 8, ARTICLE "article" 9, ADJECTIVE "adjective" 10,
    COMPOUND "compound" 11, COMPOUND_WEAK "compound_weak" 12, NONE "none" 13, ASIA "asia" 14,
    PARTICLE "particle" 15, UNIT "unit" 16, NUMBER "number" 17, ORDINAL "ordinal" 18,
    BUILDING "building" 19, LABEL "label" 20, FRACTION "fraction" 21, STOP "stop" 22,
    US_STATE "us_state" 23, US_NAME "us_name" 24, AU_STATE "au_state" 25, COUNTRY "country" 26,
    PREFIX "prefix" 27, BOX "box" 28, BOX_WEAK "box_weak" 29,
    BOX_START "box_start" 30, LEAD_SMALL "lead_small" 31,
}

impl Class {
    /// Whether it holds any class of `other`.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The classes of both.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A word or phrase in lower case, on the stack.
#[derive(Clone, Copy)]
pub(super) struct Lower {
    bytes: [u8; WORD_BYTES_MAX],
    len: usize,
    overflow: bool,
}

impl Lower {
    pub(super) fn new() -> Self {
        Self { bytes: [0; WORD_BYTES_MAX], len: 0, overflow: false }
    }

    /// Adds `text` in lower case.
    pub(super) fn push(&mut self, text: &str) {
        if text.is_ascii() {
            let free = &mut self.bytes[self.len..];
            let fits = text.len().min(free.len());
            for (to, from) in free.iter_mut().zip(text.bytes()) {
                *to = from.to_ascii_lowercase();
            }
            self.len += fits;
            self.overflow |= fits < text.len();
            return;
        }
        let mut buffer = [0; 4];
        for c in text.chars().flat_map(char::to_lowercase) {
            let utf8 = c.encode_utf8(&mut buffer).as_bytes();
            match self.bytes.get_mut(self.len..self.len + utf8.len()) {
                Some(free) => {
                    free.copy_from_slice(utf8);
                    self.len += utf8.len();
                }
                None => return self.overflow = true,
            }
        }
    }

    fn get(&self) -> Option<&[u8]> {
        (!self.overflow).then_some(&self.bytes[..self.len])
    }
}

/// The classes of a whole word or phrase.
pub(super) fn class_of(word: &Lower) -> Class {
    word.get().map_or(Class::default(), find)
}

/// The classes of a word: its own, without its final dot if the table knows none with it, and
/// those of its longest known ending.
pub(super) fn class_of_word(word: &str) -> Class {
    let mut lower = Lower::new();
    lower.push("-");
    // The end of a long word is what may be known of it.
    let mut from = word.len().saturating_sub(WORD_BYTES_MAX - 8);
    while !word.is_char_boundary(from) {
        from += 1;
    }
    lower.push(&word[from..]);
    let (bytes, len) = (&mut lower.bytes, lower.len);
    let mut class = Class(0);
    if from == 0 {
        class = find(&bytes[1..len]);
        if class == Class(0) && bytes[len - 1] == b'.' {
            class = find(&bytes[1..len - 1]);
        }
    }
    // `-` moves right, over what no longer counts.
    let first = 1 + STEM_BYTES_MIN;
    for tail in len.saturating_sub(ENDING_BYTES_MAX).max(first)..len.saturating_sub(1) {
        bytes[tail - 1] = b'-';
        let ending = find(&bytes[tail - 1..len]);
        if ending != Class(0) {
            return class.or(ending);
        }
    }
    class
}

/// How many lines the table has.
const LINES: usize = {
    let (mut count, mut at) = (0, 0);
    while at < WORDS.len() {
        count += (WORDS.as_bytes()[at] == b'\n') as usize;
        at += 1;
    }
    count
};

/// Where each line begins, and behind the last one.
#[allow(clippy::cast_possible_truncation)] // The file has 25 KB.
static STARTS: [u16; LINES + 1] = {
    let mut starts = [0; LINES + 1];
    let (mut line, mut at) = (0, 0);
    while at < WORDS.len() {
        if WORDS.as_bytes()[at] == b'\n' {
            line += 1;
            starts[line] = at as u16 + 1;
        }
        at += 1;
    }
    starts
};

/// One bit for each word, by [`slot`]: most words of a log are no word of the table, and one look
/// tells.
static KNOWN: [u64; SLOTS / 64] = {
    let mut known = [0; SLOTS / 64];
    let words = WORDS.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at < words.len() {
        if words[at] == b'\t' {
            let slot = slot(words, start, at);
            known[slot / 64] |= 1 << (slot % 64);
        }
        at += 1;
        if words[at - 1] == b'\n' {
            start = at;
        }
    }
    known
};

/// Bits of [`KNOWN`], some ten for each word.
const SLOTS: usize = 1 << 14;

/// Where the bit of the word `bytes[start..end]` lies: a multiplicative hash of its length, its
/// first two bytes and its last three.
const fn slot(bytes: &[u8], start: usize, end: usize) -> usize {
    let len = end - start;
    let second = if len > 1 { start + 1 } else { start };
    let second_last = if len > 1 { end - 2 } else { start };
    let third_last = if len > 2 { end - 3 } else { start };
    let mixed = (len as u64) << 40
        | (bytes[start] as u64) << 32
        | (bytes[second] as u64) << 24
        | (bytes[third_last] as u64) << 16
        | (bytes[second_last] as u64) << 8
        | bytes[end - 1] as u64;
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 50) as usize
}

/// Looks `key` up: a binary search for the line that begins with it.
fn find(key: &[u8]) -> Class {
    super::tick(1);
    let slot = if key.is_empty() { return Class(0) } else { slot(key, 0, key.len()) };
    if KNOWN[slot / 64] >> (slot % 64) & 1 == 0 {
        return Class(0);
    }
    let table = WORDS.as_bytes();
    let (mut low, mut high) = (0, LINES);
    while low < high {
        let middle = low + (high - low) / 2;
        let line = &table[usize::from(STARTS[middle])..usize::from(STARTS[middle + 1]) - 1];
        // The tab is smaller than every byte of a word: the line sorts as its word does.
        if line.starts_with(key) && line.get(key.len()) == Some(&b'\t') {
            let names = line[key.len()..].split(|byte| matches!(byte, b'\t' | b' '));
            return names.fold(Class(0), |all, name| all.or(Class::named(name)));
        }
        if line < key {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Class(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_line_is_found() {
        let mut last = "";
        for line in WORDS.lines() {
            let (word, names) = line.split_once('\t').expect("a tab");
            assert!(last < word, "{word} is out of order");
            assert!(word.len() <= WORD_BYTES_MAX, "{word} is too long");
            assert_eq!(word, word.to_lowercase(), "{word} is not in lower case");
            for name in names.split(' ') {
                let class = Class::named(name.as_bytes());
                assert_ne!(class, Class(0), "{name}: no such class");
                assert!(find(word.as_bytes()).has(class), "{word}: not found as {name}");
            }
            last = word;
        }
    }

    #[test]
    fn compounds_take_their_longest_ending() {
        assert!(class_of_word("Hauptstraße").has(Class::COMPOUND));
        assert!(class_of_word("NORDRING").has(Class::COMPOUND));
        assert!(!class_of_word("Monitoring").has(Class::COMPOUND));
        assert!(!class_of_word("Withdrawal").has(Class::COMPOUND_WEAK));
        assert!(class_of_word("Sejong-daero").has(Class::COMPOUND));
        assert_eq!(class_of_word("Backlog"), Class(0));
    }
}
