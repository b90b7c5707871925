//! Custom identifiers in the fast scanner: whatever a regex begins with, what is found is what the
//! naive oracle finds, which tries each regex at every place.

use logveil::{DataProtectionPolicy, Masker, Scratch};

use crate::scanning::{alone, cut, in_batch, lines};
use crate::support::generate::Random;
use crate::support::oracle::Oracle;
use crate::support::{detections, policy};

/// What regexes of each kind begin with.
const KINDS: [(&str, &[&str]); 10] = [
    ("literal", &["EMP-", "MP-", "ab_", "acct_", "-a1", "ba", "aab"]),
    ("digit", &[r"\d", "[0-9]{2}", "1", "[12]{3}", r"\d{2,4}", r"\d+"]),
    ("upper", &["[A-Z]", "[A-Z]{2}", "[AB]{2,3}", "[A-Z]+"]),
    ("class", &["[ab]{2}", "[a-z]{3}", r"\w", r"\w{1,4}", "[a-zA-Z0-9]{2}", "[-_]"]),
    ("optional", &["a?", "-?", r"\d{0,2}", "[ab]{,2}", "(", "E?M?"]),
    ("any case", &["[eE][mM][pP]", "[aA][bB]", "[aA]{2}"]),
    ("Unicode", &[".", "[^a]", r"\D{2}", r"[^\x00-\x7F]", ".{1,3}", r"\S+"]),
    ("anchor", &["^", "^a", r"^\d", "^EMP", "^.", "^[AB]"]),
    ("variable", &["[a-z]+", ".*", r"[a-b]{1,5}", r"\w*", r"[^1]*", ".{0,4}"]),
    ("space", &[r"\s", r"\s?", r"\n?", "[ -]", r"[\s-]"]),
];

/// What follows.
const UNITS: [&str; 30] = [
    "a", "b", "A", "1", "-", "_", "EMP", "[ab]", "[A-Z]", r"\d", r"\d{2}", r"\d{1,3}", "[aA]", ".",
    "[^a]", r"\s", r"\w{2}", "-a", "ab", "b?", "1?", "-?", "a*", r"\d*", "[AB]+", ".{2}", "é",
    "é?", "-token", "ct_",
];

/// What texts are made of.
const PIECES: [&str; 24] = [
    "a", "b", "A", "B", "1", "2", "12", "-", "_", " ", "\n", "é", "ab", "EMP-", "emp-", "MP-",
    "acct_", "-a1", "-token", "\u{FF11}", "aab", "E", "ct_", "1\n2",
];

/// A regex of that kind: one to three branches, each of which holds a character at least.
fn regex(random: &mut Random, first: &[&str]) -> String {
    let branch = |random: &mut Random| {
        let mut regex = first[random.below(first.len())].replace('(', "").replace(r"\n", r"\x0A");
        for _ in 0..random.below(4) {
            regex += UNITS[random.below(UNITS.len())];
        }
        regex += ["a", "1", "-", r"\d", "[ab]", r"\d{2}", "a$"][random.below(7)];
        regex.replace('é', r"[^\x00-\x7F]")
    };
    let branches = [1, 1, 1, 2, 3][random.below(5)];
    (0..branches).map(|_| branch(random)).collect::<Vec<_>>().join("|")
}

fn text(random: &mut Random, pieces: usize) -> String {
    (0..pieces).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

fn maskers(policy: DataProtectionPolicy) -> [Masker; 2] {
    let policies = [policy];
    [Masker::new(&policies), Masker::new_portable(&policies)].map(|it| it.expect("a valid policy"))
}

#[test]
fn the_oracle_agrees_on_regexes_of_every_kind() {
    for seed in 0..120 {
        let mut random = Random::new(seed);
        let (kind, first) = KINDS[seed as usize % KINDS.len()];
        let mut regexes: Vec<_> =
            (0..1 + random.below(4)).map(|_| regex(&mut random, first)).collect();
        let (_, other) = KINDS[random.below(KINDS.len())];
        regexes.push(regex(&mut random, other));
        let names: Vec<_> = (0..regexes.len()).map(|index| format!("Own{index}")).collect();
        let customs: Vec<_> = names.iter().zip(&regexes).map(|(n, r)| (&**n, &**r)).collect();
        let policy = policy(&["IpAddress", "Ssn-US"][..random.below(3)], &customs);
        let oracle = Oracle::new(policy.identifiers());
        let maskers = maskers(policy);
        for round in 0..40 {
            let pieces = [3, 12, 60, 400][random.below(4)];
            // Across the borders of blocks and chunks.
            let before = [0, 0, 0, 50, 250, 4080][random.below(6)];
            let text = " ".repeat(before) + &text(&mut random, pieces);
            let at = format!("seed {seed}, round {round}, {kind}: {regexes:?} in {text:?}");
            let expected = sorted(oracle.detect(&text));
            for masker in &maskers {
                assert_eq!(sorted(detections(masker, &text)), expected, "{at}");
            }
            let [fast, portable] = &maskers;
            for records in [lines(&text), cut(&mut random, &text)] {
                let found = in_batch(fast, &text, &records);
                assert_eq!(found, alone(portable, &text, &records), "{at}");
            }
        }
        assert!(maskers.iter().all(|masker| masker.failed_judgements() == 0), "seed {seed}");
    }
}

fn sorted(mut found: crate::scanning::Found) -> crate::scanning::Found {
    found.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    found
}

#[test]
fn many_branches_and_many_identifiers_are_all_looked_for() {
    // More shapes than the scanner has places for.
    let regexes: Vec<_> = (0..10)
        .map(|index| (0..4).map(|n| format!("[A-Z]{{2}}[0-9]{{{}}}x", 4 + n + index)).collect())
        .map(|branches: Vec<_>| branches.join("|"))
        .collect();
    let names: Vec<_> = (0..10).map(|index| format!("Own{index}")).collect();
    let customs: Vec<_> = names.iter().zip(&regexes).map(|(n, r)| (&**n, &**r)).collect();
    let mut scratch = Scratch::default();
    for masker in maskers(policy(&["EmailAddress"], &customs)) {
        for (index, name) in names.iter().enumerate() {
            let text = format!("nr AB{}x", "1".repeat(4 + index));
            let masked = masker.mask(&text, &mut scratch);
            assert!(masked.detections().any(|(found, _)| found == name), "{name}");
        }
    }
}
