//! Who saw originals: a line for every read with a grant, kept before the read is answered.
//!
//! The lines are JSON, one read each, in `unmask.ndjson` beside the store; a full file becomes
//! `unmask.old.ndjson`, in the place of the one before. They hold no text of any event.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::arn::LogGroupName;
use crate::error::{Error, ErrorKind};
use crate::limits::UNMASK_LOG_READS_MAX;

use super::Engine;
use super::grant::{Principal, UnmaskGrant};

/// Answer of [`Engine::unmask_log`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UnmaskLog {
    /// The latest 10,000 reads, oldest first.
    pub reads: Vec<UnmaskedRead>,
    /// How many older ones there were.
    pub dropped: u64,
}

/// One page that was read with a grant. It holds no text of any event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnmaskedRead {
    /// Who read.
    pub principal: Principal,
    /// The log group.
    pub log_group: LogGroupName,
    /// How many events were returned, with something to unmask or without; 0 as well: a search with
    /// a grant tells something also when it finds nothing.
    pub events: usize,
    /// When: milliseconds since 1970 UTC.
    pub timestamp_ms: i64,
}

/// A line of the file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// Counts the reads from 1.
    number: u64,
    timestamp_ms: i64,
    principal: &'a str,
    log_group: &'a str,
    events: usize,
}

/// The latest reads, in memory and in their file.
pub(super) struct UnmaskTrace {
    directory: PathBuf,
    /// Whether a read waits until its line is on the disk.
    synced: bool,
    inside: Mutex<Trace>,
}

#[derive(Default)]
struct Trace {
    reads: VecDeque<UnmaskedRead>,
    /// How many reads there ever were.
    count: u64,
    /// Opened by the first read.
    file: Option<File>,
    /// Lines in the file.
    lines: usize,
}

impl UnmaskTrace {
    /// The trace that is kept in `directory`. A line that is none, as a crash leaves one, is passed
    /// over.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when a file is there and cannot be read.
    pub(super) fn open(directory: &Path, synced: bool) -> Result<Self, Error> {
        let trace = Self { directory: directory.to_owned(), synced, inside: Mutex::default() };
        let mut inside = trace.lock();
        for path in [trace.old_path(), trace.path()] {
            let bytes = match fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("read", &error)),
            };
            inside.lines = bytes.split(|byte| *byte == b'\n').count();
            for (number, read) in bytes.split(|byte| *byte == b'\n').filter_map(parse) {
                inside.count = inside.count.max(number);
                inside.push(read);
            }
        }
        drop(inside);
        Ok(trace)
    }

    /// Keeps a read. Only when this returns may it be answered.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    fn note(&self, read: UnmaskedRead) -> Result<(), Error> {
        let mut inside = self.lock();
        let line = Line {
            number: inside.count + 1,
            timestamp_ms: read.timestamp_ms,
            principal: read.principal.as_str(),
            log_group: read.log_group.as_str(),
            events: read.events,
        };
        let line = serde_json::to_string(&line).expect("our own shape can be written");
        if let Err(error) = self.append(&mut inside, &line) {
            // What is there of the line is closed off by the next one's file.
            inside.file = None;
            return Err(failed("written", &error));
        }
        inside.count += 1;
        inside.push(read);
        Ok(())
    }

    fn append(&self, inside: &mut Trace, line: &str) -> io::Result<()> {
        if inside.lines >= UNMASK_LOG_READS_MAX {
            inside.file = None;
            fs::rename(self.path(), self.old_path())?;
            inside.lines = 0;
        }
        let mut text = format!("{line}\n");
        let file = match &mut inside.file {
            Some(file) => file,
            none => {
                let mut file = private().read(true).append(true).create(true).open(self.path())?;
                let mut last = [b'\n'];
                if file.metadata()?.len() > 0 {
                    file.seek(SeekFrom::End(-1))?;
                    file.read_exact(&mut last)?;
                }
                if last != *b"\n" {
                    // A crash has cut the last line short: this one does not continue it.
                    text.insert(0, '\n');
                }
                if self.synced && cfg!(unix) {
                    File::open(&self.directory)?.sync_all()?;
                }
                none.insert(file)
            }
        };
        file.write_all(text.as_bytes())?;
        inside.lines += 1;
        if self.synced { file.sync_data() } else { Ok(()) }
    }

    fn path(&self) -> PathBuf {
        self.directory.join("unmask.ndjson")
    }

    fn old_path(&self) -> PathBuf {
        self.directory.join("unmask.old.ndjson")
    }

    fn lock(&self) -> MutexGuard<'_, Trace> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    fn push(&mut self, read: UnmaskedRead) {
        if self.reads.len() == UNMASK_LOG_READS_MAX {
            self.reads.pop_front();
        }
        self.reads.push_back(read);
    }
}

