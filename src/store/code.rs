//! How values are written: small, by hand, with a checksum behind each. A value whose checksum is
//! wrong is damaged and never served.

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a checksum.
const CHECKSUM_BYTES: usize = 4;

/// What is written behind `bytes`.
// Four bytes beside the engine's own eight for each block: together they miss nothing in practice.
pub(super) fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    (xxh3_64(bytes) as u32).to_le_bytes()
}

/// The bytes before the checksum, when it is right.
pub(super) fn checked(value: &[u8]) -> Option<&[u8]> {
    let (bytes, found) = value.split_last_chunk::<CHECKSUM_BYTES>()?;
    (checksum(bytes) == *found).then_some(bytes)
}

/// Writes one value.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// Seven bits a byte, the lowest first; the last byte is below 128.
    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8)
    }

    /// A number of either sign: small ones are short.
    pub(super) fn signed(&mut self, number: i64) -> &mut Self {
        self.number((number << 1 ^ number >> 63) as u64)
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn option<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T),
    ) -> &mut Self {
        match value {
            None => self.byte(0),
            Some(value) => {
                write(self.byte(1), value);
                self
            }
        }
    }

    /// The value with its checksum.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = self.0;
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }
}

/// Reads one value. Everything is `None` when the value is not what was expected.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(value: &'a [u8]) -> Option<Self> {
        checked(value).map(Self)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// As many items as a number says; each has at least a byte.
    pub(super) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = usize::try_from(self.number()?).ok()?;
        let mut items = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Some(items)
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let signed = [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN];
        let mut out = Writer::default();
        numbers.iter().for_each(|number| _ = out.number(*number));
        signed.iter().for_each(|number| _ = out.signed(*number));
        out.text("é").option(Some(5), |out, five| _ = out.number(five));
        out.option(None::<u64>, |out, number| _ = out.number(number));
        let value = out.finish();
        let mut from = Reader::new(&value).expect("the checksum is right");
        assert_eq!(numbers.map(|_| from.number().unwrap()), numbers);
        assert_eq!(signed.map(|_| from.signed().unwrap()), signed);
        assert_eq!(from.text(), Some("é"));
        assert_eq!(from.option(Reader::number), Some(Some(5)));
        assert_eq!(from.option(Reader::number), Some(None));
        assert_eq!((from.end(), from.byte()), (Some(()), None));
    }
}
