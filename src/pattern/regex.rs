//! `%regex%`: AWS's subset of regular expressions, checked character by character and rewritten for
//! an engine that takes linear time.

use std::fmt::Write;

use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Input, meta};

use crate::error::Error;
use crate::limits::{FILTER_REGEX_BYTES_MAX, FILTER_REGEXES_MAX};

use super::reader::Reader;

/// Bytes that a complete automaton may take; a regex that needs more is judged by one that is made
/// while it reads, within [`LAZY_BYTES`].
const WHOLE_BYTES_MAX: usize = 512 * 1024;
const WHOLE_STATES_MAX: usize = 2_000;
const LAZY_BYTES: usize = 1024 * 1024;

/// A compiled regex. Cost of a search: time linear in the text; no allocation but for what is first
/// met by a thread or by an automaton that is made while it reads.
#[derive(Clone, Debug)]
pub(super) struct Regex(meta::Regex);

impl Regex {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(Input::new(text))
    }
}

/// How many regexes a pattern has had so far.
#[derive(Default)]
pub(super) struct Count(usize);

/// Reads a regex from its first `%` on to behind its last.
///
/// # Errors
///
/// InvalidParameter with the place of what the subset lacks, of the third regex of a pattern, and
/// of one that would be larger than [`FILTER_REGEX_BYTES_MAX`].
pub(super) fn read(reader: &mut Reader<'_>, count: &mut Count) -> Result<Regex, Error> {
    let opened = reader.at();
    reader.next();
    count.0 += 1;
    if count.0 > FILTER_REGEXES_MAX {
        let what = "begins a third regular expression; a pattern has at most two";
        return Err(reader.fault_at(opened, what));
    }
    if !reader.rest().contains('%') {
        return Err(reader.fault_at(opened, "opens a regular expression that is never closed"));
    }
    let rewritten = Rewriter { reader, out: String::new() }.alternatives()?;
    reader.next();
    compile(&rewritten).ok_or_else(|| {
        reader.fault_at(opened, "begins a regular expression that is too large; repeat less")
    })
}

fn compile(rewritten: &str) -> Option<Regex> {
    linear(rewritten, FILTER_REGEX_BYTES_MAX, WhichCaptures::None).map(Regex)
}

/// A regex whose searches take time linear in the text, and whose automaton takes no more than so
/// many bytes; `None` for one that is none or takes more.
pub(crate) fn linear(
    syntax: &str,
    nfa_bytes_max: usize,
    captures: WhichCaptures,
) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(nfa_bytes_max))
        .dfa_size_limit(Some(WHOLE_BYTES_MAX))
        .dfa_state_limit(Some(WHOLE_STATES_MAX))
        .hybrid_cache_capacity(LAZY_BYTES)
        .which_captures(captures);
    meta::Regex::builder().configure(config).build(syntax).ok()
}

/// Rewrites one regex up to its closing `%`: every literal becomes `\x{…}`, so that nothing that
/// the subset does not know can have a meaning.
struct Rewriter<'r, 't> {
    reader: &'r mut Reader<'t>,
    out: String,
}

/// What may stand for itself, beside letters and digits.
const SYMBOLS: &str = ":_#=@/;,- ";
const OPERATORS: &str = "^$?[]{}|\\*+.";

impl Rewriter<'_, '_> {
    fn alternatives(mut self) -> Result<String, Error> {
        // Whether something stands before the operator at hand that it can repeat.
        let (mut repeatable, mut empty) = (false, true);
        while let Some(next) = self.reader.peek().filter(|next| *next != '%') {
            match next {
                '|' if empty => return self.fault("ends an empty alternative"),
                '?' | '*' | '+' | '{' if !repeatable => {
                    return self.fault("has nothing to repeat; write \\ before it to mean itself");
                }
                '{' => self.counts()?,
                ']' | '}' => {
                    return self.fault("closes nothing; write \\ before it to mean itself");
                }
                '[' => self.class()?,
                '\\' => {
                    self.escape(false)?;
                }
                '.' => self.push_operator("(?s:.)"),
                '|' | '?' | '*' | '+' | '^' | '$' => {
                    self.reader.next();
                    self.out.push(next);
                }
                _ => self.literal(next)?,
            }
            repeatable = !matches!(next, '|' | '?' | '*' | '+' | '{' | '^' | '$');
            empty = next == '|';
        }
        if empty { self.fault("ends an empty alternative") } else { Ok(self.out) }
    }

    fn push_operator(&mut self, operator: &str) {
        self.reader.next();
        self.out.push_str(operator);
    }

    fn literal(&mut self, c: char) -> Result<(), Error> {
        if !c.is_ascii_alphanumeric() && !SYMBOLS.contains(c) {
            return self.fault(if c.is_ascii() {
                "is not allowed in a regular expression; write \\x and its two hexadecimal digits"
            } else {
                "is not ASCII, which regular expressions are limited to"
            });
        }
        self.reader.next();
        self.push_literal(c);
        Ok(())
    }

