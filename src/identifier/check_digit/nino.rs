//! National Insurance numbers of the United Kingdom.

/// The prefix is none of those that are never issued. The pattern has seen to the letters.
///
/// Source: HMRC, National Insurance Manual, NIM39110.
pub(super) fn is_issued(value: &str) -> bool {
    const NEVER: [&str; 7] = ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"];
    value.get(..2).is_some_and(|prefix| !NEVER.iter().any(|n| n.eq_ignore_ascii_case(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_that_are_never_issued_fail() {
        for value in ["AB123456C", "jg123456c", "PX 10 20 30 B", "NA123456A"] {
            assert!(is_issued(value), "{value}");
        }
        for value in ["BG123456A", "gb123456A", "KN1", "NK1", "NT1", "TN1", "ZZ1", "Z"] {
            assert!(!is_issued(value), "{value}");
        }
    }
}
