//! The shapes of postal codes.

use super::words::{Class, Lower, class_of};

/// A postal code, found at a run of digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Code {
    /// First byte, of the country before it where there is one: `D-10117`.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) shape: Shape,
    /// A country stands before it.
    pub(super) prefixed: bool,
}

/// How a code is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// `1010`: Australia, Austria, Belgium, Denmark, Hungary, Norway, New Zealand …
    Four,
    /// `10117`: Germany, Spain, France, Italy, Mexico, Korea, the United States …
    Five,
    /// `560038`, `560 038`: China, India, Romania, Singapore …
    Six,
    /// `12345-6789`: United States
    ZipPlusFour,
    /// `110 00`: Czechia, Greece, Slovakia, Sweden
    ThreeTwo,
    /// `00-950`: Poland
    TwoThree,
    /// `1100-148`: Portugal
    FourThree,
    /// `01310-100`: Brazil
    FiveThree,
    /// `100-8994`: Japan
    ThreeFour,
    /// `1012 LM`: Netherlands
    Dutch,
    /// `SW1A 1AA`: United Kingdom
    British,
    /// `K1A 0B1`: Canada
    Canadian,
    /// `D02 X285`: Ireland
    Irish,
    /// `C1043AAZ`: Argentina
    Argentine,
}

impl Shape {
    /// Whether letters make the code one that needs no region and no word for a street.
    pub(super) fn is_lettered(self) -> bool {
        matches!(self, Self::British | Self::Canadian | Self::Irish)
    }
}

