//! Seeded generation: the same seed makes the same text on every machine.

pub use logveil_corpora::{Random, hostile_text, vocabulary};
