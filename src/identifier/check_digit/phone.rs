//! Telephone numbers of countries with a country code of two digits: the ranges of their numbering
//! plans, and how they are written.

use super::{Digits, context};
use crate::span::Span;

/// A country's plan.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// Country code (ITU-T E.164).
    code: [u8; 2],
    /// Whether a 0 before the number is no part of it.
    trunk: bool,
    /// Whether a national number begins with that 0.
    trunk_needed: bool,
    /// Whether the plan holds the national (significant) number.
    holds: fn(&[u8]) -> bool,
}

pub(super) const BRAZIL: Plan =
    Plan { code: [5, 5], trunk: true, trunk_needed: false, holds: brazil };
pub(super) const GERMANY: Plan =
    Plan { code: [4, 9], trunk: true, trunk_needed: true, holds: germany };
pub(super) const SPAIN: Plan =
    Plan { code: [3, 4], trunk: false, trunk_needed: false, holds: spain };
pub(super) const FRANCE: Plan =
    Plan { code: [3, 3], trunk: true, trunk_needed: true, holds: france };
pub(super) const UNITED_KINGDOM: Plan =
    Plan { code: [4, 4], trunk: true, trunk_needed: true, holds: united_kingdom };
pub(super) const ITALY: Plan =
    Plan { code: [3, 9], trunk: false, trunk_needed: false, holds: italy };

/// Whether the candidate is a number of the plan, written as one, and not the rest of another
/// country's number.
pub(super) fn is_valid(plan: Plan, text: &str, span: Span) -> bool {
    let value = &text[span.range()];
    let (sign, value) = without_sign(value);
    let digits = Digits::of(value);
    let digits = digits.as_slice();
    let abroad = |number: &[u8]| match number.strip_prefix(&plan.code) {
        Some([0, rest @ ..]) if plan.trunk => (plan.holds)(rest),
        Some(rest) => (plan.holds)(rest),
        None => false,
    };
    let (held, skipped) = if sign {
        (abroad(digits), 2)
    } else if abroad(digits.strip_prefix(&[0, 0]).unwrap_or(digits)) {
        (stands_alone(text, span), 2)
    } else {
        (national(plan, digits) && stands_alone(text, span), 1)
    };
    held && !context::has_unit(text, span)
        && !digits.windows(2).all(|pair| pair[0] == pair[1])
        && evenly_spaced(value, skipped)
}

/// Whether a number begins with `+` (in a URL `%2B`), and what comes after it.
fn without_sign(value: &str) -> (bool, &str) {
    let rest = ["+", "(+", "%2B", "%2b"].into_iter().find_map(|sign| value.strip_prefix(sign));
    (rest.is_some(), rest.unwrap_or(value))
}

/// A number without country code.
fn national(plan: Plan, digits: &[u8]) -> bool {
    match digits {
        [0, rest @ ..] if plan.trunk => (plan.holds)(rest),
        _ if plan.trunk_needed => false,
        _ => (plan.holds)(digits),
    }
}

/// Not `+` or `+44 ` before it, not `(20) ` or `0171 ` unless it begins with 0 or a bracket
/// itself.
fn stands_alone(text: &str, span: Span) -> bool {
    let before = &text.as_bytes()[..span.start];
    let separated = before.strip_suffix(b" ").unwrap_or(before);
    let digits = separated.iter().rev().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = separated.iter().rev().nth(digits);
    let begins_anew = matches!(text.as_bytes()[span.start], b'0' | b'(');
    let group = matches!(digits, 1..=4) || (digits == 0 && sign == Some(&b')'));
    let rest_of_longer = (digits < 5 && sign == Some(&b'+')) || (group && !begins_anew);
    !rest_of_longer
}

/// Whether all separators but the first ones (after country and area code) are the same character.
/// `01.02.2024 10` is a date and an hour.
fn evenly_spaced(value: &str, skipped: usize) -> bool {
    let separator = |byte: &u8| matches!(byte, b' ' | b'.' | b'-');
    let mut rest = value.bytes().filter(separator).skip(skipped);
    let Some(first) = rest.next() else {
        return true;
    };
    rest.all(|byte| byte == first)
}

/// Area code and eight digits from 2 to 5 or 7 (trunked radio), or nine from 9; the same without
/// area code; 0800 and its like, 0303 of telemarketing.
///
/// Source: Anatel, Resolução 749/2022 and the list of Códigos Nacionais; Ato 10.413/2021 (0303).
fn brazil(number: &[u8]) -> bool {
    let subscriber = |number: &[u8]| match number {
        [2..=5 | 7, rest @ ..] => rest.len() == 7,
        [9, rest @ ..] => rest.len() == 8,
        _ => false,
    };
    match number {
        [3 | 5 | 8 | 9, 0, 0, rest @ ..] => matches!(rest.len(), 6 | 7),
        [3, 0, 3, rest @ ..] => rest.len() == 7,
        [a @ 1..=9, b @ 1..=9, rest @ ..] if rest.len() >= 8 => {
            brazilian_area(*a, *b) && subscriber(rest)
        }
        local => subscriber(local),
    }
}

