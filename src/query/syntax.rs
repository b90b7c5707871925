//! What a query says: the tree that is parsed once and evaluated for every log event.

use super::function::Function;
use super::regex::QueryRegex;
use super::time::Period;

/// A query, compiled.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// What is shown.
    pub(super) columns: Vec<Column>,
    /// How many fields the query makes.
    pub(super) slots: usize,
    /// Whether the rows that are shown are log events.
    pub(super) shows_events: bool,
    pub(super) unmasks: bool,
}

/// A field of the answer.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) expr: Expr,
}

/// What a command does to rows.
pub(super) enum Step {
    /// Makes a field of each expression.
    Compute(Vec<(usize, Expr)>),
    Filter(Expr),
    Parse(Parse),
    Stats(Stats),
    /// Keys, and whether each is sorted descending.
    Sort(Vec<(Expr, bool)>),
    Limit(usize),
    Dedup(Vec<Expr>),
}

/// `parse field "glob" as a, b` or `parse field /regex/`.
pub(super) struct Parse {
    pub(super) from: Expr,
    pub(super) by: ParseBy,
    /// The fields that it makes.
    pub(super) slots: Vec<usize>,
}

pub(super) enum ParseBy {
    /// What stands between the asterisks: one part more than there are fields.
    Glob(Vec<String>),
    /// The groups of the fields.
    Regex(QueryRegex, Vec<usize>),
}

/// `stats a, b by c, d`.
pub(super) struct Stats {
    pub(super) aggregates: Vec<Aggregate>,
    /// The expressions over the aggregates, each with its field.
    pub(super) items: Vec<(usize, Expr)>,
    pub(super) by: Vec<(usize, Expr)>,
}

pub(super) struct Aggregate {
    pub(super) kind: AggregateKind,
    /// Absent for `count(*)`.
    pub(super) of: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AggregateKind {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    /// The percentile from 0 to 100.
    Pct(f64),
    Stddev,
    Variance,
    Earliest,
    Latest,
    SortsFirst,
    SortsLast,
}

pub(super) enum Expr {
    Number(f64),
    Text(String),
    Field(Field),
    /// What an access leads to in a map or a list.
    Path(Box<Expr>, Vec<String>),
    /// The original of a field.
    Unmask(Box<Expr>),
    Call(Function, Vec<Expr>),
    /// A time rounded to a period, down or up.
    Round(Box<Expr>, Period, bool),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Contains(Box<Expr>, Box<Expr>, bool),
    Matches(Box<Expr>, QueryRegex, bool),
    In(Box<Expr>, Vec<Expr>, bool),
    Replace(Box<Expr>, QueryRegex, Box<Expr>),
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// What became of an aggregate of the same `stats`.
    Aggregate(usize),
}

/// A field by its name.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) from: From,
}

#[derive(Clone)]
pub(super) enum From {
    /// The query made it.
    Slot(usize),
    /// The query made a map or a list, and the field is in it.
    Inside(usize, Vec<String>),
    System(System),
    /// A log event may have it.
    Event,
    /// Nothing has it: behind `stats` there are no events.
    Nothing,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum System {
    Message,
    Timestamp,
    IngestionTime,
    LogStream,
    Log,
    Ptr,
}

impl System {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("@message", Self::Message),
        ("@timestamp", Self::Timestamp),
        ("@ingestionTime", Self::IngestionTime),
        ("@logStream", Self::LogStream),
        ("@log", Self::Log),
        ("@ptr", Self::Ptr),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, system)| *system)
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Remainder,
}

impl Expr {
    pub(super) fn system(name: &str) -> Self {
        let from = System::named(name).map_or(From::Event, From::System);
        Self::Field(Field { name: name.to_owned(), from })
    }

    pub(super) fn slot(name: &str, slot: usize) -> Self {
        Self::Field(Field { name: name.to_owned(), from: From::Slot(slot) })
    }

    /// How deeply it is nested, and whether that is no more than so deep: evaluating it takes as
    /// much stack.
    pub(super) fn fits(&self, depth: usize) -> bool {
        depth > 0 && self.children().into_iter().all(|child| child.fits(depth - 1))
    }

    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Field(_) | Self::Aggregate(_) => Vec::new(),
            Self::Path(one, _)
            | Self::Unmask(one)
            | Self::Round(one, ..)
            | Self::Matches(one, ..)
            | Self::Not(one) => vec![one],
            Self::Compare(_, one, other)
            | Self::Contains(one, other, _)
            | Self::Replace(one, _, other)
            | Self::Arithmetic(_, one, other) => vec![one, other],
            Self::In(one, others, _) => {
                let mut all = vec![&**one];
                all.extend(others);
                all
            }
            Self::Call(_, all) | Self::All(all) | Self::Any(all) => all.iter().collect(),
        }
    }
}
