//! All keywords of the catalogue as one trie over folded characters. A space in a keyword is a
//! space, `_`, `-` or nothing; the four ways are one path here, not four keywords.

use super::tables::IdentifierSet;
use super::word;
use crate::span::Span;

/// Most letters of a node.
pub(super) const LETTERS_MAX: usize = 8;

/// From more edges on eight are looked at together.
const FEW_EDGES: usize = 3;

/// The bits that are set in small letters.
const CASES: u64 = 0x2020_2020_2020_2020;

/// The bits of bytes outside ASCII.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// No keyword is longer than this many bytes, whatever its case.
pub(super) const KEYWORD_BYTES_MAX: usize = 256;

/// An occurrence of a keyword: bytes `start..end`, and the identifiers that it speaks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeywordHit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) identifiers: IdentifierSet,
    /// Longest value of theirs, in bytes.
    pub(super) longest: u16,
}

impl KeywordHit {
    /// The same hit in a text that begins `by` bytes later.
    pub(super) fn moved_back(self, by: usize) -> Self {
        Self { start: self.start - by, end: self.end - by, ..self }
    }
}

/// The trie, over the UTF-8 bytes of folded characters; letters without a choice are one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keywords {
    pub(super) nodes: &'static [Node],
    /// The ways on from the nodes: a byte each, in `targets` the node that it leads to. Behind the
    /// last one stand a few zeros, so that eight can be read at a time.
    pub(super) labels: &'static [u8],
    pub(super) targets: &'static [u16],
    /// The nodes that keywords begin with, by first byte; 0 for none.
    pub(super) begins: &'static [u16; 128],
    pub(super) sets: &'static [IdentifierSet],
    /// For each set, the longest value of its identifiers, in bytes.
    pub(super) longest: &'static [u16],
    /// `(character, what it folds to)` outside ASCII, sorted.
    pub(super) folds: &'static [(char, char)],
    /// What each of U+0080 to U+017F folds to.
    pub(super) latin: &'static [u16; 0x100],
    /// How keywords begin, with each space resolved and in folded case.
    pub(super) forms: &'static [Form],
    /// Bytes that a keyword's first character may begin with, any case.
    pub(super) first: &'static [bool; 256],
}

/// A state of the trie, and the letters between it and the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Small letters that follow the byte that leads here; the first one in the lowest byte.
    pub(super) letters: u64,
    pub(super) letters_len: u8,
    /// Behind the letters: how many ways lead on, and which is the first of them.
    pub(super) edges: u8,
    pub(super) first_edge: u16,
    /// Identifiers whose keyword ends here, if a word ends here, by index in the sets.
    pub(super) at_word_end: u16,
    /// Identifiers whose keyword ends here in punctuation, whatever follows.
    pub(super) anywhere: u16,
}

/// Whether a keyword may end before byte `end`: in nearly all texts one look at a byte tells.
#[inline(always)]
fn ends_word(text: &str, end: usize) -> bool {
    let behind = text.as_bytes().get(end);
    behind.is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
        || word::ends(text, end)
}

/// A whole keyword, or the first eight bytes of a longer one, and for whom it speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) bytes: &'static [u8],
    pub(super) set: u16,
}

impl Keywords {
    /// Adds the keywords of `wanted` identifiers that begin at byte `start`, where a word begins.
    pub(super) fn find_at(
        &self,
        text: &str,
        start: usize,
        wanted: IdentifierSet,
        hits: &mut Vec<KeywordHit>,
    ) {
        let Some(mut place) = self.begin(text, start) else { return };
        loop {
            let (node, end) = place;
            if node.at_word_end | node.anywhere != 0 {
                self.note(text, Span::new(start, end), node, wanted, hits);
            }
            match self.step(text, node, end) {
                Some(next) => place = next,
                None => return,
            }
        }
    }

    /// Adds the keyword at `span`, which leads to `node`, if a keyword may end there.
    #[inline(always)]
    fn note(
        &self,
        text: &str,
        span: Span,
        node: &Node,
        wanted: IdentifierSet,
        hits: &mut Vec<KeywordHit>,
    ) {
        let Span { start, end } = span;
        let mut identifiers = self.sets[usize::from(node.anywhere)] & wanted;
        let at_word_end = self.sets[usize::from(node.at_word_end)] & wanted;
        if at_word_end & !identifiers != 0 && ends_word(text, end) {
            identifiers |= at_word_end;
        }
        if identifiers != 0 {
            let longest = |set: u16| self.longest[usize::from(set)];
            let longest = longest(node.anywhere).max(longest(node.at_word_end));
            hits.push(KeywordHit { start, end, identifiers, longest });
        }
    }

    /// The node behind the first character of a keyword and the letters that follow it, and where
    /// those end.
    #[inline(always)]
    fn begin(&self, text: &str, start: usize) -> Option<(&'static Node, usize)> {
        let first = text.as_bytes().get(start)?.to_ascii_lowercase();
        match self.begins.get(usize::from(first)) {
            Some(0) => None,
            Some(node) => {
                let node = &self.nodes[usize::from(*node)];
                Some((node, self.behind_letters(text, node, start + 1)?))
            }
            None => self.step(text, &self.nodes[0], start),
        }
    }

