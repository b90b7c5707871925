//! Values of a query: what they are, where they come from, how they compare and print.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::syntax::Comparison;
use super::{json::Tree, time};
use crate::pattern::number;

/// Text of an event, or made of it; overwritten when the last who holds it is gone.
pub(super) type Text = Rc<Zeroizing<String>>;

/// A value and whether it may leave as it is. It has no `Debug`: it may be an original.
#[derive(Clone)]
pub(super) struct Value {
    pub(super) datum: Datum,
    pub(super) mark: Mark,
}

#[derive(Clone)]
pub(super) enum Datum {
    Absent,
    Number(f64),
    /// Milliseconds since 1970 UTC.
    Time(i64),
    Text(Text),
    Tree(Tree),
}

/// Where a value comes from; of several the last one counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Mark {
    /// From the query itself, or from the system.
    Plain,
    /// A masked message as it is stored.
    Stored,
    /// Taken from a masked message, or made of it: judged again before it leaves.
    Derived,
    /// From an original, for a caller with a grant.
    Open,
}

impl Mark {
    /// The mark of what is made of values with these marks.
    pub(super) fn of(marks: impl IntoIterator<Item = Self>) -> Self {
        match marks.into_iter().max().unwrap_or(Self::Plain) {
            Self::Stored => Self::Derived,
            mark => mark,
        }
    }
}

impl Value {
    pub(super) const ABSENT: Self = Self { datum: Datum::Absent, mark: Mark::Plain };

    pub(super) fn text(text: impl Into<String>, mark: Mark) -> Self {
        Self { datum: Datum::Text(Rc::new(Zeroizing::new(text.into()))), mark }
    }

    /// A number; absent unless it is finite.
    pub(super) fn number(number: f64, mark: Mark) -> Self {
        let datum = if number.is_finite() { Datum::Number(number) } else { Datum::Absent };
        Self { datum, mark }
    }

    pub(super) fn time(time_ms: i64, mark: Mark) -> Self {
        Self { datum: Datum::Time(time_ms), mark }
    }

    /// 1 or 0.
    // Choice: a condition has the value 1 or 0, as `isempty` has in AWS's page; so have `true` and
    // `false` in JSON.
    pub(super) fn truth(truth: bool) -> Self {
        Self::number(if truth { 1.0 } else { 0.0 }, Mark::Plain)
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self.datum, Datum::Absent)
    }

    /// Whether `filter` takes it for true: a number but 0, and the word `true`.
    pub(super) fn is_true(&self) -> bool {
        match self.as_number() {
            Some(number) => number != 0.0,
            None => self.as_text().is_some_and(|text| text.eq_ignore_ascii_case("true")),
        }
    }

    /// The number that it is or spells.
    pub(super) fn as_number(&self) -> Option<f64> {
        match &self.datum {
            Datum::Number(number) => Some(*number),
            Datum::Time(time_ms) => Some(*time_ms as f64),
            Datum::Text(text) => number(text).filter(|number| number.is_finite()),
            Datum::Absent | Datum::Tree(_) => None,
        }
    }

    /// The whole number that it is or spells, if it is one.
    pub(super) fn as_integer(&self) -> Option<i64> {
        if let Datum::Time(time_ms) = self.datum {
            return Some(time_ms);
        }
        let number = self.as_number()?;
        (number.abs() < 9e18).then_some(number as i64)
    }

    /// As it prints; `None` when it is absent.
    pub(super) fn as_text(&self) -> Option<Cow<'_, str>> {
        match &self.datum {
            Datum::Absent => None,
            Datum::Number(number) => Some(Cow::Owned(print_number(*number))),
            Datum::Time(time_ms) => Some(Cow::Owned(time::print(*time_ms))),
            Datum::Text(text) => Some(Cow::Borrowed(text)),
            Datum::Tree(tree) => Some(Cow::Borrowed(tree.source())),
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let text = match &self.datum {
            Datum::Text(text) => text.len(),
            Datum::Tree(tree) => tree.source().len(),
            _ => 0,
        };
        size_of::<Self>() + text
    }

    /// Whether a comparison holds.
    // Choice: an absent value satisfies none, `!=` included, as in filter patterns; two values that
    // both spell numbers compare as these, two texts by Unicode, and a number and a text are
    // unequal, neither smaller nor larger.
    pub(super) fn compares(&self, comparison: Comparison, other: &Self) -> bool {
        let ordering = match (self.digits(), other.digits()) {
            // Long numbers, which floating point does not tell apart.
            (Some(one), Some(other)) => Some(digits_order(one, other)),
            _ => match (self.as_number(), other.as_number()) {
                (Some(one), Some(other)) => one.partial_cmp(&other),
                (None, None) => {
                    let (Some(one), Some(other)) = (self.as_text(), other.as_text()) else {
                        return false;
                    };
                    Some(one.cmp(&other))
                }
                _ if self.is_absent() || other.is_absent() => return false,
                _ => None,
            },
        };
        match comparison {
            Comparison::Equal => ordering == Some(Ordering::Equal),
            Comparison::Unequal => ordering != Some(Ordering::Equal),
            Comparison::Less => ordering == Some(Ordering::Less),
            Comparison::LessOrEqual => ordering.is_some_and(Ordering::is_le),
            Comparison::Greater => ordering == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => ordering.is_some_and(Ordering::is_ge),
        }
    }

    /// Its digits, when it is a text of nothing else.
    fn digits(&self) -> Option<&str> {
        let Datum::Text(text) = &self.datum else { return None };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some(text.as_str())
    }

    /// The order of `sort`: what is absent, then text by chunks of digits and others, then numbers.
    // Choice: what is absent comes first; AWS's page speaks of values only.
    pub(super) fn sorts(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match value.datum {
            Datum::Absent => 0,
            _ if value.as_number().is_some() => 2,
            _ => 1,
        };
        rank(self).cmp(&rank(other)).then_with(|| match rank(self) {
            0 => Ordering::Equal,
            2 => match (self.digits(), other.digits()) {
                (Some(one), Some(other)) => digits_order(one, other),
                _ => {
                    let number = |value: &Self| value.as_number().unwrap_or_default();
                    number(self).total_cmp(&number(other))
                }
            },
            _ => {
                let (one, other) = (self.as_text(), other.as_text());
                natural_order(&one.unwrap_or_default(), &other.unwrap_or_default())
            }
        })
    }
}

