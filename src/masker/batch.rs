//! One buffer of many records: what log shippers and programs have in hand.

use std::fmt;
use std::sync::Arc;

use super::{Masked, Masker, Scratch};
use crate::detect::Detection;
use crate::message::overwrite;
use crate::protection::Protection;
use crate::span::Span;

/// Working memory of the batch form.
#[derive(Default)]
pub(super) struct BatchScratch {
    /// What to mask, in bytes of the whole buffer.
    spans: Vec<Span>,
    detections: Vec<Detection>,
    hits: Vec<HitRecord>,
    masked: String,
}

/// A record in which something was masked.
struct HitRecord {
    record: usize,
    input: Span,
    output: Span,
    detections: Span,
    judged: bool,
}

/// One masked buffer of many records. Borrows the input when there was nothing to mask.
pub struct MaskedBatch<'a> {
    protection: Arc<Protection>,
    original: &'a str,
    text: &'a str,
    detections: &'a [Detection],
    hits: &'a [HitRecord],
    records: usize,
}

impl Masker {
    /// Masks the `records` of one buffer, all under the same policies; each is judged alone, and
    /// what lies between them is left as it is.
    ///
    /// # Panics
    ///
    /// Panics unless `records` ascend, do not overlap and lie on characters inside `text`.
    pub fn mask_batch<'a>(
        &self,
        text: &'a str,
        records: &[Span],
        scratch: &'a mut Scratch,
    ) -> MaskedBatch<'a> {
        let protection = self.protection();
        scratch.batch.clear();
        for (index, record) in records.iter().enumerate() {
            self.judge_record(&protection, text, index, *record, scratch, |_, _| {});
        }
        scratch.batch.finish(protection, text, records.len())
    }

    /// Judges one record, lets `also` add what the record alone does not tell, and notes it all.
    pub(super) fn judge_record(
        &self,
        protection: &Protection,
        text: &str,
        index: usize,
        record: Span,
        scratch: &mut Scratch,
        also: impl FnOnce(&str, &mut Scratch),
    ) {
        let haystack =
            text.get(record.range()).expect("records lie on characters, inside the text");
        let judged = self.judge(protection, haystack, scratch);
        also(haystack, scratch);
        scratch.batch.note(index, record, scratch.detect.detections(), &scratch.spans, judged);
    }
}

impl BatchScratch {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.detections.clear();
        self.hits.clear();
    }

    fn note(
        &mut self,
        index: usize,
        record: Span,
        found: &[Detection],
        spans: &[Span],
        judged: bool,
    ) {
        if spans.is_empty() {
            return;
        }
        let first = self.detections.len();
        self.detections.extend_from_slice(found);
        let shifted = spans.iter().map(|s| Span::new(s.start + record.start, s.end + record.start));
        self.spans.extend(shifted);
        self.hits.push(HitRecord {
            record: index,
            input: record,
            output: record,
            detections: Span::new(first, self.detections.len()),
            judged,
        });
    }

    /// Masks the buffer and says where each record lies in the result.
    pub(super) fn finish<'a>(
        &'a mut self,
        protection: Arc<Protection>,
        original: &'a str,
        records: usize,
    ) -> MaskedBatch<'a> {
        let mut text = original;
        if !self.spans.is_empty() {
            self.masked.clear();
            self.masked.push_str(original);
            overwrite(&mut self.masked, &self.spans);
            self.locate(original);
            text = &self.masked;
        }
        MaskedBatch {
            protection,
            original,
            text,
            detections: &self.detections,
            hits: &self.hits,
            records,
        }
    }

    /// Wide characters shrink to one byte, so records move to the left.
    fn locate(&mut self, original: &str) {
        let mut spans = self.spans.iter().peekable();
        let mut shrunk = 0;
        for hit in &mut self.hits {
            let start = hit.input.start - shrunk;
            while let Some(span) = spans.next_if(|span| span.start < hit.input.end) {
                let chars = crate::message::count_chars(&original.as_bytes()[span.range()]);
                shrunk += span.len() - chars;
            }
            hit.output = Span::new(start, hit.input.end - shrunk);
        }
    }
}

impl<'a> MaskedBatch<'a> {
    /// The whole masked buffer.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// How many records there were.
    pub fn records(&self) -> usize {
        self.records
    }

    /// The records in which something was masked, with their index, in order.
    pub fn hits(&self) -> impl ExactSizeIterator<Item = (usize, Masked<'a>)> {
        self.hits.iter().map(|hit| {
            let masked = Masked {
                protection: Arc::clone(&self.protection),
                original: self.original.get(hit.input.range()).expect("records lie on characters"),
                text: self.text.get(hit.output.range()).expect("masked records lie on characters"),
                detections: &self.detections[hit.detections.range()],
                judged: hit.judged,
            };
            (hit.record, masked)
        })
    }
}

impl fmt::Debug for MaskedBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskedBatch({} records, {} with hits)", self.records, self.hits.len())
    }
}
