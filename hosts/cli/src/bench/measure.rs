//! Time and memory. What is measured together takes turns, so that a machine that changes its speed
//! does so for all alike.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use logveil_corpora::Corpus;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

use super::cases::Case;
use crate::output::Failure;

/// What a program has in hand at a time, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// Pieces that one case looks through before it is the next one's turn: enough for its tables to
/// come back into the caches.
const TURN_PIECES: usize = 8;

/// Most events of a log that are timed one by one, spread evenly over it, and most rounds of it.
const EVENTS_TIMED_MAX: usize = 10_000;
const EVENT_ROUNDS_MAX: usize = 5;

/// Times that compiling is measured.
const COMPILES: usize = 5;

/// Least time that a comparison of threads takes for each side, in seconds.
const THREADS_SECONDS_MIN: f64 = 0.05;

/// A case that is compiled, and what that cost.
pub(super) struct Subject {
    pub(super) case: Case,
    pub(super) name: String,
    pub(super) identifiers: usize,
    /// The first time in this program, and the median of all.
    pub(super) compile_first_ms: f64,
    pub(super) compile_ms: f64,
    /// What stays allocated, without what others share.
    pub(super) bytes: usize,
    /// What the first use has allocated besides, for all to share.
    pub(super) shared_bytes: usize,
}

impl Subject {
    /// Compiles a case several times. No two live at a time: what equal ones share is made anew.
    pub(super) fn new(
        name: &str,
        identifiers: usize,
        compile: impl Fn() -> Result<Case, Failure>,
    ) -> Result<Self, Failure> {
        let timed = || {
            let region = Region::new(&INSTRUMENTED_SYSTEM);
            let start = Instant::now();
            let case = compile()?;
            let ms = start.elapsed().as_secs_f64() * 1e3;
            let change = region.change();
            let bytes = change.bytes_allocated.saturating_sub(change.bytes_deallocated);
            Ok((case, ms, bytes))
        };
        let (mut case, first, first_bytes) = timed()?;
        let (mut times, mut bytes) = (vec![first], first_bytes);
        for _ in 1..COMPILES {
            drop(case);
            let ms;
            (case, ms, bytes) = timed()?;
            times.push(ms);
        }
        Ok(Self {
            case,
            name: name.to_owned(),
            identifiers,
            compile_first_ms: first,
            compile_ms: median(&mut times),
            bytes,
            shared_bytes: first_bytes.saturating_sub(bytes),
        })
    }
}

/// What was measured of one case on one log.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) mb_per_s: f64,
    /// How many times as fast as the first case of the run: the median of the rounds' ratios.
    pub(super) of_first: f64,
    pub(super) p50_ns: f64,
    pub(super) p99_ns: f64,
    pub(super) max_ns: f64,
    pub(super) findings: usize,
    /// Allocations for each event, called alone, once warm.
    pub(super) allocations: f64,
}

/// Measures all of `subjects` on `corpus`. `step` is called as often as [`steps`] says.
pub(super) fn measure(
    subjects: &mut [Subject],
    corpus: &Corpus,
    rounds: usize,
    mut step: impl FnMut(),
) -> Result<Vec<Measured>, Failure> {
    let pieces = corpus.pieces(PIECE_BYTES);
    let mut all = Vec::new();
    let mut expected = Vec::new();
    for subject in &mut *subjects {
        let findings = subject.case.findings(&pieces)?;
        expected.push(pieces.iter().map(|piece| subject.case.run(piece)).sum::<usize>());
        all.push(Measured { findings, ..Measured::default() });
        step();
    }
    let mb = corpus.bytes() as f64 / 1e6;
    let seconds = turns(subjects, &pieces, &expected, rounds, &mut step)?;
    for (measured, seconds_of) in all.iter_mut().zip(&seconds) {
        let mut ratios: Vec<_> = seconds[0].iter().zip(seconds_of).map(|(a, b)| a / b).collect();
        measured.of_first = median(&mut ratios);
        measured.mb_per_s = mb / median(&mut seconds_of.clone());
    }
    for (measured, subject) in all.iter_mut().zip(subjects) {
        events(&mut subject.case, corpus, rounds.min(EVENT_ROUNDS_MAX), measured);
        step();
    }
    Ok(all)
}

/// How often [`measure`] calls `step`.
pub(super) fn steps(subjects: usize, rounds: usize) -> usize {
    subjects * (rounds + 2)
}

