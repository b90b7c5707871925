//! Many patterns asked about one text in one pass.

use std::fmt;
use std::sync::Mutex;

use memchr::memmem::Finder;

use crate::message::MaskedMessage;

use super::literals::Literals;
use super::{Dialect, Event, FilterPattern, Scratch, with};

/// The filter patterns of one log group. Most of them select only messages that hold certain texts:
/// a message is searched once for all of these, and only the patterns whose texts occur are asked,
/// and those of which nothing is known. As JSON it is read at most once.
///
/// ```
/// # fn main() -> Result<(), logveil::Error> {
/// let patterns = ["ERROR -debug", r#"{ $.level = "ERROR" }"#, "[ip, ..., status = 404]"];
/// let patterns: Result<Vec<_>, _> =
///     patterns.iter().map(|text| logveil::FilterPattern::parse(text)).collect();
/// let patterns = logveil::FilterPatterns::new(patterns?);
/// let mut selecting = Vec::new();
/// patterns.matching_text(r#"{"level": "ERROR"}"#, |number| selecting.push(number));
/// selecting.sort();
/// assert_eq!(selecting, [0, 1]);
/// # Ok(())
/// # }
/// ```
pub struct FilterPatterns {
    patterns: Vec<FilterPattern>,
    /// Those of which nothing is known.
    always: Vec<usize>,
    /// JSON patterns that wait for their texts: JSON may spell these by numbers of characters.
    json: Vec<usize>,
    literals: Literals,
    escape: Finder<'static>,
    scratch: Mutex<Scratch>,
}

impl FilterPatterns {
    /// Patterns, which are numbered from 0 on. Cost: what compiling a pattern does.
    pub fn new(patterns: impl IntoIterator<Item = FilterPattern>) -> Self {
        let patterns: Vec<_> = patterns.into_iter().collect();
        let (mut always, mut json, mut literals) = (Vec::new(), Vec::new(), Vec::new());
        for (number, pattern) in patterns.iter().enumerate() {
            match pattern.need() {
                Some(need) => {
                    literals.extend(need.iter().map(|literal| (literal.text, number)));
                    if matches!(&*pattern.dialect, Dialect::Json(_)) {
                        json.push(number);
                    }
                }
                None => always.push(number),
            }
        }
        let literals = Literals::new(&literals);
        let (escape, scratch) = (Finder::new(b"\\u"), Mutex::default());
        Self { patterns, always, json, literals, escape, scratch }
    }

    /// Calls `take` once with the number of each pattern that selects the message, in no order.
    pub fn matching(&self, message: &MaskedMessage, take: impl FnMut(usize)) {
        self.matching_text(message.as_str(), take);
    }

    /// The same for text that the caller holds and may see.
    pub fn matching_text(&self, text: &str, take: impl FnMut(usize)) {
        with(&self.scratch, |scratch| self.matching_event(&mut Event::of(text, scratch), take));
    }

    /// The same for one event of many, with working memory that is used again.
    pub(crate) fn matching_event(&self, event: &mut Event<'_>, mut take: impl FnMut(usize)) {
        let text = event.text.as_bytes();
        let mut asked = std::mem::take(&mut event.scratch.asked);
        asked.clear();
        asked.resize(self.patterns.len(), false);
        let mut ask = |number: usize| {
            let asked = asked.get_mut(number).expect("there are as many as patterns");
            let pattern = self.patterns.get(number).expect("numbers are those of patterns");
            if !std::mem::replace(asked, true) && pattern.matches_event(event) {
                take(number);
            }
        };
        self.always.iter().copied().for_each(&mut ask);
        self.literals.find(text, &mut ask);
        if !self.json.is_empty() && self.escape.find(text).is_some() {
            self.json.iter().copied().for_each(ask);
        }
        event.scratch.asked = asked;
    }
}

impl fmt::Debug for FilterPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterPatterns({} of them)", self.patterns.len())
    }
}
