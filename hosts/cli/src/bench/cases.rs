//! What is measured: logveil and those it is compared with.

use std::hint::black_box;

use aho_corasick::AhoCorasick;
use logveil::identifier::DataIdentifier;
use logveil::{Masker, Scratch};
use logveil_corpora::Corpus;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_automata::{meta, util::syntax};

use super::sets::Set;
use crate::args::Peer;
use crate::output::Failure;

/// Largest compiled regex of a peer, in bytes: none is refused for its size.
const PEER_BYTES_MAX: usize = 1 << 30;

/// A byte that no text in UTF-8 holds.
const ABSENT: u8 = 0xFF;

/// One that looks for values, ready to be measured.
pub(super) enum Case {
    Logveil { masker: Masker, scratch: Box<Scratch>, single: bool },
    Memchr,
    PerRule(Vec<Regex>),
    RegexSet(RegexSet),
    Meta(Box<meta::Regex>),
    AhoCorasick(AhoCorasick),
}

/// What it is called where `--against` names it.
pub(super) fn name(peer: Option<Peer>) -> &'static str {
    match peer {
        None => "logveil",
        Some(Peer::Single) => "single",
        Some(Peer::Memchr) => "memchr",
        Some(Peer::PerRule) => "per-rule",
        Some(Peer::Regexset) => "regexset",
        Some(Peer::Meta) => "meta",
        Some(Peer::AhoCorasick) => "aho-corasick",
    }
}

impl Case {
    /// Compiles it.
    pub(super) fn new(peer: Option<Peer>, set: &Set) -> Result<Self, Failure> {
        let all = || set.identifiers.iter().flat_map(|identifier| regexes(identifier));
        Ok(match peer {
            None | Some(Peer::Single) => Self::Logveil {
                masker: set.compile()?,
                scratch: Box::default(),
                single: peer.is_some(),
            },
            Some(Peer::Memchr) => Self::Memchr,
            Some(Peer::PerRule) => {
                let rules = set.identifiers.iter().filter_map(|identifier| rule(identifier));
                Self::PerRule(rules.collect::<Result<_, _>>()?)
            }
            Some(Peer::Regexset) => {
                let build = |unicode| {
                    RegexSetBuilder::new(all()).unicode(unicode).size_limit(PEER_BYTES_MAX).build()
                };
                Self::RegexSet(
                    build(false).or_else(|_| build(true)).map_err(|_| refused(name(peer)))?,
                )
            }
            Some(Peer::Meta) => {
                let patterns: Vec<String> = all().collect();
                let build = |unicode| {
                    meta::Builder::new()
                        .syntax(syntax::Config::new().unicode(unicode).utf8(false))
                        .configure(
                            meta::Config::new()
                                .utf8_empty(false)
                                .nfa_size_limit(Some(PEER_BYTES_MAX)),
                        )
                        .build_many(&patterns)
                        .ok()
                };
                let built = build(false).or_else(|| build(true));
                Self::Meta(Box::new(built.ok_or_else(|| refused(name(peer)))?))
            }
            Some(Peer::AhoCorasick) => {
                let mut spellings: Vec<String> = set
                    .identifiers
                    .iter()
                    .flat_map(|it| it.keywords())
                    .flat_map(|k| spelled(k))
                    .collect();
                spellings.sort_unstable();
                spellings.dedup();
                let built = AhoCorasick::builder().ascii_case_insensitive(true).build(&spellings);
                Self::AhoCorasick(built.map_err(|_| refused(name(peer)))?)
            }
        })
    }

    /// Looks through a buffer of events. The answer is a number that has to be the same every time:
    /// events with values for logveil, matches for others.
    pub(super) fn run(&mut self, piece: &Corpus) -> usize {
        match self {
            Self::Logveil { masker, scratch, single: false } => {
                let batch = masker.mask_batch(&piece.text, &piece.records, scratch);
                black_box(batch.as_str().len());
                batch.hits().len()
            }
            Self::Logveil { single: true, .. } => {
                piece.lines().map(|line| usize::from(self.event(line) > 0)).sum()
            }
            _ => piece.lines().map(|line| self.event(line)).sum(),
        }
    }

    /// Looks through one event: values for logveil, matches for others.
    pub(super) fn event(&mut self, line: &str) -> usize {
        let bytes = line.as_bytes();
        match self {
            Self::Logveil { masker, scratch, .. } => {
                let masked = masker.mask(line, scratch);
                black_box(masked.as_str().len());
                masked.detections().len()
            }
            Self::Memchr => usize::from(memchr::memchr(black_box(ABSENT), bytes).is_some()),
            Self::PerRule(rules) => rules.iter().map(|rule| rule.find_iter(bytes).count()).sum(),
            Self::RegexSet(set) => set.matches(bytes).iter().count(),
            Self::Meta(regex) => regex.find_iter(bytes).count(),
            Self::AhoCorasick(keywords) => keywords.find_iter(bytes).count(),
        }
    }

    /// What it finds in all; for logveil, buffers and single events are compared.
    pub(super) fn findings(&mut self, pieces: &[Corpus]) -> Result<usize, Failure> {
        let alone: usize = pieces.iter().flat_map(Corpus::lines).map(|line| self.event(line)).sum();
        if let Self::Logveil { masker, scratch, .. } = self {
            let mut together = 0;
            for piece in pieces {
                let batch = masker.mask_batch(&piece.text, &piece.records, scratch);
                together +=
                    batch.hits().map(|(_, masked)| masked.detections().len()).sum::<usize>();
            }
            if alone != together || masker.failed_judgements() > 0 {
                return Err(Failure::because(
                    "events together were judged differently from events alone: a bug in \
                     logveil, please report it",
                ));
            }
        }
        Ok(alone)
    }
}

fn refused(case: &str) -> Failure {
    Failure::because(format!("{case} cannot compile these identifiers; leave it out"))
}

/// The patterns of an identifier; of a block, the line that opens it.
fn regexes(identifier: &DataIdentifier) -> Vec<String> {
    let patterns = identifier.patterns().iter().map(|pattern| pattern.regex.clone());
    let blocks = identifier.blocks().iter().map(|block| regex::escape(&block.begin));
    patterns.chain(blocks).collect()
}

/// One regex for all patterns of an identifier; none for one that has no patterns. Unicode stays
/// off but for custom identifiers that cannot do without.
fn rule(identifier: &DataIdentifier) -> Option<Result<Regex, Failure>> {
    let parts: Vec<_> = regexes(identifier).iter().map(|regex| format!("(?:{regex})")).collect();
    let whole = parts.join("|");
    let build =
        |unicode| RegexBuilder::new(&whole).unicode(unicode).size_limit(PEER_BYTES_MAX).build();
    let built = build(false).or_else(|_| build(true));
    (!parts.is_empty()).then(|| built.map_err(|_| refused("per-rule")))
}

/// A keyword with each of what may stand for its spaces.
fn spelled(keyword: &str) -> [String; 4] {
    [" ", "_", "-", ""].map(|space| keyword.replace(' ', space))
}
