//! IBAN (ISO 13616, check digits by ISO/IEC 7064 mod 97-10).

/// Moves the first four characters to the end, reads A as 10 to Z as 35, mod 97 is 1.
pub(super) fn is_valid(value: &str) -> bool {
    let characters = || value.bytes().filter(u8::is_ascii_alphanumeric);
    let moved = characters().skip(4).chain(characters().take(4));
    let remainder = moved.fold(0u32, |n, byte| match byte {
        b'0'..=b'9' => (n * 10 + u32::from(byte - b'0')) % 97,
        _ => (n * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_examples_pass_and_one_digit_off_fails() {
        // The examples of the SWIFT IBAN registry.
        for iban in [
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "FR14 2004 1010 0505 0001 3M02 606",
        ] {
            assert!(is_valid(iban), "{iban}");
        }
        assert!(!is_valid("DE89370400440532013001"));
        assert!(!is_valid("GB29NWBK60161331926891"));
    }
}
