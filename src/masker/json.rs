//! One JSON document, such as a line of NDJSON, judged as the text it means.
//!
//! Keys and values are unescaped and joined, in order, into one text; a key stands before its
//! value, so it is a keyword for it. What is found is masked in the document: a string keeps its
//! quotes, a number becomes a string of as many asterisks, a key is masked as a string is. Nothing
//! else changes, so the document stays valid JSON.

use std::fmt;
use std::sync::Arc;

use super::{Audit, Masker, Scratch, finding};
use crate::detect::Detection;
use crate::finding::Finding;
use crate::json::{Event, Scanner, Token, unescape};
use crate::message::overwrite;
use crate::protection::Protection;
use crate::span::Span;

/// Stands between the keys and values of the judged text; no managed pattern matches across it.
const SEPARATOR: char = '\n';

/// Working memory of the JSON form.
#[derive(Default)]
pub(super) struct JsonScratch {
    /// The judged text: all keys and values, unescaped, a separator behind each.
    text: String,
    tokens: Vec<Judged>,
    masked: String,
    token: String,
}

/// A key or value: where it stands in the document and in the judged text.
#[derive(Clone, Copy)]
struct Judged {
    source: Span,
    judged: Span,
    number: bool,
}

/// A masked JSON document.
pub struct MaskedJson<'a> {
    protection: Arc<Protection>,
    judged: &'a str,
    text: &'a str,
    detections: &'a [Detection],
    judged_well: bool,
}

impl Masker {
    /// Masks every key and value of one JSON document; `None` when `document` is not one.
    pub fn mask_json<'a>(
        &self,
        document: &'a str,
        scratch: &'a mut Scratch,
    ) -> Option<MaskedJson<'a>> {
        self.mask_json_where(document, None, scratch)
    }

    /// Masks what stands under the key `field` (keys of nested objects joined by dots) and leaves
    /// the rest of the document alone; `None` when `document` is not JSON.
    pub fn mask_json_field<'a>(
        &self,
        document: &'a str,
        field: &str,
        scratch: &'a mut Scratch,
    ) -> Option<MaskedJson<'a>> {
        self.mask_json_where(document, Some(field), scratch)
    }

    fn mask_json_where<'a>(
        &self,
        document: &'a str,
        field: Option<&str>,
        scratch: &'a mut Scratch,
    ) -> Option<MaskedJson<'a>> {
        let protection = self.protection();
        let mut json = std::mem::take(&mut scratch.json);
        let valid = json.read(document, field);
        let judged_well = valid && self.judge(&protection, &json.text, scratch);
        scratch.json = json;
        if !valid {
            return None;
        }
        let text = if scratch.spans.is_empty() {
            document
        } else {
            scratch.json.write(document, &scratch.spans);
            &scratch.json.masked
        };
        let detections = scratch.detect.detections();
        Some(MaskedJson { protection, judged: &scratch.json.text, text, detections, judged_well })
    }
}

impl JsonScratch {
    /// Fills the judged text; false when `document` is not JSON.
    fn read(&mut self, document: &str, field: Option<&str>) -> bool {
        self.text.clear();
        self.tokens.clear();
        let mut path = Path::new(field);
        let mut scanner = Scanner::new(document);
        loop {
            match scanner.next_event() {
                Ok(Some(event)) => self.take(document, event, &mut path),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn take(&mut self, document: &str, event: Event, path: &mut Path<'_>) {
        let source = event.span;
        match event.token {
            Token::BeginObject | Token::BeginArray => path.open(),
            Token::EndObject | Token::EndArray => path.close(),
            Token::Key => {
                self.unescape(document, source);
                path.key(&self.token);
                if path.is_covered() {
                    self.push(source, false);
                }
            }
            Token::String if path.is_covered() => {
                self.unescape(document, source);
                self.push(source, false);
            }
            Token::Number if path.is_covered() => {
                self.token.clear();
                self.token.push_str(slice(document, source));
                self.push(source, true);
            }
            Token::String | Token::Number | Token::True | Token::False | Token::Null => {}
        }
    }

    fn unescape(&mut self, document: &str, source: Span) {
        self.token.clear();
        unescape(slice(document, source), &mut self.token);
    }

    /// Appends the token to the judged text.
    fn push(&mut self, source: Span, number: bool) {
        let start = self.text.len();
        self.text.push_str(&self.token);
        self.tokens.push(Judged { source, judged: Span::new(start, self.text.len()), number });
        self.text.push(SEPARATOR);
    }

    /// Writes `document` with what `spans` of the judged text cover masked.
    fn write(&mut self, document: &str, spans: &[Span]) {
        self.masked.clear();
        let (mut copied, mut next) = (0, 0);
        for token in &self.tokens {
            while spans.get(next).is_some_and(|span| span.end <= token.judged.start) {
                next += 1;
            }
            let inside = || spans[next..].iter().take_while(|span| span.start < token.judged.end);
            if inside().next().is_none() {
                continue;
            }
            self.masked.push_str(slice(document, Span::new(copied, token.source.start)));
            copied = token.source.end;
            self.token.clear();
            self.token.push_str(slice(&self.text, token.judged));
            if token.number {
                let stars = "*".repeat(self.token.len());
                self.masked.push_str(&format!("\"{stars}\""));
                continue;
            }
            let clip = |span: &Span| {
                let start = span.start.max(token.judged.start) - token.judged.start;
                Span::new(start, span.end.min(token.judged.end) - token.judged.start)
            };
            let clipped: Vec<Span> = inside().map(clip).filter(|span| !span.is_empty()).collect();
            overwrite(&mut self.token, &clipped);
            self.masked.push_str(&serde_json::Value::from(self.token.as_str()).to_string());
        }
        self.masked.push_str(slice(document, Span::new(copied, document.len())));
    }
}

/// Whether the scanner stands under the field that was asked for.
struct Path<'f> {
    field: Option<&'f str>,
    /// For each open container, what of the field its own path has matched.
    frames: Vec<Matched<'f>>,
    /// The same for the next value.
    next: Matched<'f>,
}

/// What remains of the field below a path; empty once it is matched whole.
type Matched<'f> = Option<&'f str>;

impl<'f> Path<'f> {
    fn new(field: Option<&'f str>) -> Self {
        let next = Some(field.unwrap_or_default());
        Self { field, frames: Vec::new(), next }
    }

    fn open(&mut self) {
        if self.field.is_some() {
            self.frames.push(self.next);
        }
    }

    fn close(&mut self) {
        self.frames.pop();
        self.next = self.frames.last().copied().unwrap_or(self.next);
    }

    fn key(&mut self, key: &str) {
        if self.field.is_none() {
            return;
        }
        self.next = match self.frames.last().copied().flatten() {
            Some("") => Some(""),
            Some(rest) if rest == key => Some(""),
            Some(rest) => rest.strip_prefix(key).and_then(|rest| rest.strip_prefix('.')),
            None => None,
        };
    }

    fn is_covered(&self) -> bool {
        self.next == Some("")
    }
}

/// `text[span]` whose panic does not print the text.
fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).expect("tokens lie on characters, inside the text")
}