    fn push_literal(&mut self, c: char) {
        let _ = write!(self.out, "\\x{{{:X}}}", u32::from(c));
    }

    /// `\d`, `\x28`, `\.` and their like; what stands for one character is returned.
    fn escape(&mut self, in_class: bool) -> Result<Option<char>, Error> {
        self.reader.next();
        let Some(next) = self.reader.peek() else {
            return self.fault("has to complete an escape");
        };
        let (open, close) = if in_class { ("", "") } else { ("[", "]") };
        let class = match next {
            'd' => "0-9",
            'w' => "a-zA-Z_0-9",
            's' => "\\t\\n ",
            'D' => "[^0-9]",
            'W' => "[^a-zA-Z_0-9]",
            'S' => "[^\\t\\n ]",
            'x' => return self.hexadecimal().map(Some),
            _ if SYMBOLS.contains(next) || OPERATORS.contains(next) => {
                self.reader.next();
                self.push_literal(next);
                return Ok(Some(next));
            }
            _ => return self.fault("is no escape; these are: d, D, s, S, w, W, x and operators"),
        };
        self.push_operator(&format!("{open}{class}{close}"));
        Ok(None)
    }

    // Choice: `\x80` and above are refused, as the guide speaks of ASCII.
    fn hexadecimal(&mut self) -> Result<char, Error> {
        self.reader.next();
        let mut value = 0;
        for first in [true, false] {
            let digit = self.reader.peek().and_then(|digit| digit.to_digit(16));
            let Some(digit) = digit else {
                return self.fault("has to be one of two hexadecimal digits behind \\x");
            };
            if first && digit > 7 {
                return self.fault("begins a character that is not ASCII; \\x7F is the last");
            }
            self.reader.next();
            value = value * 16 + digit;
        }
        let c = char::from_u32(value).expect("ASCII");
        self.push_literal(c);
        Ok(c)
    }

    /// `{m}`, `{m,}`, `{,n}`, `{m,n}`.
    fn counts(&mut self) -> Result<(), Error> {
        let opened = self.reader.at();
        self.reader.next();
        let low = self.number()?;
        let comma = self.reader.eat(",");
        let high = if comma { self.number()? } else { low };
        if self.reader.peek() != Some('}') {
            return self.fault("has to be a digit, a comma or } of a repetition");
        }
        if low.is_none() && high.is_none() {
            return self.fault("ends a repetition without a number");
        }
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            return Err(self.reader.fault_at(opened, "begins a repetition that counts backwards"));
        }
        self.reader.next();
        let high = if comma {
            high.map_or(",".to_owned(), |high| format!(",{high}"))
        } else {
            String::new()
        };
        let _ = write!(self.out, "{{{}{high}}}", low.unwrap_or(0));
        Ok(())
    }

    fn number(&mut self) -> Result<Option<u32>, Error> {
        let start = self.reader.at();
        let digits = self.reader.take_while(|c| c.is_ascii_digit());
        if digits.len() > 3 {
            return Err(self.reader.fault_at(start, "begins a number over 999"));
        }
        Ok(digits.parse().ok())
    }

    /// `[a-z_]`, `[^…]`. Operators but `\`, `^` at its front and `]` mean themselves in it.
    fn class(&mut self) -> Result<(), Error> {
        let opened = self.reader.at();
        self.push_operator("[");
        if self.reader.peek() == Some('^') {
            self.push_operator("^");
        }
        if self.reader.peek() == Some(']') {
            return self.fault("closes an empty set; write \\ before it to mean itself");
        }
        loop {
            match self.reader.peek() {
                None | Some('%') => {
                    return Err(self.reader.fault_at(opened, "opens a set that is never closed"));
                }
                Some(']') => break,
                Some(_) => {}
            }
            let start = self.reader.at();
            let low = self.member()?;
            let rest = self.reader.rest();
            if !rest.starts_with('-') || rest.starts_with("-]") || rest.starts_with("-%") {
                continue;
            }
            self.push_operator("-");
            let high = self.member()?;
            if low.zip(high).is_none_or(|(low, high)| low > high) {
                return Err(self.reader.fault_at(start, "begins a range that is none"));
            }
        }
        self.push_operator("]");
        Ok(())
    }

    fn member(&mut self) -> Result<Option<char>, Error> {
        match self.reader.peek() {
            Some('\\') => self.escape(true),
            Some(c) if OPERATORS.contains(c) => {
                self.reader.next();
                self.push_literal(c);
                Ok(Some(c))
            }
            Some(c) => self.literal(c).map(|()| Some(c)),
            None => self.fault("has to end a range"),
        }
    }

    fn fault<T>(&self, what: &str) -> Result<T, Error> {
        Err(self.reader.fault(what))
    }
}
