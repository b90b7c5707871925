//! The outbox: what is put arrives, whatever destinations do and however often the engine is
//! opened again; what fails holds up nothing else.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use logveil::{
    Clock, DeliveryError, Destination, Distribution, Durability, Engine, ErrorKind, FilterName,
    FilterPattern, OpenOptions, Outgoing, OutgoingKind, PutLogEvents, PutSubscriptionFilter,
    WhenFull, decode,
};
use tempfile::TempDir;

use crate::support::report;
use crate::support::world::{
    Everything, NOW, StoppedClock, World, arn, batch, event, group, home, stream, with_keys,
    world_at, world_with,
};

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}

fn kinesis(name: &str) -> String {
    format!("arn:aws:kinesis:eu-west-1:123456789012:stream/{name}")
}

fn filter(log_group: &str, name: &str, destination: &str) -> PutSubscriptionFilter {
    PutSubscriptionFilter {
        apply_on_transformed_logs: false,
        field_selection_criteria: None,
        emit_system_fields: Vec::new(),
        log_group_name: group(log_group),
        filter_name: FilterName::new(name).unwrap(),
        filter_pattern: FilterPattern::default(),
        destination_arn: arn(&kinesis(destination)),
        role_arn: Some(arn("arn:aws:iam::123456789012:role/r")),
        distribution: Distribution::ByLogStream,
    }
}

fn subscribe(world: &World, log_group: &str, name: &str, destination: &str) {
    world.engine.put_subscription_filter(filter(log_group, name, destination)).unwrap();
    world.engine.deliver_pending();
}

impl World {
    fn advance(&self, ms: i64) -> i64 {
        self.clock.0.fetch_add(ms, Ordering::SeqCst) + ms
    }

    /// Delivers until nothing is due.
    fn deliver_all_due(&self) {
        while self.engine.deliver_due().is_some_and(|due| due <= self.clock.now_ms()) {}
    }
}

/// What a destination does with the items it gets.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Well,
    Fails(DeliveryError),
    /// Takes a third of the items, throttles the others.
    Throttles,
    /// Takes everything, and says for a half of it that it did not.
    Lies,
    /// Answers for less than it was given.
    Mumbles,
    /// Takes a quarter of an hour and everything.
    Slow,
    Panics,
}

/// A line, the message, and whether the engine was told that it arrived.
type Arrival = ((String, String, String, String), String, bool);

struct Moody {
    clock: Arc<StoppedClock>,
    moods: Mutex<HashMap<String, Mood>>,
    random: Mutex<Random>,
    arrivals: Mutex<Vec<Arrival>>,
}

impl Destination for Moody {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let target = batch[0].destination_arn.as_str();
        assert!(batch.iter().all(|it| it.destination_arn.as_str() == target));
        let mood = *self.moods.lock().unwrap().get(target).unwrap_or(&Mood::Well);
        let mut random = self.random.lock().unwrap();
        if let Mood::Slow = mood {
            self.clock.0.fetch_add(15 * MINUTE_MS, Ordering::SeqCst);
        }
        let mut results = Vec::new();
        for outgoing in batch {
            let (takes, says) = match mood {
                Mood::Well | Mood::Slow => (true, Ok(())),
                Mood::Fails(error) => (false, Err(error)),
                Mood::Throttles if random.below(3) == 0 => (true, Ok(())),
                Mood::Throttles => (false, Err(DeliveryError::Throttled)),
                Mood::Lies if random.below(2) == 0 => (true, Ok(())),
                Mood::Lies => (true, Err(DeliveryError::Unavailable)),
                Mood::Mumbles => (true, Ok(())),
                Mood::Panics => (false, Err(DeliveryError::Unavailable)),
            };
            let said = says.is_ok();
            results.push(says);
            if takes {
                self.arrive(outgoing, said);
            }
        }
        if let Mood::Mumbles = mood {
            let mut arrivals = self.arrivals.lock().unwrap();
            let lines = batch.len() as u64;
            let keep = random.below(lines + 1) as usize;
            // What is not answered for counts as failed.
            for outgoing in &batch[keep..] {
                let (line, messages) = read(outgoing);
                for (found, message, told) in arrivals.iter_mut().rev().take(1000) {
                    *told &= !(*found == line && messages.contains(message));
                }
            }
            results.truncate(keep);
        }
        drop(random);
        if let Mood::Panics = mood {
            // Without a word on stderr for each.
            std::panic::resume_unwind(Box::new("as it was told to"));
        }
        results
    }
}