impl<'a> MaskedJson<'a> {
    /// The masked document; valid JSON.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether nothing was masked.
    pub fn is_clean(&self) -> bool {
        self.judged_well && self.detections.is_empty()
    }

    /// What was found: the identifier's name and the span in bytes of the judged text (keys and
    /// values, unescaped, a line feed behind each).
    pub fn detections(&self) -> impl ExactSizeIterator<Item = (&str, Span)> {
        let name = |found: &Detection| self.protection.detector().name(found.identifier);
        self.detections.iter().map(move |found| (name(found), found.span))
    }

    /// The report under the policy of that index, for the log group of that ARN (`:*` included),
    /// with positions in the judged text; `None` when that policy finds nothing.
    pub fn finding(&self, policy: usize, resource_arn: &str, timestamp_ms: i64) -> Option<Finding> {
        let audit = Audit { resource_arn, timestamp_ms };
        finding(&self.protection, policy, self.judged, self.detections, audit)
    }
}

impl fmt::Debug for MaskedJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskedJson({} bytes, {} detections)", self.text.len(), self.detections.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DataProtectionPolicy;

    fn mask(document: &str, field: Option<&str>) -> Option<String> {
        let policy = DataProtectionPolicy::of(&["EmailAddress", "Ssn-US"]).unwrap();
        let masker = Masker::new(&[policy]).unwrap();
        let mut scratch = Scratch::default();
        masker
            .mask_json_where(document, field, &mut scratch)
            .map(|masked| masked.as_str().to_owned())
    }

    #[test]
    fn keys_are_keywords_and_the_document_stays_json() {
        let cases = [
            (r#"{"ssn":"536-22-8145"}"#, r#"{"ssn":"***********"}"#),
            (r#"{"ssn": 536228145, "n":1}"#, r#"{"ssn": "*********", "n":1}"#),
            (r#"{"\u0073sn":"536\u002d22-8145\n"}"#, r#"{"\u0073sn":"***********\n"}"#),
            (r#"{"536-22-8145":"ssn"}"#, r#"{"***********":"ssn"}"#),
            (r#"{"a":[{"to":"j@example.com"}]}"#, r#"{"a":[{"to":"*************"}]}"#),
            (r#"{"log":"{\"ssn\":\"536-22-8145\"}"}"#, r#"{"log":"{\"ssn\":\"***********\"}"}"#),
            (r#"{"a":"é","b":true}"#, r#"{"a":"é","b":true}"#),
            (r#""j@example.com""#, r#""*************""#),
        ];
        for (document, expected) in cases {
            assert_eq!(mask(document, None).as_deref(), Some(expected));
        }
        assert_eq!(mask("{\"a\":", None), None);
        assert_eq!(mask("ssn 536-22-8145", None), None);
    }

    #[test]
    fn a_field_is_masked_alone() {
        let document = r#"{"a":"j@x.org","b":{"ssn":536228145,"c":"j@x.org"},"d":["j@x.org"]}"#;
        let cases = [
            ("a", r#"{"a":"*******","b":{"ssn":536228145,"c":"j@x.org"},"d":["j@x.org"]}"#),
            ("b.ssn", r#"{"a":"j@x.org","b":{"ssn":"*********","c":"j@x.org"},"d":["j@x.org"]}"#),
            ("b", r#"{"a":"j@x.org","b":{"ssn":"*********","c":"*******"},"d":["j@x.org"]}"#),
            ("d", r#"{"a":"j@x.org","b":{"ssn":536228145,"c":"j@x.org"},"d":["*******"]}"#),
            ("x", document),
        ];
        for (field, expected) in cases {
            assert_eq!(mask(document, Some(field)).as_deref(), Some(expected), "{field}");
        }
    }
}
