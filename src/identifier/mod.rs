//! What sensitive data looks like: managed and custom data identifiers.

pub(crate) mod check_digit;
pub(crate) mod custom;
mod file;
mod managed;

use std::fmt;
use std::sync::Arc;

pub use check_digit::Check;
pub(crate) use check_digit::MAILBOX_LOCAL_MAX;
pub(crate) use managed::managed_number;
pub use managed::{managed, managed_ids};

use crate::automaton::Automaton;

/// A named kind of sensitive data: managed (one of AWS's) or custom (a policy's own regex).
#[derive(Clone)]
pub struct DataIdentifier {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) category: String,
    pub(crate) countries: Vec<String>,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) note: String,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) recognizer: Option<Recognizer>,
    pub(crate) keywords: Vec<String>,
    pub(crate) keyword_distance_chars: usize,
    pub(crate) hits: Vec<Hit>,
    pub(crate) misses: Vec<String>,
    /// A custom identifier's regex, compiled when the policy was read.
    pub(crate) automaton: Option<Arc<Automaton>>,
}

/// Who defines an identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One of CloudWatch Logs' own.
    Managed,
    /// A policy's own regex.
    Custom,
}

/// How sure it is that a value of the shape is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A public standard or a check digit says so.
    High,
    /// The shape is public, and others share it.
    Medium,
    /// The shape is that of many numbers; the keyword decides.
    Low,
}

impl Confidence {
    /// The word that `data-identifiers/` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// One shape of a value: a regular expression, what may stand beside it and which test it passes.
#[derive(Clone)]
pub struct Pattern {
    /// The regular expression, in the syntax of the `regex` crate; it holds no look-around
    /// (a custom one may hold `^` and `$`: start and end of the message).
    pub regex: String,
    /// What may stand directly beside a value.
    pub edges: Edges,
    /// The test that a candidate has to pass.
    pub check: Check,
    /// Whether a keyword has to stand near the value.
    pub needs_keyword: bool,
    /// Where the keyword has to stand.
    pub keyword_place: KeywordPlace,
    /// Largest gap between keyword and value, in characters.
    pub keyword_distance_chars: usize,
}

/// Where a pattern's keyword stands, seen from the value.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeywordPlace {
    /// Before or after it.
    #[default]
    Near,
    /// Before or after it, and no other number or field takes the keyword first: values so short
    /// that every line holds some.
    Alone,
    /// Like `Alone`, and before it.
    Leading,
}

/// What may stand directly beside a value.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edges {
    /// No letter or digit, unless it belongs to a keyword of the same identifier.
    #[default]
    Word,
    /// Like `Word`, and the value is not part of a longer number: no `-` or `.` with a digit
    /// beyond it.
    Number,
    /// Like `Number`, and an extension (`x12`, `ext12`) may follow.
    Phone,
    /// Like `Word`, and no `+`, `/` or `=`, which would make it part of longer base64.
    Base64,
    /// Anything (custom identifiers).
    Any,
}

/// A block of text between two fixed lines, as private keys have it.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The line that opens it.
    pub begin: String,
    /// The line that closes it.
    pub end: String,
    /// Whether a name ends the opening line, as in `PuTTY-User-Key-File-3: ssh-rsa`.
    #[serde(default)]
    pub named: bool,
    /// Hexadecimal digits that may end the closing line, at most.
    #[serde(default)]
    pub end_hex_max: usize,
}

/// What finds values that no pattern describes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recognizer {
    /// Names of people: given and family name.
    Name,
    /// Postal addresses: street, place and postal code.
    Address,
}

/// A text and the one value that must be found in it.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize)]
pub struct Hit(
    /// The text.
    pub String,
    /// First character of the value.
    pub usize,
    /// The character after the value.
    pub usize,
);

impl DataIdentifier {
    /// The bare name: `EmailAddress`, `DriversLicense-US`, or a custom identifier's `Name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Managed or custom.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// AWS's category, such as `Financial`. Empty for custom identifiers.
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The countries whose values it finds (ISO 3166-1 alpha-2, `EU` for the European Union's own);
    /// empty for identifiers that know no borders.
    pub fn countries(&self) -> &[String] {
        &self.countries
    }

    /// How sure it is that a value of its shape is meant; `None` for custom identifiers.
    pub fn confidence(&self) -> Option<Confidence> {
        self.confidence
    }

    /// What the identifier finds, in a few words. Empty for custom identifiers.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where its facts come from. Empty for custom identifiers.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What was chosen and why. Empty for custom identifiers.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The shapes of its values.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The blocks that it finds, such as private keys.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// What finds its values where patterns cannot.
    pub fn recognizer(&self) -> Option<Recognizer> {
        self.recognizer
    }

    /// Its keywords as AWS lists them; a space stands for a space, `_`, `-` or nothing.
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    /// Largest gap between keyword and value, in characters.
    pub fn keyword_distance_chars(&self) -> usize {
        self.keyword_distance_chars
    }

    /// Texts in which exactly one value is found.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Texts in which nothing is found.
    pub fn misses(&self) -> &[String] {
        &self.misses
    }

    /// The ARN that policies use, in the partition `aws`. Custom identifiers have none.
    pub fn arn(&self) -> Option<String> {
        let managed = self.kind == Kind::Managed;
        managed.then(|| format!("arn:aws:dataprotection::aws:data-identifier/{}", self.name))
    }
}

/// The name only: a custom identifier's regex is policy text.
impl fmt::Debug for DataIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataIdentifier({})", self.name)
    }
}

/// All but the regex, which may be policy text.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { edges, check, needs_keyword, keyword_place, .. } = self;
        let keyword = format_args!("needs_keyword: {needs_keyword}, {keyword_place:?}");
        write!(f, "Pattern({edges:?}, {check:?}, {keyword})")
    }
}

/// Two identifiers are the same when name and patterns are: a custom name may mean one regex in
/// the account policy and another in the log group's.
impl PartialEq for DataIdentifier {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for DataIdentifier {}

impl DataIdentifier {
    /// What tells it from others: name, kind, and the regex of a custom one.
    pub(crate) fn key(&self) -> (&str, bool, &str) {
        let custom = self.kind == Kind::Custom;
        let regex = if custom { self.patterns[0].regex.as_str() } else { "" };
        (&self.name, custom, regex)
    }
}

/// Identifiers shared between policies, detectors and findings.
pub(crate) type Identifiers = Vec<Arc<DataIdentifier>>;
