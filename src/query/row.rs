//! A row while a query runs: a log event, or what `stats` made, with the fields that the query
//! makes. There are two views of an event, that of its masked text and that of its original; the
//! second is reached through `unmask(field)` only.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::fields::{Lambda, lambda_fields};
use super::json::{Discovered, Judge};
use super::syntax::System;
use super::value::{Datum, Mark, Text, Value};
use crate::arn::LogStreamName;
use crate::limits::{QUERY_EVENT_BYTES_MAX, QUERY_VALUE_BYTES_MAX};
use crate::message::{MaskedMessage, Shown};

/// A log event as the engine hands it over.
pub(crate) struct QueryEvent<'a> {
    /// The index of its log group among those of the query.
    pub(crate) group: usize,
    pub(crate) log_stream: &'a LogStreamName,
    pub(crate) timestamp: i64,
    pub(crate) ingestion_time: i64,
    /// What tells it from others of its time.
    pub(crate) sequence: u64,
    pub(crate) message: &'a MaskedMessage,
    /// What a caller with a grant sees.
    pub(crate) original: Option<&'a Shown>,
}

/// What a query knows of the world.
pub(crate) struct Environment<'a> {
    /// Milliseconds since 1970 UTC, both included.
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) now_ms: i64,
    /// Of each log group its `@log`.
    pub(crate) logs: &'a [String],
    /// Masks a text by the policies in force for a log group, or for all of them.
    pub(crate) judge: &'a dyn Fn(Option<usize>, &str) -> Option<String>,
    /// What leads to an event: its log group, log stream, time and sequence.
    pub(crate) pointer: &'a dyn Fn(usize, &LogStreamName, i64, u64) -> String,
}

/// Which text of an event is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum View {
    Masked,
    Original,
}

/// A log event.
pub(super) struct Event {
    group: usize,
    log_stream: LogStreamName,
    timestamp: i64,
    ingestion_time: i64,
    sequence: u64,
    masked: Side,
    original: Option<Side>,
}

/// One text of an event and what was read from it.
struct Side {
    text: Text,
    discovered: OnceCell<Discovered>,
    lambda: OnceCell<Lambda>,
}

#[derive(Clone)]
pub(super) struct Row {
    /// Absent behind `stats`.
    pub(super) event: Option<Rc<Event>>,
    /// The fields that the query made.
    pub(super) masked: Vec<Value>,
    /// The same of the original; empty unless the query asks for originals.
    pub(super) original: Vec<Value>,
}

impl Side {
    fn new(text: &str) -> Self {
        let text = Rc::new(Zeroizing::new(text.to_owned()));
        Self { text, discovered: OnceCell::new(), lambda: OnceCell::new() }
    }
}

impl Event {
    pub(super) fn new(event: &QueryEvent<'_>) -> Self {
        Self {
            group: event.group,
            log_stream: event.log_stream.clone(),
            timestamp: event.timestamp,
            ingestion_time: event.ingestion_time,
            sequence: event.sequence,
            masked: Side::new(event.message.as_str()),
            original: event.original.map(|shown| Side::new(shown.reveal())),
        }
    }

    fn side(&self, view: View) -> &Side {
        match view {
            View::Masked => &self.masked,
            // An event of which nothing was masked.
            View::Original => self.original.as_ref().unwrap_or(&self.masked),
        }
    }
}

impl Row {
    pub(super) fn of_event(event: Event, slots: usize, unmasks: bool) -> Self {
        let values = || vec![Value::ABSENT; slots];
        let original = if unmasks { values() } else { Vec::new() };
        Self { event: Some(Rc::new(event)), masked: values(), original }
    }

    pub(super) fn of_group(slots: usize) -> Self {
        Self { event: None, masked: vec![Value::ABSENT; slots], original: Vec::new() }
    }

    pub(super) fn group(&self) -> Option<usize> {
        self.event.as_ref().map(|event| event.group)
    }

    /// Its event's place in time; all rows of `stats` have one.
    pub(super) fn place(&self) -> (i64, u64) {
        self.event.as_ref().map_or((0, 0), |event| (event.timestamp, event.sequence))
    }

    pub(super) fn values(&mut self, view: View) -> &mut Vec<Value> {
        match view {
            View::Masked => &mut self.masked,
            View::Original => &mut self.original,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let event = self.event.as_ref().map_or(0, |event| {
            let original = event.original.as_ref().map_or(0, |side| side.text.len());
            size_of::<Event>() + event.masked.text.len() + original
        });
        let values = self.masked.iter().chain(&self.original);
        size_of::<Self>() + event + values.map(Value::size).sum::<usize>()
    }
}

/// Where an expression is evaluated.
pub(super) struct Scope<'a> {
    pub(super) row: &'a Row,
    pub(super) view: View,
    pub(super) environment: &'a Environment<'a>,
    /// What became of the aggregates of `stats`.
    pub(super) aggregates: &'a [Value],
    /// Bytes of text that may still be put together for this row.
    left: &'a Cell<usize>,
}

