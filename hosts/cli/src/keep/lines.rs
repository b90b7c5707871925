//! From lines to events: a private key spread over lines is one event.

use logveil::limits::{EVENT_BYTES_MAX, EVENT_OVERHEAD_BYTES};
use logveil::{DataProtectionPolicy, LineState, Masker};

use crate::output::Failure;
use crate::policies;
use crate::worker::split_line_end;

/// The identifiers whose values are spread over lines.
const KEYS: [&str; 4] = ["OpenSshPrivateKey", "PgpPrivateKey", "PkcsPrivateKey", "PuttyPrivateKey"];

/// Joins lines.
pub(super) struct Lines {
    keys: Masker,
    state: LineState,
    /// The lines of a key so far.
    open: String,
    /// Lines that were left out: no event can be empty, or longer than a megabyte.
    pub(super) empty: u64,
    pub(super) overlong: u64,
}

impl Lines {
    pub(super) fn new() -> Result<Self, Failure> {
        let keys = DataProtectionPolicy::of(&KEYS).and_then(|policy| Masker::new(&[policy]));
        let keys = keys.map_err(|error| policies::refused(&error))?;
        let (state, open) = (LineState::default(), String::new());
        Ok(Self { keys, state, open, empty: 0, overlong: 0 })
    }

    /// Hands on the events of a buffer of whole lines.
    pub(super) fn take(
        &mut self,
        text: &str,
        mut each: impl FnMut(String) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let plain = !self.state.is_open() && !self.keys.may_hold_blocks(text);
        for line in text.split_inclusive('\n') {
            let line = split_line_end(line).0;
            if plain {
                self.hand_on(line.to_owned(), &mut each)?;
                continue;
            }
            let inside = self.state.is_open();
            self.keys.advance_lines(&mut self.state, line);
            let ends = ["-----END ", "Private-MAC: "].iter().any(|mark| line.contains(mark));
            if inside && (self.state.is_open() || ends) {
                self.open.push('\n');
                self.open.push_str(line);
            } else {
                self.end(&mut each)?;
                self.open.push_str(line);
            }
            if !self.state.is_open() {
                self.end(&mut each)?;
            }
        }
        Ok(())
    }

    /// Hands on what is open: no line follows, or none of the same key.
    pub(super) fn end(
        &mut self,
        mut each: impl FnMut(String) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let open = std::mem::take(&mut self.open);
        if open.is_empty() { Ok(()) } else { self.hand_on(open, &mut each) }
    }

    fn hand_on(
        &mut self,
        event: String,
        each: &mut impl FnMut(String) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if event.is_empty() {
            self.empty += 1;
        } else if event.len() + EVENT_OVERHEAD_BYTES > EVENT_BYTES_MAX {
            self.overlong += 1;
        } else {
            return each(event);
        }
        Ok(())
    }
}
