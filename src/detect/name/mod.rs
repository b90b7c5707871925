//! Names of people: a given and a family name in Latin letters, without keywords.
//!
//! Two or more capitalised words, one space apart, are a name if the first speaks for a given name
//! and the second for a family name, or the other way round with more certainty. Which words do,
//! `table` knows; nothing here depends on more than the words themselves and what directly touches
//! them. Single names, names in lower case and names in other scripts are not found.

mod fold;
mod gate;
mod table;
mod words;

use crate::detect::word;
use crate::span::Span;
pub(super) use gate::{Lexicon, may_be};
use table::Score;
use words::{Shape, Word};

/// What the scores of two words have to reach together to be a given and a family name.
const NAME: i32 = 0;
/// The same for family name first.
const FAMILY_FIRST: i32 = 2;
/// The same for two words with a family name before and a comma between.
const COMMA: i32 = 5;
const COMMA_EACH: i32 = 1;
/// The same behind a title: `Dr. Anna Schmidt`.
const TITLED: i32 = 0;
/// What a word alone has to score as family name behind a title, and behind initials.
const FAMILY_TITLED: i32 = -1;
const FAMILY_INITIALS: i32 = 1;
/// What each word in capitals only loses: log lines shout.
const CAPITALS: i32 = 2;
/// What a further family name has to score: `Ana García López`.
const FURTHER: i32 = -1;
/// What one more word behind a name has to score, and those behind a title: `Anna Maria Long`. To
/// mask a word too many is safe; half a name would stay visible.
const BEYOND: i32 = -4;
const BEYOND_TITLED: i32 = -5;
/// What a dotted initial between two words is worth: `Will X. Foster`.
const INITIAL_BETWEEN: i32 = 2;
/// What each word beside a slash has to score as one of both: `Anna Miller/Peter Schmidt`.
const BESIDE_SLASH: i32 = 1;
/// Most titles in a row: `Herr Prof. Dr.`
const TITLES_MAX: usize = 3;
/// Most words in a name, particles and initials included.
const WORDS_MAX: usize = 6;

/// Longest piece of text before a gap that is searched for the beginning of a name, in bytes.
const TOKEN_BYTES_MAX: usize = 80;

/// Calls `found` with every name in `text`, from left to right, none overlapping another. Linear:
/// only gaps before a capital letter are looked at, and from each place that a name may begin at
/// most [`WORDS_MAX`] words of bounded length.
pub(super) fn find(text: &str, mut found: impl FnMut(Span)) {
    let bytes = text.as_bytes();
    let mut free = 0;
    for gap in memchr::memchr3_iter(b' ', b'+', b'%', bytes) {
        let capital = if bytes[gap] == b'%' { gap + 3 } else { gap + 1 };
        at_capital(text, capital, &mut free, &mut found);
    }
}

/// Calls `found` with the names whose second word may begin at byte `capital`. Before byte `free`,
/// every place was tried or lies in a name; places are asked for in order.
pub(super) fn at_capital(
    text: &str,
    capital: usize,
    free: &mut usize,
    found: &mut impl FnMut(Span),
) {
    let bytes = text.as_bytes();
    if !bytes.get(capital).is_some_and(|byte| is_capital(*byte)) {
        return;
    }
    let gap = match &bytes[..capital] {
        [.., b' ' | b'+'] => capital - 1,
        [.., b'%', b'2', b'0'] => capital - 3,
        _ => return,
    };
    if gap < *free {
        return;
    }
    let first = beginning(bytes, gap, *free);
    for start in (first..gap).filter(|start| begins_with_capital(text, *start)) {
        if start >= *free {
            *free = start + 1;
            if let Some(span) = at(text, start) {
                *free = span.end;
                found(span);
            }
        }
    }
}

/// Whether the byte may begin a capital letter of the Latin script.
fn is_capital(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, 0xC3..=0xC9 | 0xE1)
}

