//! A log shipper: lines in from stdin, masked lines out to stdout.
//!
//! `cargo run --release -p logveil --example shipper < examples/app.log`

use std::io::{self, BufRead, Write};

use logveil::{DataProtectionPolicy, LineState, Masker, Scratch, text_from_utf8_lossy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = DataProtectionPolicy::parse(include_str!("account-policy.json"))?;
    let log_group = DataProtectionPolicy::parse(include_str!("log-group-policy.json"))?;
    let masker = Masker::new(&[account, log_group])?;
    let mut scratch = Scratch::default();
    let mut state = LineState::default(); // knows when a private key goes on in the next line

    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = text_from_utf8_lossy(&line);
        let masked = masker.mask_lines(&mut state, &text, &mut scratch);
        output.write_all(masked.as_str().as_bytes())?;
        line.clear();
    }
    Ok(())
}
