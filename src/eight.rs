//! Eight bytes at a time: where in a text the first byte of a kind stands (Mycroft's test for a
//! zero byte, as in Warren, "Hacker's Delight", 6-1).

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks bytes below `limit`, which is at most 128, by their high bits. Behind the first that is
/// marked others may be marked that are not below.
pub(crate) fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(EACH * u64::from(limit)) & !word & HIGH
}

/// The same for bytes that are `byte`.
pub(crate) fn is(word: u64, byte: u8) -> u64 {
    below(word ^ (EACH * u64::from(byte)), 1)
}

/// The same for bytes that are not ASCII; these marks are all right.
pub(crate) fn beyond_ascii(word: u64) -> u64 {
    word & HIGH
}

/// How many bytes stand before the first that `marks` marks; all when there is none.
#[inline(always)]
pub(crate) fn before(bytes: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let first = |word: [u8; 8]| marks(u64::from_le_bytes(word)).trailing_zeros() as usize / 8;
    let (words, rest) = bytes.as_chunks();
    for (word, before) in words.iter().zip((0..).step_by(size_of::<u64>())) {
        let at = first(*word);
        if at < size_of::<u64>() {
            return before + at;
        }
    }
    bytes.len() - rest.len() + first(last(rest)).min(rest.len())
}

/// Less than eight bytes, filled up.
#[cold]
fn last(rest: &[u8]) -> [u8; 8] {
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_of_a_kind_is_found_as_by_looking_at_each() {
        for byte in 0..=u8::MAX {
            for limit in [1_u8, 0x20, 0x21, 0x80] {
                for (len, at) in (0..20).flat_map(|len| (0..=len).map(move |at| (len, at))) {
                    // Neighbours of what is looked for stand around it.
                    let neighbours = (0..len).map(|at| limit.wrapping_add(at as u8 % 2));
                    let mut bytes: Vec<u8> = neighbours.collect();
                    bytes.iter_mut().skip(at).take(1).for_each(|there| *there = byte);
                    let each = |of: &dyn Fn(u8) -> bool| {
                        bytes.iter().position(|byte| of(*byte)).unwrap_or(len)
                    };
                    let found = before(&bytes, |word| below(word, limit));
                    assert_eq!(found, each(&|byte| byte < limit));
                    let found = before(&bytes, |word| is(word, b'"') | beyond_ascii(word));
                    assert_eq!(found, each(&|byte| byte == b'"' || byte >= 0x80));
                }
            }
        }
    }
}
