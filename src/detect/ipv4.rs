//! IPv4 addresses read by hand, from their last octet backwards: they are the most frequent value
//! of all, and the automaton would take five times as long. A test holds this to the pattern.

use std::ops::RangeInclusive;

/// The address whose last octet begins at byte `at` and is the whole of a run of digits: the
/// places where it may begin, and its end. Its first octet may begin inside a run of digits.
pub(super) fn around(bytes: &[u8], at: usize) -> Option<(RangeInclusive<usize>, usize)> {
    let end = at + bytes[at..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    if !is_octet(&bytes[at..end]) {
        return None;
    }
    let mut first = at;
    for _ in 0..2 {
        let octet = octet_before(bytes, first)?;
        if !is_octet(&bytes[octet..first - 1]) {
            return None;
        }
        first = octet;
    }
    let earliest = octet_before(bytes, first)?;
    // The last place leaves one digit, which is an octet.
    Some((earliest..=first - 2, end))
}

/// Where up to three digits begin that end in the dot before byte `at`.
fn octet_before(bytes: &[u8], at: usize) -> Option<usize> {
    let before = bytes[..at].strip_suffix(b".")?;
    let digits = before.iter().rev().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then(|| before.len() - digits)
}

/// 0 to 255 without leading zeros.
pub(super) fn is_octet(digits: &[u8]) -> bool {
    match digits {
        [_] => true,
        [tens, _] => *tens != b'0',
        [b'1', _, _] => true,
        [b'2', tens, ones] => *tens < b'5' || (*tens == b'5' && *ones <= b'5'),
        _ => false,
    }
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
                let Some((starts, end)) = octet.then(|| around(&text, at)).flatten() else {
                    continue;
                };
                for start in starts {
                    let dot = text[start..].iter().position(|byte| *byte == b'.').unwrap();
                    if is_octet(&text[start..start + dot]) {
                        by_hand.push((start, end));
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
