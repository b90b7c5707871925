//! What JSON and space-delimited patterns ask of a value: `= 4*`, `> 1000`, `!= %^GET%`.

use memchr::memmem::Finder;

use crate::error::Error;

use super::reader::Reader;
use super::regex::{self, Regex};
use super::steps;

/// An operator and what stands on its right, compiled.
///
/// A value is its text, be it a number, a string or a word in JSON: a bare number on the right
/// compares numbers, everything else compares text.
// Choice: numbers are doubles, as JavaScript's are. `"42"` and 42 are one number to a bare 42 and
// one text to a quoted "42"; a value that is no number is unequal to every number, and neither
// smaller nor larger.
#[derive(Debug)]
pub(super) enum Condition {
    Number(Operator, f64),
    /// Whether the text is (true) or is not (false) what the glob says.
    Text(bool, Glob),
    Regex(bool, Regex),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longer ones first, since the others begin them.
const OPERATORS: [(&str, Operator); 6] = [
    ("!=", Operator::Unequal),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=", Operator::Equal),
];

/// What no bare value holds.
const DELIMITERS: &str = "\"%,()[]{}&|=<>!";

impl Condition {
    /// Reads an operator and its value.
    pub(super) fn read(reader: &mut Reader<'_>, count: &mut regex::Count) -> Result<Self, Error> {
        let found = OPERATORS.iter().find(|(text, _)| reader.eat(text));
        let Some((_, operator)) = found else {
            return Err(reader.fault("has to be an operator: =, !=, <, <=, > or >="));
        };
        reader.skip_blanks();
        let start = reader.at();
        let equality = match operator {
            Operator::Equal => Some(true),
            Operator::Unequal => Some(false),
            _ => None,
        };
        let read = match reader.peek() {
            Some('%') => {
                regex::read(reader, count).map(|regex| Self::Regex(equality == Some(true), regex))
            }
            Some('"') => reader.quoted().map(|text| Self::text(equality, &text)),
            _ => {
                let bare = reader.take_while(|c| !c.is_whitespace() && !DELIMITERS.contains(c));
                if bare.is_empty() {
                    return Err(
                        reader.fault("has to begin a value; put other text in double quotes")
                    );
                }
                let text = || Self::text(equality, bare);
                Ok(number(bare).map_or_else(text, |number| Self::Number(*operator, number)))
            }
        }?;
        if equality.is_none() && !matches!(read, Self::Number(..)) {
            return Err(
                reader.fault_at(start, "has to begin a number, as <, <=, > and >= compare numbers")
            );
        }
        Ok(read)
    }

    fn text(equality: Option<bool>, text: &str) -> Self {
        Self::Text(equality == Some(true), Glob::new(text))
    }

    /// The longest text that each value holds for which the condition does.
    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(true, glob) => glob.longest(),
            Self::Text(false, _) | Self::Number(..) | Self::Regex(..) => None,
        }
    }

    /// The one text for which the condition holds.
    pub(super) fn only(&self) -> Option<&str> {
        match self {
            Self::Text(true, Glob { first, last: None, .. }) => Some(first),
            _ => None,
        }
    }

    pub(super) fn holds(&self, value: &str) -> bool {
        match self {
            Self::Number(operator, right) => match number(value) {
                Some(left) => operator.holds(left, *right),
                None => *operator == Operator::Unequal,
            },
            Self::Text(expected, glob) => glob.matches(value) == *expected,
            Self::Regex(expected, regex) => regex.is_match(value) == *expected,
        }
    }
}

impl Operator {
    pub(super) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// The number that a text is. Words that floating point knows (`inf`, `NaN`) are none.
pub(crate) fn number(text: &str) -> Option<f64> {
    const EXACT_DIGITS: usize = 15;
    let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if !(1..=EXACT_DIGITS).contains(&text.len()) || !text.bytes().all(|it| it.is_ascii_digit()) {
        return if text.bytes().all(digits) { text.parse().ok() } else { None };
    }
    // Most numbers are short and whole.
    let number = text.bytes().fold(0, |number: u64, digit| number * 10 + u64::from(digit - b'0'));
    Some(number as f64)
}

/// A text in which `*` stands for any characters. It has to fit a value from end to end.
#[derive(Debug)]
pub(super) struct Glob {
    first: String,
    middle: Vec<Finder<'static>>,
    /// What follows the last `*`, if there is one.
    last: Option<String>,
}

impl Glob {
    fn new(text: &str) -> Self {
        let mut parts = text.split('*');
        let first = parts.next().unwrap_or_default().to_owned();
        let last = parts.next_back().map(str::to_owned);
        let parts = parts.filter(|part| !part.is_empty());
        Self { first, middle: parts.map(|part| Finder::new(part).into_owned()).collect(), last }
    }

    fn longest(&self) -> Option<&str> {
        let middle = self.middle.iter().map(Finder::needle);
        let middle = middle.map(|part| std::str::from_utf8(part).expect("it was made of a text"));
        let parts = middle.chain([self.first.as_str(), self.last.as_deref().unwrap_or_default()]);
        parts.max_by_key(|part| part.len())
    }

    /// Cost: one pass over the text.
    fn matches(&self, text: &str) -> bool {
        let Some(last) = &self.last else { return text == self.first };
        let Some(rest) = text.strip_prefix(self.first.as_str()) else { return false };
        let Some(rest) = rest.strip_suffix(last.as_str()) else { return false };
        let mut rest = rest.as_bytes();
        for part in &self.middle {
            let found = part.find(rest);
            steps::add(found.map_or(rest.len(), |at| at + part.needle().len()));
            let Some(at) = found else { return false };
            rest = rest.get(at + part.needle().len()..).expect("it was found inside");
        }
        true
    }
}
