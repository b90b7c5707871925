//! A plain second reading of the rules, slow and without shortcuts: it lists what the detector
//! searches for. It must agree with [`super::find`]; nothing but `words.txt` and the limits is
//! shared.

mod streets;
mod texts;
mod words;

use std::sync::LazyLock;

use ::regex::Regex;

use super::BEFORE_BYTES_MAX;
use crate::span::Span;
use streets::{Form, Street, is_part, streets};
use words::{
    Capital, Capitals, Mark, Number, Ordinal, Small, Word, looked_up, lower, phrase, regex,
};

/// The shapes of codes, the more telling first. `key` is a whole run of digits.
const SHAPES: [(&str, &str); 15] = [
    ("british", "[A-PR-UWYZ][A-Z]?[0-9][0-9A-Z]? ?(?<key>[0-9])[ABD-HJLNP-UW-Z]{2}"),
    ("canadian", "[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z] ?[0-9][ABCEGHJ-NPRSTV-Z](?<key>[0-9])"),
    (
        "irish",
        "(?:D(?<six>6)W|[ACDEFHKNPRTV-Y](?<key>[0-9]{2})) ?[ACDEFHKNPRTV-Y][0-9ACDEFHKNPRTV-Y]{3}",
    ),
    ("argentine", "[A-Z](?<key>[0-9]{4})[A-Z]{3}"),
    ("dutch", "(?<key>[0-9]{4}) ?[A-Z]{2}"),
    ("two-three", "(?<key>[0-9]{2})-[0-9]{3}"),
    ("three-two", "(?<key>[0-9]{3}) [0-9]{2}"),
    ("six", "(?<key>[1-9][0-9]{2}) [0-9]{3}"),
    ("three-four", "(?<key>[0-9]{3})-[0-9]{4}"),
    ("four-three", "(?<key>[0-9]{4})-[0-9]{3}"),
    ("zip-four", "(?<key>[0-9]{5})-[0-9]{4}"),
    ("five-three", "(?<key>[0-9]{5})-[0-9]{3}"),
    ("four", "(?<key>[0-9]{4})"),
    ("five", "(?<key>[0-9]{5})"),
    ("six", "(?<key>[0-9]{6})"),
];

static COMPILED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compiled = |(_, shape): (&str, &str)| Regex::new(&format!("^{shape}")).expect("a shape");
    SHAPES.map(compiled).to_vec()
});

#[derive(Clone, Copy, Debug)]
struct Code {
    start: usize,
    end: usize,
    shape: &'static str,
    prefixed: bool,
}

impl Code {
    fn is(self, names: &str) -> bool {
        names.split(' ').any(|name| name == self.shape)
    }
}

fn oracle(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for key in regex!("[0-9]+").find_iter(text) {
        let free = found.last().map_or(0, |last| last.end);
        if key.start() >= free {
            let code = code(text, key.start(), key.end()).filter(|code| code.start >= free);
            found.extend(code.and_then(|code| address(text, code, free)));
        }
    }
    found
}

fn code(text: &str, start: usize, end: usize) -> Option<Code> {
    for from in (start.saturating_sub(6)..=start).filter(|from| text.is_char_boundary(*from)) {
        for ((shape, _), regex) in SHAPES.iter().zip(&*COMPILED) {
            let Some(parts) = regex.captures(&text[from..]) else { continue };
            let key = parts.name("key").or(parts.name("six")).expect("in every shape");
            // A British code without its space holds two digits or three in a row.
            let begins = from + key.start() == start || *shape == "british";
            if !begins || from + key.end() != end {
                continue;
            }
            let end = from + parts[0].len();
            let lettered = matches!(*shape, "british" | "canadian" | "irish" | "argentine");
            let edges = if lettered { edges } else { bare_edges };
            if let Some((start, prefixed)) = edges(text, from, end) {
                return Some(Code { start, end, shape, prefixed });
            }
        }
    }
    None
}

/// A code with letters: nothing beside it makes it part of something longer.
fn edges(text: &str, start: usize, end: usize) -> Option<(usize, bool)> {
    let before = regex!(r"(^|\\n|[^\p{Alphabetic}\p{N}_./@#$-])$").is_match(&text[..start]);
    let longer = regex!(r"^([\p{Alphabetic}\p{N}_/@=]|[.:-][\p{Alphabetic}\p{N}])");
    (before && !longer.is_match(&text[end..])).then_some((start, false))
}

