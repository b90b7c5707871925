//! The engine's journals, looked through before the engine reads them.
//!
//! A journal is a row of batches: a start with the number of items and the batch's own number, the
//! items, an end with their checksum. The engine refuses to open one whose last batch was torn by
//! a loss of power in its middle; here such a tail, which nobody was told is safe, is cut off. A
//! batch that is damaged with whole ones behind it is another matter: that was safe and is lost. A
//! single bit that flipped, in a length as well, is found by the checksum and put right.
//!
//! Places are found by the lengths that are written. Where these are damaged the next batch is
//! searched, and counts only if whole ones follow up to the end: text that an event holds cannot
//! pass for one, as the end of its own batch would stand in the way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// Bytes of a start: tag, number of items, number of the batch.
const START_BYTES: usize = 1 + 4 + 8;

/// Bytes before the key of an item: tag, type, compression, keyspace, three lengths.
const ITEM_HEADER_BYTES: usize = 1 + 1 + 1 + 8 + 2 + 4 + 4;

/// Bytes of an end: tag, checksum, trailer.
const END_BYTES: usize = 1 + 8 + 4;

/// What an end closes with.
const TRAILER: &[u8] = b"FJL\x03";

/// Longest batch of which each bit is tried when its checksum is wrong, in bytes: 65,536 checksums
/// of 8 KiB take a tenth of a second.
const TRIED_BYTES_MAX: usize = 8 << 10;

/// A journal is read in such pieces; a piece of zeros is seen as fast as it is read.
const CHUNK_BYTES: usize = 256 << 10;

/// How many items before the place where the lengths led astray are suspected.
const SUSPECTS_MAX: usize = 16;

/// No two batches in a row are so far apart in their numbers.
const GAP_MAX: u64 = 1 << 24;

/// Puts single bits right and cuts torn tails off the journals of a directory. How many batches,
/// or stretches of them, are damaged: they are left as they are.
pub(super) fn mend(directory: &Path) -> io::Result<usize> {
    let mut damaged = 0;
    let journals = journals(directory)?;
    for (index, path) in journals.iter().enumerate() {
        let mut bytes = read(path)?;
        let found = Batches::of(&mut bytes);
        damaged += found.damaged.len();
        // A journal was synced before the next one was begun.
        let last = index + 1 == journals.len();
        damaged += usize::from(found.torn && !last);
        if found.put_right {
            replace(path, &bytes)?;
        }
        if found.torn && last {
            cut(path, found.end)?;
        }
    }
    Ok(damaged)
}

/// Writes the journals of a directory again without what is damaged in them.
pub(super) fn leave_out_damaged(directory: &Path) -> io::Result<()> {
    for path in journals(directory)? {
        let mut bytes = read(&path)?;
        let found = Batches::of(&mut bytes);
        if found.damaged.is_empty() && !found.torn {
            continue;
        }
        let (mut whole, mut from) = (Vec::new(), 0);
        for Range { start, end } in found.damaged {
            whole.extend_from_slice(bytes.get(from..start).unwrap_or_default());
            from = end;
        }
        whole.extend_from_slice(bytes.get(from..found.end).unwrap_or_default());
        replace(&path, &whole)?;
    }
    Ok(())
}

/// Cuts off what nobody was told is safe: the batches from that number on. The engine writes what
/// it could not write once more when it is closed.
pub(super) fn forget_from(directory: &Path, number: u64) -> io::Result<()> {
    for path in journals(directory)? {
        let (bytes, mut at) = (read(&path)?, 0);
        while let Ok(batch) = Batch::at(&bytes, at)
            && batch.number < number
        {
            at = batch.end;
        }
        if !is_clean(&bytes, at) {
            cut(&path, at)?;
        }
    }
    Ok(())
}

/// A journal without the zeros at its end, but for some: the engine makes it large before it writes
/// it, and most of it is empty most of the time.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let (mut file, mut bytes, mut zeros) = (File::open(path)?, Vec::new(), 0);
    let (mut chunk, empty) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if empty.starts_with(read) {
            zeros += read.len();
        } else {
            bytes.resize(bytes.len() + std::mem::take(&mut zeros), 0);
            bytes.extend_from_slice(read);
        }
    }
}

