//! Where names and addresses may be: the gates of the recognizers, and what they let through.

use super::classes::{
    BLOCK, Class, Classes, GROUP, GROUPS, LANES, Lanes, and, behind, lanes, less, or,
};
use super::name::Lexicon;
use super::scan::{GATE_CODES, GATE_NAMES, Opened};
use super::{Detection, Detector, address, name};
use crate::identifier::Recognizer;

/// Rows of one chunk with room before it, for the end of the chunk before, and behind it.
type Wide = [u64; LANES * (GROUPS + 2)];

/// Bitmaps of one chunk, and what the last one tells.
pub(super) struct Sides {
    gap: u64,
    ends_no_word: u64,
    /// What directly before a digit makes it part of something longer.
    joins: Wide,
    capital: Wide,
    /// Two capitals begin.
    capitals: Wide,
    digit: Wide,
    /// Two digits begin, and four.
    digits: Wide,
    four: Wide,
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
            capital: NONE,
            capitals: NONE,
            digit: NONE,
            digits: NONE,
            four: NONE,
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
        let Self { joins, capital, digit, space, .. } = self;
        for row in [joins, capital, digit, space] {
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
    let escaped = behind::<3>(&classes[Class::Percent as usize], group);
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
const AHEAD_BITS: u32 = 8;

/// The words of group `group` moved down by `K` bits: bit `i` tells of the byte `K` behind.
#[inline(always)]
fn ahead<const K: u32>(row: &Wide, group: usize) -> Lanes {
    let cur: &Lanes = row[group * LANES..][..LANES].try_into().expect("four words");
    let next: &Lanes = row[group * LANES + 1..][..LANES].try_into().expect("four words");
    std::array::from_fn(|i| cur[i] >> K | next[i] << (64 - K))
}

/// The same moved up: bit `i` tells of the byte `K` before.
#[inline(always)]
fn back<const K: u32>(row: &Wide, group: usize) -> Lanes {
    let cur: &Lanes = row[group * LANES..][..LANES].try_into().expect("four words");
    let before: &Lanes = row[group * LANES - 1..][..LANES].try_into().expect("four words");
    std::array::from_fn(|i| cur[i] << K | before[i] >> (64 - K))
}

#[inline(always)]
fn of(row: &Wide, group: usize) -> &Lanes {
    row[group * LANES..][..LANES].try_into().expect("four words")
}

#[inline(always)]
fn set(row: &mut Wide, group: usize, bits: Lanes) {
    row[group * LANES..][..LANES].copy_from_slice(&bits);
}

/// The first digits of numbers that nothing directly before makes part of something longer and
/// that have the digits, letters, spaces and dashes of a code; see [`address`].
#[inline(always)]
fn code_starts(classes: &Classes, groups: usize, sides: &mut Sides) {
    let Sides { capital, capitals, digit, digits, four, joins, dash, space, found, .. } = sides;
    for group in 1..=groups {
        let row = |class: Class| lanes(&classes[class as usize], group);
        set(capital, group, less(row(Class::Letter), row(Class::Lower)));
        set(digit, group, *row(Class::Digit));
        set(dash, group, *row(Class::Dash));
        set(space, group, *row(Class::Space));
    }
    for row in [&mut *capital, digit, dash, space] {
        row[(groups + 1) * LANES] = 0;
    }
    for group in 1..=groups {
        let row = |class: Class| lanes(&classes[class as usize], group);
        let small = and(row(Class::Letter), row(Class::Lower));
        let signs = or(
            &or(&or(row(Class::Dot), row(Class::Colon)), &or(row(Class::Slash), row(Class::Plus))),
            &or(&or(row(Class::At), row(Class::Percent)), row(Class::Digit)),
        );
        // `D-10117` and ` -10117`, and what stands behind `\n`.
        let edge = or(&back::<1>(capital, group), &back::<1>(space, group));
        let backslash = behind::<1>(&classes[Class::Backslash as usize], group);
        let parted = or(&less(row(Class::Dash), &edge), &less(&small, &backslash));
        set(joins, group, or(&signs, &parted));
        set(digits, group, and(row(Class::Digit), &ahead::<1>(digit, group)));
        set(capitals, group, and(of(capital, group), &ahead::<1>(capital, group)));
    }
    for row in [&mut *capitals, digits] {
        row[(groups + 1) * LANES] = 0;
    }
    for group in 1..=groups {
        set(four, group, and(of(digits, group), &ahead::<2>(digits, group)));
    }
    four[(groups + 1) * LANES] = 0;
    let mut starts = [0; LANES];
    for group in 1..=groups {
        starts = less(of(digit, group), &back::<1>(joins, group));
        let two = of(digits, group);
        let three = &and(two, &ahead::<2>(digit, group));
        let number = less(of(four, group), &ahead::<3>(four, group));
        let british = or(
            &ahead::<1>(capitals, group),
            &and(two, &or(&ahead::<2>(capitals, group), &and(three, &ahead::<3>(capitals, group)))),
        );
        let behind_digit = less(&back::<2>(digit, group), two);
        let irish = or(&ahead::<1>(capital, group), &less(two, three));
        let lettered = and(&back::<1>(capital, group), &or(&irish, &behind_digit));
        let joint = or(&ahead::<3>(space, group), &ahead::<3>(dash, group));
        let parted = or(
            &and(&and(two, &ahead::<2>(dash, group)), &ahead::<3>(digits, group)),
            &and(&and(three, &joint), &ahead::<4>(digits, group)),
        );
        let any = or(&or(&number, &parted), &or(&british, &lettered));
        let from = (group - 1) * LANES;
        found[from..from + LANES].copy_from_slice(&and(&starts, &any));
    }
    if groups == GROUPS {
        // What follows the chunk is not known here.
        found[LANES * GROUPS - 1] |= starts[LANES - 1] & u64::MAX << (64 - AHEAD_BITS);
    }
    for row in [joins, capital, digit, space] {
        row[LANES - 1] = row[(groups + 1) * LANES - 1];
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
        let glue = [
            "", " ", " ", "+", "%20", ", ", "-", "\\n", ":", "é", "7", "D-", "A", "=", "/", "'",
            ". ", " van ", "Mr. ", " ms ", "J. ", " X ", "Mc", "INFO ", " zip ", " Flat B ", " - ",
            "10117 ",
        ];
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