/// What may be put together for one row.
pub(super) fn row_budget() -> Cell<usize> {
    Cell::new(QUERY_EVENT_BYTES_MAX)
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        row: &'a Row,
        view: View,
        environment: &'a Environment<'a>,
        left: &'a Cell<usize>,
    ) -> Self {
        Self { row, view, environment, aggregates: &[], left }
    }

    pub(super) fn with_view(&self, view: View) -> Scope<'a> {
        Scope { view, ..*self }
    }

    pub(super) fn with_aggregates(&self, aggregates: &'a [Value]) -> Scope<'a> {
        Scope { aggregates, ..*self }
    }

    /// How what comes from the event is marked.
    pub(super) fn mark(&self) -> Mark {
        match self.view {
            View::Masked => Mark::Derived,
            View::Original => Mark::Open,
        }
    }

    pub(super) fn slot(&self, slot: usize) -> Value {
        let values = match self.view {
            View::Masked => &self.row.masked,
            View::Original => &self.row.original,
        };
        values.get(slot).cloned().unwrap_or(Value::ABSENT)
    }

    pub(super) fn system(&self, system: System) -> Value {
        let Some(event) = &self.row.event else { return Value::ABSENT };
        let Environment { logs, pointer, .. } = self.environment;
        match system {
            System::Timestamp => Value::time(event.timestamp, Mark::Plain),
            System::IngestionTime => Value::time(event.ingestion_time, Mark::Plain),
            System::LogStream => Value::text(event.log_stream.as_str(), Mark::Plain),
            System::Log => {
                Value::text(logs.get(event.group).cloned().unwrap_or_default(), Mark::Plain)
            }
            System::Ptr => {
                let Event { group, log_stream, timestamp, sequence, .. } = &**event;
                Value::text(pointer(*group, log_stream, *timestamp, *sequence), Mark::Plain)
            }
            System::Message => {
                let text = Rc::clone(&event.side(self.view).text);
                let mark = if self.view == View::Masked { Mark::Stored } else { Mark::Open };
                Value { datum: Datum::Text(text), mark }
            }
        }
    }

    /// A field that is discovered in the event.
    pub(super) fn discovered(&self, name: &str) -> Value {
        let Some(event) = &self.row.event else { return Value::ABSENT };
        let side = event.side(self.view);
        if name.starts_with('@') && !name.starts_with("@@") {
            let lambda = side.lambda.get_or_init(|| lambda_fields(&side.text));
            let found = lambda.iter().find(|(known, _)| *known == name);
            return found.map_or(Value::ABSENT, |(_, text)| Value::text(text.clone(), self.mark()));
        }
        let discovered = side.discovered.get_or_init(|| Discovered::of(&side.text));
        discovered.get(name, self.mark(), &self.judge())
    }

    pub(super) fn judge(&self) -> impl Fn(&str) -> Option<String> + '_ {
        |text| (self.environment.judge)(self.row.group(), text)
    }

    /// A text that was put together: judged unless the caller may see originals, and absent when
    /// it is too long.
    pub(super) fn made(&self, text: String, mark: Mark) -> Value {
        let text = Zeroizing::new(text);
        if text.len() > QUERY_VALUE_BYTES_MAX || !self.charge(text.len()) {
            return Value::ABSENT;
        }
        let masked = if mark == Mark::Derived { self.judge()(&text) } else { None };
        Value { datum: Datum::Text(Rc::new(masked.map_or(text, Zeroizing::new))), mark }
    }

    /// A text that is a part of another: what holds nothing to mask has no part that does.
    pub(super) fn part(&self, text: &str, mark: Mark) -> Value {
        if self.charge(text.len()) { Value::text(text, mark) } else { Value::ABSENT }
    }

    /// Takes so many bytes of what may be put together for this row; whether they were left.
    pub(super) fn charge(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        left.inspect(|left| self.left.set(*left)).is_some()
    }
}

/// Counts the fields of an event that a query may name, but for those of the system. Names that
/// JSON spells with escapes or that lie inside each other are judged as values are.
pub(crate) fn event_fields(
    message: &MaskedMessage,
    judge: &Judge<'_>,
    names_max: usize,
    counts: &mut BTreeMap<String, u64>,
) {
    let text: Text = Rc::new(Zeroizing::new(message.as_str().to_owned()));
    let lambda = lambda_fields(&text);
    let names = lambda.iter().map(|(name, _)| (*name).to_owned());
    let discovered = Discovered::of(&text);
    let judged = |name: &str| judge(name).unwrap_or_else(|| name.to_owned());
    let mut all: Vec<_> = names.chain(discovered.names().map(judged)).collect();
    all.sort_unstable();
    all.dedup();
    for name in all {
        if counts.len() < names_max || counts.contains_key(&name) {
            *counts.entry(name).or_default() += 1;
        }
    }
}
