//! What `.ci/instructions` counts: logveil over known texts, in one function that can be told from
//! everything else.
//!
//! `count-instructions level` prints which of logveil's code paths this machine takes;
//! `count-instructions scan SET LEVEL` scans every text once on that path (`scalar`, which every
//! machine has, or the one that it takes) and prints `name bytes`, a line for each.
//! `LOGVEIL_CORPUS=FILE` adds a text of yours.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::process::ExitCode;

use logveil::identifier::managed_ids;
use logveil::{DataProtectionPolicy, Masker, Scratch};
use logveil_corpora::{Corpus, clean, dense, hostile, with_customs};

/// A few hundred kilobytes each: counting is slow, and counts do not scatter.
const LINES: usize = 3_000;
const BYTES: usize = 200_000;

/// What a program has in hand at a time.
const PIECE_BYTES: usize = 64 << 10;

/// Found by lists of words, at a price of their own.
const BY_LISTS: [&str; 2] = ["Name", "Address"];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let answer = match args[..] {
        ["level"] => format!("{}\n", level()),
        ["scan", set, level] => scan(set, level),
        _ => return ExitCode::from(2),
    };
    match std::io::stdout().write_all(answer.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The widest vectors of this machine that logveil has code for.
fn level() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "avx2";
    }
    "scalar"
}

/// The identifiers of that set.
///
/// # Panics
///
/// Panics when no set is called that.
fn identifiers(set: &str) -> Vec<&'static str> {
    match set {
        "all" | "customs" => managed_ids().collect(),
        "shapes" => managed_ids().filter(|name| !BY_LISTS.contains(name)).collect(),
        _ => panic!("sets are called all, shapes and customs"),
    }
}

fn scan(set: &str, level: &str) -> String {
    let identifiers = identifiers(set);
    let policy = match set {
        "customs" => DataProtectionPolicy::parse(&with_customs(&identifiers)),
        _ => DataProtectionPolicy::of(&identifiers),
    };
    let policies = [policy.expect("a valid policy")];
    let masker = match level {
        "scalar" => Masker::new_portable(&policies),
        _ => Masker::new(&policies),
    };
    let masker = masker.expect("few identifiers");
    let mut scratch = Scratch::default();
    let lines = clean(LINES);
    let mut corpora = vec![dense(&lines.text), hostile(BYTES)];
    corpora.insert(0, lines);
    if let Some(path) = std::env::var_os("LOGVEIL_CORPUS") {
        let bytes = std::fs::read(&path).expect("LOGVEIL_CORPUS names a readable file");
        corpora.push(Corpus::new("file", logveil::text_from_utf8_lossy(&bytes).into_owned()));
    }
    let mut done = String::new();
    for corpus in &corpora {
        let pieces = corpus.pieces(PIECE_BYTES);
        // The working memory grows before anything is counted.
        let expected = findings(&masker, &pieces, &mut scratch);
        let found = measured_scan(&masker, &pieces, &mut scratch);
        assert_eq!(found, expected, "{} is judged differently the second time", corpus.name);
        assert_eq!(masker.failed_judgements(), 0);
        writeln!(done, "{}/{set} {}", corpus.name, corpus.bytes()).expect("a string");
    }
    // Last, and in the same way: what a call for each event costs.
    let alone = measured_events(&masker, &corpora[0], &mut scratch);
    assert_eq!(alone, 0, "the clean text holds nothing");
    writeln!(done, "clean-single/{set} {}", corpora[0].bytes()).expect("a string");
    done
}

fn findings(masker: &Masker, pieces: &[Corpus], scratch: &mut Scratch) -> usize {
    let of = |piece: &Corpus| {
        let batch = masker.mask_batch(&piece.text, &piece.records, scratch);
        black_box(batch.as_str().len());
        batch.hits().len()
    };
    pieces.iter().map(of).sum()
}

/// Counted from its beginning to its end, by its name.
#[inline(never)]
fn measured_scan(masker: &Masker, pieces: &[Corpus], scratch: &mut Scratch) -> usize {
    black_box(findings(black_box(masker), black_box(pieces), scratch))
}

/// Counted from its beginning to its end, by its name.
#[inline(never)]
fn measured_events(masker: &Masker, corpus: &Corpus, scratch: &mut Scratch) -> usize {
    let of = |line| black_box(masker).mask(black_box(line), scratch).detections().len();
    black_box(corpus.lines().map(of).sum())
}
