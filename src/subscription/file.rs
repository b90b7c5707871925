//! A directory of files as a destination.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::destination::{DeliveryError, Destination, Outgoing, OutgoingKind};
use super::send::stable_hash;

/// Longest readable part of a directory's name, in bytes. A choice below the 255 of file systems.
const NAME_BYTES_MAX: usize = 160;

/// Writes one file per delivery: `DIR/ARN/KIND/NUMBER.EXTENSION`, or `DIR/ARN/KEY` when there is an
/// object key.
///
/// `ARN` is the destination's, with `_` for each character but letters, digits, `.` and `-`, and a
/// hash that keeps two ARNs apart. `KIND` is `data`, `control`, `dead-letter`, `findings` or
/// `records`.
/// `NUMBER` counts from 1 in twenty digits and goes on behind what is there. `EXTENSION` is
/// `json.gz` for gzip bytes (Kinesis, Firehose) and `json` for a Lambda envelope or findings.
/// `KEY` is the object key (S3); a part of it that is no plain file name, such as `..`, is made one
/// in the way of the ARN. A file is written under a name that begins with a dot, then renamed. One
/// process per directory.
#[derive(Debug)]
pub struct FileDestination {
    root: PathBuf,
    /// The last number of each directory that was written to.
    last: Mutex<HashMap<PathBuf, u64>>,
}

impl FileDestination {
    /// Writes below `root`, which is made when something is delivered.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), last: Mutex::default() }
    }

    fn write(&self, outgoing: &Outgoing<'_>) -> io::Result<()> {
        let root = self.root.join(safe_name(outgoing.destination_arn.as_str()));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = outgoing.object_key {
            let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
            let parts = folder.split('/').filter(|part| !part.is_empty());
            let directory = parts.fold(root, |path, part| path.join(plain_name(part)));
            fs::create_dir_all(&directory)?;
            return write_whole(&directory, &plain_name(name), outgoing.data);
        }
        let directory = root.join(match outgoing.kind {
            OutgoingKind::Data => "data",
            OutgoingKind::Control => "control",
            OutgoingKind::DeadLetter => "dead-letter",
            OutgoingKind::Finding => "findings",
            OutgoingKind::Record => "records",
        });
        let number = match last.get(&directory) {
            Some(number) => number + 1,
            None => {
                fs::create_dir_all(&directory)?;
                last_number(&directory)? + 1
            }
        };
        let gzip = outgoing.data.starts_with(&[0x1f, 0x8b]);
        let name = format!("{number:020}.{}", if gzip { "json.gz" } else { "json" });
        write_whole(&directory, &name, outgoing.data)?;
        last.insert(directory, number);
        Ok(())
    }
}

impl Destination for FileDestination {
    /// Unavailable when a file cannot be written.
    fn deliver(&self, batch: &[Outgoing<'_>]) -> Vec<Result<(), DeliveryError>> {
        let write = |outgoing| self.write(outgoing).map_err(|_| DeliveryError::Unavailable);
        batch.iter().map(write).collect()
    }
}

fn write_whole(directory: &Path, name: &str, data: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}"));
    fs::write(&unfinished, data)?;
    fs::rename(&unfinished, directory.join(name))
}

/// A part of an object key as it is when every file system takes it as a name, otherwise made safe.
fn plain_name(part: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_' | '=');
    let is_plain = part.len() <= NAME_BYTES_MAX && !part.is_empty() && part.chars().all(plain);
    if is_plain && !part.starts_with('.') { part.to_owned() } else { safe_name(part) }
}

/// Characters that every file system takes, and a hash that keeps two texts apart. It is never
/// empty and does not stand for another directory.
fn safe_name(text: &str) -> String {
    let keep = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-');
    let safe = |char| if keep(char) { char } else { '_' };
    let readable: String = text.chars().map(safe).take(NAME_BYTES_MAX).collect();
    let hash = stable_hash(text);
    format!("{readable}-{}", hash.get(..8).expect("a hash has 32 hexadecimal digits"))
}

fn last_number(directory: &Path) -> io::Result<u64> {
    let mut last = 0;
    for file in fs::read_dir(directory)? {
        let name = file?.file_name();
        let number = name.to_str().and_then(|name| name.split('.').next()?.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last)
}
