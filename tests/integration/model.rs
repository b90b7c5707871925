//! The store against a model of a few lines: random operations, opened again now and then.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;

use logveil::{
    DescribeLogStreams, Durability, ErrorKind, FilterLogEvents, GetLogEvents, PutLogEvents,
};
use tempfile::TempDir;

use crate::support::long;
use crate::support::world::{NOW, World, batch, event, group, stream, with_keys, world_at};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a log group holds: its retention, and for each stream the events in the order of reading.
#[derive(Default)]
struct Group {
    retention: Option<u32>,
    streams: BTreeMap<String, Vec<(i64, u64, String)>>,
}

impl Group {
    /// Events before this time are not there any more.
    fn cut(&self, now: i64) -> i64 {
        self.retention.map_or(i64::MIN, |days| now - i64::from(days) * DAY_MS)
    }
}

#[derive(Default)]
struct Model {
    groups: BTreeMap<String, Group>,
    put: u64,
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}

fn open(path: &Path, now: i64) -> World {
    let world = world_at(path, with_keys(Durability::Buffered)).unwrap();
    world.clock.0.store(now, Ordering::SeqCst);
    world
}

#[test]
fn random_operations_leave_what_a_model_says() {
    for seed in 1..=long().map_or(6, |seeds| 40 * seeds) {
        let run = std::panic::catch_unwind(|| run(seed));
        assert!(run.is_ok(), "seed {seed}");
    }
}

fn run(seed: u64) {
    let (directory, mut random) = (TempDir::new().unwrap(), Random(seed * 7919));
    let (mut model, mut now) = (Model::default(), NOW);
    let mut world = open(directory.path(), now);
    for _ in 0..250 {
        let name = format!("/g{}", random.below(3));
        let log_stream = format!("s{}", random.below(3));
        let (engine, log_group, at) = (&world.engine, group(&name), stream(&log_stream));
        match random.below(20) {
            0..=2 => {
                let made = engine.create_log_group(&log_group).is_ok();
                assert_eq!(made, !model.groups.contains_key(&name));
                model.groups.entry(name).or_default();
            }
            3..=5 => {
                let made = engine.create_log_stream(&log_group, &at).is_ok();
                let known = model.groups.get_mut(&name);
                assert_eq!(
                    made,
                    known.as_ref().is_some_and(|g| !g.streams.contains_key(&log_stream))
                );
                known.map(|known| known.streams.entry(log_stream).or_default());
            }
            6 => {
                let gone = engine.delete_log_stream(&log_group, &at).is_ok();
                let known = model.groups.get_mut(&name);
                assert_eq!(gone, known.and_then(|g| g.streams.remove(&log_stream)).is_some());
            }
            7 if random.below(3) == 0 => {
                let gone = engine.delete_log_group(&log_group).is_ok();
                assert_eq!(gone, model.groups.remove(&name).is_some());
            }
            8 => {
                let days = [None, Some(1), Some(3)][random.below(3) as usize];
                if engine.put_retention_policy(&log_group, days).is_ok() {
                    model.groups.get_mut(&name).unwrap().retention = days;
                }
            }
            9 => now += random.below(DAY_MS as u64) as i64,
            10 => {
                engine.remove_expired().unwrap();
                for known in model.groups.values_mut() {
                    let cut = known.cut(now);
                    let streams = known.streams.values_mut();
                    streams.for_each(|events| events.retain(|(time, ..)| *time >= cut));
                }
            }
            11 => {
                drop(world);
                world = open(directory.path(), now);
            }
            12..=13 => check(&world, &model, now, &mut random),
            _ => put(&world, &mut model, (&name, &log_stream), now, &mut random),
        }
        world.clock.0.store(now, Ordering::SeqCst);
    }
    drop(world);
    check(&open(directory.path(), now), &model, now, &mut random);
}

fn put(world: &World, model: &mut Model, at: (&str, &str), now: i64, random: &mut Random) {
    let first = now - random.below(DAY_MS as u64) as i64;
    let count = 1 + random.below(30);
    let mut texts: Vec<_> =
        (0..count).map(|number| (first + random.below(1000) as i64, model.put + number)).collect();
    texts.sort_by_key(|(time, _)| *time);
    let log_events =
        texts.iter().map(|(time, number)| event(*time, &format!("event {number}"))).collect();
    let request = PutLogEvents { log_events, ..batch(at.0, at.1, &[]) };
    let known = model.groups.get_mut(at.0).and_then(|known| {
        let cut = known.cut(now);
        known.streams.get_mut(at.1).map(|events| (cut, events))
    });
    match (world.engine.put_log_events(request), known) {
        (Err(error), None) => assert_eq!(error.kind(), ErrorKind::ResourceNotFound),
        (Ok(_), Some((cut, events))) => {
            for (index, (time, number)) in texts.into_iter().enumerate() {
                if time >= cut {
                    events.push((time, model.put + index as u64, format!("event {number}")));
                }
            }
            events.sort();
            model.put += count;
        }
        (put, known) => panic!("{put:?}, and the model has it: {}", known.is_some()),
    }
}

/// Everything that is read is what the model has, by stream in both directions and by group.
fn check(world: &World, model: &Model, now: i64, random: &mut Random) {
    for (name, known) in &model.groups {
        let (cut, limit) = (known.cut(now), Some(1 + random.below(40) as usize));
        let mut all = Vec::new();
        for (log_stream, events) in &known.streams {
            let kept: Vec<_> = events.iter().filter(|(time, ..)| *time >= cut).collect();
            for start_from_head in [true, false] {
                let mut request = GetLogEvents {
                    limit,
                    start_from_head,
                    ..GetLogEvents::new(group(name), stream(log_stream))
                };
                let mut read = Vec::new();
                loop {
                    let page = world.engine.get_log_events(&request).unwrap();
                    let shown = page.events.iter();
                    let mut shown: Vec<_> =
                        shown.map(|it| (it.timestamp, it.message.reveal().to_owned())).collect();
                    if shown.is_empty() {
                        break;
                    }
                    if !start_from_head {
                        shown.reverse();
                    }
                    read.append(&mut shown);
                    request.next_token = Some(match start_from_head {
                        true => page.next_forward_token,
                        false => page.next_backward_token,
                    });
                }
                if !start_from_head {
                    read.reverse();
                }
                let expected: Vec<_> =
                    kept.iter().map(|(time, _, text)| (*time, text.clone())).collect();
                assert!(read == expected, "{name} {log_stream}, from the head: {start_from_head}");
            }
            all.extend(kept.into_iter().cloned());
        }
        all.sort();
        let mut request = FilterLogEvents { limit, ..FilterLogEvents::new(group(name)) };
        let mut read = Vec::new();
        loop {
            let page = world.engine.filter_log_events(&request).unwrap();
            read.extend(
                page.events.iter().map(|it| (it.timestamp, it.message.reveal().to_owned())),
            );
            request.next_token = page.next_token;
            if request.next_token.is_none() {
                break;
            }
        }
        let expected: Vec<_> = all.into_iter().map(|(time, _, text)| (time, text)).collect();
        assert!(read == expected, "{name}");
        let streams = world.engine.describe_log_streams(&DescribeLogStreams::new(group(name)));
        let streams = streams.unwrap().log_streams;
        let names = streams.iter().map(|it| it.log_stream_name.as_str());
        assert!(names.eq(known.streams.keys()), "{name}");
    }
}
