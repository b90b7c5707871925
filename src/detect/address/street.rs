//! The part of an address that says where in the place: street and house number, post office box.

use super::token::{Gap, Kind, Token, Tokens};
use super::words::Class;

/// Most words of a street's name.
const NAME_WORDS_MAX: usize = 7;

/// Most parts between a flat's number and its street: the house, the estate.
const PARTS_MAX: usize = 4;

/// What kind of street part it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// `12 Main Street`, `26, boulevard Voltaire`
    NumberFirst,
    /// `Hauptstraße 5`, `Via Roma, 12`
    NumberLast,
    /// `Mill Lane`
    NoNumber,
    /// `P.O. Box 123`
    Box,
    /// `Unit 5, Kings Park`: a numbered part of something with a name
    Unit,
}

/// How sure it is that the words name a street.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Typed {
    /// No word says so.
    No,
    /// A word says so that says other things too: `Park`.
    Weak,
    /// An English word does, which comes before a number in other things too: `Lane 5`.
    English,
    /// `Street` behind a house number, `-straße`, `rue`
    Sure,
}

/// A street part: the tokens before `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Street {
    pub(super) end: usize,
    pub(super) form: Form,
    pub(super) typed: Typed,
    /// Whether its last word tells that the street ends here: a number, a type behind its name.
    pub(super) closed: bool,
}

/// Calls `accept` with every street part that begins at token `from`, until it says yes.
pub(super) fn street_at(
    tokens: &Tokens<'_>,
    from: usize,
    accept: &mut impl FnMut(Street) -> bool,
) -> bool {
    if plain_street(tokens, from, accept) {
        return true;
    }
    let all = tokens.all();
    let Some(mut at) = unit(all, from).or_else(|| building(all, from)) else { return false };
    // A numbered flat stands for the number of the house.
    let mut of_unit = |street: Street| {
        let form = match street.form {
            Form::NoNumber => Form::NumberFirst,
            form => form,
        };
        let typed = if street.typed == Typed::English { Typed::Sure } else { street.typed };
        accept(Street { form, typed, ..street })
    };
    for _ in 0..PARTS_MAX {
        if at >= all.len() {
            return false;
        }
        if plain_street(tokens, at, &mut of_unit) || part_of_unit(all, at, &mut of_unit) {
            return true;
        }
        at = match unit(all, at) {
            Some(next) => next,
            None => {
                let next = (at + 1..all.len()).find(|index| all[*index].gap.separates());
                match next.filter(|next| is_loose(&all[at..*next])) {
                    Some(next) => next,
                    None => return false,
                }
            }
        };
    }
    false
}

/// Words of a part between street and place: a district, a floor, a house.
pub(super) fn is_loose(part: &[Token]) -> bool {
    !part.is_empty()
        && part.len() <= NAME_WORDS_MAX
        && part.iter().all(|token| match token.kind {
            Kind::Capital | Kind::Capitals => !token.is(Class::STOP),
            Kind::Small => {
                let inside = Class::PARTICLE.or(Class::UNIT).or(Class::NUMBER);
                token.is(inside.or(Class::LEAD_LOWER).or(Class::FRENCH))
            }
            Kind::Number | Kind::Ordinal | Kind::Mark => token.len() <= 7,
        })
}

fn plain_street(tokens: &Tokens<'_>, from: usize, accept: &mut impl FnMut(Street) -> bool) -> bool {
    post_box(tokens, from, accept)
        || number_first(tokens.all(), from, accept)
        || name_first(tokens.all(), from, accept)
}

/// `Flat 5,` `Suite 491` `Unit No. 3` `Fifth Floor`: the token behind it.
fn unit(all: &[Token], from: usize) -> Option<usize> {
    let [first, second, ..] = all.get(from..)? else { return None };
    super::tick(1);
    if second.gap != Gap::Space {
        return None;
    }
    let ordinal = first.kind == Kind::Ordinal || first.is(Class::ORDINAL) && first.is_name();
    if ordinal && second.is(Class::UNIT) && second.kind != Kind::Number {
        return Some(from + 2);
    }
    if !first.is(Class::UNIT) || !matches!(first.kind, Kind::Capital | Kind::Capitals) {
        return None;
    }
    let id = if second.is(Class::NUMBER) { from + 2 } else { from + 1 };
    let token = all.get(id).filter(|token| token.gap == Gap::Space)?;
    is_id(token).then_some(id + 1)
}

