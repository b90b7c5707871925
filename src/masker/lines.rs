//! A stream of lines: each line is one record, and a private key spread over lines is masked from
//! its BEGIN line on.

use super::{MaskedBatch, Masker, Scratch};
use crate::detect::lines::OpenBlock;
use crate::detect::{Records, count_lines};
use crate::span::Span;

/// Whether the stream stands inside a private key. One per stream, carried from buffer to buffer.
#[derive(Clone, Debug, Default)]
pub struct LineState {
    pub(super) open: Option<OpenBlock>,
    /// The key of the JSON values that the private key is spread over.
    pub(super) key: Option<String>,
}

impl LineState {
    /// Whether the next line may go on in a private key.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

impl Masker {
    /// Masks a buffer of whole lines, the last of which may lack its line end. A carriage return
    /// before the line feed belongs to the line end.
    pub fn mask_lines<'a>(
        &self,
        state: &mut LineState,
        text: &'a str,
        scratch: &'a mut Scratch,
    ) -> MaskedBatch<'a> {
        let protection = self.protection();
        self.judge_records(&protection, text, Records::Lines, scratch);
        if state.open.is_none() && !scratch.detect.saw_block() {
            return scratch.batch.finish(protection, text, count_lines(text));
        }
        // A key stands in the lines or may go on there; line by line is told which.
        scratch.batch.clear();
        let mut count = 0;
        for line in lines(text) {
            let haystack = text.get(line.range()).expect("lines lie on characters");
            let judged = self.judge(&protection, haystack, scratch);
            let parts = protection.detector().advance_line(&mut state.open, haystack);
            parts.into_iter().flatten().for_each(|part| scratch.detect.add(part));
            scratch.batch.note_judged(count, line, judged, scratch.detect.detections());
            count += 1;
        }
        scratch.batch.finish(protection, text, count)
    }

    /// Whether a key may begin somewhere in `text`; a cheap test over a whole buffer. When it is
    /// false and no key is open, a stream's state need not be moved over the buffer.
    pub fn may_hold_blocks(&self, text: &str) -> bool {
        !self.protection().detector().is_free_of_blocks(None, text)
    }

    /// Moves `state` over a buffer of lines without masking them: hands the state on when buffers
    /// are masked on several threads. Cost: one search for BEGIN lines while no key is open.
    pub fn advance_lines(&self, state: &mut LineState, text: &str) {
        let protection = self.protection();
        if protection.detector().is_free_of_blocks(state.open.as_ref(), text) {
            return;
        }
        for line in lines(text) {
            let line = text.get(line.range()).expect("lines lie on characters");
            protection.detector().advance_line(&mut state.open, line);
        }
    }
}

/// The lines of a buffer, without their line ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Span> {
    let bytes = text.as_bytes();
    let ends =
        memchr::memchr_iter(b'\n', bytes).chain((!bytes.ends_with(b"\n")).then_some(bytes.len()));
    let mut start = 0;
    ends.filter_map(move |end| {
        let line = start..end;
        start = end + 1;
        let cr = usize::from(end < bytes.len() && bytes[line.clone()].ends_with(b"\r"));
        (line.start < bytes.len()).then(|| Span::new(line.start, line.end - cr))
    })
}
