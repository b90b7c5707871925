//! The engine's journal, looked through before the engine reads it.
//!
//! A journal is a row of batches: a start with the number of items, the items, an end with their
//! checksum. The engine refuses to open one whose last batch was torn by a loss of power in its
//! middle; here such a tail, which nobody was told is safe, is cut off. A batch that is damaged
//! with whole ones behind it is another matter: that was safe and is lost.
//!
//! Places are found by the lengths that are written, never by searching: text that an event holds
//! cannot pass for a batch.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// Bytes before the key of an item: tag, type, compression, keyspace, three lengths.
const ITEM_HEADER_BYTES: usize = 1 + 1 + 1 + 8 + 2 + 4 + 4;

/// What an end closes with.
const TRAILER: &[u8] = b"FJL\x03";

/// Cuts torn tails off the journals of a directory. How many batches before are damaged: they are
/// left as they are.
pub(super) fn mend(directory: &Path) -> io::Result<usize> {
    let mut damaged = 0;
    for path in journals(directory)? {
        let bytes = fs::read(&path)?;
        let found = Batches::of(&bytes);
        damaged += found.damaged.len();
        if found.torn {
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(found.end as u64)?;
            file.sync_all()?;
        }
    }
    Ok(damaged)
}

/// Writes the journals of a directory again without what is damaged in them.
pub(super) fn leave_out_damaged(directory: &Path) -> io::Result<()> {
    for path in journals(directory)? {
        let bytes = fs::read(&path)?;
        let found = Batches::of(&bytes);
        if found.damaged.is_empty() {
            continue;
        }
        let (mut whole, mut from) = (Vec::new(), 0);
        for Range { start, end } in found.damaged {
            whole.extend_from_slice(bytes.get(from..start).unwrap_or_default());
            from = end;
        }
        whole.extend_from_slice(bytes.get(from..found.end).unwrap_or_default());
        let beside = path.with_extension("mended");
        fs::write(&beside, &whole)?;
        File::open(&beside)?.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn journals(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jnl") {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// What a journal holds.
#[derive(Debug, Default, Eq, PartialEq)]
struct Batches {
    /// Batches whose checksum is wrong, with whole ones behind.
    damaged: Vec<Range<usize>>,
    /// Where the last whole batch ends.
    end: usize,
    /// Something other than zeros is behind it.
    torn: bool,
}

impl Batches {
    fn of(bytes: &[u8]) -> Self {
        let (mut found, mut wrong, mut at) = (Self::default(), Vec::new(), 0);
        while let Some((end, whole)) = batch(bytes, at) {
            if whole {
                found.damaged.append(&mut wrong);
                found.end = end;
            } else {
                wrong.push(at..end);
            }
            at = end;
        }
        let rest = bytes.get(found.end..).unwrap_or_default();
        found.torn = rest.iter().any(|byte| *byte != 0);
        found
    }
}

/// Where the batch that starts at `at` ends, and whether its checksum is right; `None` when none
/// starts there or its end is missing.
fn batch(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let number = |at: usize, len: usize| {
        let bytes = bytes.get(at..at.checked_add(len)?)?;
        Some(bytes.iter().rev().fold(0, |all, byte| all << 8 | usize::from(*byte)))
    };
    if number(at, 1)? != usize::from(START) {
        return None;
    }
    let (count, items) = (number(at + 1, 4)?, at + 1 + 4 + 8);
    let mut at = items;
    for _ in 0..count {
        at += match u8::try_from(number(at, 1)?).ok()? {
            ITEM => {
                let (key, value) = (number(at + 11, 2)?, number(at + 17, 4)?);
                ITEM_HEADER_BYTES + key + value
            }
            CLEAR => 1 + 8,
            _ => return None,
        };
    }
    if number(at, 1)? != usize::from(END) || bytes.get(at + 9..at + 13)? != TRAILER {
        return None;
    }
    let checksum = xxh3_64(bytes.get(items..at)?);
    Some((at + 13, bytes.get(at + 1..at + 9)? == checksum.to_le_bytes()))
}
