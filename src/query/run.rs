//! A query while it runs: rows go through its commands one by one.

use std::collections::HashSet;
use std::fmt;

use zeroize::Zeroizing;

use super::Query;
use super::row::{Environment, Event, QueryEvent, Row, Scope, View, row_budget};
use super::stats::{Key, Table, key_of};
use super::syntax::{Column, Expr, Parse, ParseBy, Plan, Step, System};
use super::value::{Mark, Value};
use crate::limits::{QUERY_MEMORY_BYTES_MAX, QUERY_ROWS, QUERY_ROWS_MAX};

/// A value that is shown; it may be an original.
pub(crate) type Cell = Zeroizing<String>;

/// What a query answers. `Debug` prints counts only.
#[derive(Default)]
pub(crate) struct Answer {
    /// The names of fields.
    pub(crate) columns: Vec<String>,
    /// Each with its index among the names; fields that are absent are left out.
    pub(crate) rows: Vec<Vec<(usize, Cell)>>,
    /// Events that passed the filters.
    pub(crate) matched: u64,
    /// Bytes of the values.
    pub(crate) bytes: usize,
}

/// The query needs more memory than one may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Failed;

/// Bytes that the query may still keep.
pub(super) struct Memory(usize);

impl Memory {
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Failed> {
        self.0 = self.0.checked_sub(bytes).ok_or(Failed)?;
        Ok(())
    }

    pub(super) fn give(&mut self, bytes: usize) {
        self.0 += bytes;
    }
}

/// What a command remembers of the rows it has seen.
enum Stage {
    Nothing,
    Stats(Table),
    Sort(Sorted),
    /// How many rows may still pass.
    Limit(usize),
    Dedup(HashSet<Key>),
}

/// Rows and their keys; only the first few are needed when a limit follows.
struct Sorted {
    rows: Vec<(Vec<Value>, Row)>,
    keep: Option<usize>,
}

/// One run of a query.
pub(crate) struct Run<'r> {
    plan: &'r Plan,
    environment: &'r Environment<'r>,
    stages: Vec<Stage>,
    memory: Memory,
    /// The first command that does more than look at one row.
    matched_at: usize,
    limit: usize,
    answer: Answer,
}

impl<'r> Run<'r> {
    /// A run that answers so many rows, or as many as the query says if that is less.
    // Choice: the smaller of the two limits holds.
    pub(crate) fn new(
        query: &'r Query,
        environment: &'r Environment<'r>,
        limit: Option<usize>,
    ) -> Self {
        let plan = &*query.plan;
        let has_limit = plan.steps.iter().any(|step| matches!(step, Step::Limit(_)));
        let limit = limit.unwrap_or(if has_limit { QUERY_ROWS_MAX } else { QUERY_ROWS });
        let mut columns: Vec<_> = plan.columns.iter().map(|column| column.name.clone()).collect();
        if plan.shows_events && !columns.iter().any(|name| name == "@ptr") {
            columns.push("@ptr".to_owned());
        }
        let looks_at_one =
            |step: &Step| matches!(step, Step::Compute(_) | Step::Filter(_) | Step::Parse(_));
        let stage = |(index, step): (usize, &Step)| match step {
            Step::Stats(_) => Stage::Stats(Table::default()),
            Step::Sort(_) => {
                let keep = needed(&plan.steps[index + 1..], limit);
                Stage::Sort(Sorted { rows: Vec::new(), keep })
            }
            Step::Limit(rows) => Stage::Limit(*rows),
            Step::Dedup(_) => Stage::Dedup(HashSet::new()),
            Step::Compute(_) | Step::Filter(_) | Step::Parse(_) => Stage::Nothing,
        };
        Self {
            plan,
            environment,
            stages: plan.steps.iter().enumerate().map(stage).collect(),
            memory: Memory(QUERY_MEMORY_BYTES_MAX),
            matched_at: plan.steps.iter().take_while(|step| looks_at_one(step)).count(),
            limit,
            answer: Answer { columns, ..Answer::default() },
        }
    }

    /// Takes an event; they come from the newest to the oldest.
    pub(crate) fn take(&mut self, event: &QueryEvent<'_>) -> Result<(), Failed> {
        let row = Row::of_event(Event::new(event), self.plan.slots, self.plan.unmasks);
        self.pass(row, 0)
    }

