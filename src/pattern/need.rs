//! What has to stand in a text that a pattern selects, so that most patterns need not be asked.

use super::literals::Literals;
use super::program::{Answers, Program};

/// Texts of which one occurs in whatever the pattern selects; none when it selects nothing.
pub(super) type Need<'p> = Vec<Literal<'p>>;

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

/// What whatever satisfies a program needs; `None` when nothing is known. `of` is what occurs where
/// a test is true.
pub(super) fn of_program<'p, T>(
    program: &'p Program<T>,
    of: impl Fn(&'p T) -> Option<Literal<'p>>,
) -> Option<Need<'p>> {
    program.fold(&|answer| if answer { None } else { Some(Need::new()) }, &|test, after| {
        let Answers { if_true, if_false } = after;
        let own = of(test).map(|literal| vec![literal]);
        let mut need = rarer(own, if_true.clone())?;
        for literal in if_false.as_ref()? {
            if !need.contains(literal) {
                need.push(*literal);
            }
        }
        Some(need)
    })
}

/// Of two needs that both have to be met, the one that is met less often.
fn rarer<'p>(one: Option<Need<'p>>, other: Option<Need<'p>>) -> Option<Need<'p>> {
    let (Some(first), Some(second)) = (&one, &other) else { return one.or(other) };
    let commonest = |need: &Need<'p>| need.iter().min().copied();
    let other_is_rarer = match (commonest(first), commonest(second)) {
        (Some(first), Some(second)) => second > first,
        (_, second) => second.is_none(),
    };
    if other_is_rarer { other } else { one }
}
