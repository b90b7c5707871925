//! All keywords of a detector as one trie over folded characters. A space in a keyword is a space,
//! `_`, `-` or nothing; the four ways are one path here, not four keywords.

use std::collections::HashMap;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::word;

/// No keyword is longer than this many bytes, whatever its case.
pub(super) const KEYWORD_BYTES_MAX: usize = 256;

/// Identifiers by index, as bits.
pub(super) type IdentifierSet = u128;

/// An occurrence of a keyword: bytes `start..end`, and the identifiers that it speaks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeywordHit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) identifiers: IdentifierSet,
}

/// The trie. A walk costs one step a character, and no allocation.
pub(super) struct Keywords {
    states: Vec<State>,
    /// `(character, what it folds to)` outside ASCII, sorted.
    folds: Vec<(char, char)>,
    /// Bytes that a keyword's first character may begin with, any case.
    first: [bool; 256],
}

#[derive(Default)]
struct State {
    /// Sorted by character.
    next: Vec<(char, u32)>,
    /// Identifiers whose keyword ends here, if a word ends here.
    at_word_end: IdentifierSet,
    /// Identifiers whose keyword ends here in punctuation, whatever follows.
    anywhere: IdentifierSet,
}

/// The trie as keywords are inserted, before spaces are resolved.
#[derive(Default)]
struct Node {
    next: Vec<(char, usize)>,
    space: Option<usize>,
    at_word_end: IdentifierSet,
    anywhere: IdentifierSet,
}

impl Keywords {
    pub(super) fn compile<'k>(keywords: impl Iterator<Item = (&'k str, u16)>) -> Self {
        let mut nodes = vec![Node::default()];
        let mut folds = HashMap::new();
        for (keyword, identifier) in keywords {
            let longest = keyword.chars().count() * 4;
            assert!(longest <= KEYWORD_BYTES_MAX, "a keyword of {longest} bytes");
            insert(&mut nodes, &mut folds, keyword, 1 << identifier);
        }
        let mut folds: Vec<_> = folds.into_iter().filter(|(from, _)| !from.is_ascii()).collect();
        folds.sort_unstable();
        let mut keywords = Self { states: resolve_spaces(&nodes), folds, first: [false; 256] };
        keywords.mark_first_bytes();
        keywords
    }

    fn mark_first_bytes(&mut self) {
        let roots: Vec<char> = self.states[0].next.iter().map(|(c, _)| *c).collect();
        let mut buffer = [0; 4];
        for root in roots {
            let variants = self.folds.iter().filter(|(_, to)| *to == root).map(|(from, _)| *from);
            for c in variants.chain([root, root.to_ascii_uppercase()]) {
                self.first[usize::from(c.encode_utf8(&mut buffer).as_bytes()[0])] = true;
            }
        }
    }

    /// Whether a keyword may begin with `byte`.
    pub(super) fn may_start_with(&self, byte: u8) -> bool {
        self.first[usize::from(byte)]
    }

    /// Adds the keywords that begin at byte `start`, where a word begins.
    pub(super) fn find_at(&self, text: &str, start: usize, hits: &mut Vec<KeywordHit>) {
        let mut state = &self.states[0];
        let mut end = start;
        while let Some(c) = word::char_at(text, end) {
            let folded = self.fold(c);
            let Ok(edge) = state.next.binary_search_by_key(&folded, |(to, _)| *to) else {
                return;
            };
            state = &self.states[state.next[edge].1 as usize];
            end += c.len_utf8();
            let mut identifiers = state.anywhere;
            if state.at_word_end & !identifiers != 0 && word::ends(text, end) {
                identifiers |= state.at_word_end;
            }
            if identifiers != 0 {
                hits.push(KeywordHit { start, end, identifiers });
            }
        }
    }

    fn fold(&self, c: char) -> char {
        if c.is_ascii() {
            return c.to_ascii_lowercase();
        }
        let fold = self.folds.binary_search_by_key(&c, |(from, _)| *from);
        fold.map_or(c, |index| self.folds[index].1)
    }
}

