use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::*;
use crate::arn::{AccountId, Region};
use crate::limits::DATA_KEYS_CACHED_MAX;
use crate::message::RawMessage;
use crate::span::Span;

mod keeping;

const DAY: i64 = 24 * 60 * 60 * 1000;
const HOUR: i64 = 60 * 60 * 1000;
const TEXT: &str = "ssn 536-22-8145.";

fn home(account: &str, region: &str) -> Home {
    Home { account: AccountId::new(account).unwrap(), region: Region::new(region).unwrap() }
}

fn open_in(directory: &TempDir, provider: Option<Arc<dyn KeyProvider>>) -> Vault {
    Vault::open(directory.path(), provider, home("123456789012", "eu-west-1")).unwrap()
}

fn name(text: &str) -> LogGroupName {
    LogGroupName::new(text).unwrap()
}

fn masked() -> (MaskedMessage, Originals) {
    let (masked, originals) = RawMessage::from(TEXT).mask(&[Span::new(4, 15)]);
    (masked, originals.unwrap())
}

/// Seals [`TEXT`] as one event of a group.
fn seal_at(vault: &Vault, group: KeyGroup<'_>, place: Place) -> Vec<u8> {
    let (masked, originals) = masked();
    let sealer = vault.sealer(group, None, [place.timestamp]).unwrap().unwrap();
    sealer.seal(place, &masked, &originals)
}

fn open_at(vault: &Vault, group: KeyGroup<'_>, place: Place, sealed: &[u8]) -> Option<String> {
    let opened = vault.opener(group).open(place, &masked().0, sealed).unwrap();
    opened.map(|text| text.reveal().to_owned())
}

fn at(timestamp: i64) -> Place {
    Place { stream: 2, timestamp, sequence: 7 }
}

/// Whether the bytes lie in any file of the directory.
fn holds(directory: &TempDir, bytes: &[u8]) -> bool {
    fs::read_dir(directory.path()).unwrap().any(|entry| {
        let file = fs::read(entry.unwrap().path()).unwrap();
        file.windows(bytes.len()).any(|window| window == bytes)
    })
}

fn wrapped(vault: &Vault) -> BTreeMap<KeyName, WrappedKey> {
    vault.book().keys().map(|(name, _, wrapped)| (name, wrapped.clone())).collect()
}

/// A provider with several key-encryption keys, one of them the present one, that fails on demand.
struct Keys {
    inside: Mutex<(Vec<(String, Ephemeral)>, u32)>,
    fault: Mutex<Option<KeyError>>,
    /// The same data key every time, in whatever context: only the vault's own binding is left.
    constant: AtomicBool,
}

impl Keys {
    fn new() -> Arc<Self> {
        let keys = Self {
            inside: Mutex::default(),
            fault: Mutex::default(),
            constant: AtomicBool::new(false),
        };
        keys.rotate();
        Arc::new(keys)
    }

    fn rotate(&self) {
        let mut inside = self.inside.lock().unwrap();
        let id = format!("kek-{}", inside.0.len());
        inside.0.push((id, Ephemeral::new().unwrap()));
    }

    fn forget_oldest(&self) {
        self.inside.lock().unwrap().0.remove(0);
    }

    fn fail(&self, fault: Option<KeyError>) {
        *self.fault.lock().unwrap() = fault;
    }

    fn asked(&self) -> u32 {
        self.inside.lock().unwrap().1
    }

    fn with<T>(
        &self,
        id: Option<&str>,
        use_it: impl FnOnce(&str, &Ephemeral) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        let mut inside = self.inside.lock().unwrap();
        inside.1 += 1;
        if let Some(fault) = *self.fault.lock().unwrap() {
            return Err(fault);
        }
        let found = inside.0.iter().rev().find(|(known, _)| id.is_none_or(|id| id == known));
        found.map_or(Err(KeyError::Refused), |(id, key)| use_it(id, key))
    }
}

impl KeyProvider for Keys {
    fn key_id(&self) -> String {
        self.inside.lock().unwrap().0.last().unwrap().0.clone()
    }

    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError> {
        self.with(None, |id, key| {
            let DataKey { plaintext, wrapped } = key.generate_data_key(context)?;
            let wrapped = WrappedKey { key_id: id.to_owned(), ..wrapped };
            let constant = self.constant.load(Ordering::Relaxed);
            Ok(DataKey { plaintext: if constant { Key::new([7; 32]) } else { plaintext }, wrapped })
        })
    }

    fn decrypt(&self, wrapped: &WrappedKey, context: &KeyContext) -> Result<Key, KeyError> {
        if self.constant.load(Ordering::Relaxed) {
            return Ok(Key::new([7; 32]));
        }
        self.with(Some(&wrapped.key_id), |_, key| key.decrypt(wrapped, context))
    }

