//! Check digits of machine-readable travel documents.

/// Weights 7, 3, 1 over the characters (A is 10, Z is 35, `<` is 0), mod 10. `None` for a character
/// that no such zone holds.
///
/// Source: ICAO Doc 9303, part 3, section 4.9.
pub(super) fn check_digit(characters: &[u8]) -> Option<u32> {
    let mut sum = 0;
    for (character, weight) in characters.iter().zip([7, 3, 1].into_iter().cycle()) {
        let number = match character {
            b'<' => 0,
            _ => char::from(*character).to_digit(36)?,
        };
        sum += number * weight;
    }
    Some(sum % 10)
}

/// A passport number of nine characters, alone, or followed by its check digit as the
/// machine-readable zone and German cards print it, and then perhaps a letter for the country.
pub(super) fn passport(value: &str) -> bool {
    let Some((number, rest)) = value.as_bytes().split_at_checked(9) else {
        return false;
    };
    let Some(check) = rest.first() else {
        return true;
    };
    check_digit(number) == char::from(*check).to_digit(10)
}

/// The second line of a passport's machine-readable zone (TD3, 44 characters): document number,
/// date of birth, date of expiry, personal number and the line as a whole each have their digit;
/// that of an empty personal number may be a filler.
///
/// Source: ICAO Doc 9303, part 4, section 4.2.2.
pub(super) fn machine_readable_line(value: &str) -> bool {
    let line = value.as_bytes();
    if line.len() != 44 {
        return false;
    }
    let whole = [&line[..10], &line[13..20], &line[21..43]].concat();
    [(&line[..9], line[9]), (&line[13..19], line[19]), (&line[21..27], line[27])]
        .into_iter()
        .chain([(whole.as_slice(), line[43])])
        .chain((line[28..43] != [b'<'; 15]).then_some((&line[28..42], line[42])))
        .all(|(field, check)| check_digit(field) == char::from(check).to_digit(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_doc_9303_hold() {
        // Dates and document numbers of Doc 9303, part 3, section 4.9 and appendix A to part 4.
        for (field, digit) in [
            ("520727", 3),
            ("AB2134<<<", 5),
            ("L898902C3", 6),
            ("740812", 2),
            ("ZE184226B<<<<<", 1),
        ] {
            assert_eq!(check_digit(field.as_bytes()), Some(digit), "{field}");
        }
        assert_eq!(check_digit(b"AB 2134"), None);
    }

    #[test]
    fn a_passport_number_stands_alone_or_with_its_digit() {
        // The specimen of the German passport, with and without its digit and country.
        for value in ["C01X00T47", "C01X0006H1", "C01X00T478", "C01X00T478D", "c01x00t478d"] {
            assert!(passport(value), "{value}");
        }
        for value in ["C01X0006H2", "C01X00T479D", "C01X00T4"] {
            assert!(!passport(value), "{value}");
        }
    }

    #[test]
    fn the_specimen_of_doc_9303_passes_and_one_change_fails() {
        let specimen = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
        assert!(machine_readable_line(specimen));
        for place in [0, 9, 13, 19, 21, 27, 30, 43] {
            let mut wrong = specimen.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'7' { b'8' } else { b'7' };
            assert!(!machine_readable_line(&String::from_utf8_lossy(&wrong)), "place {place}");
        }
        assert!(!machine_readable_line(&specimen[1..]));
    }

    #[test]
    fn an_empty_personal_number_has_a_zero_or_no_digit() {
        for (end, passes) in [
            ("<<<<<<<<<<<<<<<8", true),
            ("<<<<<<<<<<<<<<08", true),
            ("<<<<<<<<<<<<<<31", false),
            ("ZE184226B<<<<<76", false),
            ("ZE184226B<<<<<<9", false),
        ] {
            let line = format!("L898902C36UTO7408122F1204159{end}");
            assert_eq!(machine_readable_line(&line), passes, "{line}");
        }
    }
}
