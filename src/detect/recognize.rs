//! Where names and addresses may be: the gates of the recognizers, and what they let through.

use super::classes::{Class, Classes, LANES, Lanes, and, lanes, less, or};
use super::scan::{GATE_CODES, GATE_NAMES, Opened};
use super::{Detection, Detector, address, name};
use crate::identifier::Recognizer;

/// What the last block of a chunk tells the next one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Neighbours {
    capital: u64,
    gap: u64,
    lower: u64,
    joins: u64,
    ends_no_word: u64,
}

/// A capital behind a gap: a second word of a name may begin there. `+` and `%20` are gaps too.
#[inline(always)]
pub(super) fn name_starts(classes: &Classes, group: usize, last: &mut Neighbours) -> Lanes {
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

/// The first digits of numbers that nothing directly before makes part of something longer.
#[inline(always)]
pub(super) fn code_starts(classes: &Classes, group: usize, last: &mut Neighbours) -> Lanes {
    let row = |class: Class| lanes(&classes[class as usize], group);
    let signs = or(
        &or(&or(row(Class::Dot), row(Class::Colon)), &or(row(Class::Slash), row(Class::Plus))),
        &or(&or(row(Class::At), row(Class::Percent)), row(Class::Digit)),
    );
    let capital = less(row(Class::Letter), row(Class::Lower));
    let lower = and(row(Class::Letter), row(Class::Lower));
    let joins = or(&or(&signs, row(Class::Dash)), &lower);
    let free = less(row(Class::Digit), &moved::<1>(&joins, last.joins));
    // `D-10117` and ` -10117`, and what stands behind `\n`.
    let edge = or(&capital, row(Class::Space));
    let dashed = and(
        &super::classes::behind::<1>(&classes[Class::Dash as usize], group),
        &moved::<2>(&edge, last.capital),
    );
    let escaped = and(
        &moved::<1>(&lower, last.lower),
        &super::classes::behind::<2>(&classes[Class::Backslash as usize], group),
    );
    (last.joins, last.capital, last.lower) = (joins[LANES - 1], edge[LANES - 1], lower[LANES - 1]);
    or(&free, &and(row(Class::Digit), &or(&dashed, &escaped)))
}

/// The bits moved up by `K`; `before` is the block before the first.
#[inline(always)]
fn moved<const K: u32>(bits: &Lanes, before: u64) -> Lanes {
    let before = [before, bits[0], bits[1], bits[2]];
    std::array::from_fn(|i| bits[i] << K | before[i] >> (64 - K))
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
                    for opened in of(GATE_CODES) {
                        address::at_digit(text, opened.at - start, &mut free, &mut push);
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