fn brazilian_area(a: u8, b: u8) -> bool {
    match a {
        2 => matches!(b, 1 | 2 | 4 | 7 | 8),
        3 => !matches!(b, 6 | 9),
        5 => matches!(b, 1 | 3..=5),
        7 => matches!(b, 1 | 3..=5 | 7 | 9),
        _ => true,
    }
}

/// Mobile numbers have ten or eleven digits, service numbers seven to fourteen, places (2 to 9)
/// six to thirteen.
///
/// Source: Bundesnetzagentur, Nummernplan; ITU-T E.164 for the greatest length.
fn germany(number: &[u8]) -> bool {
    let len = number.len();
    match number {
        [1, 5, ..] => len == 11,
        [1, 6 | 7, ..] => matches!(len, 10 | 11),
        [1, 2 | 3 | 8 | 9, ..] => (7..=13).contains(&len),
        [2..=9, ..] => (6..=13).contains(&len),
        _ => false,
    }
}

/// Nine digits, the first 6 to 9; nomadic ones begin with 51, those of commercial calls with 400.
///
/// Source: Real Decreto 2296/2004, Plan Nacional de Numeración Telefónica; the draft resolution of
/// February 2026 on numbers for commercial calls (400).
fn spain(number: &[u8]) -> bool {
    number.len() == 9 && matches!(number, [6..=9, ..] | [5, 1, ..] | [4, 0, 0, ..])
}

/// Nine digits, the first not 0.
///
/// Source: Arcep, décision 2018-0881 (plan national de numérotation).
fn france(number: &[u8]) -> bool {
    number.len() == 9 && number[0] != 0
}

/// Ten digits; nine in a few places (01) and for 0500 and 0800.
///
/// Source: Ofcom, The National Telephone Numbering Plan.
fn united_kingdom(number: &[u8]) -> bool {
    match number {
        [1, 1..=9, ..] | [8, 0, 0, ..] => matches!(number.len(), 9 | 10),
        [5, 0, 0, ..] => number.len() == 9,
        [7, ..] | [2, 0 | 3 | 4 | 8 | 9, ..] | [3, 0 | 3 | 4 | 7, ..] => number.len() == 10,
        [5, 5 | 6, ..] | [8, 0 | 4 | 7, ..] | [9, 0 | 1 | 8, ..] => number.len() == 10,
        _ => false,
    }
}

/// Places begin with 0, which is part of the number, and have eight to twelve digits (short ones,
/// of six and seven, are not told from dates); mobiles begin with 3 and have nine or ten, or with
/// 43; nomadic ones with 55; toll-free and shared cost 8 and 199.
///
/// Source: AGCOM, delibera 8/15/CIR, Piano di numerazione nazionale; that 43 and twelve digits
/// occur is said by libphonenumber.
fn italy(number: &[u8]) -> bool {
    match number {
        [0, a, b, c, ..] => (8..=12).contains(&number.len()) && italian_area(*a, *b, *c),
        [3, 1..=9, ..] | [1, 9, 9, ..] | [8, 4 | 9, ..] => matches!(number.len(), 9 | 10),
        [4, 3, ..] | [5, 5, ..] => number.len() == 10,
        [8, 0, 0 | 3, ..] => number.len() == 9,
        _ => false,
    }
}

