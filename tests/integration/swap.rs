//! Policies change while events come in: what holds for every interleaving.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;

use logveil::{
    AccountId, AccountPolicyType, Arn, DataProtectionPolicy, Directory, Durability, Engine,
    ErrorKind, GetLogEvents, Home, InMemory, Masker, PutDataProtectionPolicy, PutLogEvents, Region,
    Scratch, SystemClock,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::generate::{Random, hostile_text, vocabulary};
use crate::support::world::{
    NOW, World, account_policy, batch, document, event, group, noise, stream, with_keys, world,
    world_at, world_with,
};
use crate::support::{all_identifiers, long, policy as policy_of, report};

/// Policies that take turns: the one of the number N masks the word `wordNN` of each event, so that
/// an event tells which policy judged it.
const POLICIES: u64 = 16;

fn word(number: u64) -> String {
    format!("word{:02}", number % POLICIES)
}

fn policy(number: u64) -> Value {
    let custom = [json!({"Name": "Word", "Regex": word(number)})];
    let mut document = document("turn", &[], &json!({}));
    document["Configuration"] = json!({"CustomDataIdentifier": custom});
    for statement in 0..2 {
        document["Statement"][statement]["DataIdentifier"] = json!(["Word"]);
    }
    document
}

#[test]
fn a_batch_that_starts_after_a_put_is_judged_by_it() {
    // Buffered, and synced: 100,000 and 1,000 in the long form.
    let (buffered, synced) = if long().is_some() { (100_000, 1_000) } else { (2_000, 20) };
    for (durability, swaps) in [(Durability::Buffered, buffered), (Durability::Synced, synced)] {
        swap_while_writers_write(durability, swaps);
    }
}

/// Swaps the policy of a log group while four writers put batches into a store that is kept.
fn swap_while_writers_write(durability: Durability, swaps: u64) {
    let directory = TempDir::new().unwrap();
    let world = world_at(directory.path(), with_keys(durability)).unwrap();
    world.make("/app", "s");
    // Other groups keep the detectors in use, so that swapping does not compile them again.
    for number in 0..POLICIES {
        let log_group = format!("/keeper/{number}");
        world.make(&log_group, "s");
        world.protect_group(&log_group, &policy(number));
    }
    world.protect_group("/app", &policy(0));
    let (put, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (batches, told) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        let writers = [0, 1, 2, 3].map(|writer| {
            let (world, put, stop, batches, told) = (&world, &put, &stop, &batches, &told);
            let name = format!("w{writer}");
            world.engine.create_log_stream(&group("/app"), &stream(&name)).unwrap();
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let could_be_told = write_and_check(world, &name, put);
                    batches.fetch_add(1, Ordering::SeqCst);
                    told.fetch_add(u64::from(could_be_told), Ordering::SeqCst);
                }
            })
        });
        // On a busy machine the writers may come late: no run ends before they were there.
        let mut swap = 0;
        let few = || {
            let failed = writers.iter().any(|writer| writer.is_finished());
            !failed && told.load(Ordering::SeqCst) <= swaps / 10
        };
        while swap < swaps || few() {
            swap += 1;
            world.protect_group("/app", &policy(swap));
            put.store(swap, Ordering::SeqCst);
        }
        stop.store(true, Ordering::SeqCst);
    });
    let (batches, told) = (batches.into_inner(), told.into_inner());
    report(&format!("{durability:?}: {swaps} swaps, {batches} batches, {told} told apart"));
}

/// Puts one batch: all of it is judged by one policy that was in force while it was put. Whether
/// that could be told: not if the policies took a whole turn meanwhile.
fn write_and_check(world: &World, name: &str, put: &AtomicU64) -> bool {
    let text: Vec<_> = (0..POLICIES).map(word).collect();
    let before = put.load(Ordering::SeqCst);
    let log_events = vec![event(NOW, &text.join(" ")), event(NOW, &text.join(" "))];
    let request = PutLogEvents { log_events, ..batch("/app", name, &[]) };
    world.engine.put_log_events(request).unwrap();
    let after = put.load(Ordering::SeqCst);
    let newest = GetLogEvents::new(group("/app"), stream(name));
    let newest = GetLogEvents { limit: Some(2), ..newest };
    let last = world.engine.get_log_events(&newest).unwrap().events;
    let [one, other] = [last[0].message.reveal(), last[1].message.reveal()];
    assert!(one == other, "one protection for the whole batch");
    assert_eq!(one.matches("******").count(), 1);
    // A put in progress may be in force before it returns.
    let judged_by = |number: u64| !one.contains(&word(number));
    assert!((before..=after + 1).any(judged_by), "judged by a policy that was replaced");
    after + 2 - before < POLICIES
}

