//! A clean text costs no allocation once the working memory has grown.

use logveil::{FilterPattern, FilterPatterns, LineState, Scratch};

use crate::support;

const CLEAN: &[&str] = &[
    "2026-03-02 08:15:12,301 ERROR [http-7] c.e.pay.Gateway - charge failed after 3 of 3 tries",
    r#"{"time":"2026-03-02T08:14:11.400Z","level":"INFO","msg":"cache warm","keys":1048576}"#,
    "visa not given, ssn unknown, phone pending, é 漢字, mail to nobody@ at 1.2.3 or ::",
    "-----BEGIN OPENSSH PRIVATE KEY----- is what a key begins with",
    "",
];

#[test]
fn a_clean_text_is_not_allocated_for() {
    let masker = support::masker_of_all();
    let mut scratch = Scratch::default();
    let text = CLEAN.join("\n");
    let mut pass = || {
        for line in CLEAN {
            assert!(masker.mask(line, &mut scratch).is_clean());
        }
        let mut state = LineState::default();
        assert_eq!(masker.mask_lines(&mut state, &text, &mut scratch).hits().len(), 0);
    };
    pass();
    let counted = allocation_counter::measure(pass);
    assert_eq!(counted.count_total, 0, "allocations on clean text");
}

#[test]
fn a_text_with_values_is_not_allocated_for_twice() {
    let masker = support::masker_of_all();
    let mut scratch = Scratch::default();
    let text = "ssn 536-22-8145, visa 4539 5787 6362 1486, jane@example.com, 192.0.2.44";
    let mut pass = || assert_eq!(masker.mask(text, &mut scratch).detections().len(), 4);
    pass();
    assert_eq!(allocation_counter::measure(pass).count_total, 0);
}

#[test]
fn a_message_that_no_pattern_selects_is_not_allocated_for() {
    let patterns = [
        "ERROR \"no such phrase\"",
        "?eleven ?twelve",
        "unknown -phone",
        "%[qz]{3}[0-9]{2,4}$% ERROR",
        r#"{ $.level = "WARN" || $.keys < 5 || $.time = %^2025% || $.msg = "c*ld" }"#,
        "[ip, ..., status = 5*, bytes > 1000000]",
        "[a, b = x || b = y, ...]",
    ];
    let patterns = patterns.map(|pattern| FilterPattern::parse(pattern).expect("a valid one"));
    let together = FilterPatterns::new(patterns.iter().cloned());
    let pass = || {
        for line in CLEAN {
            for pattern in &patterns {
                assert!(!pattern.matches_text(line));
            }
            together.matching_text(line, |number| panic!("pattern {number} selects it"));
        }
    };
    pass();
    assert_eq!(allocation_counter::measure(pass).count_total, 0, "allocations on a non-match");
}