/// Digits by value, however many there are.
fn digits_order(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// Texts in chunks of digits, compared by value, and of others, compared by Unicode.
fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let ((a, rest_a), (b, rest_b)) = (chunk(one), chunk(other));
        let numeric = |text: &str| text.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let both = numeric(a) && numeric(b);
        let order = if both { digits_order(a, b).then(a.cmp(b)) } else { a.cmp(b) };
        if order.is_ne() || a.is_empty() {
            return order;
        }
        (one, other) = (rest_a, rest_b);
    }
}

/// The first chunk and what follows it.
fn chunk(text: &str) -> (&str, &str) {
    let digit = |byte: &u8| byte.is_ascii_digit();
    let kind = text.as_bytes().first().is_some_and(digit);
    let len = text.as_bytes().iter().take_while(|byte| digit(byte) == kind).count();
    // Where digits begin or end a character does.
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// The shortest text that reads as the number; whole numbers without a point.
pub(super) fn print_number(number: f64) -> String {
    // -0 is 0.
    format!("{}", if number == 0.0 { 0.0 } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::text(text, Mark::Plain)
    }

    #[test]
    fn sorting_is_natural() {
        let sorted = [
            Value::ABSENT,
            text(""),
            text("a2"),
            text("a10"),
            text("a10b"),
            text("b"),
            text("é"),
            text("-5"),
            Value::number(3.5, Mark::Plain),
            text("00004"),
            text("123456789012345678901234567890"),
            text("123456789012345678901234567891"),
        ];
        for (index, one) in sorted.iter().enumerate() {
            for (at, other) in sorted.iter().enumerate() {
                assert_eq!(one.sorts(other), index.cmp(&at), "{index} and {at}");
            }
        }
    }

    #[test]
    fn long_numbers_differ_and_marks_add_up() {
        let (one, other) = (text("12345678901234567890"), text("12345678901234567891"));
        assert!(one.compares(Comparison::Less, &other) && !one.compares(Comparison::Equal, &other));
        assert!(text("007").compares(Comparison::Equal, &Value::number(7.0, Mark::Plain)));
        assert_eq!(Mark::of([Mark::Plain, Mark::Stored]), Mark::Derived);
        assert_eq!(Mark::of([Mark::Open, Mark::Derived]), Mark::Open);
        assert_eq!(print_number(-0.0), "0");
        assert_eq!(print_number(1e21), "1000000000000000000000");
    }
}
