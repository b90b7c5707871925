//! Lists of words that are asked for at many values, most of which are on none.

/// Small words of ASCII letters.
pub(super) struct WordList {
    words: &'static [&'static str],
    /// By first letter, the lengths and the last letters of the words, as bits.
    lengths: [u16; 26],
    lasts: [u32; 26],
}

impl WordList {
    pub(super) const fn new(words: &'static [&'static str]) -> Self {
        let (mut lengths, mut lasts, mut at) = ([0; 26], [0; 26], 0);
        while at < words.len() {
            let word = words[at].as_bytes();
            let first = (word[0] - b'a') as usize;
            lengths[first] |= 1 << word.len();
            lasts[first] |= 1 << (word[word.len() - 1] - b'a');
            at += 1;
        }
        Self { words, lengths, lasts }
    }

    /// Whether `word` is on the list, in any case.
    #[inline]
    pub(super) fn contains(&self, word: &[u8]) -> bool {
        let letter = |byte: u8| usize::from((byte | 0x20).wrapping_sub(b'a'));
        let ([first, ..], [.., last]) = (word, word) else { return false };
        let (first, last) = (letter(*first), letter(*last));
        if first >= 26 || last >= 26 || word.len() >= 16 {
            return false;
        }
        self.lengths[first] >> word.len() & 1 == 1
            && self.lasts[first] >> last & 1 == 1
            && self.words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_no_others() {
        const LIST: WordList = WordList::new(&["css", "csv", "device", "x"]);
        for (word, on_it) in [
            ("css", true),
            ("CSV", true),
            ("Device", true),
            ("x", true),
            ("com", false),
            ("cs", false),
            ("cxs", false),
            ("devices", false),
            ("", false),
            ("[", false),
            ("1", false),
            ("cſ", false),
            ("a word that is longer than any", false),
        ] {
            assert_eq!(LIST.contains(word.as_bytes()), on_it, "{word}");
        }
    }
}
