//! What the scan has noted, judged record by record.

use std::cmp::Reverse;

use super::block::{Extent, Seen};
use super::compile::Gated;
use super::keywords::KeywordHit;
use super::records::{Cursor, RecordFound, Records, stand_apart};
use super::scan::{
    GATE_BLOCKS, GATE_CODES, GATE_COLONS, GATE_DOTS, GATE_FOLD, GATE_MAILBOXES, GATE_NAMES,
    GATE_SHAPES, Opened, ScanScratch,
};
use super::{DetectScratch, Detection, Detector, IDENTIFIERS_MAX, block, confirm, ipv4, word};
use crate::span::Span;

/// Longest text of an IPv6 address before its last colon, and before a colon of its first seven.
const IPV6_BYTES_MAX: usize = 45;

impl Detector {
    /// Finds everything in the `records` of `text`, into `scratch`. Cost: linear in the text;
    /// nothing is allocated once `scratch` has grown.
    pub(crate) fn detect(&self, text: &str, records: Records<'_>, scratch: &mut DetectScratch) {
        scratch.clear();
        let mut scan = scratch.scan.take().unwrap_or_default();
        let apart = match records {
            Records::Spans(spans) => stand_apart(text.as_bytes(), spans),
            Records::Whole | Records::Lines => true,
        };
        if apart {
            self.detect_as_whole(text, records, &mut scan, scratch);
        } else {
            for (index, span) in records.all(text) {
                let record = text.get(span.range()).expect("records lie on characters");
                self.scan(record, Records::Whole, &mut scan, |_, _| {});
                scan.move_on(span.start);
                self.judge(text, index, span, &scan.hits, &scan.opened, scratch);
            }
        }
        scratch.scan = Some(scan);
    }

    /// Scans the buffer as a whole and judges the records in which something was noted, or all.
    fn detect_as_whole(
        &self,
        text: &str,
        records: Records<'_>,
        scan: &mut ScanScratch,
        scratch: &mut DetectScratch,
    ) {
        let mut every = self.customs.visit_all().then(|| records.all(text).peekable());
        let mut cursor = Cursor::new(text, records);
        let mut done = (0, 0);
        self.scan(text, records, scan, |scan, end| {
            loop {
                let record = match &mut every {
                    Some(every) => every.next_if(|(_, span)| span.end <= end),
                    None => next_noted(scan, &mut done, &mut cursor, end),
                };
                let Some((index, span)) = record else { break };
                // What stands between records belongs to none.
                skip(&mut done.0, &scan.hits, |hit| hit.start < span.start);
                skip(&mut done.1, &scan.opened, |opened| opened.at < span.start);
                let (hit, open) = done;
                skip(&mut done.0, &scan.hits, |hit| hit.start < span.end);
                skip(&mut done.1, &scan.opened, |opened| opened.at < span.end);
                let (hits, opened) = (&scan.hits[hit..done.0], &scan.opened[open..done.1]);
                self.judge(text, index, span, hits, opened, scratch);
            }
            if done == (scan.hits.len(), scan.opened.len()) {
                scan.hits.clear();
                scan.opened.clear();
                done = (0, 0);
            }
        });
    }

    /// Judges one record. `hits` and `opened` are what was noted in it, at bytes of the buffer.
    fn judge(
        &self,
        buffer: &str,
        index: usize,
        record: Span,
        hits: &[KeywordHit],
        opened: &[Opened],
        scratch: &mut DetectScratch,
    ) {
        let text = buffer.get(record.range()).expect("records lie on characters");
        scratch.found.clear();
        let machines_only = opened.iter().all(|opened| opened.gate == GATE_DOTS);
        if machines_only && hits.is_empty() && !self.customs.visit_all() {
            scratch.hits.clear();
            scratch.touches.clear();
            for opened in opened {
                self.judge_dots(text, opened.at - record.start, scratch);
            }
            scratch.end_record(index, record);
            return;
        }
        let has = |gate| opened.iter().any(|opened| opened.gate == gate);
        if !(has(GATE_FOLD) && self.judge_folded(text, scratch)) {
            self.judge_shapes(text, record.start, hits, opened, scratch);
        }
        if !self.customs.all.is_empty() {
            self.customs.find(text, record.start, opened, scratch);
        }
        self.recognize_noted(text, record.start, opened, &mut scratch.found);
        if has(GATE_BLOCKS) {
            scratch.saw_block = true;
            if !scratch.without_blocks {
                scratch.seen.clear();
                self.find_blocks(text, scratch);
            }
        }
        scratch.end_record(index, record);
    }

