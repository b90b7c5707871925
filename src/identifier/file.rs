//! The file format of `data-identifiers/`: one JSON document per managed identifier, holding its
//! specification and its proof. Patterns have a bounded length and hold no backslash, but for
//! `\x5C`, which is the backslash itself.

use serde::Deserialize;

use super::{Block, Check, Confidence, Edges, Facts, Hit, KeywordPlace, Pattern, Recognizer};
use crate::limits::KEYWORD_DISTANCE_CHARS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: String,
    category: String,
    /// ISO 3166-1 alpha-2 codes; none for identifiers that know no borders.
    #[serde(default)]
    countries: Vec<String>,
    confidence: Confidence,
    source: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    patterns: Vec<PatternEntry>,
    #[serde(default)]
    blocks: Vec<Block>,
    recognizer: Option<Recognizer>,
    #[serde(default)]
    edges: Edges,
    #[serde(default)]
    checksum: Check,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default = "keyword_distance")]
    keyword_distance_chars: usize,
    #[serde(default)]
    keyword_place: KeywordPlace,
    hits: Vec<Hit>,
    misses: Vec<String>,
}

/// A pattern alone takes the file's edges, checksum and keyword rule; an object may set its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum PatternEntry {
    Regex(String),
    Full(FullPattern),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FullPattern {
    regex: String,
    edges: Option<Edges>,
    checksum: Option<Check>,
    keyword_place: Option<KeywordPlace>,
    keyword_distance_chars: Option<usize>,
    #[serde(default = "yes")]
    needs_keyword: bool,
}

fn keyword_distance() -> usize {
    KEYWORD_DISTANCE_CHARS
}

fn yes() -> bool {
    true
}

/// Reads the file of the identifier `name`.
///
/// # Panics
///
/// Panics on a file that breaks the format: the files are compiled in, so that is a bug.
pub(super) fn read(name: &str, text: &str) -> Facts {
    let file: File = serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("an embedded identifier file is broken: {error}"));
    assert!(file.id == name, "{name}: the file is that of {}", file.id);
    let has_keywords = !file.keywords.is_empty();
    let patterns = file.patterns.into_iter().map(|entry| {
        let full = match entry {
            PatternEntry::Regex(regex) => {
                FullPattern { regex, needs_keyword: true, ..FullPattern::default() }
            }
            PatternEntry::Full(full) => full,
        };
        Pattern {
            regex: full.regex,
            edges: full.edges.unwrap_or(file.edges),
            check: full.checksum.unwrap_or(file.checksum),
            needs_keyword: full.needs_keyword && has_keywords,
            keyword_place: full.keyword_place.unwrap_or(file.keyword_place),
            keyword_distance_chars: full
                .keyword_distance_chars
                .unwrap_or(file.keyword_distance_chars),
        }
    });
    let facts = Facts {
        patterns: patterns.collect(),
        category: file.category,
        countries: file.countries,
        confidence: file.confidence,
        title: file.title,
        source: file.source,
        note: file.note,
        blocks: file.blocks,
        recognizer: file.recognizer,
        keywords: file.keywords,
        keyword_distance_chars: file.keyword_distance_chars,
        hits: file.hits,
        misses: file.misses,
    };
    check(name, &facts);
    facts
}

fn check(name: &str, facts: &Facts) {
    let shapes = facts.patterns.len() + facts.blocks.len();
    assert!(shapes > 0 || facts.recognizer.is_some(), "{name}: no shape");
    for pattern in &facts.patterns {
        let plain = pattern.regex.replace(r"\x5C", "");
        assert!(!plain.contains('\\'), "{name}: a pattern holds a backslash other than \\x5C");
        let bounds = regex_syntax::parse(&pattern.regex)
            .map(|hir| (hir.properties().minimum_len(), hir.properties().maximum_len()));
        let Ok((Some(min), Some(_))) = bounds else {
            panic!("{name}: a pattern is broken or has no greatest length");
        };
        assert!(min > 0, "{name}: a pattern matches the empty text");
    }
    for keyword in &facts.keywords {
        let first = keyword.chars().next().expect("a keyword has characters");
        assert!(first.is_alphanumeric(), "{name}: a keyword begins with punctuation");
    }
}
