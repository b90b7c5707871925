//! What goes out: filter patterns of one log group, 1, 5 and 100 of them, and payloads against
//! plain gzip of the same bytes.
//!
//! `cargo bench --bench deliver`. First a table of the shortest times that the thread ran: compare
//! its ratios; the figures that follow are taken minutes apart. `LOGVEIL_CORPUS` names the log
//! whose words are the terms.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use logveil::{Destination, Engine, FilterPattern, FilterPatterns, InMemory};
use rustix::time::{ClockId, clock_gettime};

#[path = "support/engine.rs"]
mod bench_engine;
mod support;

use bench_engine::{batch, documents, engine, group, gzip, stream, subscribe};

const COUNTS: [usize; 3] = [1, 5, 100];

/// Rounds of the table.
const ROUNDS: usize = 15;

/// Events, and a hundred patterns to filter them with.
struct Case {
    name: &'static str,
    events: Vec<String>,
    patterns: Vec<String>,
}

fn cases() -> Vec<Case> {
    let corpus = support::corpora().swap_remove(0);
    let lines: Vec<String> = corpus.lines().map(str::to_owned).collect();
    let words = words(&lines);
    let json: Vec<String> = lines.iter().enumerate().map(|(at, line)| object(at, line)).collect();
    let each = |make: &dyn Fn(usize, &str) -> String| {
        words.iter().enumerate().map(|(at, word)| make(at, word)).collect::<Vec<_>>()
    };
    let case =
        |name, events: &Vec<String>, patterns| Case { name, events: events.clone(), patterns };
    vec![
        case("terms", &lines, each(&|_, word| word.to_owned())),
        case(
            "terms, and fields of lines",
            &lines,
            each(&|at, word| match at % 3 {
                0 => format!("\"{word}\" -debug"),
                1 => format!("?{word} ?{word}{at}"),
                _ => format!("[first, ..., last = *{word}*]"),
            }),
        ),
        case(
            "JSON: a word in a field",
            &json,
            each(&|_, word| format!("{{ $.level = WARN && $.message = \"*{word}*\" }}")),
        ),
        case(
            "JSON: one of them takes each event",
            &json,
            each(&|at, _| format!("{{ $.service = \"service-{at:02}\" && $.status >= 200 }}")),
        ),
        case("JSON: numbers alone", &json, each(&|at, _| format!("{{ $.ms > {} }}", 10_000 + at))),
    ]
}

/// A hundred words, each of them in a hundredth of the lines at most.
fn words(lines: &[String]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in lines.iter().flat_map(|line| line.split(|c: char| !c.is_ascii_alphabetic())) {
        *counts.entry(word).or_default() += 1;
    }
    let seldom = |(word, count): &(&str, usize)| word.len() >= 5 && *count <= lines.len() / 100;
    let mut words: Vec<_> = counts.into_iter().filter(seldom).collect();
    words.sort_unstable_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    let known = words.into_iter().map(|(word, _)| word.to_owned());
    known.chain((0..100).map(|number| format!("absent{number:02}"))).take(100).collect()
}

fn object(at: usize, line: &str) -> String {
    let level = ["INFO", "INFO", "INFO", "WARN"][at % 4];
    let members = serde_json::json!({
        "time": "2026-03-02T08:14:11.400Z",
        "level": level,
        "service": format!("service-{:02}", at * 7 % 100),
        "status": 200 + at % 300,
        "ms": at % 900,
        "message": line,
    });
    members.to_string()
}

fn compiled(patterns: &[String]) -> Vec<FilterPattern> {
    let compile = |text: &String| FilterPattern::parse(text).expect("a valid pattern");
    patterns.iter().map(compile).collect()
}

/// How often one of the patterns selects one of the events.
fn selected(patterns: &FilterPatterns, events: &[String]) -> usize {
    let mut count = 0;
    events.iter().for_each(|event| patterns.matching_text(event, |_| count += 1));
    count
}

/// The answer first: together they select what each selects alone.
fn prepared(case: &Case, count: usize) -> FilterPatterns {
    let alone = compiled(&case.patterns[..count]);
    let by_each = |event: &String| alone.iter().filter(|it| it.matches_text(event)).count();
    let expected: usize = case.events.iter().map(by_each).sum();
    let together = FilterPatterns::new(alone);
    assert_eq!(selected(&together, &case.events), expected, "{}", case.name);
    together
}

fn bytes(events: &[String]) -> usize {
    events.iter().map(String::len).sum()
}

