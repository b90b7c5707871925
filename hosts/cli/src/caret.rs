//! Faults of a policy document, shown in their place.
//!
//! Only the policy language itself is printed. Whatever else stands in a document (a Description,
//! a regex, a secret that was pasted there) is shown as dots, however broken the document is.

use std::fmt::Write;
use std::ops::Range;

use logveil::Error;
use logveil::identifier::managed_ids;

use crate::output::{BAD, BOLD, FRAME};

/// Widest part of a line that is shown, in characters.
const WINDOW_CHARS: usize = 100;
/// What is shown before the fault of a line that is wider.
const BEFORE_CHARS: usize = 40;

/// The words of the policy language.
const WORDS: &[&str] = &[
    "Name",
    "Description",
    "Version",
    "2021-06-01",
    "Configuration",
    "CustomDataIdentifier",
    "Regex",
    "Statement",
    "Sid",
    "DataIdentifier",
    "Operation",
    "Audit",
    "FindingsDestination",
    "CloudWatchLogs",
    "LogGroup",
    "Firehose",
    "DeliveryStream",
    "S3",
    "Bucket",
    "Deidentify",
    "MaskConfig",
];

/// The reports of all faults of the document `name`.
pub(crate) fn faults(name: &str, document: &str, faults: &[Error]) -> String {
    let visible = redacted(document);
    let mut text = String::new();
    for fault in faults {
        match fault.place() {
            Some(place) => {
                let end = place.end.min(document.len());
                let at = place.start.min(end)..end;
                write_fault(&mut text, name, document, &visible, fault.message(), at);
            }
            None => _ = writeln!(text, "{BOLD}{name}:{BOLD:#} {BAD}{}{BAD:#}", fault.message()),
        }
    }
    text
}

/// The report of a fault of a filter pattern, which is the user's own argument and shown as it is.
pub(crate) fn pattern_fault(pattern: &str, fault: &Error) -> String {
    let mut text = String::new();
    let Some(place) = fault.place() else { return text };
    let chars: Vec<_> = pattern.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let before = |byte: usize| pattern.char_indices().take_while(|(at, _)| *at < byte).count();
    let column = before(place.start);
    let width = (before(place.end) - column).max(1);
    let (shown, column, width) = window(&chars, column, width);
    let _ = writeln!(text, "  {shown}");
    let _ = writeln!(text, "  {}{BAD}{}{BAD:#}", " ".repeat(column), "^".repeat(width));
    text
}

fn write_fault(
    text: &mut String,
    name: &str,
    document: &str,
    visible: &[char],
    message: &str,
    at: Range<usize>,
) {
    let chars = |range: Range<usize>| {
        document.char_indices().filter(|(byte, _)| range.contains(byte)).count()
    };
    let bytes = document.as_bytes();
    let line_start = bytes[..at.start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let line_len = bytes[line_start..].iter().position(|&b| b == b'\n');
    let line_end = line_len.map_or(bytes.len(), |len| line_start + len);
    let number = bytes[..line_start].iter().filter(|&&b| b == b'\n').count() + 1;
    let column = chars(line_start..at.start);
    let _ = writeln!(text, "{BOLD}{name}:{number}:{}:{BOLD:#} {BAD}{message}{BAD:#}", column + 1);
    let first = chars(0..line_start);
    let line = &visible[first..first + chars(line_start..line_end)];
    // A fault of many lines is marked on its first.
    let width = chars(at.start..at.end.clamp(at.start, line_end)).max(1);
    let (shown, column, width) = window(line, column, width);
    let gutter = " ".repeat(number.to_string().len());
    let _ = writeln!(text, " {FRAME}{number} |{FRAME:#} {}", shown.trim_end());
    let _ = writeln!(
        text,
        " {FRAME}{gutter} |{FRAME:#} {}{BAD}{}{BAD:#}",
        " ".repeat(column),
        "^".repeat(width)
    );
}

/// The part of a long line around the fault, and where the fault lies in it.
fn window(line: &[char], column: usize, width: usize) -> (String, usize, usize) {
    if line.len() <= WINDOW_CHARS {
        return (line.iter().collect(), column, width);
    }
    let start = column.saturating_sub(BEFORE_CHARS).min(line.len() - WINDOW_CHARS);
    let end = start + WINDOW_CHARS;
    let (before, after) =
        (if start > 0 { "…" } else { "" }, if end < line.len() { "…" } else { "" });
    let part: String = line[start..end].iter().collect();
    let lead = usize::from(start > 0);
    (
        format!("{before}{part}{after}"),
        column - start + lead,
        width.min(end - column.min(end)).max(1),
    )
}

/// The document, character by character, with all but the policy language as dots. Whether a
/// character stands inside a string may be misjudged in a broken document; what may be shown does
/// not depend on it: words of the language only, and outside of strings brackets and the like.
fn redacted(document: &str) -> Vec<char> {
    let mut visible = Vec::with_capacity(document.len());
    let mut rest = document;
    while let Some(at) = rest.find('"') {
        push_bare(&rest[..at], &mut visible);
        visible.push('"');
        let inside = &rest[at + 1..];
        let len = string_len(inside);
        push_string(&inside[..len], &mut visible);
        rest = &inside[len..];
        if let Some(after) = rest.strip_prefix('"') {
            visible.push('"');
            rest = after;
        }
    }
    push_bare(rest, &mut visible);
    visible
}

/// How long the text of a string is: up to its quote, or to the end of the line.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => return at,
            b'"' if !escaped => return at,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    text.len()
}

