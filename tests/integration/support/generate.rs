//! Seeded generation: the same seed makes the same text on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// A text that is hard on the detector: keywords, values, pieces of values and what stands between,
/// drawn from the catalogue itself.
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

/// Keywords, values of hits and misses of the given identifiers.
pub fn vocabulary(
    identifiers: &[std::sync::Arc<logveil::identifier::DataIdentifier>],
) -> Vec<String> {
    let mut words = Vec::new();
    for identifier in identifiers {
        words.extend(identifier.keywords().iter().cloned());
        words.extend(identifier.misses().iter().cloned());
        for hit in identifier.hits() {
            words.push(hit.0.clone());
            words.push(hit.0.chars().skip(hit.1).take(hit.2 - hit.1).collect());
        }
    }
    words
}
