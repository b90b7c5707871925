//! Numbers of the United States without a check digit: ranges that are issued.

use super::Digits;

/// Area not 000, 666 or 900 to 999; group not 00; serial not 0000.
///
/// Source: Social Security Administration, SSN randomization (2011).
// Choice: numbers once printed in advertisements (078-05-1120 and others) are reported.
pub(super) fn ssn(digits: &Digits) -> bool {
    if digits.as_slice().len() != 9 {
        return false;
    }
    let (area, group, serial) = (digits.number(0, 3), digits.number(3, 5), digits.number(5, 9));
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0
}

/// Ten digits, or eleven with country code 1; area code and exchange begin with 2 to 9, and the
/// area code is not a service code (N11).
///
/// Source: North American Numbering Plan Administrator, about the NANP.
// Choice: exchanges N11 count, as toll-free numbers have them.
pub(super) fn phone(digits: &Digits) -> bool {
    let national = match digits.as_slice() {
        [1, national @ ..] if national.len() == 10 => national,
        national if national.len() == 10 => national,
        _ => return false,
    };
    national[0] >= 2 && national[1..3] != [1, 1] && national[3] >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_are_not_issued_fail() {
        let cases = [
            ("536-22-8145", true),
            ("899-99-9999", true),
            ("001-01-0001", true),
            ("000-22-8145", false),
            ("666-22-8145", false),
            ("900-22-8145", false),
            ("536-00-8145", false),
            ("536-22-0000", false),
            ("536-22-814", false),
        ];
        for (value, passes) in cases {
            assert_eq!(ssn(&Digits::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn service_codes_are_no_area_codes() {
        let cases = [
            ("206-555-0100", true),
            ("1 206 555 0100", true),
            ("911-555-0100", false),
            ("206-411-0100", true),
            ("106-555-0100", false),
            ("206-155-0100", false),
            ("2 206 555 0100", false),
        ];
        for (value, passes) in cases {
            assert_eq!(phone(&Digits::of(value)), passes, "{value}");
        }
    }
}
