//! Where names and addresses may be: the gates of the recognizers, and what they let through.

use std::ops::Range;

use super::classes::{BLOCK, Class, Classes, GROUP, LANES, Lanes, and, behind, lanes, less, or};
use super::name::Lexicon;
use super::scan::{GATE_CODES, GATE_NAMES, Opened};
use super::{Detection, Detector, address, name};
use crate::identifier::Recognizer;
use crate::span::Span;

/// What the gate of names knows of the group before.
#[derive(Default)]
pub(super) struct Sides {
    /// Spaces and pluses behind a word.
    gaps: Lanes,
    ends_word: Lanes,
    lexicon: Lexicon,
}

impl Sides {
    /// Forgets the text before.
    pub(super) fn begin(&mut self) {
        (self.gaps, self.ends_word) = Default::default();
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
    // A word ends in a letter, a dot or a comma, which is among the signs without a bitmap.
    let (_, sign) = unknown(classes, group);
    let ends_word = or(&or(row(Class::Letter), row(Class::Dot)), &sign);
    let gap = or(row(Class::Space), row(Class::Plus));
    let gaps = and(&gap, &moved::<1>(&ends_word, &last.ends_word));
    let capital = or(&less(row(Class::Letter), row(Class::Lower)), row(Class::High));
    let escaped = behind::<3>(&classes[Class::Percent as usize], group);
    let found = and(&capital, &or(&moved::<1>(&gaps, &last.gaps), &escaped));
    (last.gaps, last.ends_word) = (gaps, ends_word);
    found
}

/// Bytes that no bitmap of one frequent byte, letters or digits speaks for, and those of them that
/// are signs from `!` to `?` or no ASCII: line ends are not among these.
#[inline(always)]
fn unknown(classes: &Classes, group: usize) -> (Lanes, Lanes) {
    let row = |class: Class| lanes(&classes[class as usize], group);
    let words = or(&or(row(Class::Letter), row(Class::Digit)), row(Class::Space));
    let signs = or(&or(row(Class::Dot), row(Class::Dash)), row(Class::Colon));
    let known = or(&or(&words, &signs), &or(row(Class::Slash), row(Class::Open)));
    let unknown = less(&[u64::MAX; LANES], &known);
    (unknown, and(&unknown, &or(row(Class::Lower), row(Class::High))))
}

/// The bits moved up by `K`; `before` is the group before.
#[inline(always)]
fn moved<const K: u32>(bits: &Lanes, before: &Lanes) -> Lanes {
    let before = [before[3], bits[0], bits[1], bits[2]];
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
                    drop_streets(text, None, found, first);
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
        let of = |gate: u8| opened.iter().filter(move |opened| opened.gate == gate);
        let identifier = |wanted: Recognizer| {
            let mut known = self.recognizers.iter();
            known.find(|(recognizer, _)| *recognizer == wanted).map(|(_, identifier)| *identifier)
        };
        let (first, mut free) = (found.len(), 0);
        let addresses = identifier(Recognizer::Address).map(|identifier| {
            for at in of(GATE_CODES).map(|opened| opened.at - start) {
                // The gate saw the text beside the record too.
                if address::may_be(text, at) {
                    let push = &mut |span| found.push(Detection { span, identifier });
                    address::at_digit(text, at, &mut free, push);
                }
            }
            first..found.len()
        });
        let (first, mut free) = (found.len(), 0);
        if let Some(identifier) = identifier(Recognizer::Name) {
            let push = &mut |span| found.push(Detection { span, identifier });
            for opened in of(GATE_NAMES) {
                name::at_capital(text, opened.at - start, &mut free, push);
            }
            drop_streets(text, addresses, found, first);
        }
    }
}

/// Drops the names from index `first` on that lie inside an address: streets are called after
/// people. `addresses`: where in `found` all of them are; else they are looked for.
// Choice: a name inside an address is the name of a street, whether addresses are looked for or
// not.
fn drop_streets(
    text: &str,
    addresses: Option<Range<usize>>,
    found: &mut Vec<Detection>,
    first: usize,
) {
    if found.len() == first {
        return;
    }
    let (mut kept, mut next) = (first, first);
    let mut drop_inside = |found: &mut [Detection], address: Span| {
        while next < found.len() && found[next].span.start < address.end {
            let name = found[next];
            if name.span.start < address.start || address.end < name.span.end {
                found[kept] = name;
                kept += 1;
            }
            next += 1;
        }
    };
    match addresses {
        Some(known) => known.for_each(|at| {
            let address = found[at].span;
            drop_inside(found, address);
        }),
        None => address::find(text, |address| drop_inside(found, address)),
    }
    found.copy_within(next.., kept);
    found.truncate(kept + found.len() - next);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::judge::leftmost_longest;
    use crate::detect::{DetectScratch, Records};
    use crate::identifier::managed;

    #[test]
    fn names_of_streets_are_dropped_and_those_around_them_stay() {
        let name = |start, end| Detection { span: Span::new(start, end), identifier: 0 };
        let text = "Anna Schmidt, 12 rue Jean Moulin, 75001 Paris, Paul Weber";
        let mut found = vec![name(0, 1), name(0, 12), name(21, 32), name(47, 57)];
        drop_streets(text, None, &mut found, 1);
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
        for seed in 1..5 {
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

    #[test]
    fn the_gates_let_through_what_stands_on_several_lines_of_a_record() {
        let ids = ["Address", "Name"].map(|id| managed(id).expect("listed"));
        let detector = Detector::compile(ids.to_vec()).expect("few");
        let hungarian = "\nBudapest\nKossuth utca 3.\n1055";
        for seed in 4..8 {
            let mut text = String::new();
            let (mut records, mut expected) = (Vec::new(), Vec::new());
            for (index, lines) in lines(seed).chunks(3).enumerate() {
                let start = text.len();
                text += &lines[..1 + index % 3].join("\n");
                text += if index % 7 == 0 { hungarian } else { "" };
                let mut found = Vec::new();
                detector.recognize(&text[start..], &mut found);
                leftmost_longest(&mut found);
                expected.extend(found.iter().map(|found| found.moved_on(start)));
                records.push(Span::new(start, text.len()));
                text += "\n";
            }
            let mut scratch = DetectScratch::default();
            detector.detect(&text, Records::Spans(&records), &mut scratch);
            assert!(expected.len() > 200, "something is found");
            assert_eq!(scratch.detections(), expected, "seed {seed}");
        }
    }
}
