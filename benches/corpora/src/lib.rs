//! Texts to measure and test logveil on, made here and nowhere else: `logveil bench`, the criterion
//! benches, the instruction counts, fuzz seeds and tests take them from here. The same seed makes
//! the same text on every machine, as long as the catalogue is the same.
//!
//! | corpus | what |
//! |---|---|
//! | [`clean`] | log lines of eight formats without a value |
//! | [`typical`] | the same, a value on 1 % of the lines |
//! | [`dense`] | lines of any log, pairs of keyword and value behind every third |
//! | [`hostile`] | nothing but keywords, values and pieces of them |
//! | [`WORST`] | one idea each, repeated: what hurts a scanner most |

mod catalogue;
mod customs;
mod dense;
mod hostile;
mod lines;
mod random;
mod worst;

use logveil::Span;

pub use catalogue::{keywords, values, vocabulary};
pub use customs::{CUSTOMS, with_customs};
pub use dense::dense;
pub use hostile::{hostile, hostile_text};
pub use lines::{clean, typical};
pub use random::Random;
pub use worst::{WORST, Worst, events, one_event};

/// A buffer of lines and where each lies in it.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// What to call it in reports.
    pub name: String,
    /// All lines, with their line ends.
    pub text: String,
    /// Each line without its line end, in bytes of the text.
    pub records: Vec<Span>,
}

impl Corpus {
    /// Cuts `text` into lines. Empty lines are no events and no records.
    pub fn new(name: &str, text: String) -> Self {
        let mut records = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let len = line.trim_end_matches(['\r', '\n']).len();
            if len > 0 {
                records.push(Span::new(start, start + len));
            }
            start += line.len();
        }
        Self { name: name.to_owned(), text, records }
    }

    /// The events.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.records.iter().map(|record| &self.text[record.range()])
    }

    /// Bytes of all events; line ends are not counted.
    pub fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.len()).sum()
    }

    /// The corpus in pieces of whole lines, each but the last `bytes` long or a line longer: what
    /// a program has in hand at a time.
    pub fn pieces(&self, bytes: usize) -> Vec<Corpus> {
        let mut pieces = Vec::new();
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let from = rest.floor_char_boundary(bytes.min(rest.len()));
            let end = rest[from..].find('\n').map_or(rest.len(), |at| from + at + 1);
            let (piece, after) = rest.split_at(end);
            pieces.push(Self::new(&self.name, piece.to_owned()));
            rest = after;
        }
        pieces
    }
}

/// Identifiers of many kinds. The first alone, and all ten, are the sets that figures are given
/// for.
pub const TEN: [&str; 10] = [
    "EmailAddress",
    "IpAddress",
    "CreditCardNumber",
    "Ssn-US",
    "PhoneNumber-US",
    "DriversLicense-US",
    "BankAccountNumber-DE",
    "NhsNumber-GB",
    "AwsSecretKey",
    "VehicleIdentificationNumber",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_every_line_once() {
        let corpus = clean(500);
        let pieces = corpus.pieces(1000);
        assert!(pieces.len() > 10);
        let joined: Vec<&str> = pieces.iter().flat_map(Corpus::lines).collect();
        assert!(joined == corpus.lines().collect::<Vec<_>>());
        assert_eq!(pieces.iter().map(Corpus::bytes).sum::<usize>(), corpus.bytes());
    }

    #[test]
    fn the_same_is_made_every_time() {
        let (one, other) = (clean(100), clean(100));
        assert!(one.text == other.text);
        assert!(dense(&one.text).text == dense(&other.text).text);
        assert!(hostile(20_000).text == hostile(20_000).text);
    }

    #[test]
    fn the_worst_are_many_different_and_as_long_as_asked() {
        assert!(WORST.len() >= 25);
        let mut names: Vec<_> = WORST.iter().map(|worst| worst.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WORST.len());
        for worst in WORST {
            let text = one_event(worst, 1000);
            assert!((997..=1000).contains(&text.len()), "{}", worst.name);
            let events = events(worst, 200, 5000);
            assert!(events.records.len() == 25, "{}", worst.name);
        }
    }
}