/// Whether byte `at` begins a capital letter.
fn begins_with_capital(text: &str, at: usize) -> bool {
    let byte = text.as_bytes()[at];
    is_capital(byte) && (byte.is_ascii() || word::char_at(text, at).is_some_and(char::is_uppercase))
}

/// Where the word before `gap` begins at the earliest, or the first of those before particles.
fn beginning(bytes: &[u8], gap: usize, free: usize) -> usize {
    let mut end = gap;
    for _ in 1..WORDS_MAX {
        let least = end.saturating_sub(TOKEN_BYTES_MAX).max(free);
        let token = bytes.get(least..end).unwrap_or_default();
        let gap = token.iter().rposition(|byte| *byte == b' ');
        let start = gap.map_or(least, |at| least + at + 1);
        let particle = bytes[start..end].iter().all(u8::is_ascii_lowercase) && end - start <= 5;
        if !particle || gap.is_none() {
            return start;
        }
        end = start - 1;
    }
    end
}

/// The name that begins at byte `start`, or behind a title that does.
pub(super) fn at(text: &str, start: usize) -> Option<Span> {
    let bytes = text.as_bytes();
    let before = bytes[..start].last().copied().unwrap_or(b' ');
    let escaped = word::ends_escape(bytes, start);
    let (slash, bold) = (behind_slash(bytes, start), bytes[..start].ends_with(b"**"));
    let edge = escaped || slash || bold;
    if !edge && (b"_./\\@$%&-+*~^".contains(&before) || bytes[..start].ends_with(b"::"))
        || word::joined_before(text, start)
    {
        return None;
    }
    let first = Word::read(text, start)?;
    if slash && !is_clear(table::score(first.key())) {
        return None;
    }
    if is_title(first.key()) && first.shape == Shape::Capitalised {
        return titled(text, &first);
    }
    // Choice: `+` and `%20` part words as a space does where a value begins, as in a query string.
    let gap = match bytes.get(first.after..) {
        Some([b'+', ..]) if before == b'=' => "+",
        Some([b'%', b'2', b'0', ..]) if before == b'=' => "%20",
        _ => " ",
    };
    if first.shape == Shape::Initial {
        return initials(text, first);
    }
    Run::read(text, first, gap)?.name(text, NAME).or_else(|| family_comma_given(text, &first))
}

/// Words that may be one name, in order; particles and initials stand between the words that
/// count.
struct Run {
    /// Span and score of each word that counts.
    words: [(Span, Score); WORDS_MAX],
    len: usize,
    /// Whether a dotted initial stands between the first two.
    initial: bool,
}

impl Run {
    /// The words from `first` on, `gap` apart.
    fn read(text: &str, first: Word, gap: &str) -> Option<Self> {
        if !counts(text, &first, gap) {
            return None;
        }
        let none = (first.span, Score { given: 0, family: 0 });
        let mut run = Self { words: [none; WORDS_MAX], len: 0, initial: false };
        let mut word = first;
        // A capitalised particle with which the words end so far: `Mr. Amit Das`.
        let mut particle = None;
        for place in 0..WORDS_MAX {
            let inner = place > 0 && (word.is_particle() || word.shape == Shape::Initial);
            if inner {
                run.initial |= run.len == 1 && word.shape == Shape::Initial && word.dot;
                particle = Some(word).filter(|word| counts(text, word, gap));
            } else if counts(text, &word, gap) {
                let score = score_of(&word);
                if touches_slash(text, &word) && !is_clear(score) {
                    break;
                }
                run.push(&word, score);
                particle = None;
            } else {
                break;
            }
            if word.span.end != word.after && word.shape != Shape::Initial {
                break;
            }
            let Some(rest) = text.get(word.after..) else { break };
            if !rest.starts_with(gap) {
                break;
            }
            let Some(next) = Word::read(text, word.after + gap.len()) else { break };
            word = next;
        }
        if let Some(word) = particle {
            run.push(&word, score_of(&word));
        }
        (run.len > 0).then_some(run)
    }

    fn push(&mut self, word: &Word, score: Score) {
        if let Some(place) = self.words.get_mut(self.len) {
            *place = (word.span, score);
            self.len += 1;
        }
    }

