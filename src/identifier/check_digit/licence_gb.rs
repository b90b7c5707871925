//! Driver numbers of Great Britain.

use super::Digits;
use super::calendar::is_date_of_some_century;

/// Five characters of the surname, then the date of birth: decade, month (50 more for women), day,
/// year. What follows has a shape only: the check letters' rule is not published.
///
/// Source: DVLA, INF45 and the driver number format of the Criminal Justice data standards.
pub(super) fn driver_number(value: &str) -> bool {
    let Some(rest) = value.get(5..) else {
        return false;
    };
    let digits = Digits::of(rest);
    if digits.as_slice().len() < 6 {
        return false;
    }
    let (decade, year) = (digits.number(0, 1), digits.number(5, 6));
    let month = match digits.number(1, 3) {
        woman @ 51..=62 => woman - 50,
        man => man,
    };
    is_date_of_some_century(decade * 10 + year, month, digits.number(3, 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specimen_passes_and_impossible_dates_fail() {
        for value in
            ["MORGA657054SM9IJ", "MORGA 657054 SM9IJ 35", "JONES710238HA2XX", "FOX99802294AB9CD"]
        {
            assert!(driver_number(value), "{value}");
        }
        for value in
            ["MORGA613054SM9IJ", "MORGA663054SM9IJ", "MORGA657324SM9IJ", "FOX99802297AB9CD", "FO"]
        {
            assert!(!driver_number(value), "{value}");
        }
    }
}
