//! Many patterns asked about one text in one pass.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Mutex;

use memchr::memmem::Finder;

use crate::message::MaskedMessage;

use super::json::literal_of;
use super::literals::Literals;
use super::need::Clue;
use super::numbers::Numbers;
use super::selector::Selector;
use super::{Dialect, Event, FilterPattern, Scratch, number, text_of, with};

/// The filter patterns of one log group. Most of them select only messages that hold certain texts:
/// a message is searched once for all of these, and only the patterns whose texts occur are asked,
/// and those of which nothing is known. As JSON it is read at most once, each selector is followed
/// at most once, and patterns that wait for a number within bounds are asked when it is.
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
    /// For each pattern of JSON the selectors of its tests.
    tests: Vec<Vec<usize>>,
    /// Those that read the same are one.
    selectors: Vec<Selector>,
    /// Fields whose values patterns wait for. They are numbered behind the patterns.
    fields: Vec<Field>,
    /// Patterns of which nothing is known, and fields with short names.
    always: Vec<usize>,
    /// What waits for texts of JSON, which may spell these by numbers of characters.
    json: Vec<usize>,
    literals: Literals,
    escape: Finder<'static>,
    scratch: Mutex<Scratch>,
}

/// So many patterns that ask one field for other texts wait for its value and not for these texts:
/// one of them is likely to get its own, and then the event is read as JSON in any case.
const EQUALS_MIN: usize = 8;

/// A field of JSON events, and the patterns that wait for its value.
#[derive(Default)]
struct Field {
    selector: usize,
    numbers: Numbers,
    texts: HashMap<String, Vec<usize>>,
}

impl FilterPatterns {
    /// Patterns, which are numbered from 0 on. Cost: what compiling a pattern does.
    pub fn new(patterns: impl IntoIterator<Item = FilterPattern>) -> Self {
        let patterns: Vec<_> = patterns.into_iter().collect();
        let (selectors, tests) = interned(&patterns);
        let (mut always, mut json, mut literals) = (Vec::new(), Vec::new(), Vec::new());
        let position = |selector: &Selector| {
            selectors.iter().position(|known| known == selector).expect("all of them are there")
        };
        let needs: Vec<_> = patterns.iter().map(FilterPattern::need).collect();
        let mut equals = vec![0; selectors.len()];
        for clue in needs.iter().flatten().flatten() {
            if let Clue::Equal(selector, ..) = clue {
                equals[position(selector)] += 1;
            }
        }
        let mut fields: BTreeMap<usize, Field> = BTreeMap::new();
        for (number, (pattern, need)) in patterns.iter().zip(needs).enumerate() {
            let Some(need) = need else {
                always.push(number);
                continue;
            };
            let before = literals.len();
            for clue in need {
                match clue {
                    Clue::Equal(selector, text, _) if equals[position(selector)] >= EQUALS_MIN => {
                        let field = fields.entry(position(selector)).or_default();
                        field.texts.entry(text.to_owned()).or_default().push(number);
                    }
                    Clue::Text(literal) | Clue::Equal(_, _, literal) => {
                        literals.push((literal.text, number));
                    }
                    Clue::Number(selector, operator, bound) => {
                        let field = fields.entry(position(selector)).or_default();
                        field.numbers.add(operator, bound, number);
                    }
                }
            }
            if pattern.reads_json() && literals.len() > before {
                json.push(number);
            }
        }
        for ((selector, field), number) in fields.iter_mut().zip(patterns.len()..) {
            field.selector = *selector;
            field.numbers.sort();
            match selectors.get(*selector).and_then(literal_of) {
                Some(key) if field.texts.is_empty() => {
                    literals.push((key.text, number));
                    json.push(number);
                }
                _ => always.push(number),
            }
        }
        let fields = fields.into_values().collect();
        let literals = Literals::new(&literals);
        let (escape, scratch) = (Finder::new(b"\\u"), Mutex::default());
        Self { patterns, tests, selectors, fields, always, json, literals, escape, scratch }
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
        asked.resize(self.patterns.len() + self.fields.len(), false);
        event.scratch.followed.clear();
        event.scratch.followed.resize(self.selectors.len(), None);
        let mut ask = |number| self.ask(number, event, &mut asked, &mut take);
        self.always.iter().copied().for_each(&mut ask);
        self.literals.find(text, &mut ask);
        if !self.json.is_empty() && self.escape.find(text).is_some() {
            self.json.iter().copied().for_each(ask);
        }
        event.scratch.asked = asked;
    }

    /// Asks a pattern, or those that waited for the number in a field, unless it was asked before.
    fn ask(
        &self,
        number: usize,
        event: &mut Event<'_>,
        asked: &mut [bool],
        take: &mut dyn FnMut(usize),
    ) {
        let asked_before = asked.get_mut(number).expect("there are as many");
        if std::mem::replace(asked_before, true) {
            return;
        }
        if let Some(pattern) = self.patterns.get(number) {
            let tests = self.tests.get(number).expect("one for each pattern");
            if pattern.matches_among(event, tests) {
                take(number);
            }
        } else if let Some(field) = self.fields.get(number - self.patterns.len())
            && let Some((value, same)) = self.value_of(field, event)
        {
            let met = value.into_iter().flat_map(|value| field.numbers.met(value));
            met.chain(same.iter().copied()).for_each(|number| self.ask(number, event, asked, take));
        }
    }

    /// The number that stands in a field, and the patterns that wait for the text that does.
    fn value_of<'s>(
        &'s self,
        field: &'s Field,
        event: &mut Event<'_>,
    ) -> Option<(Option<f64>, &'s [usize])> {
        if !event.is_object() {
            return None;
        }
        let (text, Scratch { tape, buffer, followed, .. }) = (event.text, &mut *event.scratch);
        let selector = self.selectors.get(field.selector).expect("the fields' are there");
        let followed = followed.get_mut(field.selector).expect("there are as many");
        let at = *followed.get_or_insert_with(|| selector.follow(tape, text, buffer));
        let value = text_of(text, tape.node(at?), buffer)?;
        Some((number(value), field.texts.get(value).map_or(&[], Vec::as_slice)))
    }
}

/// The selectors of all patterns, each once, and for each pattern those of its tests.
fn interned(patterns: &[FilterPattern]) -> (Vec<Selector>, Vec<Vec<usize>>) {
    let (mut selectors, mut known) = (Vec::new(), HashMap::new());
    let mut intern = |selector: &Selector| {
        *known.entry(selector.as_str().to_owned()).or_insert_with(|| {
            selectors.push(selector.clone());
            selectors.len() - 1
        })
    };
    let of = |pattern: &FilterPattern| match &*pattern.dialect {
        Dialect::Json(pattern) => pattern.selectors().map(&mut intern).collect(),
        _ => Vec::new(),
    };
    let tests = patterns.iter().map(of).collect();
    (selectors, tests)
}

impl fmt::Debug for FilterPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterPatterns({} of them)", self.patterns.len())
    }
}