/// The line of a payload, and its messages.
fn read(outgoing: &Outgoing<'_>) -> ((String, String, String, String), Vec<String>) {
    let payload = decode(outgoing.data).unwrap().remove(0);
    let target = outgoing.destination_arn.as_str().to_owned();
    let line = (target, outgoing.name.to_owned(), payload.log_group, payload.log_stream);
    (line, payload.log_events.into_iter().map(|event| event.message).collect())
}

impl Moody {
    fn arrive(&self, outgoing: &Outgoing<'_>, told: bool) {
        if outgoing.kind == OutgoingKind::Data {
            let (line, messages) = read(outgoing);
            let arrived = messages.into_iter().map(|message| (line.clone(), message, told));
            self.arrivals.lock().unwrap().extend(arrived);
        }
    }
}

const GROUPS: [&str; 2] = ["/a", "/b"];
const STREAMS: [&str; 3] = ["s", "t", "u"];
/// Filters by log group, with their destination.
const FILTERS: [(&str, &str, &str); 5] = [
    ("/a", "f", "one"),
    ("/a", "g", "two"),
    ("/a", "h", "one"),
    ("/b", "f", "one"),
    ("/b", "g", "three"),
];

/// 1,000 seeds with `LOGVEIL_ROUNDS=1000`.
#[test]
fn dead_slow_throttling_and_lying_destinations_lose_nothing_over_restarts() {
    let rounds = std::env::var("LOGVEIL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let (mut attempts, mut opened, mut twice) = (0, 0, 0);
    for seed in 1..=rounds {
        let run = std::panic::catch_unwind(|| run(seed));
        let (told, restarts, again) = run.unwrap_or_else(|_| panic!("seed {seed}"));
        (attempts, opened, twice) = (attempts + told, opened + restarts, twice + again);
    }
    assert!(opened > rounds as usize && twice > rounds as usize, "the faults had an effect");
    report(&format!(
        "{rounds} seeds: {attempts} events delivered, {opened} restarts, {twice} came twice"
    ));
}

fn run(seed: u64) -> (usize, usize, usize) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let directory = TempDir::new().unwrap();
    let clock = Arc::new(StoppedClock(AtomicI64::new(NOW)));
    let destination = Arc::new(Moody {
        clock: Arc::clone(&clock),
        moods: Mutex::default(),
        random: Mutex::new(Random(seed | 1)),
        arrivals: Mutex::default(),
    });
    let open = || {
        Engine::open(
            directory.path(),
            with_keys(Durability::Buffered),
            home("123456789012"),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Everything),
            Arc::clone(&destination) as Arc<dyn Destination>,
        )
        .unwrap()
    };
    let mut engine = open();
    for name in GROUPS {
        engine.create_log_group(&group(name)).unwrap();
        STREAMS.iter().for_each(|it| engine.create_log_stream(&group(name), &stream(it)).unwrap());
    }
    for (log_group, name, target) in FILTERS {
        engine.put_subscription_filter(filter(log_group, name, target)).unwrap();
    }
    let mut expected = BTreeMap::<(String, String, String, String), Vec<String>>::new();
    let (mut number, mut restarts) = (0, 0);
    for _ in 0..60 {
        match random.below(10) {
            0..4 => {
                let (log_group, log_stream) =
                    (GROUPS[random.below(2) as usize], STREAMS[random.below(3) as usize]);
                let messages: Vec<_> = (0..1 + random.below(3))
                    .map(|_| {
                        number += 1;
                        number.to_string()
                    })
                    .collect();
                let timestamp = clock.now_ms();
                engine
                    .put_log_events(PutLogEvents {
                        log_group_name: group(log_group),
                        log_stream_name: stream(log_stream),
                        log_events: messages.iter().map(|text| event(timestamp, text)).collect(),
                    })
                    .unwrap();
                for (_, name, target) in FILTERS.iter().filter(|it| it.0 == log_group) {
                    let names = [&kinesis(target), *name, log_group, log_stream];
                    let [arn, name, log_group, log_stream] = names.map(str::to_owned);
                    let line = (arn, name, log_group, log_stream);
                    expected.entry(line).or_default().extend(messages.clone());
                }
            }
            4..7 => {
                for _ in 0..random.below(6) {
                    engine.deliver_due();
                }
            }
            7 => {
                clock.0.fetch_add(random.below(4 * MINUTE_MS as u64) as i64, Ordering::SeqCst);
            }
            8 => {
                let target = kinesis(["one", "two", "three"][random.below(3) as usize]);
                let mood = match random.below(9) {
                    0 => Mood::Fails(DeliveryError::Unavailable),
                    1 => Mood::Fails(DeliveryError::AccessDenied),
                    2 => Mood::Fails(DeliveryError::NotFound),
                    3 => Mood::Throttles,
                    4 => Mood::Lies,
                    5 => Mood::Mumbles,
                    6 => Mood::Slow,
                    7 => Mood::Panics,
                    _ => Mood::Well,
                };
                destination.moods.lock().unwrap().insert(target, mood);
            }
            _ => {
                drop(engine);
                engine = open();
                restarts += 1;
            }
        }
    }
    destination.moods.lock().unwrap().clear();
    while let Some(due_ms) = engine.deliver_due() {
        clock.0.fetch_max(due_ms, Ordering::SeqCst);
    }
    let metrics = engine.metrics();
    assert_eq!((metrics.deliveries_waiting, metrics.deliveries_dropped), (0, 0));
    let arrivals = destination.arrivals.lock().unwrap();
    let mut told = BTreeMap::<_, Vec<String>>::new();
    for (line, message, _) in arrivals.iter().filter(|(_, _, told)| *told) {
        told.entry(line.clone()).or_default().push(message.clone());
    }
    assert_eq!(told, expected, "each event is acknowledged once, in the order of its stream");
    // What arrived without a word came before what was acknowledged, and never after.
    for (at, (line, message, _)) in arrivals.iter().enumerate().filter(|(_, it)| it.2) {
        let after = arrivals[at + 1..].iter();
        assert_eq!(after.filter(|it| it.0 == *line && it.1 == *message).count(), 0);
    }
    let acknowledged = told.values().map(Vec::len).sum();
    (acknowledged, restarts, arrivals.len() - acknowledged)
}

