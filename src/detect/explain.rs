//! Why something was reported, or was not: every stretch that has the shape of a value, with what
//! the detector says of it. Slow and simple: each pattern alone, from every start, without the
//! short cuts of the scanner; but judged by the functions that judge for masking.

mod reading;

use std::sync::Arc;

use super::block::{Extent, Seen};
use super::confirm::{self, Checked, Refusal};
use super::fold::Folded;
use super::judge::leftmost_longest;
use super::keywords::{KEYWORD_BYTES_MAX, KeywordHit};
use super::lines::OpenBlock;
use super::tables::WalkPattern;
use super::{DetectScratch, Detection, Detector, longest, window, word};
use crate::automaton::{Automaton, Budget};
use crate::finding::CharSpan;
use crate::identifier::{Block, DataIdentifier, Kind, Pattern};
use crate::message::count_chars;
use crate::span::Span;

use reading::Reading;

pub use super::confirm::{Edge, Silence};

/// A stretch of text that has the shape of an identifier's value, and what became of it. It holds
/// positions, names and words of the catalogue, and no character of the text.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// The identifier whose value it would be.
    pub identifier: Arc<DataIdentifier>,
    /// What gave it its shape.
    pub shape: Shape,
    /// Where it stands, in bytes of the text.
    pub span: Span,
    /// Where it stands, in characters of the text.
    pub chars: CharSpan,
    /// The keyword that speaks for it, or else the one nearest to it; `None` when its pattern asks
    /// for none, or the text has none beside it.
    pub keyword: Option<CandidateKeyword>,
    /// Whether it passes its pattern's check (always, when that is [`Check::None`]); `None` when
    /// it has no pattern.
    ///
    /// [`Check::None`]: crate::identifier::Check::None
    pub check_passes: Option<bool>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What gave a [`Candidate`] its shape.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// The identifier's pattern of this index.
    Pattern(usize),
    /// The identifier's block of this index: a private key or its BEGIN line.
    Block(usize),
    /// The identifier's recognizer, which knows its values without a pattern.
    Recognizer,
}

/// The keyword of a [`Candidate`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CandidateKeyword {
    /// The keyword as the catalogue spells it, not as it stands in the text.
    pub keyword: String,
    /// Where it stands, in characters of the text.
    pub chars: CharSpan,
    /// Whether it stands before the value; behind it otherwise.
    pub before: bool,
    /// Characters between it and the value.
    pub gap_chars: usize,
    /// Why it does not speak for the value; `None` when it does.
    pub silence: Option<Silence>,
}

/// What became of a [`Candidate`]. A candidate meets the tests in this order, and the first that it
/// fails is named.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It would begin inside an escape such as `\n`.
    InsideEscape,
    /// What stands directly beside it makes it part of something longer.
    Edge(Edge),
    /// No keyword of the identifier speaks for it: see [`Candidate::keyword`].
    NoKeyword,
    /// It fails its pattern's check: a check digit, a range, a date.
    Check,
    /// A BEGIN line with which the text ends: nothing of a key.
    BeginAlone,
    /// A BEGIN line that no key text follows.
    NoKeyText,
    /// It passes every test, and a longer or earlier value of the same identifier, at these
    /// characters, covers a part of it.
    Hidden(CharSpan),
    /// It is reported, and masked.
    Reported,
}

impl Verdict {
    /// The verdict in a word, such as `no-keyword`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsideEscape => "inside-escape",
            Self::Edge(Edge::JoinedBefore) => "joined-before",
            Self::Edge(Edge::JoinedBehind) => "joined-behind",
            Self::Edge(Edge::LongerNumber) => "longer-number",
            Self::Edge(Edge::Uuid) => "uuid",
            Self::Edge(Edge::LongerBase64) => "longer-base64",
            Self::Edge(Edge::LongerWord) => "longer-word",
            Self::NoKeyword => "no-keyword",
            Self::Check => "check",
            Self::BeginAlone => "begin-alone",
            Self::NoKeyText => "no-key-text",
            Self::Hidden(_) => "hidden",
            Self::Reported => "reported",
        }
    }

    /// How far the candidate got.
    fn stage(self) -> u8 {
        match self {
            Self::InsideEscape => 0,
            Self::Edge(_) => 1,
            Self::NoKeyword => 2,
            Self::Check | Self::BeginAlone | Self::NoKeyText => 3,
            Self::Hidden(_) | Self::Reported => 4,
        }
    }
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Edge(edge) => Self::Edge(edge),
            Refusal::NoKeyword => Self::NoKeyword,
            Refusal::Check => Self::Check,
        }
    }
}

