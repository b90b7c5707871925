//! `bench --worst`: what hurts most, against the log at hand, and whether time grows with length.

use std::hint::black_box;

use logveil_corpora::{Corpus, WORST, Worst, events, one_event};

use super::cases::Case;
use super::measure::{Subject, median, ran};
use super::report::{More, Row, rounded, short};
use crate::output::BOLD;
use crate::table::{Align, table};

/// Length of an ordinary event and of what is timed at a time, in bytes.
const EVENT_BYTES: usize = 200;
const TURN_BYTES: usize = 256 << 10;

/// A long event, and the longest that the service takes.
const LONG_BYTES: usize = 64 << 10;
const LONGEST_BYTES: usize = 1 << 20;

/// What was measured of one pattern.
pub(super) struct Hurt {
    pub(super) name: &'static str,
    /// Events of 200 bytes, of 64 KiB and of 1 MiB, in MB/s.
    pub(super) speeds: [f64; 3],
    /// The slowest of these against the log at hand: the median of the rounds' ratios.
    pub(super) of_clean: f64,
    /// Time per byte of an event of 1 MiB against one of 64 KiB.
    pub(super) growth: f64,
    pub(super) findings: [usize; 3],
}

/// Measures every pattern, beside the beginning of `clean`.
pub(super) fn measure(
    case: &mut Case,
    clean: &Corpus,
    rounds: usize,
    mut step: impl FnMut(),
) -> Vec<Hurt> {
    let clean = clean.pieces(TURN_BYTES).swap_remove(0);
    let one = |worst: &Worst| {
        let hurt = pattern(case, &clean, worst, rounds);
        step();
        hurt
    };
    let mut all: Vec<Hurt> = WORST.iter().map(one).collect();
    all.sort_by(|a, b| a.of_clean.total_cmp(&b.of_clean));
    all
}

fn pattern(case: &mut Case, clean: &Corpus, worst: &Worst, rounds: usize) -> Hurt {
    let short = events(worst, EVENT_BYTES, TURN_BYTES);
    let [long, longest] = [LONG_BYTES, LONGEST_BYTES].map(|bytes| one_event(worst, bytes));
    // As many bytes of each: a longer time is measured better.
    let repeats = LONGEST_BYTES / LONG_BYTES;
    let findings =
        [case.event(&one_event(worst, EVENT_BYTES)), case.event(&long), case.event(&longest)];
    let (mut ratios, mut growths) = (Vec::new(), Vec::new());
    let mut speeds = [Vec::new(), Vec::new(), Vec::new()];
    black_box(case.run(clean));
    for _ in 0..rounds {
        let timed = |bytes: usize, run: &mut dyn FnMut() -> usize| {
            let start = ran();
            black_box(run());
            bytes as f64 / 1e6 / (ran() - start).as_secs_f64().max(1e-9)
        };
        let usual = timed(clean.bytes(), &mut || case.run(clean));
        let turn = [
            timed(short.bytes(), &mut || case.run(&short)),
            timed(long.len() * repeats, &mut || (0..repeats).map(|_| case.event(&long)).sum()),
            timed(longest.len(), &mut || case.event(&longest)),
        ];
        ratios.push(turn.iter().copied().fold(f64::MAX, f64::min) / usual);
        growths.push(turn[1] / turn[2]);
        speeds.iter_mut().zip(turn).for_each(|(all, speed)| all.push(speed));
    }
    Hurt {
        name: worst.name,
        speeds: speeds.map(|mut all| median(&mut all)),
        of_clean: median(&mut ratios),
        growth: median(&mut growths),
        findings,
    }
}

/// The table, the worst first.
pub(super) fn text(all: &[Hurt], clean: &str, identifiers: usize) -> String {
    let row = |hurt: &Hurt| {
        let [short_events, long, longest] = hurt.speeds.map(short);
        [
            hurt.name.to_owned(),
            short_events,
            long,
            longest,
            format!("{}x", short(hurt.of_clean)),
            format!("{}x", short(hurt.growth)),
            hurt.findings[0].to_string(),
        ]
    };
    let head = [
        ("PATTERN", Align::Left),
        ("MB/S", Align::Right),
        ("64 KIB", Align::Right),
        ("1 MIB", Align::Right),
        ("OF LOG", Align::Right),
        ("GROWTH", Align::Right),
        ("FINDINGS", Align::Right),
    ];
    let growth = all.iter().map(|hurt| hurt.growth).fold(0.0, f64::max);
    format!(
        "{BOLD}{identifiers} identifiers, against {clean}{BOLD:#}: MB/s of events of 200 bytes, \
         64 KiB and 1 MiB; the slowest of these against the log; time per byte at 1 MiB against \
         64 KiB; findings in 200 bytes\n{}\nThe worst is {}x, time per byte grows {}x at most.\n",
        table(head, &all.iter().map(row).collect::<Vec<_>>()),
        short(all[0].of_clean),
        short(growth),
    )
}

/// What `--json` prints of a pattern: a line for each length of events.
pub(super) fn rows(hurt: &Hurt, subject: &Subject) -> [Row; 3] {
    let lengths = [("", EVENT_BYTES), (":64KiB", LONG_BYTES), (":1MiB", LONGEST_BYTES)];
    std::array::from_fn(|index| {
        let (suffix, bytes) = lengths[index];
        let (speed, findings) = (hurt.speeds[index], hurt.findings[index]);
        let ns = (bytes as f64 / speed * 1e3).round();
        Row {
            case: subject.name.clone(),
            identifiers: subject.identifiers,
            corpus: format!("worst:{}{suffix}", hurt.name),
            events: 1,
            mb: bytes as f64 / 1e6,
            mb_per_s: rounded(speed, 3),
            ns_p50: ns,
            ns_p99: ns,
            findings,
            compile_ms: rounded(subject.compile_ms, 4),
            policy_bytes: subject.bytes,
            more: More::default(),
        }
    })
}