#[test]
fn a_dead_destination_is_tried_less_and_less_for_24_hours() {
    let world = world_with("/app", "s");
    subscribe(&world, "/app", "f", "dead");
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let (times, clock) = (Arc::clone(&attempts), Arc::clone(&world.clock));
    world.destination.fail(move |_| {
        times.lock().unwrap().push(clock.now_ms());
        Err(DeliveryError::Unavailable)
    });
    world.put("/app", "s", &["first"]);
    world.advance(HOUR_MS);
    world.put("/app", "s", &["an hour later"]);
    world.advance(-HOUR_MS);
    let mut dropped_at = None;
    while let Some(due_ms) = world.engine.deliver_due() {
        world.clock.0.fetch_max(due_ms, Ordering::SeqCst);
        assert!(due_ms < NOW + 26 * HOUR_MS, "it is given up at last");
        let dropped = world.engine.metrics().deliveries_dropped;
        if dropped == 1 {
            dropped_at = dropped_at.or(Some(attempts.lock().unwrap().last().copied().unwrap()));
        }
    }
    let metrics = world.engine.metrics();
    assert_eq!((metrics.deliveries_dropped, metrics.deliveries_waiting), (2, 0));
    let [ref named] = metrics.forwarding[..] else { panic!("one filter") };
    assert_eq!((named.name.as_str(), named.dropped), ("f", 2));
    assert_eq!(named.log_group_name.as_ref(), Some(&group("/app")));
    let attempts = attempts.lock().unwrap();
    assert_eq!(named.delivery_errors, attempts.len() as u64);
    let waits: Vec<_> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((500..=1000).contains(&waits[0]), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 10 * MINUTE_MS), "{waits:?}");
    assert!(waits[15..100].iter().all(|wait| *wait >= 5 * MINUTE_MS), "{waits:?}");
    let age = dropped_at.unwrap() - NOW;
    assert!((24 * HOUR_MS..24 * HOUR_MS + 10 * MINUTE_MS).contains(&age), "after {age} ms");
}