    /// The name that the first words make, if they do.
    fn name(&self, text: &str, least: i32) -> Option<Span> {
        let words = &self.words[..self.len];
        let [(first, one), (_, two), rest @ ..] = words else { return None };
        let least = least - if self.initial { INITIAL_BETWEEN } else { 0 };
        let mut last = if one.given + two.family >= least
            || one.family + two.given >= least + FAMILY_FIRST - NAME
        {
            1
        } else {
            let (_, three) = rest.first()?;
            let given = one.given.min(two.given) + three.family >= least;
            let family = one.family + two.given.min(three.given) >= least + FAMILY_FIRST - NAME;
            if !given && !family {
                return None;
            }
            2
        };
        while words.get(last + 1).is_some_and(|(_, next)| next.family >= FURTHER) {
            last += 1;
        }
        let phrase = words[..=last].windows(2).any(|pair| is_phrase(text, pair[0].0, pair[1].0));
        if phrase {
            return None;
        }
        let beyond = words.get(last + 1).is_some_and(|(_, next)| next.family >= BEYOND);
        Some(Span::new(first.start, words[last + usize::from(beyond)].0.end))
    }

    /// The words behind a title: those of a name and all that follow and may be of it.
    fn titled(&self, text: &str) -> Option<Span> {
        let words = &self.words[..self.len];
        let (first, score) = words[0];
        let alone = (score.family >= FAMILY_TITLED).then_some(first);
        let span = self.name(text, TITLED).or(alone)?;
        let known = words.iter().filter(|(word, _)| word.start < span.end).count();
        let further = words[known..].iter().take_while(|(_, next)| next.family >= BEYOND_TITLED);
        Some(Span::new(span.start, further.last().map_or(span.end, |(word, _)| word.end)))
    }
}

/// What the word speaks for; less where it is written in capitals.
fn score_of(word: &Word) -> Score {
    let less = if word.shape == Shape::Capitals { CAPITALS } else { 0 };
    let score = table::score(word.key());
    Score { given: score.given - less, family: score.family - less }
}

/// Whether the word is clearly one of names.
fn is_clear(score: Score) -> bool {
    score.given.max(score.family) >= BESIDE_SLASH
}

/// Whether a slash before byte `at` may part two names, rather than the parts of a path.
fn behind_slash(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[..at], [.., before, b'/'] if before.is_ascii_lowercase() || before >= 0x80)
}

/// The same behind the word.
fn touches_slash(text: &str, word: &Word) -> bool {
    matches!(text.as_bytes()[word.after..], [b'/', ..])
}

/// Whether both words together are known to be no name.
fn is_phrase(text: &str, one: Span, two: Span) -> bool {
    let words = [one, two].map(|span| Word::read(text, span.start));
    matches!(words, [Some(one), Some(two)] if table::is_phrase(one.key(), two.key()))
}

/// Whether the word may be one of the names: capitalised and not part of something longer.
fn counts(text: &str, word: &Word, gap: &str) -> bool {
    matches!(word.shape, Shape::Capitalised | Shape::Capitals) && ends_well(text, word, gap)
}

/// Whether what touches the end of the word lets it be a word of prose: not a path, a call, an
/// assignment, a key, a version.
fn ends_well(text: &str, word: &Word, gap: &str) -> bool {
    let bytes = text.as_bytes();
    let rest = bytes.get(word.after..).unwrap_or_default();
    if rest.starts_with(gap.as_bytes()) {
        return true;
    }
    let text_follows = |rest: &[u8]| {
        rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_:/".contains(byte))
    };
    match rest {
        [b'/', next, ..] => is_capital(*next),
        [b':', b'/', ..] | [b'*', b'*', ..] => true,
        [
            b'_' | b'/' | b'\\' | b'@' | b'(' | b'=' | b'+' | b'*' | b'~' | b'^' | b'%' | b'-'
            | b'[',
            ..,
        ] => ends_in_escape(rest),
        [b'.' | b':', after @ ..] => !text_follows(after),
        _ => !word::joined_at(text, word.after),
    }
}

