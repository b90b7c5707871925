//! Many bounds that one number is held against.

use std::cmp::Ordering;

use super::condition::Operator;

/// Patterns, each of which waits for a number that compares in its way with a bound. The number is
/// looked up among the bounds, so that the cost is that of the patterns that get theirs.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// For numbers above a bound: the lowest first.
    lower: Vec<Bound>,
    /// For those below: the highest first.
    upper: Vec<Bound>,
    /// For those that are equal.
    equal: Vec<Bound>,
}

#[derive(Debug)]
struct Bound {
    at: f64,
    /// Whether the number may be the bound itself.
    inclusive: bool,
    pattern: usize,
}

impl Numbers {
    /// `!=` waits for nothing that could be looked up.
    pub(super) fn add(&mut self, operator: Operator, at: f64, pattern: usize) {
        let (bounds, inclusive) = match operator {
            Operator::Greater => (&mut self.lower, false),
            Operator::GreaterOrEqual => (&mut self.lower, true),
            Operator::Less => (&mut self.upper, false),
            Operator::LessOrEqual => (&mut self.upper, true),
            Operator::Equal | Operator::Unequal => (&mut self.equal, true),
        };
        // Both zeros are one number.
        bounds.push(Bound { at: at + 0.0, inclusive, pattern });
    }

    /// Puts the bounds in order, when there is no more to add.
    pub(super) fn sort(&mut self) {
        let inclusive_first = |one: &Bound, other: &Bound| other.inclusive.cmp(&one.inclusive);
        let ascending = |one: &Bound, other: &Bound| {
            one.at.total_cmp(&other.at).then(inclusive_first(one, other))
        };
        self.lower.sort_by(ascending);
        self.equal.sort_by(ascending);
        self.upper
            .sort_by(|one, other| other.at.total_cmp(&one.at).then(inclusive_first(one, other)));
    }

    /// The patterns that waited for this number.
    pub(super) fn met(&self, number: f64) -> impl Iterator<Item = usize> {
        let number = number + 0.0;
        let to = |bounds: &[Bound], passed: Ordering| {
            bounds.partition_point(|bound| match number.total_cmp(&bound.at) {
                Ordering::Equal => bound.inclusive,
                order => order == passed,
            })
        };
        let (above, below) = (to(&self.lower, Ordering::Greater), to(&self.upper, Ordering::Less));
        let first = self.equal.partition_point(|bound| bound.at < number);
        let equal = self.equal.iter().skip(first).take_while(move |bound| bound.at == number);
        let bounded = self.lower.iter().take(above).chain(self.upper.iter().take(below));
        bounded.chain(equal).map(|bound| bound.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_number_is_found_as_by_asking_each() {
        let operators = [
            Operator::Equal,
            Operator::Less,
            Operator::LessOrEqual,
            Operator::Greater,
            Operator::GreaterOrEqual,
        ];
        let values = [f64::NEG_INFINITY, -1.5, -0.0, 0.0, 5e-324, 1.0, 1.0 + f64::EPSILON, 1e300];
        let (mut numbers, mut all) = (Numbers::default(), Vec::new());
        for bound in values.into_iter().chain(values) {
            for operator in operators {
                numbers.add(operator, bound, all.len());
                all.push((operator, bound));
            }
        }
        numbers.sort();
        for number in values.into_iter().chain([f64::INFINITY, 0.5]) {
            let holds = |(operator, bound): &(Operator, f64)| operator.holds(number, *bound);
            let expected: Vec<_> = (0..all.len()).filter(|at| holds(&all[*at])).collect();
            let mut met: Vec<_> = numbers.met(number).collect();
            met.sort_unstable();
            assert_eq!(met, expected, "{number}");
        }
    }
}