#[test]
fn a_filter_without_access_pauses_for_at_most_ten_minutes_and_keeps_what_waits() {
    for error in [DeliveryError::AccessDenied, DeliveryError::NotFound] {
        let world = world_with("/app", "s");
        world.make("/other", "s");
        subscribe(&world, "/app", "denied", "one");
        subscribe(&world, "/other", "well", "one");
        world.destination.fail(move |outgoing| match outgoing.name {
            "denied" => Err(error),
            _ => Ok(()),
        });
        let mut pauses = Vec::new();
        for hour in 0..20 {
            world.put("/app", "s", &[&hour.to_string()]);
            world.put("/other", "s", &["x"]);
            world.deliver_all_due();
            let due_ms = world.engine.deliver_due().expect("what waits is kept");
            pauses.push(due_ms - world.clock.now_ms());
            world.clock.0.store(due_ms, Ordering::SeqCst);
        }
        assert!(pauses.iter().all(|it| (15 * SECOND_MS..=10 * MINUTE_MS).contains(it)));
        assert!(*pauses.last().unwrap() >= 5 * MINUTE_MS, "{pauses:?}");
        assert_eq!(world.engine.metrics().deliveries_waiting, 20, "the other filter goes on");
        world.destination.fail(|_| Ok(()));
        world.advance(10 * MINUTE_MS);
        world.deliver_all_due();
        let metrics = world.engine.metrics();
        assert_eq!((metrics.deliveries_waiting, metrics.deliveries_dropped), (0, 0));
    }
}

#[test]
fn a_pause_holds_new_streams_up_as_well_and_is_forgotten_when_it_is_over() {
    let world = world_with("/app", "s");
    world.engine.create_log_stream(&group("/app"), &stream("t")).unwrap();
    subscribe(&world, "/app", "f", "one");
    let attempts = Arc::new(AtomicI64::new(0));
    let fail = || {
        let attempts = Arc::clone(&attempts);
        world.destination.fail(move |_| {
            attempts.fetch_add(1, Ordering::SeqCst);
            Err(DeliveryError::AccessDenied)
        });
    };
    let pause = |log_stream| {
        world.put("/app", log_stream, &["x"]);
        let due_ms = world.engine.deliver_due().expect("what waits is kept");
        due_ms - world.clock.now_ms()
    };
    fail();
    assert!(pause("s") <= 30 * SECOND_MS && pause("t") > 0);
    assert_eq!(attempts.load(Ordering::SeqCst), 1, "the new stream waits with its filter");
    for _ in 0..10 {
        world.advance(10 * MINUTE_MS);
        world.engine.deliver_due();
    }
    world.destination.fail(|_| Ok(()));
    world.advance(10 * MINUTE_MS);
    world.deliver_all_due();
    fail();
    assert!((1..=30 * SECOND_MS).contains(&pause("s")), "it begins anew");
}

/// Stops in the middle of a delivery to `slow` until it is told to go on.
struct Stuck {
    reached: Mutex<Sender<()>>,
    goes_on: Mutex<Receiver<()>>,
    taken: Mutex<Vec<String>>,
}

impl Destination for Stuck {
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let target = batch[0].destination_arn.as_str();
        if target.ends_with("slow") {
            self.reached.lock().unwrap().send(()).unwrap();
            self.goes_on.lock().unwrap().recv().unwrap();
        }
        self.taken.lock().unwrap().push(target.to_owned());
        vec![Ok(()); batch.len()]
    }
}

#[test]
fn a_destination_that_hangs_keeps_no_other_from_being_served() {
    let ((reached, at_slow), (go_on, goes_on)) = (channel(), channel());
    let destination = Arc::new(Stuck {
        reached: Mutex::new(reached),
        goes_on: Mutex::new(goes_on),
        taken: Mutex::default(),
    });
    let engine = Engine::new(
        home("123456789012"),
        Arc::new(StoppedClock(AtomicI64::new(NOW))),
        Arc::new(Everything),
        Arc::clone(&destination) as Arc<dyn Destination>,
    );
    engine.create_log_group(&group("/app")).unwrap();
    engine.create_log_stream(&group("/app"), &stream("s")).unwrap();
    for target in ["slow", "well"] {
        engine.put_subscription_filter(filter("/app", target, target)).unwrap();
    }
    let served = |name: &str| {
        let taken = destination.taken.lock().unwrap();
        taken.iter().filter(|target| target.ends_with(name)).count()
    };
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| engine.run_deliveries(&stop));
        scope.spawn(|| engine.run_deliveries(&stop));
        at_slow.recv().unwrap();
        // One worker hangs; the other serves whatever comes.
        for number in 0..20 {
            engine.put_log_events(batch("/app", "s", &[&number.to_string()])).unwrap();
        }
        while served("well") < 2 || engine.metrics().deliveries_waiting > 21 {
            std::thread::yield_now();
        }
        assert_eq!(served("slow"), 0);
        for _ in 0..21 {
            go_on.send(()).unwrap();
        }
        while engine.metrics().deliveries_waiting > 0 {
            std::thread::yield_now();
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(engine.metrics().deliveries, 42, "two control messages, and 20 for each");
}