fn is_id(token: &Token) -> bool {
    match token.kind {
        Kind::Number | Kind::Mark | Kind::Ordinal => token.len() <= 9,
        Kind::Capitals => token.len() == 1,
        Kind::Capital | Kind::Small => token.is(Class::ORDINAL),
    }
}

/// `Rose Cottage,`: the token behind it.
fn building(all: &[Token], from: usize) -> Option<usize> {
    for (index, token) in all.iter().enumerate().skip(from).take(4) {
        super::tick(1);
        if !token.is_name() || (index > from && token.gap != Gap::Space) {
            return None;
        }
        let next = all.get(index + 1)?;
        if next.gap.separates() {
            return (index > from && token.is(Class::BUILDING)).then_some(index + 1);
        }
    }
    None
}

/// `Kings Park` behind `Unit 5,`.
fn part_of_unit(all: &[Token], from: usize, accept: &mut impl FnMut(Street) -> bool) -> bool {
    let mut end = from;
    while end < all.len() && end < from + 4 && all[end].is_name() {
        super::tick(1);
        if end > from && all[end].gap != Gap::Space {
            break;
        }
        end += 1;
    }
    end > from && accept(Street { end, form: Form::Unit, typed: Typed::No, closed: false })
}

/// `P.O. Box 123`, `Postfach 12 34 56`, `RR 2 Box 152`.
fn post_box(tokens: &Tokens<'_>, from: usize, accept: &mut impl FnMut(Street) -> bool) -> bool {
    let all = tokens.all();
    if !all[from].is(Class::BOX_START) {
        return false;
    }
    for words in (1..=4.min(all.len() - from)).rev() {
        super::tick(words);
        let class = tokens.phrase(from, from + words);
        let typed = match class {
            class if class.has(Class::BOX) => Typed::Sure,
            class if class.has(Class::BOX_WEAK) => match all[from].kind {
                Kind::Capitals => Typed::Weak,
                Kind::Capital => Typed::No,
                _ => continue,
            },
            _ => continue,
        };
        let mut end = from + words;
        if all.get(end).is_some_and(|token| token.is(Class::NUMBER) && token.gap == Gap::Space) {
            end += 1;
        }
        let first = end;
        while all.get(end).is_some_and(|token| {
            token.gap == Gap::Space
                && matches!(token.kind, Kind::Number | Kind::Mark)
                && token.len() <= 8
                && end < first + 4
        }) {
            end += 1;
            if accept(Street { end, form: Form::Box, typed, closed: true }) {
                return true;
            }
        }
        let Some([word, id]) = all.get(end..end + 2).filter(|_| end > first) else { continue };
        let both = word.gap != Gap::Break && id.gap == Gap::Space && is_id(id);
        if both
            && word.is(Class::UNIT)
            && accept(Street { end: end + 2, form: Form::Box, typed: Typed::Sure, closed: true })
        {
            return true;
        }
    }
    false
}

/// The words of a name from `from` on: the index behind the last that may belong to it.
fn name_end(all: &[Token], from: usize, numbers: bool) -> usize {
    let mut end = from;
    while end < all.len() && end < from + NAME_WORDS_MAX {
        let token = &all[end];
        super::tick(1);
        let fits = match token.kind {
            Kind::Capital | Kind::Capitals => {
                !token.is(Class::NUMBER) && (end > from || !token.is(Class::STOP))
            }
            Kind::Small if token.is(Class::PREPOSITION_TWO) => {
                all.get(end + 1).is_some_and(|next| next.is(Class::ARTICLE))
            }
            Kind::Small => {
                let leads = Class::LEAD_LOWER.or(Class::FRENCH).or(Class::FRENCH_WEAK);
                token.is(Class::PARTICLE.or(Class::APART))
                    || (end == from && token.is(leads))
                    || token.is(Class::FRACTION)
                    || (all[from].is(Class::LEAD_SMALL) && token.class == Class::default())
            }
            Kind::Ordinal => true,
            Kind::Number => token.is(Class::FRACTION) || (numbers && token.len() <= 7),
            Kind::Mark => false,
        };
        if !fits || (end > from && token.gap != Gap::Space) {
            break;
        }
        end += 1;
    }
    end
}

/// Whether a name may end with this token: with a name, an ordinal or a type, not `of`.
fn ends_name(token: &Token) -> bool {
    token.kind != Kind::Small || token.is(Class::APART)
}