    /// Judges a record in the spelling that patterns and keywords read; false if that is its own.
    fn judge_folded(&self, text: &str, scratch: &mut DetectScratch) -> bool {
        let mut folded = std::mem::take(&mut scratch.folded);
        let differs = folded.fill(text);
        if differs {
            let mut scan = scratch.scan_folded.take().unwrap_or_default();
            self.scan(folded.text(), Records::Whole, &mut scan, |_, _| {});
            self.judge_shapes(folded.text(), 0, &scan.hits, &scan.opened, scratch);
            scratch.scan_folded = Some(scan);
            for found in &mut scratch.found {
                found.span = folded.original(found.span);
            }
        }
        scratch.folded = folded;
        differs
    }

    /// Finds what patterns and keywords of managed identifiers describe in a text that starts at
    /// byte `start` of what `hits` and `opened` tell of.
    fn judge_shapes(
        &self,
        text: &str,
        start: usize,
        hits: &[KeywordHit],
        opened: &[Opened],
        scratch: &mut DetectScratch,
    ) {
        scratch.take_hits(text, start, hits);
        let mut colons_from = 0;
        scratch.mailboxes_end = 0;
        scratch.settled.clear();
        scratch.settled.resize(self.tables.mailboxes.len(), 0);
        for opened in opened {
            let at = opened.at - start;
            match opened.gate {
                GATE_DOTS => self.judge_dots(text, at, scratch),
                GATE_COLONS => colons_from = self.judge_colons(text, colons_from, at, scratch),
                GATE_MAILBOXES => self.judge_mailbox(text, at, scratch),
                GATE_BLOCKS | GATE_FOLD | GATE_NAMES | GATE_CODES => {}
                gate => {
                    let gate = usize::from(gate - GATE_SHAPES);
                    // Those behind are the gates of custom identifiers.
                    let Some(Gated { shape_len, .. }) = self.gated.get(gate) else { continue };
                    if let Some(start) = (at + 1).checked_sub(*shape_len) {
                        let walks = &self.tables.free.walks;
                        self.judge_if_may_begin(walks, self.wanted, text, start, scratch);
                    }
                }
            }
        }
        if !scratch.hits.is_empty() {
            self.walk_near_keywords(text, scratch);
        }
    }

    /// Judges the IPv4 address whose last octet begins at byte `at`.
    fn judge_dots(&self, text: &str, at: usize, scratch: &mut DetectScratch) {
        let bytes = text.as_bytes();
        let (Some(pattern), Some(address)) = (self.machines, ipv4::around(bytes, at)) else {
            return;
        };
        let ipv4::Address { first, dot, end } = address;
        let identifier = self.numbers[pattern.identifiers.trailing_zeros() as usize];
        if ipv4::stands_free(bytes, first, end) {
            let span = Span::new(first, end);
            if ipv4::is_octet(&bytes[first..dot]) && pattern.check.passes(text, span) {
                scratch.found.push(Detection { span, identifier });
            }
            return;
        }
        // The check refuses what stands behind a number and a dot.
        let longer = matches!(&bytes[..first], [.., b'0'..=b'9', b'.']);
        for start in first..dot {
            // Behind an escape an address may begin inside a run of digits.
            let begins = (start == first && !longer) || word::ends_escape(bytes, start);
            if begins && ipv4::is_octet(&bytes[start..dot]) && !word::inside_escape(text, start) {
                let DetectScratch { hits, found, .. } = scratch;
                let span = Span::new(start, end);
                let checked = &mut confirm::Checked::default();
                if confirm::judge(pattern, text, span, hits, checked).is_ok() {
                    found.push(Detection { span, identifier });
                }
            }
        }
    }

