//! The file of wrapped keys: `keys`, beside the store.
//!
//! A destroyed key must be gone from every file of the directory at once, which a log-structured
//! store cannot promise. So the file is written anew whenever a key goes or is wrapped again: to
//! `keys.new`, synced, renamed over `keys`, the directory synced, and the old bytes overwritten
//! with zeros before their file is let go. New keys are appended and synced.
//!
//! Each record has a check sum of its own. What is damaged is left out and counted; what a crash
//! cut short was never acknowledged.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;

use crate::error::{Error, ErrorKind};

/// First bytes of the file; the format's number and a check sum follow.
const MAGIC: &[u8; 12] = b"logveil keys";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = MAGIC.len() + 8;

/// Before each record: this mark, the length of the record and its check sum.
const MARK: [u8; 4] = [0x8B, b'k', b'e', b'y'];
const FRAME_BYTES: usize = MARK.len() + 8;

/// Longer than any record that is written; a length above it is a damaged one.
const RECORD_BYTES_MAX: usize = 64 * 1024;

/// The open file. Its records are bytes here; what they say is the book's affair.
pub(super) struct KeyFile {
    directory: PathBuf,
    /// None until the first write.
    file: Option<File>,
    /// The bytes that are known to be written and synced.
    len: u64,
    /// Whether a write failed, so that nobody knows what is on disk behind `len`.
    suspect: bool,
}

/// What the file held.
pub(super) struct Found {
    pub(super) records: Vec<Vec<u8>>,
    /// Stretches of bytes that are no record, but for an end that a crash cut short.
    pub(super) damaged: usize,
}

impl KeyFile {
    /// Opens the file in `directory`, which exists, and reads it. A half-written new file is wiped.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when it cannot be read; InvalidOperation when its format is another one.
    pub(super) fn open(directory: &Path) -> Result<(Self, Found), Error> {
        let mut open = Self { directory: directory.to_owned(), file: None, len: 0, suspect: false };
        let found = open.read_all().map_err(|error| failed("read", &error))?;
        if let Some(format) = other_format(&found) {
            let text = format!("the key file has format {format}; this program reads {FORMAT}");
            return Err(Error::new(ErrorKind::InvalidOperation, text));
        }
        let (records, damaged, torn) = records(&found);
        // Appending behind damage would be reading it again and again.
        open.suspect = damaged > 0 || torn;
        open.len = found.len() as u64;
        Ok((open, Found { records, damaged }))
    }

