//! Filter patterns: text → terms, and terms × message → whether it matches.

mod parse;

use std::fmt;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use crate::error::Error;
use crate::message::{MaskedMessage, Shown};

/// A filter pattern: which log events a subscription filter or `FilterLogEvents` selects.
///
/// Terms are separated by blanks and all have to occur, `"a phrase"` is one term, `-term` must not
/// occur, and of several `?term` one has to occur, unless there is a term without `?`: then they
/// are ignored. Upper and lower case differ. The empty pattern and `" "` select every event.
/// `Debug` prints the length only.
///
/// ```
/// # fn main() -> Result<(), logveil::Error> {
/// let pattern = logveil::FilterPattern::parse(r#"ERROR "BAD REQUEST" -debug"#)?;
/// assert_eq!(pattern.as_str(), r#"ERROR "BAD REQUEST" -debug"#);
/// # Ok(())
/// # }
/// ```
///
/// Source: CloudWatch Logs User Guide, Filter pattern syntax.
#[derive(Clone)]
pub struct FilterPattern {
    text: String,
    terms: Terms,
}

/// What has to occur in a message, compiled. A term occurs when it is a part of the message.
// Choice: substrings, not words: that is what users of FilterLogEvents observe; AWS's page says
// "contains the term".
#[derive(Clone, Debug, Default)]
struct Terms {
    all: Vec<Finder<'static>>,
    any: Option<AhoCorasick>,
    none: Option<AhoCorasick>,
}

impl FilterPattern {
    /// Parses a pattern of at most 1,024 characters.
    ///
    /// # Errors
    ///
    /// InvalidParameter with the offset of the offending character, when the pattern is too long or
    /// malformed, and for the JSON (`{…}`), space-delimited (`[…]`) and regular expression (`%…%`)
    /// forms, which are not supported yet.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let terms = parse::terms(text)?;
        Ok(Self { text: text.to_owned(), terms: Terms::compile(&terms) })
    }

    /// The pattern as given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern selects a message. Cost: a pass over the message for each term that has
    /// to occur and one each for `?` and `-`; nothing is allocated.
    pub fn matches(&self, message: &MaskedMessage) -> bool {
        self.terms.matches(message.as_str())
    }

    /// The same for what a read returns, so that a caller with a grant filters what it is shown.
    pub(crate) fn matches_shown(&self, message: &Shown) -> bool {
        self.terms.matches(message.reveal())
    }
}

impl Terms {
    fn compile(parsed: &parse::Parsed) -> Self {
        let automaton = |terms: &[String]| {
            let compile = || AhoCorasick::new(terms).expect("1,024 characters fit an automaton");
            (!terms.is_empty()).then(compile)
        };
        let all: Vec<_> = parsed.all.iter().map(|term| Finder::new(term).into_owned()).collect();
        let any = if all.is_empty() { automaton(&parsed.any) } else { None };
        Self { all, any, none: automaton(&parsed.none) }
    }

    fn matches(&self, text: &str) -> bool {
        self.all.iter().all(|term| term.find(text.as_bytes()).is_some())
            && self.any.as_ref().is_none_or(|terms| terms.is_match(text))
            && self.none.as_ref().is_none_or(|terms| !terms.is_match(text))
    }
}

impl Default for FilterPattern {
    /// The empty pattern, which selects every event.
    fn default() -> Self {
        Self { text: String::new(), terms: Terms::default() }
    }
}

impl fmt::Debug for FilterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterPattern({} characters)", self.text.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_pattern() {
        let pattern = FilterPattern::parse("canary -other").unwrap();
        assert_eq!(format!("{pattern:?}"), "FilterPattern(13 characters)");
    }
}
