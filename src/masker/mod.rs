//! The embedder's door: policies in, text in, masked text and findings out. Every other door
//! (engine, programs, benches, fuzz targets) goes through here, and nothing else calls `detect/`.

mod batch;
mod explain;
mod json;
mod json_path;
mod json_token;
mod lines;
mod messages;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::detect::{DetectScratch, Detection, Detector, Records};
use crate::error::Error;
use crate::finding::{Finding, IdentifierFinding, char_spans, rfc3339_seconds};
use crate::message::append_masked;
use crate::policy::{DataProtectionPolicy, combine};
use crate::protection::{InForce, Protection};
use crate::span::{Span, unite};

pub use batch::MaskedBatch;
pub use json::MaskedJson;
pub use lines::LineState;

/// Masks text under data protection policies; `Send + Sync`, and the policies can be replaced
/// while others mask.
///
/// ```
/// use logveil::{DataProtectionPolicy, Masker, Scratch};
///
/// # fn main() -> Result<(), logveil::Error> {
/// let masker = Masker::new(&[DataProtectionPolicy::of(&["EmailAddress", "Ssn-US"])?])?;
/// let mut scratch = Scratch::default();
/// let masked = masker.mask("ssn=536-22-8145 to jane@example.com", &mut scratch);
/// assert_eq!(masked.as_str(), "ssn=*********** to ****************");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Masker {
    in_force: InForce,
    /// Held while other policies are compiled and put in force.
    replacing: Mutex<()>,
    failed_judgements: AtomicU64,
}

/// Working memory of one thread. Reuse it: after a few texts nothing is allocated any more.
#[derive(Default)]
pub struct Scratch {
    detect: DetectScratch,
    spans: Vec<Span>,
    masked: String,
    batch: batch::BatchScratch,
    json: json::JsonScratch,
    messages: messages::Joined,
}

impl Scratch {
    /// Overwrites what it holds of the messages that were judged; the memory stays.
    pub(crate) fn forget(&mut self) {
        self.messages.forget();
        self.detect.forget();
    }
}

/// One masked text. Borrows the input when there was nothing to mask.
pub struct Masked<'a> {
    pub(crate) protection: Arc<Protection>,
    pub(crate) original: &'a str,
    pub(crate) text: &'a str,
    pub(crate) detections: &'a [Detection],
    pub(crate) judged: bool,
}

/// What a finding says besides the detections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audit<'a> {
    /// The log group's ARN, `:*` included.
    pub(crate) resource_arn: &'a str,
    /// RFC 3339.
    pub(crate) timestamp: &'a str,
}

impl Masker {
    /// Compiles `policies`, usually the account's and the log group's; they are cumulative. None at
    /// all is a masker that masks nothing. Maskers and engines whose policies name the same
    /// identifiers share what is compiled, as long as one of them lives.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the policies together hold more than 128 identifiers.
    pub fn new(policies: &[DataProtectionPolicy]) -> Result<Self, Error> {
        let policies: Vec<_> = policies.iter().collect();
        let protection = Arc::new(Protection::compile(1, &policies)?);
        Ok(Self {
            in_force: InForce::new(protection),
            replacing: Mutex::default(),
            failed_judgements: AtomicU64::new(0),
        })
    }

    /// Like [`Masker::new`], without the vector code that the machine may have: the way of machines
    /// without it, for tests that hold the two to the same answers.
    ///
    /// # Errors
    ///
    /// Those of [`Masker::new`].
    #[doc(hidden)]
    pub fn new_portable(policies: &[DataProtectionPolicy]) -> Result<Self, Error> {
        let masker = Self::new(policies)?;
        let policies: Vec<_> = policies.iter().collect();
        let detector = Detector::compile(combine(&policies))?.portable();
        masker.in_force.replace(Arc::new(Protection::new(1, Arc::new(detector), &policies)));
        Ok(masker)
    }

    /// Puts other policies in force. Whatever starts after this returned is judged by them. Of two
    /// calls at once the second waits, so that what is in force has the largest generation.
    ///
    /// # Errors
    ///
    /// Those of [`Masker::new`]; the old policies then stay in force.
    pub fn replace(&self, policies: &[DataProtectionPolicy]) -> Result<(), Error> {
        let policies: Vec<_> = policies.iter().collect();
        let _one_at_a_time = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Protection::compile(self.protection().generation() + 1, &policies)?;
        self.in_force.replace(Arc::new(next));
        Ok(())
    }

    /// The policies in force, for a batch that is to be judged by one set of policies throughout.
    pub fn protection(&self) -> Arc<Protection> {
        self.in_force.load()
    }

    /// Masks one text. Cost: linear in its length; no allocation when it is clean.
    pub fn mask<'a>(&self, text: &'a str, scratch: &'a mut Scratch) -> Masked<'a> {
        let protection = self.protection();
        let judged = self.judge(&protection, text, scratch);
        let text_masked = if scratch.spans.is_empty() {
            text
        } else {
            scratch.masked.clear();
            append_masked(&mut scratch.masked, text, &scratch.spans);
            &scratch.masked
        };
        let detections = scratch.detect.detections();
        Masked { protection, original: text, text: text_masked, detections, judged }
    }

