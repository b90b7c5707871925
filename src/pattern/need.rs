//! What has to stand in a text that a pattern selects, so that most patterns need not be asked.

use super::condition::Operator;
use super::literals::Literals;
use super::program::{Answers, Program};
use super::selector::Selector;

/// Clues of which one is given in whatever the pattern selects; none when it selects nothing.
pub(super) type Need<'p> = Vec<Clue<'p>>;

/// What a test that holds tells of an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clue<'p> {
    /// It is somewhere in the text.
    Text(Literal<'p>),
    /// A value there is that text, of which the literal is a part.
    Equal(&'p Selector, &'p str, Literal<'p>),
    /// A number stands there, and compares so with a bound.
    Number(&'p Selector, Operator, f64),
}

/// The better known a text is to be rare, the greater.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Literal<'p> {
    /// Values differ from event to event, keys seldom do.
    is_value: bool,
    len: usize,
    pub(super) text: &'p str,
}

impl<'p> Literal<'p> {
    /// `None` when the text is too short to be looked for.
    pub(super) fn value(text: &'p str) -> Option<Self> {
        Literals::takes(text).then_some(Self { is_value: true, len: text.len(), text })
    }

    /// The same for a key of JSON objects.
    pub(super) fn key(text: &'p str) -> Option<Self> {
        Self::value(text).map(|literal| Self { is_value: false, ..literal })
    }
}

impl Clue<'_> {
    /// The rarer what it tells, the greater: values, numbers, keys.
    fn rarity(&self) -> (u8, usize) {
        match self {
            Self::Equal(_, _, literal) => (2, literal.len),
            Self::Text(literal) if literal.is_value => (2, literal.len),
            Self::Number(..) => (1, 0),
            Self::Text(literal) => (0, literal.len),
        }
    }

    fn is(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Text(one), Self::Text(other)) if one == other)
    }
}

/// What whatever satisfies a program needs; `None` when nothing is known. `of` is what a test tells
/// that is true.
pub(super) fn of_program<'p, T>(
    program: &'p Program<T>,
    of: impl Fn(&'p T) -> Option<Clue<'p>>,
) -> Option<Need<'p>> {
    program.fold(&|answer| if answer { None } else { Some(Need::new()) }, &|test, after| {
        let Answers { if_true, if_false } = after;
        let own = of(test).map(|clue| vec![clue]);
        let mut need = rarer(own, if_true.clone())?;
        for clue in if_false.as_ref()? {
            if !need.iter().any(|known| known.is(clue)) {
                need.push(*clue);
            }
        }
        Some(need)
    })
}

/// Of two needs that both have to be met, the one that is met less often.
fn rarer<'p>(one: Option<Need<'p>>, other: Option<Need<'p>>) -> Option<Need<'p>> {
    let (Some(first), Some(second)) = (&one, &other) else { return one.or(other) };
    let commonest = |need: &Need<'p>| need.iter().map(Clue::rarity).min();
    let other_is_rarer = match (commonest(first), commonest(second)) {
        (Some(first), Some(second)) => second > first,
        (_, second) => second.is_none(),
    };
    if other_is_rarer { other } else { one }
}
