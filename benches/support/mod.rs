//! The logs that the benches measure on.

use logveil_corpora::{Corpus, clean, dense, hostile, typical};

/// Smaller logs are repeated, or the clock would say nothing.
const BYTES_MIN: usize = 1_000_000;

/// The file that `LOGVEIL_CORPUS` names, or the sample log; the made-up ones, the dense one from
/// the lines of that file.
pub fn corpora() -> Vec<Corpus> {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/app.log").into();
    let path = std::env::var_os("LOGVEIL_CORPUS").unwrap_or(sample);
    let bytes = std::fs::read(&path).expect("LOGVEIL_CORPUS names a readable file");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = text.repeat(BYTES_MIN.div_ceil(text.len().max(1)));
    let dense = dense(&text);
    vec![Corpus::new("file", text), clean(12_000), typical(12_000), dense, hostile(BYTES_MIN)]
}
