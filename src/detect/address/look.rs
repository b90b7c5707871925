//! The text around one postal code: whether a place and a street stand there.

use super::code::{Code, Shape};
use super::street::{Form, Street, Typed, is_loose, street_at};
use super::tick;
use super::token::{Gap, Kind, Token, Tokens};
use super::words::Class;
use crate::detect::word;
use crate::span::Span;

/// Most parts between street and place: floor, building, district.
const PARTS_MAX: usize = 5;

/// Most words of a place's name.
const PLACE_WORDS_MAX: usize = 6;

/// How much the code tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    /// With its region or its letters it can hardly be anything else: `IL 62704`, `SW1A 1AA`.
    Strong,
    /// Its shape is that of few other things: `110 00 Praha`, `D-10117 Berlin`, or a country
    /// stands behind it.
    Shaped,
    /// A number like any other, with a place behind it.
    Behind,
    /// A number like any other, with a place before it.
    Before,
}

/// A code and the text around it.
pub(super) struct Look<'t> {
    pub(super) text: &'t str,
    pub(super) code: Code,
    pub(super) tokens: Tokens<'t>,
    /// Between the last token and the code.
    pub(super) gap: Gap,
    pub(super) behind: Tokens<'t>,
}

impl Look<'_> {
    /// The address, if there is one: with its place before the code, where `before`, or behind it,
    /// where `behind`. `alone`: too little stands before the code to be a street.
    pub(super) fn read(&self, before: bool, behind: bool, alone: bool) -> Option<Span> {
        let before = before && self.ends_in_place();
        let region = || if before { self.place_before_with_region() } else { None };
        let place = || if behind && !alone { self.place_behind() } else { None };
        let bare = || if before { self.place_before() } else { None };
        let street = || if behind { self.street_behind() } else { None };
        region().or_else(place).or_else(bare).or_else(street)
    }

    /// `12 Main Street, Springfield, IL 62704`, and the codes that need no region.
    fn place_before_with_region(&self) -> Option<Span> {
        let all = self.tokens.all();
        if self.gap == Gap::Break {
            return None;
        }
        let region = match self.code.shape {
            Shape::Five | Shape::ZipPlusFour if !self.code.prefixed => self.us_region()?,
            Shape::Four => self.region(Class::AU_STATE, |token| token.kind == Kind::Capitals)?,
            Shape::British | Shape::Canadian | Shape::Irish => all.len(),
            _ => return None,
        };
        let doubtful = self.is_doubtful_state(region);
        self.first_street(|street| {
            let separated = self.separated(street.end, region);
            enough(street, Level::Strong, separated)
                && (separated || street.closed)
                && (street.typed > Typed::No || !self.numbers_follow(street.end, region))
                && !(doubtful && street.typed < Typed::Sure && !(separated && is_weak(street)))
                && self.is_tail(street.end, region)
        })
        .map(|start| Span::new(start, self.code.end))
    }

    /// Whether the last word before the code may end a place. A number may beside a code with
    /// letters or above a code with a line of its own: `Dublin 11, D11 V2K8`.
    fn ends_in_place(&self) -> bool {
        // Choice: a place that ends in a number has a code with letters or on a line of its own
        // behind it; before other numbers it is a list of numbers.
        let Some(last) = self.tokens.all().last() else { return false };
        let last = self.tokens.str(last).trim_end_matches('.');
        last.ends_with(|c: char| c.is_ascii_alphabetic() || !c.is_ascii())
            || last.ends_with(|c: char| c.is_ascii_digit())
                && (self.code.shape.is_lettered() || self.gap == Gap::Line)
    }

    fn us_region(&self) -> Option<usize> {
        self.region(Class::US_STATE, |token| token.kind == Kind::Capitals && token.len() == 2)
            .or_else(|| self.region(Class::US_NAME, |token| token.kind != Kind::Small))
    }

    /// Where the region begins that stands before the code.
    fn region(&self, class: Class, fits: impl Fn(&Token) -> bool) -> Option<usize> {
        let all = self.tokens.all();
        (1..=3.min(all.len())).rev().map(|words| all.len() - words).find(|from| {
            tick(1);
            fits(&all[*from]) && self.tokens.phrase(*from, all.len()).has(class)
        })
    }

    /// Whether the region's letters are a word of logs and the code is not of that region.
    fn is_doubtful_state(&self, region: usize) -> bool {
        // Choice: letters of a state that are a word of logs as well (`OK`, `ID`, `IN`) need a ZIP
        // Code of that state or a street that a word tells.
        let Some(state) = self.tokens.all().get(region) else { return false };
        let digits = self.text.get(self.code.start..self.code.start + 3);
        let Some(area) = digits.and_then(|digits| digits.parse::<u16>().ok()) else { return false };
        let areas = DOUBTFUL.iter().find(|(name, _)| *name == self.tokens.str(state));
        areas.is_some_and(|(_, areas)| !areas.contains(&area))
    }

    /// `Hauptstraße 5, 10117 Berlin`
    fn place_behind(&self) -> Option<Span> {
        let shaped = match self.code.shape {
            Shape::Four | Shape::Five | Shape::Six | Shape::FourThree | Shape::FiveThree => false,
            Shape::ThreeTwo | Shape::TwoThree | Shape::Dutch | Shape::Argentine => true,
            _ => return None,
        };
        let (place, end) = self.place()?;
        if self.gap == Gap::Break || self.is_unit() {
            return None;
        }
        let known = shaped || self.code.prefixed || self.is_country(place);
        let level = if known { Level::Shaped } else { Level::Behind };
        let last = self.without_label();
        self.first_street(|street| {
            let bare = level == Level::Behind && self.code.shape != Shape::Five;
            street.end <= last
                && !(bare && street.form == Form::NoNumber)
                && enough(street, level, self.separated(street.end, last))
                && (street.end == last || street.closed || self.separated(street.end, last))
                && (street.end == last || self.parts(street.end, last).is_some())
        })
        .map(|start| Span::new(start, end))
    }

    /// `10 Queen Street, Auckland 1010`
    fn place_before(&self) -> Option<Span> {
        let all = self.tokens.all();
        let last = self.without_label();
        let asia = || all.iter().any(|token| token.is(Class::ASIA));
        let fits = match self.code.shape {
            Shape::Four | Shape::Five | Shape::Six | Shape::ThreeTwo | Shape::FiveThree => true,
            Shape::Argentine => true,
            Shape::ThreeFour => asia(),
            _ => false,
        };
        if !fits
            || self.gap == Gap::Break
            || self.is_unit()
            || (self.code.shape == Shape::Four && self.is_year())
        {
            return None;
        }
        let shaped = self.code.shape == Shape::Argentine
            || self.is_country(0)
            || all.last().is_some_and(|token| self.tokens.str(token) == "Singapore");
        let level = match self.code.shape {
            Shape::ThreeFour => Level::Strong,
            _ if shaped => Level::Shaped,
            _ => Level::Before,
        };
        let start = self.first_street(|street| {
            enough(street, level, self.separated(street.end, last))
                && (street.closed || self.separated(street.end, last))
                && self.is_tail(street.end, last)
        });
        let start = start.or_else(|| self.place_first(last));
        start.map(|start| Span::new(start, self.code.end))
    }

    /// `Budapest\nFő utca 3.\n1055`: the lines of a Hungarian address.
    fn place_first(&self, last: usize) -> Option<usize> {
        if self.gap != Gap::Line || self.code.shape != Shape::Four {
            return None;
        }
        let all = self.tokens.all();
        (0..last).find_map(|from| {
            let street =
                (from + 1..last).take(PLACE_WORDS_MAX).find(|at| all[*at].gap == Gap::Line)?;
            let place = is_place(&all[from..street]) && self.may_begin(from);
            let complete = |found: Street| {
                found.end == last && found.form == Form::NumberLast && found.typed == Typed::Sure
            };
            (place && street_at(&self.tokens, street, &mut { complete })).then(|| all[from].start)
        })
    }

    /// `1055 Budapest, Fő utca 3.`
    fn street_behind(&self) -> Option<Span> {
        let numeric = matches!(
            self.code.shape,
            Shape::Four | Shape::Five | Shape::Six | Shape::ThreeTwo | Shape::TwoThree
        );
        let (place, _) = self.place().filter(|_| numeric)?;
        let all = self.behind.all();
        all.get(place).filter(|token| token.gap.separates())?;
        let mut last = None;
        street_at(&self.behind, place, &mut |street| {
            let french = !street.closed && self.code.shape == Shape::Five;
            let fits = match street.form {
                Form::NumberLast => street.typed == Typed::Sure,
                Form::NumberFirst => street.typed == Typed::Sure && french,
                Form::NoNumber | Form::Box | Form::Unit => false,
            };
            if fits {
                last = last.max(Some(street.end));
            }
            false
        });
        let last = &all[last? - 1];
        Some(Span::new(self.code.start, self.without_dot(last)))
    }

    /// The first place from which a street part is read that `fits`.
    fn first_street(&self, fits: impl Fn(Street) -> bool) -> Option<usize> {
        let all = self.tokens.all();
        let start = (0..all.len()).find(|from| {
            self.may_begin(*from) && street_at(&self.tokens, *from, &mut |street| fits(street))
        })?;
        Some(all[start].start)
    }

    /// Whether an address may begin with this token: nothing before it makes it part of a path, a
    /// name with dots or a decimal number.
    fn may_begin(&self, from: usize) -> bool {
        let token = &self.tokens.all()[from];
        if token.gap != Gap::Break {
            return true;
        }
        if word::ends_escape(self.text.as_bytes(), token.start) {
            return true;
        }
        let mut before = self.text[..token.start].chars().rev();
        match before.next() {
            None => true,
            Some(':') => !before.next().is_some_and(|c| c.is_ascii_digit() || c == ':'),
            Some('n' | 't' | 'r') => before.next() == Some('\\'),
            Some(c) => !c.is_alphanumeric() && !"_./\\@$%&-+~^#".contains(c),
        }
    }

    /// Whether a comma or line end stands behind the street.
    fn separated(&self, end: usize, last: usize) -> bool {
        let all = self.tokens.all();
        let gap = if end == all.len() { self.gap } else { all[end].gap };
        debug_assert!(last <= all.len(), "the place ends before the code");
        gap.separates()
    }

    /// Whether a part of the tokens `from..to` begins with a number: what stands before it was no
    /// street.
    fn numbers_follow(&self, from: usize, to: usize) -> bool {
        let parts = &self.tokens.all()[from.min(to)..to];
        parts.iter().any(|token| token.gap.separates() && token.is_number())
    }

    /// Whether the tokens `from..to` are parts between street and place, then a place.
    fn is_tail(&self, from: usize, to: usize) -> bool {
        if from >= to {
            return false;
        }
        let last = self.parts(from, to);
        last.is_some_and(|place| is_place(&self.tokens.all()[place..to]))
    }

    /// Where the last part of the tokens begins, if all are parts of an address.
    fn parts(&self, from: usize, to: usize) -> Option<usize> {
        let all = &self.tokens.all()[..to];
        let (mut begin, mut parts) = (from, 0);
        for at in from + 1..=to {
            tick(1);
            if at == to || all[at].gap.separates() {
                parts += 1;
                if !is_loose(&all[begin..at]) || parts > PARTS_MAX {
                    return None;
                }
                if at < to {
                    begin = at;
                }
            }
        }
        (from < to).then_some(begin)
    }

    /// The number of tokens without a word that announces the code: `C.P. 06700`.
    fn without_label(&self) -> usize {
        let len = self.tokens.all().len();
        let words = (1..=2.min(len)).rev();
        let label = words
            .map(|words| len - words)
            .find(|from| self.tokens.phrase(*from, len).has(Class::LABEL));
        label.filter(|from| *from > 0).unwrap_or(len)
    }

    /// The place behind the code: the number of its tokens and the byte behind it.
    fn place(&self) -> Option<(usize, usize)> {
        let all = self.behind.all();
        let first = all.first().filter(|first| matches!(first.gap, Gap::Space | Gap::Comma))?;
        let unit = first.is(Class::UNIT) && all.get(1).is_some_and(|id| id.kind != Kind::Capital);
        if !first.is_name() || unit || self.is_country(0) {
            return None;
        }
        let shouts = first.kind == Kind::Capitals && first.len() > 3;
        let (mut words, mut at) = (1, 1);
        while let Some(token) = all.get(at).filter(|token| token.gap == Gap::Space) {
            tick(1);
            let short = token.len() <= 2 || token.is(Class::UNIT);
            let fits = match token.kind {
                Kind::Capital => !shouts && token.is_name(),
                Kind::Capitals => (shouts || short) && token.is_name(),
                Kind::Number => self.is_district(at) && token.len() <= 2,
                Kind::Small => token.is(Class::PARTICLE),
                Kind::Ordinal | Kind::Mark => false,
            };
            if !fits || at >= PLACE_WORDS_MAX {
                break;
            }
            at += 1;
            if token.kind != Kind::Small {
                words = at;
            }
        }
        let end = self.without_dot(&all[words - 1]);
        Some((words, end + paren(&self.text[end..])))
    }

    /// Whether a number may end the place: `Paris Cedex 08`, `Praha 2`.
    fn is_district(&self, at: usize) -> bool {
        self.code.shape == Shape::ThreeTwo || self.behind.all()[at - 1].is(Class::UNIT)
    }

    fn without_dot(&self, token: &Token) -> usize {
        let text = self.text.get(token.start..token.end).expect("tokens lie on characters");
        token.start + text.trim_end_matches('.').len()
    }

    /// Whether a country stands behind the code or the place.
    fn is_country(&self, from: usize) -> bool {
        let len = self.behind.all().len();
        let most = len.saturating_sub(from).min(5);
        (1..=most).any(|words| self.behind.phrase(from, from + words).has(Class::COUNTRY))
    }

    /// Whether a word before the digits makes them the number of a flat: `Unit 1404`.
    fn is_unit(&self) -> bool {
        let last = self.tokens.all().last();
        let units = Class::UNIT.or(Class::NUMBER).or(Class::BOX_START);
        let label = self.without_label() < self.tokens.all().len();
        let unit = last.is_some_and(|token| token.is(units)) && !label;
        unit && self.gap == Gap::Space && !self.code.prefixed
    }

    fn is_year(&self) -> bool {
        let year = self.text.get(self.code.start..self.code.end);
        let all = self.tokens.all();
        let stop = all.last().is_some_and(|token| token.is(Class::STOP) || token.is_number());
        stop && year.is_some_and(|year| year.starts_with("19") || year.starts_with("20"))
    }
}