/// Whether an area code begins with these digits after the 0: Milan and Rome have one, other large
/// towns two (the second 0, 1, 5 or 9), the rest three.
///
/// Source: AGCOM, Piano di numerazione nazionale, the districts and their codes.
fn italian_area(a: u8, b: u8, c: u8) -> bool {
    match (a, b) {
        (2 | 6, _) | (_, 0 | 1 | 5 | 9) => a != 0,
        (1, 2 | 7) | (4, 6) | (5, 2) | (8, 6..=8) | (9, 2 | 3 | 8) => matches!(c, 1..=5),
        (1, 4) | (3, 2) | (4, 7) => matches!(c, 1..=4),
        (1, 3) | (4, 8) => c == 1,
        (1, 6) => matches!(c, 1 | 3 | 5 | 6),
        (1, 8) => matches!(c, 2..=5 | 7),
        (3, 3) | (7, 2) | (9, 4) => matches!(c, 1 | 2),
        (3, 4 | 8) | (9, 7) => matches!(c, 1..=6),
        (3, 6) => matches!(c, 2..=5),
        (3, 7) | (7, 3) => matches!(c, 1..=7),
        (4, 2 | 3) => c != 0,
        (4, 4) => matches!(c, 2 | 4 | 5),
        (5, 3) => matches!(c, 2..=6),
        (5, 4) => matches!(c, 1..=7 | 9),
        (5, 6) => matches!(c, 4..=6),
        (5, 7) => matches!(c, 1..=5 | 7 | 8),
        (5, 8) => matches!(c, 3..=8),
        (7, 4) => matches!(c, 2..=4 | 6),
        (7, 6) => matches!(c, 1 | 3 | 5 | 6),
        (7, 7) => matches!(c, 1 | 3..=6),
        (7, 8) => matches!(c, 1..=5 | 9),
        (8, 2) => matches!(c, 3..=5 | 7 | 8),
        (8, 3) => matches!(c, 1..=3 | 5 | 6),
        (9, 6) => matches!(c, 1..=8),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(plan: Plan, value: &str) -> bool {
        is_valid(plan, value, Span::new(0, value.len()))
    }

    #[test]
    fn numbers_of_the_plan_pass() {
        for (plan, value) in [
            (BRAZIL, "+55 11 91234-5678"),
            (BRAZIL, "(21) 2345-6789"),
            (BRAZIL, "91234-5678"),
            (BRAZIL, "0800 123 4567"),
            (BRAZIL, "0303 123 4567"),
            (GERMANY, "+49 30 901820"),
            (GERMANY, "+49 (0)171 2345678"),
            (GERMANY, "0049 171 2345678"),
            (GERMANY, "0151 23456789"),
            (SPAIN, "+34 612 345 678"),
            (SPAIN, "912 345 678"),
            (SPAIN, "(+34) 612 345 678"),
            (SPAIN, "34612345678"),
            (FRANCE, "+33 1 23 45 67 89"),
            (FRANCE, "06.12.34.56.78"),
            (FRANCE, "+33 (0)1 23 45 67 89"),
            (UNITED_KINGDOM, "+44 20 7946 0958"),
            (UNITED_KINGDOM, "07700 900123"),
            (UNITED_KINGDOM, "0800 123456"),
            (ITALY, "+39 06 6982 0001"),
            (ITALY, "347 123 4567"),
            (ITALY, "+39 (0)2 1234567"),
            (ITALY, "0831 123456"),
            (ITALY, "%2B390669820001"),
            (ITALY, "800 123 456"),
        ] {
            assert!(valid(plan, value), "{value}");
        }
    }

    #[test]
    fn numbers_outside_the_plan_fail() {
        for (plan, value) in [
            (BRAZIL, "(20) 2345-6789"),
            (BRAZIL, "(21) 1345-6789"),
            (BRAZIL, "(21) 8234-5678"),
            (GERMANY, "0151 2345678"),
            (GERMANY, "0115 2345678"),
            (GERMANY, "171 2345678"),
            (SPAIN, "522 345 678"),
            (SPAIN, "412 345 678"),
            (SPAIN, "999999999"),
            (FRANCE, "00 12 34 56 78"),
            (FRANCE, "01.02.2024 10"),
            (UNITED_KINGDOM, "06700 900123"),
            (UNITED_KINGDOM, "7946 0958"),
            (ITALY, "00 6982 0001"),
            (ITALY, "0126 123456"),
            (ITALY, "0369 123456"),
            (ITALY, "+33 06 6982 0001"),
        ] {
            assert!(!valid(plan, value), "{value}");
        }
    }

    /// The districts of the plan whose code has three digits after the 0.
    const DISTRICTS: &str = "121 122 123 124 125 131 141 142 143 144 161 163 165 166 171 172 173 \
        174 175 182 183 184 185 187 321 322 323 324 331 332 341 342 343 344 345 346 362 363 364 \
        365 371 372 373 374 375 376 377 381 382 383 384 385 386 421 422 423 424 425 426 427 428 \
        429 431 432 433 434 435 436 437 438 439 442 444 445 461 462 463 464 465 471 472 473 474 \
        481 521 522 523 524 525 532 533 534 535 536 541 542 543 544 545 546 547 549 564 565 566 \
        571 572 573 574 575 577 578 583 584 585 586 587 588 721 722 731 732 733 734 735 736 737 \
        742 743 744 746 761 763 765 766 771 773 774 775 776 781 782 783 784 785 789 823 824 825 \
        827 828 831 832 833 835 836 861 862 863 864 865 871 872 873 874 875 881 882 883 884 885 \
        921 922 923 924 925 931 932 933 934 935 941 942 961 962 963 964 965 966 967 968 971 972 \
        973 974 975 976 981 982 983 984 985";

    #[test]
    fn italian_districts_are_those_of_the_plan() {
        let held: Vec<u32> = (100..1000u32)
            .filter(|code| {
                let [a, b, c] = [code / 100, code / 10 % 10, code % 10].map(|digit| digit as u8);
                !matches!(a, 2 | 6) && !matches!(b, 0 | 1 | 5 | 9) && italian_area(a, b, c)
            })
            .collect();
        let plan: Vec<u32> = DISTRICTS.split_whitespace().map(|d| d.parse().unwrap()).collect();
        assert_eq!(held, plan);
    }

    #[test]
    fn the_rest_of_a_number_of_another_country_is_none() {
        for text in ["+44 612345678", "+612345678", "0171 612345678"] {
            let span = Span::new(text.len() - 9, text.len());
            assert!(!is_valid(SPAIN, text, span), "{text}");
        }
        for text in ["call 612345678", "655208147 612345678", "1: 612345678"] {
            let span = Span::new(text.len() - 9, text.len());
            assert!(is_valid(SPAIN, text, span), "{text}");
        }
    }
}
