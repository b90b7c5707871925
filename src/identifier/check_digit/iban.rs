//! IBAN (ISO 13616, check digits by ISO/IEC 7064 mod 97-10).

use super::iso7064;

/// Moves the first four characters to the end: mod 97 is 1. The check digits are 98 less a rest, so
/// 00, 01 and 99 are none, though mod 97 takes them for 97, 98 and 02.
pub(super) fn is_valid(value: &str) -> bool {
    let characters = || value.bytes().filter(u8::is_ascii_alphanumeric);
    let moved = characters().skip(4).chain(characters().take(4));
    let (tens, ones) = (characters().nth(2), characters().nth(3));
    let computed =
        !matches!((tens, ones), (Some(b'0'), Some(b'0' | b'1')) | (Some(b'9'), Some(b'9')));
    computed && iso7064::mod_97(moved) == 1
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
            "IT60 X054 2811 1010 0000 0123 456",
            "ES91 2100 0418 4502 0005 1332",
        ] {
            assert!(is_valid(iban), "{iban}");
        }
        assert!(!is_valid("DE89370400440532013001"));
        assert!(!is_valid("GB29NWBK60161331926891"));
        // Congruent to 97, 98 and 02, the check digits of these accounts.
        for iban in ["DE00370400440000000060", "DE01370400440000000042", "DE99370400440000000024"] {
            assert!(!is_valid(iban), "{iban}");
        }
    }
}
