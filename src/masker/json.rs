//! One JSON document, such as a line of NDJSON, judged as the text that it is and as the text that
//! it means.
//!
//! Keys and values are unescaped and joined, in order, into one text; a key stands before its
//! value, so it is a keyword for it. That text is judged, and so is the document itself, so that
//! nothing is missed here that plain text would show. What is found is masked in the document: a
//! string keeps its quotes, a number becomes a string of as many asterisks, a key is masked as a
//! string is. Nothing else changes, so the document stays valid JSON.

use std::fmt;
use std::sync::Arc;

use super::{Audit, LineState, Masker, Scratch, finding};
use crate::detect::Detection;
use crate::finding::{Finding, rfc3339_seconds};
use crate::json::{Event, Scanner, Token, unescape};
use crate::message::{overwrite, wipe_room};
use crate::protection::Protection;
use crate::span::{Span, unite};

use super::json_path::Path;
use super::json_token::{Judged, Kind, Spelling, inside, slice};
use super::lines::lines;

/// Stands between the keys and values of the judged text; no managed pattern matches across it.
const SEPARATOR: char = '\0';

/// Working memory of the JSON form.
#[derive(Default)]
pub(super) struct JsonScratch {
    /// The judged text: keys and values, unescaped, a separator behind each.
    text: String,
    tokens: Vec<Judged>,
    token: String,
    /// Something stood under the field that was asked for.
    has_field: bool,
    /// What to mask, in bytes of the judged text.
    spans: Vec<Span>,
    /// What was found, in bytes of the document.
    found: Vec<Detection>,
    spelling: Spelling,
    masked: String,
}

/// A masked JSON document.
pub struct MaskedJson<'a> {
    protection: Arc<Protection>,
    original: &'a str,
    text: &'a str,
    detections: &'a [Detection],
    judged: bool,
    has_field: bool,
}

impl Masker {
    /// Masks every key and value of one JSON document (or several in a row, as one line of a log
    /// may hold); `None` when `document` is not JSON. A private key that is spread over the values
    /// of one key, document after document, is masked from its BEGIN line on; `state` carries it.
    pub fn mask_json<'a>(
        &self,
        state: &mut LineState,
        document: &'a str,
        scratch: &'a mut Scratch,
    ) -> Option<MaskedJson<'a>> {
        self.mask_json_where(state, document, None, scratch)
    }

    /// Masks what stands under the key `field` (keys of nested objects joined by dots) and leaves
    /// the rest of the document alone; `None` when `document` is not JSON.
    pub fn mask_json_field<'a>(
        &self,
        state: &mut LineState,
        document: &'a str,
        field: &str,
        scratch: &'a mut Scratch,
    ) -> Option<MaskedJson<'a>> {
        self.mask_json_where(state, document, Some(field), scratch)
    }

    /// Moves `state` over one line without masking it: over the values of a JSON document (those
    /// under `field` when it is given), over anything else as text.
    pub fn advance_json(&self, state: &mut LineState, line: &str, field: Option<&str>) {
        let protection = self.protection();
        let mut json = JsonScratch::default();
        if json.read(Scanner::lenient(line), line, field) {
            json.mark_blocks(&protection, state);
        } else {
            self.advance_lines(state, line);
        }
    }

    /// An event that was masked as text, judged once more as what its JSON means: masked where
    /// something is found that is spelt with escapes. `None` when nothing is, or it is not JSON.
    pub(crate) fn mask_meant(
        &self,
        protection: &Protection,
        message: &str,
        scratch: &mut Scratch,
    ) -> Option<String> {
        let mut json = std::mem::take(&mut scratch.json);
        let valid = !protection.is_empty() && json.read(Scanner::masked(message), message, None);
        if valid {
            self.judge(protection, &json.text, scratch);
            json.take_judged(message, scratch);
            json.mark_blocks(protection, &mut LineState::default());
            json.finish(message);
        }
        let masked = (valid && !json.spans.is_empty()).then(|| json.masked.clone());
        scratch.json = json;
        masked
    }

    fn mask_json_where<'a>(
        &self,
        state: &mut LineState,
        document: &'a str,
        field: Option<&str>,
        scratch: &'a mut Scratch,
    ) -> Option<MaskedJson<'a>> {
        let protection = self.protection();
        let mut json = std::mem::take(&mut scratch.json);
        let valid = json.read(Scanner::lenient(document), document, field);
        let mut judged = true;
        if valid {
            judged = self.judge(&protection, &json.text, scratch);
            json.take_judged(document, scratch);
            if field.is_none() {
                // A key ends with its value, which the document's text does not tell.
                scratch.detect.without_blocks = true;
                judged &= self.judge(&protection, document, scratch);
                scratch.detect.without_blocks = false;
                json.take_plain(document, scratch);
            }
            json.mark_blocks(&protection, state);
            json.finish(document);
        }
        scratch.json = json;
        if !valid {
            return None;
        }
        let json = &scratch.json;
        let text = if json.spans.is_empty() { document } else { &json.masked };
        let (detections, has_field) = (json.found.as_slice(), json.has_field);
        Some(MaskedJson { protection, original: document, text, detections, judged, has_field })
    }
}

