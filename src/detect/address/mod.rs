//! Postal addresses: a street or a box, a place and a postal code, written as the postal
//! authorities write them.
//!
//! Everything begins at the postal code, the one part whose shape is fixed: the text around it, a
//! bounded stretch, is cut into words ([`token`]); a place stands beside the code; what is left is
//! read as a street ([`street`]), from each word in turn, the leftmost first. How sure the street
//! has to be depends on how much the code tells ([`look`]).

mod code;
mod gate;
mod look;
mod street;
mod token;
mod words;

use crate::span::Span;
use code::{Code, code_at};
pub(super) use gate::{first_digit, may_be};
use look::Look;
use token::Tokens;

/// How far before a code an address may begin, in bytes.
///
/// Source: none; six lines of the 28 characters that are usual on a label. A choice.
const BEFORE_BYTES_MAX: usize = 160;

/// How far behind a code an address may end, in bytes.
const BEHIND_BYTES_MAX: usize = 96;

/// Most digits of a postal code in a row.
const CODE_DIGITS_MAX: usize = 6;

/// Most characters of a house number that the street's own rules refuse.
const NUMBER_CHARS_MAX: usize = 12;

/// Counts the work of tests; nothing otherwise.
#[inline]
fn tick(_steps: usize) {
    #[cfg(test)]
    tests::STEPS.with(|steps| steps.set(steps.get() + _steps));
}

/// Finds every address in `text`, leftmost first, none overlapping. Cost: linear in the text,
/// whatever it holds; nothing is allocated.
pub(super) fn find(text: &str, mut found: impl FnMut(Span)) {
    // Choice: an address begins with its street or box and ends with its code or place. A
    // recipient, a company or a country beside it is no part of it.
    // Choice: an address without a postal code is not found: street and place alone read like too
    // many other words of a log.
    let bytes = text.as_bytes();
    let mut free = 0;
    for start in 0..bytes.len() {
        tick(1);
        if bytes[start].is_ascii_digit() && !bytes[..start].last().is_some_and(u8::is_ascii_digit) {
            at_digit(text, start, &mut free, &mut found);
        }
    }
}

/// Calls `found` with the address whose postal code holds the digit at byte `start`, the first of
/// a run. Before byte `free` all is settled; places are asked for in order.
pub(super) fn at_digit(text: &str, start: usize, free: &mut usize, found: &mut impl FnMut(Span)) {
    if start < *free {
        return;
    }
    let run = text.as_bytes()[start..].iter().take(CODE_DIGITS_MAX + 1);
    let digits = run.take_while(|byte| byte.is_ascii_digit()).count();
    if digits > CODE_DIGITS_MAX {
        return;
    }
    if let Some(span) = at(text, *free, start, start + digits) {
        found(span);
        *free = span.end;
    }
}

/// The address whose postal code holds the digits `start..end`, a whole run of them. It begins at
/// byte `free` or behind it.
fn at(text: &str, free: usize, start: usize, end: usize) -> Option<Span> {
    let code = code_at(text, start, end).filter(|code| code.start >= free)?;
    read(text, code, free)
}

fn read(text: &str, code: Code, free: usize) -> Option<Span> {
    let (behind, before) = (may_follow(text, code), may_precede(text, code));
    if !behind && !before {
        return None;
    }
    let from = code.start.saturating_sub(BEFORE_BYTES_MAX).max(free);
    let (mut tokens, gap) = Tokens::before(text, from, code.start);
    let alone = tokens.all().len() < 2;
    if alone && !behind {
        return None;
    }
    tokens.read();
    let until = text.len().min(code.end + BEHIND_BYTES_MAX);
    let until = (until..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let mut following = Tokens::behind(text, code.end, until);
    following.read();
    let look = Look { text, code, tokens, gap, behind: following };
    let span = look.read(before && !alone, behind, alone)?;
    Some(Span::new(with_house_number(text, span.start).max(free), span.end))
}

/// Where the house number begins that stands before `start` and that no address begins with, for
/// what touches it: `#12 Main St`, `W123N456 Main St`. Else `start`.
fn with_house_number(text: &str, start: usize) -> usize {
    // Choice: a number behind a sign, directly before the street, is masked with it: it may be the
    // house's. Decimals and times are not.
    let Some(before) = text[..start].strip_suffix(' ') else { return start };
    let inside = |c: &char| c.is_alphanumeric();
    let number: usize =
        before.chars().rev().take(NUMBER_CHARS_MAX).take_while(inside).map(char::len_utf8).sum();
    let (before, number) = before.split_at(before.len() - number);
    let mut signs = before.chars().rev();
    let sign = signs.next();
    let decimal =
        matches!(sign, Some('.' | ':' | ',')) && signs.next().is_some_and(|c| c.is_ascii_digit());
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let signed = digits && sign.is_some_and(|c| "_./\\@$%&-+~^#".contains(c));
    let grid = number.starts_with(['N', 'S', 'E', 'W'])
        && number[1..].starts_with(|c: char| c.is_ascii_digit());
    let fraction =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.ends_with(['¼', '½', '¾']);
    let house = !number.is_empty() && !decimal && (signed || grid || fraction);
    if house { before.len() } else { start }
}

/// Whether a place may stand behind the code: a space and a capital. Most numbers end here.
fn may_follow(text: &str, code: Code) -> bool {
    let rest = &text[code.end..];
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    let Some(rest) = rest.strip_prefix([' ', '\u{A0}']) else { return false };
    let mut chars = rest.chars();
    let begins = |c: Option<char>| c.is_some_and(char::is_uppercase);
    match chars.next() {
        Some(' ' | '\'' | '’' | 'd' | 'l') => true,
        first => {
            let more = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '.');
            let second = chars.next();
            let one_letter = second == Some(' ') && begins(chars.next());
            begins(first)
                && (second.is_some_and(more) || one_letter && chars.next().is_some_and(more))
        }
    }
}

