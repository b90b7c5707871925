//! German driving licences.

/// Eleven characters; the tenth is the sum of the first nine (A is 10, Z is 35), weighted 9 to 1,
/// mod 11, with X for 10. The last one counts the copies.
///
/// Source: Fahrerlaubnis-Verordnung, Anlage 8; the specimen licence B072RRE2I55.
pub(super) fn driving_licence(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() != 11 {
        return false;
    }
    let mut sum = 0;
    for (byte, weight) in bytes.iter().zip((1..=9).rev()) {
        let Some(number) = char::from(*byte).to_digit(36) else {
            return false;
        };
        sum += number * weight;
    }
    match sum % 11 {
        10 => bytes[9].eq_ignore_ascii_case(&b'X'),
        digit => char::from(bytes[9]).to_digit(10) == Some(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specimen_passes_and_no_other_check_digit_does() {
        for check in "0123456789X".chars() {
            assert_eq!(driving_licence(&format!("B072RRE2I{check}5")), check == '5', "{check}");
        }
        assert!(driving_licence("b072rre2i51"));
        assert!(!driving_licence("B072RRE2I5"));
        assert!(!driving_licence("B072RRE-I55"));
    }
}
