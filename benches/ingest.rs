//! Ingestion: `put_log_events` in memory against masking alone, events of about 200 bytes; with a
//! subscription that gets every event, the time of gzip apart.
//!
//! `cargo bench --bench ingest`. First a table of ratios, measured in turns: compare these; the
//! figures that follow are taken minutes apart. A batch is judged on all cores, masking alone on
//! one: `RAYON_NUM_THREADS=1` compares one core with one.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use logveil::identifier::managed_ids;
use logveil::{
    DataProtectionPolicy, Destination, Engine, GetLogEvents, InMemory, Masker,
    PutDataProtectionPolicy, PutLogEvents, Scratch,
};

#[path = "support/engine.rs"]
mod bench_engine;
mod support;

use bench_engine::{batch, documents, engine, group, gzip, stream, subscribe};

const BATCH: usize = 1000;
const EVENT_BYTES: usize = 200;

/// Rounds of the table of ratios.
const ROUNDS: usize = 31;

/// A pattern that no event matches.
const NEVER: &str = "kanarienvogel";

/// An engine under `policy`, with a subscription of that pattern.
fn prepared(policy: &DataProtectionPolicy, pattern: Option<&str>) -> (Engine, Arc<InMemory>) {
    let destination = Arc::new(InMemory::default());
    let engine = engine(Arc::clone(&destination) as Arc<dyn Destination>);
    let request = PutDataProtectionPolicy {
        log_group_identifier: "/bench".to_owned(),
        policy_document: policy.document().to_owned(),
    };
    engine.put_data_protection_policy(request).expect("a valid policy");
    if let Some(pattern) = pattern {
        subscribe(&engine, pattern);
    }
    (engine, destination)
}

/// A batch for a log stream that was emptied: memory does not grow from round to round.
fn fresh(engine: &Engine, lines: &[&str]) -> PutLogEvents {
    engine.delete_log_stream(&group(), &stream()).expect("a stream that is there");
    engine.create_log_stream(&group(), &stream()).expect("a new stream");
    batch(lines)
}

/// The lines of a log in a row, cut into events of [`EVENT_BYTES`].
fn events(lines: &[&str]) -> Vec<String> {
    let joined = lines.join(" ");
    let mut rest = joined.as_str();
    let mut events = Vec::new();
    while rest.len() > EVENT_BYTES && events.len() < BATCH {
        let (event, after) = rest.split_at(rest.floor_char_boundary(EVENT_BYTES));
        events.push(event.to_owned());
        rest = after;
    }
    events
}

/// The answer first: what is read back is what masking alone shows.
fn check(policy: &DataProtectionPolicy, masker: &Masker, lines: &[&str]) {
    let (engine, _) = prepared(policy, None);
    engine.put_log_events(batch(lines)).expect("a valid batch");
    let mut request = GetLogEvents::new(group(), stream());
    request.start_from_head = true;
    let read = engine.get_log_events(&request).expect("a group that is there");
    assert_eq!(read.events.len(), lines.len());
    let mut scratch = Scratch::default();
    for (event, line) in read.events.iter().zip(lines) {
        assert!(event.message.reveal() == masker.mask(line, &mut scratch).as_str());
    }
}

/// The documents that a subscription to everything delivers, unpacked.
fn delivered(policy: &DataProtectionPolicy, lines: &[&str]) -> Vec<Vec<u8>> {
    let (engine, destination) = prepared(policy, Some(""));
    engine.put_log_events(batch(lines)).expect("a valid batch");
    engine.deliver_pending();
    documents(&destination)
}

fn mask_all(masker: &Masker, lines: &[&str], scratch: &mut Scratch) {
    for line in lines {
        black_box(masker.mask(line, scratch).as_str().len());
    }
}

