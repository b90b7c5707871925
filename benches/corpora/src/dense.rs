//! Logs full of what is looked for: made from any log by adding pairs of keyword and value.

use std::fmt::Write;

use crate::catalogue::keywords;
use crate::{Corpus, Random};

/// Shapes of values: `d` becomes a digit, `U` a capital letter.
const SHAPES: &[&str] = &[
    "ddd-dd-dddd",
    "dddd dddd dddd dddd",
    "UUdddddd",
    "ddddddddd",
    "Udddddddd",
    "ddd.ddd.ddd-dd",
    "UUdd dddd dddd dddd dddd dd",
    "(ddd) ddd-dddd",
    "+dd ddd dddddd",
    "dddddddd",
    "ddddddddU",
    "Uddddddd",
    "dd/dd",
    "ddddd",
    "ddd",
    "UUdddddddU",
    "dddddddddd",
];

/// Without I and O, which few numbering schemes use.
const CAPITALS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The lines of `log`; every third one ends in one to three pairs `keyword=value`, every ninth
/// also in an e-mail and an IP address. Most values are right in shape only.
pub fn dense(log: &str) -> Corpus {
    let mut random = Random::new(7);
    let words = keywords();
    let mut text = String::with_capacity(log.len() + log.len() / 4);
    for (index, line) in log.lines().enumerate() {
        text.push_str(line.trim_end());
        if index % 3 == 0 {
            for _ in 0..=random.below(3) {
                let word = &words[random.below(words.len())];
                write!(text, " {word}={}", value(&mut random)).expect("a string");
            }
            if index % 9 == 0 {
                let [user, domain, b, c, d] =
                    [10_000, 100, 256, 256, 254].map(|bound| random.below(bound));
                write!(text, " user{user}@example{domain}.com 10.{b}.{c}.{}", d + 1)
                    .expect("a string");
            }
        }
        text.push('\n');
    }
    Corpus::new("dense", text)
}

fn value(random: &mut Random) -> String {
    let shape = random.pick(SHAPES);
    let one = |c| match c {
        'd' => random.letter(b"0123456789"),
        'U' => random.letter(CAPITALS),
        other => other,
    };
    shape.chars().map(one).collect()
}
