//! What the file of wrapped keys says: one record after the other, as bytes.

use super::book::{Keeping, Kept, KeyName};
use super::provider::WrappedKey;
use crate::arn::LogGroupName;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Record {
    /// A log group, by its number; before its first key, and again when its retention changes.
    Group(u64, Keeping),
    Key(KeyName, WrappedKey),
}

const GROUP: u8 = 1;
const KEY: u8 = 2;

const FOREVER: u32 = 0;
const GONE: u32 = u32::MAX;

/// The bytes of a record.
pub(super) fn write(record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    match record {
        Record::Group(number, keeping) => {
            out.push(GROUP);
            out.extend(number.to_le_bytes());
            write_bytes(&mut out, keeping.name.as_str().as_bytes());
            out.extend(days(keeping.now).to_le_bytes());
            for (kept, until_ms) in &keeping.before {
                out.extend(days(*kept).to_le_bytes());
                out.extend(until_ms.to_le_bytes());
            }
        }
        Record::Key((number, day), wrapped) => {
            out.push(KEY);
            out.extend(number.to_le_bytes());
            out.extend(day.to_le_bytes());
            write_bytes(&mut out, wrapped.key_id.as_bytes());
            write_bytes(&mut out, &wrapped.bytes);
        }
    }
    out
}

/// Reads a record; `None` when the bytes are none.
pub(super) fn read(mut bytes: &[u8]) -> Option<Record> {
    let bytes = &mut bytes;
    let [kind] = *take(bytes)?;
    let number = u64::from_le_bytes(*take(bytes)?);
    let record = match kind {
        GROUP => {
            let name = LogGroupName::new(std::str::from_utf8(take_bytes(bytes)?).ok()?).ok()?;
            let now = kept(u32::from_le_bytes(*take(bytes)?));
            let mut before = Vec::new();
            while !bytes.is_empty() {
                let kept = kept(u32::from_le_bytes(*take(bytes)?));
                before.push((kept, i64::from_le_bytes(*take(bytes)?)));
            }
            Record::Group(number, Keeping { name, now, before })
        }
        KEY => {
            let day = i64::from_le_bytes(*take(bytes)?);
            let key_id = std::str::from_utf8(take_bytes(bytes)?).ok()?.to_owned();
            let wrapped = WrappedKey { key_id, bytes: take_bytes(bytes)?.to_vec() };
            Record::Key((number, day), wrapped)
        }
        _ => return None,
    };
    bytes.is_empty().then_some(record)
}

/// No retention has 0 days, nor as many as can be.
fn days(kept: Kept) -> u32 {
    match kept {
        Kept::Forever => FOREVER,
        Kept::Days(days) => days,
        Kept::Gone => GONE,
    }
}

fn kept(days: u32) -> Kept {
    match days {
        FOREVER => Kept::Forever,
        GONE => Kept::Gone,
        days => Kept::Days(days),
    }
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).expect("ids and wrapped keys are short");
    out.extend(len.to_le_bytes());
    out.extend(bytes);
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u16::from_le_bytes(*take(bytes)?).into();
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_back_and_nothing_else_is_taken_for_one() {
        let keeping = |now, before: &[_]| Keeping {
            name: LogGroupName::new("/a").unwrap(),
            now,
            before: before.to_vec(),
        };
        let wrapped = WrappedKey { key_id: "k".to_owned(), bytes: vec![1, 2, 3] };
        let records = [
            Record::Group(u64::MAX, keeping(Kept::Forever, &[])),
            Record::Group(0, keeping(Kept::Gone, &[(Kept::Days(3653), i64::MIN), (Kept::Gone, 7)])),
            Record::Key((3, i64::MIN), wrapped),
        ];
        for record in records {
            let bytes = write(&record);
            assert_eq!(read(&bytes), Some(record));
            assert_eq!(read(&[&bytes[..], b"x"].concat()), None);
            (0..bytes.len()).for_each(|len| drop(read(&bytes[..len])));
        }
        assert_eq!(read(b""), None);
        assert_eq!(read(&[9; 40]), None);
    }
}
