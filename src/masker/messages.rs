//! The messages of a batch, judged together: joined they cost what one buffer costs, and alone each
//! would pay for the start of a scan.

use std::fmt;

use super::{Audit, Masker, Scratch, detect, finding};
use crate::detect::{Detection, Records};
use crate::finding::Finding;
use crate::message::{RawMessage, append_masked, wipe};
use crate::protection::Protection;
use crate::span::{Span, unite};

/// What a message holds.
pub(crate) struct FoundInMessage {
    /// Which message of those that were given.
    pub(crate) index: usize,
    /// What to mask, in bytes: sorted, disjoint, not empty.
    pub(crate) spans: Vec<Span>,
    /// One per policy that has something to report, with the policy's index.
    pub(crate) findings: Vec<(usize, Finding)>,
}

/// The messages with a line end behind each. Overwritten when it is dropped.
#[derive(Default)]
pub(super) struct Joined {
    text: String,
    records: Vec<Span>,
}

impl Joined {
    pub(super) fn forget(&mut self) {
        wipe(&mut self.text);
    }

    fn fill<'m>(&mut self, messages: impl Iterator<Item = &'m RawMessage> + Clone) {
        wipe(&mut self.text);
        self.records.clear();
        // Room for all of it at once: growing would leave copies behind.
        self.text.reserve(messages.clone().map(|message| message.len() + 1).sum());
        for message in messages {
            let start = self.text.len();
            self.text.push_str(message.expose());
            self.records.push(Span::new(start, self.text.len()));
            self.text.push('\n');
        }
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        wipe(&mut self.text);
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Joined({} messages)", self.records.len())
    }
}

impl Masker {
    /// The value masked, if it holds something: what a query decodes or puts together, which nobody
    /// saw when its event was judged.
    pub(crate) fn mask_value(
        &self,
        protection: &Protection,
        value: &str,
        scratch: &mut Scratch,
    ) -> Option<String> {
        if protection.is_empty() {
            return None;
        }
        self.judge(protection, value, scratch);
        let mut masked = String::new();
        append_masked(&mut masked, value, &scratch.spans);
        (!scratch.spans.is_empty()).then_some(masked)
    }

    /// Finds what the messages hold, each judged alone, under a protection that the caller loaded
    /// for its batch: only those that hold something, in order. A message whose judgement panics is
    /// masked whole and counted. Cost: linear; nothing is allocated for a clean message.
    pub(crate) fn judge_messages<'m>(
        &self,
        protection: &Protection,
        messages: impl Iterator<Item = &'m RawMessage> + Clone,
        audit: Audit<'_>,
        scratch: &mut Scratch,
    ) -> Vec<FoundInMessage> {
        if protection.is_empty() {
            return Vec::new();
        }
        scratch.messages.fill(messages.clone());
        let Scratch { messages: Joined { text, records }, detect: found, .. } = scratch;
        if detect(protection, text, Records::Spans(records), found) {
            let of_record = |record: &crate::detect::RecordFound| {
                let detections = &found.detections()[record.detections.range()];
                let moved = detections.iter().map(|found| found.moved_back(record.span.start));
                let message = text.get(record.span.range()).expect("records lie on characters");
                let detections: Vec<_> = moved.collect();
                found_in(protection, record.index, message, &detections, audit)
            };
            return found.records().iter().map(of_record).collect();
        }
        // One of them panics: each alone, so that only that one is masked whole.
        let mut all = Vec::new();
        for (index, message) in messages.enumerate() {
            self.judge(protection, message.expose(), scratch);
            if !scratch.spans.is_empty() {
                let detections = scratch.detect.detections();
                let found = found_in(protection, index, message.expose(), detections, audit);
                all.push(FoundInMessage { spans: scratch.spans.clone(), ..found });
            }
        }
        all
    }
}

fn found_in(
    protection: &Protection,
    index: usize,
    message: &str,
    detections: &[Detection],
    audit: Audit<'_>,
) -> FoundInMessage {
    let of = |policy| finding(protection, policy, message, detections, audit);
    let policies = 0..protection.policies().len();
    let findings = policies.filter_map(|policy| Some((policy, of(policy)?))).collect();
    let mut spans = detections.iter().map(|found| found.span).collect();
    unite(&mut spans);
    FoundInMessage { index, spans, findings }
}
