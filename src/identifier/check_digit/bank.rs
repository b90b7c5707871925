//! Bank accounts in their national forms: check digits of Spain, France, Italy and the United
//! States.

use super::Digits;

/// Spanish CCC: 20 digits; two control digits over bank with branch and over the account.
///
/// Source: Banco de España; Consejo Superior Bancario, Código Cuenta Cliente.
pub(super) fn ccc(digits: &Digits) -> bool {
    let digits = digits.as_slice();
    if digits.len() != 20 || digits[..4] == [0; 4] {
        return false;
    }
    ccc_digit(&digits[..8]) == digits[8] && ccc_digit(&digits[10..]) == digits[9]
}

/// Weights 2^n mod 11 from the right of ten places; 11 - (sum mod 11), where 10 is 1 and 11 is 0.
fn ccc_digit(digits: &[u8]) -> u8 {
    const WEIGHTS: [u8; 10] = [6, 3, 7, 9, 10, 5, 8, 4, 2, 1];
    let products = digits.iter().rev().zip(WEIGHTS).map(|(d, w)| u32::from(*d) * u32::from(w));
    match 11 - products.sum::<u32>() % 11 {
        11 => 0,
        10 => 1,
        digit => u8::try_from(digit).expect("below 10"),
    }
}

/// French RIB: bank 5, branch 5, account 11 characters, key 2, which is 97 less a rest (01 to 97):
/// the number is divisible by 97 when A to I, J to R and S to Z stand for 1 to 9, 1 to 9 and 2 to
/// 9.
///
/// Source: Comité français d'organisation et de normalisation bancaires, relevé d'identité
/// bancaire.
pub(super) fn rib(value: &str) -> bool {
    let characters = || value.bytes().filter(u8::is_ascii_alphanumeric);
    let key = characters().skip(21).fold(0, |n, byte| n * 10 + rib_digit(byte));
    let remainder = characters().fold(0, |n, byte| (n * 10 + rib_digit(byte)) % 97);
    characters().count() == 23 && (1..=97).contains(&key) && remainder == 0
}

fn rib_digit(byte: u8) -> u32 {
    u32::from(match byte.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => digit - b'0',
        letter @ b'A'..=b'I' => letter - b'A' + 1,
        letter @ b'J'..=b'R' => letter - b'J' + 1,
        letter => letter - b'S' + 2,
    })
}

/// Italian BBAN: check letter (CIN), ABI 5, CAB 5, account 12 characters. Characters in odd places
/// count by a table, those in even places by their rank; the sum mod 26 is the letter.
///
/// Source: Associazione Bancaria Italiana, coordinate bancarie; the table is that of the codice
/// fiscale (D.M. 23/12/1976).
pub(super) fn cin(value: &str) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let mut characters = value.bytes().filter(u8::is_ascii_alphanumeric);
    let Some(letter) = characters.next() else { return false };
    let (mut sum, mut count) = (0, 0);
    for byte in characters {
        let rank = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => byte.to_ascii_uppercase() - b'A',
        };
        sum += if count % 2 == 0 { ODD[usize::from(rank)] } else { u32::from(rank) };
        count += 1;
    }
    count == 22 && sum % 26 + u32::from(b'A') == u32::from(letter.to_ascii_uppercase())
}

/// American routing number, the first nine digits: weights 3, 7, 1, the sum is divisible by 10,
/// and the first two digits name a Federal Reserve district, a thrift, an electronic identifier
/// or the government.
///
/// Source: American Bankers Association, routing number policy.
pub(super) fn aba(digits: &Digits) -> bool {
    if digits.as_slice().len() < 9 {
        return false;
    }
    let routing = &digits.as_slice()[..9];
    let district = matches!(digits.number(0, 2), 0..=12 | 21..=32 | 61..=72 | 80);
    let weights = [3, 7, 1].into_iter().cycle();
    let sum: u32 = routing.iter().zip(weights).map(|(digit, w)| u32::from(*digit) * w).sum();
    district && sum != 0 && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spanish_accounts_carry_two_control_digits() {
        // The SWIFT IBAN registry's example, and one of Banco de España's manuals.
        for value in ["2100 0418 45 0200051332", "1234-1234-16-1234567890"] {
            assert!(ccc(&Digits::of(value)), "{value}");
        }
        for value in ["2100 0418 46 0200051332", "2100 0418 55 0200051332", "00000000000000000000"]
        {
            assert!(!ccc(&Digits::of(value)), "{value}");
        }
    }

    #[test]
    fn french_accounts_carry_a_key() {
        // The account of FR76 3000 6000 0112 3456 7890 189, the specimen that French banks print,
        // and the SWIFT IBAN registry's example.
        assert!(rib("30006 00001 12345678901 89"));
        assert!(rib("20041 01005 0500013M026 06"));
        assert!(rib("20041010050500013m02606"));
        // The last three have 00, 98 and 99 for 97, 01 and 02.
        for value in [
            "20041 01005 0500013M026 07",
            "20041 01005 0500013N026 06",
            "2004101005",
            "20041 01005 0500013M028 00",
            "20041 01005 0500013M060 98",
            "20041 01005 0500013M092 99",
        ] {
            assert!(!rib(value), "{value}");
        }
    }

    #[test]
    fn italian_accounts_begin_with_a_check_letter() {
        // The SWIFT IBAN registry's example.
        assert!(cin("X0542811101000000123456"));
        assert!(cin("x 05428 11101 000000123456"));
        for value in ["Y0542811101000000123456", "X0542811101000000123457", "X05428"] {
            assert!(!cin(value), "{value}");
        }
    }

    #[test]
    fn american_routing_numbers_carry_a_check_digit() {
        // Routing numbers of banks in New York and Texas and of the Federal Reserve Bank of Boston,
        // as the Federal Reserve lists them.
        for value in ["021000021", "111000025", "011000015", "021000021 12345"] {
            assert!(aba(&Digits::of(value)), "{value}");
        }
        for value in ["021000022", "501000020", "000000000", "02100002"] {
            assert!(!aba(&Digits::of(value)), "{value}");
        }
    }
}