/// Abbreviations of states that logs use as words, and the first three digits of their codes.
///
/// Source: United States Postal Service, Labeling List L002 (three-digit ZIP Code prefixes).
const DOUBTFUL: [(&str, std::ops::RangeInclusive<u16>); 11] = [
    ("AS", 967..=967),
    ("CO", 800..=816),
    ("HI", 967..=968),
    ("ID", 832..=838),
    ("IN", 460..=479),
    ("ME", 39..=49),
    ("MS", 386..=397),
    ("OH", 430..=459),
    ("OK", 730..=749),
    ("OR", 970..=979),
    ("PR", 6..=9),
];

/// Whether a house number and a type that says other things too make the street.
fn is_weak(street: Street) -> bool {
    street.form == Form::NumberFirst && street.typed == Typed::Weak
}

/// Whether the street part is enough beside a code of that level.
fn enough(street: Street, level: Level, separated: bool) -> bool {
    // Choice: a number of four to six digits without region, country or prefix is a code only
    // beside a street that a word or an ending tells, or beside a post office box.
    let typed = street.typed;
    let tells = match (street.form, level) {
        (Form::NumberFirst, Level::Strong) | (Form::NumberLast, Level::Shaped) => true,
        (Form::NumberFirst, Level::Shaped) => typed >= Typed::Weak,
        (Form::NumberFirst | Form::NumberLast, _) => typed == Typed::Sure,
        (Form::NoNumber, Level::Before) => false,
        (Form::NoNumber, Level::Behind) => typed == Typed::Sure && separated,
        (Form::NoNumber, _) => typed >= Typed::English && separated,
        (Form::Box, Level::Before) => typed == Typed::Sure,
        (Form::Box, Level::Behind) => typed == Typed::Sure || typed == Typed::Weak && separated,
        (Form::Box, _) => typed == Typed::Sure || separated,
        (Form::Unit, level) => level == Level::Strong && separated,
    };
    let joined = if level == Level::Strong { Typed::Weak } else { Typed::Sure };
    tells && (separated || typed >= joined)
}

/// Whether the tokens are the name of a place.
fn is_place(words: &[Token]) -> bool {
    let [first, .., last] = words else {
        return words.len() == 1 && words[0].is_name() && !words[0].is(Class::UNIT);
    };
    let district = last.is_number() && last.len() <= 2;
    words.len() <= PLACE_WORDS_MAX
        && first.is_name()
        && (last.is_name() && !last.is(Class::UNIT.or(Class::NUMBER)) || district)
        && words[1..words.len() - 1].iter().all(|word| word.is_name() || word.is(Class::PARTICLE))
}

/// Length of a province in brackets, ` (MI)`, or of a state behind a dash, ` - SP`.
fn paren(rest: &str) -> usize {
    if let Some(state) = rest.strip_prefix(" - ") {
        let capitals = state.bytes().take_while(u8::is_ascii_uppercase).count();
        let ends = !state[capitals..].starts_with(char::is_alphanumeric);
        return if capitals == 2 && ends { 5 } else { 0 };
    }
    let Some(inside) = rest.strip_prefix(" (") else { return 0 };
    let len: usize =
        inside.chars().take(20).take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    let capital = inside.starts_with(char::is_uppercase);
    if capital && inside[len..].starts_with(')') { len + 3 } else { 0 }
}
