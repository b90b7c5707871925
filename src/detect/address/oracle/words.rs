//! Text cut into words by regular expressions; their classes from a map of `words.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::detect::address::BEHIND_BYTES_MAX;

pub(super) type Classes = Vec<&'static str>;

static TABLE: LazyLock<HashMap<&str, Classes>> = LazyLock::new(|| {
    let lines = include_str!("../words.txt").lines();
    let pairs = lines.map(|line| line.split_once('\t').expect("a tab"));
    pairs.map(|(word, classes)| (word, classes.split(' ').collect())).collect()
});

macro_rules! regex {
    ($pattern:expr) => {{
        static REGEX: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| regex::Regex::new($pattern).expect("a pattern"));
        &*REGEX
    }};
}
pub(super) use regex;

pub(super) fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

pub(super) fn looked_up(key: &str) -> Classes {
    TABLE.get(key).cloned().unwrap_or_default()
}

fn classes_of(word: &str) -> Classes {
    let (short, word) = (word.len() <= 24, lower(word));
    let mut classes = if short { looked_up(&word) } else { Vec::new() };
    if classes.is_empty() && short {
        classes = looked_up(word.strip_suffix('.').unwrap_or("?"));
    }
    let splits = (2..word.len()).filter(|at| word.is_char_boundary(*at));
    let ending = splits.map(|at| looked_up(&format!("-{}", &word[at..]))).find(|c| !c.is_empty());
    classes.extend(ending.unwrap_or_default());
    classes
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Capital,
    Capitals,
    Small,
    Number,
    Ordinal,
    Mark,
}
pub(super) use Kind::{Capital, Capitals, Mark, Number, Ordinal, Small};

/// A word and what stands before it: `' '`, `','`, `'\n'`, or `'|'` for a break.
#[derive(Clone, Debug)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) gap: char,
    pub(super) kind: Kind,
    pub(super) classes: Classes,
}

impl Word<'_> {
    pub(super) fn is(&self, names: &str) -> bool {
        names.split(' ').any(|name| self.classes.contains(&name))
    }
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
    pub(super) fn capital(&self) -> bool {
        matches!(self.kind, Capital | Capitals)
    }
    pub(super) fn name(&self) -> bool {
        self.capital() && !self.is("stop")
    }
    pub(super) fn number(&self) -> bool {
        self.kind == Number
    }
    pub(super) fn separated(&self) -> bool {
        separates(self.gap)
    }
    pub(super) fn foreign(&self) -> bool {
        self.text.contains('-') || !self.text.is_ascii()
    }
}

pub(super) fn separates(gap: char) -> bool {
    matches!(gap, ',' | '\n')
}

