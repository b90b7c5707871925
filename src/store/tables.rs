//! The engine's tables and the manifests that name them, looked through before the engine reads
//! them.
//!
//! The engine does not compare a manifest with its checksum, removes tables that no manifest names
//! and keyspaces without one: a damaged byte could make it remove what is whole. So it opens what
//! was found sound here, and nothing else. `current` names the manifest and its checksum, the
//! manifest names the tables. A table ends with what it takes to read it: indexes, and where they
//! are. Its blocks of data are checked when they are read.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

/// Keyspaces of a store, in the order in which they are made: the first one has the number 1. The
/// engine keeps their names in number 0.
pub(super) const KEYSPACES: [&str; 3] = ["events", "records", "outbox"];

/// What the engine writes into `version`.
const ENGINE_VERSION: &[u8] = b"FJL\x03";

/// Bytes of `current`: number of the manifest, its checksum, type of the checksum.
const CURRENT_BYTES: usize = 8 + 16 + 1;

/// Bytes of what a manifest says about a table: number, type of the checksum, checksum, sequence.
const ENTRY_BYTES: usize = 8 + 1 + 16 + 8;

/// Bytes before a block: magic, type, checksum, two lengths, checksum of these.
const BLOCK_HEADER_BYTES: usize = 4 + 1 + 16 + 4 + 4 + 4;

/// Bytes at the end of an archive: magic, version, type of the checksum, checksum of the list of
/// sections, where it begins, its length.
const TRAILER_BYTES: usize = 4 + 1 + 1 + 16 + 8 + 8;

const TRAILER: &[u8] = b"SFA!\x01\x00";
const LIST: &[u8] = b"TOC!";

/// Sections of a table that hold blocks without which it cannot be read.
const READ_FIRST: [&[u8]; 5] = [b"tli", b"index", b"filter_tli", b"filter", b"meta"];

/// A file of the engine's that is damaged or missing.
#[derive(Debug)]
pub(super) struct Damaged {
    /// From the directory of the engine on.
    pub(super) path: PathBuf,
    /// The store can be read without it.
    pub(super) can_do_without: bool,
}

/// The files of a store that are damaged or missing, other than journals. Changes nothing.
pub(super) fn look(place: &Path) -> io::Result<Vec<Damaged>> {
    let mut found = Vec::new();
    let mut note = |path: PathBuf, can_do_without| found.push(Damaged { path, can_do_without });
    if read(&place.join("version"))?.as_deref() != Some(ENGINE_VERSION) {
        note("version".into(), true);
    }
    if !place.join("lock").try_exists()? {
        note("lock".into(), true);
    }
    if super::journal::journals(place)?.is_empty() {
        note("0.jnl".into(), true);
    }
    for number in 0..=KEYSPACES.len() {
        let folder = keyspace(number);
        match Manifest::of(&place.join(&folder))? {
            // The names can be made again.
            Err(name) => note(folder.join(name), number == 0),
            Ok(manifest) => {
                for entry in manifest.entries() {
                    let path = folder.join(entry.path());
                    // What is not about events is read when the store is opened, and is small.
                    if !entry.is_sound(&place.join(&path), number != 1)? {
                        note(path, true);
                    }
                }
            }
        }
    }
    Ok(found)
}

/// Puts what is sound of a store into another one, which is empty. Tables are linked where that
/// works, as they never change; nothing of the first one is touched.
pub(super) fn copy_sound(place: &Path, into: &Path) -> io::Result<()> {
    for number in 1..=KEYSPACES.len() {
        let (from, to) = (place.join(keyspace(number)), into.join(keyspace(number)));
        let mut manifest = Manifest::of(&from)?.map_err(|_| io::ErrorKind::InvalidData)?;
        fs::remove_dir_all(&to)?;
        fs::create_dir_all(to.join("tables"))?;
        let mut sound = Vec::new();
        for entry in manifest.entries() {
            let (file, link) = (from.join(entry.path()), to.join(entry.path()));
            if entry.is_sound(&file, false)? {
                fs::hard_link(&file, &link).or_else(|_| fs::copy(&file, &link).map(drop))?;
                sound.push(*entry);
            }
        }
        manifest.keep(&sound);
        manifest.write(&to)?;
    }
    for path in super::journal::journals(into)? {
        fs::remove_file(path)?;
    }
    for path in super::journal::journals(place)? {
        let bytes = super::journal::read(&path)?;
        // Room set aside is not copied.
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let name = path.file_name().unwrap_or_default();
        fs::write(into.join(name), bytes.get(..end).unwrap_or_default())?;
    }
    Ok(())
}