    fn re_encrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError> {
        let plain = self.with(Some(&wrapped.key_id), |_, key| key.decrypt(wrapped, context))?;
        self.with(None, |id, key| {
            Ok(WrappedKey { key_id: id.to_owned(), ..key.wrap(&plain, context)? })
        })
    }
}

#[test]
fn originals_come_back_at_both_ends_of_time_and_after_reopening() {
    let (directory, keys, group) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &group, number: 1 };
    let times = [0, 1, DAY - 1, DAY, 20_000 * DAY, i64::MAX - 1, i64::MAX];
    let vault = open_in(&directory, Some(keys.clone()));
    let (masked, originals) = masked();
    let sealer = vault.sealer(group, None, times).unwrap().unwrap();
    let sealed = times.map(|time| sealer.seal(at(time), &masked, &originals));
    // The same key for each event of a day, whatever the batch; another for each day.
    assert_eq!(wrapped(&vault).len(), 4);
    assert_eq!(keys.asked(), 4);
    let nonces: std::collections::BTreeSet<_> = sealed.iter().map(|bytes| &bytes[..24]).collect();
    assert_eq!(nonces.len(), times.len());
    for vault in [vault, open_in(&directory, Some(keys))] {
        for (time, sealed) in times.iter().zip(&sealed) {
            assert_eq!(open_at(&vault, group, at(*time), sealed).as_deref(), Some(TEXT));
            assert!(!sealed.windows(11).any(|window| window == &TEXT.as_bytes()[4..15]));
        }
        assert_eq!(vault.unopened(), Unopened::default());
        assert_eq!(vault.damaged_records(), 0);
    }
}

#[test]
fn no_two_batches_begin_with_the_same_nonce() {
    let (directory, group) = (TempDir::new().unwrap(), name("/app"));
    let vault = open_in(&directory, Some(Keys::new()));
    let group = KeyGroup { name: &group, number: 1 };
    let nonce = || seal_at(&vault, group, at(DAY)).drain(..24).collect::<Vec<_>>();
    assert_ne!(nonce(), nonce());
}

#[test]
fn a_sealed_value_opens_in_its_own_place_only() {
    let (directory, keys) = (TempDir::new().unwrap(), Keys::new());
    keys.constant.store(true, Ordering::Relaxed);
    let (app, other) = (name("/app"), name("/other"));
    let group = KeyGroup { name: &app, number: 1 };
    let place = at(5 * DAY);
    let vault = open_in(&directory, Some(keys.clone()));
    let sealed = seal_at(&vault, group, place);
    // All keys are the same and every day has one: only the binding tells places apart.
    for number in [1, 2] {
        let group = KeyGroup { name: &app, number };
        vault.sealer(group, None, [5 * DAY, 6 * DAY]).unwrap();
    }
    let moved = [
        (KeyGroup { name: &other, number: 1 }, place),
        (KeyGroup { name: &app, number: 2 }, place),
        (group, Place { stream: 3, ..place }),
        (group, Place { timestamp: 5 * DAY + 1, ..place }),
        (group, Place { timestamp: 6 * DAY, ..place }),
        (group, Place { sequence: 8, ..place }),
    ];
    for (count, (group, place)) in moved.into_iter().enumerate() {
        assert_eq!(open_at(&vault, group, place, &sealed), None, "{group:?} {place:?}");
        assert_eq!(vault.unopened().damaged, count as u64 + 1);
    }
    let other_text = RawMessage::from("ssn 536-22-8145!").mask(&[Span::new(4, 15)]).0;
    assert!(vault.opener(group).open(place, &other_text, &sealed).unwrap().is_none());
    drop(vault);
    for home in [home("210987654321", "eu-west-1"), home("123456789012", "eu-west-2")] {
        let vault = Vault::open(directory.path(), Some(keys.clone()), home).unwrap();
        assert_eq!(open_at(&vault, group, place, &sealed), None);
        assert_eq!(vault.unopened(), Unopened { damaged: 1, ..Unopened::default() });
    }
    let vault = open_in(&directory, Some(keys));
    assert_eq!(open_at(&vault, group, place, &sealed).as_deref(), Some(TEXT));
}

#[test]
fn a_wrapped_key_opens_in_its_own_context_only() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let sealed = seal_at(&open_in(&directory, Some(keys.clone())), group, at(DAY));
    let elsewhere = home("123456789012", "us-east-1");
    let vault = Vault::open(directory.path(), Some(keys), elsewhere).unwrap();
    assert_eq!(open_at(&vault, group, at(DAY), &sealed), None);
    assert_eq!(vault.unopened(), Unopened { refused: 1, ..Unopened::default() });
    let error = vault.sealer(group, None, [DAY]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ServiceUnavailable);
}

