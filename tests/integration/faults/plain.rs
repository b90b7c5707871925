//! A small program whose right answer is plain, to show that the preloaded library finds what it is
//! for: each rule of writing safely, left out, is noticed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Outcome, Plan, files_below, say};

const RECORDS: u64 = 12;
const RECORD_BYTES: usize = 3000;

/// Appends records to `log` and keeps their count in `state`, which is always replaced as a whole.
/// The variant names the rule that it breaks.
pub fn child(directory: &Path, variant: &str) {
    let does = |rule: &str| variant != rule;
    let sync_folder = || {
        if does("no-folder-sync") { File::open(directory)?.sync_all() } else { Ok(()) }
    };
    let write = || -> io::Result<()> {
        let mut log = OpenOptions::new().append(true).create(true).open(directory.join("log"))?;
        sync_folder()?;
        for number in 0..RECORDS {
            let mut trial = || -> io::Result<()> {
                let end = log.metadata()?.len();
                let written = log
                    .write_all(&record(number))
                    .and_then(|()| if does("no-sync") { log.sync_data() } else { Ok(()) });
                if let Err(error) = written {
                    // What is there of it is taken back, or the next record would be misplaced.
                    log.set_len(end)?;
                    return Err(error);
                }
                let new = directory.join("state.new");
                let mut file = File::create(&new)?;
                file.write_all(number.to_string().as_bytes())?;
                if does("no-sync-before-rename") {
                    file.sync_all()?;
                }
                fs::rename(&new, directory.join("state"))?;
                sync_folder()
            };
            if let Err(error) = trial() {
                say(&format!("failed {number}: {:?}", error.kind()));
                return Err(error);
            }
            say(&format!("done {number}"));
        }
        Ok(())
    };
    // What failed was said.
    drop(write());
}

fn record(number: u64) -> Vec<u8> {
    (0..RECORD_BYTES).map(|at| (number as usize * 31 + at * 7 + 1) as u8 | 1).collect()
}

/// What is wrong on the disk, if anything.
fn fault(outcome: &Outcome) -> Option<String> {
    let done = outcome.said.iter().filter(|line| line.starts_with("done")).count();
    let log = fs::read(outcome.image.join("log")).unwrap_or_default();
    for number in 0..done {
        let at = number * RECORD_BYTES;
        if log.get(at..at + RECORD_BYTES) != Some(&record(number as u64)) {
            return Some(format!("record {number} of {done} is not there"));
        }
    }
    let state = fs::read_to_string(outcome.image.join("state")).unwrap_or_default();
    let state = state.parse::<usize>().map_or(0, |last| last + 1);
    (state < done || state > done + 1).then(|| format!("the state is {state}, {done} were done"))
}

/// The first fault at any sync point with any of the seeds, and how many runs there were.
fn search(role: &'static str, seeds: u64) -> (usize, Option<String>) {
    let mut runs = 0;
    for off_at in 1.. {
        for seed in 0..seeds {
            let plan = Plan { role, off_at, seed, ..Plan::default() };
            let outcome = plan.run();
            runs += 1;
            if let Some(fault) = fault(&outcome) {
                return (runs, Some(format!("{plan:?}: {fault}")));
            }
            if outcome.said.len() as u64 == RECORDS {
                return (runs, None);
            }
        }
    }
    unreachable!("the child ends")
}

#[test]
fn a_program_that_keeps_the_rules_loses_nothing() {
    let (runs, fault) = search("plain", 8);
    assert_eq!(fault, None);
    assert!(runs > 8 * RECORDS as usize, "{runs} runs");
}

#[test]
fn a_program_that_breaks_a_rule_is_caught() {
    let rules = ["plain no-sync", "plain no-sync-before-rename", "plain no-folder-sync"];
    for role in rules {
        assert!(search(role, 8).1.is_some(), "{role}");
    }
}

#[test]
fn the_model_of_the_disk_is_the_disk() {
    // This seed keeps all that waits: the image is what the child's files are.
    let outcome = Plan { role: "plain", seed: 2, ..Plan::default() }.run();
    assert!(outcome.off && !outcome.said.is_empty());
    assert_eq!(files_below(&outcome.image), files_below(outcome.directory.path()));
}

#[test]
fn each_kind_of_failure_reaches_the_program_once() {
    for (with, kind) in [
        ("enospc", "StorageFull"),
        ("eio", "Uncategorized"),
        ("sync", "Uncategorized"),
        ("short", ""),
    ] {
        let mut clean = false;
        for at in 1..200 {
            let fail = Some((at, with, 1));
            let plan = Plan { role: "plain", fail, ..Plan::default() };
            let outcome = plan.run();
            assert_eq!(fault(&outcome), None, "{plan:?}");
            if !outcome.fired {
                clean = true;
                break;
            }
            // The program goes on writing after a short write, and ends after any other.
            let failed = outcome.said.iter().find(|line| line.starts_with("failed"));
            let said = failed.is_some_and(|line| line.ends_with(kind));
            // The first calls come before the first record.
            assert_eq!(said, with != "short" && failed.is_some(), "{plan:?}: {:?}", outcome.said);
        }
        assert!(clean, "{with}: there is an end");
    }
}
