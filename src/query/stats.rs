//! `stats`: groups of rows and what becomes of their aggregates.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_128;
use zeroize::Zeroize;

use super::row::{Row, Scope};
use super::run::{Failed, Memory};
use super::syntax::{Aggregate, AggregateKind, Stats};
use super::value::{Mark, Value};

/// About how many bytes a group takes beside its key, and each of its aggregates.
const GROUP_BYTES: usize = 256;
const AGGREGATE_BYTES: usize = 128;

/// The texts of some values; overwritten when it is dropped, as they may be originals.
#[derive(Eq, Hash, PartialEq)]
pub(super) struct Key(Vec<u8>);

impl Key {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() * 2 + self.0.len()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The groups so far, in the order in which they were met.
#[derive(Default)]
pub(super) struct Table {
    numbers: HashMap<Key, usize>,
    groups: Vec<Group>,
}

struct Group {
    by: Vec<Value>,
    aggregates: Vec<State>,
}

/// An aggregate so far, and the mark of what went into it.
struct State {
    mark: Mark,
    sum: Sum,
}

enum Sum {
    Count(u64),
    Distinct(HashSet<u128>),
    Total(Option<f64>),
    /// How many numbers, their mean, and the sum of squares of what they differ from it.
    Moments(u64, f64, f64),
    Numbers(Vec<f64>),
    /// The value that was chosen, with the time of its event and what tells it from others.
    Chosen(Option<((i64, u64), Value)>),
}

impl Table {
    /// Notes a row.
    pub(super) fn note(
        &mut self,
        stats: &Stats,
        scope: &Scope<'_>,
        memory: &mut Memory,
    ) -> Result<(), Failed> {
        let by: Vec<_> = stats.by.iter().map(|(_, expr)| scope.eval(expr)).collect();
        let key = key_of(&by);
        let number = match self.numbers.get(&key) {
            Some(number) => *number,
            None => {
                let values: usize = by.iter().map(Value::size).sum();
                let aggregates = AGGREGATE_BYTES * stats.aggregates.len();
                memory.take(GROUP_BYTES + key.size() + values + aggregates)?;
                self.numbers.insert(key, self.groups.len());
                self.groups.push(Group { by, aggregates: states(stats) });
                self.groups.len() - 1
            }
        };
        let group = self.groups.get_mut(number).expect("a group of this table");
        for (aggregate, state) in stats.aggregates.iter().zip(&mut group.aggregates) {
            state.note(aggregate, scope, memory)?;
        }
        Ok(())
    }

    /// The rows, one for each group.
    // Choice: groups stand in the order in which they were met, which begins with the newest event;
    // without `by` there is one row, even of no events.
    pub(super) fn rows<'t>(
        &'t mut self,
        stats: &'t Stats,
        slots: usize,
    ) -> impl Iterator<Item = (Row, Vec<Value>)> + 't {
        if self.groups.is_empty() && stats.by.is_empty() {
            self.groups.push(Group { by: Vec::new(), aggregates: states(stats) });
        }
        self.groups.drain(..).map(move |group| {
            let mut row = Row::of_group(slots);
            for ((slot, _), value) in stats.by.iter().zip(group.by) {
                row.masked[*slot] = Value { mark: Mark::of([value.mark]), ..value };
            }
            let ended = stats.aggregates.iter().zip(group.aggregates);
            (row, ended.map(|(aggregate, state)| state.end(aggregate.kind)).collect())
        })
    }
}

fn states(stats: &Stats) -> Vec<State> {
    stats.aggregates.iter().map(|aggregate| State::new(aggregate.kind)).collect()
}

/// The texts of values, none of which can be taken for another list of them.
pub(super) fn key_of(values: &[Value]) -> Key {
    let mut key = Vec::new();
    for value in values {
        match value.as_text() {
            None => key.push(0),
            Some(text) => {
                key.push(1);
                key.extend((text.len() as u64).to_le_bytes());
                key.extend_from_slice(text.as_bytes());
            }
        }
    }
    Key(key)
}