fn push_bare(text: &str, visible: &mut Vec<char>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        let len = word.map_or(first.len_utf8(), str::len);
        match first {
            _ if word.is_some() => visible.extend(rest[..len].chars()),
            '{' | '}' | '[' | ']' | ':' | ',' | ' ' | '\n' => visible.push(first),
            '\t' | '\r' => visible.push(' '),
            _ => visible.push('·'),
        }
        rest = &rest[len..];
    }
}

fn push_string(text: &str, visible: &mut Vec<char>) {
    let shown = if is_word(text) { text.len() } else { arn_prefix_len(text) };
    visible.extend(text[..shown].chars());
    visible.extend(text[shown..].chars().map(|_| '·'));
}

fn is_word(text: &str) -> bool {
    let name = text.get(arn_prefix_len(text)..).unwrap_or_default();
    WORDS.contains(&text) || managed_ids().any(|id| id == name)
}

/// Length of the part that the ARNs of all managed identifiers have in common.
fn arn_prefix_len(text: &str) -> usize {
    let rest = text.strip_prefix("arn:").and_then(|rest| rest.split_once(':'));
    let Some((partition, rest)) = rest else { return 0 };
    let known = ["aws", "aws-cn", "aws-us-gov"].contains(&partition);
    match rest.strip_prefix("dataprotection::aws:data-identifier/") {
        Some(name) if known => text.len() - name.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(document: &str) -> String {
        redacted(document).into_iter().collect()
    }

    #[test]
    fn only_the_policy_language_is_shown() {
        let cases = [
            (
                r#"{"Name":"hunter2","Version":"2021-06-01"}"#,
                r#"{"Name":"·······","Version":"2021-06-01"}"#,
            ),
            (r#"{"p\"w":"a\\"}"#, r#"{"····":"···"}"#),
            (
                r#"["arn:aws-cn:dataprotection::aws:data-identifier/EmailAddress"]"#,
                r#"["arn:aws-cn:dataprotection::aws:data-identifier/EmailAddress"]"#,
            ),
            (
                r#"["arn:aws:dataprotection::aws:data-identifier/Emäil"]"#,
                r#"["arn:aws:dataprotection::aws:data-identifier/·····"]"#,
            ),
            (r#"["EmailAddress", 4716, true, tru]"#, r#"["EmailAddress", ····, true, ···]"#),
            ("{\"Name: x\n\"secret\" hunter2", "{\"·······\n\"······\" ·······"),
            ("hunter2: \"", "·······: \""),
        ];
        for (document, expected) in cases {
            assert_eq!(shown(document), expected);
            assert_eq!(redacted(document).len(), document.chars().count());
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_fault() {
        let line: Vec<char> = (0..400).map(|i| if i == 250 { '!' } else { '.' }).collect();
        for (column, width) in [(250, 1), (0, 3), (399, 1), (399, 80), (400, 1), (380, 99)] {
            let (shown, at, width) = window(&line, column, width);
            assert!(shown.chars().count() <= WINDOW_CHARS + 2);
            assert!(at + width <= WINDOW_CHARS + 2, "{column}");
            if column == 250 {
                assert_eq!(shown.chars().nth(at), Some('!'));
            }
        }
        assert_eq!(window(&line[..50], 20, 5).1, 20);
    }
}
