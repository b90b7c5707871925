//! Where postal codes may be: each byte of a chunk is asked by bitmaps, and a few by what stands
//! around them.

use super::address;
use super::classes::{
    BLOCK, Class, Classes, EMPTY, LANES, Lanes, Row, and, any, behind, carry, lanes, lanes_mut, or,
};
use super::records::Records;
use super::scan::{GATE_CODES, Opened};

/// What is known of the bytes of a chunk that may be part of a code.
pub(super) struct Codes {
    capital: Row,
    /// What no class speaks for and no line end: most signs, and characters outside ASCII.
    sign: Row,
    /// A code may stand behind it, and a place or street before.
    free: Row,
    before: Row,
    /// It follows the four to six digits of what may be a code.
    behind_code: Row,
    /// A capital touches a digit.
    touches: Row,
    /// What was found; see [`Codes::find`].
    preceded: Row,
    followed: Row,
    parted: Row,
    /// The record that begins at the next code or behind it.
    record: usize,
}

impl Default for Codes {
    fn default() -> Self {
        Self {
            capital: EMPTY,
            sign: EMPTY,
            free: EMPTY,
            before: EMPTY,
            behind_code: EMPTY,
            touches: EMPTY,
            preceded: EMPTY,
            followed: EMPTY,
            parted: EMPTY,
            record: 0,
        }
    }
}

/// The words of a bitmap, and each word's last neighbour.
#[derive(Clone, Copy)]
struct Words<'r> {
    here: &'r [u64],
    before: &'r [u64],
}

impl<'r> Words<'r> {
    #[inline(always)]
    fn new(row: &'r Row, words: usize) -> Self {
        Self { here: &row[LANES..][..words], before: &row[LANES - 1..][..words] }
    }

    /// Word `i` moved up by `K` bits.
    #[inline(always)]
    fn behind<const K: u32>(self, i: usize) -> u64 {
        self.here[i] << K | self.before[i] >> (64 - K)
    }
}

/// The words of a bitmap, to be written.
#[inline(always)]
fn words_mut(row: &mut Row, words: usize) -> &mut [u64] {
    &mut row[LANES..][..words]
}

impl Codes {
    /// Forgets the text before; where it begins, a code may too.
    pub(super) fn begin(&mut self) {
        for row in [&mut self.capital, &mut self.before, &mut self.behind_code, &mut self.touches] {
            row[LANES - 1] = 0;
        }
        self.free[LANES - 1] = 1 << (BLOCK - 1);
        self.record = 0;
    }

