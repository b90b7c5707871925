//! Vehicle identification numbers.

const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// Ends in four digits (ISO 3779); numbers of North American makers (first character 1 to 5) have
/// the check digit of 49 CFR 565.15 in position 9.
// Choice: elsewhere position 9 is free, so it is not looked at.
pub(super) fn is_valid(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() != 17 || !bytes[13..].iter().all(u8::is_ascii_digit) {
        return false;
    }
    !matches!(bytes[0], b'1'..=b'5') || check_digit(bytes) == Some(bytes[8].to_ascii_uppercase())
}

/// The character that position 9 should hold; `None` when a letter is not allowed.
fn check_digit(bytes: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in bytes.iter().zip(WEIGHTS) {
        let value = match byte.to_ascii_uppercase() {
            digit @ b'0'..=b'9' => digit - b'0',
            letter @ b'A'..=b'H' => letter - b'A' + 1,
            letter @ b'J'..=b'R' if letter != b'O' && letter != b'Q' => letter - b'J' + 1,
            letter @ b'S'..=b'Z' => letter - b'S' + 2,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(match sum % 11 {
        10 => b'X',
        digit => b'0' + u8::try_from(digit).expect("below 10"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_other_check_digits_fail() {
        for value in ["1M8GDM9AXKP042788", "1HGCM82633A004352", "WDB69WG0FRM566684"] {
            assert!(is_valid(value), "{value}");
        }
        for value in ["1M8GDM9A1KP042788", "1M8GDM9AXKP04278A", "WDB69WG0FRM56668"] {
            assert!(!is_valid(value), "{value}");
        }
        // All ones: the sum of the weights is 89, 89 mod 11 is 1.
        assert!(is_valid("11111111111111111"));
    }
}