/// The length and the kind of the word or number that `rest` begins with.
fn cut(rest: &str) -> Option<(usize, Kind)> {
    let matched = |regex: &Regex| regex.find(rest).map(|found| found.len());
    if let Some(parts) = regex!(r"^([0-9]+)(\p{Alphabetic}*)(°?)").captures(rest) {
        let suffix = parts[2].to_ascii_lowercase();
        let known = regex!("^(st|nd|rd|th|er|re|e|ème|eme|º|ª)$").is_match(&suffix);
        if parts[1].len() > 6 {
            return None;
        }
        if known || !parts[3].is_empty() {
            return Some((parts[0].len(), Ordinal));
        }
        if suffix.len() > 2 && !matches!(&*suffix, "bis" | "ter" | "quater") {
            return None;
        }
        let mut len = parts[0].len();
        for _ in 0..3 {
            let joined = regex!("^[-/–]([0-9A-Za-z]+)").captures(&rest[len..]);
            let Some(joined) = joined.filter(|joined| joined[1].len() <= 5) else { break };
            len += joined[0].len();
        }
        let dot = regex!(r#"^[.]([ ,\n\\"]|$)"#).is_match(&rest[len..]);
        return Some(if dot { (len + 1, Ordinal) } else { (len, Number) });
    }
    if rest.starts_with('#') {
        return matched(regex!("^#[0-9A-Za-z-]{1,10}")).map(|len| (len, Mark));
    }
    if rest.starts_with('№') {
        return Some(("№".len(), Small));
    }
    if regex!("^(?i-u)s/n").is_match(rest) {
        return Some((3, Number));
    }
    let len = matched(regex!(r"^(\p{Alphabetic}|['’]s-)(['’-]?\p{Alphabetic})*"))?;
    let tail = &rest[len..];
    if regex!("^-?[0-9]").is_match(tail) {
        let len = len + regex!("^[0-9A-Za-z-]{1,10}").find(tail).map_or(0, |mark| mark.len());
        return (len <= 10).then_some((len, Mark));
    }
    let more = regex!("^([.]?[º°]|[.])").find(tail).map_or(0, |more| more.len());
    let more = if tail.starts_with("..") { 0 } else { more };
    let state = regex!("^/[A-Z]{2}([^0-9A-Za-z]|$)").is_match(tail) && len > 2;
    let slash = len == 1 && tail.starts_with('/') && rest.starts_with(['c', 'C']);
    let len = len + if state { 3 } else { more + usize::from(slash) };
    Some((len, kind_of(&rest[..len])))
}

fn kind_of(word: &str) -> Kind {
    let stem = word.trim_end_matches('.');
    let prefix = regex!("^([dlDL]['’]|['’]s-|dell'|all'|O')").find(stem).map_or(0, |p| p.len());
    let stem = &stem[prefix..];
    if !regex!(r"^\p{Uppercase}").is_match(stem) {
        return Small;
    }
    if !regex!(r"\p{Lowercase}").is_match(stem) {
        return Capitals;
    }
    const TWICE: &str =
        r"^(Mc|Mac|De|Di|Du|La|Le|Da|El|Al|Van|Von|O'|O’|Ma|Fitz|St|Ter)(\p{Uppercase}.*)";
    let inner =
        regex!(TWICE).captures(stem).map_or(word, |parts| parts.get(2).map_or("", |s| s.as_str()));
    if regex!(r"\p{Lowercase}\p{Uppercase}").is_match(inner) { Small } else { Capital }
}

/// What stands between two words from `at` on, and where it ends.
fn gap(text: &str, at: usize, end: usize, short: bool) -> (char, usize) {
    let mut limit = end.min(at + 40);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let all = &text[at..limit];
    let (mut rest, mut spaces, mut commas, mut lines) = (all, 0, 0, 0);
    const LINE: &str =
        r#"^(\\r\\n|\r\n|\\n|\n|<br>|<br/>|<br />|<BR>)[ \t]*([*#/;%>"!]{1,3}[ \t]+)?"#;
    loop {
        let (len, count) = if let Some(line) = regex!(LINE).find(rest) {
            (line.len(), &mut lines)
        } else if let Some(dash) = regex!("^[-–—•] ").find(rest).filter(|_| spaces > 0) {
            (dash.len(), &mut commas)
        } else if let Some(space) = regex!("^[ \u{A0}]").find(rest) {
            (space.len(), &mut spaces)
        } else if rest.starts_with(',') {
            (1, &mut commas)
        } else {
            break;
        };
        *count += 1;
        rest = &rest[len..];
    }
    let next = limit - rest.len();
    let gap = match (lines, commas, spaces) {
        (0, 0, 0) if short => ' ',
        (0, 0, 1..=3) => ' ',
        (0, 1, 0..=3) => ',',
        (1, 0 | 1, _) => '\n',
        _ => '|',
    };
    (gap, next)
}

fn word(text: &str, at: usize, end: usize, gap: char) -> Option<Word<'_>> {
    let (len, kind) = cut(&text[at..end])?;
    let text = &text[at..at + len];
    let classes = match text {
        "1/2" => vec!["fraction"],
        "№" => vec!["number"],
        _ if kind == Mark || text.starts_with(|c: char| c.is_ascii_digit()) => Vec::new(),
        _ if text.eq_ignore_ascii_case("s/n") => Vec::new(),
        _ => classes_of(text),
    };
    Some(Word { text, start: at, gap, kind, classes })
}

fn shortened(word: &Word<'_>) -> bool {
    word.text.ends_with('/') || word.len() <= 7 && word.text.ends_with('.')
}

/// The words that end at `end`, none before `from`, and the gap behind them.
pub(super) fn words_before(text: &str, from: usize, end: usize) -> (Vec<Word<'_>>, char) {
    let mut at = (from..).find(|at| text.is_char_boundary(*at)).expect("an end");
    if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '\\') {
        at += text[at..end]
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .map(char::len_utf8)
            .sum::<usize>();
    }
    let (mut words, mut short) = (Vec::new(), true);
    loop {
        let (gap, next) = gap(text, at, end, short);
        if next == end {
            return (words, gap);
        }
        let found = word(text, next, end, gap);
        if gap == '|' || found.is_none() {
            words.clear();
        }
        let first = text[next..].chars().next().expect("before the end");
        at = found.as_ref().map_or(next + first.len_utf8(), Word::end);
        short = found.as_ref().is_some_and(shortened);
        words.extend(found);
        if words.len() > 48 {
            // The sides are bounded: the twelve furthest words make room.
            words.drain(..12);
        }
    }
}

pub(super) fn words_behind(text: &str, start: usize) -> Vec<Word<'_>> {
    let end = (start + BEHIND_BYTES_MAX).min(text.len());
    let end = (end..).find(|at| text.is_char_boundary(*at)).expect("an end");
    let (mut words, mut at, mut short) = (Vec::new(), start, false);
    while words.len() < 14 {
        let (gap, next) = gap(text, at, end, short);
        let Some(found) = word(text, next, end, gap).filter(|_| gap != '|') else { break };
        (at, short) = (found.end(), shortened(&found));
        words.push(found);
    }
    words
}

pub(super) fn phrase(words: &[Word<'_>]) -> Classes {
    if words.iter().skip(1).any(|word| word.gap != ' ') {
        return Vec::new();
    }
    let texts: Vec<String> = words.iter().map(|word| lower(word.text)).collect();
    looked_up(&texts.join(" "))
}