impl Candidate {
    /// The pattern that gave it its shape. A custom identifier's holds policy text.
    pub fn pattern(&self) -> Option<&Pattern> {
        match self.shape {
            Shape::Pattern(index) => self.identifier.patterns().get(index),
            Shape::Block(_) | Shape::Recognizer => None,
        }
    }

    /// The block that gave it its shape.
    pub fn block(&self) -> Option<&Block> {
        match self.shape {
            Shape::Block(index) => self.identifier.blocks().get(index),
            Shape::Pattern(_) | Shape::Recognizer => None,
        }
    }

    /// Whether it is reported, and masked.
    pub fn is_reported(&self) -> bool {
        self.verdict == Verdict::Reported
    }
}

/// Largest automaton of one pattern, in bytes; managed ones need far less.
const AUTOMATON_BYTES_MAX: usize = 64 << 20;

/// One identifier's patterns, each by itself.
pub(super) struct Patterns(Vec<(Automaton, WalkPattern)>);

impl Patterns {
    fn compile(identifier: &DataIdentifier) -> Self {
        let managed = identifier.patterns().iter().filter(|_| identifier.kind() == Kind::Managed);
        let pattern = |pattern: &Pattern| {
            let automaton =
                Automaton::compile(&[&pattern.regex], Budget::of_bytes(AUTOMATON_BYTES_MAX))
                    .unwrap_or_else(|_| panic!("the managed patterns compile"));
            (automaton, WalkPattern::new(number(identifier), pattern))
        };
        Self(managed.map(pattern).collect())
    }
}

/// The number of a managed identifier in the catalogue; custom ones, which ask for no keyword,
/// have none.
fn number(identifier: &DataIdentifier) -> u16 {
    u16::try_from(identifier.number().unwrap_or_default()).expect("fewer than 128 identifiers")
}

/// A candidate before its keyword is looked up.
#[derive(Clone, Copy)]
struct Judged {
    identifier: u16,
    shape: Shape,
    span: Span,
    verdict: Verdict,
}

impl Judged {
    fn detection(&self) -> Detection {
        Detection { span: self.span, identifier: self.identifier }
    }

    /// The verdict once it is known what is `reported`; that is sorted by identifier and start.
    fn among(&self, reported: &[Detection], reading: &Reading<'_>) -> Verdict {
        if self.verdict != Verdict::Reported {
            return self.verdict;
        }
        // Of one identifier no two overlap, so the last that begins before this ends is this one,
        // or hides it.
        let end = (self.identifier, self.span.end);
        let until = reported.partition_point(|other| (other.identifier, other.span.start) < end);
        let last = reported[..until].last().expect("it is reported, or something hides it");
        if *last == self.detection() {
            return self.verdict;
        }
        Verdict::Hidden(reading.chars(last.span))
    }
}

impl Detector {
    /// Explains one text; candidates in ascending order of their start, then the longest first.
    pub(crate) fn explain(&self, text: &str) -> Vec<Candidate> {
        let mut folded = Folded::default();
        let reading = match folded.fill(text) {
            true => Reading::folded(&folded, text),
            false => Reading::plain(text),
        };
        let found = self.find_keywords(reading.text);
        let mut all = Vec::new();
        let mut hits = Vec::new();
        for (index, patterns) in (0u16..).zip(self.patterns()) {
            let number = number(&self.identifiers[usize::from(index)]);
            let speaks = |hit: &&KeywordHit| hit.identifiers & (1 << number) != 0;
            let of_it: Vec<_> = found.iter().filter(speaks).copied().collect();
            all.extend(judge_patterns(patterns, index, reading.text, &of_it));
            hits.push(of_it);
        }
        let mut candidates = self.finish(&reading, &all, &hits);
        all.clear();
        for (automaton, identifier) in &self.customs.all {
            longest::find_longest(automaton, text.as_bytes(), |span| {
                let (shape, verdict) = (Shape::Pattern(0), Verdict::Reported);
                all.push(Judged { identifier: *identifier, shape, span, verdict });
            });
        }
        self.judge_blocks(text, &mut all);
        let mut recognized = Vec::new();
        self.recognize(text, &mut recognized);
        all.extend(recognized.into_iter().map(|Detection { span, identifier }| {
            let (shape, verdict) = (Shape::Recognizer, Verdict::Reported);
            Judged { identifier, shape, span, verdict }
        }));
        candidates.extend(self.finish(&Reading::plain(text), &all, &[]));
        sort(&mut candidates);
        candidates
    }

