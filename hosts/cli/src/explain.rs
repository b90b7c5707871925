//! `explain`: why something is masked, or is not. Shows a value when it is asked to, and only then.

use std::fmt::Write;

use logveil::explain::{Candidate, CandidateKeyword, Edge, Shape, Silence, Verdict};
use logveil::identifier::{Check, Kind};
use logveil::{LineState, Masker};
use serde::Serialize;

use crate::args::ExplainArgs;
use crate::blocks::{Block, Blocks};
use crate::files;
use crate::output::{BOLD, Done, FRAME, Failure, GOOD, error, print, say};
use crate::policies::{self, Unasked};
use crate::table::count;
use crate::worker::split_line_end;

/// Longest line that is explained, in bytes: as long as an event may be. Explaining takes memory
/// for each candidate.
const LINE_BYTES_MAX: usize = logveil::limits::EVENT_BYTES_MAX;

/// Most asterisks that stand for a value.
const STARS_MAX: usize = 24;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    line: u64,
    /// Characters of the line, the end excluded.
    start: usize,
    end: usize,
    start_byte: usize,
    end_byte: usize,
    identifier: &'a str,
    reported: bool,
    verdict: &'static str,
    why: String,
    /// The index of what gave it its shape: a pattern or a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<KeywordEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeywordEntry<'a> {
    keyword: &'a str,
    start: usize,
    end: usize,
    place: &'static str,
    gap_chars: usize,
    gap_chars_max: usize,
    counts: bool,
}

#[derive(Serialize)]
struct CheckEntry {
    name: &'static str,
    passes: bool,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<Done, Failure> {
    let (_, masker) = policies::load(&args.protect, Unasked::BuiltIn)?;
    let mut explainer = Explainer { args, masker: &masker, found: false, text: String::new() };
    let from_stdin = args.text.is_empty() || args.text == ["-"];
    let done = if from_stdin {
        explainer.lines()
    } else {
        let words: Vec<_> = args.text.iter().map(|word| word.to_string_lossy()).collect();
        let text = words.join(" ");
        explainer.candidates(1, &text, &masker.explain(&text));
        print(&explainer.text).map(|()| Done::Clean)
    };
    if !explainer.found && !args.json && done.is_ok() {
        say("logveil: nothing has the shape of what is looked for; -i all looks for everything\n");
    }
    done
}

struct Explainer<'a> {
    args: &'a ExplainArgs,
    masker: &'a Masker,
    /// Whether there was any candidate.
    found: bool,
    /// What is to be printed.
    text: String,
}

impl Explainer<'_> {
    /// Explains stdin line by line, each as soon as it is there.
    fn lines(&mut self) -> Result<Done, Failure> {
        let mut input = Blocks::new(files::open("-".as_ref())?);
        let mut state = LineState::default();
        let (mut number, mut too_long) = (0, 0_u64);
        while let Some(block) = input.next().map_err(|error| Failure::reading("stdin", &error))? {
            match block {
                Block::Lines { text, .. } => {
                    for line in text.split_inclusive('\n') {
                        number += 1;
                        let (line, _) = split_line_end(line);
                        if line.len() > LINE_BYTES_MAX {
                            too_long += 1;
                            error(&format!("line {number} is larger than an event may be"));
                            self.masker.advance_lines(&mut state, line);
                        } else {
                            let candidates = self.masker.explain_line(&mut state, line);
                            self.candidates(number, line, &candidates);
                        }
                    }
                }
                Block::Overlong { text, ends, .. } => {
                    self.masker.advance_lines(&mut state, &text);
                    if ends {
                        number += 1;
                        too_long += 1;
                        error(&format!("line {number} is larger than an event may be"));
                    }
                }
            }
            print(&self.text)?;
            self.text.clear();
        }
        if too_long > 0 { Err(Failure::Said) } else { Ok(Done::Clean) }
    }

    fn candidates(&mut self, line: u64, text: &str, candidates: &[Candidate]) {
        for candidate in candidates {
            self.found = true;
            let value = self
                .args
                .show_values
                .then(|| text.get(candidate.span.range()).expect("candidates lie on characters"));
            if self.args.json {
                let entry = entry(line, candidate, self.args.patterns, value);
                self.text += &serde_json::to_string(&entry).expect("our own shapes can be written");
                self.text.push('\n');
            } else {
                self.text += &paragraph(line, candidate, self.args.patterns, value);
            }
        }
    }
}

fn entry<'a>(
    line: u64,
    candidate: &'a Candidate,
    patterns: bool,
    value: Option<&'a str>,
) -> Entry<'a> {
    let (pattern, block) = match candidate.shape {
        Shape::Pattern(index) => (Some(index), None),
        Shape::Block(index) => (None, Some(index)),
        _ => (None, None),
    };
    let keyword = candidate.keyword.as_ref().zip(candidate.pattern());
    Entry {
        line,
        start: candidate.chars.start,
        end: candidate.chars.end,
        start_byte: candidate.span.start,
        end_byte: candidate.span.end,
        identifier: candidate.identifier.name(),
        reported: candidate.is_reported(),
        verdict: candidate.verdict.as_str(),
        why: why(candidate),
        pattern,
        block,
        regex: candidate.pattern().filter(|_| patterns).map(|pattern| &*pattern.regex),
        keyword: keyword.map(|(keyword, pattern)| KeywordEntry {
            keyword: &keyword.keyword,
            start: keyword.chars.start,
            end: keyword.chars.end,
            place: if keyword.before { "before" } else { "behind" },
            gap_chars: keyword.gap_chars,
            gap_chars_max: pattern.keyword_distance_chars,
            counts: keyword.silence.is_none(),
        }),
        check: checked(candidate).map(|(name, passes)| CheckEntry { name, passes }),
        value,
    }
}