    /// The answer, when all events were taken.
    pub(crate) fn finish(mut self) -> Result<Answer, Failed> {
        let plan = self.plan;
        for (index, step) in plan.steps.iter().enumerate() {
            let stage = self.stages.get_mut(index).expect("one for each command");
            match (step, std::mem::replace(stage, Stage::Nothing)) {
                (Step::Sort(keys), Stage::Sort(mut sorted)) => {
                    sorted.sort(keys);
                    for (_, row) in sorted.rows {
                        self.pass(row, index + 1)?;
                    }
                }
                (Step::Stats(stats), Stage::Stats(mut table)) => {
                    for (mut row, aggregates) in table.rows(stats, plan.slots) {
                        let budget = row_budget();
                        for (slot, expr) in &stats.items {
                            let scope = Scope::new(&row, View::Masked, self.environment, &budget);
                            let value = scope.with_aggregates(&aggregates).eval(expr);
                            row.masked[*slot] = value;
                        }
                        self.pass(row, index + 1)?;
                    }
                }
                (_, stage) => self.stages[index] = stage,
            }
        }
        Ok(self.answer)
    }

    /// Sends a row through the commands from an index on.
    fn pass(&mut self, mut row: Row, from: usize) -> Result<(), Failed> {
        let (plan, budget) = (self.plan, row_budget());
        for (index, step) in plan.steps.iter().enumerate().skip(from) {
            self.answer.matched += u64::from(index == self.matched_at && from == 0);
            let scope = Scope::new(&row, View::Masked, self.environment, &budget);
            let stage = self.stages.get_mut(index).expect("one for each command");
            match (step, stage) {
                (Step::Filter(condition), _) => {
                    if !scope.holds(condition) {
                        return Ok(());
                    }
                }
                (Step::Compute(computed), _) => {
                    for view in views(&row) {
                        for (slot, expr) in computed {
                            let scope = Scope::new(&row, view, self.environment, &budget);
                            let value = scope.eval(expr);
                            row.values(view)[*slot] = value;
                        }
                    }
                }
                (Step::Parse(parse), _) => {
                    for view in views(&row) {
                        let scope = Scope::new(&row, view, self.environment, &budget);
                        let found = parse.apply(&scope);
                        for (slot, value) in parse.slots.iter().zip(found) {
                            row.values(view)[*slot] = value;
                        }
                    }
                }
                (Step::Stats(stats), Stage::Stats(table)) => {
                    return table.note(stats, &scope, &mut self.memory);
                }
                (Step::Sort(keys), Stage::Sort(sorted)) => {
                    let values: Vec<_> = keys.iter().map(|(expr, _)| scope.eval(expr)).collect();
                    return sorted.add(keys, values, row, &mut self.memory);
                }
                (Step::Limit(_), Stage::Limit(left)) => match left.checked_sub(1) {
                    Some(less) => *left = less,
                    None => return Ok(()),
                },
                (Step::Dedup(exprs), Stage::Dedup(seen)) => {
                    let values: Vec<_> = exprs.iter().map(|expr| scope.eval(expr)).collect();
                    // What is absent is no duplicate.
                    if !values.iter().any(Value::is_absent) {
                        let key = key_of(&values);
                        self.memory.take(key.size())?;
                        if !seen.insert(key) {
                            return Ok(());
                        }
                    }
                }
                _ => unreachable!("each command has its stage"),
            }
        }
        if self.matched_at == plan.steps.len() {
            self.answer.matched += 1;
        }
        self.show(&row)
    }

    fn show(&mut self, row: &Row) -> Result<(), Failed> {
        if self.answer.rows.len() >= self.limit {
            return Ok(());
        }
        let budget = row_budget();
        let scope = Scope::new(row, View::Masked, self.environment, &budget);
        let values = self.plan.columns.iter().map(|Column { expr, .. }| scope.eval(expr));
        let mut values: Vec<_> = values.collect();
        if self.answer.columns.len() > values.len() {
            values.push(scope.system(System::Ptr));
        }
        let mut cells = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let Some(cell) = shown(&scope, value) else { continue };
            self.memory.take(cell.len() + size_of::<(usize, Cell)>())?;
            self.answer.bytes += cell.len() + size_of::<(usize, Cell)>();
            cells.push((index, cell));
        }
        self.answer.rows.push(cells);
        Ok(())
    }
}

