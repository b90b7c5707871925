//! Masking as embedders see it.

use logveil::{LineState, MaskedBatch, Masker, Scratch, Span};

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
    // PuTTY's lines have a name and digits at their ends.
    let putty = support::masker(&["PuttyPrivateKey"]);
    let lines = format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n{key}\n\
         Private-MAC: 00ff end\nbye\n"
    );
    let expected = format!(
        "{}\n{}\n{}\n{}\n{} end\nbye\n",
        stars(34),
        stars(16),
        stars(16),
        stars(key.len()),
        stars(17),
    );
    let mut state = LineState::default();
    assert_eq!(putty.mask_lines(&mut state, &lines, &mut scratch).as_str(), expected);
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

#[test]
fn identifiers_that_overlap_are_masked_from_the_first_to_the_last() {
    for (regexes, text, expected) in [
        (["abcd", "cde"], "xabcdex", "x*****x"),
        (["cde", "abcd"], "xabcdex", "x*****x"),
        (["abcd", "bc"], "xabcdx", "x****x"),
        (["bc", "abcd"], "xabcdx", "x****x"),
        (["ab", "abcd"], "xabcdx", "x****x"),
        (["cd", "abcd"], "xabcdx", "x****x"),
        (["ab", "cd"], "xabcdx", "x****x"),
        (["ab", "de"], "xabcdex", "x**c**x"),
    ] {
        let policy = support::policy(&[], &[("First", regexes[0]), ("Second", regexes[1])]);
        let masker = Masker::new(&[policy]).unwrap();
        let mut scratch = Scratch::default();
        let masked = masker.mask(text, &mut scratch);
        assert_eq!(masked.as_str(), expected, "{regexes:?}");
        assert_eq!(masked.detections().len(), 2, "{regexes:?}: each is reported");
        let record = [Span::new(0, text.len())];
        assert_eq!(masker.mask_batch(text, &record, &mut scratch).as_str(), expected);
        let (mut state, document) = (LineState::default(), format!("[\"{text}\"]"));
        let masked = masker.mask_json(&mut state, &document, &mut scratch).expect("JSON");
        assert_eq!(masked.as_str(), format!("[\"{expected}\"]"), "{regexes:?}");
    }
}

#[test]
fn wide_characters_that_shrink_move_no_record() {
    let masker = Masker::new(&[support::policy(&[], &[("Wide", "K[^ ]+K")])]).unwrap();
    let records = ["KéK é", "漢 K漢字K KéK", "clean 漢字", "KaK", "é K𝄞K", "K漢KéK end"];
    let text = records.join("\n");
    let lines: Vec<_> = records
        .iter()
        .scan(0, |next, record| {
            let start = *next;
            *next = start + record.len() + 1;
            Some(Span::new(start, start + record.len()))
        })
        .collect();
    let alone: Vec<_> = records
        .iter()
        .map(|record| masker.mask(record, &mut Scratch::default()).as_str().to_owned())
        .collect();
    assert_eq!(alone, ["*** é", "漢 **** ***", "clean 漢字", "***", "é ***", "***** end"]);
    let check = |door: &str, masked: MaskedBatch<'_>| {
        assert_eq!(masked.as_str(), alone.join("\n"), "{door}");
        let hits: Vec<_> = masked.hits().map(|(index, hit)| (index, hit.as_str())).collect();
        let expected: Vec<_> = [0, 1, 3, 4, 5].map(|index| (index, alone[index].as_str())).to_vec();
        assert_eq!(hits, expected, "{door}");
    };
    let mut scratch = Scratch::default();
    check("mask_batch", masker.mask_batch(&text, &lines, &mut scratch));
    check("mask_lines", masker.mask_lines(&mut LineState::default(), &text, &mut scratch));
}

#[test]
fn working_memory_is_printed_without_what_was_worked_on() {
    let masker = Masker::new(&[support::policy(&["EmailAddress"], &[("Word", "canary[0-9]+")])]);
    let (masker, mut scratch) = (masker.unwrap(), Scratch::default());
    let text = "the canary1 of canary@example.com";
    let mut state = LineState::default();
    let mut printed = String::new();
    for document in [text.to_owned(), format!("{{\"canary\":\"{text}\"}}")] {
        masker.mask(&document, &mut scratch);
        printed.push_str(&format!("{scratch:?} {scratch:#?}"));
        masker.mask_lines(&mut state, &document, &mut scratch);
        printed.push_str(&format!("{scratch:?} {scratch:#?} {state:?}"));
        masker.mask_json(&mut state, &document, &mut scratch);
        printed.push_str(&format!("{scratch:?} {scratch:#?} {state:?}"));
    }
    assert!(!printed.contains("canary"));
}

/// Lines of a key are masked up to the limits of a key and no farther.
#[test]
fn a_key_over_lines_ends_at_its_limits() {
    let masker = support::masker(&["OpenSshPrivateKey"]);
    let masked_lines = |line: &str, count: usize| {
        let text =
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}", format!("{line}\n").repeat(count));
        let mut scratch = Scratch::default();
        let mut state = LineState::default();
        let masked = masker.mask_lines(&mut state, &text, &mut scratch).as_str().to_owned();
        masked.lines().skip(1).filter(|shown| shown.starts_with('*')).count()
    };
    let line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz";
    assert_eq!(masked_lines(line, 60), 60);
    assert_eq!(masked_lines(line, 400), 400);
    assert_eq!(masked_lines(line, 401), 400);
    assert_eq!(masked_lines(&"A".repeat(2048), 40), 32);
}