/// Three lines for people: where and what, why, and the facts.
fn paragraph(line: u64, candidate: &Candidate, patterns: bool, value: Option<&str>) -> String {
    let chars = candidate.chars;
    let shown = match value {
        Some(value) => format!("{value:?}"),
        None => stars(chars.end - chars.start),
    };
    let (name, why) = (candidate.identifier.name(), why(candidate));
    let place = format!("line {line}, characters {}..{}", chars.start, chars.end);
    let verdict = match candidate.is_reported() {
        true => format!("{GOOD}reported{GOOD:#}: {why}"),
        false => format!("{BOLD}not reported{BOLD:#}: {why}"),
    };
    let mut text = format!("{FRAME}{place}{FRAME:#}  {BOLD}{name}{BOLD:#}  {shown}\n");
    let _ = writeln!(text, "  {verdict}");
    let facts = facts(candidate);
    if !facts.is_empty() {
        let _ = writeln!(text, "  {}", facts.join("; "));
    }
    if let Some(pattern) = candidate.pattern().filter(|_| patterns) {
        let _ = writeln!(text, "  {}", pattern.regex);
    }
    text
}

/// The shape of a value that is not shown: nothing but its length.
fn stars(chars: usize) -> String {
    if chars <= STARS_MAX { "*".repeat(chars) } else { format!("{}…", "*".repeat(STARS_MAX)) }
}

/// What became of the candidate and why, in words.
fn why(candidate: &Candidate) -> String {
    let edge = |edge| match edge {
        Edge::JoinedBefore => "a letter or digit stands directly before it",
        Edge::JoinedBehind => "a letter or digit stands directly behind it",
        Edge::LongerNumber => "it is part of a longer number",
        Edge::Uuid => "it is part of a UUID",
        Edge::LongerBase64 => "it is part of longer base64",
        Edge::LongerWord => "it is part of a longer word",
    };
    let plain = match candidate.verdict {
        Verdict::InsideEscape => "it would begin inside an escape",
        Verdict::Edge(it) => edge(it),
        Verdict::NoKeyword => return silence(candidate),
        Verdict::Check => match checked(candidate) {
            Some((name, _)) => return format!("it fails the check {name}"),
            None => "it fails its check",
        },
        Verdict::BeginAlone => "the text ends with the BEGIN line, which holds nothing of a key",
        Verdict::NoKeyText => "no key text follows the BEGIN line",
        Verdict::Hidden(by) => {
            let (start, end) = (by.start, by.end);
            return format!(
                "a longer or earlier value of the same identifier stands at {start}..{end}"
            );
        }
        Verdict::Reported => match candidate.shape {
            Shape::Block(_) => "key text follows a BEGIN line",
            Shape::Recognizer => "recognised",
            _ if candidate.identifier.kind() == Kind::Custom => "the custom pattern matches",
            _ => "it passes every test",
        },
        _ => "it fails a test",
    };
    plain.to_owned()
}

/// Why no keyword speaks for the candidate.
fn silence(candidate: &Candidate) -> String {
    let Some(CandidateKeyword { keyword, gap_chars, silence, .. }) = &candidate.keyword else {
        return "it needs a keyword, and there is none beside it".to_owned();
    };
    let max = candidate.pattern().map_or(0, |pattern| pattern.keyword_distance_chars);
    match silence {
        Some(Silence::Behind) => {
            format!("it needs a keyword before it; the nearest, {keyword:?}, stands behind it")
        }
        Some(Silence::NumberBetween) => {
            format!("another number stands between it and the nearest keyword, {keyword:?}")
        }
        Some(Silence::OtherField) => {
            format!("the nearest keyword, {keyword:?}, is the name of another field")
        }
        Some(Silence::TooFar) | None => {
            let far = count(*gap_chars as u64, "character");
            format!("the nearest keyword, {keyword:?}, is {far} away; at most {max} count")
        }
    }
}

/// Shape, keyword and check.
fn facts(candidate: &Candidate) -> Vec<String> {
    let mut facts = Vec::new();
    match candidate.shape {
        Shape::Pattern(index) => facts.push(format!("pattern {index}")),
        Shape::Block(index) => facts.push(format!("block {index}")),
        _ => {}
    }
    let needs_keyword = candidate.pattern().is_some_and(|pattern| pattern.needs_keyword);
    match &candidate.keyword {
        Some(keyword) => {
            let gap = count(keyword.gap_chars as u64, "character");
            let place = if keyword.before { "before" } else { "behind" };
            facts.push(format!("keyword {:?} {gap} {place} it", keyword.keyword));
        }
        None if needs_keyword => facts.push("no keyword".to_owned()),
        None if candidate.pattern().is_some() => facts.push("no keyword needed".to_owned()),
        None => {}
    }
    if let Some((name, passes)) = checked(candidate) {
        facts.push(format!("check {name} {}", if passes { "passed" } else { "failed" }));
    }
    facts
}

/// The check of the candidate's pattern, and whether it passes.
fn checked(candidate: &Candidate) -> Option<(&'static str, bool)> {
    let check = candidate.pattern()?.check;
    (check != Check::None).then_some((check.as_str(), candidate.check_passes?))
}
