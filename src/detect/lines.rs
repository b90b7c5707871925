//! Private keys that are spread over the lines of a stream: masked from the BEGIN line on, without
//! waiting for the END line.

use super::Detector;
use super::block::{self, Extent, Seen};
use crate::limits::{KEY_BLOCK_BYTES_MAX, KEY_BLOCK_LINES_MAX};
use crate::span::Span;

/// Lines in a row without key text after which a block that was never closed is given up.
const FOREIGN_LINES_MAX: usize = 8;

/// A key block that is open at the end of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OpenBlock {
    /// Index in the detector's blocks.
    block: usize,
    lines: usize,
    bytes: usize,
    foreign: usize,
}

/// What of a line belongs to key blocks: one that was open before it, one that it opens.
pub(crate) type BlockParts = [Option<(Span, u16)>; 2];

impl Detector {
    /// Whether `text` neither opens a block nor, with none open, can belong to one.
    pub(crate) fn is_free_of_blocks(&self, open: Option<OpenBlock>, text: &str) -> bool {
        open.is_none() && self.block_begins.as_ref().is_none_or(|begins| !begins.is_match(text))
    }

    /// Moves `open` over one line (without its line end) and says what of it belongs to a block.
    pub(crate) fn advance_line(&self, open: &mut Option<OpenBlock>, line: &str) -> BlockParts {
        let part = self.advance_open(open, line);
        if open.is_some() {
            return [part, None];
        }
        let opened = self.block_start(line).map(|(start, state)| {
            *open = Some(state);
            (Span::new(start, line.len()), self.blocks[state.block].1)
        });
        [part, opened]
    }

    fn advance_open(&self, open: &mut Option<OpenBlock>, line: &str) -> Option<(Span, u16)> {
        let mut state = open.take()?;
        let (block, identifier) = &self.blocks[state.block];
        if let Some(at) = memchr::memmem::find(line.as_bytes(), block.end.as_bytes()) {
            return Some((Span::new(0, at + block.end.len()), *identifier));
        }
        state.lines += 1;
        state.bytes += line.len();
        state.foreign = if is_key_line(line) { 0 } else { state.foreign + 1 };
        let over = state.lines > KEY_BLOCK_LINES_MAX || state.bytes > KEY_BLOCK_BYTES_MAX;
        if over || state.foreign > FOREIGN_LINES_MAX {
            return None;
        }
        *open = Some(state);
        Some((Span::new(0, line.len()), *identifier))
    }

    /// Where a block begins in `line` that the line does not close, and its state after the line.
    fn block_start(&self, line: &str) -> Option<(usize, OpenBlock)> {
        let begins = self.block_begins.as_ref()?;
        let last = begins.find_iter(line).last()?;
        let index = last.pattern().as_usize();
        let opened = matches!(
            block::extent(line, last.end(), &self.blocks[index].0, &mut Seen::default()),
            Extent::Open(_) | Extent::Bare
        );
        let open = OpenBlock { block: index, lines: 0, bytes: 0, foreign: 0 };
        opened.then_some((last.start(), open))
    }
}

/// Whether the line may be part of a key: empty, or it ends in base64, or holds a long run of it.
fn is_key_line(line: &str) -> bool {
    let line = line.trim_end_matches(|c: char| c.is_whitespace() || "\"',}]".contains(c));
    let line = line.strip_suffix("\\n").unwrap_or(line);
    let last = line.rsplit([' ', '\t', '"', '\'']).next().unwrap_or_default();
    last.bytes().all(block::is_key_byte)
        || block::longest_key_run(line.as_bytes()) >= block::KEY_RUN_MIN
}
