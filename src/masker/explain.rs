//! Why something is masked, or is not: for people who wonder, and for tests.

use super::{LineState, Masker};
use crate::detect::explain::Candidate;

impl Masker {
    /// Says of every stretch of `text` that has the shape of a value what became of it, and why.
    /// Ascending by start, the longest first. Nothing of the text is in the answer.
    ///
    /// Left out is what tells nothing new: of one identifier, a stretch inside another that met
    /// its tests as far or farther, and a stretch without fitting edges that
    /// overlaps or touches one before.
    /// The stretches that are reported are exactly the detections of [`Masker::mask`].
    ///
    /// ```
    /// use logveil::explain::Verdict;
    /// use logveil::{DataProtectionPolicy, Masker};
    ///
    /// # fn main() -> Result<(), logveil::Error> {
    /// let masker = Masker::new(&[DataProtectionPolicy::of(&["Ssn-US"])?])?;
    /// let candidates = masker.explain("ssn 536-22-8145");
    /// assert_eq!(candidates[0].verdict, Verdict::Reported);
    /// assert_eq!(candidates[0].keyword.as_ref().unwrap().gap_chars, 1);
    /// assert_eq!(masker.explain("no 536-22-8145")[0].verdict, Verdict::NoKeyword);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: each pattern is tried at each character, far slower than masking; the first call
    /// compiles the patterns anew. Memory grows with the number of candidates.
    pub fn explain(&self, text: &str) -> Vec<Candidate> {
        self.protection().detector().explain(text)
    }

    /// Like [`Masker::explain`] for one line of a stream, without its line end, as
    /// [`Masker::mask_lines`] sees it: a private key may be spread over lines.
    pub fn explain_line(&self, state: &mut LineState, line: &str) -> Vec<Candidate> {
        self.protection().detector().explain_line(&mut state.open, line)
    }
}
