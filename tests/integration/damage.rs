//! Files that are cut short or changed: what is intact is served, nothing wrong ever is.

use std::fs;
use std::path::{Path, PathBuf};

use logveil::{Durability, ErrorKind, FilterLogEvents, OpenOptions, PutLogEvents};
use serde_json::json;
use tempfile::TempDir;

use crate::support::world::{
    NOW, World, batch, document, event, group, noise, with_keys, world_at,
};

/// Events of the stores below.
const EVENTS: usize = 300;

pub fn text(number: usize) -> String {
    format!("event {number} {}", noise(100, number as u64 + 1))
}

/// A store of [`EVENTS`] events in the journal, ten a batch.
fn fill(path: &Path) {
    let world = world_at(path, with_keys(Durability::Buffered)).unwrap();
    world.make("/app", "s");
    world.protect_group("/app", &document("own", &["Ssn-US"], &json!({})));
    for first in (0..EVENTS).step_by(10) {
        let texts: Vec<_> = (first..first + 10).map(text).collect();
        let log_events = texts.iter().map(|text| event(NOW, text)).collect();
        let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
        world.engine.put_log_events(request).unwrap();
    }
}

fn journal(path: &Path) -> PathBuf {
    let entries = fs::read_dir(path.join("store")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "jnl")).collect();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// The numbers of the events that are served; each is the one that was put.
fn served(world: &World) -> Vec<usize> {
    let mut request = FilterLogEvents::new(group("/app"));
    let mut numbers = Vec::new();
    loop {
        let page = world.engine.filter_log_events(&request).unwrap();
        for event in &page.events {
            let shown = event.message.reveal();
            let number: usize = shown.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(shown == text(number), "what is served is what was put");
            numbers.push(number);
        }
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            return numbers;
        }
    }
}

pub fn opened(path: &Path, salvage: bool) -> Result<World, logveil::Error> {
    world_at(path, OpenOptions { salvage, ..with_keys(Durability::Buffered) })
}

/// Copies a store, so that each damage meets a whole one.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Bytes of the journal that are written: the rest was set aside.
pub fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1
}

#[test]
fn a_journal_cut_anywhere_serves_what_is_whole_in_order() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    fill(&whole);
    let bytes = fs::read(journal(&whole)).unwrap();
    let end = written(&bytes);
    let mut state = 88172645463325252_u64;
    for round in 0..40 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let cut = end / 4 + state as usize % (end * 3 / 4);
        let path = directory.path().join(format!("{round}"));
        copy(&whole, &path);
        let mut torn = bytes[..cut].to_vec();
        // Cut off, zeros behind, or a page in the middle of the last write that never came.
        match round % 3 {
            0 => {}
            1 => torn.resize(bytes.len(), 0),
            _ => {
                torn.truncate(end);
                torn.resize(end, 0);
                torn[cut..end].fill(if round % 2 == 0 { 0 } else { 0xA5 });
            }
        }
        fs::write(journal(&path), torn).unwrap();
        let world = opened(&path, false).unwrap_or_else(|error| panic!("{round}: {error}"));
        let numbers = served(&world);
        assert!(numbers.iter().copied().eq(0..numbers.len()), "{round}: a prefix");
        assert_eq!(numbers.len() % 10, 0, "{round}: whole batches");
        world.put("/app", "s", &["ssn 536-22-8145"]);
        assert!(world.read("/app", "s").contains(&"ssn ***********".to_owned()));
        drop(world);
        let world = opened(&path, false).unwrap();
        assert_eq!(world.read("/app", "s").len(), numbers.len() + 1, "what came later stays");
        drop(world);
        fs::remove_dir_all(&path).unwrap();
    }
}

#[test]
fn a_damaged_batch_in_the_journal_is_lost_alone_and_says_so() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    fill(&whole);
    let bytes = fs::read(journal(&whole)).unwrap();
    let needle = text(155);
    let at = bytes.windows(needle.len()).position(|part| part == needle.as_bytes()).unwrap();
    // One bit is put right, and nobody notices.
    let mut flipped = bytes.clone();
    flipped[at + 20] ^= 1;
    fs::write(journal(&whole), &flipped).unwrap();
    let world = opened(&whole, false).unwrap();
    assert_eq!(served(&world), (0..EVENTS).collect::<Vec<_>>());
    drop(world);
    // Two are too many to guess.
    flipped[at + 21] ^= 1;
    fs::write(journal(&whole), flipped).unwrap();

    let refused = opened(&whole, false).map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ServiceUnavailable);
    assert!(refused.message().contains("salvage"), "{}", refused.message());
    let world = opened(&whole, true).unwrap();
    let expected: Vec<_> = (0..EVENTS).filter(|number| !(150..160).contains(number)).collect();
    assert_eq!(served(&world), expected);
    assert!(world.engine.metrics().damaged > 0);
    let request = PutLogEvents { log_events: vec![event(NOW, "x")], ..batch("/app", "s", &[]) };
    let refused = world.engine.put_log_events(request).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ServiceUnavailable, "policies may be lost");
    drop(world);
    assert!(opened(&whole, false).is_err(), "what is lost is not forgotten");
    assert_eq!(served(&opened(&whole, true).unwrap()), expected);
}

