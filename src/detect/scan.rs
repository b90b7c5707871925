//! The hot loops: bytes in, candidates out.

use super::compile::Group;
use super::keywords::KeywordHit;
use super::{DetectScratch, Detection, Detector, confirm, word};
use crate::span::Span;

/// Bytes that a distance of `chars` characters takes at most.
fn bytes_of(chars: usize) -> usize {
    chars * 4
}

impl Detector {
    pub(super) fn find_keywords(&self, text: &str, scratch: &mut DetectScratch) {
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            if self.keywords.may_start_with(*byte) && word::begins(text, at) {
                self.keywords.find_at(text, at, &mut scratch.hits);
            }
        }
        let touching = scratch.hits.iter().map(|hit| hit.end);
        scratch.touches.extend(touching.filter(|end| word::joined_before(text, *end)));
        scratch.touches.sort_unstable();
        scratch.touches.dedup();
    }

    /// Walks from every start in the text.
    pub(super) fn walk_everywhere(&self, group: &Group, text: &str, scratch: &mut DetectScratch) {
        self.walk_window(group, text, Span::new(0, text.len()), scratch);
    }

    /// Walks from the starts that lie near enough to a keyword.
    pub(super) fn walk_near_keywords(
        &self,
        group: &Group,
        text: &str,
        scratch: &mut DetectScratch,
    ) {
        let reach = bytes_of(group.patterns.iter().map(|p| p.distance_chars).max().unwrap_or(0));
        let mut window: Option<Span> = None;
        for index in 0..scratch.hits.len() {
            let hit = scratch.hits[index];
            let start = hit.start.saturating_sub(reach + group.longest);
            let end = (hit.end + reach + 1).min(text.len());
            window = match window {
                Some(open) if start <= open.end => Some(Span::new(open.start, open.end.max(end))),
                Some(open) => {
                    self.walk_window(group, text, open, scratch);
                    Some(Span::new(start, end))
                }
                None => Some(Span::new(start, end)),
            };
        }
        if let Some(open) = window {
            self.walk_window(group, text, open, scratch);
        }
    }

    fn walk_window(&self, group: &Group, text: &str, window: Span, scratch: &mut DetectScratch) {
        let bytes = text.as_bytes();
        let mut touch = scratch.touches.partition_point(|end| *end < window.start);
        for at in window.range() {
            let touches = scratch.touches.get(touch) == Some(&at);
            touch += usize::from(touches);
            if group.automaton.may_start_with(bytes[at])
                && (touches || bytes[at] == b'(' || !word::joined_before(text, at))
                && !word::inside_escape(text, at)
            {
                self.judge_start(group, text, at, scratch);
            }
        }
    }

    /// Takes the longest confirmed candidate of each identifier that starts at byte `at`.
    fn judge_start(&self, group: &Group, text: &str, at: usize, scratch: &mut DetectScratch) {
        let DetectScratch { hits, ends, found, .. } = scratch;
        ends.clear();
        group.automaton.walk(text.as_bytes(), at, |end, patterns| {
            ends.extend(patterns.iter().map(|pattern| (end, *pattern)));
        });
        let mut taken = 0u128;
        for (end, pattern) in ends.iter().rev() {
            let pattern = &group.patterns[usize::from(*pattern)];
            let identifier = 1 << pattern.identifier;
            let span = Span::new(at, *end);
            if taken & identifier == 0 && confirm::confirms(pattern, text, span, hits) {
                taken |= identifier;
                found.push(Detection { span, identifier: pattern.identifier });
            }
        }
    }
}

/// The keywords that may stand within `reach` bytes of `span`: those that start in the stretch.
/// `hits` are sorted by start.
pub(super) fn hits_near(hits: &[KeywordHit], span: Span, reach: usize) -> &[KeywordHit] {
    let from = hits.partition_point(|hit| hit.start < span.start.saturating_sub(reach));
    let near = &hits[from..];
    let count = near.partition_point(|hit| hit.start <= span.end + reach);
    &near[..count]
}
