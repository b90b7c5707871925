//! Streets: for each stretch of words, whether it is one. Nothing is searched, all are listed.

use super::words::{Capital, Capitals, Kind, Mark, Number, Ordinal, Small, Word, phrase};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    NumberFirst,
    NumberLast,
    NoNumber,
    Box,
    Unit,
}
use Form::{NoNumber, NumberFirst, NumberLast};

/// How sure: 0 no word, 1 a weak one, 2 an English one, 3 sure.
pub(super) type Typed = u8;

#[derive(Clone, Copy, Debug)]
pub(super) struct Street {
    pub(super) end: usize,
    pub(super) form: Form,
    pub(super) typed: Typed,
    pub(super) closed: bool,
}

type Words<'a, 't> = &'a [Word<'t>];

/// Every street that begins with word `from`.
pub(super) fn streets(all: Words<'_, '_>, from: usize) -> Vec<Street> {
    let mut found = plain(all, from);
    let first = unit(all, from).or_else(|| building(all, from));
    let mut inner = first.map_or(Vec::new(), |at| inside(all, at, 4));
    for street in &mut inner {
        street.form = if street.form == NoNumber { NumberFirst } else { street.form };
        street.typed = if street.typed == 2 { 3 } else { street.typed };
    }
    found.extend(inner);
    found
}

/// The streets behind a unit or building, with up to `parts` parts before them.
fn inside(all: Words<'_, '_>, at: usize, parts: usize) -> Vec<Street> {
    if parts == 0 || at >= all.len() {
        return Vec::new();
    }
    let mut found = plain(all, at);
    let names = |end: usize| all[at..end].iter().all(Word::name) && spaced(&all[at..end]);
    let name = (at + 1..=all.len().min(at + 4)).rev().find(|end| names(*end));
    found.extend(name.map(|end| Street { end, form: Form::Unit, typed: 0, closed: false }));
    let comma = (at + 1..all.len()).find(|next| all[*next].separated());
    let part = comma.filter(|next| is_part(&all[at..*next]));
    found.extend(unit(all, at).or(part).map_or(Vec::new(), |next| inside(all, next, parts - 1)));
    found
}

/// Whether a single space stands between the words.
fn spaced(words: Words<'_, '_>) -> bool {
    words.iter().skip(1).all(|word| word.gap == ' ')
}

/// Whether the words may stand between street and place.
pub(super) fn is_part(words: Words<'_, '_>) -> bool {
    (1..=7).contains(&words.len())
        && words.iter().all(|word| match word.kind {
            Capital | Capitals => word.name(),
            Small => word.is("particle unit number lead_lower french"),
            Number | Ordinal | Mark => word.len() <= 7,
        })
}

fn is_id(word: &Word<'_>) -> bool {
    match word.kind {
        Number | Mark | Ordinal => word.len() <= 9,
        Capitals if word.len() == 1 => true,
        Capital | Small => word.is("ordinal"),
        Capitals => false,
    }
}

fn unit(all: Words<'_, '_>, from: usize) -> Option<usize> {
    let ends = |len: usize| all.get(from..from + len).filter(|words| spaced(words));
    if let Some([floor, word]) = ends(2) {
        let ordinal = floor.kind == Ordinal || floor.is("ordinal") && floor.name();
        if ordinal && word.is("unit") && word.kind != Number {
            return Some(from + 2);
        }
    }
    match (ends(2), ends(3)) {
        (_, Some([word, number, id])) if number.is("number") => {
            (word.capital() && word.is("unit") && is_id(id)).then_some(from + 3)
        }
        (Some([word, id]), _) if !id.is("number") => {
            (word.capital() && word.is("unit") && is_id(id)).then_some(from + 2)
        }
        _ => None,
    }
}

fn building(all: Words<'_, '_>, from: usize) -> Option<usize> {
    let end = (from + 1..all.len()).find(|at| all[*at].gap != ' ')?;
    let words = &all[from..end];
    let named = (2..=4).contains(&words.len()) && words.iter().all(Word::name);
    (named && all[end].separated() && words[words.len() - 1].is("building")).then_some(end)
}

