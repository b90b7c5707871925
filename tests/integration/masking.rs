//! Masking as embedders see it.

use logveil::{LineState, Scratch, Span};

use crate::support;

#[test]
fn characters_are_kept_and_masking_twice_changes_nothing() {
    let masker = support::masker_of_all();
    let (mut scratch, mut again) = (Scratch::default(), Scratch::default());
    for identifier in support::all_identifiers() {
        for hit in identifier.hits() {
            let masked = masker.mask(&hit.0, &mut scratch);
            assert_eq!(masked.as_str().chars().count(), hit.0.chars().count());
            let stars =
                &masked.as_str().chars().skip(hit.1).take(hit.2 - hit.1).collect::<String>();
            assert_eq!(*stars, "*".repeat(hit.2 - hit.1), "{}", identifier.name());
            assert!(masker.mask(masked.as_str(), &mut again).is_clean(), "{}", identifier.name());
        }
    }
}

#[test]
fn a_batch_is_its_records_masked_alone() {
    let masker = support::masker_of_all();
    let texts: Vec<_> =
        support::all_identifiers().iter().flat_map(|i| i.hits().to_vec()).map(|h| h.0).collect();
    let mut buffer = String::new();
    let mut records = Vec::new();
    for text in &texts {
        buffer.push_str("é|");
        records.push(Span::new(buffer.len(), buffer.len() + text.len()));
        buffer.push_str(text);
    }
    let (mut scratch, mut alone) = (Scratch::default(), Scratch::default());
    let batch = masker.mask_batch(&buffer, &records, &mut scratch);
    let expected: String =
        texts.iter().map(|text| format!("é|{}", masker.mask(text, &mut alone))).collect();
    assert_eq!(batch.as_str(), expected);
    assert_eq!(batch.hits().len(), texts.len());
    for (index, masked) in batch.hits() {
        let single = masker.mask(&texts[index], &mut alone);
        assert_eq!(masked.as_str(), single.as_str());
        assert_eq!(
            masked.detections().collect::<Vec<_>>(),
            single.detections().collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_key_spread_over_lines_is_masked_from_its_begin_line_on() {
    let masker = support::masker(&["OpenSshPrivateKey", "EmailAddress"]);
    let key = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz";
    let text = format!(
        "start\napp: -----BEGIN OPENSSH PRIVATE KEY-----\r\napp: {key}\napp: AA==\n\
         -----END OPENSSH PRIVATE KEY----- j@x.org\nend é\n"
    );
    let stars = |n| "*".repeat(n);
    let expected = format!(
        "start\napp: {}\r\n{}\n{}\n{} *******\nend é\n",
        stars(35),
        stars(5 + key.len()),
        stars(9),
        stars(33),
    );
    let mut scratch = Scratch::default();
    // Any split into buffers of whole lines gives the same.
    let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for split in &ends {
        let (mut state, mut ahead, mut masked) =
            (LineState::default(), LineState::default(), String::new());
        for part in [&text[..*split], &text[*split..]] {
            masked.push_str(masker.mask_lines(&mut state, part, &mut scratch).as_str());
            masker.advance_lines(&mut ahead, part);
            assert_eq!(format!("{state:?}"), format!("{ahead:?}"));
        }
        assert_eq!(masked, expected, "split at {split}");
    }
    // A BEGIN line in prose opens nothing.
    let prose = "no -----BEGIN OPENSSH PRIVATE KEY----- header found\nnext line\n";
    let mut state = LineState::default();
    assert_eq!(masker.mask_lines(&mut state, prose, &mut scratch).as_str(), prose);
    // A key that never ends is given up after a few lines that hold nothing of it.
    let cut =
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{key}\n{}", "all is well.\n".repeat(12));
    let mut state = LineState::default();
    let masked = masker.mask_lines(&mut state, &cut, &mut scratch).as_str().to_owned();
    assert!(masked.ends_with(&"all is well.\n".repeat(4)), "{masked}");
}