    /// The node behind the character at byte `at` and the letters that follow it, and where those
    /// end.
    #[inline(always)]
    fn step(&self, text: &str, node: &Node, at: usize) -> Option<(&'static Node, usize)> {
        let byte = *text.as_bytes().get(at)?;
        let (node, end) = if byte.is_ascii() {
            (self.edge(node, byte.to_ascii_lowercase())?, at + 1)
        } else {
            self.wide_edge(text, node, at)?
        };
        Some((node, self.behind_letters(text, node, end)?))
    }

    #[inline(always)]
    fn edge(&self, node: &Node, byte: u8) -> Option<&'static Node> {
        /// The lowest bit of each byte.
        const LOW: u64 = 0x0101_0101_0101_0101;
        let (first, edges) = (usize::from(node.first_edge), usize::from(node.edges));
        if edges <= FEW_EDGES {
            let (labels, targets) = self.edges(node);
            let (_, target) = labels.iter().zip(targets).find(|(label, _)| **label == byte)?;
            return Some(&self.nodes[usize::from(*target)]);
        }
        let mut looked_at = 0;
        while looked_at < edges {
            let labels = self.labels[first + looked_at..].first_chunk().expect("labels go on");
            // The lowest bit of this is that of the first label that is the byte.
            let differ = u64::from_le_bytes(*labels) ^ (LOW * u64::from(byte));
            let same = differ.wrapping_sub(LOW) & !differ & HIGH;
            if same != 0 {
                let edge = looked_at + same.trailing_zeros() as usize / 8;
                let target = || &self.nodes[usize::from(self.targets[first + edge])];
                return (edge < edges).then(target);
            }
            looked_at += LETTERS_MAX;
        }
        None
    }

    /// The same, searched from the last edge, where bytes outside ASCII are.
    #[inline(always)]
    fn last_edge(&self, node: &Node, byte: u8) -> Option<&'static Node> {
        let (labels, targets) = self.edges(node);
        let mut edges = labels.iter().zip(targets).rev();
        let (_, target) = edges.find(|(label, _)| **label <= byte).filter(|(l, _)| **l == byte)?;
        Some(&self.nodes[usize::from(*target)])
    }

    #[inline(always)]
    fn edges(&self, node: &Node) -> (&'static [u8], &'static [u16]) {
        let edges = usize::from(node.first_edge)..;
        let edges = edges.start..edges.start + usize::from(node.edges);
        (&self.labels[edges.clone()], &self.targets[edges])
    }

    /// The same for the bytes of a character outside ASCII.
    #[inline(never)]
    fn wide_edge(&self, text: &str, node: &Node, at: usize) -> Option<(&'static Node, usize)> {
        let c = word::char_at(text, at)?;
        let mut buffer = [0; 4];
        let (first, rest) = self.fold(c).encode_utf8(&mut buffer).as_bytes().split_first()?;
        let node = self.last_edge(node, *first)?;
        let node = rest.iter().try_fold(node, |node, byte| self.edge(node, *byte))?;
        Some((node, at + c.len_utf8()))
    }

    /// Where the letters of `node` end if they stand at byte `at`.
    #[inline(always)]
    fn behind_letters(&self, text: &str, node: &Node, at: usize) -> Option<usize> {
        let length = usize::from(node.letters_len);
        if length == 0 {
            return Some(at);
        }
        let rest = text.as_bytes().get(at..)?;
        let word = u64::from_le_bytes(match rest.first_chunk() {
            Some(word) => *word,
            None => {
                let mut word = [0; LETTERS_MAX];
                word[..rest.len()].copy_from_slice(rest);
                word
            }
        });
        // Only a letter and its capital become that letter with this bit.
        let differ = (word | CASES) ^ node.letters;
        if differ << (8 * (LETTERS_MAX - length)) == 0 {
            return Some(at + length);
        }
        if word & HIGH == 0 { None } else { self.behind_wide_letters(text, node, at) }
    }

    /// The same where characters outside ASCII fold to letters.
    #[inline(never)]
    fn behind_wide_letters(&self, text: &str, node: &Node, mut at: usize) -> Option<usize> {
        for letter in &node.letters.to_le_bytes()[..usize::from(node.letters_len)] {
            let c = word::char_at(text, at)?;
            if self.fold(c) != char::from(*letter) {
                return None;
            }
            at += c.len_utf8();
        }
        Some(at)
    }

    fn fold(&self, c: char) -> char {
        if c.is_ascii() {
            return c.to_ascii_lowercase();
        }
        let place = u32::from(c).wrapping_sub(0x80) as usize;
        if let Some(folded) = self.latin.get(place) {
            return char::from_u32(u32::from(*folded)).expect("what a letter folds to");
        }
        let fold = self.folds.binary_search_by_key(&c, |(from, _)| *from);
        fold.map_or(c, |index| self.folds[index].1)
    }

    /// Whether `text` is a form of `keyword`: in any case, a space as a space, `_`, `-` or nothing.
    pub(super) fn is_form(&self, text: &str, keyword: &str) -> bool {
        let mut keyword = keyword.chars();
        let Some(first) = keyword.next() else { return text.is_empty() };
        if first == ' ' && self.is_form(text, keyword.as_str()) {
            return true;
        }
        let mut text = text.chars();
        let Some(c) = text.next() else { return false };
        let same = if first == ' ' { " _-".contains(c) } else { self.fold(c) == self.fold(first) };
        same && self.is_form(text.as_str(), keyword.as_str())
    }
}
