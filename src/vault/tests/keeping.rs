//! The file of wrapped keys, and the keys in memory.

use super::*;

#[test]
fn a_key_that_cannot_be_written_is_not_used() {
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(Keys::new()));
    // A folder in the way: the new file cannot be made.
    let in_the_way = directory.path().join("keys.new");
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..2 {
        let error = vault.sealer(group, None, [DAY]).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceUnavailable);
        assert!(wrapped(&vault).is_empty());
    }
    fs::remove_dir(&in_the_way).unwrap();
    let sealed = seal_at(&vault, group, at(DAY));
    // A key that could not be destroyed is not used any more, and goes with the next sweep.
    let key = wrapped(&vault)[&(1, 1)].clone();
    fs::create_dir(&in_the_way).unwrap();
    assert!(vault.sweep(9 * DAY, 0, |_, _| Kept::Days(1)).is_err());
    assert_eq!(open_at(&vault, group, at(DAY), &sealed), None);
    assert!(vault.sweep(9 * DAY, 0, |_, _| Kept::Days(1)).is_err());
    fs::remove_dir(&in_the_way).unwrap();
    assert!(holds(&directory, &key.bytes));
    vault.sweep(9 * DAY, 0, |_, _| Kept::Days(1)).unwrap();
    assert!(!holds(&directory, &key.bytes));
}

#[test]
fn threads_that_begin_a_day_together_share_one_key() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(keys.clone()));
    let sealed = std::thread::scope(|scope| {
        let seal = |sequence| {
            let vault = &vault;
            scope.spawn(move || {
                let places = (0..20).map(|day| Place { sequence, ..at(day * DAY) });
                places.map(|place| (place, seal_at(vault, group, place))).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..8).map(seal).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let vault = open_in(&directory, Some(keys));
    assert_eq!((wrapped(&vault).len(), vault.damaged_records()), (20, 0));
    for (place, sealed) in &sealed {
        assert_eq!(open_at(&vault, group, *place, sealed).as_deref(), Some(TEXT));
    }
}

#[test]
fn keys_in_memory_are_bounded() {
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    let vault = open_in(&directory, Some(Keys::new()));
    let group = KeyGroup { name: &app, number: 1 };
    let days = DATA_KEYS_CACHED_MAX as i64 + 10;
    vault.sealer(group, None, (0..days).map(|day| day * DAY)).unwrap();
    assert_eq!(vault.cache().len(), DATA_KEYS_CACHED_MAX);
    vault.sweep(days * DAY * 2, 0, |_, _| Kept::Days(1)).unwrap();
    assert_eq!(vault.cache().len(), 0);
}

#[test]
fn keys_under_a_lost_key_are_destroyed_and_days_go_on() {
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let lost = open_in(&directory, Some(Keys::new()));
    let (sealed, id) = (seal_at(&lost, group, at(DAY)), wrapped(&lost)[&(1, 1)].key_id.clone());
    let key = wrapped(&lost)[&(1, 1)].clone();
    drop(lost);
    let vault = open_in(&directory, Some(Keys::new()));
    assert_eq!(Vec::from_iter(vault.key_ids()).join(" "), id);
    assert!(vault.sealer(group, None, [DAY]).is_err(), "the day has a key that nobody opens");
    assert_eq!(vault.destroy_under("another").unwrap(), 0);
    assert_eq!(vault.destroy_under(&id).unwrap(), 1);
    assert!(!holds(&directory, &key.bytes));
    assert_eq!(open_at(&vault, group, at(DAY), &sealed), None);
    let sealed = seal_at(&vault, group, at(DAY));
    assert_eq!(open_at(&vault, group, at(DAY), &sealed).as_deref(), Some(TEXT));
}

#[test]
fn a_damaged_file_gives_what_is_intact() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    let vault = open_in(&directory, Some(keys.clone()));
    for day in 0..4 {
        seal_at(&vault, group, at(day * DAY));
    }
    let (before, path) = (wrapped(&vault), directory.path().join("keys"));
    let whole = fs::read(&path).unwrap();
    let marks = whole.windows(4).rposition(|window| window == b"\x8Bkey");
    let last_frame = marks.expect("records have marks");
    let check = |bytes: &[u8], at: usize| {
        fs::write(&path, bytes).unwrap();
        let vault = open_in(&directory, Some(keys.clone()));
        let found = wrapped(&vault);
        // Nothing that is not there before; one record is lost at most with one bit. Without the
        // group's record its keys are of no use.
        assert!(found.iter().all(|(name, key)| before.get(name) == Some(key)), "byte {at}");
        (found.len(), vault.damaged_records())
    };
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let (found, damaged) = check(&bytes, at);
        // The last record's beginning may as well have been torn by a crash.
        let told = damaged > 0 || at >= last_frame && found == 3;
        assert!(told && [0, 3, 4].contains(&found), "byte {at}: {found}, {damaged}");
        // What a crash cuts short is no damage; a header or what is before a record is not written
        // in parts.
        let (found, damaged) = check(&whole[..at], at);
        assert!(found < 4 && damaged == 0, "{at} bytes: {found}, {damaged}");
    }
    // What follows damage is written where it is found again.
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let vault = open_in(&directory, Some(keys.clone()));
    let sealed = seal_at(&vault, group, at(9 * DAY));
    let vault = open_in(&directory, Some(keys));
    assert_eq!((wrapped(&vault).len(), vault.damaged_records()), (4, 0));
    assert!(open_at(&vault, group, at(9 * DAY), &sealed).is_some());
}

#[test]
fn a_half_written_file_is_wiped_and_another_format_refused() {
    let (directory, keys, app) = (TempDir::new().unwrap(), Keys::new(), name("/app"));
    let group = KeyGroup { name: &app, number: 1 };
    seal_at(&open_in(&directory, Some(keys.clone())), group, at(DAY));
    let half = directory.path().join("keys.new");
    fs::write(&half, b"half a record").unwrap();
    assert_eq!(wrapped(&open_in(&directory, Some(keys))).len(), 1);
    assert!(!half.exists());

    let path = directory.path().join("keys");
    let mut bytes = b"logveil keys\x02\0\0\0".to_vec();
    let mut sum = flate2::Crc::new();
    sum.update(&bytes);
    bytes.extend(sum.sum().to_le_bytes());
    fs::write(path, bytes).unwrap();
    let home = home("123456789012", "eu-west-1");
    let error = Vault::open(directory.path(), None, home).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOperation);
    assert_eq!(error.message(), "the key file has format 2; this program reads 1");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, app) = (TempDir::new().unwrap(), name("/app"));
    seal_at(&open_in(&directory, Some(Keys::new())), KeyGroup { name: &app, number: 1 }, at(DAY));
    let mode = fs::metadata(directory.path().join("keys")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