#[test]
fn no_changed_byte_is_taken_for_an_original() {
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(Keys::new()));
    let sealed = seal_at(&vault, group, at(DAY));
    for byte in 0..sealed.len() {
        for bit in 0..8 {
            let mut sealed = sealed.clone();
            sealed[byte] ^= 1 << bit;
            assert_eq!(open_at(&vault, group, at(DAY), &sealed), None, "bit {bit} of {byte}");
        }
        assert_eq!(open_at(&vault, group, at(DAY), &sealed[..byte]), None);
    }
    assert_eq!(vault.unopened().damaged, 9 * sealed.len() as u64);
}

#[test]
fn without_a_provider_originals_are_not_kept_and_old_ones_not_shown() {
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(Keys::new()));
    assert!(vault.keeps_originals());
    let sealed = seal_at(&vault, group, at(DAY));
    let vault = open_in(&directory, None);
    assert!(!vault.keeps_originals());
    assert!(vault.sealer(group, None, [DAY]).unwrap().is_none());
    assert_eq!(open_at(&vault, group, at(DAY), &sealed), None);
    assert_eq!(vault.unopened(), Unopened { without_key: 1, ..Unopened::default() });
    // Keys go in time all the same.
    assert_eq!(vault.sweep(3 * DAY, 0, |_, _| Kept::Days(1)).unwrap(), 1);
}

#[test]
fn a_destroyed_key_is_in_no_file_and_its_day_unreadable_at_once() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(keys.clone()));
    let days = [1, 2, 3].map(|day| (day, seal_at(&vault, group, at(day * DAY + 5))));
    let before = wrapped(&vault);
    assert!(before.values().all(|key| holds(&directory, &key.bytes)));
    // What is left of the file that is replaced can be watched through a second name.
    let outside = TempDir::new().unwrap();
    let (old, remains) = (directory.path().join("keys"), outside.path().join("remains"));
    fs::hard_link(old, &remains).unwrap();
    // The last millisecond of the second day is past one day of retention.
    let now = 4 * DAY;
    assert_eq!(vault.sweep(now - 1, 0, |_, _| Kept::Days(1)).unwrap(), 1);
    assert_eq!(vault.sweep(now, 0, |_, _| Kept::Days(1)).unwrap(), 1);
    assert_eq!(vault.sweep(now, 0, |_, _| Kept::Days(1)).unwrap(), 0);
    assert!(fs::read(&remains).unwrap().iter().all(|byte| *byte == 0));
    for vault in [vault, open_in(&directory, Some(keys))] {
        for (day, sealed) in &days {
            let shown = open_at(&vault, group, at(day * DAY + 5), sealed);
            assert_eq!(shown.is_some(), *day == 3, "day {day}");
            assert_eq!(holds(&directory, &before[&(1, *day)].bytes), *day == 3, "day {day}");
        }
        assert_eq!(vault.unopened().without_key, 2);
    }
}

/// What is kept of a day: sweeps, each with its time, and whether the key is there afterwards.
#[track_caller]
fn check_sweeps(why: &str, first: Kept, grace_ms: i64, sweeps: &[(i64, Kept, bool)]) {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let days = match first {
        Kept::Days(days) => Some(days),
        _ => None,
    };
    open_in(&directory, Some(keys.clone())).sealer(group, days, [10 * DAY]).unwrap();
    for (now_ms, kept, stays) in sweeps {
        // Each sweep in a process of its own: what counts is on disk.
        let vault = open_in(&directory, Some(keys.clone()));
        vault.sweep(*now_ms, grace_ms, |_, _| *kept).unwrap();
        assert_eq!(wrapped(&vault).len(), usize::from(*stays), "{why}, at {now_ms}");
    }
}

