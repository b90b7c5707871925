//! Registers of Brazil: CPF, CNPJ and the identity card RG. Weighted sums mod 11.

use super::{Code, Digits};

/// CPF of a person: eleven digits, the last two by weights 10 to 2 and 11 to 2.
///
/// Source: Receita Federal, the CPF number. Numbers of one repeated digit are never issued.
pub(super) fn cpf(digits: &Digits) -> bool {
    let digits = digits.as_slice();
    digits.len() == 11
        && !all_equal(digits)
        && check_digit(&digits[..9], 10) == digits[9]
        && check_digit(&digits[..10], 11) == digits[10]
}

/// CNPJ of a company: twelve digits or letters and two check digits. Weights 2 to 9 from the
/// right, again and again; a letter counts as its ASCII code less 48.
///
/// Source: Receita Federal, Instrução Normativa RFB 2.229/2024 (alphanumeric from July 2026).
pub(super) fn cnpj(code: &Code) -> bool {
    let bytes = code.as_slice();
    if bytes.len() != 14 || all_equal(bytes) {
        return false;
    }
    let mut values = [0; 14];
    for (value, byte) in values.iter_mut().zip(bytes) {
        *value = byte - b'0';
    }
    check_digit(&values[..12], 9) == values[12] && check_digit(&values[..13], 9) == values[13]
}

/// Weights from 2 at the right to `top`, then from 2 again; 11 less the rest, 0 above 9.
fn check_digit(values: &[u8], top: u32) -> u8 {
    let weights = (2..=top).cycle();
    let sum: u32 = values.iter().rev().zip(weights).map(|(v, weight)| u32::from(*v) * weight).sum();
    match 11 - sum % 11 {
        10.. => 0,
        digit => u8::try_from(digit).expect("below 10"),
    }
}

/// RG as São Paulo and its like write it: eight digits by weights 2 to 9 from the left, and a
/// check character, X for 10.
///
/// Source: Secretaria da Segurança Pública of São Paulo, Instituto de Identificação.
pub(super) fn rg(code: &Code) -> bool {
    let [number @ .., check] = code.as_slice() else {
        return false;
    };
    if number.len() != 8 || all_equal(number) {
        return false;
    }
    let weighted = |(byte, weight): (&u8, u32)| u32::from(byte.wrapping_sub(b'0')) * weight;
    let sum: u32 = number.iter().zip(2..).map(weighted).sum();
    let expected = match 11 - sum % 11 {
        11 => b'0',
        10 => b'X',
        digit => b'0' + u8::try_from(digit).expect("below 10"),
    };
    expected == *check
}

fn all_equal(values: &[u8]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_pass_and_other_check_digits_fail() {
        for (value, passes) in [
            // The example of python-stdnum; the next ones are common in descriptions of the rule.
            ("390.533.447-05", true),
            ("529.982.247-25", true),
            ("11144477735", true),
            ("529.982.247-26", false),
            ("529.982.274-25", false),
            ("111.111.111-11", false),
            ("1114447773", false),
        ] {
            assert_eq!(cpf(&Digits::of(value)), passes, "{value}");
        }
        for (value, passes) in [
            // The examples of python-stdnum and of the common descriptions of the rule.
            ("16.727.230/0001-97", true),
            ("11.222.333/0001-81", true),
            // The example of the Receita Federal for the alphanumeric form.
            ("12.ABC.345/01DE-35", true),
            ("12.abc.345/01de-35", true),
            ("12.ABC.345/01DE-53", false),
            ("12.ABD.345/01DE-35", false),
            ("11.222.333/0001-82", false),
            ("00000000000000", false),
        ] {
            assert_eq!(cnpj(&Code::of(value)), passes, "{value}");
        }
    }

    #[test]
    fn identity_cards_of_sao_paulo() {
        for (value, passes) in [
            ("24.678.131-2", true),
            ("24.678.131-3", false),
            // 4 * 2 + 9 * 6 + 5 * 7 + 2 * 9 is 115, 115 mod 11 is 5.
            ("40.009.502-6", true),
            ("10.000.002-2", true),
            ("10.000.001-0", true),
            ("40.000.200-X", false),
            ("24.678.131", false),
        ] {
            assert_eq!(rg(&Code::of(value)), passes, "{value}");
        }
    }
}
