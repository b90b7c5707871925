//! A quick look at what stands around a number: most are no postal code, which a few bytes tell.

use super::code::code_at;
use super::{
    BEFORE_BYTES_MAX, BEHIND_BYTES_MAX, CODE_DIGITS_MAX, capital_near, may_follow, may_precede,
    token,
};

/// What the bytes beside a number may be part of.
const DIGIT: u8 = 1;
/// A comma, a line end, a dash: one part of an address may end here.
const PART: u8 = 2;
const CAPITAL: u8 = 4;
const LETTER: u8 = 8;
/// No address holds it; see [`token::breaks`].
const BREAK: u8 = 16;
const BLANK: u8 = 32;
/// May stand before a code or the blanks before it; see [`super::may_precede`].
const PRECEDES: u8 = 64;
/// May stand behind a code and a blank; see [`super::may_follow`].
const FOLLOWS: u8 = 128;

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        kinds[at] = match byte {
            // `s/n` stands for a number, `#5` is one.
            b'0'..=b'9' => DIGIT,
            b'#' | b'/' => DIGIT | PRECEDES,
            b',' => PART | BLANK | PRECEDES | FOLLOWS,
            b'-' | b'\n' | b'\r' => PART | BLANK | PRECEDES | FOLLOWS,
            b' ' | b'.' | b'\t' => BLANK | PRECEDES | FOLLOWS,
            b'\\' | b'<' => PART,
            b'>' | b'*' | b';' | b'%' | b'"' | b'!' => PRECEDES,
            b'\'' => FOLLOWS,
            b'A'..=b'Z' => CAPITAL | LETTER | PRECEDES | FOLLOWS,
            b'd' | b'l' => LETTER | PRECEDES | FOLLOWS,
            b'a'..=b'z' => LETTER | PRECEDES,
            0x80.. => DIGIT | PART | CAPITAL | LETTER | PRECEDES | FOLLOWS,
            _ if token::breaks(byte) => BREAK,
            _ => 0,
        };
        at += 1;
    }
    kinds
};

/// Whether an address may have its postal code at the run of digits that begins at byte `start`.
/// Says no only where [`super::at_digit`] finds nothing.
#[inline]
pub(in crate::detect) fn may_be(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes();
    let digits = match bytes.get(start..start + 8) {
        Some(ahead) => run_of(u64::from_le_bytes(ahead.try_into().expect("eight bytes"))),
        None => bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
    };
    if digits > CODE_DIGITS_MAX {
        return false;
    }
    if digits < 4 {
        return may_be_shaped(text, start, start + digits);
    }
    let before = &bytes[..start];
    // What directly before a digit makes it part of something longer.
    if before.last().is_some_and(|last| b"_.:/+@%$#=&~^*".contains(last)) {
        return false;
    }
    let end = start + digits;
    let follows = match bytes.get(end..end + 2) {
        Some([b' ' | b',' | 0x80.., next]) => KINDS[usize::from(*next)] & FOLLOWS != 0,
        // A code goes on behind a dash or with letters.
        Some([b'-', _]) => bytes.get(end + 1..end + 4).is_some_and(|tail| run(tail, 3) == 3),
        Some([b'A'..=b'Z', next]) => next.is_ascii_uppercase(),
        _ => false,
    };
    let precedes = match &bytes[..start] {
        [.., before, b' '] => KINDS[usize::from(*before)] & PRECEDES != 0,
        [.., b'a'..=b'z'] => true,
        [.., last] => KINDS[usize::from(*last)] & (PRECEDES | BLANK) != 0,
        [] => false,
    };
    (follows || precedes) && may_be_number(bytes, start, end)
}

/// The first digit of the last run before byte `at` or at it, up to three bytes away; none if that
/// run is too long for a code.
#[inline]
pub(in crate::detect) fn first_digit(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut first = (at.saturating_sub(3)..=at).rev().find(|at| bytes[*at].is_ascii_digit())?;
    for _ in 0..CODE_DIGITS_MAX {
        match bytes[..first] {
            [.., b'0'..=b'9'] => first -= 1,
            _ => return Some(first),
        }
    }
    None
}

/// The number of digits that begin eight bytes.
fn run_of(bytes: u64) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let other = bytes ^ (0x30 * EACH);
    let beyond = (((other & (0x7F * EACH)) + 0x76 * EACH) | other) & (0x80 * EACH);
    beyond.trailing_zeros() as usize / 8
}

#[inline(never)]
fn may_be_shaped(text: &str, start: usize, end: usize) -> bool {
    let code = code_at(text, start, end);
    code.is_some_and(|code| may_follow(text, code) || may_precede(text, code))
}