impl Engine {
    /// The latest reads with a grant, of this process and those before it.
    pub fn unmask_log(&self) -> UnmaskLog {
        let trace = self.unmasked.lock();
        let dropped = trace.count.saturating_sub(trace.reads.len() as u64);
        UnmaskLog { reads: trace.reads.iter().cloned().collect(), dropped }
    }

    /// Called by every read before it answers.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the read cannot be noted: it is not answered then.
    pub(super) fn note_unmask(
        &self,
        grant: Option<&UnmaskGrant>,
        events: usize,
        timestamp_ms: i64,
    ) -> Result<(), Error> {
        let Some(grant) = grant else { return Ok(()) };
        let (principal, log_group) = (grant.principal().clone(), grant.log_group().clone());
        self.unmasked.note(UnmaskedRead { principal, log_group, events, timestamp_ms })
    }
}

/// A read and its number.
fn parse(line: &[u8]) -> Option<(u64, UnmaskedRead)> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let read = UnmaskedRead {
        principal: Principal::new(line["principal"].as_str()?),
        log_group: LogGroupName::new(line["logGroup"].as_str()?).ok()?,
        events: usize::try_from(line["events"].as_u64()?).ok()?,
        timestamp_ms: line["timestampMs"].as_i64()?,
    };
    Some((line["number"].as_u64()?, read))
}

fn private() -> fs::OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn failed(what: &str, error: &io::Error) -> Error {
    let text = format!("the log of reads with a grant cannot be {what}: {}", error.kind());
    Error::new(ErrorKind::ServiceUnavailable, text)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn read(number: usize) -> UnmaskedRead {
        UnmaskedRead {
            principal: Principal::new("ann \"\n"),
            log_group: LogGroupName::new("/app").unwrap(),
            events: number,
            timestamp_ms: i64::MIN,
        }
    }

    fn shown(trace: &UnmaskTrace) -> (Vec<usize>, u64) {
        let trace = trace.lock();
        (trace.reads.iter().map(|read| read.events).collect(), trace.count)
    }

    #[test]
    fn reads_are_kept_and_what_a_crash_cut_short_is_passed_over() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("unmask.ndjson");
        UnmaskTrace::open(directory.path(), true).unwrap().note(read(1)).unwrap();
        let whole = fs::read(&path).unwrap();
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            let trace = UnmaskTrace::open(directory.path(), true).unwrap();
            trace.note(read(2)).unwrap();
            trace.note(read(3)).unwrap();
            let again = UnmaskTrace::open(directory.path(), true).unwrap();
            // Without its end of line it is whole all the same.
            let expected = if len < whole.len() - 1 { vec![2, 3] } else { vec![1, 2, 3] };
            assert_eq!(shown(&again).0, expected, "{len} bytes");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.ends_with("}\n") && !text.contains("\n\n"), "{len} bytes: no empty line");
            assert_eq!(again.lock().reads[0].principal, read(0).principal);
        }
    }

    #[test]
    fn the_files_stay_short_and_the_numbers_go_on() {
        let directory = TempDir::new().unwrap();
        let trace = UnmaskTrace::open(directory.path(), false).unwrap();
        let total = 2 * UNMASK_LOG_READS_MAX + 7;
        (0..total).for_each(|number| trace.note(read(number)).unwrap());
        for trace in [trace, UnmaskTrace::open(directory.path(), false).unwrap()] {
            let (reads, count) = shown(&trace);
            assert_eq!(reads, (total - UNMASK_LOG_READS_MAX..total).collect::<Vec<_>>());
            assert_eq!(count, total as u64);
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_read_that_cannot_be_noted_is_not_counted() {
        let directory = TempDir::new().unwrap();
        let in_the_way = directory.path().join("unmask.ndjson");
        let trace = UnmaskTrace::open(directory.path(), true).unwrap();
        fs::create_dir(&in_the_way).unwrap();
        assert_eq!(trace.note(read(1)).unwrap_err().kind(), ErrorKind::ServiceUnavailable);
        fs::remove_dir(&in_the_way).unwrap();
        trace.note(read(2)).unwrap();
        assert_eq!(shown(&trace), (vec![2], 1));
    }
}
