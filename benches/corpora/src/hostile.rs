//! Texts that are hard on a scanner: keywords, values, pieces of values, and what stands between.

use crate::catalogue::{keywords, values};
use crate::{Corpus, Random};

const DIGITS: &[u8] = b"0123456789";

/// About `bytes` of lines of 100 to 300 bytes that hold nothing else: a third of the pieces are
/// keywords in any spelling, the others values and near values of every kind.
pub fn hostile(bytes: usize) -> Corpus {
    let mut random = Random::new(7);
    let (keywords, values) = (keywords(), values());
    let mut text = String::with_capacity(bytes + 400);
    while text.len() < bytes {
        let end = text.len() + 100 + random.below(200);
        while text.len() < end {
            piece(&mut random, &keywords, &values, &mut text);
            text.push(random.letter(b" :=,;/-_\"#"));
        }
        text.push('\n');
    }
    Corpus::new("hostile", text)
}

fn piece(random: &mut Random, keywords: &[String], values: &[String], text: &mut String) {
    let mut letters = |from: &[u8], count: usize, random: &mut Random| {
        for _ in 0..count {
            text.push(random.letter(from));
        }
    };
    match random.below(16) {
        0..=4 => spelled(random, keywords, text),
        5 => text.push_str("a@b"),
        6 => text.push_str("-----BEGIN "),
        7 => text.push_str("1.2.3.4."),
        8 => {
            let count = 3 + random.below(18);
            letters(DIGITS, count, random);
        }
        9 => {
            for _ in 0..4 {
                letters(DIGITS, 4, random);
                letters(b" ", 1, random);
            }
        }
        10 => {
            let count = 36 + random.below(8);
            letters(b"ABCDabcd0123+/XYZxyz", count, random);
        }
        11 => text.push_str("::1:2"),
        12 => {
            let count = 2 + random.below(9);
            letters(b"ABXYZ012345678", count, random);
        }
        13 => text.push_str(&values[random.below(values.len())]),
        14 => letters(b"ABCDEFGH012345678", 17, random),
        _ => text.push_str("12.34567, -3.45678"),
    }
}

/// A keyword, its spaces as any of what may stand for them, a quarter of its letters in capitals.
fn spelled(random: &mut Random, keywords: &[String], text: &mut String) {
    for c in keywords[random.below(keywords.len())].chars() {
        match c {
            ' ' => text.push(random.letter(b" _- ")),
            c if random.below(4) == 0 => text.push(c.to_ascii_uppercase()),
            c => text.push(c),
        }
    }
}

/// A text of `pieces` words that is hard to judge right: whole words of the vocabulary, parts of
/// them, and all that may stand between words.
pub fn hostile_text(random: &mut Random, vocabulary: &[String], pieces: usize) -> String {
    const GLUE: &[&str] = &[
        " ",
        "",
        "=",
        ":",
        ": ",
        "_",
        "-",
        ".",
        ",",
        "\n",
        "\"",
        "(",
        ")",
        "#",
        "é",
        "  ",
        "/",
        "+",
        "@",
        "::",
        "1",
        "A",
        "x",
        "𝄞",
        "·",
        "..............................",
        "Z9",
        "S",
        "\u{2011}",
        "\u{A0}",
        "%20",
        "%2D",
        "%40",
        "５",
    ];
    let mut text = String::new();
    for _ in 0..pieces {
        let word = &vocabulary[random.below(vocabulary.len())];
        match random.below(8) {
            0 => text.push_str(&word.to_uppercase()),
            1 => text.extend(word.chars().take(random.below(word.chars().count() + 1))),
            2 => text.extend(word.chars().skip(random.below(word.chars().count() + 1))),
            3 => text.push_str(&word.replace(' ', "_")),
            4 => text.push_str(&word.replace(' ', "")),
            _ => text.push_str(word),
        }
        text.push_str(random.pick(GLUE));
        if random.below(4) == 0 {
            text.push_str(random.pick(GLUE));
        }
    }
    text
}
