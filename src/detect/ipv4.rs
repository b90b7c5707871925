//! IPv4 addresses read by hand, from their last octet backwards: they are the most frequent value
//! of all, and the automaton would take five times as long. A test holds this to the pattern.

/// Digits and dots up to the end of an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    /// Where the digits of its first octet begin, three at most: it may begin inside them.
    pub(super) first: usize,
    /// Its first dot.
    pub(super) dot: usize,
    pub(super) end: usize,
}

/// Longest address, and a byte more.
const WINDOW: usize = 16;

/// The address whose last octet begins at byte `at` and is the whole of a run of digits. Its first
/// octet is not looked at.
pub(super) fn around(bytes: &[u8], at: usize) -> Option<Address> {
    let mut end = at + 1;
    while end < bytes.len().min(at + 4) && bytes[end].is_ascii_digit() {
        end += 1;
    }
    // Read from a place of fixed size, no index needs a test.
    let window = bytes[..end].last_chunk().copied().unwrap_or_else(|| {
        let mut window = [0; WINDOW];
        window[WINDOW - end..].copy_from_slice(&bytes[..end]);
        window
    });
    let last = octet_before(&window, WINDOW)?;
    let third = octet_before(&window, last)?;
    let second = octet_before(&window, third)?;
    if last + 1 + end != at + WINDOW || second == 0 {
        return None;
    }
    let dot = second + end - WINDOW;
    let digits = |len: &usize| byte_before(&window, second, *len).is_ascii_digit();
    let len = (1..=3).take_while(digits).count();
    (len > 0).then_some(Address { first: dot - len, dot, end })
}

/// The byte `back` bytes before `end`, 0 before the window.
#[inline(always)]
fn byte_before(window: &[u8; WINDOW], end: usize, back: usize) -> u8 {
    if back > end { 0 } else { window[(end - back) % WINDOW] }
}

/// Where the dot stands before the octet that ends before byte `end`: all of its digits.
#[inline(always)]
fn octet_before(window: &[u8; WINDOW], end: usize) -> Option<usize> {
    let byte = |back| byte_before(window, end, back);
    let (ones, tens, hundreds) = (byte(1), byte(2), byte(3));
    let len = match () {
        () if !ones.is_ascii_digit() => return None,
        () if !tens.is_ascii_digit() => 1,
        () if !hundreds.is_ascii_digit() => 2,
        () => 3,
    };
    let fits = match len {
        1 => true,
        2 => tens != b'0',
        _ => hundreds == b'1' || (hundreds == b'2' && (tens, ones) <= (b'5', b'5')),
    };
    (fits && byte(len + 1) == b'.').then(|| end - len - 1)
}

/// 0 to 255 without leading zeros.
pub(super) fn is_octet(digits: &[u8]) -> bool {
    match digits {
        [_] => true,
        [tens, _] => *tens != b'0',
        [b'1', _, _] => true,
        [b'2', tens, ones] => (tens, ones) <= (&b'5', &b'5'),
        _ => false,
    }
}

/// Whether what stands beside a value is neither part of it nor of an escape, whatever else stands
/// in the text.
pub(super) fn stands_free(bytes: &[u8], first: usize, end: usize) -> bool {
    let free = |byte: Option<&u8>, others: &[u8]| {
        byte.is_none_or(|byte| others.contains(byte) || b" /:=,\"'|{}<>".contains(byte))
    };
    let before = first.checked_sub(1).map(|before| &bytes[before]);
    free(before, b"(@") && free(bytes.get(end), b".)]-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::catalogue::TABLES;
    use crate::detect::walker::Walker;

    /// What the pattern of the catalogue matches from `start` up to the end of a run of digits.
    fn by_pattern(bytes: &[u8], start: usize) -> Option<usize> {
        let walker = &TABLES.addresses.walker;
        let (mut state, mut found) = (walker.start, None);
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            state = walker.next(state, *byte);
            if state == Walker::DEAD {
                break;
            }
            let ends = walker.ends(state).is_some();
            if ends && !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                found = Some(at + 1);
            }
        }
        found
    }

    #[test]
    fn the_hand_reads_what_the_pattern_matches() {
        let mut seed = 7u64;
        let mut addresses = 0;
        for round in 0..60_000 {
            let text: Vec<u8> = (0..22)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    b"0123456789.....2255%"[(seed >> 33) as usize % 20]
                })
                .collect();
            let mut by_hand = Vec::new();
            for at in 0..text.len() {
                let octet = text[at].is_ascii_digit() && at > 0 && text[at - 1] == b'.';
                let Some(address) = octet.then(|| around(&text, at)).flatten() else {
                    continue;
                };
                for start in address.first..address.dot {
                    if is_octet(&text[start..address.dot]) {
                        by_hand.push((start, address.end));
                    }
                }
            }
            by_hand.sort_unstable();
            let by_pattern: Vec<_> = (0..text.len())
                .filter_map(|start| Some((start, by_pattern(&text, start)?)))
                .collect();
            addresses += by_hand.len();
            assert_eq!(by_hand, by_pattern, "round {round}");
        }
        assert!(addresses > 1_000, "{addresses} addresses");
    }
}
