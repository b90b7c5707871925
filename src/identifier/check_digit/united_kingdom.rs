//! Tax references of the United Kingdom.

use super::Digits;

/// Unique taxpayer reference: ten digits, the first checks the others. Weights 6, 7, 8, 9, 10, 5,
/// 4, 3, 2 over digits 2 to 10, mod 11.
///
/// Source: European Commission, TIN algorithms, United Kingdom (2015).
pub(super) fn taxpayer_reference(digits: &Digits) -> bool {
    const CHECKS: [u8; 11] = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let [check, number @ ..] = digits.as_slice() else {
        return false;
    };
    let weights = [6, 7, 8, 9, 10, 5, 4, 3, 2];
    let sum: usize = number.iter().zip(weights).map(|(d, weight)| usize::from(*d) * weight).sum();
    number.len() == 9 && number.iter().any(|digit| *digit != 0) && CHECKS[sum % 11] == *check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_with_their_first_digit_pass() {
        for (value, passes) in [
            // The example of python-stdnum; the next one is common in descriptions of the rule.
            ("19558 39661", true),
            ("2234567890", true),
            ("1955839661K", true),
            ("2955839661", false),
            ("2000000000", false),
            ("195583966", false),
        ] {
            assert_eq!(taxpayer_reference(&Digits::of(value)), passes, "{value}");
        }
    }
}