/// The same for four to six digits.
#[inline(never)]
fn may_be_number(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = &bytes[..start];
    let digits = end - start;
    let Some(end) = code_end(bytes, start, digits) else { return false };
    let follows = place_behind(&bytes[end..]);
    if !follows && !place_before(before, digits == 5) {
        return false;
    }
    let kinds = kinds(&before[start.saturating_sub(BEFORE_BYTES_MAX)..]);
    // `Flat B Rose Street` stands before a code and a place without any number.
    kinds & (DIGIT | PART) != 0 && kinds & CAPITAL != 0
        || follows && (kinds & LETTER != 0 || street_behind(&bytes[end..]))
}

/// Whether a place, a comma or line end and a number may stand in the bytes behind a code, or a
/// flat that has a letter: `10117 Berlin, Flat B Rose Street`.
fn street_behind(behind: &[u8]) -> bool {
    let (mut part, mut before) = (false, 0);
    for byte in behind.iter().take(BEHIND_BYTES_MAX + 8) {
        let kind = KINDS[usize::from(*byte)];
        // Markup and the sign of a comment may end a line.
        if kind & (LETTER | DIGIT | BLANK | PART | PRECEDES) == 0 && *byte != b'\'' {
            return false;
        }
        if part && kind & (DIGIT | CAPITAL) != 0 {
            return true;
        }
        part |= kind & PART != 0 && (*byte != b'-' || before == b' ');
        before = *byte;
    }
    false
}

/// What kinds of bytes end the text, back to the last that no address holds, or until there is all
/// that a street and a place have.
fn kinds(text: &[u8]) -> u8 {
    let mut all = 0;
    for byte in text.iter().rev() {
        let kind = KINDS[usize::from(*byte)];
        all |= kind;
        if kind == BREAK || all & (DIGIT | PART) != 0 && all & CAPITAL != 0 {
            break;
        }
    }
    all
}

fn run(bytes: &[u8], most: usize) -> usize {
    bytes.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
}

/// Where a code of four to six digits and more behind a dash ends, if what touches its end lets it
/// be one. Letters that belong to a code are left to be read.
fn code_end(bytes: &[u8], start: usize, digits: usize) -> Option<usize> {
    let mut end = start + digits;
    if let [b'-', tail @ ..] = &bytes[end..] {
        match (digits, run(tail, 5)) {
            (4 | 5, 3) | (5, 4) => end += 1 + run(tail, 5),
            (_, 0) => {}
            _ => return None,
        }
    }
    let ends = match bytes[end..] {
        [b'_' | b'/' | b'%' | b'@' | b'=' | b'$', ..] => false,
        [b'.' | b':' | b',' | b'-', next, ..] => !next.is_ascii_digit() && next != b'-',
        [b'A'..=b'Z', next, ..] => digits == 4 && next.is_ascii_uppercase(),
        [first, ..] => !first.is_ascii_alphanumeric(),
        [] => true,
    };
    ends.then_some(end)
}

/// Whether the name of a place may begin the bytes behind a code, or the last letters of the code.
fn place_behind(behind: &[u8]) -> bool {
    let blank = |byte: &&u8| matches!(byte, b' ' | b',' | b'-');
    let gap = behind.iter().take(token::GAP_BYTES_MAX).take_while(blank).count();
    match behind[gap..] {
        [b'I' | b'W' | b'E' | b'D' | b'F', ..] => {
            !LEVELS.iter().any(|level| behind[gap..].starts_with(level))
        }
        [b'A'..=b'Z' | b'\'' | 0x80.., ..] => true,
        [b'd' | b'l', b'\'' | 0x80.., ..] | [b'd', b'e', b'l', b'l', ..] => gap > 0,
        _ => false,
    }
}

/// The words of logs with which most lines go on behind a number; no place is called so.
const LEVELS: [&[u8]; 5] = [b"INFO ", b"WARN ", b"ERROR ", b"DEBUG ", b"FATAL "];

/// Words that announce a code.
const LABELS: [&[u8]; 9] =
    [b"p", b"cap", b"cep", b"cp", b"pin", b"plz", b"postcode", b"zip", b"eircode"];

/// With what the names of regions of the United States end, for `New york` and `N. y.`
const REGIONS: [&[u8]; 15] = [
    b"c",
    b"h",
    b"i",
    b"j",
    b"y",
    b"columbia",
    b"hampshire",
    b"jersey",
    b"mexico",
    b"york",
    b"carolina",
    b"dakota",
    b"rico",
    b"island",
    b"virginia",
];

