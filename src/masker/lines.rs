//! A stream of lines: each line is one record, and a private key spread over lines is masked from
//! its BEGIN line on.

use super::{MaskedBatch, Masker, Scratch};
use crate::detect::Detection;
use crate::detect::lines::OpenBlock;
use crate::protection::Protection;
use crate::span::{Span, unite};

/// Whether the stream stands inside a private key. One per stream, carried from buffer to buffer.
#[derive(Clone, Debug, Default)]
pub struct LineState {
    open: Option<OpenBlock>,
}

impl LineState {
    /// Whether the next line goes on in a private key.
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
        scratch.batch.clear();
        let free_of_blocks = protection.detector().is_free_of_blocks(state.open, text);
        let mut count = 0;
        for line in lines(text) {
            self.judge_record_with(&protection, text, count, line, scratch, |line, scratch| {
                if !free_of_blocks {
                    mark_blocks(&protection, &mut state.open, line, scratch);
                }
            });
            count += 1;
        }
        scratch.batch.finish(protection, text, count)
    }

    /// Moves `state` over a buffer of lines without masking them: hands the state on when buffers
    /// are masked on several threads. Cost: one search for BEGIN lines while no key is open.
    pub fn advance_lines(&self, state: &mut LineState, text: &str) {
        let protection = self.protection();
        if protection.detector().is_free_of_blocks(state.open, text) {
            return;
        }
        for line in lines(text) {
            let line = text.get(line.range()).expect("lines lie on characters");
            protection.detector().advance_line(&mut state.open, line);
        }
    }
}

/// Adds what key blocks cover of this line.
fn mark_blocks(
    protection: &Protection,
    open: &mut Option<OpenBlock>,
    line: &str,
    scratch: &mut Scratch,
) {
    let parts = protection.detector().advance_line(open, line);
    for (span, identifier) in parts.into_iter().flatten().filter(|(span, _)| !span.is_empty()) {
        scratch.detect.add(Detection { span, identifier });
        scratch.spans.push(span);
    }
    unite(&mut scratch.spans);
}

/// The lines of a buffer, without their line ends.
fn lines(text: &str) -> impl Iterator<Item = Span> {
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
