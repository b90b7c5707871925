//! Walks of an automaton from the places where a value may begin.

use super::keywords::KeywordHit;
use super::tables::{Bound, IdentifierSet, Walks};
use super::walker::Walker;
use super::{DetectScratch, Detection, Detector, confirm, word};
use crate::span::Span;

/// What a walk near keywords knows of its text.
struct Near<'t> {
    text: &'t str,
    /// There are no escapes.
    plain: bool,
    /// Bytes that a keyword reaches at most.
    reach: usize,
    /// Bytes of the longest value that a keyword speaks for.
    longest: usize,
    /// The first keyword that is not too far before the place that is walked from.
    first_hit: usize,
    /// All that keywords of the text speak for.
    identifiers: IdentifierSet,
}

impl Detector {
    /// Walks from the starts that lie near enough to a keyword.
    pub(super) fn walk_near_keywords(&self, text: &str, scratch: &mut DetectScratch) {
        let distance = self.tables.bound.distance_chars;
        let mut near = Near {
            text,
            // Without escapes a letter or digit joins whatever follows.
            plain: memchr::memchr3(b'\\', b'%', 0x1B, text.as_bytes()).is_none(),
            reach: if text.is_ascii() { distance } else { distance * 4 },
            longest: scratch.hits.iter().map(|hit| usize::from(hit.longest)).max().unwrap_or(0),
            first_hit: 0,
            identifiers: scratch.hits.iter().fold(0, |all, hit| all | hit.identifiers),
        };
        let mut window: Option<Span> = None;
        for index in 0..scratch.hits.len() {
            let hit = scratch.hits[index];
            let start = hit.start.saturating_sub(near.reach + near.longest);
            let end = (hit.end + near.reach + 1).min(text.len());
            window = match window {
                Some(open) if start <= open.end => Some(Span::new(open.start, open.end.max(end))),
                Some(open) => {
                    self.walk_window(&mut near, open, scratch);
                    Some(Span::new(start, end))
                }
                None => Some(Span::new(start, end)),
            };
        }
        if let Some(open) = window {
            self.walk_window(&mut near, open, scratch);
        }
    }

    /// Walks from the starts of a window.
    fn walk_window(&self, near: &mut Near<'_>, window: Span, scratch: &mut DetectScratch) {
        let Near { text, plain, reach, longest, ref mut first_hit, identifiers } = *near;
        let Bound { walks, first, reach: starting_with, .. } = self.tables.bound;
        let bytes = text.as_bytes();
        let mut touch = scratch.touches.partition_point(|end| *end < window.start);
        for at in window.range() {
            let touches = scratch.touches.get(touch) == Some(&at);
            touch += usize::from(touches);
            let byte = bytes[at];
            let joined = plain && at > 0 && bytes[at - 1].is_ascii_alphanumeric();
            let possible = starting_with[usize::from(byte)] & identifiers;
            if possible == 0 || (joined && !touches && byte != b'(') {
                continue;
            }
            while scratch.hits.get(*first_hit).is_some_and(|hit| hit.end + reach < at) {
                *first_hit += 1;
            }
            let mut near = 0;
            for hit in &scratch.hits[*first_hit..] {
                if hit.start > at + longest + reach || near == possible {
                    break;
                }
                if hit.end + reach >= at {
                    near |= hit.identifiers & possible;
                }
            }
            let mut starting = first[usize::from(byte)];
            let mut may_begin = None;
            while starting != 0 && near != 0 {
                let walks = &walks[starting.trailing_zeros() as usize];
                starting &= starting - 1;
                let state = walks.walker.next(walks.walker.start, byte);
                if walks.walker.reach(state) & near != 0 {
                    if !*may_begin.get_or_insert_with(|| self.may_begin(text, at, scratch)) {
                        break;
                    }
                    self.judge_start(walks, near, text, at, scratch);
                }
            }
        }
    }

    /// Judges byte `at` if a value may begin there.
    pub(super) fn judge_if_may_begin(
        &self,
        walks: &Walks,
        wanted: IdentifierSet,
        text: &str,
        at: usize,
        scratch: &mut DetectScratch,
    ) -> Option<usize> {
        let first = walks.walker.next(walks.walker.start, text.as_bytes()[at]);
        let may_begin = first != Walker::DEAD && self.may_begin(text, at, scratch);
        may_begin.then(|| self.judge_start(walks, wanted, text, at, scratch))?
    }

    /// Whether a value may begin at byte `at`, whatever its pattern asks of its edges.
    pub(super) fn may_begin(&self, text: &str, at: usize, scratch: &DetectScratch) -> bool {
        let touches = || scratch.touches.binary_search(&at).is_ok();
        (text.as_bytes()[at] == b'(' || !word::joined_before(text, at) || touches())
            && !word::inside_escape(text, at)
    }

    /// Takes the longest confirmed candidate of each of the `wanted` identifiers that starts at
    /// byte `at`; says where the longest of all ends.
    fn judge_start(
        &self,
        walks: &Walks,
        wanted: IdentifierSet,
        text: &str,
        at: usize,
        scratch: &mut DetectScratch,
    ) -> Option<usize> {
        let DetectScratch { hits, ends, found, .. } = scratch;
        let walker = &walks.walker;
        ends.clear();
        let mut state = walker.start;
        for (end, byte) in (at + 1..).zip(&text.as_bytes()[at..]) {
            state = walker.next(state, *byte);
            if state == Walker::DEAD {
                break;
            }
            if let Some(set) = walker.ends(state)
                && (self.filter.digits || !text.as_bytes().get(end).is_some_and(u8::is_ascii_digit))
            {
                // Before a digit no value ends, unless the digit begins a keyword.
                ends.push((end, set));
            }
        }
        let (mut open, mut longest) = (wanted, None);
        for (end, set) in ends.iter().rev() {
            let (identifiers, patterns) = walker.sets[usize::from(*set)];
            if identifiers & open == 0 {
                continue;
            }
            let span = Span::new(at, *end);
            let mut checked = confirm::Checked::default();
            for pattern in patterns {
                let pattern = &walks.patterns[usize::from(*pattern)];
                let identifier = 1 << pattern.identifier;
                if open & identifier != 0
                    && confirm::confirms(pattern, text, span, hits, &mut checked)
                {
                    open &= !identifier;
                    let identifier = self.numbers[usize::from(pattern.identifier)];
                    found.push(Detection { span, identifier });
                    longest = longest.max(Some(*end));
                }
            }
        }
        longest
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