impl JsonScratch {
    /// Fills the judged text; false when `document` is not JSON.
    fn read(&mut self, mut scanner: Scanner<'_>, document: &str, field: Option<&str>) -> bool {
        wipe_room(&mut self.text);
        self.tokens.clear();
        self.spans.clear();
        self.found.clear();
        self.has_field = field.is_none();
        let mut path = Path::new(field);
        loop {
            match scanner.next_event() {
                Ok(Some(event)) => self.take(document, event, &mut path),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn take(&mut self, document: &str, event: Event, path: &mut Path<'_>) {
        match event.token {
            Token::BeginObject => path.open(true),
            Token::BeginArray => path.open(false),
            Token::EndObject | Token::EndArray => path.close(),
            Token::Key => {
                self.unescape(document, event.span);
                path.key(&self.token);
                if path.is_covered() {
                    self.has_field = true;
                    path.mention(&mut self.text, SEPARATOR);
                    self.push(document, event.span, Kind::Key);
                    let key = self.tokens.last().expect("just pushed").judged;
                    path.mentioned(key, self.text.len());
                }
            }
            Token::String if path.is_covered() => {
                if path.in_array() {
                    path.mention(&mut self.text, SEPARATOR);
                }
                self.unescape(document, event.span);
                self.push(document, event.span, Kind::String);
            }
            Token::Number if path.is_covered() => {
                if path.in_array() {
                    path.mention(&mut self.text, SEPARATOR);
                }
                wipe_room(&mut self.token);
                self.token.push_str(&spelt_out(slice(document, event.span)));
                self.push(document, event.span, Kind::Number);
            }
            Token::String | Token::Number | Token::True | Token::False | Token::Null => {}
        }
    }

    fn unescape(&mut self, document: &str, source: Span) {
        wipe_room(&mut self.token);
        unescape(slice(document, source), &mut self.token);
    }

    /// Appends the token to the judged text.
    fn push(&mut self, document: &str, source: Span, kind: Kind) {
        let start = self.text.len();
        self.text.push_str(&self.token);
        let inside = slice(document, inside(source, kind));
        let literal = inside == self.token;
        let judged = Span::new(start, self.text.len());
        self.tokens.push(Judged { source, judged, kind, literal });
        self.text.push(SEPARATOR);
    }

    /// Notes what was found in the judged text.
    fn take_judged(&mut self, document: &str, scratch: &Scratch) {
        self.spans.extend_from_slice(&scratch.spans);
        for found in scratch.detect.detections() {
            if let Some(span) = self.in_document(document, found.span) {
                self.found.push(Detection { span, identifier: found.identifier });
            }
        }
    }

    /// Notes what was found in the document as it stands.
    fn take_plain(&mut self, document: &str, scratch: &Scratch) {
        let mut spelling = std::mem::take(&mut self.spelling);
        for span in &scratch.spans {
            let first = self.tokens.partition_point(|token| token.source.end <= span.start);
            for token in self.tokens[first..].iter().take_while(|t| t.source.start < span.end) {
                let inside = inside(token.source, token.kind);
                let (start, end) = (span.start.max(inside.start), span.end.min(inside.end));
                if start < end && !token.judged.is_empty() {
                    spelling.read(document, token);
                    let (start, end) = (spelling.meant_from(start), spelling.meant_to(end));
                    self.spans.push(Span::new(start, end));
                }
            }
        }
        self.spelling = spelling;
        self.found.extend_from_slice(scratch.detect.detections());
    }

    /// Moves `state` over the string values and notes what of them belongs to a private key.
    fn mark_blocks(&mut self, protection: &Protection, state: &mut LineState) {
        let detector = protection.detector();
        if detector.is_free_of_blocks(state.open.as_ref(), &self.text) {
            return;
        }
        let mut key = "";
        for token in &self.tokens {
            let value = slice(&self.text, token.judged);
            if token.kind == Kind::Key {
                key = value;
                continue;
            }
            // Another key's values go on beside the key that is spread over this one's.
            if state.open.is_some() && state.key.as_deref().is_some_and(|open| open != key) {
                continue;
            }
            for line in lines(value) {
                let parts = detector.advance_line(&mut state.open, slice(value, line));
                state.key = state.open.is_some().then(|| key.to_owned());
                for part in parts.into_iter().flatten() {
                    let start = token.judged.start + line.start + part.span.start;
                    self.spans.push(Span::new(start, start + part.span.len()));
                    let span = inside(token.source, token.kind);
                    self.found.push(Detection { span, identifier: part.identifier });
                }
            }
        }
    }

    /// The stretch of the document that spells this stretch of the judged text.
    fn in_document(&mut self, document: &str, judged: Span) -> Option<Span> {
        let first = self.tokens.partition_point(|token| token.judged.end <= judged.start);
        let mut covered = self.tokens[first..].iter().take_while(|t| t.judged.start < judged.end);
        let start = covered.next()?;
        let end = covered.last().unwrap_or(start);
        self.spelling.read(document, start);
        let from = self.spelling.spelt(judged.start.max(start.judged.start));
        self.spelling.read(document, end);
        Some(Span::new(from, self.spelling.spelt(judged.end.min(end.judged.end))))
    }

    /// Unites what was noted and writes the masked document.
    fn finish(&mut self, document: &str) {
        unite(&mut self.spans);
        self.found.sort_unstable_by_key(|found| (found.identifier, found.span));
        self.found.dedup_by(|next, kept| {
            let same = next.identifier == kept.identifier && next.span.start < kept.span.end;
            if same {
                kept.span.end = kept.span.end.max(next.span.end);
            }
            same
        });
        self.found.sort_unstable();
        self.masked.clear();
        if !self.spans.is_empty() {
            self.write(document);
        }
    }

    fn write(&mut self, document: &str) {
        let (mut copied, mut next) = (0, 0);
        for token in &self.tokens {
            while self.spans.get(next).is_some_and(|span| span.end <= token.judged.start) {
                next += 1;
            }
            let mut clipped = Vec::new();
            for span in self.spans[next..].iter().take_while(|s| s.start < token.judged.end) {
                let start = span.start.max(token.judged.start) - token.judged.start;
                clipped.push(Span::new(start, span.end.min(token.judged.end) - token.judged.start));
            }
            if clipped.is_empty() {
                continue;
            }
            self.masked.push_str(slice(document, Span::new(copied, token.source.start)));
            copied = token.source.end;
            if token.kind == Kind::Number {
                let stars = "*".repeat(token.source.len());
                self.masked.push_str(&format!("\"{stars}\""));
                continue;
            }
            wipe_room(&mut self.token);
            self.token.push_str(slice(&self.text, token.judged));
            overwrite(&mut self.token, &clipped);
            self.masked.push_str(&serde_json::Value::from(self.token.as_str()).to_string());
        }
        self.masked.push_str(slice(document, Span::new(copied, document.len())));
    }
}

/// Unescaped text is raw text.
impl Drop for JsonScratch {
    fn drop(&mut self) {
        wipe_room(&mut self.text);
        wipe_room(&mut self.token);
    }
}

/// A number's digits where it is a whole one in another spelling: `5.36228145e8`, `536228145.0`.
fn spelt_out(number: &str) -> String {
    let whole = number.contains(['.', 'e', 'E']).then(|| number.parse::<f64>().ok()).flatten();
    match whole {
        // Every whole number up to 2^64 that a double holds is printed digit by digit.
        Some(value) if value.fract() == 0.0 && value.abs() < 1.9e19 => format!("{value:.0}"),
        _ => number.to_owned(),
    }
}

impl<'a> MaskedJson<'a> {
    /// The masked document; valid JSON when the document was.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether nothing was masked.
    pub fn is_clean(&self) -> bool {
        self.judged && self.detections.is_empty()
    }

    /// Whether the document has the field that [`Masker::mask_json_field`] was asked for; without
    /// one, true.
    pub fn has_field(&self) -> bool {
        self.has_field
    }

    /// What was found: the identifier's name and the span in bytes of the document, in ascending
    /// order of the start.
    pub fn detections(&self) -> impl ExactSizeIterator<Item = (&str, Span)> {
        let name = |found: &Detection| self.protection.detector().name(found.identifier);
        self.detections.iter().map(move |found| (name(found), found.span))
    }

    /// The report under the policy of that index, for the log group of that ARN (`:*` included),
    /// with positions in the document; `None` when that policy finds nothing.
    pub fn finding(&self, policy: usize, resource_arn: &str, timestamp_ms: i64) -> Option<Finding> {
        let timestamp = &rfc3339_seconds(timestamp_ms);
        let audit = Audit { resource_arn, timestamp };
        finding(&self.protection, policy, self.original, self.detections, audit)
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
            .mask_json_where(&mut LineState::default(), document, field, &mut scratch)
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
            (r#"{"ssn":["536","22","8145"]}"#, r#"{"ssn":["536","22","8145"]}"#),
            (r#"{"ssn":5.36228145e8}"#, r#"{"ssn":"************"}"#),
            (r#"{"ssn":536228145.0}"#, r#"{"ssn":"***********"}"#),
            (
                r#"{"ssn":["536-22-8145","536-22-8145","536-22-8145"]}"#,
                r#"{"ssn":["***********","***********","***********"]}"#,
            ),
            (
                r#"{"ssn":{"note":"a comment of more than thirty characters","v":"536-22-8145"}}"#,
                r#"{"ssn":{"note":"a comment of more than thirty characters","v":"***********"}}"#,
            ),
            (r#"{"a":NaN,"ssn":536228145}{"ssn":1}"#, r#"{"a":NaN,"ssn":"*********"}{"ssn":1}"#),
            ("\u{feff}{\"to\":\"j\\u0040example.com\"}", "\u{feff}{\"to\":\"*************\"}"),
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
            ("bc", document),
        ];
        for (field, expected) in cases {
            assert_eq!(mask(document, Some(field)).as_deref(), Some(expected), "{field}");
        }
    }
}