/// Whether a place or a region may stand before the code: a word, a gap. Lets more pass than
/// [`Look`] does.
fn may_precede(text: &str, code: Code) -> bool {
    let bytes = &text.as_bytes()[..code.start];
    let near = &bytes[bytes.len().saturating_sub(token::GAP_BYTES_MAX)..];
    let blank = |byte: &u8| matches!(byte, b' ' | b',' | b'-' | b'.' | b'\n' | b'\r' | b'\t');
    let Some(last) = near.iter().rposition(|byte| !blank(byte)) else { return false };
    match near[last] {
        b'0'..=b'9' => code.shape.is_lettered() || near[last..].contains(&b'\n'),
        // Line ends as escapes and markup, signs that begin a comment's line.
        b'>' | b'*' | b'#' | b'/' | b';' | b'%' | b'"' | b'!' => {
            near.iter().any(|byte| matches!(byte, b'\n' | b'\\' | b'<'))
        }
        letter if letter.is_ascii_alphabetic() => capital_near(bytes),
        other => other >= 0x80,
    }
}

/// Whether one of the last three words has a capital: a place, a region of two words (`New york`),
/// a place before a label (`Guadalajara c.p.`). Says yes where it cannot know.
fn capital_near(bytes: &[u8]) -> bool {
    let (mut words, mut inside) = (0, false);
    for byte in bytes.iter().rev().take(token::GAP_BYTES_MAX) {
        if byte.is_ascii_uppercase() || *byte >= 0x80 {
            return true;
        }
        let letter = byte.is_ascii_lowercase();
        words += usize::from(inside && !letter);
        inside = letter;
        if words == 3 || token::breaks(*byte) {
            return false;
        }
    }
    bytes.len() > token::GAP_BYTES_MAX
}

#[cfg(test)]
mod oracle;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    /// Most steps a byte: bytes cut into words, words looked up, words read as a street.
    const STEPS_MAX: usize = 300;

    fn found(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        find(text, |span| all.push(&text[span.range()]));
        all
    }

    #[test]
    fn addresses_are_found_one_after_the_other() {
        let text = "from 12 Oak Street, Millfield, OH 45761 to Lindenallee 5, 10969 Berlin, or \
                    44 rue Haute, 1000 Bruxelles";
        let expected = [
            "12 Oak Street, Millfield, OH 45761",
            "Lindenallee 5, 10969 Berlin",
            "44 rue Haute, 1000 Bruxelles",
        ];
        assert_eq!(found(text), expected);
    }

    #[test]
    fn the_work_is_linear_whatever_the_text() {
        let seeds = [
            "Box 1, IL 12345 ",
            "12345 ",
            "1234 A ",
            "1234 Ab ",
            "1 A, ",
            "1, rue A, 12345 B ",
            "Flat 1, ",
            "AB1 2CD ",
            "12 Main St, ",
            "K1A 0B1 A ",
            "0041 LATIN CAPITAL LETTER\n",
            "C.C.C.C. 1234 D ",
            "1-1-1-1 ",
            "é1234 É ",
        ];
        for (index, seed) in seeds.into_iter().enumerate() {
            let steps = |bytes: usize| {
                let text = seed.repeat(bytes / seed.len());
                STEPS.with(|steps| steps.set(0));
                find(&text, |_| {});
                STEPS.with(Cell::get)
            };
            // The first two are the worst: they are shown at full length.
            let scale = if index < 2 { 16 } else { 13 };
            let (small, large) = (steps(1 << scale), steps(1 << (scale + 4)));
            assert!(large <= small * 17, "{seed:?}: {small} steps, then {large}");
            assert!(large >> (scale + 4) <= STEPS_MAX, "{seed:?}: {large} steps");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        let pieces = [
            "é", "ß", "\u{A0}", "12345", " ", ",", "\n", "\\n", "Straße", "s/n", "№", "'s-", "’",
            "C/", "1/2", "º", "D-", "AB1 2CD", "𝄞", "#", "(", " - ", "Box", "Berlin", ".", "-",
            "İ",
        ];
        let mut seed = 7_u64;
        let mut next = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(seed >> 33).expect("31 bits") % bound
        };
        for _ in 0..20_000 {
            let text: String = (0..1 + next(40)).map(|_| pieces[next(pieces.len())]).collect();
            find(&text, |span| assert!(text.get(span.range()).is_some_and(|s| !s.is_empty())));
        }
    }
}