/// Whether the name of a place or a region may end the bytes before a code, or a label.
/// `region`: the code may be one of the United States.
fn place_before(before: &[u8], region: bool) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b',' | b'-' | b'.' | b'\n' | b'\r' | b'\t');
    let near = &before[before.len().saturating_sub(token::GAP_BYTES_MAX)..];
    let Some(last) = near.iter().rposition(|byte| !blank(byte)) else { return false };
    match near[last] {
        b'A'..=b'Z' | 0x80.. => true,
        b'a'..=b'z' => named_before(&before[..before.len() - (near.len() - last - 1)], region),
        // A number may end a line; see [`super::may_precede`] for the rest.
        b'0'..=b'9' => near[last..].contains(&b'\n') && ends_in_house(&near[..=last]),
        b'>' | b'*' | b'#' | b'/' | b';' | b'%' | b'"' | b'!' => {
            near.iter().any(|byte| matches!(byte, b'\n' | b'\\' | b'<'))
        }
        _ => false,
    }
}

/// Whether the number that ends the bytes may be that of a house or district: it is not the rest of
/// an address of the network, a time or a long number.
fn ends_in_house(before: &[u8]) -> bool {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | 0x80..);
    let len = before.iter().rev().take_while(part).count();
    let (rest, number) = before.split_at(before.len() - len);
    let long = len > CODE_DIGITS_MAX && number.iter().all(u8::is_ascii_digit);
    let inside = matches!(rest, [.., b'0'..=b'9', b'.']);
    !long && !inside && rest.last().is_none_or(|byte| !token::breaks(*byte))
}

/// Whether the word that ends the bytes in a small letter may be that of a place, or a label.
fn named_before(before: &[u8], region: bool) -> bool {
    let part = |byte: &&u8| byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-' | 0x80..);
    let len = before.iter().rev().take(token::GAP_BYTES_MAX).take_while(part).count();
    let (rest, word) = before.split_at(before.len() - len);
    len == token::GAP_BYTES_MAX
        || word.iter().any(|byte| byte.is_ascii_uppercase() || *byte >= 0x80)
        // `2a` is a part of a town, `\n` a line end.
        || matches!(rest, [.., b'0'..=b'9' | b'\\'])
        || (LABELS.contains(&word) || region && REGIONS.contains(&word)) && capital_near(before)
}

#[cfg(test)]
mod tests {
    use super::super::words::WORDS;
    use super::*;

    /// The last letters of the words and phrases of the table that have that class.
    fn ends(class: &str) -> Vec<&'static [u8]> {
        let lines = WORDS.lines().map(|line| line.split_once('\t').expect("a tab"));
        let of_class = lines.filter(|(_, names)| names.split(' ').any(|name| name == class));
        let ends = of_class.map(|(word, _)| word.rsplit([' ', '.']).find(|end| !end.is_empty()));
        ends.map(|end| end.expect("letters").as_bytes()).collect()
    }

    #[test]
    fn the_words_that_are_looked_for_are_those_of_the_table() {
        assert!(ends("label").iter().all(|label| LABELS.contains(label)));
        let stops = ends("stop");
        for level in LEVELS {
            let level = level.trim_ascii_end().to_ascii_lowercase();
            assert!(stops.contains(&&level[..]), "no place is called so");
        }
        let phrases = WORDS.lines().filter(|line| line.ends_with("us_name"));
        let words = phrases.filter_map(|line| line.split_once('\t')?.0.rsplit_once(' '));
        for (_, last) in words {
            assert!(REGIONS.contains(&last.trim_end_matches('.').as_bytes()), "{last}");
        }
    }

    #[test]
    fn a_street_behind_a_code_may_have_a_letter_for_a_number() {
        assert!(may_be("10117  Schneid\n Flat B  Rose Street", 0));
        assert!(!may_be("10117 Schneid flat b rose street", 0));
    }

    #[test]
    fn numbers_of_logs_are_no_codes() {
        let lines = [
            "081109 203518 143 INFO dfs.DataNode: Receiving block",
            "[Sun Dec 04 04:47:44 2005] [notice] jk2_init() Found child 6725 in slot 10",
            "INFO [Socket Reader #1 for port 62270] server: ready",
            "2015-10-18 18:01:47,978 close, 1045 bytes (1.02 KB) sent",
            "process 12345678 of 1234567",
        ];
        for line in lines {
            let digits = line.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at);
            let first = |at: &usize| *at == 0 || !line.as_bytes()[at - 1].is_ascii_digit();
            for at in digits.filter(first) {
                assert!(!may_be(line, at), "byte {at} of {line:?}");
            }
        }
    }
}
