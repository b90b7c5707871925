//! Where names and addresses may be: the gates of the recognizers, and what they let through.

use super::classes::{BLOCK, Class, Classes, GROUP, GROUPS, LANES, Lanes, and, lanes, less, or};
use super::name::Lexicon;
use super::scan::{GATE_CODES, GATE_NAMES, Opened};
use super::{Detection, Detector, address, name};
use crate::identifier::Recognizer;

/// Rows of one chunk with room before it, for the end of the chunk before, and behind it.
type Wide = [u64; LANES * (GROUPS + 2)];

/// What is looked for in one chunk, and what the last one tells.
pub(super) struct Sides {
    gap: u64,
    ends_no_word: u64,
    /// What directly before a digit makes it part of something longer.
    joins: Wide,
    /// What stands before a dash before a code: `D-10117`, ` -10117`.
    edge: Wide,
    lower: Wide,
    capital: Wide,
    /// Copies of the rows of classes, for what looks ahead.
    digit: Wide,
    space: Wide,
    dash: Wide,
    found: [u64; LANES * GROUPS],
    lexicon: Lexicon,
}

impl Default for Sides {
    fn default() -> Self {
        const NONE: Wide = [0; LANES * (GROUPS + 2)];
        Self {
            gap: 0,
            ends_no_word: 0,
            joins: NONE,
            edge: NONE,
            lower: NONE,
            capital: NONE,
            digit: NONE,
            space: NONE,
            dash: NONE,
            found: [0; LANES * GROUPS],
            lexicon: Lexicon::default(),
        }
    }
}

impl Sides {
    /// Forgets the chunk before.
    pub(super) fn begin(&mut self) {
        (self.gap, self.ends_no_word) = (0, 0);
        let Self { joins, edge, lower, capital, digit, .. } = self;
        for row in [joins, edge, lower, capital, digit] {
            row[LANES - 1] = 0;
        }
    }
}

/// Notes the capitals with which the second word of a name may begin.
#[inline(always)]
pub(super) fn note_names(
    text: &str,
    start: usize,
    classes: &Classes,
    groups: usize,
    sides: &mut Sides,
    opened: &mut Vec<Opened>,
) {
    for group in 1..=groups {
        let capitals = behind_gaps(classes, group, sides);
        for (lane, mut bits) in capitals.into_iter().enumerate() {
            let block = start + (group - 1) * GROUP + lane * BLOCK;
            while bits != 0 {
                let at = block + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if name::may_be(text, at, &mut sides.lexicon) {
                    opened.push(Opened { at, gate: GATE_NAMES });
                }
            }
        }
    }
}

/// A capital behind a gap: a second word of a name may begin there. `+` and `%20` are gaps too.
#[inline(always)]
fn behind_gaps(classes: &Classes, group: usize, last: &mut Sides) -> Lanes {
    let row = |class: Class| lanes(&classes[class as usize], group);
    let gap = or(row(Class::Space), row(Class::Plus));
    let ends_no_word =
        or(&or(row(Class::Space), row(Class::Digit)), &or(row(Class::Colon), row(Class::Dash)));
    let capital = or(&less(row(Class::Letter), row(Class::Lower)), row(Class::High));
    let behind_word =
        less(&moved::<1>(&gap, last.gap), &moved::<2>(&ends_no_word, last.ends_no_word));
    (last.gap, last.ends_no_word) = (gap[LANES - 1], ends_no_word[LANES - 1]);
    let escaped = super::classes::behind::<3>(&classes[Class::Percent as usize], group);
    and(&capital, &or(&behind_word, &escaped))
}

/// The bits moved up by `K`; `before` is the block before the first.
#[inline(always)]
fn moved<const K: u32>(bits: &Lanes, before: u64) -> Lanes {
    let before = [before, bits[0], bits[1], bits[2]];
    std::array::from_fn(|i| bits[i] << K | before[i] >> (64 - K))
}

/// Notes the first digits of what may be a postal code.
#[inline(always)]
pub(super) fn note_codes(
    text: &str,
    start: usize,
    classes: &Classes,
    groups: usize,
    sides: &mut Sides,
    opened: &mut Vec<Opened>,
) {
    code_starts(classes, groups, sides);
    for (index, bits) in sides.found[..groups * LANES].iter().enumerate() {
        let mut bits = *bits;
        while bits != 0 {
            let at = start + index * BLOCK + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if address::may_be(text, at) {
                opened.push(Opened { at, gate: GATE_CODES });
            }
        }
    }
}

/// How far behind its first digit a code is looked at here.
const AHEAD_BITS: u32 = 6;