fn insert(
    nodes: &mut Vec<Node>,
    folds: &mut HashMap<char, char>,
    keyword: &str,
    identifier: IdentifierSet,
) {
    let mut node = 0;
    let mut last = ' ';
    for c in keyword.chars() {
        last = c;
        let known = if c == ' ' {
            nodes[node].space
        } else {
            let folded = simple_fold(c, folds);
            nodes[node].next.iter().find(|(to, _)| *to == folded).map(|(_, child)| *child)
        };
        node = known.unwrap_or_else(|| {
            nodes.push(Node::default());
            let child = nodes.len() - 1;
            match c {
                ' ' => nodes[node].space = Some(child),
                c => nodes[node].next.push((folds[&c], child)),
            }
            child
        });
    }
    if last.is_alphanumeric() {
        nodes[node].at_word_end |= identifier;
    } else {
        nodes[node].anywhere |= identifier;
    }
}

/// What `c` folds to under Unicode's simple case folding; `folds` learns it for all characters
/// that fold to the same.
fn simple_fold(c: char, folds: &mut HashMap<char, char>) -> char {
    if let Some(folded) = folds.get(&c) {
        return *folded;
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    class.case_fold_simple();
    let same: Vec<char> = class.iter().flat_map(|range| range.start()..=range.end()).collect();
    let ascii = same.iter().find(|c| c.is_ascii()).map(char::to_ascii_lowercase);
    let folded = ascii.unwrap_or_else(|| *same.iter().min().expect("the class holds c"));
    folds.extend(same.into_iter().map(|c| (c, folded)));
    folded
}

/// Subset construction: a state is a set of nodes, as a dropped space is a step without a
/// character.
fn resolve_spaces(nodes: &[Node]) -> Vec<State> {
    let mut numbers: HashMap<Vec<usize>, u32> = HashMap::new();
    let mut queue = vec![closure(nodes, [0])];
    numbers.insert(queue[0].clone(), 0);
    let mut states = Vec::new();
    while states.len() < queue.len() {
        let set = queue[states.len()].clone();
        let mut steps: HashMap<char, Vec<usize>> = HashMap::new();
        let mut state = State::default();
        for &node in &set {
            let node = &nodes[node];
            state.at_word_end |= node.at_word_end;
            state.anywhere |= node.anywhere;
            for (c, child) in &node.next {
                steps.entry(*c).or_default().push(*child);
            }
            for c in [' ', '_', '-'] {
                steps.entry(c).or_default().extend(node.space);
            }
        }
        for (c, children) in steps.into_iter().filter(|(_, children)| !children.is_empty()) {
            let to = closure(nodes, children);
            let fresh = u32::try_from(numbers.len()).expect("fewer than 2^32 states");
            let number = *numbers.entry(to.clone()).or_insert_with(|| {
                queue.push(to);
                fresh
            });
            state.next.push((c, number));
        }
        state.next.sort_unstable();
        states.push(state);
    }
    states
}

fn closure(nodes: &[Node], set: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut set: Vec<usize> = set.into_iter().collect();
    let mut done = 0;
    while done < set.len() {
        set.extend(nodes[set[done]].space);
        done += 1;
    }
    set.sort_unstable();
    set.dedup();
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keywords: &[&str], text: &str) -> Vec<String> {
        let keywords = Keywords::compile(keywords.iter().map(|keyword| (*keyword, 0)));
        let mut hits = Vec::new();
        for (start, _) in text.char_indices().filter(|(at, _)| word::begins(text, *at)) {
            if keywords.may_start_with(text.as_bytes()[start]) {
                keywords.find_at(text, start, &mut hits);
            }
        }
        hits.iter().map(|hit| text[hit.start..hit.end].to_owned()).collect()
    }

    #[test]
    fn a_space_is_one_of_four_ways() {
        let all = ["credit card#", "card", "cc #"];
        assert_eq!(
            found(&all, "Credit Card# CREDITCARD# credit_card#1"),
            ["Credit Card#", "Card", "CREDITCARD#", "credit_card#", "card"]
        );
        assert_eq!(found(&all, "cc# cc-# cc  #"), ["cc#", "cc-#"]);
    }

    #[test]
    fn case_folds_as_unicode_does() {
        let keywords = ["Número de Identificação do Veículo", "ssn", "pk"];
        assert_eq!(
            found(&keywords, "NÚMERO-DE_IDENTIFICAÇÃODO VEÍCULO"),
            ["NÚMERO-DE_IDENTIFICAÇÃODO VEÍCULO"]
        );
        // U+017F folds to s, U+212A to k.
        assert_eq!(found(&keywords, "\u{17F}sn p\u{212A}"), ["\u{17F}sn", "p\u{212A}"]);
    }
}
