//! Regular expressions of queries: the usual syntax, in linear time.

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;

use crate::limits::{
    QUERY_REGEX_BYTES_MAX, QUERY_REPLACE_BYTES_MAX, QUERY_REPLACE_MATCHES_MAX,
    QUERY_VALUE_BYTES_MAX,
};
use crate::pattern::linear;
use crate::span::Span;

/// A compiled regex with its groups.
pub(super) struct QueryRegex(Regex);

impl QueryRegex {
    /// `None` for what is none, has look-around or back-references, or is too large.
    pub(super) fn compile(text: &str) -> Option<Self> {
        linear(&ascii_classes(text), QUERY_REGEX_BYTES_MAX, WhichCaptures::All).map(Self)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(Input::new(text))
    }

    /// The groups that have a name, each with its number.
    pub(super) fn names(&self) -> Vec<(String, usize)> {
        let names = self.0.group_info().pattern_names(regex_automata::PatternID::ZERO);
        let named = |(group, name): (usize, Option<&str>)| Some((name?.to_owned(), group));
        names.enumerate().filter_map(named).collect()
    }

    /// Where the groups of the first match lie; `None` when there is no match.
    pub(super) fn groups(&self, text: &str, groups: &[usize]) -> Option<Vec<Option<Span>>> {
        let mut captures = self.0.create_captures();
        self.0.captures(Input::new(text), &mut captures);
        let of = |group: &usize| captures.get_group(*group).map(|at| Span::new(at.start, at.end));
        captures.is_match().then(|| groups.iter().map(of).collect())
    }

    /// The text with another in place of each match, in which `$1` and `${name}` are the groups;
    /// `None` when it takes more than the limits allow.
    pub(super) fn replace(&self, text: &str, with: &str) -> Option<String> {
        if text.len() > QUERY_REPLACE_BYTES_MAX {
            return None;
        }
        let dollars = with.matches('$').count();
        let (mut out, mut end, mut matches) = (String::new(), 0, 0);
        for captures in self.0.captures_iter(Input::new(text)) {
            let found = captures.get_match()?;
            matches += 1;
            let grows = with.len() + dollars * found.len();
            if matches > QUERY_REPLACE_MATCHES_MAX || out.len() + grows > QUERY_VALUE_BYTES_MAX {
                return None;
            }
            out.push_str(text.get(end..found.start())?);
            captures.interpolate_string_into(text, with, &mut out);
            end = found.end();
        }
        out.push_str(text.get(end..)?);
        Some(out)
    }
}

/// `\d`, `\w`, `\s` and `\b` are ASCII.
// Choice: as in RE2 and Java; it keeps automata small, too.
fn ascii_classes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut chars, mut in_class) = (text.chars(), 0usize);
    while let Some(next) = chars.next() {
        if next != '\\' {
            match next {
                '[' => in_class += 1,
                ']' => in_class = in_class.saturating_sub(1),
                _ => {}
            }
            out.push(next);
            continue;
        }
        let Some(escaped) = chars.next() else {
            out.push('\\');
            break;
        };
        let class = match escaped {
            'd' => "0-9",
            'w' => "a-zA-Z0-9_",
            's' => "\\t\\n\\v\\f\\r ",
            'D' => "^0-9",
            'W' => "^a-zA-Z0-9_",
            'S' => "^\\t\\n\\v\\f\\r ",
            'b' if in_class == 0 => {
                out.push_str("(?-u:\\b)");
                continue;
            }
            _ => {
                out.extend(['\\', escaped]);
                continue;
            }
        };
        out.extend(["[", class, "]"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii_and_bounds_hold() {
        let is_match = |regex: &str, text: &str| QueryRegex::compile(regex).unwrap().is_match(text);
        assert!(is_match(r"^[\w.]+\b\s\d{3}$", "a_.z 123"));
        assert!(!is_match(r"\d", "٣") && is_match(r"\D", "٣") && !is_match(r"[^\W]", "é"));
        assert!(is_match(r"\\d", "\\d") && is_match(r"[\]\d]", "]"));
        for refused in ["(", "(?=a)", r"(a)\1", "(?:a{1000}){1000}", "[a", "\\"] {
            assert!(QueryRegex::compile(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn replacing_is_bounded() {
        let regex = QueryRegex::compile("(?<x>a)|b").unwrap();
        assert_eq!(regex.replace("cab", "[$x]").unwrap(), "c[a][]");
        assert!(regex.replace(&"a".repeat(1001), "").is_none());
        assert!(regex.replace(&"c".repeat(QUERY_REPLACE_BYTES_MAX + 1), "").is_none());
        let whole = QueryRegex::compile("c+").unwrap();
        assert!(whole.replace(&"c".repeat(60_000), &"$0".repeat(50)).is_none());
    }
}
