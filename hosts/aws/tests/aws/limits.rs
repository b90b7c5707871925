//! What each target counts, and that no payload is above it.

use logveil::limits::{LAMBDA_ENVELOPE_BYTES_MAX, RECORD_BYTES_MAX};
use logveil::{OutgoingKind, decode};

use crate::arrive::{make_stream, records};
use crate::world::{ACCOUNT, REGION, World, by_stream, nowhere, world};
use crate::{moto, stub};

/// Text that gzip cannot make smaller than three quarters.
fn noise(len: usize, seed: u64) -> String {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'0' + (state >> 58) as u8)
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Batches that are too large for one payload, and an event that is too large alone.
fn fill(world: &World) {
    world.put("/app", "s", (1..=10).map(|seed| noise(100_000, seed)));
    world.put("/app", "s", [noise(1_040_000, 99)]);
    world.put("/app", "s", ["last".to_owned()]);
}

#[test]
fn kinesis_records_stay_below_a_million_bytes_with_their_key() {
    let arn = make_stream("limits", 1);
    let world = world(moto::url());
    world.protect("/app", nowhere());
    world.subscribe("/app", &arn);
    fill(&world);
    let report = world.engine.deliver_pending();
    assert_eq!((report.waiting, report.dropped), (0, 0));
    let records = records("limits");
    let size = |(key, data): &(String, Vec<u8>)| key.len() + data.len();
    assert!(records.iter().map(size).all(|bytes| bytes <= RECORD_BYTES_MAX));
    assert!(records.iter().map(size).any(|bytes| bytes > RECORD_BYTES_MAX / 4), "no small change");
    check(&world, records.into_iter().map(|(_, data)| data).collect());
}

#[test]
fn lambda_envelopes_stay_below_a_million_bytes() {
    let stub = stub::start(|_| stub::Answer { status: 202, body: String::new() });
    let world = world(&stub.url);
    world.protect("/app", nowhere());
    world.subscribe("/app", &format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"));
    fill(&world);
    let report = world.engine.deliver_pending();
    assert_eq!((report.waiting, report.dropped), (0, 0));
    let bodies: Vec<_> = stub.requests.lock().unwrap().iter().map(|it| it.body.clone()).collect();
    assert!(bodies.iter().all(|body| body.len() <= LAMBDA_ENVELOPE_BYTES_MAX));
    assert!(bodies.len() > 3, "the batch was cut");
    check(&world, bodies);
}

/// Whether all arrived, but for the event that is too large in this target's counting.
#[track_caller]
fn check(world: &World, arrived: Vec<Vec<u8>>) {
    let payloads: Vec<_> = arrived.iter().flat_map(|data| decode(data).unwrap()).collect();
    let mut events = by_stream(&payloads, "/app").remove("s").unwrap();
    for aside in world.aside.delivered() {
        assert_eq!(aside.kind, OutgoingKind::DeadLetter);
        let payload = decode(&aside.data).unwrap().remove(0);
        events.extend(payload.log_events.into_iter().map(|it| (it.timestamp, it.message)));
    }
    let mut stored = world.stored("/app", "s");
    events.sort();
    stored.sort();
    assert_eq!(events.len(), 12);
    assert!(events == stored, "what arrived or was set aside is what is stored");
}
