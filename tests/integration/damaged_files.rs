//! Every file of a directory, cut short, changed at a bit or gone: what is refused is refused with
//! nothing removed, what is served is what was put, and what is missing is counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use logveil::{Durability, ErrorKind, FilterLogEvents, OpenOptions, PutLogEvents};
use serde_json::json;
use tempfile::TempDir;

use crate::damage::{copy, opened, text, written};
use crate::support::report;
use crate::support::world::{NOW, World, batch, document, event, group, with_keys, world_at};

/// Where damage is done in each file, for each kind.
const PLACES: usize = 3;

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Makes a store with some tables of events and the rest in journals. How many events.
fn fill(path: &Path) -> usize {
    let options = OpenOptions { table_bytes: 16 << 10, ..with_keys(Durability::Buffered) };
    let world = world_at(path, options).unwrap();
    world.make("/app", "s");
    world.protect_group("/app", &document("own", &["Ssn-US"], &json!({})));
    let mut events = 0;
    // The engine writes tables and sorts them into one whenever it likes: two are wanted, after a
    // while one has to do, and without one there is nothing to damage.
    while tables(path).len() < 2 && (events < 5_000 || tables(path).is_empty()) {
        assert!(events < 1_000_000, "no table was ever written");
        let texts: Vec<_> = (events..events + 10).map(text).collect();
        let log_events = texts.iter().map(|text| event(NOW, text)).collect();
        let request = PutLogEvents { log_events, ..batch("/app", "s", &[]) };
        world.engine.put_log_events(request).unwrap();
        events += 10;
    }
    drop(world);
    for path in files(path).into_keys().filter(|path| is_journal(path)) {
        let bytes = fs::read(&path).unwrap();
        let end = if bytes.iter().any(|byte| *byte != 0) { written(&bytes) } else { 0 };
        fs::write(&path, &bytes[..end]).unwrap();
    }
    events
}

/// The tables of events.
fn tables(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path.join("store/keyspaces/1/tables")) else { return vec![] };
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// All files below a directory.
fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.append(&mut files(&entry.path()));
        } else {
            found.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    found
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jnl")
}

/// The numbers of the events that are served, in order; each is the one that was put. `None` when
/// the log group is not known any more.
fn served(world: &World) -> Option<Vec<usize>> {
    let mut request = FilterLogEvents::new(group("/app"));
    let mut numbers = Vec::new();
    loop {
        let page = match world.engine.filter_log_events(&request) {
            Ok(page) => page,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ResourceNotFound, "{error}");
                return None;
            }
        };
        for event in &page.events {
            let shown = event.message.reveal();
            let number: usize = shown.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(shown == text(number), "what is served is what was put");
            numbers.push(number);
        }
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "in order, each once");
            return Some(numbers);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Harm {
    Flip,
    Cut,
    Remove,
}

fn harm(path: &Path, harm: Harm, random: u64) {
    let mut bytes = fs::read(path).unwrap();
    let at = random as usize % bytes.len().max(1);
    match harm {
        Harm::Flip => bytes[at] ^= 1 << (random >> 61),
        Harm::Cut => bytes.truncate(at),
        Harm::Remove => return fs::remove_file(path).unwrap(),
    }
    fs::write(path, bytes).unwrap();
}

/// What a store said of a damage, for the summary.
#[derive(Default, Debug)]
struct Tally {
    refused: usize,
    counted: usize,
    unharmed: usize,
}

/// Opens a damaged store and looks at what it serves and what it leaves.
fn judge(path: &Path, salvage: bool, total: usize, journal: bool, said: &str) -> Tally {
    let before = files(path);
    let mut tally = Tally::default();
    let untouched = || {
        let after = files(path);
        for (file, bytes) in &before {
            let left = after.get(file).unwrap_or_else(|| panic!("{said}: {file:?} is gone"));
            // A torn tail is cut off; the lock names who has it.
            let changes = is_journal(file) || file.ends_with("lock");
            assert!(changes || left == bytes, "{said}: {file:?} is changed");
        }
        assert!(!path.join("store.salvaged").exists(), "{said}: the copy goes");
    };
    match opened(path, salvage) {
        Err(error) => {
            let kinds = [ErrorKind::ServiceUnavailable, ErrorKind::InvalidOperation];
            assert!(kinds.contains(&error.kind()), "{said}: {error}");
            untouched();
            tally.refused += 1;
        }
        Ok(world) => {
            let known = world.engine.metrics().damaged > 0;
            let numbers = served(&world);
            let damaged = world.engine.metrics().damaged;
            let lost = numbers.as_ref().is_none_or(|numbers| numbers.len() < total);
            // A journal that is cut looks like one that the power cut.
            assert!(damaged > 0 || !lost || journal, "{said}: {:?}", numbers.map(|it| it.len()));
            drop(world);
            // A store that was sound when it was opened is sorted as ever.
            if salvage && known {
                untouched();
            }
            *if damaged > 0 { &mut tally.counted } else { &mut tally.unharmed } += 1;
        }
    }
    tally
}

