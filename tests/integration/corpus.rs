//! Whole log files: `LOGVEIL_CORPUS=FILE` names one of yours, otherwise the sample log is taken.

use logveil::{LineState, Scratch};

use crate::support::generate::Random;
use crate::support::oracle::Oracle;
use crate::support::{self, detections};

/// Lines that the slow oracle judges too.
const ORACLE_LINES: usize = 5000;

fn corpus() -> String {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/app.log").into();
    let path = std::env::var_os("LOGVEIL_CORPUS").unwrap_or(sample);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn masking_a_file_keeps_lines_and_characters_and_is_done_once() {
    let (masker, text) = (support::masker_of_all(), corpus());
    let (mut scratch, mut again) = (Scratch::default(), Scratch::default());
    let masked = masker.mask_lines(&mut LineState::default(), &text, &mut scratch);
    assert_eq!(masked.records(), text.lines().count());
    assert_eq!(masker.failed_judgements(), 0);
    assert!(masked.as_str().lines().count() == text.lines().count());
    for (line, shown) in text.lines().zip(masked.as_str().lines()) {
        assert!(line.chars().count() == shown.chars().count(), "a line changed its length");
        assert!(masker.mask(shown, &mut again).is_clean(), "masked text is masked again");
    }
}

#[test]
fn the_oracle_agrees_on_a_sample_of_a_file() {
    let (masker, text) = (support::masker_of_all(), corpus());
    let oracle = Oracle::new(&support::all_identifiers());
    let mut lines: Vec<&str> = text.lines().collect();
    let mut random = Random::new(5);
    while lines.len() > ORACLE_LINES {
        let at = random.below(lines.len());
        lines.swap_remove(at);
    }
    for line in lines {
        assert!(detections(&masker, line) == oracle.detect(line), "a line is judged differently");
    }
}
