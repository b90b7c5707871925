//! Walks of an automaton from the places where a value may begin.

use super::confirm::{self, Checked, Hits};
use super::keywords::KeywordHit;
use super::prefix::{self, BEGINS, KEYWORD, MARKS, Mark, RUN_MAX};
use super::tables::{Bound, IdentifierSet, Walks};
use super::walker::Walker;
use super::{DetectScratch, Detection, Detector, word};
use crate::span::Span;

/// Bytes for which it is asked at a time which keywords are near.
const STRETCH: usize = 32;

/// So many keywords near are not looked at one by one.
const MANY: usize = 8;

/// What a walk near keywords knows of its text.
struct Near<'t> {
    text: &'t str,
    /// There are no escapes.
    plain: bool,
    /// Bytes that a keyword reaches at most.
    reach: usize,
    /// Bytes of the longest value that a keyword speaks for.
    longest: usize,
    /// Keywords that are not too far from the place that is walked from are among these.
    hits: Span,
    /// What all keywords of the window speak for.
    all: IdentifierSet,
    /// What the keywords near that place speak for, or a little more.
    here: IdentifierSet,
    /// From that byte on others may be near.
    until: usize,
}

impl Near<'_> {
    /// Looks which keywords are near byte `at`; bytes come in ascending order.
    #[inline(never)]
    fn look(&mut self, at: usize, hits: &[KeywordHit]) {
        let mut first = self.hits.start;
        while hits.get(first).is_some_and(|hit| hit.end + self.reach < at) {
            first += 1;
        }
        // Where keywords are many, what is near any byte of a stretch is near all of it.
        let last = at + STRETCH - 1;
        (self.here, self.until) = (0, usize::MAX);
        let mut behind = first;
        for hit in &hits[first..] {
            if hit.start > last + self.longest + self.reach {
                self.until = self.until.min(hit.start - self.longest - self.reach);
                break;
            }
            behind += 1;
            let begin = hit.start.saturating_sub(usize::from(hit.longest) + self.reach);
            if last < begin {
                self.until = self.until.min(begin);
            } else if at <= hit.end + self.reach {
                self.here |= hit.identifiers;
                self.until = self.until.min((hit.end + self.reach).max(last) + 1);
                if self.here == self.all && behind >= first + MANY {
                    // Nothing that follows can add to that.
                    let too_far = last + self.longest + self.reach;
                    let near = hits[behind..].iter().take_while(|hit| hit.start <= too_far);
                    behind += near.count();
                    self.until = last + 1;
                    break;
                }
            }
        }
        self.hits = Span::new(first, behind);
    }
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
            hits: Span::new(0, 0),
            all: 0,
            here: 0,
            until: 0,
        };
        scratch.taken.clear();
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
        let bytes = near.text.as_bytes();
        let prefixes = &self.tables.bound.prefixes;
        let mut marks = std::mem::take(&mut scratch.marks);
        let marked = &bytes[window.start..bytes.len().min(window.end + RUN_MAX)];
        let before = window.start.checked_sub(1).map_or(b' ', |last| bytes[last]);
        let mark = Mark { text: marked, before, plain: near.plain, marks: &mut marks };
        self.level.run(mark);
        let touch = scratch.touches.partition_point(|end| *end < window.start);
        for at in scratch.touches[touch..].iter().take_while(|at| **at < window.end) {
            if prefix::begins(bytes[*at]) {
                marks[at - window.start] |= BEGINS;
            }
        }
        // Behind the window no walk begins; a look at a prefix may go farther.
        marks[window.len()..].iter_mut().for_each(|mark| *mark &= !BEGINS);
        marks.resize(window.len() + RUN_MAX + 2 * MARKS, 0);
        let first = scratch.hits.partition_point(|hit| hit.start < window.start);
        // What was found near the window before says nothing of this one.
        (near.all, near.until) = (0, 0);
        for hit in &scratch.hits[first..] {
            let Some(mark) = marks.get_mut(hit.start - window.start) else { break };
            *mark |= KEYWORD;
            near.all |= hit.identifiers;
        }
        for block in (0..window.len()).step_by(MARKS) {
            let mark = &marks[block..block + 2 * MARKS];
            let first = u128::from_le_bytes(mark.try_into().expect("two times eight marks"));
            let mut begins = first as u64 & (u64::from(BEGINS) * 0x0101_0101_0101_0101);
            while begins != 0 {
                let bit = begins.trailing_zeros() & !7;
                begins &= begins - 1;
                let at = window.start + block + bit as usize / 8;
                if at >= near.until {
                    near.look(at, &scratch.hits);
                }
                let possible = prefixes.at((first >> bit) as u64);
                let wanted = possible.0 & near.here;
                if wanted == 0 {
                    continue;
                }
                let of_run = prefixes.of_run(&marks[at - window.start..], &bytes[at..]);
                let wanted = wanted & of_run;
                if wanted != 0 {
                    self.walk_from(near, possible.1, wanted, at, scratch);
                }
            }
        }
        scratch.marks = marks;
    }

    /// Takes what begins at byte `at`, of the identifiers that are `wanted`.
    #[inline(never)]
    fn walk_from(
        &self,
        near: &Near<'_>,
        walks: &[(u8, IdentifierSet)],
        mut wanted: IdentifierSet,
        at: usize,
        scratch: &mut DetectScratch,
    ) {
        let (text, bytes) = (near.text, near.text.as_bytes());
        let Bound { walks: all_walks, first, .. } = &self.tables.bound;
        wanted &= first[usize::from(bytes[at])];
        if !scratch.taken.is_empty() {
            scratch.taken.retain(|(end, _)| at < *end);
            // What overlaps a value of the same identifier is not reported.
            wanted &= !scratch.taken.iter().fold(0, |all, (_, taken)| all | taken);
        }
        if wanted == 0 {
            return;
        }
        // What is marked in a plain text may begin behind any byte of ASCII.
        let sure = near.plain && at.checked_sub(1).is_none_or(|last| bytes[last].is_ascii());
        if !sure && !self.may_begin(text, at, scratch) {
            return;
        }
        scratch.checked.clear();
        for (walk, possible) in walks {
            if possible & wanted != 0 {
                let walks = &all_walks[usize::from(*walk)];
                self.judge_start(walks, possible & wanted, text, at, near.hits, scratch);
            }
        }
    }

    /// Judges byte `at` if a value may begin there.
    #[inline(always)]
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
        let none = Span::new(0, 0);
        scratch.checked.clear();
        may_begin.then(|| self.judge_start(walks, wanted, text, at, none, scratch))?
    }

    /// Whether a value may begin at byte `at`, whatever its pattern asks of its edges.
    pub(super) fn may_begin(&self, text: &str, at: usize, scratch: &DetectScratch) -> bool {
        let touches = || scratch.touches.binary_search(&at).is_ok();
        (text.as_bytes()[at] == b'(' || !word::joined_before(text, at) || touches())
            && !word::inside_escape(text, at)
    }

    /// Takes the longest confirmed candidate of each of the `wanted` identifiers that starts at
    /// byte `at`; says where the longest of all ends. What needs a keyword finds it among `near`.
    #[inline]
    fn judge_start(
        &self,
        walks: &Walks,
        wanted: IdentifierSet,
        text: &str,
        at: usize,
        near: Span,
        scratch: &mut DetectScratch,
    ) -> Option<usize> {
        let DetectScratch { hits, ends, found, taken, checked, .. } = scratch;
        let (walker, bytes) = (&walks.walker, text.as_bytes());
        ends.clear();
        // Most numbers end where their digits do.
        let digits_join = !self.filter.digits;
        let walked = &bytes[at..bytes.len().min(at.saturating_add(walks.bytes_max))];
        walker.walk(walked, |length, set| {
            let end = at + length;
            if !(digits_join && bytes.get(end).is_some_and(u8::is_ascii_digit)) {
                ends.push((end, set));
            }
        });
        // Before a digit or letter no value ends, unless a keyword begins there, or an extension:
        // `x12`, `ext12`.
        let joined = |end: usize| {
            bytes.get(end).is_some_and(|byte| match byte {
                b'e' | b'x' => false,
                b'a'..=b'z' | b'A'..=b'Z' => {
                    hits.binary_search_by_key(&end, |hit| hit.start).is_err()
                }
                _ => false,
            })
        };
        let among = Hits { all: hits, near: &hits[near.range()] };
        let (mut open, mut longest) = (wanted, None);
        for (end, set) in ends.iter().rev() {
            let (identifiers, patterns) = walker.sets[usize::from(*set)];
            if identifiers & open == 0 || joined(*end) {
                continue;
            }
            let span = Span::new(at, *end);
            let checked = Checked::among(checked, *end);
            for (pattern, identifiers) in patterns {
                let asked = identifiers & open;
                if asked == 0 {
                    continue;
                }
                let pattern = &walks.patterns[usize::from(*pattern)];
                let judged = confirm::judge_among(pattern, asked, text, span, among, checked);
                let Ok(mut confirmed) = judged else { continue };
                open &= !confirmed;
                if self.tables.bound.only_here & confirmed != 0 {
                    taken.push((*end, self.tables.bound.only_here & confirmed));
                }
                longest = longest.max(Some(*end));
                // The last one first, as they are sorted.
                while confirmed != 0 {
                    let number = confirmed.ilog2();
                    confirmed &= !(1 << number);
                    let identifier = self.numbers[number as usize];
                    found.push(Detection { span, identifier });
                }
            }
            if open == 0 {
                break;
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
