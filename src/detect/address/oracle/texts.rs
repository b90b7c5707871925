//! Texts on which the oracle and the detector must agree: changed cases and a soup of their words.

use serde_json::Value;

use super::super::find;
use super::oracle;
use crate::span::Span;

/// How many texts are generated.
const TEXTS: usize = 40_000;

struct Random(u64);

impl Random {
    /// A number below `bound` (SplitMix64, public domain).
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits") % bound
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// The texts of the cases: with one address, and without.
fn cases() -> (Vec<String>, Vec<String>) {
    let file = include_str!("../../../../tests/cases/addresses.json");
    let file: Value = serde_json::from_str(file).expect("JSON");
    let strings = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let groups = file["hits"].as_array().expect("groups").iter();
    (groups.flat_map(|group| strings(&group["texts"])).collect(), strings(&file["misses"]))
}

fn found(text: &str) -> Vec<Span> {
    let mut all = Vec::new();
    find(text, |span| all.push(span));
    all
}

/// What is put between, before and behind words.
const GLUE: [&str; 40] = [
    " ", " ", ", ", ", ", ",", "\n", "\\n", "\r\n", "\\r\\n", "<br>", "  ", "     ", " - ", " – ",
    "-", ".", ". ", ";", ": ", "/", "\"", "\n  ", "\n\t", "\n# ", "\n * ", "\u{A0}", "\\t", " (",
    ") ", ",,", "é", "𝄞", "_", "'", "’", "\n\n", "=", "@", "İ", "$",
];

/// Codes, signs and words that matter beside them.
const PARTS: [&str; 66] = [
    "12345",
    "1234",
    "123456",
    "12345-6789",
    "123 45",
    "12-345",
    "1234-567",
    "12345-678",
    "123-4567",
    "1234 AB",
    "1234AB",
    "SW1A 1AA",
    "M4 3TR",
    "RG14XX",
    "K1A 0B1",
    "K1A0B1",
    "D02 X285",
    "D02X285",
    "D6W F7X2",
    "C1043AAZ",
    "400 053",
    "D-10117",
    "CH-8002",
    "XX-1234",
    "IL 62704",
    "OH 45761",
    "OK 20000",
    "NSW 2000",
    "New York 10001",
    "2b",
    "12-14",
    "3/17",
    "5th",
    "3º",
    "17.",
    "#303",
    "B12",
    "s/n",
    "№",
    "1/2",
    "bis",
    "nº",
    "No.",
    "Apt",
    "Flat 5",
    "Unit 3",
    "2. em. 5",
    "Floor",
    "PO Box 12",
    "Postfach",
    "BP 12",
    "Main",
    "Street",
    "rue",
    "de la",
    "Hauptstraße",
    "utca",
    "ul.",
    "Park",
    "MAIN ST",
    "Berlin",
    "PARIS",
    "Rose Cottage",
    "USA",
    "C.P.",
    "C/",
];

const DIGITS: &str = "0123456789";

const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The pieces of a text: words, runs of digits, and every other character by itself.
fn pieces(text: &str) -> Vec<String> {
    let class = |c: char| match c {
        c if c.is_ascii_digit() => 1,
        c if c.is_alphabetic() => 2,
        _ => 0,
    };
    let mut pieces: Vec<String> = Vec::new();
    let mut last = 0;
    for c in text.chars() {
        match pieces.last_mut().filter(|_| last > 0 && class(c) == last) {
            Some(piece) => piece.push(c),
            None => pieces.push(c.to_string()),
        }
        last = class(c);
    }
    pieces
}

/// Changes a text a little, as a log or a slip of the pen would.
fn changed(random: &mut Random, text: &str, others: &[String]) -> String {
    let mut all = pieces(text);
    for _ in 0..1 + random.below(3) {
        all.retain(|piece| !piece.is_empty());
        if all.is_empty() {
            break;
        }
        let (at, to) = (random.below(all.len()), random.below(all.len()));
        match random.below(16) {
            0 => all.swap(at, to),
            1 => drop(all.remove(at)),
            2 => all.retain(|piece| piece != ","),
            3 => all.insert(at, random.of(&GLUE).to_owned()),
            4 => all[at] = random.of(&GLUE).to_owned(),
            5 => all[at] = random.of(&PARTS).to_owned(),
            6 => all[at] = all[at].to_uppercase(),
            7 => all[at] = all[at].to_lowercase(),
            8 => {
                let other = pieces(&others[random.below(others.len())]);
                all[at] = other[random.below(other.len())].clone();
            }
            9 => all.insert(at, format!("{}{}", random.of(&PARTS), random.of(&GLUE))),
            10 => drop(all.drain(..at)),
            11 => all.truncate(at + 1),
            12 | 13 => {
                // Another digit, another capital: other codes.
                let mut chars: Vec<char> = all.concat().chars().collect();
                let these =
                    chars.iter_mut().filter(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
                let mut these: Vec<&mut char> = these.collect();
                if !these.is_empty() {
                    let chosen = random.below(these.len());
                    let signs = if these[chosen].is_ascii_digit() { DIGITS } else { CAPITALS };
                    let new = random.below(signs.len());
                    *these[chosen] = char::from(signs.as_bytes()[new]);
                }
                all = pieces(&chars.iter().collect::<String>());
            }
            14 => all = pieces(&all.concat().replace('\n', random.of(&GLUE))),
            _ => {
                let digits = |piece: &&mut String| piece.starts_with(|c: char| c.is_ascii_digit());
                let count = all.iter_mut().filter(digits).count();
                let chosen = random.below(count.max(1));
                if let Some(piece) = all.iter_mut().filter(digits).nth(chosen) {
                    let change = random.below(3);
                    match change {
                        0 => piece.push('0'),
                        1 => drop(piece.pop()),
                        _ => *piece = random.of(&PARTS).to_owned(),
                    }
                }
            }
        }
    }
    all.concat()
}

fn soup(random: &mut Random, texts: &[String]) -> String {
    let mut soup = String::new();
    for _ in 0..2 + random.below(14) {
        if random.below(2) == 0 {
            soup.push_str(random.of(&PARTS));
        } else {
            let words = pieces(&texts[random.below(texts.len())]);
            soup.push_str(&words[random.below(words.len())]);
        }
        // Mostly what holds an address together.
        let glue = if random.below(3) == 0 { &GLUE[..] } else { &GLUE[..6] };
        soup.push_str(random.of(glue));
    }
    soup
}

#[test]
fn the_oracle_agrees() {
    let (hits, misses) = cases();
    let mut texts: Vec<String> = hits.iter().map(|text| text.replace(['«', '»'], "")).collect();
    texts.extend(misses);
    let (mut wrong, mut addresses) = (Vec::new(), 0);
    let mut judge = |text: &str, seed: u64| {
        let (fast, slow) = (found(text), oracle(text));
        addresses += fast.len();
        if fast != slow && text.len() < 4096 {
            wrong.push(format!("seed {seed}: {text:?}: detector {fast:?}, oracle {slow:?}"));
        }
    };
    for text in &texts {
        judge(text, 0);
    }
    for seed in 1..=TEXTS as u64 {
        let mut random = Random(seed);
        let text = match random.below(8) {
            0 => soup(&mut random, &texts),
            1 => {
                let (first, second) = (random.below(texts.len()), random.below(texts.len()));
                let first = changed(&mut random, &texts[first], &texts);
                format!("{first}{}{}", random.of(&GLUE), texts[second])
            }
            _ => {
                let chosen = random.below(texts.len());
                changed(&mut random, &texts[chosen], &texts)
            }
        };
        judge(&text, seed);
    }
    assert!(
        wrong.is_empty(),
        "{} of {TEXTS}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
    assert!(addresses > TEXTS / 4, "{addresses} addresses: too few to tell anything");
}