/// A value as it leaves: what was taken from a masked message or made of it is judged once more.
fn shown(scope: &Scope<'_>, value: &Value) -> Option<Cell> {
    let text = value.as_text()?;
    let masked = match value.mark {
        Mark::Derived => scope.judge()(&text),
        Mark::Plain | Mark::Stored | Mark::Open => None,
    };
    Some(Zeroizing::new(masked.unwrap_or_else(|| text.into_owned())))
}

/// The views of a row in which fields are made.
fn views(row: &Row) -> impl Iterator<Item = View> + use<> {
    let original = !row.original.is_empty();
    [View::Masked].into_iter().chain(original.then_some(View::Original))
}

/// How many of the sorted rows the commands behind may ask for.
fn needed(behind: &[Step], limit: usize) -> Option<usize> {
    for step in behind {
        match step {
            Step::Limit(rows) => return Some((*rows).min(limit)),
            Step::Compute(_) | Step::Parse(_) => {}
            Step::Filter(_) | Step::Dedup(_) | Step::Stats(_) | Step::Sort(_) => return None,
        }
    }
    Some(limit)
}

impl Sorted {
    fn add(
        &mut self,
        keys: &[(Expr, bool)],
        values: Vec<Value>,
        row: Row,
        memory: &mut Memory,
    ) -> Result<(), Failed> {
        memory.take(size_of_sorted(&values, &row))?;
        self.rows.push((values, row));
        let full = self.keep.is_some_and(|keep| self.rows.len() >= keep * 2 + 64);
        if full {
            self.sort(keys);
            let keep = self.keep.unwrap_or(usize::MAX);
            for (values, row) in self.rows.drain(keep..) {
                memory.give(size_of_sorted(&values, &row));
            }
        }
        Ok(())
    }

    /// Equal rows stay in the order in which they came.
    fn sort(&mut self, keys: &[(Expr, bool)]) {
        self.rows.sort_by(|(one, _), (other, _)| {
            let orders = keys
                .iter()
                .zip(one.iter().zip(other))
                .map(|((_, descending), (a, b))| if *descending { b.sorts(a) } else { a.sorts(b) });
            orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
    }
}

fn size_of_sorted(values: &[Value], row: &Row) -> usize {
    row.size() + values.iter().map(Value::size).sum::<usize>()
}

impl Parse {
    /// The values of its fields; all are absent when the text is of another form.
    fn apply(&self, scope: &Scope<'_>) -> Vec<Value> {
        let from = scope.eval(&self.from);
        let mark = Mark::of([from.mark]);
        let text = from.as_text();
        let found = text.as_deref().and_then(|text| match &self.by {
            ParseBy::Glob(parts) => {
                let found = glob(text, parts)?;
                Some(found.into_iter().map(|part| scope.part(part, mark)).collect())
            }
            ParseBy::Regex(regex, groups) => {
                let found = regex.groups(text, groups)?;
                let part = |span: Option<crate::span::Span>| {
                    let part = span.and_then(|span| text.get(span.range()));
                    part.map_or(Value::ABSENT, |part| scope.part(part, mark))
                };
                Some(found.into_iter().map(part).collect())
            }
        });
        found.unwrap_or_else(|| vec![Value::ABSENT; self.slots.len()])
    }
}

/// What stands for each asterisk: as little as can be, the last one the rest when nothing follows.
fn glob<'t>(text: &'t str, parts: &[String]) -> Option<Vec<&'t str>> {
    let (first, rest) = parts.split_first()?;
    let mut left = text.get(text.find(first.as_str())? + first.len()..)?;
    let mut found = Vec::with_capacity(rest.len());
    for (index, part) in rest.iter().enumerate() {
        if part.is_empty() && index + 1 == rest.len() {
            found.push(left);
            break;
        }
        let at = left.find(part.as_str())?;
        found.push(left.get(..at)?);
        left = left.get(at + part.len()..)?;
    }
    Some(found)
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} rows, {} columns)", self.rows.len(), self.columns.len())
    }
}