/// Whether a line ends here, or a string of JSON within JSON: `Anna Schmidt\n`, `Anna Schmidt\"`.
fn ends_in_escape(rest: &[u8]) -> bool {
    matches!(rest, [b'\\', b'n' | b'r' | b't' | b'"' | b'\'', ..])
}

/// Family name, comma, given name, where both are clear and nothing else is in the value:
/// `"Schmidt, Anna"`. In a list of names the comma would join two people.
fn family_comma_given(text: &str, family: &Word) -> Option<Span> {
    let rest = text.get(family.after..)?;
    let given = Word::read(text, family.after + 2).filter(|_| rest.starts_with(", "))?;
    let both = [family, &given].iter().all(|word| word.shape == Shape::Capitalised);
    let (before, after) = (text.get(..family.span.start)?, text.get(given.after..)?);
    let value = opens_value(before.as_bytes()) && closes_value(after.as_bytes());
    if !both || !value || !ends_well(text, &given, " ") {
        return None;
    }
    let scores = (table::score(family.key()).family, table::score(given.key()).given);
    let clear = scores.0 >= COMMA_EACH && scores.1 >= COMMA_EACH && scores.0 + scores.1 >= COMMA;
    clear.then(|| Span::new(family.span.start, given.span.end))
}

fn opens_value(before: &[u8]) -> bool {
    matches!(before, [] | [.., b'"' | b'\'' | b'=' | b'(' | b'[' | b'|' | b';' | b'>' | b'\t'])
        || before.ends_with(b": ")
        || before.ends_with(b"| ")
}

fn closes_value(after: &[u8]) -> bool {
    matches!(after, [] | [b'"' | b'\'' | b')' | b']' | b'|' | b';' | b'<' | b'\t' | b'\\', ..])
        || after.starts_with(b" |")
}

/// A name behind a title, where one word will do: `Frau Schmidt`.
fn titled(text: &str, title: &Word) -> Option<Span> {
    let mut title = *title;
    for _ in 0..TITLES_MAX {
        let end = title.after + usize::from(title.dot);
        let rest = text.get(end..)?;
        let next = Word::read(text, end + 1).filter(|_| rest.starts_with(' '))?;
        if !is_title(next.key()) {
            return Run::read(text, next, " ")?.titled(text);
        }
        title = next;
    }
    None
}

/// A family name behind initials: `J. Schmidt`, `J.-P. Martin`, `A. B. Rossi`.
fn initials(text: &str, first: Word) -> Option<Span> {
    let mut initial = first;
    for _ in 0..3 {
        if !initial.dot {
            return None;
        }
        let rest = text.get(initial.after..)?;
        let gap = usize::from(rest.starts_with([' ', '-']));
        let next = Word::read(text, initial.after + gap)?;
        if next.shape != Shape::Initial {
            let run = Run::read(text, next, " ").filter(|_| rest.starts_with(' '))?;
            let (family, score) = run.words[0];
            let long = family.len() >= 3;
            let enough = long && score.family >= FAMILY_INITIALS;
            return enough.then(|| Span::new(first.span.start, family.end));
        }
        initial = next;
    }
    None
}

/// Titles of a person, without the dot.
fn is_title(key: &[u8]) -> bool {
    const TITLES: [&[u8]; 28] = [
        b"mr",
        b"mrs",
        b"ms",
        b"miss",
        b"mme",
        b"mlle",
        b"monsieur",
        b"madame",
        b"herr",
        b"herrn",
        b"frau",
        b"dr",
        b"prof",
        b"professor",
        b"doctor",
        b"senor",
        b"senora",
        b"senhor",
        b"senhora",
        b"signor",
        b"signora",
        b"sig",
        b"sra",
        b"srta",
        b"dhr",
        b"mevrouw",
        b"pani",
        b"fru",
    ];
    TITLES.contains(&key)
}

#[cfg(test)]
mod tests;