    /// Judges the IPv6 addresses that hold the colon at byte `at` and begin at byte `from` or
    /// later; says up to where starts are settled.
    fn judge_colons(
        &self,
        text: &str,
        from: usize,
        at: usize,
        scratch: &mut DetectScratch,
    ) -> usize {
        if at < from {
            return from;
        }
        let addresses = &self.tables.addresses;
        let bytes = text.as_bytes();
        let part = |byte: &&u8| byte.is_ascii_hexdigit() || **byte == b':';
        let open = &bytes[from.min(at)..at];
        let back = open.iter().rev().take(IPV6_BYTES_MAX).take_while(part).count();
        if let Some(pattern) = self.machines
            && stands_free(bytes[..at - back].last())
        {
            // If nothing beside the run is part of it, an address that all of it is hides others.
            let behind = bytes[at..].iter().take(IPV6_BYTES_MAX).take_while(part).count();
            let run = Span::new(at - back, at + behind);
            if stands_free(bytes.get(run.end)) && pattern.check.passes(text, run) {
                let identifier = self.numbers[pattern.identifiers.trailing_zeros() as usize];
                scratch.found.push(Detection { span: run, identifier });
                return run.end;
            }
        }
        for start in from.max(at - back)..=at {
            if in_chain(&bytes[..start]) || !may_be_ipv6(&bytes[start..]) {
                continue;
            }
            self.judge_if_may_begin(addresses, self.wanted, text, start, scratch);
        }
        from.max(at + 1)
    }

    /// The begin of a block whose shape ends at byte `at` of the buffer.
    pub(super) fn block_begin(&self, text: &str, at: usize) -> Option<usize> {
        self.blocks().find_map(|known| {
            let begin = (at + 1).checked_sub(known.shape_end)?;
            text.as_bytes()[begin..].starts_with(known.block.begin.as_bytes()).then_some(begin)
        })
    }

    /// Blocks of one identifier that overlap are one: a key cut off runs into the next.
    pub(super) fn find_blocks(&self, text: &str, scratch: &mut DetectScratch) {
        let DetectScratch { seen, found, .. } = scratch;
        let first = found.len();
        self.each_block(text, seen, |kind, begin, extent| {
            let Some(span) = extent.span(begin.start) else { return };
            let identifier = self.block_identifier(kind);
            let mut earlier = found[first..].iter_mut().rev();
            match earlier.find(|found| found.identifier == identifier) {
                Some(last) if span.start < last.span.end => {
                    last.span.end = last.span.end.max(span.end);
                }
                _ => found.push(Detection { span, identifier }),
            }
        });
    }

    /// Calls `judged` for each BEGIN that another one has not settled: which of the blocks it
    /// opens, where it stands, how far the block goes.
    pub(super) fn each_block(
        &self,
        text: &str,
        seen: &mut Vec<Seen>,
        mut judged: impl FnMut(usize, Span, Extent),
    ) {
        for (kind, begin) in self.block_begins(text) {
            seen.resize(self.tables.blocks.len(), Seen::default());
            if seen[kind].covers(begin.start) {
                continue;
            }
            let block = &self.tables.blocks[kind].block;
            let extent = block::extent(text, begin.end, block, &mut seen[kind]);
            judged(kind, begin, extent);
        }
    }
}

/// Whether an IPv6 address may begin so: with two colons, or with a group of four digits at most,
/// and its colons are two together or seven, six before an IPv4 address.
fn may_be_ipv6(bytes: &[u8]) -> bool {
    let (mut colons, mut digits) = (0, 0);
    for byte in bytes {
        match byte {
            b':' if digits == 0 => return colons > 0 || bytes.starts_with(b"::"),
            b':' if colons == 5 => return true,
            b':' => (colons, digits) = (colons + 1, 0),
            _ if byte.is_ascii_hexdigit() && digits < 4 => digits += 1,
            _ => return false,
        }
    }
    false
}

/// Whether a byte beside colons and hexadecimal digits is no part of an address, of an escape or
/// of a word.
#[inline(always)]
fn stands_free(byte: Option<&u8>) -> bool {
    let free = |byte: &u8| matches!(byte, b' ' | b'=' | b',' | b'"' | b'\'' | b'(' | b')' | b'/');
    byte.is_none_or(free)
}