    /// Texts that were masked whole because judging them panicked: always 0 unless there is a bug.
    pub fn failed_judgements(&self) -> u64 {
        self.failed_judgements.load(Ordering::Relaxed)
    }

    /// Finds what is to be masked in `text`: detections and their union into `scratch`. A panic
    /// masks the whole text, is counted, and is false.
    pub(crate) fn judge(&self, protection: &Protection, text: &str, scratch: &mut Scratch) -> bool {
        scratch.spans.clear();
        if !detect(protection, text, Records::Whole, &mut scratch.detect) {
            self.failed_judgements.fetch_add(1, Ordering::Relaxed);
            if !text.is_empty() {
                scratch.spans.push(Span::new(0, text.len()));
            }
            return false;
        }
        scratch.spans.extend(scratch.detect.detections().iter().map(|found| found.span));
        unite(&mut scratch.spans);
        true
    }
}

/// Finds what the records of `text` hold. A panic is false, and nothing is found then.
fn detect(
    protection: &Protection,
    text: &str,
    records: Records<'_>,
    scratch: &mut DetectScratch,
) -> bool {
    scratch.clear();
    if protection.is_empty() {
        return true;
    }
    let without_blocks = scratch.without_blocks;
    let detect = AssertUnwindSafe(|| {
        #[cfg(test)]
        tests::fault(text);
        protection.detector().detect(text, records, scratch);
    });
    let judged = catch_unwind(detect).is_ok();
    if !judged {
        *scratch = DetectScratch::default();
        scratch.without_blocks = without_blocks;
    }
    judged
}

/// The report of one text under the policy `index`; `None` when that policy finds nothing.
fn finding(
    protection: &Protection,
    index: usize,
    text: &str,
    detections: &[Detection],
    audit: Audit<'_>,
) -> Option<Finding> {
    let policy = protection.policies().get(index)?;
    // Few of a policy's identifiers are found in one text.
    let mut found: Vec<(usize, u16)> = Vec::new();
    for Detection { identifier, .. } in detections {
        if !found.iter().any(|(_, known)| known == identifier) {
            let place = policy.identifiers().iter().position(|known| known == identifier);
            found.extend(place.map(|place| (place, *identifier)));
        }
    }
    found.sort_unstable();
    let mut data_identifiers = Vec::with_capacity(found.len());
    for (_, identifier) in found {
        let of_it = detections.iter().filter(|found| found.identifier == identifier);
        let positions = char_spans(text, of_it.map(|found| found.span));
        data_identifiers.push(IdentifierFinding {
            name: protection.detector().name(identifier).to_owned(),
            count: positions.len(),
            detections: positions,
        });
    }
    (!data_identifiers.is_empty()).then(|| Finding {
        audit_timestamp: audit.timestamp.to_owned(),
        resource_arn: audit.resource_arn.to_owned(),
        data_identifiers,
    })
}

impl<'a> Masked<'a> {
    /// The masked text: the same number of characters as the input.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether nothing was masked.
    pub fn is_clean(&self) -> bool {
        self.judged && self.detections.is_empty()
    }

    /// What was found: the identifier's name and the span in bytes of the input, in ascending
    /// order of the start. Spans of different identifiers may overlap.
    pub fn detections(&self) -> impl ExactSizeIterator<Item = (&str, Span)> {
        let name = |found: &Detection| self.protection.detector().name(found.identifier);
        self.detections.iter().map(move |found| (name(found), found.span))
    }

    /// The report under the policy of that index, for the log group of that ARN (`:*` included);
    /// `None` when that policy finds nothing.
    pub fn finding(&self, policy: usize, resource_arn: &str, timestamp_ms: i64) -> Option<Finding> {
        let timestamp = &rfc3339_seconds(timestamp_ms);
        let audit = Audit { resource_arn, timestamp };
        finding(&self.protection, policy, self.original, self.detections, audit)
    }
}

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masked({} bytes, {} detections)", self.text.len(), self.detections.len())
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Texts that make judging panic, so that tests see what a bug would do.
    pub(crate) const FAULT: &str = "\u{F8FF}panic";

    pub(super) fn fault(text: &str) {
        assert!(!text.contains(FAULT), "a fault was asked for");
    }

    #[test]
    fn a_panic_masks_the_whole_text_and_is_counted() {
        let masker = Masker::new(&[DataProtectionPolicy::of(&["Ssn-US"]).unwrap()]).unwrap();
        let mut scratch = Scratch::default();
        let text = format!("plain é {FAULT}");
        let masked = masker.mask(&text, &mut scratch);
        assert_eq!(masked.as_str(), "*".repeat(text.chars().count()));
        assert!(!masked.is_clean());
        assert_eq!(masker.failed_judgements(), 1);
        assert_eq!(masker.mask("plain", &mut scratch).as_str(), "plain");
        assert_eq!(masker.failed_judgements(), 1);
    }
}
