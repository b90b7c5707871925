//! Blocks of text between two fixed lines: private keys.
//!
//! A block with both lines is masked from one to the other. Without its END, cut off by the end of
//! the event, it is masked from its BEGIN on, as long as key text follows. A BEGIN in prose, with
//! nothing of a key behind it, is not a block.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input};

use super::Detector;
use super::catalogue::TABLES;
use super::tables::KnownBlock;
use crate::identifier::Block;
use crate::limits::KEY_BLOCK_BYTES_MAX;
use crate::span::Span;

/// Fewest characters of base64 in a row that make a text key material.
pub(super) const KEY_RUN_MIN: usize = 16;

/// Fewest characters of base64 in a row that make a text a line of a key, wherever it stands: keys
/// have lines of 64 or 70.
pub(super) const KEY_LINE_MIN: usize = 40;

/// How far behind a BEGIN line the first line of the key is looked for, in bytes.
const NEAR_BYTES: usize = 128;

/// Longest name of an algorithm. Source: RFC 4251, section 6.
const KEY_NAME_BYTES_MAX: usize = 64;

/// What follows a BEGIN line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Extent {
    /// The END line stands in the text; the block ends before this byte.
    Closed(usize),
    /// Key text goes on up to this byte; there is no END line.
    Open(usize),
    /// The text ends with the BEGIN line.
    Bare,
    /// No key text follows.
    None,
}

impl Extent {
    /// The block's span, if it is one in a single event.
    pub(super) fn span(self, begin: usize) -> Option<Span> {
        match self {
            Self::Closed(end) | Self::Open(end) => Some(Span::new(begin, end)),
            // Choice: a BEGIN line alone holds nothing of a key, so it is not reported.
            Self::Bare | Self::None => None,
        }
    }
}

/// What one text has told about one kind of block, so that a text of nothing but BEGIN lines is
/// read once and not once for each of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// No BEGIN before this byte can open a block of its own.
    begins_until: usize,
    /// No END stands between the last BEGIN and this byte.
    no_end_until: usize,
}

impl Seen {
    /// Whether a BEGIN at byte `begin` lies inside what another one has settled.
    pub(super) fn covers(self, begin: usize) -> bool {
        begin < self.begins_until
    }
}

/// Finds the BEGIN lines of all kinds of blocks; made when a text first asks for it, for all
/// policies: one for each would be most of what they take.
static BEGINS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(TABLES.blocks.iter().map(|known| known.block.begin.as_bytes()))
        .expect("few, short lines")
});

impl Detector {
    /// The kinds of blocks that are looked for.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &'static KnownBlock> {
        let wanted = |known: &&KnownBlock| self.wanted >> known.identifier & 1 == 1;
        self.tables.blocks.iter().filter(wanted)
    }

    /// The index of the identifier that finds blocks of that kind.
    pub(super) fn block_identifier(&self, kind: usize) -> u16 {
        self.numbers[usize::from(self.tables.blocks[kind].identifier)]
    }

    /// The BEGIN lines in `text` of blocks that are looked for, each with its kind.
    pub(super) fn block_begins(&self, text: &str) -> impl Iterator<Item = (usize, Span)> {
        let mut at = if self.blocks().next().is_some() { 0 } else { text.len() };
        std::iter::from_fn(move || {
            while at < text.len() {
                let begin = BEGINS.find(Input::new(text).range(at..))?;
                let kind = begin.pattern().as_usize();
                if self.wanted >> self.tables.blocks[kind].identifier & 1 == 1 {
                    at = begin.end();
                    return Some((kind, Span::new(begin.start(), begin.end())));
                }
                // One that is looked for may overlap it.
                at = begin.start() + 1;
            }
            None
        })
    }
}

/// How far the block goes whose BEGIN literal ends before byte `after`. BEGIN lines come in order.
pub(super) fn extent(text: &str, after: usize, block: &Block, seen: &mut Seen) -> Extent {
    let after = if block.named { after + name_len(&text.as_bytes()[after..]) } else { after };
    let cap = floor_char_boundary(text, after.saturating_add(KEY_BLOCK_BYTES_MAX));
    let bytes = text.as_bytes();
    let overlap = block.end.len() - 1;
    let from = after.max(seen.no_end_until.saturating_sub(overlap)).min(cap);
    if let Some(at) = memchr::memmem::find(&bytes[from..cap], block.end.as_bytes()) {
        // Every BEGIN before this END has a part of the same body.
        seen.begins_until = from + at + end_len(&bytes[from + at..], block);
        let closed = is_key_body(&bytes[after..from + at]);
        return if closed { Extent::Closed(seen.begins_until) } else { Extent::None };
    }
    seen.no_end_until = cap;
    let rest = &bytes[after..cap];
    let (body, line_end) = skip_separators(rest);
    if body.is_empty() {
        return Extent::Bare;
    }
    let run = key_run(body);
    if run >= KEY_RUN_MIN || (line_end && run > 0) || key_line_near(rest) {
        Extent::Open(cap)
    } else {
        Extent::None
    }
}

/// Whether what stands between a BEGIN and an END line is a key: a long run of base64, or nothing
/// but base64 in groups.
fn is_key_body(body: &[u8]) -> bool {
    let in_groups = || body.iter().all(|b| is_key_byte(*b) || b.is_ascii_whitespace());
    let total = body.iter().filter(|byte| is_key_byte(**byte)).count();
    longest_key_run(body) >= KEY_RUN_MIN || (total >= KEY_LINE_MIN && in_groups())
}

/// Whether a line of a key begins soon after a BEGIN line, behind whatever a program wrote there:
/// an escape sequence, markup, a comment.
fn key_line_near(rest: &[u8]) -> bool {
    let mut at = 0;
    while at < rest.len().min(NEAR_BYTES) && rest[at] != 0 {
        let run = key_run(&rest[at..]);
        if run >= KEY_LINE_MIN || (run >= KEY_RUN_MIN && at + run == rest.len()) {
            return true;
        }
        at += run.max(1);
    }
    false
}

fn key_run(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_key_byte(**byte)).count()
}

/// Length of the END line, with the digits that end it. `bytes` begin with it.
pub(super) fn end_len(bytes: &[u8], block: &Block) -> usize {
    let digits = bytes[block.end.len()..].iter().take(block.end_hex_max);
    block.end.len() + digits.take_while(|byte| byte.is_ascii_hexdigit()).count()
}

/// Length of the name that ends a BEGIN line: of an algorithm, such as `ssh-ed25519`.
fn name_len(bytes: &[u8]) -> usize {
    let name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-.@_".contains(byte);
    bytes.iter().take(KEY_NAME_BYTES_MAX).take_while(name).count()
}

/// Length of the longest run of base64.
pub(super) fn longest_key_run(bytes: &[u8]) -> usize {
    bytes.split(|byte| !is_key_byte(*byte)).map(<[u8]>::len).max().unwrap_or(0)
}

pub(super) fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Skips white space, quotes and escaped line ends; says whether a line end was among them.
fn skip_separators(mut bytes: &[u8]) -> (&[u8], bool) {
    let mut line_end = false;
    loop {
        bytes = match bytes {
            [b'\n' | b'\r', rest @ ..] | [b'\\', b'n' | b'r', rest @ ..] => {
                line_end = true;
                rest
            }
            [b' ' | b'\t' | b'"' | b'\'' | b',' | b'\\', rest @ ..] => rest,
            rest => return (rest, line_end),
        };
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
