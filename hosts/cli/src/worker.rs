//! What is done to one block: masked text, findings and counts come out.

use logveil::{DataProtectionPolicy, Finding, LineState, Masked, Masker, Scratch};

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
    pub(crate) key_lines: &'a KeyLines,
    pub(crate) lines: Lines<'a>,
    /// The log group that findings name; `None` when nobody asked for findings.
    pub(crate) resource_arn: Option<&'a str>,
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
                done.tally.lines_with_findings += line;
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
                Some(field) => masker.mask_json_field(document, field, &mut self.scratch),
                None => masker.mask_json(document, &mut self.scratch),
            };
            let Some(masked) = masked else {
                done.tally.not_json += u64::from(!document.trim_ascii().is_empty());
                self.mask_text(line, state, time_ms, done);
                continue;
            };
            done.tally.lines += 1;
            done.text.push_str(masked.as_str());
            done.text.push_str(line_end);
            // Masked without a detection: judging it failed, so all of it was masked.
            if masked.detections().len() == 0 && masked.as_str() == document {
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

/// The lines that open and close key blocks under the policies in force.
pub(crate) struct KeyLines {
    begins: Vec<String>,
    /// All that close one, in one line.
    ends: String,
}

impl KeyLines {
    pub(crate) fn of(policies: &[DataProtectionPolicy]) -> Self {
        let identifiers = policies.iter().flat_map(|policy| policy.identifiers());
        let blocks: Vec<_> = identifiers.flat_map(|identifier| identifier.blocks()).collect();
        Self {
            begins: blocks.iter().map(|block| block.begin.clone()).collect(),
            ends: blocks.iter().map(|block| block.end.as_str()).collect(),
        }
    }

    /// Whether a block may open in `text`.
    pub(crate) fn may_open(&self, text: &str) -> bool {
        self.begins.iter().any(|begin| text.contains(begin.as_str()))
    }

    /// Whether `state` is inside a block: then, and only then, a closing line is masked.
    pub(crate) fn is_open(&self, masker: &Masker, state: &LineState) -> bool {
        let mut scratch = Scratch::default();
        masker.mask_lines(&mut state.clone(), &self.ends, &mut scratch).as_str() != self.ends
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