/// A code of digits: the same, with more signs; a country may stand before it.
fn bare_edges(text: &str, start: usize, end: usize) -> Option<(usize, bool)> {
    let (before, behind) = (&text[..start], &text[end..]);
    if regex!(r"^([\p{Alphabetic}\p{N}_/%@=$]|[.:,-][0-9-])").is_match(behind) {
        return None;
    }
    let country = regex!(r"(?:^|\\n|[^\p{Alphabetic}\p{N}_./:@=-])([A-Z]{1,4}-)$").captures(before);
    if let Some(country) = country.filter(|found| looked_up(&lower(&found[1])).contains(&"prefix"))
    {
        return Some((start - country[1].len(), true));
    }
    let edge = regex!(r"(^|\\[nrt]| -|[^\p{Alphabetic}\p{N}_./$#:@=%+&~^*-])$").is_match(before);
    edge.then_some((start, false))
}

/// A code, the words around it and the gap between the last of them and the code.
struct Around<'t> {
    text: &'t str,
    code: Code,
    words: Vec<Word<'t>>,
    gap: char,
    behind: Vec<Word<'t>>,
}

fn address(text: &str, code: Code, free: usize) -> Option<Span> {
    let from = code.start.saturating_sub(BEFORE_BYTES_MAX).max(free);
    let (words, gap) = words::words_before(text, from, code.start);
    let behind = words::words_behind(text, code.end);
    let around = Around { text, code, words, gap, behind };
    const NAME: &str = r"^,?[ \u{A0}]([ '’dl]|\p{Uppercase}( \p{Uppercase})?[\p{Alphabetic}'’.])";
    let place_follows = regex!(NAME).is_match(&text[code.end..]);
    let place_behind = || around.place_behind().filter(|_| place_follows);
    let street_behind = || around.street_behind().filter(|_| place_follows);
    let found = if around.gap == '|' || around.words.len() < 2 {
        None
    } else {
        around.region_before().or_else(place_behind).or_else(|| around.place_before())
    };
    let found = found.or_else(street_behind)?;
    const NUMBER: &str = concat!(
        r"(?:[_./\\@$%&+~^#-](?<signed>[0-9]{1,12})|(?<own>[NSEW][0-9][\p{Alphabetic}\p{N}]{0,10}",
        r"|[0-9][\p{Alphabetic}\p{N}]{0,10}[¼½¾])) $"
    );
    let before = &text[..found.start];
    let house = regex!(NUMBER).captures(before);
    let house = house.and_then(|house| house.name("signed").or(house.name("own")));
    let whole = house.filter(|house| {
        !regex!(r"([\p{Alphabetic}\p{N}]|[0-9][.:,])$").is_match(&text[..house.start()])
    });
    Some(Span::new(whole.map_or(found.start, |house| house.start().max(free)), found.end))
}