fn cut(path: &Path, at: usize) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(at as u64)?;
    file.sync_all()
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("mended");
    fs::write(&beside, bytes)?;
    File::open(&beside)?.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// The journals of a directory, oldest first.
pub(super) fn journals(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jnl") {
            let name = path.file_stem().and_then(|name| name.to_str());
            paths.push((name.and_then(|name| name.parse::<u64>().ok()), path));
        }
    }
    paths.sort();
    Ok(paths.into_iter().map(|(_, path)| path).collect())
}

/// What a journal holds.
#[derive(Debug, Default, Eq, PartialEq)]
struct Batches {
    /// What is damaged, with whole batches behind.
    damaged: Vec<Range<usize>>,
    /// Where the last whole batch ends.
    end: usize,
    /// Something other than zeros is behind it.
    torn: bool,
    /// Bits were put right in what was looked through.
    put_right: bool,
}

impl Batches {
    fn of(bytes: &mut [u8]) -> Self {
        let (mut found, mut wrong, mut at, mut last) = (Self::default(), Vec::new(), 0, None);
        loop {
            match Batch::at(bytes, at) {
                Ok(batch) if batch.whole && fits(bytes, last, &batch) => {
                    found.damaged.append(&mut wrong);
                    (found.end, at, last) = (batch.end, batch.end, Some(batch.number));
                }
                other => {
                    if let Some(bit) = flipped(bytes, at, last, &other) {
                        flip(bytes, bit);
                        found.put_right = true;
                    } else if let Ok(batch) = other {
                        // Also one whose number is wrong: nobody knows what it replaces.
                        wrong.push(at..batch.end);
                        at = batch.end;
                    } else if let Some(next) = resumes(bytes, at + 1, last) {
                        wrong.push(at..next);
                        at = next;
                    } else {
                        break;
                    }
                }
            }
        }
        let rest = bytes.get(found.end..).unwrap_or_default();
        found.torn = rest.iter().any(|byte| *byte != 0);
        found
    }
}

/// Whether a batch of that number may stand behind the last one.
fn follows(last: Option<u64>, number: u64) -> bool {
    last.is_none_or(|last| number > last && number - last <= GAP_MAX)
}

/// A batch whose parts are where its lengths say.
#[derive(Clone, Copy, Debug)]
struct Batch {
    number: u64,
    items: usize,
    end: usize,
    /// The checksum is right.
    whole: bool,
}

impl Batch {
    /// The batch that starts at `at`.
    ///
    /// # Errors
    ///
    /// Where the last headers begin that were read, when none starts there or its end is missing.
    fn at(bytes: &[u8], at: usize) -> Result<Self, Vec<usize>> {
        let mut headers = vec![at];
        Self::read(bytes, at, &mut headers).ok_or(headers)
    }

    fn read(bytes: &[u8], at: usize, headers: &mut Vec<usize>) -> Option<Self> {
        let number = |at: usize, len: usize| {
            let bytes = bytes.get(at..at.checked_add(len)?)?;
            Some(bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)))
        };
        if number(at, 1)? != u64::from(START) {
            return None;
        }
        let (count, own, items) = (number(at + 1, 4)?, number(at + 5, 8)?, at + START_BYTES);
        let mut at = items;
        for _ in 0..count {
            if headers.len() > SUSPECTS_MAX {
                headers.remove(1);
            }
            headers.push(at);
            at += match u8::try_from(number(at, 1)?).ok()? {
                ITEM => {
                    let (key, value) = (number(at + 11, 2)?, number(at + 17, 4)?);
                    ITEM_HEADER_BYTES + usize::try_from(key + value).ok()?
                }
                CLEAR => 1 + 8,
                _ => return None,
            };
        }
        headers.push(at);
        let is_end = number(at, 1)? == u64::from(END);
        if !is_end || bytes.get(at + 9..at + END_BYTES)? != TRAILER {
            return None;
        }
        let checksum = xxh3_64(bytes.get(items..at)?);
        let whole = number(at + 1, 8)? == checksum;
        Some(Self { number: own, items, end: at + END_BYTES, whole })
    }
}

