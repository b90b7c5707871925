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

/// Individual taxpayer identification number: 9, and a group that is issued.
///
/// Source: Internal Revenue Service, Internal Revenue Manual 3.21.263 (groups 50 to 65, 70 to 88,
/// 90 to 92, 94 to 99).
pub(super) fn itin(digits: &Digits) -> bool {
    digits.as_slice().len() == 9
        && digits.as_slice()[0] == 9
        && matches!(digits.number(3, 5), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// ZIP code, with or without its four more digits: 00501 to 99950.
///
/// Source: United States Postal Service, the first and the last ZIP code.
pub(super) fn zip(digits: &Digits) -> bool {
    matches!(digits.as_slice().len(), 5 | 9) && (501..=99950).contains(&digits.number(0, 5))
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
    fn tax_groups_and_zip_codes_that_are_not_issued_fail() {
        for (value, passes) in [
            ("912-90-3456", true),
            ("900700000", true),
            ("912-89-3456", false),
            ("912-93-3456", false),
            ("912-49-3456", false),
            ("812-90-3456", false),
        ] {
            assert_eq!(itin(&Digits::of(value)), passes, "{value}");
        }
        for (value, passes) in [
            ("98109", true),
            ("20500-0003", true),
            ("00501", true),
            ("00500", false),
            ("99951", false),
        ] {
            assert_eq!(zip(&Digits::of(value)), passes, "{value}");
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