impl Around<'_> {
    /// The leftmost word from which a street is read that fits.
    fn leftmost(&self, fits: impl Fn(&Street) -> bool) -> Option<usize> {
        let starts = (0..self.words.len()).filter(|from| self.may_begin(*from));
        let mut starts = starts.filter(|from| streets(&self.words, *from).iter().any(&fits));
        starts.next().map(|from| self.words[from].start)
    }

    fn may_begin(&self, from: usize) -> bool {
        let word = &self.words[from];
        const JOINED: &str = r"(\p{Alphabetic}|\p{N}|[_./\\@$%&+~^#-]|[0-9:]:)$";
        let before = &self.text[..word.start];
        let escaped = crate::detect::word::ends_escape(self.text.as_bytes(), word.start);
        word.gap != '|' || !regex!(JOINED).is_match(before) || escaped
    }

    /// Whether a comma or a line end stands behind word `end - 1`.
    fn cut_at(&self, end: usize) -> bool {
        let gap = self.words.get(end).map_or(self.gap, |word| word.gap);
        matches!(gap, ',' | '\n')
    }

    /// Whether something that a place may be is the last word before the code.
    fn ends_in_place(&self) -> bool {
        let last = self.words.last().expect("two words").text.trim_end_matches('.');
        let digit = self.code.is("british irish canadian") || self.gap == '\n';
        last.ends_with(|c: char| c.is_ascii_alphabetic() || !c.is_ascii())
            || digit && last.ends_with(|c: char| c.is_ascii_digit())
    }

    fn region_before(&self) -> Option<Span> {
        let two = |word: &Word<'_>| word.kind == Capitals && word.len() == 2;
        let place = match self.code.shape {
            "five" | "zip-four" if !self.code.prefixed => self
                .region("us_state", two)
                .or_else(|| self.region("us_name", |word| word.kind != Small))?,
            "four" => self.region("au_state", |word| word.kind == Capitals)?,
            "british" | "canadian" | "irish" => self.words.len(),
            _ => return None,
        };
        if !self.ends_in_place() {
            return None;
        }
        let doubtful = self.words.get(place).is_some_and(|state| {
            let area: u16 = self.text[self.code.start..][..3].parse().unwrap_or(0);
            let areas = match state.text {
                "AS" => 967..=967,
                "CO" => 800..=816,
                "HI" => 967..=968,
                "ID" => 832..=838,
                "IN" => 460..=479,
                "ME" => 39..=49,
                "MS" => 386..=397,
                "OH" => 430..=459,
                "OK" => 730..=749,
                "OR" => 970..=979,
                "PR" => 6..=9,
                _ => return false,
            };
            !areas.contains(&area)
        });
        let start = self.leftmost(|street| {
            let cut = self.cut_at(street.end);
            let weak = street.form == Form::NumberFirst && street.typed == 1;
            let numbers = self.words[street.end.min(place)..place].iter();
            let numbered = numbers.filter(|word| word.separated()).any(Word::number);
            enough(street, 'S', cut)
                && (cut || street.closed)
                && (street.typed > 0 || !numbered)
                && (!doubtful || street.typed == 3 || cut && weak)
                && self.parts_and_place(street.end, place)
        });
        start.map(|start| Span::new(start, self.code.end))
    }

    fn region(&self, class: &str, fits: impl Fn(&Word<'_>) -> bool) -> Option<usize> {
        let len = self.words.len();
        let mut starts = len.saturating_sub(3)..len;
        starts
            .find(|from| fits(&self.words[*from]) && phrase(&self.words[*from..]).contains(&class))
    }

    fn place_behind(&self) -> Option<Span> {
        let shaped = self.code.is("three-two two-three dutch argentine");
        let (words, end) = self.place()?;
        if !shaped && !self.code.is("four five six four-three five-three") || self.is_unit() {
            return None;
        }
        let shaped = shaped || self.code.prefixed || self.country(words);
        let last = self.before_label();
        let start = self.leftmost(|street| {
            let cut = self.cut_at(street.end);
            let named = shaped || self.code.is("five") || street.form != Form::NoNumber;
            let rest = street.end < last;
            street.end <= last
                && named
                && enough(street, if shaped { 'h' } else { 'b' }, cut)
                && (!rest || (street.closed || cut) && self.parts(street.end, last).is_some())
        });
        start.map(|start| Span::new(start, end))
    }

    fn place_before(&self) -> Option<Span> {
        let last = self.before_label();
        let level = match self.code.shape {
            "three-four" if self.words.iter().any(|word| word.is("asia")) => 'S',
            "argentine" => 'h',
            "four" | "five" | "six" | "three-two" | "five-three" => {
                let singapore = self.words.last().is_some_and(|word| word.text == "Singapore");
                if self.country(0) || singapore { 'h' } else { 'f' }
            }
            _ => return None,
        };
        let digits = &self.text[self.code.start..self.code.end];
        let word = self.words.last()?;
        let year = (word.is("stop") || word.number()) && regex!("^(19|20)..$").is_match(digits);
        if self.is_unit() || year || !self.ends_in_place() {
            return None;
        }
        let start = self.leftmost(|street| {
            let cut = self.cut_at(street.end);
            enough(street, level, cut)
                && (street.closed || cut)
                && self.parts_and_place(street.end, last)
        });
        let start = start.or_else(|| self.place_street_code(last))?;
        Some(Span::new(start, self.code.end))
    }

    /// `Budapest\nFő utca 3.\n1055`
    fn place_street_code(&self, last: usize) -> Option<usize> {
        let lines = self.gap == '\n' && self.code.is("four");
        let starts = (0..last).filter(|from| lines && self.may_begin(*from));
        let mut fitting = starts.filter(|from| {
            let line = (from + 1..last).find(|at| self.words[*at].gap == '\n');
            line.is_some_and(|at| {
                is_place(&self.words[*from..at])
                    && streets(&self.words, at).iter().any(|street| {
                        (street.end, street.form, street.typed) == (last, Form::NumberLast, 3)
                    })
            })
        });
        fitting.next().map(|from| self.words[from].start)
    }

    /// `1055 Budapest, Fő utca 3.`
    fn street_behind(&self) -> Option<Span> {
        let (words, _) = self.place()?;
        let numeric = self.code.is("four five six three-two two-three");
        if !numeric || !self.behind.get(words)?.separated() {
            return None;
        }
        let streets = streets(&self.behind, words);
        let fitting = streets.iter().filter(|street| match street.form {
            Form::NumberLast => street.typed == 3,
            Form::NumberFirst => street.typed == 3 && !street.closed && self.code.is("five"),
            _ => false,
        });
        let end = fitting.map(|street| street.end).max()?;
        let last = &self.behind[end - 1];
        Some(Span::new(self.code.start, last.start + last.text.trim_end_matches('.').len()))
    }

    /// How many words the place behind the code has, and where it ends.
    fn place(&self) -> Option<(usize, usize)> {
        let all = &self.behind;
        let first = all.first().filter(|first| first.name() && first.gap != '\n')?;
        let unit = first.is("unit") && all.get(1).is_some_and(|id| id.kind != Capital);
        if unit || self.country(0) {
            return None;
        }
        let loud = first.kind == Capitals && first.len() > 3;
        let fits = |at: usize| {
            let word = &all[at];
            let cedex = self.code.is("three-two") || all[at - 1].is("unit");
            let short = word.len() <= 2 || word.is("unit");
            word.gap == ' '
                && match word.kind {
                    Capital => word.name() && !loud,
                    Capitals => word.name() && (loud || short),
                    Number => word.len() <= 2 && cedex,
                    Small => word.is("particle"),
                    Ordinal | Mark => false,
                }
        };
        let run = 1 + (1..all.len().min(6)).take_while(|at| fits(*at)).count();
        let words = (1..=run).rev().find(|words| all[words - 1].kind != Small)?;
        let last = &all[words - 1];
        let end = last.start + last.text.trim_end_matches('.').len();
        let state = regex!(r"^( - [A-Z]{2})([^\p{Alphabetic}\p{N}]|$)").captures(&self.text[end..]);
        let province =
            regex!(r"^( \(\p{Uppercase}\p{Alphabetic}{0,19}\))").captures(&self.text[end..]);
        Some((words, end + state.or(province).map_or(0, |found| found[1].len())))
    }

    /// Whether a country stands behind the code, `from` words further.
    fn country(&self, from: usize) -> bool {
        let ends = from + 1..=self.behind.len().min(from + 5);
        ends.into_iter().any(|end| phrase(&self.behind[from..end]).contains(&"country"))
    }

    /// How many words stand before one that announces the code: `C.P. 06700`.
    fn before_label(&self) -> usize {
        let len = self.words.len();
        let label = |words: usize| phrase(&self.words[len - words..]).contains(&"label");
        let label = (1..=len.min(2)).rev().find(|words| label(*words)).map_or(0, |words| words);
        if label < len { len - label } else { len }
    }

    fn is_unit(&self) -> bool {
        let labelled = self.before_label() < self.words.len();
        let unit = self.words.last().is_some_and(|word| word.is("unit number box_start"));
        unit && self.gap == ' ' && !labelled && !self.code.prefixed
    }

    /// Whether the words `from..to` are up to five parts, the last of them a place.
    fn parts_and_place(&self, from: usize, to: usize) -> bool {
        from < to && self.parts(from, to).is_some_and(|last| is_place(&self.words[last..to]))
    }

    /// Where the last of the parts begins that the words `from..to` are.
    fn parts(&self, from: usize, to: usize) -> Option<usize> {
        let inner = (from + 1..to).filter(|at| self.words[*at].separated());
        let starts: Vec<usize> = std::iter::once(from).chain(inner).collect();
        let ends = starts.iter().skip(1).copied().chain([to]);
        let parts = starts.iter().zip(ends).all(|(start, end)| is_part(&self.words[*start..end]));
        (from < to && parts && starts.len() <= 5).then(|| starts[starts.len() - 1])
    }
}

