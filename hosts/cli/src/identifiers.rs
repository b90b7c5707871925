//! `identifiers`: the catalogue.

use std::fmt::Write;

use logveil::identifier::{Check, Confidence, DataIdentifier, Hit, managed, managed_ids};
use serde::Serialize;

use crate::args::CatalogueArgs;
use crate::output::{BOLD, Done, Failure, print, print_json};
use crate::policies::find;
use crate::table::{Align, table, wrapped};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    name: &'a str,
    arn: Option<String>,
    category: &'a str,
    title: &'a str,
    /// Of the values it finds; none for those that know no borders.
    countries: &'a [String],
    confidence: Option<&'static str>,
    keyword_required: bool,
    checks: Vec<&'static str>,
    #[serde(flatten)]
    detail: Option<Detail<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    patterns: Vec<PatternEntry<'a>>,
    blocks: Vec<[&'a str; 2]>,
    keywords: &'a [String],
    keyword_distance_chars: usize,
    note: &'a str,
    source: &'a str,
    /// Text, first character of the value, the character after it.
    hits: Vec<(&'a str, usize, usize)>,
    misses: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PatternEntry<'a> {
    regex: &'a str,
    edges: String,
    check: &'static str,
    keyword_required: bool,
    keyword_place: String,
    keyword_distance_chars: usize,
}

pub(crate) fn run(args: &CatalogueArgs) -> Result<Done, Failure> {
    let one = match &args.name {
        Some(name) => managed(find(name)?),
        None => None,
    };
    let all: Vec<_> = managed_ids().filter_map(managed).collect();
    match (one, args.json) {
        (Some(one), true) => print_json(&entry(&one, true))?,
        (Some(one), false) => print(&detail(&one))?,
        (None, true) => print_json(&all.iter().map(|it| entry(it, false)).collect::<Vec<_>>())?,
        (None, false) => print(&catalogue(all.iter().map(|it| entry(it, false))))?,
    }
    Ok(Done::Clean)
}

fn entry(identifier: &DataIdentifier, detailed: bool) -> Entry<'_> {
    let patterns = identifier.patterns();
    let mut checks: Vec<_> = patterns.iter().map(|pattern| pattern.check.as_str()).collect();
    checks.retain(|check| *check != Check::None.as_str());
    checks.sort();
    checks.dedup();
    let blocks = identifier.blocks().iter().map(|block| [&*block.begin, &*block.end]);
    let hits = identifier.hits().iter().map(|Hit(text, start, end)| (text.as_str(), *start, *end));
    let detail = detailed.then(|| Detail {
        patterns: patterns.iter().map(pattern_entry).collect(),
        blocks: blocks.collect(),
        keywords: identifier.keywords(),
        keyword_distance_chars: identifier.keyword_distance_chars(),
        note: identifier.note(),
        source: identifier.source(),
        hits: hits.collect(),
        misses: identifier.misses(),
    });
    Entry {
        name: identifier.name(),
        arn: identifier.arn(),
        category: identifier.category(),
        title: identifier.title(),
        countries: identifier.countries(),
        confidence: identifier.confidence().map(Confidence::as_str),
        keyword_required: patterns.iter().any(|pattern| pattern.needs_keyword),
        checks,
        detail,
    }
}

fn pattern_entry(pattern: &logveil::identifier::Pattern) -> PatternEntry<'_> {
    PatternEntry {
        regex: &pattern.regex,
        // `Number` as `data-identifiers/` writes it: `number`.
        edges: format!("{:?}", pattern.edges).to_lowercase(),
        check: pattern.check.as_str(),
        keyword_required: pattern.needs_keyword,
        keyword_place: format!("{:?}", pattern.keyword_place).to_lowercase(),
        keyword_distance_chars: pattern.keyword_distance_chars,
    }
}

fn catalogue<'a>(entries: impl Iterator<Item = Entry<'a>>) -> String {
    let row = |entry: Entry| {
        let keyword = if entry.keyword_required { "required" } else { "-" };
        [
            entry.name.to_owned(),
            entry.category.to_owned(),
            keyword.to_owned(),
            entry.title.to_owned(),
        ]
    };
    let head = [
        ("NAME", Align::Left),
        ("CATEGORY", Align::Left),
        ("KEYWORD", Align::Left),
        ("WHAT IT FINDS", Align::Left),
    ];
    table(head, &entries.map(row).collect::<Vec<_>>())
}

fn detail(identifier: &DataIdentifier) -> String {
    let entry = entry(identifier, true);
    let detail = entry.detail.as_ref().expect("asked for");
    let mut text = format!("{BOLD}{}{BOLD:#}  {}\n", entry.name, entry.title);
    let mut line = |title: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {BOLD}{title:<10}{BOLD:#} {value}");
        }
    };
    line("category", entry.category);
    line("countries", &wrapped(&entry.countries.join(", "), 13));
    line("confidence", entry.confidence.unwrap_or_default());
    line("arn", &entry.arn.unwrap_or_default());
    for pattern in &detail.patterns {
        let keyword = match (pattern.keyword_required, &*pattern.keyword_place) {
            (false, _) => "no keyword needed".to_owned(),
            (true, "near") => "keyword needed".to_owned(),
            (true, place) => {
                let distance = pattern.keyword_distance_chars;
                format!("keyword needed, {place}, at most {distance} characters away")
            }
        };
        line("pattern", pattern.regex);
        line("", &format!("edges {}, check {}, {keyword}", pattern.edges, pattern.check));
    }
    for [begin, end] in &detail.blocks {
        line("block", &format!("{begin} … {end}"));
    }
    if !detail.keywords.is_empty() {
        line("keywords", &wrapped(&detail.keywords.join(", "), 13));
        let distance = detail.keyword_distance_chars;
        line("", &format!("at most {distance} characters from the value, before or after it"));
    }
    line("note", &wrapped(detail.note, 13));
    line("source", &wrapped(detail.source, 13));
    for (index, (hit, start, end)) in detail.hits.iter().enumerate() {
        line(if index == 0 { "finds" } else { "" }, &marked(hit, *start, *end));
    }
    for (index, miss) in detail.misses.iter().enumerate() {
        line(if index == 0 { "not in" } else { "" }, &one_line(miss));
    }
    text
}

/// An example with its value underlined, or between arrows where there are no colours.
fn marked(text: &str, start: usize, end: usize) -> String {
    let part = |from: usize, to: usize| -> String {
        one_line(&text.chars().skip(from).take(to - from).collect::<String>())
    };
    let rest = text.chars().count();
    format!("{}›{BOLD}{}{BOLD:#}‹{}", part(0, start), part(start, end), part(end, rest.max(end)))
}

/// Line ends as they are written in JSON.
fn one_line(text: &str) -> String {
    text.replace('\r', "\\r").replace('\n', "\\n")
}