/// The first digits of numbers that nothing directly before makes part of something longer and
/// that have the digits, letters, spaces and dashes of a code; see [`address`].
#[inline(always)]
fn code_starts(classes: &Classes, groups: usize, sides: &mut Sides) {
    let words = groups * LANES;
    fill_sides(classes, groups, sides);
    fill_starts(classes, words, sides);
    let last = sides.found[words - 1];
    let found = &mut sides.found[..words];
    let capital = [0, 1, 2].map(|from| &sides.capital[LANES - 1 + from..][..words]);
    let digit = [0, 1, 2].map(|from| &sides.digit[LANES - 1 + from..][..words]);
    let space = [1, 2].map(|from| &sides.space[LANES - 1 + from..][..words]);
    let dash = [1, 2].map(|from| &sides.dash[LANES - 1 + from..][..words]);
    for i in 0..words {
        let d = |k: u32| digit[1][i] >> k | digit[2][i] << (64 - k);
        let c = |k: u32| capital[1][i] >> k | capital[2][i] << (64 - k);
        let space = |k: u32| space[0][i] >> k | space[1][i] << (64 - k);
        let dash = |k: u32| dash[0][i] >> k | dash[1][i] << (64 - k);
        let (d1, d2, d3, d4, d5, d6) = (d(1), d(2), d(3), d(4), d(5), d(6));
        let (c1, c2, c3, c4) = (c(1), c(2), c(3), c(4));
        let number = d1 & d2 & d3 & !(d4 & d5 & d6);
        let british = c1 & c2 | d1 & (c2 & c3 | d2 & c3 & c4);
        let behind_capital = capital[1][i] << 1 | capital[0][i] >> 63;
        let behind_digit = digit[1][i] << 2 | digit[0][i] >> 62;
        let irish = c1 | d1 & !d2 & (c2 | space(2) & c3);
        let lettered = behind_capital & (irish | behind_digit & !d1);
        let parted = d1 & (dash(2) & d3 | d2 & (space(3) | dash(3) & d6)) & d4 & d5;
        found[i] &= number | british | lettered | parted;
    }
    if groups == GROUPS {
        // What follows the chunk is not known here.
        found[words - 1] |= last & u64::MAX << (64 - AHEAD_BITS);
    }
    let Sides { joins, edge, lower, capital, digit, .. } = sides;
    for row in [joins, edge, lower, capital, digit] {
        row[LANES - 1] = row[words + LANES - 1];
    }
}

/// Where the numbers begin that nothing directly before makes part of something longer.
#[inline(always)]
fn fill_starts(classes: &Classes, words: usize, sides: &mut Sides) {
    let joins = [0, 1].map(|from| &sides.joins[LANES - 1 + from..][..words]);
    let edge = [0, 1].map(|from| &sides.edge[LANES - 1 + from..][..words]);
    let lower = [0, 1].map(|from| &sides.lower[LANES - 1 + from..][..words]);
    let row = |class: Class| {
        [0, 1].map(|from| &classes[class as usize][LANES - 1 + from..][..words])
    };
    let (dash, backslash, digit) = (row(Class::Dash), row(Class::Backslash), row(Class::Digit)[1]);
    let found = &mut sides.found[..words];
    for i in 0..words {
        let back = |row: [&[u64]; 2], k: u32| row[1][i] << k | row[0][i] >> (64 - k);
        let dashed = back(dash, 1) & back(edge, 2);
        let escaped = back(lower, 1) & back(backslash, 2);
        found[i] = digit[i] & (!back(joins, 1) | dashed | escaped);
    }
}

/// Fills the rows that [`code_starts`] asks.
#[inline(always)]
fn fill_sides(classes: &Classes, groups: usize, sides: &mut Sides) {
    let words = groups * LANES;
    let row = |class: Class| &classes[class as usize][LANES..][..words];
    let (letter, case, digit) = (row(Class::Letter), row(Class::Lower), row(Class::Digit));
    let (space, dash, dot) = (row(Class::Space), row(Class::Dash), row(Class::Dot));
    let (colon, slash, plus) = (row(Class::Colon), row(Class::Slash), row(Class::Plus));
    let (at, percent) = (row(Class::At), row(Class::Percent));
    let joins = &mut sides.joins[LANES..][..words];
    let edge = &mut sides.edge[LANES..][..words];
    let lower = &mut sides.lower[LANES..][..words];
    let capital = &mut sides.capital[LANES..][..words];
    for i in 0..words {
        let (small, large) = (letter[i] & case[i], letter[i] & !case[i]);
        let signs = dot[i] | colon[i] | slash[i] | plus[i] | at[i] | percent[i];
        joins[i] = signs | digit[i] | dash[i] | small;
        edge[i] = large | space[i];
        lower[i] = small;
        capital[i] = large;
    }
    sides.digit[LANES..][..words].copy_from_slice(digit);
    sides.space[LANES..][..words].copy_from_slice(space);
    sides.dash[LANES..][..words].copy_from_slice(dash);
    for row in [&mut sides.capital, &mut sides.digit, &mut sides.space, &mut sides.dash] {
        row[LANES + words] = 0;
    }
}