fn is_place(words: &[Word<'_>]) -> bool {
    let last = &words[words.len() - 1];
    let inner = |word: &Word<'_>| word.name() || word.is("particle");
    let ends = match words.len() {
        1 => !last.is("unit"),
        2..=6 => last.name() && !last.is("unit number") || last.number() && last.len() <= 2,
        _ => false,
    };
    ends && words[0].name() && words.iter().skip(1).take(words.len().max(2) - 2).all(inner)
}

/// Whether the street is enough beside a code that is (S)trong, s(h)aped, has a place (b)ehind it
/// or be(f)ore it.
fn enough(street: &Street, level: char, cut: bool) -> bool {
    const NEVER: u8 = 4;
    let least = match (street.form, level, cut) {
        (Form::NumberFirst, 'S', true) => 0,
        (Form::NumberFirst, 'S', false) | (Form::NumberFirst, 'h', true) => 1,
        (Form::NumberLast, 'h', true) => 0,
        (Form::NoNumber, 'S' | 'h', true) => 2,
        (Form::NoNumber, _, false) | (Form::NoNumber, 'f', _) => NEVER,
        (Form::Box, 'S' | 'h', true) => 0,
        (Form::Box, 'b', true) => 1,
        (Form::Unit, 'S', true) => 0,
        (Form::Unit, ..) => NEVER,
        _ => 3,
    };
    street.typed >= least
}
