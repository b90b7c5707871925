//! Where names and addresses may be: the gates of the recognizers, and what they let through.

use std::ops::Range;

use super::classes::{
    BLOCK, Class, Classes, GROUP, GROUPS, LANES, Lanes, and, any, behind, lanes, less, or,
};
use super::name::Lexicon;
use super::records::Records;
use super::scan::{GATE_CODES, GATE_NAMES, Opened};
use super::{Detection, Detector, address, name};
use crate::identifier::Recognizer;
use crate::span::Span;

/// What the gates know of the group before, and what they found in the chunk.
#[derive(Default)]
pub(super) struct Sides {
    /// Spaces and pluses behind a word.
    gaps: Lanes,
    ends_word: Lanes,
    codes: Codes,
    /// What [`code_ends`] says of each group.
    found: [[Lanes; 3]; GROUPS],
    /// The record that begins at the next code or behind it.
    record: usize,
    lexicon: Lexicon,
}

/// What is known of the bytes of one group that may be part of a code.
#[derive(Clone, Copy, Default)]
struct Codes {
    capital: Lanes,
    /// Behind it, or behind a space behind it, no place has its code.
    no_place: Lanes,
    /// A code may stand behind it, and a place or street before.
    free: Lanes,
    before: Lanes,
    /// The last of two digits, of three, of four or more.
    two: Lanes,
    three: Lanes,
    four: Lanes,
    /// The fourth of the digits of what may be a code, the fifth, the last so far.
    fourth: Lanes,
    fifth: Lanes,
    code: Lanes,
    /// A space behind a code, or behind three digits alone; a dash behind two.
    space_behind_code: Lanes,
    space_behind_three: Lanes,
    dash: Lanes,
    /// Capitals touch digits.
    touches: bool,
}

impl Sides {
    /// Forgets the text before; where it begins, a code may too.
    pub(super) fn begin(&mut self) {
        (self.gaps, self.ends_word) = Default::default();
        (self.codes, self.record) = Default::default();
        self.codes.free[LANES - 1] = 1 << (BLOCK - 1);
    }

