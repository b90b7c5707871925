//! Dates inside numbers.

/// Whether the Gregorian calendar has that day.
pub(super) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether a year that ends in these two digits has that day: 29 February asks for a leap year,
/// which `00` may be.
pub(super) fn is_date_of_some_century(year_in_century: u64, month: u64, day: u64) -> bool {
    is_date(2000 + year_in_century, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_gregorian() {
        for (year, month, day) in [(2024, 2, 29), (2000, 2, 29), (1999, 12, 31), (2026, 4, 30)] {
            assert!(is_date(year, month, day), "{year}-{month}-{day}");
        }
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0)]
        {
            assert!(!is_date(year, month, day), "{year}-{month}-{day}");
        }
        assert!(is_date_of_some_century(0, 2, 29));
        assert!(!is_date_of_some_century(57, 2, 29));
    }
}
