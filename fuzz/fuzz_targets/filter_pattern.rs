//! Pattern × message: whatever is parsed can be asked, and whatever is refused has a place.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use logveil::{ErrorKind, FilterPattern, FilterPatterns};

const TEXT_BYTES_MAX: usize = 4096;

/// Patterns of each kind, and so many that ask one field that they wait for its value.
fn others() -> &'static Vec<FilterPattern> {
    static OTHERS: OnceLock<Vec<FilterPattern>> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let few = ["ERROR", "[a, b = 404*]", "?WARN ?fail", "{ $.code > 7 }", "{ $.code <= 404 }"];
        let levels = (0..10).map(|number| format!("{{ $.level = \"ERROR{number}\" }}"));
        let all = few.map(str::to_owned).into_iter().chain(levels);
        all.map(|text| FilterPattern::parse(&text).expect("a valid one")).collect()
    })
}

fuzz_target!(|input: (&str, &str)| {
    let (text, message) = input;
    if message.len() > TEXT_BYTES_MAX {
        return;
    }
    match FilterPattern::parse(text) {
        Ok(pattern) => {
            assert_eq!(pattern.as_str(), text);
            let matches = pattern.matches_text(message);
            let again = FilterPattern::parse(text).expect("it was parsed before");
            assert_eq!(again.matches_text(message), matches);
            assert_eq!(pattern.extract(message).is_some(), matches);
            // Beside others it selects what it selects alone.
            let others = others();
            let together = FilterPatterns::new([pattern.clone()].into_iter().chain(others.clone()));
            let mut taken = vec![false; 1 + others.len()];
            together.matching_text(message, |number| taken[number] = true);
            assert_eq!(taken[0], matches);
            for (other, taken) in others.iter().zip(&taken[1..]) {
                assert_eq!(*taken, other.matches_text(message));
            }
            // The pattern is a message too, and its own best one.
            pattern.matches_text(text);
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidParameter);
            if text.chars().count() <= logveil::limits::FILTER_PATTERN_CHARS_MAX {
                let place = error.place().expect("a fault of a pattern has a place");
                assert!(text.get(place.start..place.end).is_some(), "whole characters");
            }
        }
    }
});
