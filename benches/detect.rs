//! Detection and masking: bytes per second over whole buffers and line by line.
//!
//! `cargo bench --bench detect`; `LOGVEIL_CORPUS=app.log` adds a file of yours.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logveil::identifier::managed_ids;
use logveil::{DataProtectionPolicy, Masker, Scratch};

mod support;

fn detect(criterion: &mut Criterion) {
    let all: Vec<&str> = managed_ids().collect();
    for (set, identifiers) in [("one", &["Ssn-US"][..]), ("all", &all)] {
        let policy = DataProtectionPolicy::of(identifiers).expect("known identifiers");
        let masker = Masker::new(&[policy]).expect("a valid policy");
        let mut scratch = Scratch::default();
        for corpus in support::corpora() {
            // The answer first: lines alone and the batch find the same, and the clean corpus is.
            let alone: usize =
                corpus.lines().map(|l| masker.mask(l, &mut scratch).detections().len()).sum();
            let batch = masker.mask_batch(&corpus.text, &corpus.records, &mut scratch);
            let batched: usize = batch.hits().map(|(_, masked)| masked.detections().len()).sum();
            assert_eq!(alone, batched);
            assert_eq!(alone == 0, corpus.name == "clean", "{}: {alone}", corpus.name);

            let mut group = criterion.benchmark_group(format!("detect/{set}/{}", corpus.name));
            group.throughput(Throughput::Bytes(corpus.text.len() as u64));
            group.bench_function("batch", |bench| {
                bench.iter(|| {
                    let batch = masker.mask_batch(&corpus.text, &corpus.records, &mut scratch);
                    black_box(batch.as_str().len())
                });
            });
            group.bench_function("lines", |bench| {
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

fn compile(criterion: &mut Criterion) {
    let all: Vec<&str> = managed_ids().collect();
    let policy = DataProtectionPolicy::of(&all).expect("known identifiers");
    let policies = [policy];
    criterion.bench_function("compile/all", |bench| {
        bench.iter(|| Masker::new(black_box(&policies)).expect("a valid policy"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = detect, compile
}
criterion_main!(benches);
