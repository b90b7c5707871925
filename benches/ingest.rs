//! Ingestion: `put_log_events` in memory against masking alone, events of about 200 bytes.
//!
//! `cargo bench --bench ingest`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use logveil::identifier::managed_ids;
use logveil::{
    DataProtectionPolicy, Engine, GetLogEvents, InMemory, Masker, PutDataProtectionPolicy,
    PutLogEvents, Scratch,
};

#[path = "support/engine.rs"]
mod bench_engine;
mod support;

use bench_engine::{batch, engine, group, stream};

const BATCH: usize = 1000;

fn protected(policy: Option<&DataProtectionPolicy>) -> Engine {
    let engine = engine(Arc::new(InMemory::default()));
    if let Some(policy) = policy {
        let request = PutDataProtectionPolicy {
            log_group_identifier: "/bench".to_owned(),
            policy_document: policy.document().to_owned(),
        };
        engine.put_data_protection_policy(request).expect("a valid policy");
    }
    engine
}

fn ingest(criterion: &mut Criterion) {
    let all: Vec<&str> = managed_ids().collect();
    let policy = DataProtectionPolicy::of(&all).expect("known identifiers");
    let masker = Masker::new(std::slice::from_ref(&policy)).expect("a valid policy");
    let mut scratch = Scratch::default();
    for corpus in support::corpora() {
        let lines: Vec<&str> = corpus.lines().filter(|line| !line.is_empty()).take(BATCH).collect();
        let bytes: usize = lines.iter().map(|line| line.len()).sum();
        // The answer first: what is read back is what masking alone shows.
        let protecting = protected(Some(&policy));
        protecting.put_log_events(batch(&lines)).expect("a valid batch");
        let mut request = GetLogEvents::new(group(), stream());
        request.start_from_head = true;
        let read = protecting.get_log_events(&request).expect("a group that is there");
        assert_eq!(read.events.len(), lines.len());
        for (event, line) in read.events.iter().zip(&lines) {
            assert_eq!(event.message.reveal(), masker.mask(line, &mut scratch).as_str());
        }

        let mut bench = criterion.benchmark_group(format!("ingest/{}", corpus.name));
        bench.throughput(Throughput::Bytes(bytes as u64));
        bench.bench_function("mask alone", |bench| {
            bench.iter(|| {
                for line in &lines {
                    black_box(masker.mask(line, &mut scratch).as_str().len());
                }
            });
        });
        for (name, policy) in [("put, all identifiers", Some(&policy)), ("put, no policy", None)] {
            bench.bench_function(name, |bench| {
                let fresh = || (protected(policy), batch(&lines));
                let put = |(engine, batch): (Engine, PutLogEvents)| {
                    engine.put_log_events(batch).expect("a valid batch");
                    engine
                };
                bench.iter_batched(fresh, put, BatchSize::LargeInput);
            });
        }
        bench.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = ingest
}
criterion_main!(benches);