/// Whether the first word is a type that stands before its name.
fn leads(token: &Token) -> bool {
    let capital = token.kind != Kind::Small;
    token.is(Class::FRENCH)
        || capital && token.is(Class::LEAD.or(Class::FRENCH_WEAK))
        || token.is(Class::LEAD_LOWER)
}

/// `[No.] 12 [bis] [,] Main Street [Apt. 5]`
fn number_first(all: &[Token], from: usize, accept: &mut impl FnMut(Street) -> bool) -> bool {
    let mut at = from;
    if all[at].is(Class::NUMBER) {
        at += 1;
    }
    let spaced = |at: usize| all.get(at).is_some_and(|token| token.gap == Gap::Space || at == from);
    if !all.get(at).is_some_and(|token| token.is_number() && token.len() <= 12) || !spaced(at) {
        return false;
    }
    at += 1;
    while spaced(at) && all[at].is(Class::FRACTION) {
        at += 1;
    }
    let Some(first) = all.get(at).filter(|first| matches!(first.gap, Gap::Space | Gap::Comma))
    else {
        return false;
    };
    let comma = first.gap == Gap::Comma;
    let longest = name_end(all, at, true);
    let mut typed = Typed::No;
    let mut named = false;
    for end in at + 1..=longest {
        let word = &all[end - 1];
        named |= matches!(word.kind, Kind::Capital | Kind::Capitals | Kind::Ordinal);
        let type_word = end - 1 > at || end < longest || word.is(Class::COMPOUND);
        if type_word {
            typed = typed.max(type_of(word));
        }
        let led = end > at + 1
            && (first.is(Class::FRENCH.or(Class::FRENCH_WEAK))
                || first.kind != Kind::Small && first.is(Class::LEAD));
        let typed = if led { Typed::Sure } else { typed };
        let small_first = first.kind == Kind::Small && !led;
        if !named || !ends_name(word) || small_first || (comma && typed == Typed::No) {
            continue;
        }
        let closed = type_of(word) > Typed::No || word.len() <= 2;
        let street = Street { end, form: Form::NumberFirst, typed, closed };
        let closed = Street { closed: true, ..street };
        if accept(street) || units(all, end, &mut |end| accept(Street { end, ..closed })) {
            return true;
        }
    }
    false
}

/// What a word of a name with the number before it says.
fn type_of(word: &Token) -> Typed {
    if word.is(Class::STREET.or(Class::COMPOUND)) {
        Typed::Sure
    } else if word.is(Class::STREET_WEAK.or(Class::COMPOUND_WEAK).or(Class::ASIA)) {
        Typed::Weak
    } else {
        Typed::No
    }
}

/// `Hauptstraße 5`, `Via Roma, 12`, `Fő utca 3. [2. em. 5]`; without a number `Mill Lane`.
fn name_first(all: &[Token], from: usize, accept: &mut impl FnMut(Street) -> bool) -> bool {
    let first = &all[from];
    let begins = match first.kind {
        Kind::Capital | Kind::Capitals => !first.is(Class::STOP),
        Kind::Small => leads(first),
        Kind::Ordinal => true,
        Kind::Number | Kind::Mark => false,
    };
    if !begins {
        return false;
    }
    let longest = name_end(all, from, true);
    for end in from + 1..=longest {
        super::tick(1);
        let words = &all[from..end];
        let capital = |word: &Token| matches!(word.kind, Kind::Capital | Kind::Capitals);
        if !words.iter().any(capital) {
            continue;
        }
        let typed = type_of_name(words);
        let last = &words[words.len() - 1];
        let alone = type_without_number(words).min(typed);
        let street = Street { end, form: Form::NoNumber, typed: alone, closed: false };
        if alone > Typed::No && ends_name(last) && accept(street) {
            return true;
        }
        let ends = ends_name(last) || first.is(Class::LEAD_SMALL) && end > from + 1;
        if ends && last.kind != Kind::Number && numbered(all, end, typed, accept) {
            return true;
        }
    }
    false
}

