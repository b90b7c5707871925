//! Private keys that are spread over the lines of a stream: masked from the BEGIN line on, without
//! waiting for the END line.

use super::block::{self, Extent, Seen};
use super::tables::KnownBlock;
use super::{Detection, Detector};
use crate::identifier::Block;
use crate::limits::{KEY_BLOCK_BYTES_MAX, KEY_BLOCK_LINES_MAX};
use crate::span::Span;

/// Lines in a row without key text after which only lines with key text are masked.
const FOREIGN_LINES_MAX: usize = 8;

/// A key block that is open at the end of a line. It knows its own lines, so that another policy
/// may come into force meanwhile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OpenBlock {
    pub(super) block: &'static Block,
    /// Key text has followed the BEGIN line; until then only lines that hold some are masked.
    proven: bool,
    lines: usize,
    bytes: usize,
    foreign: usize,
}

/// What of a line belongs to key blocks: one that was open before it, one that it opens.
pub(crate) type BlockParts = [Option<Detection>; 2];

impl Detector {
    /// Whether `text` neither opens a block nor, with none open, can belong to one.
    pub(crate) fn is_free_of_blocks(&self, open: Option<&OpenBlock>, text: &str) -> bool {
        open.is_none() && self.block_begins(text).next().is_none()
    }

    /// Moves `open` over one line (without its line end) and says what of it belongs to a block.
    pub(crate) fn advance_line(&self, open: &mut Option<OpenBlock>, line: &str) -> BlockParts {
        let was_open = open.is_some();
        let part = self.advance_open(open, line).filter(|part| !part.span.is_empty());
        if was_open && open.is_some() {
            return [part, None];
        }
        [part, self.open_block(open, line)]
    }

    fn advance_open(&self, open: &mut Option<OpenBlock>, line: &str) -> Option<Detection> {
        let mut state = open.take()?;
        // Another policy may be in force by now, which does not look for this block.
        let known = self.blocks().find(|known| known.block == *state.block)?;
        let identifier = self.numbers[usize::from(known.identifier)];
        let part = |end| Some(Detection { span: Span::new(0, end), identifier });
        if let Some(at) = memchr::memmem::find(line.as_bytes(), state.block.end.as_bytes()) {
            return part(at + block::end_len(&line.as_bytes()[at..], state.block));
        }
        state.lines += 1;
        state.bytes += line.len();
        if state.lines > KEY_BLOCK_LINES_MAX || state.bytes > KEY_BLOCK_BYTES_MAX {
            return None;
        }
        let key_text = if state.proven { may_be_key(line) } else { holds_key(line) };
        state.proven |= key_text;
        state.foreign = if key_text { 0 } else { state.foreign + 1 };
        let masked = match (state.proven, state.foreign > FOREIGN_LINES_MAX) {
            (true, false) => true,
            (true, true) => holds_key(line),
            (false, _) => key_text,
        };
        if !state.proven && state.foreign > FOREIGN_LINES_MAX {
            return None;
        }
        *open = Some(state);
        if masked { part(line.len()) } else { None }
    }

    /// Opens the block whose BEGIN line `line` holds and does not close.
    fn open_block(&self, open: &mut Option<OpenBlock>, line: &str) -> Option<Detection> {
        let (kind, last) = self.block_begins(line).last()?;
        let KnownBlock { block, identifier, .. } = &self.tables.blocks[kind];
        let proven = match block::extent(line, last.end, block, &mut Seen::default()) {
            Extent::Closed(_) => return None,
            Extent::Open(_) | Extent::Bare => true,
            Extent::None => false,
        };
        *open = Some(OpenBlock { block, proven, lines: 0, bytes: 0, foreign: 0 });
        let span = Span::new(last.start, line.len());
        let identifier = self.numbers[usize::from(*identifier)];
        proven.then_some(Detection { span, identifier })
    }
}

/// Whether the line holds a run of base64 as long as the lines of keys are.
fn holds_key(line: &str) -> bool {
    block::longest_key_run(line.as_bytes()) >= block::KEY_LINE_MIN
}

/// Whether the line may be part of a key: empty, or it ends in base64, or holds a run of it.
fn may_be_key(line: &str) -> bool {
    let trimmed = line.trim_end_matches(|c: char| c.is_whitespace() || "\"',}]".contains(c));
    let trimmed = trimmed.strip_suffix("\\n").unwrap_or(trimmed);
    let last = trimmed.rsplit([' ', '\t', '"', '\'']).next().unwrap_or_default();
    last.bytes().all(block::is_key_byte)
        || block::longest_key_run(line.as_bytes()) >= block::KEY_RUN_MIN
}