impl State {
    fn new(kind: AggregateKind) -> Self {
        let sum = match kind {
            AggregateKind::Count => Sum::Count(0),
            AggregateKind::CountDistinct => Sum::Distinct(HashSet::new()),
            AggregateKind::Sum => Sum::Total(None),
            AggregateKind::Avg | AggregateKind::Stddev | AggregateKind::Variance => {
                Sum::Moments(0, 0.0, 0.0)
            }
            AggregateKind::Pct(_) => Sum::Numbers(Vec::new()),
            AggregateKind::Min
            | AggregateKind::Max
            | AggregateKind::Earliest
            | AggregateKind::Latest
            | AggregateKind::SortsFirst
            | AggregateKind::SortsLast => Sum::Chosen(None),
        };
        Self { mark: Mark::Plain, sum }
    }

    fn note(
        &mut self,
        aggregate: &Aggregate,
        scope: &Scope<'_>,
        memory: &mut Memory,
    ) -> Result<(), Failed> {
        let value = aggregate.of.as_ref().map(|expr| scope.eval(expr));
        let Some(value) = value else {
            if let Sum::Count(count) = &mut self.sum {
                *count += 1;
            }
            return Ok(());
        };
        if value.is_absent() {
            return Ok(());
        }
        self.mark = Mark::of([self.mark, value.mark]);
        let number = value.as_number();
        match &mut self.sum {
            Sum::Count(count) => *count += 1,
            Sum::Distinct(seen) => {
                let text = value.as_text().unwrap_or_default();
                if seen.insert(xxh3_128(text.as_bytes())) {
                    memory.take(size_of::<u128>() * 2)?;
                }
            }
            Sum::Total(total) => {
                *total = number.map(|number| total.unwrap_or(0.0) + number).or(*total);
            }
            Sum::Moments(count, mean, squares) => {
                if let Some(number) = number {
                    *count += 1;
                    let before = number - *mean;
                    *mean += before / *count as f64;
                    *squares += before * (number - *mean);
                }
            }
            Sum::Numbers(numbers) => {
                if let Some(number) = number {
                    memory.take(size_of::<f64>() * 2)?;
                    numbers.push(number);
                }
            }
            Sum::Chosen(chosen) => {
                let place = scope.row.place();
                let better = chosen.as_ref().is_none_or(|(when, known)| {
                    aggregate.kind.prefers((place, &value), (*when, known))
                });
                if better {
                    memory.take(value.size())?;
                    let before = chosen.replace((place, value));
                    memory.give(before.map_or(0, |(_, value)| value.size()));
                }
            }
        }
        Ok(())
    }

    // Choice: an aggregate of nothing is absent, but for counts.
    fn end(self, kind: AggregateKind) -> Value {
        let number = |number: f64| Value::number(number, self.mark);
        match self.sum {
            Sum::Count(count) => Value::number(count as f64, Mark::Plain),
            Sum::Distinct(seen) => Value::number(seen.len() as f64, Mark::Plain),
            Sum::Total(total) => total.map_or(Value::ABSENT, number),
            Sum::Moments(0, ..) => Value::ABSENT,
            // Choice: of the whole population, as AWS says of `variance`.
            Sum::Moments(count, mean, squares) => match kind {
                AggregateKind::Avg => number(mean),
                AggregateKind::Variance => number(squares / count as f64),
                _ => number((squares / count as f64).sqrt()),
            },
            Sum::Numbers(numbers) => match kind {
                AggregateKind::Pct(percent) => {
                    percentile(numbers, percent).map_or(Value::ABSENT, number)
                }
                _ => Value::ABSENT,
            },
            Sum::Chosen(chosen) => {
                let mark = self.mark;
                chosen.map_or(Value::ABSENT, |(_, value)| Value { mark, ..value })
            }
        }
    }
}

/// The smallest of the numbers that so many percent do not exceed.
// Choice: exact, where AWS's is an estimate.
fn percentile(mut numbers: Vec<f64>, percent: f64) -> Option<f64> {
    let last = numbers.len().checked_sub(1)?;
    let rank = (percent / 100.0 * numbers.len() as f64).ceil() as usize;
    let index = rank.saturating_sub(1).min(last);
    let (_, found, _) = numbers.select_nth_unstable_by(index, f64::total_cmp);
    Some(*found)
}

impl AggregateKind {
    /// Whether the first of two values is chosen.
    fn prefers(self, one: ((i64, u64), &Value), other: ((i64, u64), &Value)) -> bool {
        match self {
            Self::Earliest => one.0 < other.0,
            Self::Latest => one.0 > other.0,
            // Choice: text is smaller than numbers, as `sort` has it.
            Self::Min | Self::SortsFirst => one.1.sorts(other.1).is_lt(),
            _ => one.1.sorts(other.1).is_gt(),
        }
    }
}
