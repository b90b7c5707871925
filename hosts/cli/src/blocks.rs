//! Reading: whole lines as soon as they are there, in blocks, under a bound on memory.

use std::io::{self, Read};

use logveil::text_from_utf8_lossy;

/// Bytes asked of the input at once, and so the usual size of a block.
pub(crate) const BLOCK_BYTES: usize = 256 * 1024;

/// Longest line that is judged, in bytes without its line ending. A longer one is masked whole:
/// it is neither held in memory nor split, since a split could hide what lies across it.
pub(crate) const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Pieces of an overlong line share this many bytes, so that no marker is lost between them.
const OVERLAP_BYTES: usize = 64;

/// A piece of the input; invalid UTF-8 has been replaced by U+FFFD.
#[derive(Debug)]
pub(crate) enum Block {
    /// Whole lines, each with its line ending; only the input's last may have none.
    Lines {
        /// The lines.
        text: String,
        /// How many bytes of the input they are.
        bytes: usize,
    },
    /// A piece of a line longer than [`LINE_BYTES_MAX`].
    Overlong {
        /// The piece, and before it the end of what came before it.
        text: String,
        /// How much of `text` came before the piece, in bytes.
        overlap: usize,
        /// Whether the line ends here.
        ends: bool,
        /// How many bytes of the input the piece is.
        bytes: usize,
    },
}

impl Block {
    /// How many bytes of the input it is.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Lines { bytes, .. } | Self::Overlong { bytes, .. } => *bytes,
        }
    }
}

/// Cuts an input into blocks. Never waits for more when it has a whole line.
pub(crate) struct Blocks<R> {
    input: R,
    buffer: Box<[u8]>,
    /// What was read and not yet handed on; its first `scanned` bytes hold no line feed.
    held: Vec<u8>,
    scanned: usize,
    ended: bool,
    /// Whether a block was handed on.
    begun: bool,
    /// Inside an overlong line: the end of its last piece.
    overlong: Option<String>,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(input: R) -> Self {
        let buffer = vec![0; BLOCK_BYTES].into_boxed_slice();
        Self {
            input,
            buffer,
            held: Vec::new(),
            scanned: 0,
            ended: false,
            begun: false,
            overlong: None,
        }
    }

    /// The next block; `None` at the end of the input.
    pub(crate) fn next(&mut self) -> io::Result<Option<Block>> {
        loop {
            self.refuse_utf_16()?;
            if let Some(block) = self.cut() {
                self.begun = true;
                return Ok(Some(block));
            }
            if self.ended {
                return Ok(None);
            }
            let count = match self.input.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.ended = count == 0;
            self.held.extend_from_slice(&self.buffer[..count]);
            // The program may wait for its next line for hours, with this one in memory.
            self.buffer[..count].fill(0);
        }
    }

    /// UTF-16 read as UTF-8 is noise in which nothing is found. Its mark is no line end, so it is
    /// still held when its second byte comes.
    fn refuse_utf_16(&self) -> io::Result<()> {
        let marks = [b"\xFF\xFE", b"\xFE\xFF"];
        if self.begun || !marks.iter().any(|mark| self.held.starts_with(*mark)) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8 FILE",
        ))
    }

    /// What can be handed on of what was read.
    fn cut(&mut self) -> Option<Block> {
        if self.overlong.is_none() && self.first_line_is_overlong() {
            self.overlong = Some(String::new());
        }
        if self.overlong.is_some() {
            return self.cut_overlong();
        }
        let end = match self.held[self.scanned..].iter().rposition(|&byte| byte == b'\n') {
            Some(at) => self.scanned + at + 1,
            None if self.ended => self.held.len(),
            None => 0,
        };
        if end == 0 {
            self.scanned = self.held.len();
            return None;
        }
        Some(Block::Lines { text: text(self.take(end)), bytes: end })
    }

    /// Only the first line can be: the others came with one read.
    fn first_line_is_overlong(&self) -> bool {
        if self.held.len() <= LINE_BYTES_MAX {
            return false;
        }
        let end = self.held[self.scanned..].iter().position(|&byte| byte == b'\n');
        let Some(at) = end else {
            // One byte more may be the first of a line ending.
            return self.ended || self.held.len() > LINE_BYTES_MAX + 1;
        };
        let line = &self.held[..self.scanned + at];
        line.strip_suffix(b"\r").unwrap_or(line).len() > LINE_BYTES_MAX
    }

    fn cut_overlong(&mut self) -> Option<Block> {
        let feed = self.held[self.scanned..].iter().position(|&byte| byte == b'\n');
        let (end, ends) = match feed {
            Some(at) => (self.scanned + at + 1, true),
            None if self.ended => (self.held.len(), true),
            None => (self.held.len() - unfinished(&self.held), false),
        };
        if end == 0 && !ends {
            return None;
        }
        let piece = text(self.take(end));
        let before = self.overlong.take().unwrap_or_default();
        let overlap = before.len();
        let text = before + &piece;
        if !ends {
            // Of all that came so far: a piece may be a few bytes, and a marker lie over several.
            let keep = text.floor_char_boundary(text.len().saturating_sub(OVERLAP_BYTES));
            self.overlong = Some(text.get(keep..).unwrap_or_default().to_owned());
        }
        Some(Block::Overlong { text, overlap, ends, bytes: end })
    }

    /// Takes the first `end` bytes out of what is held.
    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.held.split_off(end);
        self.scanned = 0;
        std::mem::replace(&mut self.held, rest)
    }
}