    /// Whether a record begins at byte `at`, behind a line feed. Places are asked for in order.
    fn begins(&mut self, records: Records<'_>, at: usize) -> bool {
        match records {
            Records::Whole => false,
            Records::Lines => true,
            Records::Spans(spans) => {
                while spans.get(self.record).is_some_and(|span| span.start < at) {
                    self.record += 1;
                }
                spans.get(self.record).is_some_and(|span| span.start == at)
            }
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

/// Notes the first digits of what may be a postal code.
#[inline(always)]
pub(super) fn note_codes(
    text: &str,
    start: usize,
    classes: &Classes,
    groups: usize,
    records: Records<'_>,
    sides: &mut Sides,
    opened: &mut Vec<Opened>,
) {
    let mut codes = sides.codes;
    for (group, found) in (1..=groups).zip(&mut sides.found) {
        *found = code_ends(classes, group, &mut codes);
    }
    sides.codes = codes;
    let bytes = text.as_bytes();
    let mut last = None;
    for group in 0..groups {
        let [preceded, followed, parted] = sides.found[group];
        let block = start + group * GROUP;
        for lane in 0..LANES {
            let mut bits = preceded[lane] | followed[lane];
            while bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let at = block + lane * BLOCK + bit;
                let (first, bare) = if preceded[lane] >> bit & 1 == 1 {
                    (at - 3, followed[lane] >> bit & 1 == 0)
                } else if let Some(first) = address::first_digit(text, at) {
                    (first, false)
                } else {
                    continue;
                };
                if last == Some(first) {
                    continue;
                }
                let mut record = 0;
                if first > 0 && bytes[first - 1] == b'\n' && sides.begins(records, first) {
                    // Nothing stands before it.
                    if bare {
                        continue;
                    }
                    record = first;
                }
                last = Some(first);
                let text = text.get(record..).expect("records lie on characters");
                if address::may_be(text, first - record) {
                    opened.push(Opened { at: first, gate: GATE_CODES });
                }
            }
        }
        if any(&parted) {
            note_parted(text, block, &parted, opened);
        }
    }
}

/// Notes the first digits of codes of two parts, by a digit of the second.
#[inline(never)]
fn note_parted(text: &str, block: usize, parted: &Lanes, opened: &mut Vec<Opened>) {
    for (lane, mut bits) in parted.iter().copied().enumerate() {
        while bits != 0 {
            let at = block + lane * BLOCK + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let second = address::first_digit(text, at).and_then(|second| second.checked_sub(2));
            let first = second.and_then(|end| address::first_digit(text, end));
            if let Some(first) = first.filter(|first| address::may_be(text, *first)) {
                opened.push(Opened { at: first, gate: GATE_CODES });
            }
        }
    }
}

/// Where four digits have a place or a street before them; where four to six digits have a place
/// behind them or a code has its letters; the second or third digit of the second part of a code;
/// see [`address`]. A bit stands at the last byte that was asked: in the record of the code, and
/// no chunk needs the next.
#[inline(always)]
fn code_ends(classes: &Classes, group: usize, last: &mut Codes) -> [Lanes; 3] {
    let row = |class: Class| lanes(&classes[class as usize], group);
    let (digit, space) = (row(Class::Digit), row(Class::Space));
    let capital = less(row(Class::Letter), row(Class::Lower));
    let (unknown, sign) = unknown(classes, group);
    let behind_capital = moved::<1>(&capital, &last.capital);
    let behind_digit = behind::<1>(&classes[Class::Digit as usize], group);

    // `D-10117`, and what stands behind `\n`.
    let escape = and(row(Class::Letter), &behind::<1>(&classes[Class::Backslash as usize], group));
    let country = and(row(Class::Dash), &behind_capital);
    let no_place = or(&or(digit, row(Class::Colon)), row(Class::Open));
    let gap = less(space, &moved::<1>(&no_place, &last.no_place));
    let start = or(&unknown, &or(&escape, &country));
    let before = or(&start, &gap);
    let negative = and(row(Class::Dash), &behind::<1>(&classes[Class::Space as usize], group));
    let free = or(&or(&start, &negative), &or(space, row(Class::Open)));

    let two = and(digit, &behind_digit);
    let behind_two = moved::<1>(&two, &last.two);
    let three = and(digit, &behind_two);
    let behind_three = moved::<1>(&three, &last.three);
    let four = and(digit, &behind_three);
    let behind_four = moved::<1>(&four, &last.four);

    let fourth = and(&four, &moved::<4>(&free, &last.free));
    let fifth = and(digit, &moved::<1>(&fourth, &last.fourth));
    let code = or(&or(&fourth, &fifth), &and(digit, &moved::<1>(&fifth, &last.fifth)));
    let behind_code = moved::<1>(&code, &last.code);

    let space_behind_code = and(space, &behind_code);
    let place = or(&or(row(Class::Letter), space), &sign);
    let mut followed = or(
        &and(&behind_code, &or(&sign, &capital)),
        &and(&moved::<1>(&space_behind_code, &last.space_behind_code), &place),
    );
    let preceded = and(&four, &moved::<4>(&before, &last.before));

    let space_behind_three = less(&and(space, &behind_three), &behind_four);
    let dash = and(row(Class::Dash), &behind_two);
    let parted = or(
        &and(&three, &moved::<3>(&dash, &last.dash)),
        &and(&two, &moved::<2>(&space_behind_three, &last.space_behind_three)),
    );

    let touches = any(&or(&and(digit, &behind_capital), &and(&capital, &behind_digit)));
    if touches || last.touches {
        followed = or(&followed, &lettered_ends(classes, group, &capital, &two, last));
    }
    *last = Codes {
        capital,
        no_place,
        free,
        before,
        two,
        three,
        four,
        fourth,
        fifth,
        code,
        space_behind_code,
        space_behind_three,
        dash,
        touches,
    };
    [preceded, followed, parted]
}

/// The same for codes of letters and digits: `SW1A 1AA`, `K1A 0B1`, `D02 X285`, `D6W X285`.
#[inline(always)]
fn lettered_ends(
    classes: &Classes,
    group: usize,
    capital: &Lanes,
    two: &Lanes,
    last: &Codes,
) -> Lanes {
    let digits = &classes[Class::Digit as usize];
    let spaces = &classes[Class::Space as usize];
    let [capital1, capital2, capital3, capital4] = [
        moved::<1>(capital, &last.capital),
        moved::<2>(capital, &last.capital),
        moved::<3>(capital, &last.capital),
        moved::<4>(capital, &last.capital),
    ];
    let (digit2, digit3) = (behind::<2>(digits, group), behind::<3>(digits, group));
    let british = and(capital, &and(&capital1, &digit2));
    let canadian = and(&and(lanes(digits, group), &capital1), &digit2);
    let irish =
        or(&and(&moved::<1>(two, &last.two), &capital3), &and(&and(&capital1, &digit2), &capital3));
    let spaced =
        or(&and(&moved::<2>(two, &last.two), &capital4), &and(&and(&capital2, &digit3), &capital4));
    let irish = and(capital, &or(&irish, &and(&spaced, &behind::<1>(spaces, group))));
    or(&or(&british, &canadian), &irish)
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
