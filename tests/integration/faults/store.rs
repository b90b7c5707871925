//! The store under the loss of power and under failing calls.

use std::time::Instant;

use rayon::prelude::*;

use super::model::{Said, Work, fault};
use super::{Outcome, Plan, long, report};

/// What is wrong after a run, if anything.
fn check(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let said = Said::of(&outcome.said);
    let work = Work::parse(plan.role.strip_prefix("store ").unwrap());
    fault(&outcome.image, work, &said, || {})
        .err()
        .map(|fault| format!("{plan:?}: {fault}; {said:?}"))
}

#[test]
fn the_image_of_an_engine_is_its_directory() {
    // All that waits is kept: what the engine does is followed whole.
    let plan = Plan { role: "store 1 8 900 65536", seed: 2, ..Plan::default() };
    let outcome = plan.run();
    let said = Said::of(&outcome.said);
    assert_eq!((said.batches[&0], said.policy), (8, Some(2)), "{said:?}");
    let (image, real) = (&outcome.image, outcome.directory.path());
    let (image, real) = (super::files_below(image), super::files_below(real));
    let names = |files: &[(std::path::PathBuf, Vec<u8>)]| {
        files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect::<Vec<_>>()
    };
    assert_eq!(names(&image), names(&real));
    assert!(image == real, "the same bytes");
    assert_eq!(check(&plan, &outcome), None);
}

#[test]
fn what_was_acknowledged_survives_the_loss_of_power_at_any_sync() {
    // The last of them writes tables and sorts them.
    let (roles, seeds, step): (&[_], _, _) = if let Some(seeds) = long() {
        (&["store 4 12 900 65536", "store 2 30 900 4096"], seeds, 1)
    } else {
        (&["store 2 5 900 8192"], 2, 17)
    };
    for &role in roles {
        let (mut runs, mut acknowledged, start) = (0, 0, Instant::now());
        for off_at in (1..).step_by(step) {
            let run = |seed| {
                // Neighbours in time differ in what is kept, so that few seeds see all kinds.
                let plan = Plan { role, off_at, seed: seed * 7 + off_at, ..Plan::default() };
                let outcome = plan.run();
                assert_eq!(check(&plan, &outcome), None);
                let said = Said::of(&outcome.said);
                (said.batches.values().sum::<u64>(), !said.shown.is_empty())
            };
            let told: Vec<_> = (0..seeds).into_par_iter().map(run).collect();
            runs += told.len();
            acknowledged += told.iter().map(|(batches, _)| batches).sum::<u64>();
            if told.iter().all(|(_, clean)| *clean) {
                break;
            }
        }
        let took = start.elapsed().as_secs();
        report(&format!("{role}: power lost {runs} times, {acknowledged} batches kept, {took} s"));
    }
}

#[test]
fn without_syncs_the_loss_of_power_is_noticed() {
    let lost = (0..8).any(|seed| {
        let plan = Plan { role: "store 1 8 900 65536", seed, no_sync: true, ..Plan::default() };
        let outcome = plan.run();
        assert_eq!(Said::of(&outcome.said).batches[&0], 8, "the child knows nothing of it");
        check(&plan, &outcome).is_some()
    });
    assert!(lost, "a store that never syncs loses what it acknowledged");
}

#[test]
fn a_failing_call_is_told_and_nothing_acknowledged_is_lost() {
    // Once, or from then on for ever.
    let (once, on) = (1, u64::MAX);
    let short = [("enospc", on), ("eio", once), ("short", once), ("sync", once)];
    let others = [("enospc", once), ("eio", on), ("short", on), ("sync", on)];
    let (step, role) =
        if long().is_some() { (1, "store 2 12 900 8192") } else { (37, "store 1 5 900 65536") };
    for (with, count) in short.into_iter().chain(others.into_iter().filter(|_| long().is_some())) {
        let (mut clean, mut told) = (false, 0);
        for at in (1..).step_by(step) {
            // The image keeps nothing of what waits, or all of it.
            let seed = at % 2 * 2;
            let plan = Plan { role, seed, fail: Some((at, with, count)), ..Plan::default() };
            let outcome = plan.run();
            assert_eq!(check(&plan, &outcome), None);
            let said = Said::of(&outcome.said);
            let failures = said.failures;
            told += failures.len();
            let kind = "ServiceUnavailableException";
            assert!(failures.iter().all(|line| line.ends_with(kind)), "{plan:?}: {failures:?}");
            if !outcome.fired {
                clean = true;
                break;
            }
        }
        report(&format!("{role}, {with}: {told} failures were told"));
        assert!(clean && (told > 0 || with == "short"), "{with}: {told}");
    }
}
