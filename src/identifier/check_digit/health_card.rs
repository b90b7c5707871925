//! Health insurance numbers of Europe and Canada.

use super::{Digits, luhn};

/// ISO 3166-1 numeric codes of the states that issue European Health Insurance Cards: the European
/// Union, Iceland, Liechtenstein, Norway, Switzerland, the United Kingdom.
const EHIC_STATES: [u64; 32] = [
    40, 56, 100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 352, 372, 380, 428, 438, 440,
    442, 470, 528, 578, 616, 620, 642, 703, 705, 724, 752, 756, 826,
];

/// Card number of a European Health Insurance Card: 80, a state, then the issuer and a serial.
///
/// Source: Decision S2 of the Administrative Commission (2010/C 106/09); CEN EN 1387.
// Choice: a Luhn digit at the end is common and not required by the decision.
pub(super) fn ehic(digits: &Digits) -> bool {
    digits.as_slice().len() == 20
        && digits.number(0, 2) == 80
        && EHIC_STATES.binary_search(&digits.number(2, 5)).is_ok()
        && digits.number(5, 20) != 0
}

/// German Krankenversichertennummer: a letter, which counts as two digits, eight digits, and a
/// check digit: weights 1 and 2 in turn, the digits of the products summed, mod 10.
///
/// Source: § 290 SGB V; GKV-Spitzenverband, Aufbau der Krankenversichertennummer.
pub(super) fn kvnr(value: &str) -> bool {
    let digits = Digits::of(value);
    let [payload @ .., check] = digits.as_slice() else { return false };
    let letter = value.as_bytes()[0].to_ascii_uppercase();
    if payload.len() != 8 || !letter.is_ascii_uppercase() {
        return false;
    }
    let rank = letter - b'A' + 1;
    let all = [rank / 10, rank % 10].into_iter().chain(payload.iter().copied());
    let products = all.zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight);
    products.map(|product| product / 10 + product % 10).sum::<u8>() % 10 == *check
}

/// Canadian health numbers of ten digits: British Columbia's begin with 9; others, and those with
/// the dashes or the version code of its card, are Ontario's (Luhn).
///
/// Source: BC Ministry of Health, PHN check digit; Ontario Ministry of Health, OHIP validation.
// Choice: Nova Scotia's ten digits have no public check digit and are not told from other numbers.
pub(super) fn phn(value: &str) -> bool {
    let digits = Digits::of(value);
    let number = digits.as_slice();
    if number.len() != 10 || number[0] == 0 {
        return false;
    }
    let version = value.as_bytes().last().is_some_and(u8::is_ascii_alphabetic);
    let ontario = number[0] != 9 || version || value.contains('-');
    (number[0] == 9 && !version && phn_bc(number)) || (ontario && luhn::is_valid(number))
}

/// Weights 2, 4, 8, 5, 10, 9, 7, 3 over the digits between the 9 and the check digit:
/// 11 - (sum mod 11), where 11 is 0 and 10 is never issued.
fn phn_bc(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 8] = [2, 4, 8, 5, 10, 9, 7, 3];
    let sum: u32 = number[1..9].iter().zip(WEIGHTS).map(|(d, w)| u32::from(*d) * w % 11).sum();
    (11 - sum % 11) % 11 == u32::from(number[9])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn european_cards_name_a_state() {
        assert!(EHIC_STATES.is_sorted());
        for (value, passes) in [
            ("80276000001234567897", true),
            ("80 040 00000 1234567890", true),
            ("81276000001234567897", false),
            ("80840000001234567897", false),
            ("8027600000123456789", false),
        ] {
            assert_eq!(ehic(&Digits::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn german_numbers_count_their_letter() {
        // gematik's examples, and the one of GKV-Spitzenverband.
        for value in ["X110411319", "A000500015"] {
            assert!(kvnr(value), "{value}");
        }
        for check in 0..10 {
            assert_eq!(kvnr(&format!("A12345678{check}")), check == 0, "{check}");
        }
    }

    #[test]
    fn canadian_numbers_keep_their_provinces_rule() {
        // BC Ministry of Health's example, and Ontario's.
        for value in ["9698 658 215", "9698658215", "9876-543-217", "1234-567-897"] {
            assert!(phn(value), "{value}");
        }
        for value in ["9698 658 216", "9876543217", "1234-567-898", "0000000000", "123456789"] {
            assert!(!phn(value), "{value}");
        }
    }
}
