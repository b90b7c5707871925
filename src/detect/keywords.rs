//! All keywords of the catalogue as one trie over folded characters. A space in a keyword is a
//! space, `_`, `-` or nothing; the four ways are one path here, not four keywords.

use super::tables::IdentifierSet;
use super::word;

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

/// The trie. A walk costs one step a character, and no allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keywords {
    pub(super) nodes: &'static [Node],
    /// `(character, node)`: the ways on from each node, sorted by character.
    pub(super) edges: &'static [(char, u16)],
    pub(super) sets: &'static [IdentifierSet],
    /// For each set, the longest value of its identifiers, in bytes.
    pub(super) longest: &'static [u16],
    /// `(character, what it folds to)` outside ASCII, sorted.
    pub(super) folds: &'static [(char, char)],
    /// How keywords begin, with each space resolved and in folded case.
    pub(super) forms: &'static [Form],
    /// Bytes that a keyword's first character may begin with, any case.
    pub(super) first: &'static [bool; 256],
}

/// A state of the trie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) first_edge: u16,
    pub(super) edges: u16,
    /// Identifiers whose keyword ends here, if a word ends here, by index in the sets.
    pub(super) at_word_end: u16,
    /// Identifiers whose keyword ends here in punctuation, whatever follows.
    pub(super) anywhere: u16,
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
        let mut node = &self.nodes[0];
        let mut end = start;
        while let Some(c) = word::char_at(text, end) {
            let folded = self.fold(c);
            let edges = &self.edges[usize::from(node.first_edge)..][..usize::from(node.edges)];
            let Some((_, to)) = edges.iter().find(|(to, _)| *to == folded) else { return };
            node = &self.nodes[usize::from(*to)];
            end += c.len_utf8();
            if node.at_word_end | node.anywhere == 0 {
                continue;
            }
            let mut identifiers = self.sets[usize::from(node.anywhere)] & wanted;
            let at_word_end = self.sets[usize::from(node.at_word_end)] & wanted;
            if at_word_end & !identifiers != 0 && word::ends(text, end) {
                identifiers |= at_word_end;
            }
            if identifiers != 0 {
                let longest = |set: u16| self.longest[usize::from(set)];
                let longest = longest(node.anywhere).max(longest(node.at_word_end));
                hits.push(KeywordHit { start, end, identifiers, longest });
            }
        }
    }

    /// Whether a keyword may begin with the character at byte `at`.
    pub(super) fn may_begin(&self, text: &str, at: usize) -> bool {
        let root = &self.edges[..usize::from(self.nodes[0].edges)];
        let first = word::char_at(text, at).map(|c| self.fold(c));
        first.is_some_and(|c| root.binary_search_by_key(&c, |(to, _)| *to).is_ok())
    }

    fn fold(&self, c: char) -> char {
        if c.is_ascii() {
            return c.to_ascii_lowercase();
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
