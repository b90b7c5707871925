//! What `bench` prints.

use serde::Serialize;

use super::measure::{Measured, Subject};
use crate::output::BOLD;
use crate::table::{Align, table};

/// One line of `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) case: String,
    pub(super) identifiers: usize,
    pub(super) corpus: String,
    pub(super) events: usize,
    pub(super) mb: f64,
    pub(super) mb_per_s: f64,
    pub(super) ns_p50: f64,
    pub(super) ns_p99: f64,
    pub(super) findings: usize,
    pub(super) compile_ms: f64,
    pub(super) policy_bytes: usize,
    /// What only people read.
    #[serde(skip)]
    pub(super) more: More,
}

/// What a [`Row`] tells besides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct More {
    pub(super) of_first: f64,
    pub(super) max_ns: f64,
    pub(super) allocations: f64,
    pub(super) compile_first_ms: f64,
    pub(super) shared_bytes: usize,
}

impl Row {
    pub(super) fn new(
        subject: &Subject,
        corpus: &logveil_corpora::Corpus,
        measured: &Measured,
    ) -> Self {
        Self {
            case: subject.name.clone(),
            identifiers: subject.identifiers,
            corpus: corpus.name.clone(),
            events: corpus.records.len(),
            mb: rounded(corpus.bytes() as f64 / 1e6, 6),
            mb_per_s: rounded(measured.mb_per_s, 3),
            ns_p50: measured.p50_ns.round(),
            ns_p99: measured.p99_ns.round(),
            findings: measured.findings,
            compile_ms: rounded(subject.compile_ms, 4),
            policy_bytes: subject.bytes,
            more: More {
                of_first: measured.of_first,
                max_ns: measured.max_ns,
                allocations: measured.allocations,
                compile_first_ms: subject.compile_first_ms,
                shared_bytes: subject.shared_bytes,
            },
        }
    }

    /// The row as a line of JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("our own shapes can be written") + "\n"
    }
}

pub(super) fn rounded(number: f64, digits: i32) -> f64 {
    let power = 10_f64.powi(digits);
    (number * power).round() / power
}

/// A number in as many digits as mean something.
pub(super) fn short(number: f64) -> String {
    match number {
        _ if number >= 100.0 => format!("{number:.0}"),
        _ if number >= 10.0 => format!("{number:.1}"),
        _ if number >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// Bytes, as people read them.
fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// How fast each case is on one log.
pub(super) fn speeds(rows: &[&Row], clock_ns: f64, rounds: usize) -> String {
    let row = |row: &&Row| {
        [
            row.case.clone(),
            row.identifiers.to_string(),
            short(row.mb_per_s),
            format!("{}x", short(row.more.of_first)),
            row.ns_p50.to_string(),
            row.ns_p99.to_string(),
            row.more.max_ns.round().to_string(),
            short(row.more.allocations),
            row.findings.to_string(),
        ]
    };
    let head = [
        ("CASE", Align::Left),
        ("IDENTIFIERS", Align::Right),
        ("MB/S", Align::Right),
        ("OF FIRST", Align::Right),
        ("P50 NS", Align::Right),
        ("P99 NS", Align::Right),
        ("MAX NS", Align::Right),
        ("ALLOCATIONS", Align::Right),
        ("FINDINGS", Align::Right),
    ];
    let (corpus, events, mb) = (&rows[0].corpus, rows[0].events, rows[0].mb);
    format!(
        "{BOLD}{corpus}{BOLD:#}: {events} events, {mb:.2} MB, one core's running time, median of \
         {rounds}; ns and \
         allocations of one event, {clock_ns:.0} ns of clock taken off\n{}",
        table(head, &rows.iter().map(row).collect::<Vec<_>>())
    )
}

/// What each case costs before it looks at anything.
pub(super) fn costs(rows: &[Row]) -> String {
    let row = |row: &Row| {
        [
            row.case.clone(),
            row.identifiers.to_string(),
            short(row.compile_ms),
            short(row.more.compile_first_ms),
            size(row.policy_bytes),
            size(row.more.shared_bytes),
        ]
    };
    let head = [
        ("CASE", Align::Left),
        ("IDENTIFIERS", Align::Right),
        ("COMPILE MS", Align::Right),
        ("THE FIRST", Align::Right),
        ("MEMORY", Align::Right),
        ("SHARED", Align::Right),
    ];
    let costs = table(head, &rows.iter().map(row).collect::<Vec<_>>());
    let tables = size(logveil::tables_bytes());
    format!("{costs}Tables of all managed identifiers, part of the program: {tables}\n")
}