/// An engine that waits to deliver a batch.
fn waiting(lines: &[&str]) -> (Engine, Arc<InMemory>) {
    let destination = Arc::new(InMemory::default());
    let engine = engine(Arc::clone(&destination) as Arc<dyn Destination>);
    subscribe(&engine, "");
    engine.put_log_events(batch(lines)).expect("a valid batch");
    (engine, destination)
}

/// As many lines as a batch takes.
fn of_one_batch(events: &[String]) -> Vec<&str> {
    let mut left = 900_000_usize;
    let fits = |line: &&str| {
        left = left.saturating_sub(line.len() + 26);
        left > 0
    };
    events.iter().map(String::as_str).take(9_000).take_while(fits).collect()
}

/// The shortest of all rounds.
fn shortest(run: &mut dyn FnMut() -> f64) -> f64 {
    (0..ROUNDS).map(|_| run()).fold(f64::MAX, f64::min)
}

/// For how long the thread ran.
fn seconds<T>(run: impl FnOnce() -> T) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let start = now();
    black_box(run());
    now() - start
}

fn ratios(_: &mut Criterion) {
    let cases = cases();
    let mut table: String = cases.iter().map(filters_of).collect();
    table += &payloads_of(&cases[0]);
    table += &payloads_of(&cases[2]);
    std::io::stdout().write_all(table.as_bytes()).expect("stdout");
}

fn filters_of(case: &Case) -> String {
    let mb = bytes(&case.events) as f64 / 1e6;
    // One filter is the mean of several: one alone may be a lucky one.
    let some = compiled(&case.patterns).into_iter().step_by(20);
    let some: Vec<_> = some.map(|pattern| FilterPatterns::new([pattern])).collect();
    let all = || some.iter().map(|it| selected(it, &case.events)).sum::<usize>();
    let one = shortest(&mut || seconds(all)) / some.len() as f64;
    let mut row = format!("{}: 1 filter {:.0} MB/s", case.name, mb / one);
    for count in COUNTS.into_iter().skip(1) {
        let together = prepared(case, count);
        let time = shortest(&mut || seconds(|| selected(&together, &case.events)));
        row += &format!(", {count} {:.0} ({:.1}x of the time)", mb / time, time / one);
    }
    row + "\n"
}

fn payloads_of(case: &Case) -> String {
    let lines = of_one_batch(&case.events);
    let (engine, destination) = waiting(&lines);
    engine.deliver_pending();
    let documents = documents(&destination);
    assert!(documents.iter().map(Vec::len).sum::<usize>() > lines.iter().map(|it| it.len()).sum());
    let mb = documents.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let mut encoded = f64::MAX;
    let plain = shortest(&mut || {
        let (engine, _) = waiting(&lines);
        encoded = encoded.min(seconds(|| engine.deliver_pending()));
        seconds(|| gzip(&documents))
    });
    format!(
        "payloads of \"{}\": {:.0} MB/s, plain gzip of the same bytes {:.0} ({:.2}x of the time)\n",
        case.name,
        mb / encoded,
        mb / plain,
        encoded / plain,
    )
}

fn filters(criterion: &mut Criterion) {
    for case in &cases() {
        let mut bench = criterion.benchmark_group(format!("filters/{}", case.name));
        bench.throughput(Throughput::Bytes(bytes(&case.events) as u64));
        for count in COUNTS {
            let together = prepared(case, count);
            bench.bench_function(count.to_string(), |bench| {
                bench.iter(|| selected(&together, &case.events));
            });
        }
        bench.finish();
    }
}

fn payloads(criterion: &mut Criterion) {
    let case = cases().swap_remove(0);
    let lines = of_one_batch(&case.events);
    let (engine, destination) = waiting(&lines);
    engine.deliver_pending();
    let documents = documents(&destination);
    let mut bench = criterion.benchmark_group("payloads");
    bench.throughput(Throughput::Bytes(documents.iter().map(Vec::len).sum::<usize>() as u64));
    bench.bench_function("encode", |bench| {
        let put = || {
            engine.delete_log_stream(&group(), &stream()).expect("a stream that is there");
            engine.create_log_stream(&group(), &stream()).expect("a new stream");
            engine.put_log_events(batch(&lines)).expect("a valid batch");
        };
        bench.iter_batched(put, |()| engine.deliver_pending(), BatchSize::PerIteration);
    });
    bench.bench_function("plain gzip", |bench| bench.iter(|| gzip(&documents)));
    bench.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = ratios, filters, payloads
}
criterion_main!(benches);
