//! Payloads: masked events to gzip, against gzip of the same bytes alone.
//!
//! `cargo bench --bench deliver`

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use logveil::{
    Arn, Destination, Distribution, Engine, FilterName, FilterPattern, InMemory, OutgoingKind,
    PutSubscriptionFilter, decode,
};

#[path = "support/engine.rs"]
mod bench_engine;
mod support;

use bench_engine::{batch, engine, group};

const EVENTS: usize = 2000;

/// An engine in which the lines wait for delivery to a Kinesis stream.
fn waiting(lines: &[&str]) -> (Engine, Arc<InMemory>) {
    let destination = Arc::new(InMemory::default());
    let engine = engine(Arc::clone(&destination) as Arc<dyn Destination>);
    let arn = |text: &str| Arn::parse("arn", text).expect("an ARN");
    let filter = PutSubscriptionFilter {
        log_group_name: group(),
        filter_name: FilterName::new("all").expect("a name"),
        filter_pattern: FilterPattern::parse("").expect("the empty pattern"),
        destination_arn: arn("arn:aws:kinesis:eu-west-1:123456789012:stream/bench"),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/bench")),
        distribution: Distribution::ByLogStream,
    };
    engine.put_subscription_filter(filter).expect("a valid filter");
    engine.put_log_events(batch(lines)).expect("a valid batch");
    (engine, destination)
}

fn deliver(criterion: &mut Criterion) {
    for corpus in support::corpora() {
        let lines: Vec<&str> =
            corpus.lines().filter(|line| !line.is_empty()).take(EVENTS).collect();
        let bytes: usize = lines.iter().map(|line| line.len()).sum();
        // The answer first: the payload holds the events.
        let (engine, destination) = waiting(&lines);
        engine.deliver_pending();
        let delivered = destination.delivered();
        let data = delivered.iter().filter(|one| one.kind == OutgoingKind::Data);
        let events: Vec<_> = data
            .flat_map(|one| decode(&one.data).expect("a payload"))
            .flat_map(|payload| payload.log_events)
            .map(|event| event.message)
            .collect();
        assert_eq!(events, lines);

        let mut bench = criterion.benchmark_group(format!("deliver/{}", corpus.name));
        bench.throughput(Throughput::Bytes(bytes as u64));
        bench.bench_function("payload", |bench| {
            let send = |(engine, _): (Engine, Arc<InMemory>)| black_box(engine.deliver_pending());
            bench.iter_batched(|| waiting(&lines), send, BatchSize::LargeInput);
        });
        let joined = lines.join("\n");
        bench.bench_function("gzip alone", |bench| {
            bench.iter(|| {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
                gzip.write_all(joined.as_bytes()).expect("memory");
                black_box(gzip.finish().expect("memory").len())
            });
        });
        bench.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = deliver
}
criterion_main!(benches);