#[test]
fn a_shorter_retention_takes_effect_after_the_grace() {
    use Kept::{Days, Forever, Gone};
    let (last, end) = (11 * DAY - 1, i64::MAX);
    check_sweeps(
        "at the millisecond",
        Days(3),
        72 * HOUR,
        &[(last + 3 * DAY, Days(3), true), (last + 3 * DAY + 1, Days(3), false)],
    );
    check_sweeps(
        "shortened",
        Forever,
        72 * HOUR,
        &[(20 * DAY, Days(1), true), (23 * DAY - 1, Days(1), true), (23 * DAY, Days(1), false)],
    );
    check_sweeps("shortened, no grace", Forever, 0, &[(20 * DAY, Days(1), false)]);
    check_sweeps(
        "shortened twice",
        Days(400),
        72 * HOUR,
        &[
            (20 * DAY, Days(90), true),
            (21 * DAY, Days(1), true),
            (23 * DAY, Days(1), true),
            (24 * DAY, Days(1), false),
        ],
    );
    check_sweeps(
        "shortened by mistake",
        Days(400),
        72 * HOUR,
        &[(20 * DAY, Days(1), true), (22 * DAY, Days(400), true), (90 * DAY, Days(400), true)],
    );
    check_sweeps(
        "the older one ends first",
        Days(12),
        72 * HOUR,
        &[
            (22 * DAY, Days(1), true),
            (last + 12 * DAY, Days(1), true),
            (last + 12 * DAY + 1, Days(1), false),
        ],
    );
    check_sweeps(
        "deleted",
        Forever,
        72 * HOUR,
        &[(20 * DAY, Gone, true), (23 * DAY - 1, Gone, true), (23 * DAY, Gone, false)],
    );
    check_sweeps("deleted, no grace", Forever, 0, &[(20 * DAY, Gone, false)]);
    check_sweeps("for ever", Forever, 0, &[(end, Forever, true), (i64::MIN, Forever, true)]);
    check_sweeps(
        "a clock that jumps back",
        Forever,
        72 * HOUR,
        &[
            (20 * DAY, Days(1), true),
            (i64::MIN, Days(1), true),
            (5 * DAY, Days(1), true),
            (23 * DAY, Days(1), false),
        ],
    );
    check_sweeps("the end of time", Forever, end, &[(end, Gone, true)]);
    check_sweeps("an absurd grace", Forever, i64::MIN, &[(20 * DAY, Gone, false)]);
}

#[test]
fn a_list_of_past_retentions_stays_short() {
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    let vault = open_in(&directory, Some(Keys::new()));
    vault.sealer(KeyGroup { name: &app, number: 1 }, None, [0]).unwrap();
    for round in 0..1000 {
        let kept = [Kept::Days(1), Kept::Forever, Kept::Days(3)][round as usize % 3];
        assert_eq!(vault.sweep(round, 72 * HOUR, |_, _| kept).unwrap(), 0);
    }
    assert!(fs::metadata(directory.path().join("keys")).unwrap().len() < 1000);
}

#[test]
fn after_a_rotation_new_days_use_the_new_key_and_old_ones_are_wrapped_again() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(keys.clone()));
    let first = seal_at(&vault, group, at(DAY));
    let old = wrapped(&vault)[&(1, 1)].clone();
    keys.rotate();
    let second = seal_at(&vault, group, at(2 * DAY));
    assert_eq!(wrapped(&vault)[&(1, 1)].key_id, "kek-0");
    assert_eq!(wrapped(&vault)[&(1, 2)].key_id, "kek-1");

    keys.fail(Some(KeyError::Unavailable));
    assert_eq!(vault.rewrap().unwrap_err().kind(), ErrorKind::ServiceUnavailable);
    keys.fail(Some(KeyError::Refused));
    assert_eq!(vault.rewrap().unwrap(), Rewrapped { rewrapped: 0, refused: 1 });
    keys.fail(None);
    assert_eq!(vault.rewrap().unwrap(), Rewrapped { rewrapped: 1, refused: 0 });
    assert_eq!(vault.rewrap().unwrap(), Rewrapped::default());
    assert!(wrapped(&vault).values().all(|key| key.key_id == "kek-1"));
    assert!(!holds(&directory, &old.bytes));

    keys.forget_oldest();
    let vault = open_in(&directory, Some(keys));
    assert_eq!(open_at(&vault, group, at(DAY), &first).as_deref(), Some(TEXT));
    assert_eq!(open_at(&vault, group, at(2 * DAY), &second).as_deref(), Some(TEXT));
}

#[test]
fn a_provider_that_cannot_be_asked_stops_reads_and_writes_and_leaves_nothing() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(keys.clone()));
    for fault in [KeyError::Unavailable, KeyError::Refused] {
        keys.fail(Some(fault));
        let error = vault.sealer(group, None, [DAY]).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceUnavailable);
    }
    assert!(!directory.path().join("keys").exists());
    keys.fail(None);
    let sealed = seal_at(&vault, group, at(DAY));
    // What is in memory needs no provider; what is not cannot be had.
    keys.fail(Some(KeyError::Unavailable));
    assert!(open_at(&vault, group, at(DAY), &sealed).is_some());
    let vault = open_in(&directory, Some(keys.clone()));
    let opened = vault.opener(group).open(at(DAY), &masked().0, &sealed).map(|text| text.is_some());
    assert_eq!(opened.unwrap_err().kind(), ErrorKind::ServiceUnavailable);
    // A page asks once for a key that is refused.
    keys.fail(Some(KeyError::Refused));
    let (asked, mut opener) = (keys.asked(), vault.opener(group));
    for _ in 0..5 {
        assert!(opener.open(at(DAY), &masked().0, &sealed).unwrap().is_none());
    }
    assert_eq!((keys.asked() - asked, vault.unopened().refused), (1, 5));
}