    /// Explains a line of a stream and moves `open` over it: a private key may go on from the lines
    /// before, and into those behind.
    pub(crate) fn explain_line(&self, open: &mut Option<OpenBlock>, line: &str) -> Vec<Candidate> {
        let mut candidates = self.explain(line);
        let before = open.as_ref().map(|open| open.block);
        let parts = self.advance_line(open, line);
        let behind = open.as_ref().map(|open| open.block);
        for (part, block) in parts.into_iter().zip([before, behind]) {
            let (Some(part), Some(block)) = (part, block) else { continue };
            let identifier = &self.identifiers[usize::from(part.identifier)];
            let index = identifier.blocks().iter().position(|own| own == block).unwrap_or(0);
            let overlaps = |other: &Candidate| {
                other.identifier == *identifier
                    && other.span.start < part.span.end
                    && part.span.start < other.span.end
            };
            candidates.retain(|other| !overlaps(other));
            let judged = Judged {
                identifier: part.identifier,
                shape: Shape::Block(index),
                span: part.span,
                verdict: Verdict::Reported,
            };
            candidates.extend(self.finish(&Reading::plain(line), &[judged], &[]));
        }
        sort(&mut candidates);
        candidates
    }

    fn patterns(&self) -> &[Patterns] {
        let compile = |identifier: &Arc<DataIdentifier>| Patterns::compile(identifier);
        self.explained.get_or_init(|| self.identifiers.iter().map(compile).collect())
    }

    /// The keywords of the text, looked for at every character.
    fn find_keywords(&self, text: &str) -> Vec<KeywordHit> {
        let mut hits = Vec::new();
        for (at, _) in text.char_indices().filter(|(at, _)| word::begins(text, *at)) {
            self.tables.keywords.find_at(text, at, self.wanted, &mut hits);
        }
        hits
    }

    fn judge_blocks(&self, text: &str, all: &mut Vec<Judged>) {
        let mut begins = Vec::new();
        let mut seen: Vec<Seen> = Vec::new();
        self.each_block(text, &mut seen, |kind, begin, extent| {
            let identifier = self.block_identifier(kind);
            let (blocks, number) = (self.tables.blocks, self.tables.blocks[kind].identifier);
            let first = blocks.iter().position(|other| other.identifier == number);
            let shape = Shape::Block(kind - first.unwrap_or(kind));
            let verdict = match extent {
                Extent::Closed(_) | Extent::Open(_) => Verdict::Reported,
                Extent::Bare => Verdict::BeginAlone,
                Extent::None => Verdict::NoKeyText,
            };
            begins.push(Judged { identifier, shape, span: begin, verdict });
        });
        // Blocks that overlap are one; it goes by the name of its first BEGIN.
        let mut scratch = DetectScratch::default();
        self.find_blocks(text, &mut scratch);
        for begin in begins {
            let whole = scratch.found.iter().find(|found| {
                found.identifier == begin.identifier && found.span.start == begin.span.start
            });
            match whole {
                Some(whole) => all.push(Judged { span: whole.span, ..begin }),
                None if begin.verdict == Verdict::Reported => {}
                None => all.push(begin),
            }
        }
    }

    /// Finds out which candidates hide others, and the keyword of each. `hits` are those of each
    /// identifier.
    fn finish(
        &self,
        reading: &Reading<'_>,
        all: &[Judged],
        hits: &[Vec<KeywordHit>],
    ) -> Vec<Candidate> {
        let passed = all.iter().filter(|one| one.verdict == Verdict::Reported);
        let mut reported: Vec<_> = passed.map(Judged::detection).collect();
        leftmost_longest(&mut reported);
        reported.sort_unstable_by_key(|found| (found.identifier, found.span.start));
        let candidate = |one: &Judged| {
            let identifier = Arc::clone(&self.identifiers[usize::from(one.identifier)]);
            let (mut keyword, mut check_passes) = (None, None);
            if let Shape::Pattern(index) = one.shape {
                let pattern = WalkPattern::new(number(&identifier), &identifier.patterns()[index]);
                check_passes = Some(pattern.check.passes(reading.text, one.span));
                if pattern.needs_keyword {
                    let hits = &hits[usize::from(one.identifier)];
                    keyword = self.keyword(&identifier, &pattern, reading, one.span, hits);
                }
            }
            let (shape, verdict) = (one.shape, one.among(&reported, reading));
            let (span, chars) = (reading.original(one.span), reading.chars(one.span));
            Candidate { identifier, shape, span, chars, keyword, check_passes, verdict }
        };
        let mut candidates: Vec<_> = all.iter().map(candidate).collect();
        sort(&mut candidates);
        candidates
    }