#[test]
fn whatever_file_is_damaged_nothing_is_removed_and_nothing_wrong_is_served() {
    report(&format!("seed {SEED:#x}"));
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    let total = fill(&whole);
    let mut state = SEED;
    let mut tallies = [Tally::default(), Tally::default()];
    for (file, bytes) in files(&whole) {
        let name = file.strip_prefix(&whole).unwrap();
        let cases = [Harm::Flip, Harm::Cut].map(|harm| [harm; PLACES]).concat();
        for harm_done in cases.into_iter().chain([Harm::Remove]) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if bytes.is_empty() && matches!(harm_done, Harm::Flip | Harm::Cut) {
                continue;
            }
            for salvage in [false, true] {
                let path = directory.path().join("copy");
                copy(&whole, &path);
                harm(&path.join(name), harm_done, state);
                let said = format!("{name:?}, {harm_done:?}, {state:#x}, salvage: {salvage}");
                let found = judge(&path, salvage, total, is_journal(name), &said);
                let tally = &mut tallies[usize::from(salvage)];
                tally.refused += found.refused;
                tally.counted += found.counted;
                tally.unharmed += found.unharmed;
                fs::remove_dir_all(&path).unwrap();
            }
        }
    }
    report(&format!("{total} events; without and with salvage: {tallies:?}"));
    assert!(tallies[0].refused > tallies[1].refused, "salvage opens what is refused");
    assert!(tallies[1].counted > 0);
}

#[test]
fn a_table_whose_index_is_damaged_hides_no_other_table_from_salvage() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    let total = fill(&whole);
    for number in 0..tables(&whole).len() {
        let path = directory.path().join("copy");
        copy(&whole, &path);
        let table = tables(&path).remove(number);
        let mut bytes = fs::read(&table).unwrap();
        // The trailer, by which everything else is found.
        let at = bytes.len() - 20;
        bytes[at] ^= 1;
        fs::write(&table, &bytes).unwrap();
        let refused = opened(&path, false).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ServiceUnavailable);
        let name = table.strip_prefix(&path).unwrap().display().to_string();
        for part in [name.as_str(), "salvage", "backup"] {
            assert!(refused.message().contains(part), "{}", refused.message());
        }
        let world = opened(&path, true).unwrap();
        let numbers = served(&world).unwrap();
        report(&format!("without {name}: {} of {total}", numbers.len()));
        let others = tables(&path).len() > 1;
        assert!(!others || !numbers.is_empty(), "the other tables and the journals are served");
        assert!(world.engine.metrics().damaged > 0);
        let request = PutLogEvents { log_events: vec![event(NOW, "x")], ..batch("/app", "s", &[]) };
        let refused = world.engine.put_log_events(request).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ServiceUnavailable, "nothing is taken");
        drop(world);
        assert!(fs::read(&table).unwrap() == bytes, "the original is as it was");
        // The table comes back from a backup.
        bytes[at] ^= 1;
        fs::write(&table, &bytes).unwrap();
        assert_eq!(served(&opened(&path, false).unwrap()).unwrap().len(), total);
        fs::remove_dir_all(&path).unwrap();
    }
}

#[test]
fn a_damaged_manifest_is_refused_by_name_and_removes_nothing() {
    let directory = TempDir::new().unwrap();
    let whole = directory.path().join("whole");
    fill(&whole);
    for name in ["current", "vN"] {
        let path = directory.path().join("copy");
        copy(&whole, &path);
        let folder = path.join("store/keyspaces/1");
        let current = fs::read(folder.join("current")).unwrap();
        let name =
            name.replace('N', &u64::from_le_bytes(current[..8].try_into().unwrap()).to_string());
        fs::remove_file(folder.join(&name)).unwrap();
        let before = files(&path.join("store"));
        for salvage in [false, true] {
            let refused = opened(&path, salvage).map(drop).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ServiceUnavailable);
            let message = refused.message();
            assert!(message.contains("store/keyspaces/1/") && message.contains(&name), "{message}");
            assert!(files(&path.join("store")) == before, "{name}: nothing is changed");
        }
        fs::remove_dir_all(&path).unwrap();
    }
}