/// The bit that makes the batch at `at` whole and follow the last one, counted from the first bit
/// of all. `read` is what it is without.
fn flipped(
    bytes: &mut [u8],
    at: usize,
    last: Option<u64>,
    read: &Result<Batch, Vec<usize>>,
) -> Option<usize> {
    let bits = |places: Range<usize>| places.start * 8..places.end.min(bytes.len()) * 8;
    let tried: Vec<_> = match read {
        // Only its own number is wrong, which no checksum covers.
        Ok(batch) if batch.whole => return misnumbered(bytes, at, last, batch),
        Ok(batch) if batch.end - at <= TRIED_BYTES_MAX => vec![bits(batch.items..batch.end)],
        Ok(batch) => vec![bits(batch.end - END_BYTES..batch.end)],
        // Clean space is no batch but for a bit.
        Err(_) if bytes.get(at).is_none_or(|tag| *tag == 0) && is_clean(bytes, at) => Vec::new(),
        Err(headers) => headers.iter().map(|at| bits(*at..at + ITEM_HEADER_BYTES)).collect(),
    };
    let mut tried = tried.into_iter().flatten();
    tried.find(|bit| {
        flip(bytes, *bit);
        let read = Batch::at(bytes, at);
        flip(bytes, *bit);
        read.is_ok_and(|batch| batch.whole && follows(last, batch.number))
    })
}

/// Whether a batch follows the last one, and the next one does not say that its number is wrong.
fn fits(bytes: &[u8], last: Option<u64>, batch: &Batch) -> bool {
    let next = Batch::at(bytes, batch.end).ok().filter(|next| next.whole);
    // Where no number is left between the last one and the next, the next one is wrong.
    let room = |next: &Batch| last.is_none_or(|last| next.number > last + 1);
    let overtaken =
        |next: &Batch| next.number <= batch.number && follows(last, next.number) && room(next);
    let overtakes = next.is_some_and(|next| overtaken(&next));
    follows(last, batch.number) && !overtakes
}

/// The bit of a batch's number that puts it between the one before and the one behind.
fn misnumbered(bytes: &[u8], at: usize, last: Option<u64>, batch: &Batch) -> Option<usize> {
    let next = Batch::at(bytes, batch.end).ok().map(|next| next.number);
    (0..64).find_map(|bit| {
        let number = batch.number ^ 1 << bit;
        let fits = follows(last, number) && next.is_none_or(|next| follows(Some(number), next));
        fits.then_some((at + 5) * 8 + bit)
    })
}

fn flip(bytes: &mut [u8], bit: usize) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

fn is_clean(bytes: &[u8], from: usize) -> bool {
    bytes.get(from..).unwrap_or_default().iter().all(|byte| *byte == 0)
}

