//! Any text as a policy: refused with a place and without its text, or accepted and usable.

#![no_main]

use libfuzzer_sys::fuzz_target;
use logveil::{DataProtectionPolicy, Masker, Scratch};

fuzz_target!(|document: &str| {
    let faults = DataProtectionPolicy::faults(document);
    match DataProtectionPolicy::parse(document) {
        Ok(policy) => {
            assert!(faults.is_empty());
            let masker = Masker::new(&[policy]).expect("one policy is never too large");
            let mut scratch = Scratch::default();
            let masked = masker.mask(document, &mut scratch);
            assert_eq!(masked.as_str().chars().count(), document.chars().count());
        }
        Err(error) => {
            assert_eq!(faults.first(), Some(&error));
            let place = error.place().expect("a fault has a place");
            assert!(place.start <= place.end && place.end <= document.len());
            assert!(document.is_char_boundary(place.start) && document.is_char_boundary(place.end));
        }
    }
});