/// Puts in turns with masking alone, and prints how they compare.
fn ratios(_: &mut Criterion) {
    let policy = all_identifiers();
    let masker = Masker::new(std::slice::from_ref(&policy)).expect("a valid policy");
    let mut scratch = Scratch::default();
    let mut table = format!("put_log_events, {BATCH} events of {EVENT_BYTES} bytes, in turns\n");
    for corpus in support::corpora() {
        let events = events(&corpus.lines().collect::<Vec<_>>());
        let lines: Vec<&str> = events.iter().map(String::as_str).collect();
        check(&policy, &masker, &lines);
        let documents = delivered(&policy, &lines);
        let engines = [(1, None), (2, Some(NEVER)), (3, Some(""))]
            .map(|(index, pattern)| (index, prepared(&policy, pattern).0));
        let mut seconds: [Vec<f64>; 5] = Default::default();
        for _ in 0..ROUNDS {
            let mut timed = |index: usize, run: &mut dyn FnMut()| {
                let start = Instant::now();
                run();
                seconds[index].push(start.elapsed().as_secs_f64());
            };
            timed(0, &mut || mask_all(&masker, &lines, &mut scratch));
            for (index, engine) in &engines {
                let mut request = Some(fresh(engine, &lines));
                timed(*index, &mut || {
                    let request = request.take().expect("timed once");
                    engine.put_log_events(request).expect("a valid batch");
                    if *index == 3 {
                        black_box(engine.deliver_pending());
                    }
                });
            }
            timed(4, &mut || assert!(black_box(gzip(&documents)) > 0));
        }
        let [mask, put, unmatched, with, gzip] = seconds.map(|mut all| {
            all.sort_unstable_by(f64::total_cmp);
            all[ROUNDS / 2]
        });
        let bytes: usize = lines.iter().map(|line| line.len()).sum();
        let mb_per_s = |seconds: f64| bytes as f64 / 1e6 / seconds;
        table += &format!(
            "{:>8}: mask {:.1} MB/s; put {:.1} ({:.2}x of mask); put, a subscription that matches \
             nothing {:.1} ({:.2}x); put and deliver {:.1}, of its time gzip {:.0} %, the rest \
             {:.2} times a put without\n",
            corpus.name,
            mb_per_s(mask),
            mb_per_s(put),
            mask / put,
            mb_per_s(unmatched),
            mask / unmatched,
            mb_per_s(with),
            gzip / with * 100.0,
            (with - gzip) / put,
        );
    }
    std::io::stdout().write_all(table.as_bytes()).expect("stdout");
}

fn all_identifiers() -> DataProtectionPolicy {
    let all: Vec<&str> = managed_ids().collect();
    DataProtectionPolicy::of(&all).expect("known identifiers")
}

fn ingest(criterion: &mut Criterion) {
    let policy = all_identifiers();
    let masker = Masker::new(std::slice::from_ref(&policy)).expect("a valid policy");
    let mut scratch = Scratch::default();
    for corpus in support::corpora() {
        let events = events(&corpus.lines().collect::<Vec<_>>());
        let lines: Vec<&str> = events.iter().map(String::as_str).collect();
        let bytes: usize = lines.iter().map(|line| line.len()).sum();
        check(&policy, &masker, &lines);
        let documents = delivered(&policy, &lines);

        let mut bench = criterion.benchmark_group(format!("ingest/{}", corpus.name));
        bench.throughput(Throughput::Bytes(bytes as u64));
        bench.bench_function("mask alone", |bench| {
            bench.iter(|| mask_all(&masker, &lines, &mut scratch));
        });
        let subscriptions =
            [("put", None), ("put, no match", Some(NEVER)), ("put and deliver", Some(""))];
        for (name, pattern) in subscriptions {
            let (engine, _) = prepared(&policy, pattern);
            bench.bench_function(name, |bench| {
                let put = |batch| {
                    engine.put_log_events(batch).expect("a valid batch");
                    if pattern == Some("") {
                        black_box(engine.deliver_pending());
                    }
                };
                bench.iter_batched(|| fresh(&engine, &lines), put, BatchSize::PerIteration);
            });
        }
        bench.bench_function("gzip of what is delivered", |bench| {
            bench.iter(|| black_box(gzip(&documents)));
        });
        bench.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = ratios, ingest
}
criterion_main!(benches);