    /// Notes the first digits of what may be a postal code.
    #[inline(always)]
    pub(super) fn note(
        &mut self,
        text: &str,
        start: usize,
        classes: &Classes,
        groups: usize,
        records: Records<'_>,
        opened: &mut Vec<Opened>,
    ) {
        self.look(classes, groups);
        self.find(classes, groups);
        let words = groups * LANES;
        let (mut last, mut parts) = (None, 0);
        for i in 0..words {
            let word = |row: &Row| row[LANES + i];
            let (preceded, followed) = (word(&self.preceded), word(&self.followed));
            parts |= word(&self.parted);
            let mut bits = preceded | followed;
            while bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let at = start + i * BLOCK + bit;
                let (first, bare) = if preceded >> bit & 1 == 1 {
                    (at - 3, followed >> bit & 1 == 0)
                } else if let Some(first) = address::first_digit(text, at) {
                    (first, false)
                } else {
                    continue;
                };
                if last == Some(first) {
                    continue;
                }
                let mut record = 0;
                let after_line = first > 0 && text.as_bytes()[first - 1] == b'\n';
                if after_line && self.begins(records, first) {
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
        if parts != 0 {
            note_parted(text, start, &self.parted[LANES..][..words], opened);
        }
        let rows = [&mut self.capital, &mut self.before, &mut self.behind_code, &mut self.touches];
        rows.into_iter().chain([&mut self.free]).for_each(|row| carry(row, groups));
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

    /// What each byte may be, alone and with its neighbours. Plain words in a plain loop are what
    /// is compiled best.
    #[inline(always)]
    fn look(&mut self, classes: &Classes, groups: usize) {
        let words = groups * LANES;
        let row = |class: Class| Words::new(&classes[class as usize], words);
        let (letter, lower, digit) = (row(Class::Letter), row(Class::Lower), row(Class::Digit));
        let (space, dash, colon) = (row(Class::Space), row(Class::Dash), row(Class::Colon));
        let (open, dot, slash) = (row(Class::Open), row(Class::Dot), row(Class::Slash));
        let (high, backslash) = (row(Class::High), row(Class::Backslash));
        let capitals = words_mut(&mut self.capital, words);
        let signs = words_mut(&mut self.sign, words);
        let (frees, befores) =
            (words_mut(&mut self.free, words), words_mut(&mut self.before, words));
        let touches = words_mut(&mut self.touches, words);
        for i in 0..words {
            let here = |row: Words<'_>| row.here[i];
            let capital = here(letter) & !here(lower);
            let behind_capital = capital << 1 | (letter.before[i] & !lower.before[i]) >> 63;
            let closed = here(digit) | here(colon) | here(open);
            let closed_before = digit.before[i] | colon.before[i] | open.before[i];
            let behind_closed = closed << 1 | closed_before >> 63;
            let unknown =
                !(here(letter) | closed | here(space) | here(dot) | here(dash) | here(slash));
            // `D-10117`, and what stands behind `\n`.
            let escape = here(letter) & backslash.behind::<1>(i);
            let start = unknown | escape | here(dash) & behind_capital;
            let negative = here(dash) & space.behind::<1>(i);
            capitals[i] = capital;
            signs[i] = unknown & (here(lower) | here(high));
            frees[i] = start | negative | here(space) | here(open);
            // Behind a space that follows a number, no place has its code.
            befores[i] = start | here(space) & !behind_closed;
            touches[i] = here(digit) & behind_capital | capital & digit.behind::<1>(i);
        }
    }

    /// Where four digits have a place or a street before them; where four to six digits have a
    /// place behind them or a code has its letters; the second or third digit of the second part
    /// of a code; see [`address`]. A bit stands at the last byte that was asked: in the record of
    /// the code, and no chunk needs the next.
    #[inline(always)]
    fn find(&mut self, classes: &Classes, groups: usize) {
        let words = groups * LANES;
        let row = |class: Class| Words::new(&classes[class as usize], words);
        let (digit, space, dash) = (row(Class::Digit), row(Class::Space), row(Class::Dash));
        let (free, before) = (Words::new(&self.free, words), Words::new(&self.before, words));
        let behind_codes = words_mut(&mut self.behind_code, words);
        let preceded = words_mut(&mut self.preceded, words);
        let parted = words_mut(&mut self.parted, words);
        for i in 0..words {
            let (digit1, digit2) = (digit.behind::<1>(i), digit.behind::<2>(i));
            let (digit3, digit4) = (digit.behind::<3>(i), digit.behind::<4>(i));
            let (digit5, digit6) = (digit.behind::<5>(i), digit.behind::<6>(i));
            let here = digit.here[i];
            let (two, four1) = (here & digit1, digit1 & digit2 & digit3 & digit4);
            let six = free.behind::<6>(i) | digit6 & free.behind::<7>(i);
            behind_codes[i] = four1 & (free.behind::<5>(i) | digit5 & six);
            // `2026-01-31`, and seven digits; those on both sides of a word are looked at later.
            let dashed = dash.here[i] >> 1 & dash.here[i] >> 4;
            let date = dashed & here >> 2 & here >> 3;
            let long = here >> 1 & here >> 2 & here >> 3;
            preceded[i] = two & digit2 & digit3 & before.behind::<4>(i) & !(date | long);
            // `1234-567`, `123 45`
            let dashed = digit2 & dash.behind::<3>(i) & digit4 & digit5;
            let spaced = space.behind::<2>(i) & digit3 & digit4 & digit5 & !digit6;
            parted[i] = two & (dashed | spaced);
        }
        let (behind_code, letter) = (Words::new(&self.behind_code, words), row(Class::Letter));
        let capital = Words::new(&self.capital, words);
        let sign = Words::new(&self.sign, words);
        let followed = words_mut(&mut self.followed, words);
        for (i, followed) in followed.iter_mut().enumerate() {
            let spaced = behind_code.here[i] & space.here[i];
            let spaced = spaced << 1 | (behind_code.before[i] & space.before[i]) >> 63;
            *followed = behind_code.here[i] & (sign.here[i] | capital.here[i])
                | spaced & (letter.here[i] | space.here[i] | sign.here[i]);
        }
        let mut touched = self.touches[LANES - 1] != 0;
        for group in 1..=groups {
            let touches = any(lanes(&self.touches, group));
            if touches || touched {
                let ends = lettered_ends(classes, group, &self.capital);
                let followed = lanes_mut(&mut self.followed, group);
                *followed = or(followed, &ends);
            }
            touched = touches;
        }
    }
}

/// Notes the first digits of codes of two parts, by a digit of the second.
#[inline(never)]
fn note_parted(text: &str, start: usize, parted: &[u64], opened: &mut Vec<Opened>) {
    for (word, mut bits) in parted.iter().copied().enumerate() {
        while bits != 0 {
            let at = start + word * BLOCK + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let second = address::first_digit(text, at).and_then(|second| second.checked_sub(2));
            let first = second.and_then(|end| address::first_digit(text, end));
            if let Some(first) = first.filter(|first| address::may_be(text, *first)) {
                opened.push(Opened { at: first, gate: GATE_CODES });
            }
        }
    }
}

/// The same for codes of letters and digits: `SW1A 1AA`, `K1A 0B1`, `D02 X285`, `D6W X285`.
#[inline(always)]
fn lettered_ends(classes: &Classes, group: usize, capitals: &Row) -> Lanes {
    let (digits, spaces) = (&classes[Class::Digit as usize], &classes[Class::Space as usize]);
    let capital = lanes(capitals, group);
    let [capital1, capital2, capital3, capital4] = [
        behind::<1>(capitals, group),
        behind::<2>(capitals, group),
        behind::<3>(capitals, group),
        behind::<4>(capitals, group),
    ];
    let (digit1, digit2) = (behind::<1>(digits, group), behind::<2>(digits, group));
    let digit3 = behind::<3>(digits, group);
    let british = and(&capital1, &digit2);
    let canadian = and(&and(lanes(digits, group), &capital1), &digit2);
    let irish = and(&or(&and(&digit1, &digit2), &and(&capital1, &digit2)), &capital3);
    let spaced = and(&or(&and(&digit2, &digit3), &and(&capital2, &digit3)), &capital4);
    let irish = or(&irish, &and(&spaced, &behind::<1>(spaces, group)));
    or(&and(capital, &or(&british, &irish)), &canadian)
}
