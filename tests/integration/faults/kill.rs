//! kill -9 while it ingests and policies change.
//!
//! Only kills count that come after a first acknowledgement and before the child is done. What the
//! kill fell into is told by what lies there: a table that nothing names was being written, and the
//! journals that wait say for which of the two reasons.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::model::{Said, Work, fault};
use super::{child_in, files_below, long, report};

/// More than a child gets done; in the long form so much at a time that tables are written.
fn work() -> Work {
    Work { writers: 3, batches: 100_000, noise: if long().is_some() { 110_000 } else { 5_000 } }
}

#[derive(Debug, Default)]
struct Fell {
    kills: u32,
    into_a_policy_change: u32,
    into_a_flush: u32,
    into_a_compaction: u32,
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let (directories, kills) = long().map_or((5, 5), |directories| (directories as u32, 10));
    let (mut fell, mut random, mut safe) = (Fell::default(), 0x1234_5678_9ABC_DEF1_u64, 0);
    for _ in 0..directories {
        let (directory, mut said) = (TempDir::new().unwrap(), Said::default());
        for kill in 0..kills {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let changing = run_and_kill(directory.path(), random, &mut said);
            fell.kills += 1;
            fell.into_a_policy_change += u32::from(changing);
            // What is looked at is a copy: looking sends out what waits.
            let copy = TempDir::new().unwrap();
            let before = copy_folder(directory.path(), copy.path());
            let opened = || note_tables(&before, copy.path(), &mut fell);
            let found = fault(copy.path(), work(), &said, opened);
            assert_eq!(found, Ok(()), "kill {kill}, seed {random:#x}: {said:?}");
        }
        safe += said.batches.values().sum::<u64>();
    }
    report(&format!("{fell:?}, {safe} batches acknowledged, none lost"));
    assert_eq!(fell.kills, directories * kills);
}

/// Lets a child work until it has said so many lines and a moment has passed, and kills it; whether
/// it was changing a policy then.
fn run_and_kill(directory: &Path, random: u64, said: &mut Said) -> bool {
    let mut command = child_in(
        &format!("store {} {} {}", work().writers, work().batches, work().noise),
        directory,
    );
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut left = random % 60 + 1;
    let mut heard = Vec::new();
    for line in lines.by_ref() {
        let Some(line) = line.strip_prefix("> ") else { continue };
        said.hear(line);
        heard.push(line.to_owned());
        if line.starts_with("batch") {
            left -= 1;
        }
        if left == 0 {
            break;
        }
    }
    assert_eq!((left, &said.failures[..]), (0, &[][..]), "it had something to do");
    // Not always just after an acknowledgement.
    let (start, moment) = (Instant::now(), Duration::from_micros(random >> 20 & 0x1FFF));
    while start.elapsed() < moment {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
    // What it said before it died. A line that was cut short is none.
    for line in lines.filter_map(|line| line.strip_prefix("> ").map(str::to_owned)) {
        said.hear(&line);
        heard.push(line);
    }
    let of_policies = |line: &&String| line.contains("policy") || line.contains("changing");
    heard.iter().rfind(of_policies).is_some_and(|line| line.contains("changing"))
}

/// Copies a folder and returns the names of its tables and journals.
fn copy_folder(from: &Path, to: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for (name, bytes) in files_below(from) {
        std::fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
        std::fs::write(to.join(&name), bytes).unwrap();
        names.push(name.to_str().unwrap().to_owned());
    }
    names
}

/// Tables that were there after the kill and are not once it is open were not finished.
fn note_tables(before: &[String], opened: &Path, fell: &mut Fell) {
    let unfinished = before.iter().filter(|name| name.contains("/tables/"));
    if unfinished.filter(|name| !opened.join(name).exists()).count() == 0 {
        return;
    }
    let journals = before.iter().filter(|name| name.ends_with(".jnl")).count();
    if journals > 1 {
        fell.into_a_flush += 1;
    } else {
        fell.into_a_compaction += 1;
    }
}
