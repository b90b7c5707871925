//! Check digits of ISO/IEC 7064: the systems that the catalogue's numbers use.

/// The rest of a pure system mod 97-10: letters count as two digits, A as 10 to Z as 35. A value
/// with its two check digits leaves 1.
pub(super) fn mod_97(characters: impl Iterator<Item = u8>) -> u32 {
    characters.fold(0, |n, byte| match byte {
        b'0'..=b'9' => (n * 10 + u32::from(byte - b'0')) % 97,
        _ => (n * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    })
}

/// The check digit of the hybrid system mod 11,10.
pub(super) fn mod_11_10(number: &[u8]) -> u8 {
    let product = number.iter().fold(10, |product, digit| match (digit + product) % 10 {
        0 => 20 % 11,
        sum => sum * 2 % 11,
    });
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_keep_their_digits() {
        // ISO/IEC 7064's own example, 0794: 44 in mod 97-10, 5 in mod 11,10. ISO 11649's, RF18 5390
        // 0754 7034, with its first four characters last.
        for (number, rest) in [("079444", 1), ("539007547034RF18", 1), ("539007547043RF18", 50)] {
            assert_eq!(mod_97(number.bytes()), rest, "{number}");
        }
        assert_eq!(mod_11_10(&[0, 7, 9, 4]), 5);
        assert_ne!(mod_11_10(&[0, 7, 4, 9]), 5);
    }
}