/// Where the batches of a journal begin that hold events, by the number of their first event.
fn header_of(bytes: &[u8], number: usize) -> usize {
    let needle = text(number);
    let at = bytes.windows(needle.len()).position(|part| part == needle.as_bytes()).unwrap();
    // The end of the batch before closes with these.
    let end = bytes[..at].windows(4).rposition(|part| part == b"FJL\x03").unwrap();
    end + 4
}

#[test]
fn a_journal_whose_lengths_are_damaged_loses_at_most_that_batch_and_says_so() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    fill(&whole);
    let bytes = fs::read(journal(&whole)).unwrap();
    let header = header_of(&bytes, 150);
    let path = directory.path().join("copy");
    let all: Vec<_> = (0..EVENTS).collect();
    let rest: Vec<_> = (0..EVENTS).filter(|number| !(150..160).contains(number)).collect();
    // The start of the batch and the lengths of its first item: 34 bytes.
    for bit in 0..34 * 8 {
        copy(&whole, &path);
        let mut damaged = bytes.clone();
        damaged[header + bit / 8] ^= 1 << (bit % 8);
        fs::write(journal(&path), damaged).unwrap();
        let world = opened(&path, false).unwrap_or_else(|error| panic!("bit {bit}: {error}"));
        assert!(served(&world) == all, "bit {bit}: a single bit is put right");
        drop(world);
        fs::remove_dir_all(&path).unwrap();
    }
    for len in [13, 34] {
        copy(&whole, &path);
        let mut damaged = bytes.clone();
        damaged[header..header + len].fill(0xA5);
        fs::write(journal(&path), damaged).unwrap();
        assert!(opened(&path, false).is_err(), "{len} bytes: what was safe is lost");
        let world = opened(&path, true).unwrap();
        assert!(served(&world) == rest, "{len} bytes: all but the batch");
        assert!(world.engine.metrics().damaged > 0);
        drop(world);
        fs::remove_dir_all(&path).unwrap();
    }
}

/// Flips bits in every table of a store; opening may be refused, but never is anything else served
/// than what was put, and a block that cannot be read hides no other.
#[test]
fn flipped_bits_in_tables_never_serve_anything_wrong() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    let world = world_at(&whole, with_keys(Durability::Buffered)).unwrap();
    world.make("/app", "s");
    const LARGE: usize = 2_000;
    let large = |number: usize| format!("event {number} {}", noise(20_000, number as u64 + 1));
    for first in (0..LARGE).step_by(40) {
        let texts: Vec<_> = (first..first + 40).map(large).collect();
        let log_events = texts.iter().map(|text| event(NOW, text)).collect();
        let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
        world.engine.put_log_events(request).unwrap();
    }
    let tables = |path: &Path| {
        let mut found = Vec::new();
        let mut folders = vec![path.join("store/keyspaces")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => found.push(entry.path()),
                }
            }
        }
        found.retain(|path| path.metadata().is_ok_and(|about| about.len() > 1_000_000));
        found.sort();
        found
    };
    // Tables are written behind: on a busy machine none may be begun yet. Closing waits for its
    // end.
    while tables(&whole).is_empty() {
        std::thread::yield_now();
    }
    drop(world);
    let mut state = 362436069_u64;
    let mut opened_and_damaged = 0;
    for round in 0..6 {
        let path = directory.path().join(format!("{round}"));
        copy(&whole, &path);
        let tables = tables(&path);
        let table = &tables[round % tables.len()];
        let mut bytes = fs::read(table).unwrap();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let at = state as usize % (bytes.len() * 9 / 10);
        bytes[at] ^= 1 << (state >> 61);
        fs::write(table, bytes).unwrap();
        if let Ok(world) = opened(&path, true) {
            let mut request = FilterLogEvents::new(group("/app"));
            let mut numbers = Vec::new();
            loop {
                let page = world.engine.filter_log_events(&request).unwrap();
                for event in &page.events {
                    let shown = event.message.reveal();
                    let number = shown.split(' ').nth(1).unwrap().parse().unwrap();
                    assert!(shown == large(number), "what is served is what was put");
                    numbers.push(number);
                }
                request.next_token = page.next_token;
                if request.next_token.is_none() {
                    break;
                }
            }
            assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] < pair[1]));
            let lost = LARGE - numbers.len();
            assert!(lost <= 1, "{round}: a block holds one event, {lost} are lost");
            assert_eq!(lost > 0, world.engine.metrics().damaged > 0, "{round}: counted");
            opened_and_damaged += usize::from(lost > 0);
        }
        fs::remove_dir_all(&path).unwrap();
    }
    assert!(opened_and_damaged >= 3, "{opened_and_damaged} of 6 rounds met a block of events");
}