/// Whether a group and a colon, or two colons, stand directly before a value: an IPv6 address that
/// begins there is none, as the check knows too.
fn in_chain(before: &[u8]) -> bool {
    let Some(label) = before.strip_suffix(b":") else { return false };
    let word = label.iter().rev().take(5).take_while(|byte| byte.is_ascii_alphanumeric());
    let (mut len, mut hex) = (0, true);
    for byte in word {
        len += 1;
        hex &= byte.is_ascii_hexdigit();
    }
    ((1..5).contains(&len) && hex) || label.ends_with(b":")
}

/// Moves `at` over the items for which `test` holds.
fn skip<T>(at: &mut usize, items: &[T], test: impl Fn(&T) -> bool) {
    while items.get(*at).is_some_and(&test) {
        *at += 1;
    }
}

/// The next record in which something was noted, if it ends before byte `end`. Moves `done` over
/// what was noted between records.
fn next_noted(
    scan: &ScanScratch,
    done: &mut (usize, usize),
    cursor: &mut Cursor<'_, '_>,
    end: usize,
) -> Option<(usize, Span)> {
    loop {
        let hit = scan.hits.get(done.0).map_or(usize::MAX, |hit| hit.start);
        let open = scan.opened.get(done.1).map_or(usize::MAX, |open| open.at);
        if hit == usize::MAX && open == usize::MAX {
            return None;
        }
        match cursor.find(hit.min(open)) {
            Some((index, span)) => return (span.end <= end).then_some((index, span)),
            None if hit <= open => done.0 += 1,
            None => done.1 += 1,
        }
    }
}

impl DetectScratch {
    fn take_hits(&mut self, text: &str, start: usize, hits: &[KeywordHit]) {
        self.hits.clear();
        self.hits.extend(hits.iter().map(|hit| hit.moved_back(start)));
        self.touches.clear();
        // No value begins with a space.
        let ends = self.hits.iter().map(|hit| hit.end);
        let ends = ends.filter(|end| text.as_bytes().get(*end).is_some_and(|byte| *byte != b' '));
        self.touches.extend(ends.filter(|end| word::joined_before(text, *end)));
        self.touches.sort_unstable();
        self.touches.dedup();
    }

    /// Takes what was found in the record into the list of all.
    fn end_record(&mut self, index: usize, record: Span) {
        if self.found.is_empty() {
            return;
        }
        leftmost_longest(&mut self.found);
        let first = self.all.len();
        self.all.extend(self.found.iter().map(|found| found.moved_on(record.start)));
        let detections = Span::new(first, self.all.len());
        self.records.push(RecordFound { index, span: record, detections });
    }
}

/// Per identifier: leftmost first, of those that start together the longest, no overlap. Sorts by
/// start, then end, then identifier.
pub(super) fn leftmost_longest(found: &mut Vec<Detection>) {
    if found.len() < 2 {
        return;
    }
    // The longest first.
    found.sort_unstable_by_key(|d| (d.span.start, Reverse(d.span.end), Reverse(d.identifier)));
    let mut free_from = [0; IDENTIFIERS_MAX];
    found.retain(|next| {
        let free = &mut free_from[usize::from(next.identifier)];
        let hidden = next.span.start < *free;
        if !hidden {
            *free = next.span.end;
        }
        !hidden
    });
    for together in found.chunk_by_mut(|a, b| a.span.start == b.span.start) {
        together.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_begin_with_what_their_colons_allow() {
        for (text, may_be) in [
            ("::", true),
            ("::1 and more", true),
            ("2001:db8::1", true),
            ("1:2:3:4:5:6:7:8", true),
            ("1:2:3:4:5:6:7::", true),
            ("1:2:3:4:5:6:192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            (":1:2:3:4:5:6:7", false),
            ("08:15:12,301", false),
            ("12345::1", false),
            ("a:b:c:d:e", false),
            ("1:2:3:4:5:6", false),
        ] {
            assert_eq!(may_be_ipv6(text.as_bytes()), may_be, "{text}");
        }
    }

    #[test]
    fn of_those_that_start_together_the_longest_is_taken() {
        let found = |start, end, identifier| Detection { span: Span::new(start, end), identifier };
        let mut all =
            vec![found(0, 2, 1), found(0, 5, 1), found(4, 9, 1), found(5, 6, 1), found(1, 3, 2)];
        leftmost_longest(&mut all);
        assert_eq!(all, [found(0, 5, 1), found(1, 3, 2), found(5, 6, 1)]);
    }
}