#[test]
fn events_keep_what_the_policy_of_their_time_masked() {
    let world = world_with("/app", "s");
    world.put("/app", "s", &["jane@example.com"]);
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    world.put("/app", "s", &["jane@example.com"]);
    let request = logveil::DeleteAccountPolicy {
        policy_name: "p".to_owned(),
        policy_type: AccountPolicyType::DataProtection,
    };
    world.engine.delete_account_policy(&request).unwrap();
    world.put("/app", "s", &["jane@example.com"]);
    let stars = "*".repeat(16);
    assert_eq!(world.read("/app", "s"), ["jane@example.com", &stars, "jane@example.com"]);
}

#[test]
fn a_group_made_later_or_made_again_is_protected_from_its_first_event() {
    let world = world();
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    for _ in 0..3 {
        world.make("/app", "s");
        world.put("/app", "s", &["jane@example.com ssn 536-22-8145"]);
        assert_eq!(world.read("/app", "s"), ["**************** ssn 536-22-8145"]);
        world.protect_group("/app", &document("own", &["Ssn-US"], &json!({})));
        world.put("/app", "s", &["jane@example.com ssn 536-22-8145"]);
        assert_eq!(world.read("/app", "s")[1], "**************** ssn ***********");
        world.engine.delete_log_group(&group("/app")).unwrap();
    }
}

#[test]
fn account_and_group_policies_are_cumulative_whatever_comes_first() {
    let world = world_with("/app", "s");
    world.protect_group("/app", &document("own", &["Ssn-US"], &json!({})));
    world.protect_account("p", &document("acc", &["EmailAddress"], &json!({})));
    world.put("/app", "s", &["jane@example.com ssn 536-22-8145"]);
    world.engine.delete_data_protection_policy("/app").unwrap();
    world.put("/app", "s", &["jane@example.com ssn 536-22-8145"]);
    let expected = ["**************** ssn ***********", "**************** ssn 536-22-8145"];
    assert_eq!(world.read("/app", "s"), expected);
}

/// Whatever the two policies are: what is masked under both is what is masked under either.
#[test]
fn account_and_group_policies_never_uncover_a_character_of_each_other() {
    let identifiers = all_identifiers();
    let vocabulary = vocabulary(&identifiers);
    let mut masked = 0;
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let mut choose = |custom: &str, regex: &str| {
            let mut chosen = vec![random.pick(&identifiers.iter().collect::<Vec<_>>()).name()];
            let rest = identifiers.iter().filter(|_| random.below(3) == 0);
            chosen.extend(rest.map(|identifier| identifier.name()));
            chosen.sort_unstable();
            chosen.dedup();
            let policy = policy_of(&chosen, &[(custom, regex)]);
            serde_json::from_str::<Value>(policy.document()).unwrap()
        };
        let account = choose("Digits", "[0-9]{2,5}");
        let group = choose("Letters", "[0-9A-F]{4,9}");
        let texts: Vec<String> = std::iter::repeat_with(|| {
            let pieces = 1 + random.below(12);
            hostile_text(&mut random, &vocabulary, pieces)
        })
        .filter(|text| !text.is_empty())
        .take(150)
        .collect();
        let shown = |policies: [Option<&Value>; 2]| {
            let world = world_with("/app", "s");
            policies[0].inspect(|account| world.protect_account("p", account));
            policies[1].inspect(|group| world.protect_group("/app", group));
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            world.put("/app", "s", &texts);
            world.read("/app", "s")
        };
        let one = shown([Some(&account), None]);
        let other = shown([None, Some(&group)]);
        let both = shown([Some(&account), Some(&group)]);
        for (index, text) in texts.iter().enumerate() {
            let covered = one[index].chars().zip(other[index].chars()).zip(text.chars());
            let expected = covered.map(|((one, other), raw)| match (one, other) {
                ('*', _) | (_, '*') => '*',
                _ => raw,
            });
            assert!(both[index].chars().eq(expected), "seed {seed}, text {index}");
            let stars = |text: &str| text.matches('*').count();
            masked +=
                usize::from(stars(&both[index]) > stars(&one[index]).max(stars(&other[index])));
        }
    }
    assert!(masked > 100, "{masked} texts hold something for each of the two policies");
}