/// Seconds of each case in each round.
fn turns(
    subjects: &mut [Subject],
    pieces: &[Corpus],
    expected: &[usize],
    rounds: usize,
    step: &mut impl FnMut(),
) -> Result<Vec<Vec<f64>>, Failure> {
    let mut seconds = vec![Vec::new(); subjects.len()];
    for _ in 0..rounds {
        let mut round = vec![(Duration::ZERO, 0); subjects.len()];
        for turn in pieces.chunks(TURN_PIECES) {
            for (subject, (time, found)) in subjects.iter_mut().zip(&mut round) {
                // Its tables come back into the caches before the clock runs.
                black_box(subject.case.run(&turn[turn.len() - 1]));
                let start = ran();
                *found += turn.iter().map(|piece| subject.case.run(piece)).sum::<usize>();
                *time += ran() - start;
            }
        }
        for (index, (time, found)) in round.into_iter().enumerate() {
            if found != expected[index] {
                return Err(differs(&subjects[index].name));
            }
            seconds[index].push(time.as_secs_f64());
            step();
        }
    }
    Ok(seconds)
}

fn differs(name: &str) -> Failure {
    Failure::because(format!("{name} found different things in the same log; nothing was measured"))
}

/// Times events one by one: median, 99th percentile and longest of each round, of which the median.
fn events(case: &mut Case, corpus: &Corpus, rounds: usize, measured: &mut Measured) {
    let every = corpus.records.len().div_ceil(EVENTS_TIMED_MAX).max(1);
    let lines: Vec<&str> = corpus.lines().step_by(every).collect();
    let clock = clock_ns();
    let mut each = vec![0.0; lines.len()];
    let mut of_rounds = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for (line, ns) in lines.iter().zip(&mut each) {
            let start = Instant::now();
            black_box(case.event(line));
            *ns = (start.elapsed().as_nanos() as f64 - clock).max(0.0);
        }
        each.sort_unstable_by(f64::total_cmp);
        // The first round warms up.
        if round > 0 {
            for (of_round, share) in of_rounds.iter_mut().zip([0.5, 0.99, 1.0]) {
                of_round.push(each[((each.len() - 1) as f64 * share).round() as usize]);
            }
        }
    }
    [measured.p50_ns, measured.p99_ns, measured.max_ns] =
        of_rounds.map(|mut of_round| median(&mut of_round));
    let region = Region::new(&INSTRUMENTED_SYSTEM);
    for line in &lines {
        black_box(case.event(line));
    }
    measured.allocations = region.change().allocations as f64 / lines.len() as f64;
}

/// How long this thread has run. Time in which other programs had the core is not counted, where
/// the system tells.
pub(super) fn ran() -> Duration {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// What asking the clock twice takes with nothing between, in nanoseconds: the median of many.
pub(super) fn clock_ns() -> f64 {
    let mut times: Vec<f64> =
        (0..10_001).map(|_| Instant::now().elapsed().as_nanos() as f64).collect();
    median(&mut times)
}

/// How many times as fast as one thread `threads` threads are, each with a case of its own and a
/// share of the log, and their MB/s: the medians of the rounds.
pub(super) fn threads(
    cases: &mut [Case],
    corpus: &Corpus,
    rounds: usize,
    mut step: impl FnMut(),
) -> (f64, f64) {
    let pieces = corpus.pieces(PIECE_BYTES);
    let shares: Vec<&[Corpus]> = pieces.chunks(pieces.len().div_ceil(cases.len())).collect();
    let pass = |case: &mut Case, pieces: &[Corpus]| {
        for piece in pieces {
            black_box(case.run(piece));
        }
    };
    let start = Instant::now();
    pass(&mut cases[0], &pieces);
    let passes = (THREADS_SECONDS_MIN / start.elapsed().as_secs_f64()).ceil().max(1.0) as usize;
    let (mut ratios, mut speeds) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        for _ in 0..passes {
            pass(&mut cases[0], &pieces);
        }
        let one = start.elapsed().as_secs_f64();
        let ready = Barrier::new(shares.len() + 1);
        let many = thread::scope(|scope| {
            let workers: Vec<_> = cases
                .iter_mut()
                .zip(&shares)
                .map(|(case, share)| {
                    let ready = &ready;
                    scope.spawn(move || {
                        pass(case, &share[..1]);
                        ready.wait();
                        for _ in 0..passes {
                            pass(case, share);
                        }
                    })
                })
                .collect();
            ready.wait();
            let start = Instant::now();
            for worker in workers {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            start.elapsed().as_secs_f64()
        });
        ratios.push(one / many);
        speeds.push(corpus.bytes() as f64 * passes as f64 / 1e6 / many);
        step();
    }
    (median(&mut ratios), median(&mut speeds))
}

/// The middle one; of an even number, the lower of the two in the middle.
///
/// # Panics
///
/// Panics when there is none.
pub(super) fn median(of: &mut [f64]) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[(of.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(median(&mut [7.0]), 7.0);
    }
}
