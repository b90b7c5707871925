//! The Luhn formula (ISO/IEC 7812-1, annex B) and payment cards.

use super::Digits;

/// Doubles every second digit from the right, sums the digits, mod 10 is 0.
pub(super) fn is_valid(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => u32::from(*digit),
            (_, doubled) if doubled > 9 => u32::from(doubled - 9),
            (_, doubled) => u32::from(doubled),
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Luhn, the prefix and length of an issuer, and not a published test number.
pub(super) fn credit_card(digits: &Digits) -> bool {
    let number = digits.as_slice();
    if !(13..=19).contains(&number.len()) || !issued(digits) || !is_valid(number) {
        return false;
    }
    let whole = digits.number(0, number.len());
    TEST_NUMBERS.binary_search(&whole).is_err()
}

/// Whether an issuer that AWS names gives out numbers of this prefix and length: American Express,
/// Dankort, Diners Club, Discover, Electron, JCB, Mastercard, UnionPay, Visa.
///
/// Source: the public ranges of ISO/IEC 7812 issuer identification numbers.
fn issued(digits: &Digits) -> bool {
    let len = digits.as_slice().len();
    let six = digits.number(0, 6);
    let (two, three, four) = (six / 10_000, six / 1000, six / 100);
    match two {
        // Visa, and with it Electron and the co-branded Dankort 4571.
        40..=49 => matches!(len, 13 | 16 | 19),
        51..=55 => len == 16,
        34 | 37 => len == 15,
        22..=27 => (2221..=2720).contains(&four) && len == 16,
        36 | 38 | 39 => (14..=19).contains(&len),
        30 => (matches!(three, 300..=305) || four == 3095) && (14..=19).contains(&len),
        35 => (3528..=3589).contains(&four) && (16..=19).contains(&len),
        // Discover and UnionPay share 62; UnionPay's numbers have 16 to 19 digits, as Discover's.
        60 => four == 6011 && (16..=19).contains(&len),
        62 | 81 | 65 => (16..=19).contains(&len),
        64 => (644..=649).contains(&three) && (16..=19).contains(&len),
        50 => four == 5019 && len == 16,
        _ => false,
    }
}

/// Never reported, in ascending order.
///
/// Source: CloudWatch Logs User Guide, Financial information (55 numbers; the one of eleven digits
/// is left out, as no card has so few).
const TEST_NUMBERS: [u64; 54] = [
    4222222222222,
    4911830000000,
    30569309025904,
    34343434343434,
    36148900647913,
    36700102000000,
    38520000023237,
    122000000000003,
    371449635398431,
    378282246310005,
    378734493671000,
    2222405343248877,
    2222990905257051,
    2223007648726984,
    2223577120017656,
    3528000700000000,
    3530111333300000,
    3566002020360505,
    4012888888881881,
    4111111111111111,
    4444333322221111,
    4462030000000000,
    4484070000000000,
    4917300800000000,
    4917610000000000,
    5019717010103742,
    5105105105105100,
    5111010030175156,
    5185540810000019,
    5200828282828210,
    5204230080000017,
    5204740009900014,
    5420923878724339,
    5454545454545454,
    5455330760000018,
    5506900490000436,
    5506900490000444,
    5506900510000234,
    5506920809243667,
    5506922400634930,
    5506927427317625,
    5553042241984105,
    5555553753048194,
    5555555555554444,
    5610591081018250,
    6011000400000000,
    6011000990139424,
    6011111111111117,
    6331101999990016,
    6759649826438453,
    630490017740292441,
    630495060000000000,
    4917610000000000003,
    6799990100000000019,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_one_digit_off_fails() {
        // ISO/IEC 7812-1's own example, and Wikipedia's.
        for text in ["17893729974", "49927398716"] {
            let digits = Digits::of(text);
            assert!(is_valid(digits.as_slice()), "{text}");
            for place in 0..text.len() {
                let mut wrong = digits.as_slice().to_vec();
                wrong[place] = (wrong[place] + 1) % 10;
                assert!(!is_valid(&wrong), "{text} with digit {place} changed");
            }
        }
    }

    #[test]
    fn test_numbers_are_sorted_and_satisfy_luhn() {
        assert!(TEST_NUMBERS.is_sorted());
        for number in TEST_NUMBERS {
            let digits = Digits::of(&number.to_string());
            assert!(is_valid(digits.as_slice()), "{number}");
            assert!(!credit_card(&digits), "{number}");
        }
    }
}