fn keyspace(number: usize) -> PathBuf {
    Path::new("keyspaces").join(number.to_string())
}

/// A file, if it is there.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a manifest says about a table, as it stands there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Entry([u8; ENTRY_BYTES]);

impl Entry {
    fn path(&self) -> PathBuf {
        let number = Bytes(&self.0).number(8).unwrap_or_default();
        Path::new("tables").join(number.to_string())
    }

    /// Whether the table can be read; with `whole`, whether not a byte of it is different.
    fn is_sound(&self, path: &Path, whole: bool) -> io::Result<bool> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if whole && checksum_of(&mut file)? != wide(self.0.get(9..25).unwrap_or_default()) {
            return Ok(false);
        }
        let Some(sections) = sections(&mut file)? else { return Ok(false) };
        for needed in [&b"tli"[..], b"meta"] {
            if !sections.iter().any(|section| section.name == needed) {
                return Ok(false);
            }
        }
        for section in sections.iter().filter(|it| READ_FIRST.contains(&it.name.as_slice())) {
            match read_at(&mut file, section.start, section.len)? {
                Some(bytes) if blocks_are_whole(&bytes) => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Which tables there are, by level and run, and what else the engine wants to know.
struct Manifest {
    number: u64,
    sections: Vec<(Vec<u8>, Vec<u8>)>,
    levels: Vec<Vec<Vec<Entry>>>,
}

impl Manifest {
    /// The manifest of a keyspace; else the name of the file that is damaged or missing.
    fn of(folder: &Path) -> io::Result<Result<Self, String>> {
        let current = read(&folder.join("current"))?;
        let parts = current.as_deref().filter(|bytes| bytes.len() == CURRENT_BYTES);
        let parts = parts.and_then(|current| {
            let mut bytes = Bytes(current);
            let (number, checksum) = (bytes.number(8)?, wide(bytes.take(16)?));
            (bytes.number(1)? == 0).then_some((number, checksum))
        });
        let Some((number, checksum)) = parts else { return Ok(Err("current".to_owned())) };
        let name = format!("v{number}");
        let path = folder.join(&name);
        match read(&path)? {
            // A number that is damaged leads here.
            None => Ok(Err(format!("current, or {name}"))),
            Some(bytes) if xxh3_128(&bytes) == checksum => {
                let listed = sections(&mut File::open(path)?)?;
                Ok(Self::parse(number, &bytes, listed.unwrap_or_default()).ok_or(name))
            }
            Some(_) => Ok(Err(name)),
        }
    }

    fn parse(number: u64, bytes: &[u8], listed: Vec<Section>) -> Option<Self> {
        let mut sections = Vec::new();
        for Section { name, start, len } in listed {
            let start = usize::try_from(start).ok()?;
            let content = bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)?;
            sections.push((name, content.to_vec()));
        }
        let (_, tables) = sections.iter().find(|(name, _)| name == b"tables")?;
        let mut tables = Bytes(tables);
        let mut levels = Vec::new();
        for _ in 0..tables.number(1)? {
            let mut level = Vec::new();
            for _ in 0..tables.number(1)? {
                let mut run = Vec::new();
                for _ in 0..tables.number(4)? {
                    run.push(Entry(tables.take(ENTRY_BYTES)?.try_into().ok()?));
                }
                level.push(run);
            }
            levels.push(level);
        }
        Some(Self { number, sections, levels })
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.levels.iter().flatten().flatten()
    }

    /// Names those tables only. The engine does not know runs without tables.
    fn keep(&mut self, sound: &[Entry]) {
        for level in &mut self.levels {
            level.iter_mut().for_each(|run| run.retain(|entry| sound.contains(entry)));
            level.retain(|run| !run.is_empty());
        }
    }

    /// Writes the manifest and `current`.
    fn write(&self, folder: &Path) -> io::Result<()> {
        let mut tables = vec![self.levels.len() as u8];
        for level in &self.levels {
            tables.push(level.len() as u8);
            for run in level {
                tables.extend((run.len() as u32).to_le_bytes());
                run.iter().for_each(|entry| tables.extend(entry.0));
            }
        }
        let (mut bytes, mut list) = (Vec::new(), LIST.to_vec());
        list.extend((self.sections.len() as u32).to_le_bytes());
        for (name, content) in &self.sections {
            let content = if name == b"tables" { &tables } else { content };
            list.extend((bytes.len() as u64).to_le_bytes());
            list.extend((content.len() as u64).to_le_bytes());
            list.extend((name.len() as u16).to_le_bytes());
            list.extend(name);
            bytes.extend(content);
        }
        let start = bytes.len() as u64;
        bytes.extend(&list);
        bytes.extend(TRAILER);
        bytes.extend(xxh3_128(&list).to_le_bytes());
        bytes.extend(start.to_le_bytes());
        bytes.extend((list.len() as u64).to_le_bytes());
        fs::write(folder.join(format!("v{}", self.number)), &bytes)?;
        let mut current = File::create(folder.join("current"))?;
        current.write_all(&self.number.to_le_bytes())?;
        current.write_all(&xxh3_128(&bytes).to_le_bytes())?;
        current.write_all(&[0])
    }
}

/// A part of an archive, as the engine writes manifests and tables.
struct Section {
    name: Vec<u8>,
    start: u64,
    len: u64,
}

/// The parts of an archive, when the list of them is whole.
fn sections(file: &mut File) -> io::Result<Option<Vec<Section>>> {
    let len = file.metadata()?.len();
    let Some(end) = len.checked_sub(TRAILER_BYTES as u64) else { return Ok(None) };
    let Some(trailer) = read_at(file, end, TRAILER_BYTES as u64)? else { return Ok(None) };
    let mut trailer = Bytes(&trailer);
    let head = trailer.take(TRAILER.len());
    let checksum = trailer.take(16).map(wide);
    let (start, list_len) = (trailer.number(8), trailer.number(8));
    let Some((start, list_len)) = start.zip(list_len) else { return Ok(None) };
    if head != Some(TRAILER) || start.checked_add(list_len) != Some(end) {
        return Ok(None);
    }
    let Some(list) = read_at(file, start, list_len)? else { return Ok(None) };
    Ok((Some(xxh3_128(&list)) == checksum).then(|| listed(&list)).flatten())
}

fn listed(list: &[u8]) -> Option<Vec<Section>> {
    let mut list = Bytes(list);
    if list.take(LIST.len())? != LIST {
        return None;
    }
    let mut sections = Vec::new();
    for _ in 0..list.number(4)? {
        let (start, len, name_len) = (list.number(8)?, list.number(8)?, list.number(2)?);
        let name = list.take(usize::try_from(name_len).ok()?)?.to_vec();
        sections.push(Section { name, start, len });
    }
    Some(sections)
}

/// Whether these are blocks, one behind the other, whose checksums are right.
fn blocks_are_whole(bytes: &[u8]) -> bool {
    let mut bytes = Bytes(bytes);
    let mut next = || {
        let header = bytes.take(BLOCK_HEADER_BYTES)?;
        let mut parts = Bytes(header.get(5..)?);
        let (checksum, len, _) = (wide(parts.take(16)?), parts.number(4)?, parts.number(4)?);
        let own = u64::from(xxh3_128(header.get(..BLOCK_HEADER_BYTES - 4)?) as u32);
        let data = bytes.take(usize::try_from(len).ok()?)?;
        (parts.number(4)? == own && xxh3_128(data) == checksum).then_some(bytes.0.is_empty())
    };
    loop {
        match next() {
            None => return false,
            Some(true) => return true,
            Some(false) => {}
        }
    }
}

/// Bytes of a file, if it is that long.
fn read_at(file: &mut File, at: u64, len: u64) -> io::Result<Option<Vec<u8>>> {
    let end = at.checked_add(len).filter(|end| file.metadata().is_ok_and(|it| *end <= it.len()));
    if end.is_none() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(len).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == len).then_some(bytes))
}

fn checksum_of(file: &mut File) -> io::Result<u128> {
    let (mut hasher, mut buffer) = (Xxh3Default::new(), vec![0; 1 << 16]);
    file.rewind()?;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.digest128()),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// A checksum as it is written.
fn wide(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |all, byte| all << 8 | u128::from(*byte))
}

/// Bytes that are read from the front; the lowest byte of a number is the first.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, len: usize) -> Option<u64> {
        let bytes = self.take(len)?;
        Some(bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }
}