/// Puts a policy of its own while the engine asks whether a bucket exists.
#[derive(Default)]
struct Meddler {
    engine: OnceLock<Weak<Engine>>,
    refused: OnceLock<ErrorKind>,
}

impl Directory for Meddler {
    fn exists(&self, _: &Arn) -> bool {
        let engine = self.engine.get().and_then(Weak::upgrade).unwrap();
        let policy_document = document("second", &["Ssn-US"], &json!({})).to_string();
        let log_group_identifier = "/app".to_owned();
        let request = PutDataProtectionPolicy { log_group_identifier, policy_document };
        let error = engine.put_data_protection_policy(request).unwrap_err();
        let _ = self.refused.set(error.kind());
        true
    }
}

#[test]
fn of_two_puts_at_once_one_is_aborted() {
    let meddler = Arc::new(Meddler::default());
    let engine = Arc::new(Engine::new(
        Home {
            account: AccountId::new("123456789012").unwrap(),
            region: Region::new("eu-west-1").unwrap(),
        },
        Arc::new(SystemClock),
        Arc::clone(&meddler) as Arc<dyn Directory>,
        Arc::new(InMemory::default()),
    ));
    meddler.engine.set(Arc::downgrade(&engine)).unwrap();
    engine.create_log_group(&group("/app")).unwrap();
    let first = document("first", &["EmailAddress"], &json!({"S3": {"Bucket": "bucket"}}));
    let put = || {
        engine.put_data_protection_policy(PutDataProtectionPolicy {
            log_group_identifier: "/app".to_owned(),
            policy_document: first.to_string(),
        })
    };
    put().unwrap();
    assert_eq!(meddler.refused.get(), Some(&ErrorKind::OperationAborted));
    let shown = engine.get_data_protection_policy("/app").unwrap();
    assert_eq!(shown.policy_document, Some(first.to_string()));
    put().expect("the claim is given back");
}

#[test]
fn one_thread_and_many_give_the_same() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let world = world_with("/app", "s");
            world.engine.create_log_group(&group("/audit")).unwrap();
            let findings = json!({"CloudWatchLogs": {"LogGroup": "/audit"}});
            let document = document("acc", &["EmailAddress", "Ssn-US"], &findings);
            let request = account_policy("p", AccountPolicyType::DataProtection, &document);
            world.engine.put_account_policy(request).unwrap();
            let mut batch = batch("/app", "s", &[]);
            batch.log_events = (0..2_000)
                .map(|number| match number % 5 {
                    0 => event(NOW, &format!("{number} to jane{number}@example.com")),
                    1 => event(NOW, &format!("{number} ssn 536-22-8145 {}", noise(60, number))),
                    _ => event(NOW, &format!("{number} clean {}", noise(200, number))),
                })
                .collect();
            world.engine.put_log_events(batch).unwrap();
            (world.read("/app", "s"), world.read("/audit", "/app"))
        })
    };
    let one = run(1);
    assert_eq!(one.0.len(), 2_000);
    assert_eq!(one.1.len(), 800);
    assert!(one == run(4));
}

#[test]
fn each_replace_has_a_number_of_its_own_and_the_last_the_largest() {
    let policies = [DataProtectionPolicy::of(&["Ssn-US"]).unwrap()];
    let masker = Masker::new(&policies).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut last = masker.protection().generation();
                for _ in 0..50 {
                    masker.replace(&policies).unwrap();
                    let next = masker.protection().generation();
                    assert!(next > last, "numbers ascend");
                    last = next;
                }
            });
        }
    });
    assert_eq!(masker.protection().generation(), 201);
}

#[test]
fn what_a_masker_is_given_replaces_what_it_had() {
    let of = |identifier: &str| [DataProtectionPolicy::of(&[identifier]).unwrap()];
    let masker = Masker::new(&of("Ssn-US")).unwrap();
    let mut scratch = Scratch::default();
    let mut mask = |masker: &Masker| {
        masker.mask("ssn 536-22-8145 to j@x.org", &mut scratch).as_str().to_owned()
    };
    assert_eq!(mask(&masker), "ssn *********** to j@x.org");
    masker.replace(&of("EmailAddress")).unwrap();
    assert_eq!(mask(&masker), "ssn 536-22-8145 to *******");
    masker.replace(&[]).unwrap();
    assert_eq!(mask(&masker), "ssn 536-22-8145 to j@x.org");
}
