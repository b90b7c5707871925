//! Detection and masking: bytes per second over whole buffers and event by event, the worst
//! inputs, and compiling.
//!
//! `cargo bench --bench detect`; `LOGVEIL_CORPUS=app.log` takes a file of yours for the sample log.
//! `logveil bench` measures the same in turns and compares with others.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logveil::identifier::managed_ids;
use logveil::{DataProtectionPolicy, Masker, Scratch};
use logveil_corpora::{Corpus, TEN, WORST, events, one_event, with_customs};

mod support;

/// What a program has in hand at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Found by lists of words, at a price of their own.
const BY_LISTS: [&str; 2] = ["Name", "Address"];

fn sets() -> [(&'static str, Vec<&'static str>); 4] {
    [
        ("one", vec!["EmailAddress"]),
        ("ten", TEN.to_vec()),
        ("shapes", managed_ids().filter(|name| !BY_LISTS.contains(name)).collect()),
        ("all", managed_ids().collect()),
    ]
}

fn masker(identifiers: &[&str]) -> Masker {
    let policy = DataProtectionPolicy::of(identifiers).expect("known identifiers");
    Masker::new(&[policy]).expect("a valid policy")
}

/// Values in all events, which are the same alone and together.
fn findings(masker: &Masker, pieces: &[Corpus], scratch: &mut Scratch) -> usize {
    let mut all = 0;
    for piece in pieces {
        let alone: usize =
            piece.lines().map(|line| masker.mask(line, scratch).detections().len()).sum();
        let batch = masker.mask_batch(&piece.text, &piece.records, scratch);
        let together: usize = batch.hits().map(|(_, masked)| masked.detections().len()).sum();
        assert_eq!(alone, together, "{}", piece.name);
        all += alone;
    }
    assert_eq!(masker.failed_judgements(), 0);
    all
}

fn detect(criterion: &mut Criterion) {
    let corpora = support::corpora();
    for (set, identifiers) in sets() {
        let masker = masker(&identifiers);
        let mut scratch = Scratch::default();
        for corpus in &corpora {
            let pieces = corpus.pieces(PIECE_BYTES);
            // The answer first: the same every time, and nothing in what is clean.
            let found = findings(&masker, &pieces, &mut scratch);
            assert_eq!(found, findings(&masker, &pieces, &mut scratch));
            assert!(corpus.name != "clean" || found == 0, "{found} values in a clean log");
            assert!(corpus.name != "hostile" || found > 0, "no value in a hostile text");

            let mut group = criterion.benchmark_group(format!("detect/{set}/{}", corpus.name));
            group.throughput(Throughput::Bytes(corpus.bytes() as u64));
            group.bench_function("buffers", |bench| {
                bench.iter(|| {
                    for piece in &pieces {
                        let batch = masker.mask_batch(&piece.text, &piece.records, &mut scratch);
                        black_box(batch.as_str().len());
                    }
                });
            });
            group.bench_function("single events", |bench| {
                bench.iter(|| {
                    for line in corpus.lines() {
                        black_box(masker.mask(line, &mut scratch).as_str().len());
                    }
                });
            });
            group.finish();
        }
    }
}

fn worst(criterion: &mut Criterion) {
    let masker = masker(&managed_ids().collect::<Vec<_>>());
    let mut scratch = Scratch::default();
    for worst in WORST {
        let pieces = [events(worst, 200, PIECE_BYTES)];
        let long = one_event(worst, PIECE_BYTES);
        // The answer first: a line is judged like the first of many.
        let of_line = masker.mask(&one_event(worst, 200), &mut scratch).detections().len();
        let found = findings(&masker, &pieces, &mut scratch);
        assert_eq!(found, of_line * pieces[0].records.len(), "{}", worst.name);

        let mut group = criterion.benchmark_group(format!("worst/{}", worst.name));
        group.warm_up_time(Duration::from_millis(200));
        group.measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Bytes(PIECE_BYTES as u64));
        group.bench_function("events of 200 bytes", |bench| {
            bench.iter(|| {
                let [piece] = &pieces;
                let batch = masker.mask_batch(&piece.text, &piece.records, &mut scratch);
                black_box(batch.as_str().len())
            });
        });
        group.bench_function("an event of 64 KiB", |bench| {
            bench.iter(|| black_box(masker.mask(&long, &mut scratch).as_str().len()));
        });
        group.finish();
    }
}

/// From the text of a policy to what is ready to mask.
fn compile(criterion: &mut Criterion) {
    for (name, identifiers, customs) in sets()
        .into_iter()
        .map(|(name, identifiers)| (name, identifiers, false))
        .chain([("all and ten custom", managed_ids().collect(), true)])
    {
        let document = if customs {
            with_customs(&identifiers)
        } else {
            let policy = DataProtectionPolicy::of(&identifiers).expect("known identifiers");
            policy.document().to_owned()
        };
        let compiled = || {
            let policy = DataProtectionPolicy::parse(black_box(&document)).expect("a valid policy");
            Masker::new(&[policy]).expect("a valid policy")
        };
        // The answer first: what is compiled masks. Two of the custom ones match.
        let mut scratch = Scratch::default();
        let text = "jane@example.com employee EMP-123456";
        let found = compiled().mask(text, &mut scratch).detections().len();
        assert_eq!(found, if customs { 3 } else { 1 });
        criterion.bench_function(&format!("compile/{name}"), |bench| bench.iter(compiled));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = detect, worst, compile
}
criterion_main!(benches);
