//! Commands: text → plan.

use std::collections::HashMap;

use super::reader::Reader;
use super::syntax::{
    Aggregate, Column, Expr, Field, From, Parse, ParseBy, Plan, Stats, Step, System,
};
use crate::error::Error;
use crate::limits::{QUERY_ROWS_MAX, QUERY_STATS_MAX};

/// What the rows at hand are, and so which fields there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    Events,
    /// What `stats` says of one group.
    Items,
    /// The rows behind `stats`.
    Groups,
}

pub(super) struct Parser<'t> {
    pub(super) reader: Reader<'t>,
    pub(super) plan: Plan,
    pub(super) mode: Mode,
    pub(super) depth: usize,
    pub(super) regexes: usize,
    /// The fields that the query has made, by name.
    names: HashMap<String, usize>,
    /// While the items of `stats` are read: what holds outside of them, and their aggregates.
    stats: Option<Outside>,
    shown: Vec<Column>,
    /// The fields that `parse` made.
    parsed: Vec<Column>,
    display: Option<Vec<Column>>,
    has_fields: bool,
    stats_count: usize,
    /// Whether rows were sorted, limited or deduplicated since the last `stats`.
    ordered: bool,
    dedup: bool,
}

struct Outside {
    names: HashMap<String, usize>,
    mode: Mode,
    aggregates: Vec<Aggregate>,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            reader: Reader::new(text),
            plan: Plan { shows_events: true, ..Plan::default() },
            mode: Mode::Events,
            depth: 0,
            regexes: 0,
            names: HashMap::new(),
            stats: None,
            shown: Vec::new(),
            parsed: Vec::new(),
            display: None,
            has_fields: false,
            stats_count: 0,
            ordered: false,
            dedup: false,
        }
    }

    pub(super) fn parse(mut self) -> Result<Plan, Error> {
        while self.reader.peek().is_some() {
            self.command()?;
            if self.reader.peek().is_some() {
                self.reader.expect("|")?;
                if self.reader.peek().is_none() {
                    return Err(self.reader.fault("has to be a command"));
                }
            }
        }
        // Choice: the fields that `parse` makes are shown behind those of `fields`, and a query
        // that chooses none shows these two.
        if !self.has_fields && self.plan.shows_events {
            let system = ["@timestamp", "@message"];
            let columns =
                system.map(|name| Column { name: name.to_owned(), expr: Expr::system(name) });
            self.shown.extend(columns);
        }
        for column in std::mem::take(&mut self.parsed) {
            self.show(column, false);
        }
        self.plan.columns = self.display.take().unwrap_or(self.shown);
        Ok(self.plan)
    }

    fn command(&mut self) -> Result<(), Error> {
        self.reader.peek();
        let (start, word) = (self.reader.at(), self.reader.word());
        let word = word.to_ascii_lowercase();
        // Choice: only `limit` follows `dedup`, as AWS's page says.
        if self.dedup && word != "limit" {
            return Err(self.reader.fault_at(start, "has to be limit, the only one behind dedup"));
        }
        match word.as_str() {
            "fields" => self.fields(),
            "display" => {
                let columns = self.columns()?;
                self.display = Some(columns);
                Ok(())
            }
            "filter" | "where" => {
                let condition = self.expression()?;
                self.plan.steps.push(Step::Filter(condition));
                Ok(())
            }
            "parse" => self.parse_command(),
            "stats" => self.stats(start),
            "sort" => self.sort(),
            "limit" => self.limit(),
            "dedup" => self.dedup(),
            _ => Err(self.reader.fault_at(
                start,
                "has to begin a command: fields, display, filter, parse, stats, sort, limit or \
                 dedup",
            )),
        }
    }

    fn fields(&mut self) -> Result<(), Error> {
        if !self.has_fields && self.mode == Mode::Groups {
            // Choice: fields chosen behind `stats` are shown in place of all that it makes.
            self.shown.clear();
            self.parsed.clear();
        }
        let columns = self.columns()?;
        self.has_fields = true;
        columns.into_iter().for_each(|column| self.show(column, true));
        Ok(())
    }

    /// Shows a column, in place of one of the same name if it is to.
    fn show(&mut self, column: Column, replace: bool) {
        match self.shown.iter_mut().find(|known| known.name == column.name) {
            Some(known) if replace => *known = column,
            Some(_) => {}
            None => self.shown.push(column),
        }
    }

    /// Expressions, each with its name; what is not a field alone is made a field.
    fn columns(&mut self) -> Result<Vec<Column>, Error> {
        let (mut columns, mut computed) = (Vec::new(), Vec::new());
        loop {
            let (name, expr, named) = self.named()?;
            let expr = match expr {
                Expr::Field(field) if !named => Expr::Field(field),
                expr => {
                    let slot = self.slot();
                    computed.push((slot, expr));
                    self.define(&name, named, slot);
                    Expr::slot(&name, slot)
                }
            };
            columns.push(Column { name, expr });
            if !self.reader.eat(",") {
                break;
            }
        }
        if !computed.is_empty() {
            self.plan.steps.push(Step::Compute(computed));
        }
        Ok(columns)
    }

    /// An expression and its name: that behind `as`, or its text.
    fn named(&mut self) -> Result<(String, Expr, bool), Error> {
        self.reader.peek();
        let start = self.reader.at();
        let expr = self.expression()?;
        let text = self.reader.since(start).to_owned();
        if self.reader.eat_word("as") {
            return Ok((self.new_name()?, expr, true));
        }
        let name = match &expr {
            Expr::Field(field) => field.name.clone(),
            _ => text,
        };
        Ok((name, expr, false))
    }

    /// A name for a field that the query makes.
    // Choice: the names of the system keep their meaning.
    fn new_name(&mut self) -> Result<String, Error> {
        self.reader.peek();
        let start = self.reader.at();
        let name = self.reader.name()?;
        if System::named(&name).is_some() {
            return Err(self.reader.fault_at(start, "begins a name that the system has"));
        }
        Ok(name)
    }

    fn slot(&mut self) -> usize {
        self.plan.slots += 1;
        self.plan.slots - 1
    }

    fn define(&mut self, name: &str, named: bool, slot: usize) {
        self.names.insert(if named { name.to_owned() } else { squeezed(name) }, slot);
    }

    /// What a name stands for here.
    pub(super) fn field(&self, name: String, start: usize) -> Result<Field, Error> {
        let dots = name.rmatch_indices('.').map(|(at, _)| name.split_at(at));
        let mut inside =
            dots.filter_map(|(front, rest)| Some((*self.names.get(front)?, rest.get(1..)?)));
        let from = if let Some(slot) = self.names.get(&name) {
            From::Slot(*slot)
        } else if let Some((slot, rest)) = inside.next() {
            From::Inside(slot, rest.split('.').map(str::to_owned).collect())
        } else {
            match self.mode {
                Mode::Events => System::named(&name).map_or(From::Event, From::System),
                Mode::Groups => From::Nothing,
                Mode::Items => {
                    let what = "begins what is neither an aggregate nor named before";
                    return Err(self.reader.fault_at(start, what));
                }
            }
        };
        drop(inside);
        Ok(Field { name, from })
    }

    /// Behind `stats`: the column whose text was read since `start`.
    pub(super) fn known_column(&self, start: usize) -> Option<Expr> {
        let name = self.reader.since(start);
        let slot = self.names.get(&squeezed(name)).filter(|_| self.mode == Mode::Groups)?;
        Some(Expr::slot(name, *slot))
    }

    fn parse_command(&mut self) -> Result<(), Error> {
        let from = match self.reader.peek() {
            Some('"' | '\'' | '/') => Expr::Field(self.field("@message".to_owned(), 0)?),
            _ => self.access()?,
        };
        self.reader.peek();
        let start = self.reader.at();
        let (by, names) = match self.reader.peek() {
            Some('/') => {
                let regex = self.regex()?;
                let (names, groups): (Vec<_>, Vec<_>) = regex.names().into_iter().unzip();
                if names.is_empty() || names.iter().any(|name| System::named(name).is_some()) {
                    let what = "begins a regular expression without a group that has a name";
                    return Err(self.reader.fault_at(start, what));
                }
                (ParseBy::Regex(regex, groups), names)
            }
            Some('"' | '\'') => self.glob(start)?,
            _ => {
                let what = "has to begin a text in quotes or a regular expression";
                return Err(self.reader.fault(what));
            }
        };
        let mut slots = Vec::new();
        for name in names {
            let slot = self.slot();
            slots.push(slot);
            self.define(&name, true, slot);
            self.parsed.retain(|known| known.name != name);
            self.parsed.push(Column { expr: Expr::slot(&name, slot), name });
        }
        self.plan.steps.push(Step::Parse(Parse { from, by, slots }));
        Ok(())
    }

    fn glob(&mut self, start: usize) -> Result<(ParseBy, Vec<String>), Error> {
        let parts: Vec<_> = self.reader.quoted()?.split('*').map(str::to_owned).collect();
        if !self.reader.eat_word("as") {
            return Err(self.reader.fault("has to be as, with a name for each asterisk"));
        }
        let mut names = vec![self.new_name()?];
        while self.reader.eat(",") {
            names.push(self.new_name()?);
        }
        if parts.len() != names.len() + 1 {
            let what = "begins a text that has not one asterisk for each name";
            return Err(self.reader.fault_at(start, what));
        }
        Ok((ParseBy::Glob(parts), names))
    }

    fn stats(&mut self, start: usize) -> Result<(), Error> {
        self.stats_count += 1;
        if self.stats_count > QUERY_STATS_MAX {
            let what = format!("begins one stats more than {QUERY_STATS_MAX}");
            return Err(self.reader.fault_at(start, &what));
        }
        if self.stats_count > 1 && self.ordered {
            let what = "begins a stats behind sort or limit, which follow the last one";
            return Err(self.reader.fault_at(start, what));
        }
        let (names, mode) = (std::mem::take(&mut self.names), self.mode);
        self.stats = Some(Outside { names, mode, aggregates: Vec::new() });
        self.mode = Mode::Items;
        let items = self.items()?;
        let aggregated = std::mem::take(&mut self.names);
        let outside = self.stats.take().expect("set above");
        (self.names, self.mode) = (outside.names, outside.mode);
        let by = if self.reader.eat_word("by") { self.items()? } else { Vec::new() };
        // Only what stats makes is there from here on.
        self.names = aggregated;
        let (mut stats, mut columns) = (Vec::new(), Vec::new());
        for (name, slot, _, named) in &by {
            self.define(name, *named, *slot);
        }
        for (name, slot, ..) in by.iter().chain(&items) {
            columns.push(Column { name: name.clone(), expr: Expr::slot(name, *slot) });
        }
        stats.extend(items.into_iter().map(|(_, slot, expr, _)| (slot, expr)));
        self.plan.steps.push(Step::Stats(Stats {
            aggregates: outside.aggregates,
            items: stats,
            by: by.into_iter().map(|(_, slot, expr, _)| (slot, expr)).collect(),
        }));
        (self.mode, self.plan.shows_events) = (Mode::Groups, false);
        (self.shown, self.display) = (columns, None);
        self.parsed.clear();
        (self.has_fields, self.ordered) = (false, false);
        Ok(())
    }

    /// Expressions with a slot each. The items of `stats` know those before them.
    fn items(&mut self) -> Result<Vec<(String, usize, Expr, bool)>, Error> {
        let mut items = Vec::new();
        loop {
            let (name, expr, named) = self.named()?;
            let slot = self.slot();
            if self.mode == Mode::Items {
                self.define(&name, named, slot);
            }
            items.push((name, slot, expr, named));
            if !self.reader.eat(",") {
                return Ok(items);
            }
        }
    }

    /// Before what an aggregate is of; whether it stands in `stats`.
    pub(super) fn enter_aggregate(&mut self) -> bool {
        let inside = self.mode == Mode::Items;
        if inside {
            self.swap_outside();
        }
        inside
    }

    /// Behind it: the number of the aggregate.
    pub(super) fn leave_aggregate(&mut self, aggregate: Aggregate) -> usize {
        self.swap_outside();
        let aggregates = &mut self.stats.as_mut().expect("an aggregate of stats").aggregates;
        aggregates.push(aggregate);
        aggregates.len() - 1
    }

    fn swap_outside(&mut self) {
        let outside = self.stats.as_mut().expect("an aggregate of stats");
        std::mem::swap(&mut self.names, &mut outside.names);
        std::mem::swap(&mut self.mode, &mut outside.mode);
    }

    // Choice: ascending unless a key says otherwise.
    fn sort(&mut self) -> Result<(), Error> {
        let mut keys = Vec::new();
        loop {
            let key = self.expression()?;
            let descending = self.reader.eat_word("desc");
            if !descending {
                self.reader.eat_word("asc");
            }
            keys.push((key, descending));
            if !self.reader.eat(",") {
                break;
            }
        }
        self.ordered = true;
        self.plan.steps.push(Step::Sort(keys));
        Ok(())
    }

    fn limit(&mut self) -> Result<(), Error> {
        self.reader.eat_word("any");
        self.reader.peek();
        let (start, word) = (self.reader.at(), self.reader.word());
        let rows = word.parse().ok().filter(|rows| (1..=QUERY_ROWS_MAX).contains(rows));
        let what = "has to begin a number of rows, from 1 to 100000";
        let rows = rows.ok_or_else(|| self.reader.fault_at(start, what))?;
        self.ordered = true;
        self.plan.steps.push(Step::Limit(rows));
        Ok(())
    }

    fn dedup(&mut self) -> Result<(), Error> {
        let mut keys = vec![self.expression()?];
        while self.reader.eat(",") {
            keys.push(self.expression()?);
        }
        (self.ordered, self.dedup) = (true, true);
        self.plan.steps.push(Step::Dedup(keys));
        Ok(())
    }
}

/// A text without blanks, as which the name of an expression is found again.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