    /// The nearest keyword that speaks for the value, or else the nearest one.
    fn keyword(
        &self,
        identifier: &DataIdentifier,
        pattern: &WalkPattern,
        reading: &Reading<'_>,
        span: Span,
        hits: &[KeywordHit],
    ) -> Option<CandidateKeyword> {
        let text = reading.text;
        let gap = |hit: &KeywordHit| {
            let between =
                if hit.end <= span.start { hit.end..span.start } else { span.end..hit.start };
            count_chars(&text.as_bytes()[between])
        };
        let says = |hit: &KeywordHit| {
            let says = confirm::speaks_for(pattern, text, span, hit)?;
            Some((*hit, says.err()))
        };
        let near = window::hits_near(hits, span, confirm::reach(pattern)).iter().filter_map(says);
        let speaking =
            near.filter(|(_, silence)| silence.is_none()).min_by_key(|(hit, _)| gap(hit));
        let (hit, silence) = speaking.or_else(|| {
            let neighbours = neighbours(hits, span).into_iter().flatten();
            neighbours.filter_map(|hit| says(&hit)).min_by_key(|(hit, _)| gap(hit))
        })?;
        Some(CandidateKeyword {
            keyword: self.spelling(identifier, text, &hit),
            chars: reading.chars(Span::new(hit.start, hit.end)),
            before: hit.end <= span.start,
            gap_chars: gap(&hit),
            silence,
        })
    }

    /// The keyword as the catalogue spells it.
    fn spelling(&self, identifier: &DataIdentifier, text: &str, hit: &KeywordHit) -> String {
        let here = text.get(hit.start..hit.end).expect("a keyword lies on characters");
        let mut known = identifier.keywords().iter();
        known.find(|known| self.tables.keywords.is_form(here, known)).expect("found before").clone()
    }
}

/// The candidates of one identifier's patterns, without those that tell nothing new.
fn judge_patterns(
    patterns: &Patterns,
    identifier: u16,
    text: &str,
    hits: &[KeywordHit],
) -> Vec<Judged> {
    let mut kept = Kept::default();
    let mut here = Vec::new();
    for (at, _) in text.char_indices() {
        let inside_escape = word::inside_escape(text, at);
        for (index, (automaton, pattern)) in patterns.0.iter().enumerate() {
            automaton.walk(text.as_bytes(), at, |end, _| {
                let span = Span::new(at, end);
                let verdict = if inside_escape {
                    Verdict::InsideEscape
                } else {
                    let judged = confirm::judge(pattern, text, span, hits, &mut Checked::default());
                    judged.map_or_else(Verdict::from, |_| Verdict::Reported)
                };
                here.push(Judged { identifier, shape: Shape::Pattern(index), span, verdict });
            });
        }
        here.sort_by_key(|one| std::cmp::Reverse((one.verdict.stage(), one.span.end)));
        here.drain(..).for_each(|one| kept.add(one));
    }
    kept.judged
}

fn sort(candidates: &mut [Candidate]) {
    let key = |one: &Candidate| (one.span.start, std::cmp::Reverse(one.span.end));
    candidates.sort_by(|a, b| {
        key(a).cmp(&key(b)).then_with(|| a.identifier.name().cmp(b.identifier.name()))
    });
}

/// Of keywords sorted by start, the last that ends before the value, and the first behind it.
fn neighbours(hits: &[KeywordHit], span: Span) -> [Option<KeywordHit>; 2] {
    let until = hits.partition_point(|hit| hit.start < span.start);
    let mut before: Option<KeywordHit> = None;
    for hit in hits[..until].iter().rev() {
        if before.is_some_and(|known| hit.start + KEYWORD_BYTES_MAX < known.end) {
            break;
        }
        if hit.end <= span.start && before.is_none_or(|known| hit.end > known.end) {
            before = Some(*hit);
        }
    }
    let behind = hits.partition_point(|hit| hit.start < span.end);
    [before, hits.get(behind).copied()]
}

/// One identifier's candidates, in ascending order of their start, without those that tell nothing
/// new: what lies inside an earlier one that got as far, and what lacks an edge and overlaps or
/// touches an earlier one, as every piece of a long number would.
#[derive(Default)]
struct Kept {
    judged: Vec<Judged>,
    /// How far the candidates reach that got to each stage or farther.
    reach: [usize; 5],
}

impl Kept {
    fn add(&mut self, one: Judged) {
        let stage = one.verdict.stage();
        let same = || {
            let last =
                self.judged.iter().rev().take_while(|last| last.span.start == one.span.start);
            last.into_iter().any(|last| last.span == one.span && last.verdict.stage() >= stage)
        };
        let nothing_new = match one.verdict {
            Verdict::InsideEscape | Verdict::Edge(_) => {
                one.span.start <= self.reach[0] && self.reach[0] > 0
            }
            Verdict::Reported | Verdict::Hidden(_) => same(),
            _ => one.span.end <= self.reach[usize::from(stage)],
        };
        if nothing_new {
            return;
        }
        for reach in &mut self.reach[..=usize::from(stage)] {
            *reach = one.span.end.max(*reach);
        }
        self.judged.push(one);
    }
}
