//! Keywords → their trie.

use std::collections::{BTreeMap, HashMap};

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::detect::keywords::{Form, KEYWORD_BYTES_MAX, Keywords, LETTERS_MAX, Node};
use crate::detect::tables::IdentifierSet;

/// More bytes than that of a keyword are not told.
const FORM_BYTES: usize = 8;

/// The trie as keywords are inserted, before spaces are resolved.
#[derive(Default)]
struct Draft {
    next: Vec<(char, usize)>,
    space: Option<usize>,
    at_word_end: IdentifierSet,
    anywhere: IdentifierSet,
}

/// A state of the trie.
#[derive(Default)]
struct State<C = char> {
    /// Sorted by character.
    next: Vec<(C, u32)>,
    /// Identifiers whose keyword ends here, if a word ends here.
    at_word_end: IdentifierSet,
    /// Identifiers whose keyword ends here in punctuation, whatever follows.
    anywhere: IdentifierSet,
}

/// The trie of keywords, each with the number of its identifier.
/// `longest` is the longest value of each identifier, in bytes.
pub(super) fn keywords_of<'k>(
    keywords: impl Iterator<Item = (&'k str, u16)>,
    longest: &[u16],
) -> Keywords {
    let mut drafts = vec![Draft::default()];
    let mut folds = HashMap::new();
    for (keyword, identifier) in keywords {
        let longest = keyword.chars().count() * 4;
        assert!(longest <= KEYWORD_BYTES_MAX, "a keyword of {longest} bytes");
        insert(&mut drafts, &mut folds, keyword, 1 << identifier);
    }
    let mut folds: Vec<_> = folds.into_iter().filter(|(from, _)| !from.is_ascii()).collect();
    folds.sort_unstable();
    let states = resolve_spaces(&drafts);
    let mut sets = Sets { all: vec![0], known: HashMap::from([(0, 0)]) };
    let packed = Packed::of(&bytes_of(&states), &mut sets);
    let first = first_bytes(&states[0], &folds);
    let forms = forms(&states, &mut sets);
    let longest_of = |set: &IdentifierSet| {
        let of_it = (0..).zip(longest).filter(|(number, _)| set >> number & 1 == 1);
        of_it.map(|(_, longest)| *longest).max().unwrap_or(0)
    };
    let latin = std::array::from_fn(|place| {
        let c = char::from_u32(0x80 + place as u32).expect("no surrogate");
        let fold = folds.binary_search_by_key(&c, |(from, _)| *from);
        let folded = fold.map_or(c, |index| folds[index].1);
        u16::try_from(u32::from(folded)).expect("letters of Latin fold to others")
    });
    Keywords {
        latin: Box::leak(Box::new(latin)),
        longest: sets.all.iter().map(longest_of).collect::<Vec<_>>().leak(),
        begins: Box::leak(Box::new(packed.begins())),
        nodes: packed.nodes.leak(),
        labels: [packed.labels, vec![0; LETTERS_MAX]].concat().leak(),
        targets: packed.targets.leak(),
        sets: sets.all.leak(),
        folds: folds.leak(),
        forms: forms.leak(),
        first: Box::leak(Box::new(first)),
    }
}

/// The trie over the bytes of its characters; states keep their numbers.
fn bytes_of(states: &[State]) -> Vec<State<u8>> {
    let mut bytes: Vec<State<u8>> = Vec::new();
    bytes.resize_with(states.len(), State::default);
    for (number, state) in states.iter().enumerate() {
        (bytes[number].at_word_end, bytes[number].anywhere) = (state.at_word_end, state.anywhere);
        for (c, to) in &state.next {
            let mut at = number;
            let mut buffer = [0; 4];
            let (last, lead) = c.encode_utf8(&mut buffer).as_bytes().split_last().expect("bytes");
            for byte in lead {
                let known = bytes[at].next.iter().find(|(label, _)| label == byte);
                at = match known {
                    Some((_, to)) => *to as usize,
                    None => {
                        bytes.push(State::default());
                        let fresh = bytes.len() - 1;
                        bytes[at].next.push((*byte, u32::try_from(fresh).expect("few states")));
                        fresh
                    }
                };
            }
            bytes[at].next.push((*last, *to));
        }
    }
    bytes
}

/// The trie with the letters that leave no choice taken together.
#[derive(Default)]
struct Packed {
    nodes: Vec<Node>,
    labels: Vec<u8>,
    targets: Vec<u16>,
    /// The first states of the nodes, by number of the node, and the way back.
    entries: Vec<u32>,
    numbers: HashMap<u32, u16>,
}

impl Packed {
    fn of(states: &[State<u8>], sets: &mut Sets) -> Self {
        let mut packed = Self::default();
        packed.number(0);
        let mut ways = HashMap::new();
        while packed.nodes.len() < packed.entries.len() {
            let entry = packed.entries[packed.nodes.len()];
            let (letters, at) = if entry == 0 { (Vec::new(), 0) } else { letters(states, entry) };
            let state = &states[at as usize];
            let first_edge = *ways.entry(at).or_insert_with(|| {
                let first = number(packed.labels.len());
                for (label, to) in &state.next {
                    packed.labels.push(*label);
                    let to = packed.number(*to);
                    packed.targets.push(to);
                }
                first
            });
            let mut bytes = [0; LETTERS_MAX];
            bytes[..letters.len()].copy_from_slice(&letters);
            packed.nodes.push(Node {
                letters: u64::from_le_bytes(bytes),
                letters_len: u8::try_from(letters.len()).expect("a few letters"),
                edges: u8::try_from(state.next.len()).expect("a byte each"),
                first_edge,
                at_word_end: sets.number(state.at_word_end),
                anywhere: sets.number(state.anywhere),
            });
        }
        packed
    }