fn plain(all: Words<'_, '_>, from: usize) -> Vec<Street> {
    let mut found = boxes(all, from);
    for end in from + 1..=all.len() {
        found.extend(number_first(all, from, end));
        let named = name(all, from, end);
        found.extend(named.filter(|_| ends_name(&all[end - 1])).and_then(|typed| {
            let typed = typed.min(without_number(&all[from..end]));
            (typed > 0).then_some(Street { end, form: NoNumber, typed, closed: false })
        }));
        let closes =
            |word: &Word<'_>| ends_name(word) || all[from].is("lead_small") && end > from + 1;
        let typed = named.filter(|_| closes(&all[end - 1]) && !all[end - 1].number());
        let numbers = typed.map_or(Vec::new(), |typed| house_numbers(all, end, typed));
        found.extend(numbers.into_iter().map(|end| Street {
            end,
            form: NumberLast,
            typed: typed.expect("a name"),
            closed: true,
        }));
    }
    let numbered: Vec<Street> = found.iter().copied().filter(|s| s.form == NumberFirst).collect();
    for street in numbered {
        let ends = unit_ends(all, street.end);
        found.extend(ends.into_iter().map(|end| Street { end, closed: true, ..street }));
    }
    found
}

/// `P.O. Box 123`
fn boxes(all: Words<'_, '_>, from: usize) -> Vec<Street> {
    let mut found = Vec::new();
    for words in 1..=4.min(all.len() - from) {
        let label = phrase(&all[from..from + words]);
        let typed = match all[from].kind {
            _ if label.contains(&"box") => 3,
            Capitals if label.contains(&"box_weak") => 1,
            Capital if label.contains(&"box_weak") => 0,
            _ => continue,
        };
        let behind = &all[from + words..];
        let sign = usize::from(behind.first().is_some_and(|n| n.is("number") && n.gap == ' '));
        let numbers = behind[sign..].iter().take(4).take_while(|number| {
            number.gap == ' ' && matches!(number.kind, Number | Mark) && number.len() <= 8
        });
        let (first, numbers) = (from + words + sign, numbers.count());
        let street = Street { end: 0, form: Form::Box, typed, closed: true };
        found.extend((1..=numbers).map(|count| Street { end: first + count, ..street }));
        if let Some([word, id]) = all.get(first + numbers..first + numbers + 2) {
            let station = word.gap != '|' && word.is("unit") && id.gap == ' ' && is_id(id);
            let end = first + numbers + 2;
            found.extend((station && numbers > 0).then_some(Street { end, typed: 3, ..street }));
        }
    }
    found.retain(|_| all[from].is("box_start"));
    found
}

/// Whether word `at` may stand in a name that begins with word `from`.
fn in_name(all: Words<'_, '_>, from: usize, at: usize) -> bool {
    let word = &all[at];
    match word.kind {
        Capital | Capitals => !word.is("number") && (at > from || word.name()),
        Small if word.is("preposition_two") => {
            all.get(at + 1).is_some_and(|next| next.is("article"))
        }
        Small => {
            word.is("particle apart fraction")
                || at == from && word.is("lead_lower french french_weak")
                || all[from].is("lead_small") && word.classes.is_empty()
        }
        Ordinal => true,
        Number => word.len() <= 7,
        Mark => false,
    }
}

fn is_run(all: Words<'_, '_>, from: usize, end: usize) -> bool {
    (1..=7).contains(&(end - from))
        && end <= all.len()
        && spaced(&all[from..end])
        && (from..end).all(|at| in_name(all, from, at))
}

fn ends_name(word: &Word<'_>) -> bool {
    word.kind != Small || word.is("apart")
}

fn leads(word: &Word<'_>) -> bool {
    word.is("french lead_lower") || word.kind != Small && word.is("lead french_weak")
}

fn type_of(word: &Word<'_>) -> Typed {
    let weak = word.is("street_weak compound_weak asia");
    if word.is("street compound") { 3 } else { u8::from(weak) }
}

/// `12 Main Street`: the words `from..end`, without units behind.
fn number_first(all: Words<'_, '_>, from: usize, end: usize) -> Option<Street> {
    let house = if all[from].is("number") { from + 1 } else { from };
    let number = all.get(house)?;
    if !number.number() || number.len() > 12 || house > from && number.gap != ' ' {
        return None;
    }
    let fractions = all[house + 1..].iter().take_while(|w| w.gap == ' ' && w.is("fraction"));
    let at = house + 1 + fractions.count();
    let first = all.get(at).filter(|first| matches!(first.gap, ' ' | ','))?;
    if end <= at || !is_run(all, at, end) {
        return None;
    }
    let words = &all[at..end];
    let goes_on = is_run(all, at, at + 2);
    let told = |(index, word): (usize, &Word<'_>)| {
        let counts = index > 0 || goes_on || word.is("compound");
        if counts { type_of(word) } else { 0 }
    };
    let led = words.len() > 1
        && (first.is("french french_weak") || first.kind != Small && first.is("lead"));
    let typed = words.iter().enumerate().map(told).max().expect("a word");
    let typed = if led { 3 } else { typed };
    let last = &words[words.len() - 1];
    let fits = words.iter().any(|word| word.capital() || word.kind == Ordinal)
        && ends_name(last)
        && (led || first.kind != Small)
        && (typed > 0 || first.gap == ' ');
    let closed = type_of(last) > 0 || last.len() <= 2;
    fits.then_some(Street { end, form: NumberFirst, typed, closed })
}

