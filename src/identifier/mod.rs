//! What sensitive data looks like: managed and custom data identifiers.

pub(crate) mod check_digit;
pub(crate) mod custom;
mod file;
mod managed;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

pub use check_digit::Check;
pub(crate) use check_digit::{Around, MAILBOX_LOCAL_MAX, MAILBOX_MAX};
pub(crate) use managed::managed_name;
pub use managed::{managed, managed_ids};

use crate::automaton::Automaton;

/// A named kind of sensitive data: managed (one of AWS's) or custom (a policy's own regex).
///
/// What a managed one says of itself beside its name is read from its file when it is first asked
/// for, once per process: masking never asks.
#[derive(Clone)]
pub struct DataIdentifier(Definition);

#[derive(Clone)]
enum Definition {
    /// The one of this number in the catalogue.
    Managed(usize, OnceLock<Box<Facts>>),
    Custom(Box<Custom>),
}

/// What the file of a managed identifier says.
#[derive(Clone)]
struct Facts {
    category: String,
    countries: Vec<String>,
    confidence: Confidence,
    title: String,
    source: String,
    note: String,
    patterns: Vec<Pattern>,
    blocks: Vec<Block>,
    recognizer: Option<Recognizer>,
    keywords: Vec<String>,
    keyword_distance_chars: usize,
    hits: Vec<Hit>,
    misses: Vec<String>,
}

/// What a policy says of an identifier of its own.
#[derive(Clone)]
struct Custom {
    name: String,
    pattern: Pattern,
    /// Its regex, compiled when the policy was read.
    automaton: Arc<Automaton>,
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
    pub begin: Cow<'static, str>,
    /// The line that closes it.
    pub end: Cow<'static, str>,
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
    /// The managed identifier of that number in the catalogue.
    fn managed(number: usize) -> Self {
        Self(Definition::Managed(number, OnceLock::new()))
    }

    /// What the file says; nothing for a custom identifier.
    fn facts(&self) -> Option<&Facts> {
        match &self.0 {
            Definition::Managed(number, facts) => {
                Some(facts.get_or_init(|| Box::new(managed::facts(*number))))
            }
            Definition::Custom(_) => None,
        }
    }

    fn custom(&self) -> Option<&Custom> {
        match &self.0 {
            Definition::Managed(..) => None,
            Definition::Custom(custom) => Some(custom),
        }
    }

    /// The place of a managed identifier among [`managed_ids`].
    pub(crate) fn number(&self) -> Option<usize> {
        match self.0 {
            Definition::Managed(number, _) => Some(number),
            Definition::Custom(_) => None,
        }
    }

    /// A custom identifier's regex, compiled.
    pub(crate) fn automaton(&self) -> Option<&Arc<Automaton>> {
        self.custom().map(|custom| &custom.automaton)
    }

    /// The bare name: `EmailAddress`, `DriversLicense-US`, or a custom identifier's `Name`.
    pub fn name(&self) -> &str {
        match &self.0 {
            Definition::Managed(number, _) => managed::name(*number),
            Definition::Custom(custom) => &custom.name,
        }
    }

    /// Managed or custom.
    pub fn kind(&self) -> Kind {
        if self.number().is_some() { Kind::Managed } else { Kind::Custom }
    }

    /// AWS's category, such as `Financial`. Empty for custom identifiers.
    pub fn category(&self) -> &str {
        self.facts().map_or("", |facts| &facts.category)
    }

    /// The countries whose values it finds (ISO 3166-1 alpha-2, `EU` for the European Union's own);
    /// empty for identifiers that know no borders.
    pub fn countries(&self) -> &[String] {
        self.facts().map_or(&[], |facts| &facts.countries)
    }

    /// How sure it is that a value of its shape is meant; `None` for custom identifiers.
    pub fn confidence(&self) -> Option<Confidence> {
        self.facts().map(|facts| facts.confidence)
    }

    /// What the identifier finds, in a few words. Empty for custom identifiers.
    pub fn title(&self) -> &str {
        self.facts().map_or("", |facts| &facts.title)
    }

    /// Where its facts come from. Empty for custom identifiers.
    pub fn source(&self) -> &str {
        self.facts().map_or("", |facts| &facts.source)
    }

    /// What was chosen and why. Empty for custom identifiers.
    pub fn note(&self) -> &str {
        self.facts().map_or("", |facts| &facts.note)
    }

    /// The shapes of its values.
    pub fn patterns(&self) -> &[Pattern] {
        match self.custom() {
            Some(custom) => std::slice::from_ref(&custom.pattern),
            None => self.facts().map_or(&[], |facts| &facts.patterns),
        }
    }

    /// The blocks that it finds, such as private keys.
    pub fn blocks(&self) -> &[Block] {
        self.facts().map_or(&[], |facts| &facts.blocks)
    }

    /// What finds its values where patterns cannot.
    pub fn recognizer(&self) -> Option<Recognizer> {
        self.facts()?.recognizer
    }

    /// Its keywords as AWS lists them; a space stands for a space, `_`, `-` or nothing.
    pub fn keywords(&self) -> &[String] {
        self.facts().map_or(&[], |facts| &facts.keywords)
    }

    /// Largest gap between keyword and value, in characters.
    pub fn keyword_distance_chars(&self) -> usize {
        self.facts().map_or(0, |facts| facts.keyword_distance_chars)
    }

    /// Texts in which exactly one value is found.
    pub fn hits(&self) -> &[Hit] {
        self.facts().map_or(&[], |facts| &facts.hits)
    }

    /// Texts in which nothing is found.
    pub fn misses(&self) -> &[String] {
        self.facts().map_or(&[], |facts| &facts.misses)
    }

    /// The ARN that policies use, in the partition `aws`. Custom identifiers have none.
    pub fn arn(&self) -> Option<String> {
        let managed = self.kind() == Kind::Managed;
        managed.then(|| format!("arn:aws:dataprotection::aws:data-identifier/{}", self.name()))
    }
}

/// The name only: a custom identifier's regex is policy text.
impl fmt::Debug for DataIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataIdentifier({})", self.name())
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

impl Hash for DataIdentifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl DataIdentifier {
    /// What tells it from others: name, kind, and the regex of a custom one.
    pub(crate) fn key(&self) -> (&str, bool, &str) {
        match self.custom() {
            Some(custom) => (&custom.name, true, &custom.pattern.regex),
            None => (self.name(), false, ""),
        }
    }

    /// Whether its file was read.
    #[cfg(test)]
    pub(crate) fn is_read(&self) -> bool {
        matches!(&self.0, Definition::Managed(_, facts) if facts.get().is_some())
    }

    /// All managed identifiers, none of them read.
    #[cfg(test)]
    pub(crate) fn all_unread() -> Vec<Arc<Self>> {
        (0..managed_ids().len()).map(|number| Arc::new(Self::managed(number))).collect()
    }
}

/// Identifiers shared between policies, detectors and findings.
pub(crate) type Identifiers = Vec<Arc<DataIdentifier>>;