impl Detector {
    /// What identifiers without patterns find in a text that nothing was noted of.
    pub(super) fn recognize(&self, text: &str, found: &mut Vec<Detection>) {
        for (recognizer, identifier) in &self.recognizers {
            let first = found.len();
            let push = |span| found.push(Detection { span, identifier: *identifier });
            match recognizer {
                Recognizer::Name => {
                    name::find(text, push);
                    drop_streets(text, found, first);
                }
                Recognizer::Address => address::find(text, push),
            }
        }
    }

    /// The same where the scan has noted what may begin in `text`, which starts at byte `start`.
    pub(super) fn recognize_noted(
        &self,
        text: &str,
        start: usize,
        opened: &[Opened],
        found: &mut Vec<Detection>,
    ) {
        for (recognizer, identifier) in &self.recognizers {
            let first = found.len();
            let mut push = |span| found.push(Detection { span, identifier: *identifier });
            let of = |gate: u8| opened.iter().filter(move |opened| opened.gate == gate);
            let mut free = 0;
            match recognizer {
                Recognizer::Name => {
                    for opened in of(GATE_NAMES) {
                        name::at_capital(text, opened.at - start, &mut free, &mut push);
                    }
                    drop_streets(text, found, first);
                }
                Recognizer::Address => {
                    for at in of(GATE_CODES).map(|opened| opened.at - start) {
                        // The gate saw the text beside the record too.
                        if address::may_be(text, at) {
                            address::at_digit(text, at, &mut free, &mut push);
                        }
                    }
                }
            }
        }
    }
}

/// Drops the names from index `first` on that lie inside an address: streets are called after
/// people.
// Choice: a name inside an address is the name of a street, whether addresses are looked for or
// not.
fn drop_streets(text: &str, found: &mut Vec<Detection>, first: usize) {
    if found.len() == first {
        return;
    }
    let (mut kept, mut next) = (first, first);
    address::find(text, |address| {
        while next < found.len() && found[next].span.start < address.end {
            let name = found[next];
            if name.span.start < address.start || address.end < name.span.end {
                found[kept] = name;
                kept += 1;
            }
            next += 1;
        }
    });
    found.copy_within(next.., kept);
    found.truncate(kept + found.len() - next);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::judge::leftmost_longest;
    use crate::detect::{DetectScratch, Records};
    use crate::identifier::managed;
    use crate::span::Span;

    #[test]
    fn names_of_streets_are_dropped_and_those_around_them_stay() {
        let name = |start, end| Detection { span: Span::new(start, end), identifier: 0 };
        let text = "Anna Schmidt, 12 rue Jean Moulin, 75001 Paris, Paul Weber";
        let mut found = vec![name(0, 1), name(0, 12), name(21, 32), name(47, 57)];
        drop_streets(text, &mut found, 1);
        assert_eq!(found, [name(0, 1), name(0, 12), name(47, 57)]);
    }

    /// Lines made of the hits and misses of both files, cut and glued at random.
    fn lines(seed: u64) -> Vec<String> {
        let ids = ["Name", "Address"].map(|id| managed(id).expect("listed"));
        let texts: Vec<&str> = ids
            .iter()
            .flat_map(|id| {
                id.hits()
                    .iter()
                    .map(|hit| hit.0.as_str())
                    .chain(id.misses().iter().map(String::as_str))
            })
            .collect();
        let mut state = seed;
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % bound
        };
        let glue = ["", " ", "+", "%20", ", ", "-", "\\n", ":", "é", "7", "D-", "A"];
        let mut lines = Vec::new();
        for _ in 0..3000 {
            let mut line = String::new();
            for _ in 0..1 + below(3) {
                let text = texts[below(texts.len())].replace('\n', " ");
                let cut = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at));
                let from = cut(below(text.len() / 2)).expect("the start is one");
                line += glue[below(glue.len())];
                line += &text
                    [from..cut(from + below(text.len() - from + 1)).expect("the start is one")];
            }
            lines.push(line);
        }
        lines
    }

    #[test]
    fn the_gates_let_through_whatever_the_recognizers_find() {
        let ids = ["Address", "Name"].map(|id| managed(id).expect("listed"));
        let detector = Detector::compile(ids.to_vec()).expect("few");
        for seed in 1..4 {
            let lines = lines(seed);
            let text = lines.join("\n");
            let mut scratch = DetectScratch::default();
            detector.detect(&text, Records::Lines, &mut scratch);
            let mut expected = Vec::new();
            let mut start = 0;
            for line in &lines {
                let mut found = Vec::new();
                detector.recognize(line, &mut found);
                leftmost_longest(&mut found);
                expected.extend(found.iter().map(|found| found.moved_on(start)));
                start += line.len() + 1;
            }
            assert!(expected.len() > 500, "something is found");
            assert_eq!(scratch.detections(), expected, "seed {seed}");
        }
    }
}