    /// Whether what is on disk may differ from what was acknowledged.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspect
    }

    /// Adds records; they are safe when this returns.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable. The file is suspect then, and must be rewritten before it is added to.
    pub(super) fn append(&mut self, records: &[Vec<u8>]) -> Result<(), Error> {
        assert!(!self.suspect, "a suspect file is rewritten first");
        let Some(file) = &mut self.file else { return self.rewrite(records) };
        let mut bytes = Vec::new();
        records.iter().for_each(|record| frame(record, &mut bytes));
        self.suspect = true;
        let len = self.len;
        let mut append = || {
            file.seek(SeekFrom::Start(len))?;
            file.write_all(&bytes)?;
            file.sync_data()
        };
        append().map_err(|error| failed("write", &error))?;
        self.len += bytes.len() as u64;
        self.suspect = false;
        Ok(())
    }

    /// Writes the file anew, with these records only; nothing else is left of the old one.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable. The file is suspect then: it has the old records or the new ones.
    pub(super) fn rewrite(&mut self, records: &[Vec<u8>]) -> Result<(), Error> {
        self.suspect = true;
        self.replace(records).map_err(|error| failed("write", &error))?;
        self.suspect = false;
        Ok(())
    }

    fn read_all(&mut self) -> io::Result<Vec<u8>> {
        self.clear_half_written()?;
        let mut bytes = Vec::new();
        match OpenOptions::new().read(true).write(true).open(self.path()) {
            Ok(mut file) => {
                file.read_to_end(&mut bytes)?;
                self.file = Some(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(bytes)
    }

    /// What a crash or a failed write left behind.
    fn clear_half_written(&self) -> io::Result<()> {
        match OpenOptions::new().write(true).open(self.half_written()) {
            Ok(file) => {
                wipe(&file)?;
                fs::remove_file(self.half_written())?;
                self.sync_directory()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn replace(&mut self, records: &[Vec<u8>]) -> io::Result<()> {
        self.clear_half_written()?;
        let mut bytes = header();
        records.iter().for_each(|record| frame(record, &mut bytes));
        let mut new =
            private(OpenOptions::new().write(true).create_new(true)).open(self.half_written())?;
        new.write_all(&bytes)?;
        new.sync_all()?;
        fs::rename(self.half_written(), self.path())?;
        let old = self.file.replace(new);
        self.len = bytes.len() as u64;
        self.sync_directory()?;
        old.as_ref().map_or(Ok(()), wipe)
    }

    fn path(&self) -> PathBuf {
        self.directory.join("keys")
    }

    fn half_written(&self) -> PathBuf {
        self.directory.join("keys.new")
    }

    /// Makes the names of the directory safe, where the system can.
    fn sync_directory(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.directory)?.sync_all() } else { Ok(()) }
    }
}

/// Readable by its owner only, where the system can.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Overwrites a file that has no name any more, or soon has none.
fn wipe(mut file: &File) -> io::Result<()> {
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut io::repeat(0).take(len), &mut file)?;
    file.sync_data()
}

fn failed(what: &str, error: &io::Error) -> Error {
    let text = format!("the key file cannot be {what}: {}", error.kind());
    Error::new(ErrorKind::ServiceUnavailable, text)
}

fn header() -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &FORMAT.to_le_bytes()].concat();
    bytes.extend(check_sum(&bytes).to_le_bytes());
    bytes
}

/// The format in a header that is intact, when it is not ours.
fn other_format(bytes: &[u8]) -> Option<u32> {
    let (start, sum) = bytes.get(..HEADER_BYTES)?.split_last_chunk()?;
    let format = u32::from_le_bytes(*start.strip_prefix(MAGIC)?.as_array()?);
    (check_sum(start) == u32::from_le_bytes(*sum) && format != FORMAT).then_some(format)
}

fn frame(record: &[u8], out: &mut Vec<u8>) {
    assert!(record.len() <= RECORD_BYTES_MAX, "records are short");
    out.extend(MARK);
    out.extend((record.len() as u32).to_le_bytes());
    out.extend(check_sum(record).to_le_bytes());
    out.extend(record);
}

/// The records that are intact, how many stretches of bytes are none, and whether the last of them
/// was torn rather than damaged: an append that a crash cut short, which is not counted.
fn records(bytes: &[u8]) -> (Vec<Vec<u8>>, usize, bool) {
    let (mut records, mut damaged, mut at, mut lost) = (Vec::new(), 0, 0, None);
    if bytes.starts_with(&header()) {
        at = HEADER_BYTES;
    }
    while at < bytes.len() {
        if let Some(record) = record(&bytes[at..]) {
            at += FRAME_BYTES + record.len();
            records.push(record.to_vec());
            damaged += usize::from(lost.take().is_some());
        } else {
            lost.get_or_insert(at);
            at += 1;
        }
    }
    let torn = lost.is_some_and(|start| !is_complete(&bytes[start..]));
    damaged += usize::from(lost.is_some() && !torn);
    (records, damaged, torn)
}

/// Whether all bytes of a record are there, right or wrong.
fn is_complete(bytes: &[u8]) -> bool {
    let len = bytes.strip_prefix(&MARK).and_then(|rest| rest.first_chunk());
    len.is_some_and(|len| bytes.len() >= FRAME_BYTES + u32::from_le_bytes(*len) as usize)
}

fn record(bytes: &[u8]) -> Option<&[u8]> {
    let (len, rest) = bytes.strip_prefix(&MARK)?.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let len = u32::from_le_bytes(*len) as usize;
    let record = rest.get(..len).filter(|_| len <= RECORD_BYTES_MAX)?;
    (check_sum(record) == u32::from_le_bytes(*sum)).then_some(record)
}

fn check_sum(bytes: &[u8]) -> u32 {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum.sum()
}