/// The type of the name `from..end`, if it is one: `Hauptstraße`, `Via Roma`.
fn name(all: Words<'_, '_>, from: usize, end: usize) -> Option<Typed> {
    let first = &all[from];
    let begins = match first.kind {
        Capital | Capitals => first.name(),
        Small => leads(first),
        Ordinal => true,
        Number | Mark => false,
    };
    let words = all.get(from..end)?;
    if !begins || !is_run(all, from, end) || !words.iter().any(Word::capital) {
        return None;
    }
    let (rest, last) = (&words[1..], &words[words.len() - 1]);
    let named = rest.iter().any(|word| !matches!(word.kind, Small | Number));
    let clear = !first.is("french_weak") || first.is("lead french") || rest.iter().any(foreign);
    let sure = leads(first) && (named && clear || first.is("lead_small") && !rest.is_empty())
        || named && first.is("preposition")
        || named && first.is("apart") && rest[0].is("particle")
        || rest.len() > 1 && first.is("preposition_two") && rest[0].is("article")
        || last.is("compound")
        || !rest.is_empty() && last.is("apart");
    let english = !rest.is_empty() && last.is("street") || named && leads(first);
    let weak = last.is("compound_weak") || !rest.is_empty() && last.is("street_weak");
    Some(if sure {
        3
    } else if english {
        2
    } else {
        u8::from(weak)
    })
}

fn foreign(word: &Word<'_>) -> bool {
    word.is("particle") || word.foreign()
}

fn without_number(words: Words<'_, '_>) -> Typed {
    let (first, last) = (&words[0], &words[words.len() - 1]);
    let french = first.kind == Small && first.is("french") && !first.is("lead");
    match last {
        _ if last.number() => 0,
        _ if last.is("compound") => 3,
        _ if leads(first) && (french || words[1..].iter().any(foreign)) => 3,
        _ if last.is("street") => 2,
        _ => 1,
    }
}

/// Where a house number that begins with word `at` may end, with what may follow it.
fn house_numbers(all: Words<'_, '_>, at: usize, typed: Typed) -> Vec<usize> {
    let near = |word: &&Word<'_>| word.gap == ' ' || word.gap == ',' && typed == 3;
    let sign = usize::from(all.get(at).filter(near).is_some_and(|word| word.is("number")));
    let most = |kind: Kind| match kind {
        Number | Ordinal => 14,
        Mark => 5,
        Capital | Capitals | Small => 0,
    };
    let house = all.get(at + sign).filter(near).filter(|house| house.len() <= most(house.kind));
    if house.is_none() {
        return Vec::new();
    }
    let behind = at + sign + 1;
    let more = all[behind..].iter().take(3).take_while(|word| {
        let short = match word.kind {
            Number | Mark => word.len() <= 5,
            Capitals => word.len() <= 3,
            Small => word.len() == 1 || word.is("unit"),
            Capital | Ordinal => false,
        };
        word.gap == ' ' && (short || word.is("fraction"))
    });
    let last = behind + more.count();
    let units = (behind..=last.min(behind + 2)).flat_map(|end| unit_ends(all, end));
    (behind..=last).chain(units).collect()
}

/// Where up to three units behind a street end: `Apt. 303`, `#5`, `2. em. 5`.
fn unit_ends(all: Words<'_, '_>, from: usize) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), from);
    let is_unit = |words: Words<'_, '_>| match words {
        [mark] => mark.kind == Mark,
        [first, ..] if first.kind == Mark => false,
        [word, id] => word.is("unit") && is_id(id) || is_id(word) && id.is("unit"),
        [first, second, id] if is_id(id) => {
            first.kind == Ordinal && second.is("unit") || first.is("unit") && second.is("number")
        }
        _ => false,
    };
    while ends.len() < 3 {
        let near = all[at.min(all.len())..].iter().take_while(|word| word.gap == ' ').count();
        let words = (1..=near.min(3)).rev().find(|words| is_unit(&all[at..at + words]));
        let Some(words) = words else { break };
        at += words;
        ends.push(at);
    }
    ends
}