    /// The number of the node that is entered through `state`.
    fn number(&mut self, state: u32) -> u16 {
        *self.numbers.entry(state).or_insert_with(|| {
            self.entries.push(state);
            number(self.entries.len() - 1)
        })
    }

    fn begins(&self) -> [u16; 128] {
        let mut begins = [0; 128];
        for (label, to) in self.labels.iter().zip(&self.targets).take(self.nodes[0].edges.into()) {
            if let Some(begins) = begins.get_mut(usize::from(*label)) {
                *begins = *to;
            }
        }
        begins
    }
}

/// The letters behind state `at` that leave no choice, and the state behind them.
fn letters(states: &[State<u8>], mut at: u32) -> (Vec<u8>, u32) {
    let mut letters = Vec::new();
    while letters.len() < LETTERS_MAX {
        let state = &states[at as usize];
        match state.next[..] {
            [(letter @ b'a'..=b'z', to)] if state.at_word_end | state.anywhere == 0 => {
                letters.push(letter);
                at = to;
            }
            _ => break,
        }
    }
    (letters, at)
}

fn number(count: usize) -> u16 {
    u16::try_from(count).expect("the trie has fewer than 65,536 states and edges")
}

/// Distinct sets of identifiers; number 0 is the empty one.
struct Sets {
    all: Vec<IdentifierSet>,
    known: HashMap<IdentifierSet, u16>,
}

impl Sets {
    fn number(&mut self, set: IdentifierSet) -> u16 {
        *self.known.entry(set).or_insert_with(|| {
            self.all.push(set);
            number(self.all.len() - 1)
        })
    }
}

/// Bytes that a first character may begin with, any case.
fn first_bytes(root: &State, folds: &[(char, char)]) -> [bool; 256] {
    let mut first = [false; 256];
    let mut buffer = [0; 4];
    for (root, _) in &root.next {
        let variants = folds.iter().filter(|(_, to)| to == root).map(|(from, _)| *from);
        for c in variants.chain([*root, root.to_ascii_uppercase()]) {
            first[usize::from(c.encode_utf8(&mut buffer).as_bytes()[0])] = true;
        }
    }
    first
}

/// How keywords begin. One that is cut speaks for all that begin so.
fn forms(states: &[State], sets: &mut Sets) -> Vec<Form> {
    let mut below = vec![0; states.len()];
    for at in (0..states.len()).rev() {
        collect_below(states, at, &mut below);
    }
    let mut forms = BTreeMap::<Vec<u8>, IdentifierSet>::new();
    let mut open = vec![(0u32, String::new())];
    while let Some((at, path)) = open.pop() {
        let state = &states[at as usize];
        if path.len() >= FORM_BYTES {
            *forms.entry(path.as_bytes()[..FORM_BYTES].to_vec()).or_default() |= below[at as usize];
            continue;
        }
        let ends = state.at_word_end | state.anywhere;
        if ends != 0 {
            *forms.entry(path.as_bytes().to_vec()).or_default() |= ends;
        }
        open.extend(state.next.iter().map(|(c, to)| (*to, format!("{path}{c}"))));
    }
    let form = |(bytes, set): (Vec<u8>, IdentifierSet)| Form {
        bytes: bytes.leak(),
        set: sets.number(set),
    };
    forms.into_iter().map(form).collect()
}

/// The identifiers of the keywords that end in a state or behind it.
fn collect_below(states: &[State], at: usize, below: &mut [IdentifierSet]) -> IdentifierSet {
    if below[at] == 0 {
        let state = &states[at];
        let ends = state.at_word_end | state.anywhere;
        let next = state.next.iter();
        below[at] =
            next.fold(ends, |all, (_, to)| all | collect_below(states, *to as usize, below));
    }
    below[at]
}

fn insert(
    nodes: &mut Vec<Draft>,
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
            nodes.push(Draft::default());
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
fn resolve_spaces(nodes: &[Draft]) -> Vec<State> {
    let mut numbers: HashMap<Vec<usize>, u32> = HashMap::new();
    let mut queue = vec![closure(nodes, [0])];
    numbers.insert(queue[0].clone(), 0);
    let mut states = Vec::new();
    while states.len() < queue.len() {
        let set = queue[states.len()].clone();
        let mut steps: BTreeMap<char, Vec<usize>> = BTreeMap::new();
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
        states.push(state);
    }
    states
}

fn closure(nodes: &[Draft], set: impl IntoIterator<Item = usize>) -> Vec<usize> {
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
    use crate::detect::word;

    fn found(keywords: &[&str], text: &str) -> Vec<String> {
        let keywords = keywords_of(keywords.iter().map(|keyword| (*keyword, 0)), &[0]);
        let mut hits = Vec::new();
        for (start, _) in text.char_indices().filter(|(at, _)| word::begins(text, *at)) {
            keywords.find_at(text, start, 1, &mut hits);
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