/// What the words of a name with the number behind it say.
fn type_of_name(words: &[Token]) -> Typed {
    let (first, last) = (&words[0], &words[words.len() - 1]);
    let many = words.len() > 1;
    let two = words.len() > 2 && first.is(Class::PREPOSITION_TWO) && words[1].is(Class::ARTICLE);
    let named = words[1..].iter().any(|word| word.kind != Kind::Small && !word.is_number());
    let small = first.is(Class::LEAD_SMALL) && many;
    let french = !first.is(Class::FRENCH_WEAK) || first.is(Class::LEAD.or(Class::FRENCH));
    let sure = leads(first) && (named && (french || is_foreign(&words[1..])) || small)
        || named && first.is(Class::PREPOSITION)
        || named && first.is(Class::APART) && words[1].is(Class::PARTICLE)
        || two
        || last.is(Class::COMPOUND)
        || many && last.is(Class::APART);
    let english = many && last.is(Class::STREET) || named && leads(first);
    let weak = last.is(Class::COMPOUND_WEAK) || many && last.is(Class::STREET_WEAK);
    if sure {
        Typed::Sure
    } else if english {
        Typed::English
    } else if weak {
        Typed::Weak
    } else {
        Typed::No
    }
}

/// Whether the words hold what English names do not: a particle, a hyphen, a letter with a mark.
fn is_foreign(words: &[Token]) -> bool {
    words.iter().any(|word| word.is(Class::PARTICLE) || word.marked)
}

/// What the words of a name without any number say: `rue Voltaire`, `Via della Pace`, `Mill Lane`.
fn type_without_number(words: &[Token]) -> Typed {
    let (first, last) = (&words[0], &words[words.len() - 1]);
    let french = first.is(Class::FRENCH) && !first.is(Class::LEAD);
    if last.is_number() {
        Typed::No
    } else if last.is(Class::COMPOUND)
        || leads(first) && (is_foreign(&words[1..]) || french && first.kind == Kind::Small)
    {
        Typed::Sure
    } else if last.is(Class::STREET) {
        Typed::English
    } else {
        Typed::Weak
    }
}

/// The house number at token `at`, behind a name, and what may follow it.
fn numbered(
    all: &[Token],
    mut at: usize,
    typed: Typed,
    accept: &mut impl FnMut(Street) -> bool,
) -> bool {
    let near = |at: usize| {
        let token = all.get(at)?;
        let near = token.gap == Gap::Space || token.gap == Gap::Comma && typed > Typed::English;
        near.then_some(token)
    };
    if near(at).is_some_and(|token| token.is(Class::NUMBER)) {
        at += 1;
    }
    let is_house = |token: &Token| match token.kind {
        Kind::Number | Kind::Ordinal => token.len() <= 14,
        Kind::Mark => token.len() <= 5,
        Kind::Capital | Kind::Capitals | Kind::Small => false,
    };
    if !near(at).is_some_and(is_house) {
        return false;
    }
    let street = Street { end: at + 1, form: Form::NumberLast, typed, closed: true };
    if accept(street) {
        return true;
    }
    for end in at + 1..at + 4 {
        if units(all, end, &mut |end| accept(Street { end, ..street })) {
            return true;
        }
        let short = |token: &&Token| {
            let mark = matches!(token.kind, Kind::Number | Kind::Mark) && token.len() <= 5;
            let letter = token.kind == Kind::Capitals && token.len() <= 3;
            let word = token.is(Class::FRACTION)
                || token.kind == Kind::Small && (token.len() == 1 || token.is(Class::UNIT));
            token.gap == Gap::Space && (mark || letter || word)
        };
        if all.get(end).filter(short).is_none() {
            return false;
        }
        if accept(Street { end: end + 1, ..street }) {
            return true;
        }
    }
    false
}

/// Units behind a street, without a comma: `Apt. 303`, `#5`, `2. em. 5`.
fn units(all: &[Token], from: usize, accept: &mut impl FnMut(usize) -> bool) -> bool {
    let mut end = from;
    for _ in 0..3 {
        let Some(token) = all.get(end).filter(|token| token.gap == Gap::Space) else {
            return false;
        };
        super::tick(1);
        let next = all.get(end + 1).filter(|token| token.gap == Gap::Space);
        let after = all.get(end + 2).filter(|token| token.gap == Gap::Space);
        end = match (token, next, after) {
            (mark, _, _) if mark.kind == Kind::Mark => end + 1,
            (floor, Some(word), Some(id))
                if floor.kind == Kind::Ordinal && word.is(Class::UNIT) && is_id(id) =>
            {
                end + 3
            }
            (word, Some(number), Some(id))
                if word.is(Class::UNIT) && number.is(Class::NUMBER) && is_id(id) =>
            {
                end + 3
            }
            (word, Some(id), _) if word.is(Class::UNIT) && is_id(id) => end + 2,
            (ordinal, Some(word), _) if is_id(ordinal) && word.is(Class::UNIT) => end + 2,
            _ => return false,
        };
        if accept(end) {
            return true;
        }
    }
    false
}
