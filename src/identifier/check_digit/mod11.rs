//! Weighted sums mod 11.

use super::Digits;

/// NHS number of England, Wales and the Isle of Man: weights 10 to 2 over nine digits,
/// 11 - (sum mod 11), where 11 is 0 and 10 is never issued.
///
/// Source: NHS Data Model and Dictionary, NHS NUMBER.
pub(super) fn nhs(digits: &Digits) -> bool {
    let [first @ .., check] = digits.as_slice() else {
        return false;
    };
    if first.len() != 9 {
        return false;
    }
    let sum: u32 = first.iter().zip((2..=10).rev()).map(|(d, weight)| u32::from(*d) * weight).sum();
    (11 - sum % 11) % 11 == u32::from(*check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_no_other_check_digit_does() {
        // The example of the NHS Data Model and Dictionary, and one that validators share.
        for check in 0..10 {
            let digits = Digits::of(&format!("943 476 591{check}"));
            assert_eq!(nhs(&digits), check == 9, "{check}");
            let digits = Digits::of(&format!("401 023 213{check}"));
            assert_eq!(nhs(&digits), check == 7, "{check}");
        }
        // 11 - remainder is 10: no check digit is valid.
        for check in 0..10 {
            assert!(!nhs(&Digits::of(&format!("000000006{check}"))), "{check}");
        }
    }
}
