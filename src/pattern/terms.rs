//! Patterns of terms: `ERROR "BAD REQUEST" -debug ?a ?b %[45][0-9]{2}%`.

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use crate::error::Error;

use super::need::{Clue, Literal, Need};
use super::reader::{Reader, is_word};
use super::regex::{self, Regex};

/// What has to occur in a message, compiled. A term occurs when it is a part of the message. All
/// empty: it selects every event.
// Choice: substrings, not words: that is what users of FilterLogEvents observe; AWS's page says
// "contains the term".
#[derive(Debug, Default)]
pub(super) struct Terms {
    all: Vec<Finder<'static>>,
    all_regexes: Vec<Regex>,
    any: Option<AhoCorasick>,
    /// The texts of `any`.
    any_literals: Vec<String>,
    any_regexes: Vec<Regex>,
    none: Option<AhoCorasick>,
    none_regexes: Vec<Regex>,
}

/// The terms of one kind.
#[derive(Default)]
struct Kind {
    literals: Vec<String>,
    regexes: Vec<Regex>,
}

impl Kind {
    fn is_empty(&self) -> bool {
        self.literals.is_empty() && self.regexes.is_empty()
    }
}

impl Terms {
    /// # Errors
    ///
    /// InvalidParameter, see [`super::FilterPattern::parse`].
    // Choice: regexes may stand among terms and behind `?` and `-`; AWS's page shows them alone.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let (mut all, mut any, mut none) = (Kind::default(), Kind::default(), Kind::default());
        let (mut reader, mut count) = (Reader::new(text), regex::Count::default());
        while reader.skip_blanks() {
            let kind = match reader.peek() {
                Some('?') => &mut any,
                Some('-') => &mut none,
                _ => &mut all,
            };
            if matches!(reader.peek(), Some('?' | '-')) {
                reader.next();
            }
            match reader.peek() {
                Some('"') => kind.literals.push(phrase(&mut reader)?),
                Some('%') => kind.regexes.push(regex::read(&mut reader, &mut count)?),
                _ => kind.literals.push(bare(&mut reader)?),
            }
            if reader.peek().is_some_and(|next| !next.is_whitespace()) {
                return Err(reader.fault("follows a term without a blank"));
            }
        }
        Ok(Self::compile(all, any, none))
    }

    fn compile(all: Kind, any: Kind, none: Kind) -> Self {
        let automaton = |terms: &[String]| {
            let compile = || AhoCorasick::new(terms).expect("1,024 characters fit an automaton");
            (!terms.is_empty()).then(compile)
        };
        // Beside any other term, one that must not occur included, those with `?` count nothing.
        let ignored = !all.is_empty() || !none.is_empty();
        let any = if ignored { Kind::default() } else { any };
        Self {
            all: all.literals.iter().map(|term| Finder::new(term).into_owned()).collect(),
            all_regexes: all.regexes,
            any: automaton(&any.literals),
            any_literals: any.literals,
            any_regexes: any.regexes,
            none: automaton(&none.literals),
            none_regexes: none.regexes,
        }
    }

    /// What the message holds.
    pub(super) fn need(&self) -> Option<Need<'_>> {
        let all = self.all.iter().map(|term| term.needle());
        let all = all.map(|term| std::str::from_utf8(term).expect("it was made of a text"));
        if let Some(longest) = all.filter_map(Literal::value).max() {
            return Some(vec![Clue::Text(longest)]);
        }
        if self.any.is_none() || !self.any_regexes.is_empty() {
            return None;
        }
        self.any_literals.iter().map(|term| Literal::value(term).map(Clue::Text)).collect()
    }

    pub(super) fn has_regex(&self) -> bool {
        [&self.all_regexes, &self.any_regexes, &self.none_regexes].iter().any(|it| !it.is_empty())
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let occurs = |regexes: &[Regex]| regexes.iter().any(|regex| regex.is_match(text));
        let free_choice = self.any.is_none() && self.any_regexes.is_empty();
        self.all.iter().all(|term| term.find(text.as_bytes()).is_some())
            && self.none.as_ref().is_none_or(|terms| !terms.is_match(text))
            && (free_choice
                || self.any.as_ref().is_some_and(|terms| terms.is_match(text))
                || occurs(&self.any_regexes))
            && self.all_regexes.iter().all(|regex| regex.is_match(text))
            && !occurs(&self.none_regexes)
    }
}

fn phrase(reader: &mut Reader<'_>) -> Result<String, Error> {
    let opened = reader.at();
    let phrase = reader.quoted()?;
    if phrase.is_empty() {
        return Err(reader.fault_at(opened, "begins an empty term"));
    }
    Ok(phrase)
}

/// A term of letters, digits and underscores.
fn bare(reader: &mut Reader<'_>) -> Result<String, Error> {
    let term = reader.take_while(is_word);
    match reader.peek() {
        Some(next) if !next.is_whitespace() => {
            let what = "is not a letter, a digit or _: put the whole term in double quotes";
            Err(reader.fault(what))
        }
        _ if term.is_empty() => Err(reader.fault("has to begin a term")),
        _ => Ok(term.to_owned()),
    }
}