/// The code that the digits `start..end` belong to, in the shape that tells most, if any.
pub(super) fn code_at(text: &str, start: usize, end: usize) -> Option<Code> {
    let bytes = text.as_bytes();
    let rest = &bytes[end..];
    let code = |from, to, shape| bounded(text, from, to, shape);
    match end - start {
        // The routing key `D6W` is the only one with one digit.
        1 => letters_around(text, start, end).or_else(|| irish(text, start, end)),
        // Without its space a British code has two or three digits in a row: `RG14XX`.
        2 | 3 if capitals(rest) == 2 => {
            letters_around(text, end - 1, end).or_else(|| irish(text, start, end))
        }
        2 => match rest {
            [b'-', tail @ ..] if digits(tail) == 3 => code(start, end + 4, Shape::TwoThree),
            _ => irish(text, start, end),
        },
        3 => match rest {
            [b' ', tail @ ..] if digits(tail) == 2 => code(start, end + 3, Shape::ThreeTwo),
            [b' ', tail @ ..] if digits(tail) == 3 && bytes[start] != b'0' => {
                code(start, end + 4, Shape::Six)
            }
            [b'-', tail @ ..] if digits(tail) == 4 => code(start, end + 5, Shape::ThreeFour),
            _ => None,
        },
        4 => match rest {
            [b'-', tail @ ..] if digits(tail) == 3 => code(start, end + 4, Shape::FourThree),
            tail if capitals(tail) == 3 => argentine(text, start, end),
            [b' ', tail @ ..] if capitals(tail) == 2 => {
                code(start, end + 3, Shape::Dutch).or_else(|| code(start, end, Shape::Four))
            }
            tail if capitals(tail) == 2 => code(start, end + 2, Shape::Dutch),
            _ => code(start, end, Shape::Four),
        },
        5 => match rest {
            [b'-', tail @ ..] if digits(tail) == 4 => code(start, end + 5, Shape::ZipPlusFour),
            [b'-', tail @ ..] if digits(tail) == 3 => code(start, end + 4, Shape::FiveThree),
            _ => code(start, end, Shape::Five),
        },
        6 => code(start, end, Shape::Six),
        _ => None,
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count()
}

fn capitals(bytes: &[u8]) -> usize {
    let run = bytes.iter().take(4).take_while(|byte| byte.is_ascii_alphabetic()).count();
    if bytes[..run].iter().all(u8::is_ascii_uppercase) { run } else { 0 }
}

/// The code, if nothing beside it makes it part of something longer.
fn bounded(text: &str, start: usize, end: usize, shape: Shape) -> Option<Code> {
    let behind = &text.as_bytes()[end..];
    let longer = match behind {
        [b'_' | b'/' | b'%' | b'@' | b'=' | b'$', ..] => true,
        [b'.' | b':' | b',' | b'-', next, ..] => next.is_ascii_digit() || *next == b'-',
        _ => text[end..].starts_with(char::is_alphanumeric),
    };
    if longer {
        return None;
    }
    if let Some(from) = prefix(text, start) {
        return Some(Code { start: from, end, shape, prefixed: true });
    }
    let before = text[..start].chars().next_back();
    let escape = |from: usize| text.as_bytes()[from] == b'\\';
    let edge = before.is_none_or(|c| {
        !c.is_alphanumeric() && !"_.-/$#:@=%+&~^*".contains(c)
            || c == '-' && start >= 2 && text.as_bytes()[start - 2] == b' '
            || matches!(c, 'n' | 'r' | 't') && start >= 2 && escape(start - 2)
    });
    edge.then_some(Code { start, end, shape, prefixed: false })
}

/// Where the country begins that stands before the code: `D-`, `CH-`.
fn prefix(text: &str, start: usize) -> Option<usize> {
    let before = text.as_bytes()[..start].strip_suffix(b"-")?;
    let letters = before.iter().rev().take(4).take_while(|byte| byte.is_ascii_uppercase()).count();
    let from = before.len() - letters;
    let mut lower = Lower::new();
    lower.push(text.get(from..start)?);
    let edge = text[..from].chars().next_back();
    let free = edge.is_none_or(|c| !c.is_alphanumeric() && !"_./-:@=".contains(c))
        || text[..from].ends_with("\\n");
    (letters > 0 && free && class_of(&lower).has(Class::PREFIX)).then_some(from)
}

/// Whether a code may begin at the byte: no letter or digit before it.
fn opens(text: &str, start: usize) -> bool {
    let before = text.get(..start).expect("a capital is a character");
    before.ends_with("\\n")
        || !before.ends_with(|c: char| c.is_alphanumeric() || "_./-@#$".contains(c))
}

/// The codes of the United Kingdom (`SW1A 1AA`) and of Canada (`K1A 0B1`), told by their last
/// digit.
fn letters_around(text: &str, start: usize, end: usize) -> Option<Code> {
    let bytes = text.as_bytes();
    let before = |len: usize| start.checked_sub(len).and_then(|from| bytes.get(from..start));
    if capitals(&bytes[end..]) == 2
        && bytes[end..end + 2].iter().all(|letter| !b"CIKMOV".contains(letter))
    {
        let space = usize::from(before(1) == Some(b" "));
        for len in (2..=4).rev() {
            let Some(from) = start.checked_sub(space + len) else { continue };
            let outward = &bytes[from..start - space];
            if is_outward(outward) && opens(text, from) {
                return bounded_right(text, from, end + 2, Shape::British);
            }
        }
        return None;
    }
    let (from, letters) = match (before(6), before(5)) {
        (Some([a, b, c, b' ', d, e]), _) => (start - 6, [*a, *b, *c, *d, *e]),
        (_, Some([a, b, c, d, e])) => (start - 5, [*a, *b, *c, *d, *e]),
        _ => return None,
    };
    let [first, digit, second, other, third] = letters;
    let fits = [first, second, third].into_iter().all(is_canadian_letter)
        && !matches!(first, b'W' | b'Z')
        && digit.is_ascii_digit()
        && other.is_ascii_digit()
        && opens(text, from);
    if fits { bounded_right(text, from, end, Shape::Canadian) } else { None }
}

fn bounded_right(text: &str, start: usize, end: usize, shape: Shape) -> Option<Code> {
    let rest = &text[end..];
    let joined = rest.starts_with(|c: char| c.is_alphanumeric() || "_/@=".contains(c));
    let goes_on = rest.strip_prefix(['.', '-', ':']);
    let free = !joined && !goes_on.is_some_and(|more| more.starts_with(char::is_alphanumeric));
    free.then_some(Code { start, end, shape, prefixed: false })
}

/// Letters of Canadian codes: all but D, F, I, O, Q and U (Canada Post).
fn is_canadian_letter(byte: u8) -> bool {
    byte.is_ascii_uppercase() && !b"DFIOQU".contains(&byte)
}

/// The first half of a British code: `A1`, `A12`, `A1A`, `AA1`, `AA12`, `AA1A`.
fn is_outward(bytes: &[u8]) -> bool {
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let last = bytes.last().is_some_and(|byte| byte.is_ascii_alphanumeric());
    matches!(letters, 1 | 2)
        && !b"QVX".contains(&bytes[0])
        && match &bytes[letters..] {
            [digit] => digit.is_ascii_digit(),
            [digit, second] => {
                let second = second.is_ascii_digit() || second.is_ascii_uppercase();
                digit.is_ascii_digit() && second && last
            }
            _ => false,
        }
}

/// `D02 X285`: a routing key of a letter and two digits, or `D6W`, then four letters or digits
/// (Eircode).
fn irish(text: &str, start: usize, end: usize) -> Option<Code> {
    let bytes = text.as_bytes();
    let from = start.checked_sub(1).filter(|from| b"ACDEFHKNPRTVWXY".contains(&bytes[*from]))?;
    let end = if bytes[from..].starts_with(b"D6W") { from + 3 } else { end };
    let space = usize::from(bytes.get(end) == Some(&b' '));
    let unique = bytes.get(end + space..end + space + 4)?;
    let known = |byte: &u8| byte.is_ascii_digit() || b"ACDEFHKNPRTVWXY".contains(byte);
    let fits = end - from == 3
        && unique[0].is_ascii_uppercase()
        && unique.iter().all(known)
        && opens(text, from);
    fits.then(|| bounded_right(text, from, end + space + 4, Shape::Irish)).flatten()
}

/// `C1043AAZ`: a letter of the province, four digits, three letters of the block (Correo
/// Argentino).
fn argentine(text: &str, start: usize, end: usize) -> Option<Code> {
    let bytes = text.as_bytes();
    let from = start.checked_sub(1)?;
    let fits = bytes[from].is_ascii_uppercase() && opens(text, from);
    fits.then(|| bounded_right(text, from, end + 3, Shape::Argentine)).flatten()
}