/// Valid text is moved, not copied.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| text_from_utf8_lossy(error.as_bytes()).into_owned())
}

/// How many bytes at the end of `bytes` may be the beginning of a character or of a line ending.
fn unfinished(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return 1;
    }
    let begins = |count: &usize| match bytes.len().checked_sub(*count) {
        Some(at) => std::str::from_utf8(&bytes[at..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none()),
        None => false,
    };
    (1..=3).find(begins).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out at most `step` bytes a read.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn blocks(input: &[u8], step: usize) -> Vec<Block> {
        let mut blocks = Blocks::new(Trickle(input, step));
        std::iter::from_fn(|| blocks.next().expect("memory can be read")).collect()
    }

    /// The text of all blocks, and the number of overlong lines that ended.
    fn joined(blocks: &[Block]) -> (String, usize) {
        let (mut all, mut overlong) = (String::new(), 0);
        for block in blocks {
            match block {
                Block::Lines { text, .. } => all.push_str(text),
                Block::Overlong { text, overlap, ends, .. } => {
                    all.push_str(text.get(*overlap..).expect("the overlap ends on a character"));
                    overlong += usize::from(*ends);
                }
            }
        }
        (all, overlong)
    }

    #[test]
    fn whole_lines_are_handed_on_at_once_and_unfinished_ones_held() {
        let input = "one\ntwo\r\nthree é\nlast".as_bytes();
        for step in 1..input.len() + 1 {
            let cut = blocks(input, step);
            assert!(
                joined(&cut) == (String::from_utf8_lossy(input).into_owned(), 0),
                "step {step}"
            );
            let whole = cut.iter().all(|block| match block {
                Block::Lines { text, .. } => text.ends_with('\n') || text.ends_with("last"),
                Block::Overlong { .. } => false,
            });
            assert!(whole, "step {step}");
        }
        assert!(blocks(b"", 1).is_empty());
    }

    #[test]
    fn the_longest_line_is_judged_and_one_byte_more_is_not() {
        for (ending, step) in [("\n", 100_000), ("\r\n", 262_144), ("", 65_536)] {
            for (len, overlong) in [(LINE_BYTES_MAX, 0), (LINE_BYTES_MAX + 1, 1)] {
                let line = "x".repeat(len);
                for after in ["", "after\nlast"] {
                    if ending.is_empty() && !after.is_empty() {
                        continue;
                    }
                    let input = format!("before\n{line}{ending}{after}");
                    let (all, count) = joined(&blocks(input.as_bytes(), step));
                    assert!(all == input, "text changed: {len} {ending:?}");
                    assert!(count == overlong, "{count} overlong lines: {len} {ending:?}");
                }
            }
        }
    }

    #[test]
    fn overlong_lines_are_not_cut_inside_a_character_or_line_ending() {
        let mut input = "€".repeat(LINE_BYTES_MAX / 3 + 90_000).into_bytes();
        input.extend_from_slice(b"\xE2\x82\xFF\xE2\x82\r\n");
        for step in [BLOCK_BYTES, 99_999] {
            let cut = blocks(&input, step);
            assert!(joined(&cut) == (String::from_utf8_lossy(&input).into_owned(), 1));
            assert!(cut.iter().map(Block::bytes).sum::<usize>() == input.len());
        }
    }

    /// However few bytes a read brings, and wherever the cut lies in the marker.
    #[test]
    fn a_marker_across_the_cuts_of_an_overlong_line_is_in_one_block() {
        const MARKER: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
        for behind in 0..=MARKER.len() {
            for step in [1, 7, MARKER.len(), BLOCK_BYTES] {
                let (first, then) = MARKER.split_at(behind);
                let first = ["x".repeat(1000), first.to_owned()].concat();
                let then = [then, "\n"].concat();
                let input = Trickle(first.as_bytes(), BLOCK_BYTES);
                let mut blocks = Blocks::new(input.chain(Trickle(then.as_bytes(), step)));
                // As if so much of the line had gone before.
                blocks.overlong = Some(String::new());
                let mut found = false;
                while let Some(block) = blocks.next().expect("memory can be read") {
                    found |= match block {
                        Block::Lines { text, .. } | Block::Overlong { text, .. } => {
                            text.contains(MARKER)
                        }
                    };
                }
                assert!(found, "cut behind byte {behind}, then {step} bytes a read");
            }
        }
    }
}
