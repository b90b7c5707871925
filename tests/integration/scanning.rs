//! The fast scanner against itself: machines with and without vector code, buffers cut anyhow, and
//! values that lie across the borders of its blocks and chunks. That it is right at all, the naive
//! oracle says.

use logveil::identifier::DataIdentifier;
use logveil::{DataProtectionPolicy, Masker, Scratch, Span};

use crate::support::generate::{Random, hostile_text, vocabulary};
use crate::support::oracle::Oracle;
use crate::support::{self, detections};

/// Bytes of a block and of a chunk: borders inside the scanner.
const BORDERS: [usize; 3] = [64, 256, 4096];

pub type Found = Vec<(String, Span)>;

/// Maskers of the same policy, with vector code where the machine has it, and without.
fn maskers(names: &[&str]) -> [Masker; 2] {
    let policy = DataProtectionPolicy::of(names).expect("known identifiers");
    let new = |make: fn(&[DataProtectionPolicy]) -> Result<Masker, logveil::Error>| {
        make(std::slice::from_ref(&policy)).expect("a valid policy")
    };
    [new(Masker::new), new(Masker::new_portable)]
}

/// A few identifiers, many, or all.
fn subset<'i>(random: &mut Random, all: &'i [std::sync::Arc<DataIdentifier>]) -> Vec<&'i str> {
    let one_in = [1, 2, 4, 16][random.below(4)];
    let mut names: Vec<_> =
        all.iter().map(|id| id.name()).filter(|_| random.below(one_in) == 0).collect();
    names.push("IpAddress");
    names.sort_unstable();
    names.dedup();
    names
}

/// What each record of a batch holds, at bytes of the buffer.
pub fn in_batch(masker: &Masker, text: &str, records: &[Span]) -> Found {
    let mut scratch = Scratch::default();
    let batch = masker.mask_batch(text, records, &mut scratch);
    let of = |(index, masked): (usize, logveil::Masked<'_>)| {
        let start = records[index].start;
        let moved = |(name, span): (&str, Span)| {
            (name.to_owned(), Span::new(span.start + start, span.end + start))
        };
        masked.detections().map(moved).collect::<Vec<_>>()
    };
    batch.hits().flat_map(of).collect()
}

/// What each record holds when it is judged alone.
pub fn alone(masker: &Masker, text: &str, records: &[Span]) -> Found {
    let of = |record: &Span| {
        let found = detections(masker, &text[record.range()]);
        let start = record.start;
        let moved = move |(name, span): (String, Span)| {
            (name, Span::new(span.start + start, span.end + start))
        };
        found.into_iter().map(moved)
    };
    records.iter().flat_map(of).collect()
}

/// Cuts a text at random characters, and leaves some stretches between the pieces out.
pub fn cut(random: &mut Random, text: &str) -> Vec<Span> {
    let mut records = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let longest = [8, 80, 600, 5000][random.below(4)];
        let mut end = (start + random.below(longest)).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        if random.below(8) > 0 {
            records.push(Span::new(start, end));
        }
        start = end.max(start + 1);
        while !text.is_char_boundary(start) {
            start += 1;
        }
    }
    records
}

#[test]
fn every_cut_of_a_buffer_is_judged_as_its_pieces_alone() {
    let all = support::all_identifiers();
    let vocabulary = vocabulary(&all);
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let [fast, portable] = maskers(&subset(&mut random, &all));
        for round in 0..12 {
            let pieces = 1 + random.below(200);
            let text = hostile_text(&mut random, &vocabulary, pieces);
            let pieces = cut(&mut random, &text);
            let found = in_batch(&fast, &text, &pieces);
            assert_eq!(found, alone(&fast, &text, &pieces), "seed {seed}, round {round}");
            assert_eq!(found, in_batch(&portable, &text, &pieces), "seed {seed}, round {round}");
            let lines = lines(&text);
            let found = in_batch(&fast, &text, &lines);
            assert_eq!(found, alone(&portable, &text, &lines), "seed {seed}, round {round}");
            assert_eq!(found, in_batch(&portable, &text, &lines), "seed {seed}, round {round}");
            assert_eq!(fast.failed_judgements() + portable.failed_judgements(), 0);
        }
    }
}

pub fn lines(text: &str) -> Vec<Span> {
    let mut start = 0;
    let of = |line: &str| {
        let span = Span::new(start, start + line.trim_end_matches('\n').len());
        start += line.len();
        span
    };
    text.split_inclusive('\n').map(of).collect()
}

#[test]
fn the_oracle_agrees_with_every_level_on_random_subsets() {
    let all = support::all_identifiers();
    let vocabulary = vocabulary(&all);
    for seed in 100..106 {
        let mut random = Random::new(seed);
        let names = subset(&mut random, &all);
        let maskers = maskers(&names);
        let chosen: Vec<_> = all.iter().filter(|id| names.contains(&id.name())).cloned().collect();
        let oracle = Oracle::new(&chosen);
        for round in 0..60 {
            let pieces = 1 + random.below(20);
            let text = hostile_text(&mut random, &vocabulary, pieces);
            let expected = oracle.detect(&text);
            for masker in &maskers {
                let found = detections(masker, &text);
                assert_eq!(found, expected, "seed {seed}, round {round}: {text:?}");
            }
        }
    }
}

#[test]
fn values_are_found_across_every_border() {
    let maskers = [Masker::new, Masker::new_portable].map(|make| {
        let all: Vec<_> = logveil::identifier::managed_ids().collect();
        make(&[DataProtectionPolicy::of(&all).expect("known")]).expect("a valid policy")
    });
    let mut scratch = Scratch::default();
    for identifier in support::all_identifiers() {
        let hit = &identifier.hits()[0].0;
        for masker in &maskers {
            let expected = detections(masker, hit);
            for border in BORDERS {
                for before in (0..hit.len().min(90)).step_by(3) {
                    let start = border - before.min(border);
                    let text = format!("{}{hit}", "\n".repeat(start));
                    let masked = masker.mask(&text, &mut scratch);
                    let moved = |(name, span): (&str, Span)| {
                        (name.to_owned(), Span::new(span.start - start, span.end - start))
                    };
                    let found: Found = masked.detections().map(moved).collect();
                    let at = format!("{}, {before} bytes before {border}", identifier.name());
                    assert_eq!(found, expected, "{at}");
                }
            }
        }
    }
}
