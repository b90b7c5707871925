//! One buffer of many records: what log shippers and programs have in hand.

use std::fmt;
use std::sync::Arc;

use super::{Masked, Masker, Scratch, detect};
use crate::detect::{Detection, Records};
use crate::message::append_masked;
use crate::protection::Protection;
use crate::span::{Span, unite_from};

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
        let mut end = 0;
        for record in records {
            let ascends = end <= record.start && record.start <= record.end;
            let on_characters =
                text.is_char_boundary(record.start) && text.is_char_boundary(record.end);
            assert!(
                ascends && on_characters,
                "records ascend and lie on characters, inside the text"
            );
            end = record.end;
        }
        self.judge_records(&protection, text, Records::Spans(records), scratch);
        scratch.batch.finish(protection, text, records.len())
    }

    /// Judges the records of a buffer and notes what is to be masked.
    pub(super) fn judge_records(
        &self,
        protection: &Protection,
        text: &str,
        records: Records<'_>,
        scratch: &mut Scratch,
    ) {
        scratch.batch.clear();
        if detect(protection, text, records, &mut scratch.detect) {
            for found in scratch.detect.records() {
                let detections = &scratch.detect.detections()[found.detections.range()];
                scratch.batch.note(found.index, found.span, detections.iter().copied());
            }
            return;
        }
        // One of them panics: each alone, so that only that one is masked whole.
        for (index, record) in records.all(text) {
            let haystack = text.get(record.range()).expect("records lie on characters");
            let judged = self.judge(protection, haystack, scratch);
            scratch.batch.note_judged(index, record, judged, scratch.detect.detections());
        }
    }
}

impl BatchScratch {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.detections.clear();
        self.hits.clear();
    }

    /// Notes what was found in a record, at bytes of the buffer. Records come in order.
    pub(super) fn note(
        &mut self,
        index: usize,
        record: Span,
        found: impl Iterator<Item = Detection>,
    ) {
        let (first, spans) = (self.detections.len(), self.spans.len());
        for found in found {
            self.spans.push(found.span);
            self.detections.push(found.moved_back(record.start));
        }
        if self.detections.len() > first {
            unite_from(&mut self.spans, spans);
            let detections = Span::new(first, self.detections.len());
            let (input, output) = (record, record);
            self.hits.push(HitRecord { record: index, input, output, detections, judged: true });
        }
    }

    /// Notes a record that was judged alone, with what was found at bytes of the record. One that
    /// could not be judged is masked whole.
    pub(super) fn note_judged(
        &mut self,
        index: usize,
        record: Span,
        judged: bool,
        found: &[Detection],
    ) {
        self.note(index, record, found.iter().map(|found| found.moved_on(record.start)));
        if judged || record.is_empty() {
            return;
        }
        self.spans.push(record);
        let detections = Span::new(self.detections.len(), self.detections.len());
        let (input, output) = (record, record);
        self.hits.push(HitRecord { record: index, input, output, detections, judged: false });
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
            append_masked(&mut self.masked, original, &self.spans);
            if self.masked.len() < original.len() {
                self.locate(original);
            }
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
