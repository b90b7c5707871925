//! Policy × message: the fast scanner, the one for any machine and the naive oracle agree, on the
//! text and on every line of it, and masking keeps its promises.

#![no_main]

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use logveil::identifier::{DataIdentifier, managed_ids};
use logveil::{DataProtectionPolicy, LineState, Masker, Scratch, Span};
use serde_json::json;

#[path = "../../tests/integration/support/oracle.rs"]
mod oracle;

use oracle::Oracle;

const CUSTOMS: [(&str, &str); 8] = [
    ("Any", "a.*b|a"),
    ("Serial", r"SN-\d{2,6}"),
    ("First", "^[A-Za-z]+"),
    ("Last", "[0-9a-f]+$"),
    ("Pair", "[A-Z]{2}[0-9]*"),
    ("Wide", r"[^\x00-\x7F]+"),
    ("Tail", "x[^ ]*y|[xy]"),
    ("Dot", ".1."),
];

const TEXT_BYTES_MAX: usize = 2048;

/// Subsets of the managed identifiers, by bits of their index mod 16; compiling is slow here, so
/// there are few.
const MANAGED: [u16; 6] = [0xFFFF, 0x0000, 0x5555, 0xAAAA, 0x0F0F, 0xF0F0];

/// Subsets of [`CUSTOMS`].
const CHOSEN: [u8; 4] = [0x00, 0xFF, 0x0F, 0xAA];

thread_local! {
    static KNOWN: RefCell<HashMap<(u16, u8), Judges>> = RefCell::default();
}

/// All who judge one policy.
struct Judges {
    masker: Masker,
    portable: Masker,
    oracle: Oracle,
}

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    if text.len() > TEXT_BYTES_MAX {
        return;
    }
    let managed = MANAGED[usize::from(choice) % MANAGED.len()];
    let customs = CHOSEN[usize::from(choice) / MANAGED.len() % CHOSEN.len()];
    KNOWN.with_borrow_mut(|known| {
        let build = || build(managed, customs);
        let Judges { masker, portable, oracle } =
            known.entry((managed, customs)).or_insert_with(build);
        check(masker, oracle, text);
        check_lines(masker, portable, text);
    });
});

fn build(managed: u16, customs: u8) -> Judges {
    let bit = |bits: u32, index: usize| bits >> (index % 16) & 1 == 1;
    let arn = |id: &str| format!("arn:aws:dataprotection::aws:data-identifier/{id}");
    let ids = managed_ids().enumerate().filter(|(i, _)| bit(managed.into(), *i));
    let chosen: Vec<_> = CUSTOMS
        .iter()
        .enumerate()
        .filter(|(i, _)| bit(customs.into(), *i))
        .map(|(_, c)| c)
        .collect();
    let mut identifiers: Vec<_> = ids.map(|(_, id)| arn(id)).collect();
    identifiers.extend(chosen.iter().map(|(name, _)| (*name).to_owned()));
    if identifiers.is_empty() {
        identifiers.push(arn("IpAddress"));
    }
    let defined: Vec<_> =
        chosen.iter().map(|(name, regex)| json!({"Name": name, "Regex": regex})).collect();
    let document = json!({
        "Configuration": {"CustomDataIdentifier": defined},
        "Statement": [
            {"DataIdentifier": identifiers, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    });
    let policy = DataProtectionPolicy::parse(&document.to_string()).expect("a valid policy");
    let identifiers: Vec<Arc<DataIdentifier>> = policy.identifiers().to_vec();
    let policies = [policy];
    Judges {
        masker: Masker::new(&policies).expect("a valid policy"),
        portable: Masker::new_portable(&policies).expect("a valid policy"),
        oracle: Oracle::new(&identifiers),
    }
}

/// The lines of a text, and the stretches between its dots, are judged in a buffer as they are
/// alone, with vector code and without.
fn check_lines(masker: &Masker, portable: &Masker, text: &str) {
    let mut scratch = Scratch::default();
    for separator in ['\n', '.'] {
        let mut records = Vec::new();
        let mut start = 0;
        for piece in text.split(separator) {
            records.push(Span::new(start, start + piece.len()));
            start += piece.len() + 1;
        }
        let mut found = Vec::new();
        for judge in [masker, portable] {
            let batch = judge.mask_batch(text, &records, &mut scratch);
            let of = |(index, masked): (usize, logveil::Masked<'_>)| {
                let owned = |(name, span): (&str, Span)| (index, name.to_owned(), span);
                masked.detections().map(owned).collect::<Vec<_>>()
            };
            found.push(batch.hits().flat_map(of).collect::<Vec<_>>());
        }
        let mut alone = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let masked = portable.mask(&text[record.range()], &mut scratch);
            let owned = |(name, span): (&str, Span)| (index, name.to_owned(), span);
            alone.extend(masked.detections().map(owned));
        }
        assert_eq!(found[0], alone);
        assert_eq!(found[1], alone);
    }
}

fn check(masker: &Masker, oracle: &Oracle, text: &str) {
    let (mut scratch, mut other) = (Scratch::default(), Scratch::default());
    let masked = masker.mask(text, &mut scratch);
    let mut found: Vec<_> =
        masked.detections().map(|(name, span)| (name.to_owned(), span)).collect();
    found.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    assert_eq!(found, oracle.detect(text));
    assert_eq!(masker.failed_judgements(), 0);

    // Characters are kept; a character is an asterisk exactly when a detection covers it.
    let mut shown = masked.as_str().chars();
    for (at, c) in text.char_indices() {
        let covered = found.iter().any(|(_, span)| span.range().contains(&at));
        assert_eq!(shown.next(), Some(if covered { '*' } else { c }));
    }
    assert_eq!(shown.next(), None);

    // Lines cover at least what each line alone does, and keep their number and length.
    let lines = masker.mask_lines(&mut LineState::default(), text, &mut other);
    assert_eq!(lines.as_str().chars().count(), text.chars().count());
    assert_eq!(lines.as_str().matches('\n').count(), text.matches('\n').count());

    // JSON stays JSON; what is none is masked as lines.
    let is_json = |text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let mut state = LineState::default();
    if let Some(json) = masker.mask_json(&mut state, text, &mut other) {
        assert!(!is_json(text) || is_json(json.as_str()));
    } else {
        masker.mask_lines(&mut state, text, &mut other);
    }
    let mut ahead = LineState::default();
    masker.advance_json(&mut ahead, text, None);
    assert_eq!(format!("{state:?}"), format!("{ahead:?}"));
}