fn full(path: &Path, when_full: WhenFull) -> World {
    let options =
        OpenOptions { backlog_entries_max: 5, when_full, ..with_keys(Durability::Buffered) };
    let world = world_at(path, options).unwrap();
    world.make("/app", "s");
    world.make("/other", "s");
    subscribe(&world, "/app", "f", "dead");
    subscribe(&world, "/other", "f", "well");
    world.destination.fail(|it| match it.destination_arn.as_str().ends_with("dead") {
        true => Err(DeliveryError::Unavailable),
        false => Ok(()),
    });
    for number in 0..5 {
        world.put("/app", "s", &[&number.to_string()]);
    }
    world
}

#[test]
fn a_full_backlog_refuses_batches_and_stores_nothing_of_them() {
    let directory = TempDir::new().unwrap();
    let world = full(directory.path(), WhenFull::Refuse);
    let before = world.engine.metrics();
    let refused = world.engine.put_log_events(batch("/app", "s", &["too much"])).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ServiceUnavailable);
    assert!(refused.message().contains("stream/dead"), "{refused}");
    let after = world.engine.metrics();
    assert_eq!((before.refused_batches, after.refused_batches), (0, 1));
    assert_eq!(before.incoming_log_events, after.incoming_log_events);
    assert_eq!(world.read("/app", "s").len(), 5);
    world.put("/other", "s", &["another destination has room"]);
    world.destination.fail(|_| Ok(()));
    world.engine.deliver_pending();
    world.put("/app", "s", &["there is room again"]);
    drop(world);
    let again = world_at(directory.path(), with_keys(Durability::Buffered)).unwrap();
    assert_eq!(again.engine.metrics().refused_batches, 1);
}

#[test]
fn a_full_backlog_drops_the_oldest_when_the_host_says_so() {
    let directory = TempDir::new().unwrap();
    let world = full(directory.path(), WhenFull::DropOldest);
    world.put("/app", "s", &["5"]);
    world.put("/app", "s", &["6"]);
    let metrics = world.engine.metrics();
    assert_eq!((metrics.deliveries_waiting, metrics.deliveries_dropped), (5, 2));
    let named = metrics.forwarding.iter().find(|it| it.dropped > 0).expect("by name");
    assert_eq!((named.log_group_name.as_ref(), named.dropped), (Some(&group("/app")), 2));
    world.destination.fail(|_| Ok(()));
    let delivered = world.delivered();
    let of_it = delivered.iter().filter(|it| it.destination_arn.as_str().ends_with("dead"));
    let events = of_it.flat_map(|it| decode(&it.data).unwrap().remove(0).log_events);
    let messages: Vec<_> = events.map(|event| event.message).collect();
    assert_eq!(messages[1..], ["2", "3", "4", "5", "6"], "behind the control message");
}

#[test]
fn a_deleted_filter_or_group_drops_by_name_even_while_it_is_sent() {
    let world = world_with("/app", "s");
    for name in ["f", "g"] {
        subscribe(&world, "/app", name, "dead");
    }
    world.destination.fail(|_| Err(DeliveryError::AccessDenied));
    world.put("/app", "s", &["one"]);
    world.put("/app", "s", &["two"]);
    world.engine.deliver_pending();
    let name = FilterName::new("f").unwrap();
    world.engine.delete_subscription_filter(&group("/app"), &name).unwrap();
    let dropped = |name: &str| {
        let metrics = world.engine.metrics();
        metrics.forwarding.iter().find(|it| it.name == name).expect("by name").dropped
    };
    assert_eq!((dropped("f"), dropped("g")), (2, 0));
    world.engine.delete_log_group(&group("/app")).unwrap();
    assert_eq!((dropped("f"), dropped("g")), (2, 2));
    assert_eq!(world.engine.deliver_due(), None);
}
