//! The records of a buffer, found from a place inside them.

use super::classes::GROUP;
use crate::span::Span;

/// What of a buffer is judged, each stretch alone.
#[derive(Clone, Copy)]
pub(crate) enum Records<'r> {
    /// All of it, as one.
    Whole,
    /// Its lines, without their line ends; a carriage return before the line feed belongs to it.
    Lines,
    /// These, which ascend and do not overlap.
    Spans(&'r [Span]),
}

impl<'r> Records<'r> {
    /// Every record of `text`, with its number, in order.
    pub(crate) fn all(self, text: &str) -> impl Iterator<Item = (usize, Span)> + use<'_, 'r> {
        Cursor::new(text, self).all()
    }
}

/// A record in which something was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RecordFound {
    /// Its number, counted from 0.
    pub(crate) index: usize,
    /// Where it lies in the buffer.
    pub(crate) span: Span,
    /// What was found, as a stretch of the list of detections.
    pub(crate) detections: Span,
}

/// Walks over the records of a buffer from left to right.
pub(super) struct Cursor<'t, 'r> {
    text: &'t [u8],
    records: Records<'r>,
    index: usize,
    /// Lines only: where line `index` starts.
    start: usize,
    /// What was found last.
    last: Option<(usize, Span)>,
}

impl<'t, 'r> Cursor<'t, 'r> {
    pub(super) fn new(text: &'t str, records: Records<'r>) -> Self {
        Self { text: text.as_bytes(), records, index: 0, start: 0, last: None }
    }

    /// The record that byte `at` lies in; bytes come in ascending order. `None` between records.
    pub(super) fn find(&mut self, at: usize) -> Option<(usize, Span)> {
        if let Some((_, span)) = self.last
            && at < span.end
        {
            return self.last.filter(|(_, span)| span.start <= at);
        }
        let span = match self.records {
            Records::Whole => Span::new(0, self.text.len()),
            Records::Lines => {
                self.move_to_line(at);
                let end = memchr::memchr(b'\n', &self.text[at..]);
                let end = end.map_or(self.text.len(), |end| at + end);
                Span::new(self.start, line_end(self.text, self.start, end))
            }
            Records::Spans(spans) => {
                while spans.get(self.index).is_some_and(|span| span.end <= at) {
                    self.index += 1;
                }
                *spans.get(self.index)?
            }
        };
        self.last = Some((self.index, span));
        self.last.filter(|(_, span)| span.range().contains(&at))
    }

    fn move_to_line(&mut self, at: usize) {
        // Few lines lie between two finds in one chunk, many in a clean buffer.
        let between = &self.text[self.start..at];
        if let Some(last) = memchr::memrchr(b'\n', between) {
            self.index += if between.len() < GROUP {
                between[..=last].iter().filter(|byte| **byte == b'\n').count()
            } else {
                memchr::memchr_iter(b'\n', &between[..=last]).count()
            };
            self.start += last + 1;
        }
    }

    /// Every record, in order.
    fn all(self) -> impl Iterator<Item = (usize, Span)> + use<'t, 'r> {
        let mut start = 0;
        let Self { text, records, .. } = self;
        let mut index = 0;
        std::iter::from_fn(move || {
            let span = match records {
                Records::Whole => (index == 0).then(|| Span::new(0, text.len())),
                Records::Lines => (start < text.len()).then(|| {
                    let end = memchr::memchr(b'\n', &text[start..]);
                    let end = end.map_or(text.len(), |end| start + end);
                    let span = Span::new(start, line_end(text, start, end));
                    start = end + 1;
                    span
                }),
                Records::Spans(spans) => spans.get(index).copied(),
            }?;
            index += 1;
            Some((index - 1, span))
        })
    }
}

/// The end of the line whose line feed stands at `end`, or which the text ends there.
fn line_end(text: &[u8], start: usize, end: usize) -> usize {
    let cr = end < text.len() && text[start..end].ends_with(b"\r");
    end - usize::from(cr)
}

/// How many lines a buffer has.
pub(crate) fn count_lines(text: &str) -> usize {
    let open = !text.is_empty() && !text.ends_with('\n');
    memchr::memchr_iter(b'\n', text.as_bytes()).count() + usize::from(open)
}

/// Whether no record touches text beside it: before and behind each stands a line end or the end
/// of the buffer.
pub(super) fn stand_apart(text: &[u8], records: &[Span]) -> bool {
    let edge = |byte: Option<&u8>| matches!(byte, None | Some(b'\n' | b'\r' | 0));
    records.iter().all(|record| {
        let before = record.start.checked_sub(1).and_then(|at| text.get(at));
        edge(before) && edge(text.get(record.end))
    })
}