/// Where the row of batches goes on behind `from`: whole ones from there to the end.
fn resumes(bytes: &[u8], from: usize, last: Option<u64>) -> Option<usize> {
    let starts = memchr::memchr_iter(START, bytes.get(from..)?).map(|at| from + at);
    starts.into_iter().find(|start| {
        let (mut at, mut last) = (*start, last);
        while let Ok(batch) = Batch::at(bytes, at) {
            if !batch.whole || !follows(last, batch.number) {
                return false;
            }
            (at, last) = (batch.end, Some(batch.number));
        }
        at > *start && is_clean(bytes, at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch of two items.
    fn batch(number: u64, text: &[u8]) -> Vec<u8> {
        let mut items = Vec::new();
        for key in [&b"key"[..], b"other key"] {
            items.extend([ITEM, 0, 0]);
            items.extend(2_u64.to_le_bytes());
            items.extend((key.len() as u16).to_le_bytes());
            items.extend([(text.len() as u32).to_le_bytes(); 2].concat());
            items.extend([key, text].concat());
        }
        let checksum = xxh3_64(&items).to_le_bytes();
        let start = [&[START][..], &2_u32.to_le_bytes(), &number.to_le_bytes()].concat();
        [&start[..], &items, &[END], &checksum, TRAILER].concat()
    }

    /// A journal of five batches, and where they begin and end.
    fn journal() -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut edges) = (Vec::new(), vec![0]);
        // Numbers leave gaps; a text may look like a batch.
        let texts = [&b"one"[..], b"\x01\x01\0\0\0", &[b'x'; 300], &batch(28, b"forged"), b"five"];
        for (text, number) in texts.into_iter().zip([21, 22, 23, 27, 30]) {
            bytes.extend(batch(number, text));
            edges.push(bytes.len());
        }
        bytes.extend([0; 100]);
        (bytes, edges)
    }

    #[test]
    fn any_flipped_bit_of_any_batch_is_put_right() {
        let (whole, edges) = journal();
        let end = edges[5];
        for bit in 0..end * 8 {
            let mut bytes = whole.clone();
            flip(&mut bytes, bit);
            let found = Batches::of(&mut bytes);
            let is = (found.damaged.len(), found.end, found.torn);
            assert_eq!(is, (0, end, false), "bit {bit}");
            // Numbers without a checksum only have to keep their order, which holds as it is.
            let numbers = |at: &usize| Batch::at(&bytes, *at).unwrap().number;
            let numbers: Vec<_> = edges[..5].iter().map(numbers).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "bit {bit}: {numbers:?}");
            let in_number = edges[..5].iter().any(|at| (at + 5..at + 13).contains(&(bit / 8)));
            assert!(in_number || bytes == whole, "bit {bit}");
        }
    }

    #[test]
    fn a_destroyed_header_loses_its_batch_and_nothing_else() {
        let (whole, edges) = journal();
        for destroyed in 0..4 {
            let at = edges[destroyed];
            for len in [START_BYTES, START_BYTES + ITEM_HEADER_BYTES, 40] {
                let mut bytes = whole.clone();
                bytes[at..at + len].fill(0xA5);
                let found = Batches::of(&mut bytes);
                // What an event holds is no batch, whatever it looks like.
                let lost = std::slice::from_ref(&(at..edges[destroyed + 1])).to_vec();
                assert_eq!(found.damaged, lost, "{destroyed}, {len}");
                assert_eq!((found.end, found.torn), (edges[5], false));
            }
        }
    }

    #[test]
    fn zeros_are_read_where_something_follows() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("0.jnl");
        for (before, between, behind) in [(0, 0, 0), (1, 3, 0), (3, 2, 1), (0, 5, 4), (2, 0, 9)] {
            let zeros = |chunks: usize| vec![0; chunks * CHUNK_BYTES + chunks];
            let all = [zeros(before), vec![7], zeros(between), vec![8, 0, 9], zeros(behind)];
            let all = all.concat();
            fs::write(&path, &all).unwrap();
            let read = read(&path).unwrap();
            let rest = all.strip_prefix(read.as_slice()).expect("it is the beginning");
            assert!(rest.iter().all(|byte| *byte == 0) && read.len() <= all.len());
            let end = all.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            assert!(read.len() < end + CHUNK_BYTES, "{} for {end}", read.len());
        }
        fs::write(&path, vec![0; 3 * CHUNK_BYTES]).unwrap();
        assert!(read(&path).unwrap().is_empty());
    }

    #[test]
    fn a_torn_tail_is_no_damage() {
        let (whole, edges) = journal();
        for cut in edges[4]..edges[5] {
            for fill in [0, 0xA5] {
                let mut bytes = whole.clone();
                bytes[cut..].fill(fill);
                let found = Batches::of(&mut bytes);
                let torn = bytes[edges[4]..].iter().any(|byte| *byte != 0);
                let is = (found.damaged.len(), found.end, found.torn);
                assert!(is == (0, edges[4], torn) || found.put_right, "cut at {cut}: {is:?}");
            }
        }
    }
}
