//! What is done to one block: masked text, findings and counts come out.

use logveil::{Finding, LineState, Masked, Masker, Scratch};

use crate::blocks::Block;
use crate::tally::Tally;

/// What the lines of an input are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lines<'a> {
    /// Text.
    Text,
    /// JSON documents.
    Json,
    /// JSON documents of which only one field is judged.
    JsonField(&'a str),
}

/// What all blocks of one input have in common.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) masker: &'a Masker,
    pub(crate) lines: Lines<'a>,
    /// The log group that findings name; `None` when nobody asked for findings.
    pub(crate) resource_arn: Option<&'a str>,
}

impl Work<'_> {
    /// Moves `state` over `block` as masking it would, and cheaper.
    pub(crate) fn advance(&self, state: &mut LineState, block: &Block) {
        match (block, self.lines) {
            (Block::Lines { text, .. }, Lines::Text) | (Block::Overlong { text, .. }, _) => {
                self.masker.advance_lines(state, text);
            }
            (Block::Lines { text, .. }, Lines::Json | Lines::JsonField(_)) => {
                if state.is_open() || self.masker.may_hold_blocks(text) || escapes_ascii(text) {
                    self.advance_json(state, text);
                }
            }
        }
    }

    fn advance_json(&self, state: &mut LineState, text: &str) {
        let field = match self.lines {
            Lines::JsonField(field) => Some(field),
            Lines::Json | Lines::Text => None,
        };
        for line in text.split_inclusive('\n') {
            self.masker.advance_json(state, split_line_end(line).0, field);
        }
    }
}

/// Whether JSON spells a printable ASCII character as an escape: a BEGIN line may then be there
/// though the text does not show it.
fn escapes_ascii(json: &str) -> bool {
    let bytes = json.as_bytes();
    json.match_indices("\\u00").any(|(at, _)| matches!(bytes.get(at + 4), Some(b'2'..=b'7')))
}

/// One block, masked.
#[derive(Debug, Default)]
pub(crate) struct MaskedBlock {
    pub(crate) text: String,
    /// Findings, one JSON document a line.
    pub(crate) findings: String,
    pub(crate) tally: Tally,
}

/// Masks blocks; one per thread.
pub(crate) struct Worker<'a> {
    work: Work<'a>,
    policies: usize,
    scratch: Scratch,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(work: Work<'a>) -> Self {
        let policies = work.masker.protection().policies().len();
        Self { work, policies, scratch: Scratch::default() }
    }

    /// Masks `block`; `state` is that before it, and afterwards that behind it.
    pub(crate) fn mask(
        &mut self,
        block: &Block,
        state: &mut LineState,
        time_ms: i64,
    ) -> MaskedBlock {
        let mut done = MaskedBlock::default();
        done.tally.bytes = block.bytes() as u64;
        match block {
            Block::Lines { text, .. } => match self.work.lines {
                Lines::Text => self.mask_text(text, state, time_ms, &mut done),
                Lines::Json => self.mask_json(text, None, state, time_ms, &mut done),
                Lines::JsonField(name) => {
                    self.mask_json(text, Some(name), state, time_ms, &mut done);
                }
            },
            Block::Overlong { text, overlap, ends, .. } => {
                self.work.masker.advance_lines(state, text);
                let piece = text.get(*overlap..).expect("the overlap ends on a character");
                stars(piece, &mut done.text);
                let line = u64::from(*ends);
                done.tally.lines += line;
                done.tally.overlong += line;
            }
        }
        done
    }

    fn mask_text(
        &mut self,
        text: &str,
        state: &mut LineState,
        time_ms: i64,
        done: &mut MaskedBlock,
    ) {
        let batch = self.work.masker.mask_lines(state, text, &mut self.scratch);
        done.tally.lines += batch.records() as u64;
        done.text.push_str(batch.as_str());
        for (_, masked) in batch.hits() {
            done.tally.line(masked.detections().map(|(name, _)| name));
            if let Some(arn) = self.work.resource_arn {
                let finding = |policy| Masked::finding(&masked, policy, arn, time_ms);
                write_findings((0..self.policies).filter_map(finding), &mut done.findings);
            }
        }
    }

    fn mask_json(
        &mut self,
        text: &str,
        field: Option<&str>,
        state: &mut LineState,
        time_ms: i64,
        done: &mut MaskedBlock,
    ) {
        for line in text.split_inclusive('\n') {
            let (document, line_end) = split_line_end(line);
            let masker = self.work.masker;
            let masked = match field {
                Some(field) => masker.mask_json_field(state, document, field, &mut self.scratch),
                None => masker.mask_json(state, document, &mut self.scratch),
            };
            let Some(masked) = masked else {
                done.tally.not_json += u64::from(!document.trim_ascii().is_empty());
                self.mask_text(line, state, time_ms, done);
                continue;
            };
            done.tally.lines += 1;
            done.text.push_str(masked.as_str());
            done.text.push_str(line_end);
            if field.is_some() {
                done.tally.without_field += u64::from(!masked.has_field());
                done.tally.with_field += u64::from(masked.has_field());
            }
            if masked.is_clean() {
                continue;
            }
            done.tally.line(masked.detections().map(|(name, _)| name));
            if let Some(arn) = self.work.resource_arn {
                let finding = |policy| masked.finding(policy, arn, time_ms);
                write_findings((0..self.policies).filter_map(finding), &mut done.findings);
            }
        }
    }
}

fn write_findings(findings: impl Iterator<Item = Finding>, to: &mut String) {
    for finding in findings {
        *to += &serde_json::to_string(&finding).expect("findings hold names and numbers");
        to.push('\n');
    }
}

/// A line and its line end, which may be missing.
pub(crate) fn split_line_end(line: &str) -> (&str, &str) {
    let text = line.strip_suffix('\n').map_or(line, |text| text.strip_suffix('\r').unwrap_or(text));
    line.split_at(text.len())
}

/// An asterisk for each character but the line end.
fn stars(line: &str, to: &mut String) {
    let (text, line_end) = split_line_end(line);
    to.extend(std::iter::repeat_n('*', text.chars().count()));
    to.push_str(line_end);
}
