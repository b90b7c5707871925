//! kill -9 while it ingests and policies change.
//!
//! Only kills count that come after a first acknowledgement and before the child is done. Most of
//! them wait for a moment that matters: its open files tell from outside what a child does. Tables
//! are small, so that there is always one about to be written. A kill is counted for what the child
//! was seen doing only if the table is there unfinished afterwards.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::model::{Said, Work, fault};
use super::{child_in, files_below, long, report};

/// More than a child gets done; a table is full after a few batches.
const WORK: Work = Work { writers: 3, batches: 100_000, noise: 3_000, table_bytes: 64 << 10 };

/// How long a child is watched for its moment.
const PATIENCE: Duration = Duration::from_secs(2);

/// When a child is killed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Moment {
    /// Whatever it does.
    Any,
    /// A table of events is written from memory.
    Flush,
    /// Tables of events are written anew as others.
    Compaction,
    /// A policy change was begun and is not acknowledged.
    PolicyChange,
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
    let moments = [Moment::Flush, Moment::Compaction, Moment::PolicyChange, Moment::Any];
    for _ in 0..directories {
        let (directory, mut said) = (TempDir::new().unwrap(), Said::default());
        for kill in 0..kills {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let moment = moments[fell.kills as usize % moments.len()];
            let seen = run_and_kill(directory.path(), moment, random, &mut said);
            fell.kills += 1;
            fell.into_a_policy_change += u32::from(seen.changing);
            // What is looked at is a copy: looking sends out what waits.
            let copy = TempDir::new().unwrap();
            copy_folder(directory.path(), copy.path());
            let opened = || seen.note_table(directory.path(), copy.path(), &mut fell);
            let found = fault(copy.path(), WORK, &said, opened);
            assert_eq!(found, Ok(()), "kill {kill}, {moment:?}, seed {random:#x}: {said:?}");
        }
        safe += said.batches.values().sum::<u64>();
    }
    report(&format!("{fell:?}, {safe} batches acknowledged, none lost"));
    assert_eq!(fell.kills, directories * kills);
    // A quarter of the kills wait for each moment. On a busy machine fewer hit it, and of the short
    // form's few or none.
    let least = if long().is_some() { fell.kills / 20 } else { 0 };
    let each = [fell.into_a_flush, fell.into_a_compaction, fell.into_a_policy_change];
    assert!(each.iter().all(|fell| *fell >= least), "too few kills hit their moment: {fell:?}");
}

/// What a child was doing just before it was killed.
struct Seen {
    changing: bool,
    /// The table that it wrote, and whether it read others for it.
    table: Option<(PathBuf, bool)>,
}

impl Seen {
    /// A table that was there after the kill and is not once it is opened was not finished.
    fn note_table(&self, killed: &Path, opened: &Path, fell: &mut Fell) {
        let Some((table, compacted)) = &self.table else { return };
        let inside = table.strip_prefix(killed.canonicalize().unwrap()).unwrap();
        if table.exists() && !opened.join(inside).exists() {
            *if *compacted { &mut fell.into_a_compaction } else { &mut fell.into_a_flush } += 1;
        }
    }
}

/// Lets a child work until it has said so many lines and its moment has come, and kills it.
fn run_and_kill(directory: &Path, moment: Moment, random: u64, said: &mut Said) -> Seen {
    let mut command = child_in(&WORK.role(), directory);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (send, lines_of_child) = mpsc::channel();
    let listener = std::thread::spawn(move || {
        let lines = lines.map_while(Result::ok);
        let lines = lines.filter_map(|line| line.strip_prefix("> ").map(str::to_owned));
        lines.for_each(|line| send.send(line).unwrap());
    });
    let mut changing = false;
    let mut hear = |line: String| {
        said.hear(&line);
        changing = line.starts_with("changing") || changing && !line.starts_with("policy");
        line.starts_with("batch")
    };
    let mut left = random % 20 + 1;
    while left > 0 {
        let line = lines_of_child.recv().expect("it has something to do");
        left -= u64::from(hear(line));
    }
    let table = wait_for(moment, child.id(), random, &lines_of_child, &mut hear);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
    listener.join().unwrap();
    // What it said before it died. A line that was cut short is none.
    for line in lines_of_child.iter() {
        hear(line);
    }
    assert!(said.failures.is_empty(), "{:?}", said.failures);
    Seen { changing, table }
}

/// Listens until the moment has come; which table the child writes then, and whether it reads
/// others for it.
fn wait_for(
    moment: Moment,
    child: u32,
    random: u64,
    lines: &Receiver<String>,
    hear: &mut impl FnMut(String) -> bool,
) -> Option<(PathBuf, bool)> {
    let start = Instant::now();
    let mut begun = false;
    // Not always just after an acknowledgement, nor at the beginning of what it does.
    let delay = match moment {
        Moment::Any => Duration::from_micros(random >> 20 & 0x1FFF),
        _ => Duration::from_micros(random >> 20 & 0x3FF),
    };
    loop {
        while let Ok(line) = lines.try_recv() {
            begun = line.starts_with("changing") || begun && !line.starts_with("policy");
            hear(line);
        }
        let table = table_being_written(child);
        let compacts = table.as_ref().map(|(_, compacts)| *compacts);
        let come = match moment {
            Moment::Any => true,
            Moment::Flush => compacts == Some(false),
            Moment::Compaction => compacts == Some(true),
            Moment::PolicyChange => begun,
        };
        if come || start.elapsed() > PATIENCE {
            let start = Instant::now();
            while start.elapsed() < delay {
                std::hint::spin_loop();
            }
            return table;
        }
    }
}

/// The table of events that a process has open for writing, and whether it reads others from their
/// beginning, as only sorting does.
fn table_being_written(process: u32) -> Option<(PathBuf, bool)> {
    let folder = PathBuf::from(format!("/proc/{process}/fd"));
    let (mut written, mut reads) = (None, false);
    for entry in fs::read_dir(folder).ok()?.map_while(Result::ok) {
        let Ok(path) = fs::read_link(entry.path()) else { continue };
        // The engine numbers from one, and events come first.
        if !path.to_string_lossy().contains("/keyspaces/1/tables/") {
            continue;
        }
        let about = format!("/proc/{process}/fdinfo/{}", entry.file_name().to_string_lossy());
        let Ok(about) = fs::read_to_string(about) else { continue };
        let number = |name: &str, radix| {
            let line = about.lines().find_map(|line| line.strip_prefix(name));
            u64::from_str_radix(line.unwrap_or("0").trim(), radix).unwrap()
        };
        if number("flags:", 8) & 3 != 0 {
            written = Some(path);
        } else {
            reads |= number("pos:", 10) > 0;
        }
    }
    written.map(|path| (path, reads))
}

fn copy_folder(from: &Path, to: &Path) {
    for (name, bytes) in files_below(from) {
        fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
        fs::write(to.join(&name), bytes).unwrap();
    }
}
