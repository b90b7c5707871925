//! Originals on disk: sealed, gone with their key, never seen without a trace.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use logveil::{
    DataKey, Durability, ErrorKind, GetLogEvents, KeyContext, KeyError, KeyProvider, OpenOptions,
    Principal, UnmaskGrant, UnmaskedRead, WrappedKey, Zeroizing,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::files_below;
use crate::support::world::{
    Allow, NOW, PlainKeys, World, document, group, stream, with_keys, world_at,
};

const DAY: i64 = 24 * 60 * 60 * 1000;
const TEXT: &str = "ssn 536-22-8145";

/// An engine without grace in a directory, with one protected event of today and one of each of
/// three days before.
fn world_in(directory: &TempDir) -> World {
    let options = OpenOptions { key_grace_ms: 0, ..with_keys(Durability::Buffered) };
    let world = world_at(directory.path(), options).unwrap();
    world.make("/app", "s");
    world.protect_group("/app", &document("p", &["Ssn-US"], &json!({})));
    for day in (0..4).rev() {
        world.clock.0.store(NOW - day * DAY, Ordering::SeqCst);
        let request = crate::support::world::batch("/app", "s", &[]);
        let log_events = vec![crate::support::world::event(NOW - day * DAY, TEXT)];
        let request = logveil::PutLogEvents { log_events, ..request };
        world.engine.put_log_events(request).unwrap();
    }
    world
}

fn grant(world: &World) -> UnmaskGrant {
    let allow = Allow("ann", "arn:aws:logs:eu-west-1:123456789012:log-group:/app:*".to_owned());
    world.engine.authorize_unmask(&allow, Principal::new("ann"), &group("/app")).unwrap()
}

/// What a reader with a grant sees, or why not.
fn unmasked(world: &World) -> Result<Vec<String>, ErrorKind> {
    let grant = grant(world);
    let mut request = GetLogEvents::new(group("/app"), stream("s"));
    request.unmask = Some(&grant);
    let page = world.engine.get_log_events(&request).map_err(|error| error.kind())?;
    Ok(page.events.iter().map(|event| event.message.reveal().to_owned()).collect())
}

/// How many of the days' keys lie in the directory. The wrapped keys of these tests begin with the
/// log group's number times 31, plus the day.
fn keys_on_disk(directory: &TempDir) -> usize {
    let files = files_below(directory.path());
    let key = |back: i64| {
        let number = 31 + (NOW / DAY - back).unsigned_abs();
        [&number.to_le_bytes()[..], &[7; 24]].concat()
    };
    let lies = |back: &i64| files.iter().any(|(_, bytes)| holds(bytes, &key(*back)));
    (0..4).filter(lies).count()
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

#[test]
fn a_key_goes_with_its_last_event_and_takes_every_copy_along() {
    let directory = TempDir::new().unwrap();
    let world = world_in(&directory);
    assert_eq!(unmasked(&world).unwrap(), [TEXT; 4]);
    assert_eq!(keys_on_disk(&directory), 4);
    world.engine.put_retention_policy(&group("/app"), Some(1)).unwrap();
    // It is eight in the morning: of yesterday what came later is kept, so its key is.
    assert_eq!(world.engine.remove_expired().unwrap().keys, 2);
    assert_eq!(keys_on_disk(&directory), 2);
    world.clock.0.fetch_add(DAY, Ordering::SeqCst);
    assert_eq!(world.engine.remove_expired().unwrap().keys, 1);
    assert_eq!(keys_on_disk(&directory), 1);
    world.engine.delete_log_group(&group("/app")).unwrap();
    assert_eq!(world.engine.remove_expired().unwrap().keys, 1);
    assert_eq!(keys_on_disk(&directory), 0);
}

/// Opens every wrapped key as another one than was sealed with, or not at all.
struct OtherKeys(Option<KeyError>);

impl KeyProvider for OtherKeys {
    fn key_id(&self) -> String {
        PlainKeys.key_id()
    }

    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError> {
        PlainKeys.generate_data_key(context)
    }

    fn decrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut key = PlainKeys.decrypt(wrapped, context)?;
        key[31] ^= 1;
        self.0.map_or(Ok(key), Err)
    }

    fn re_encrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError> {
        PlainKeys.re_encrypt(wrapped, context)
    }
}

#[test]
fn originals_that_do_not_open_show_the_masked_text_and_are_counted() {
    let directory = TempDir::new().unwrap();
    drop(world_in(&directory));
    let seen_with = |provider: Arc<dyn KeyProvider>| {
        let options = with_keys(Durability::Buffered);
        let options = OpenOptions { key_provider: Some(provider), ..options };
        let world = world_at(directory.path(), options).unwrap();
        let seen = unmasked(&world);
        let metrics = world.engine.metrics();
        let counted =
            [metrics.originals_without_key, metrics.originals_refused, metrics.originals_damaged];
        (seen, counted)
    };
    let masked = || Ok(vec!["ssn ***********".to_owned(); 4]);
    // What was sealed does not pass its authentication.
    assert_eq!(seen_with(Arc::new(OtherKeys(None))), (masked(), [0, 0, 4]));
    let refused = Arc::new(OtherKeys(Some(KeyError::Refused)));
    assert_eq!(seen_with(refused), (masked(), [0, 4, 0]));
    // Whoever cannot ask now is told so, and asks again.
    let away = Arc::new(OtherKeys(Some(KeyError::Unavailable)));
    assert_eq!(seen_with(away), (Err(ErrorKind::ServiceUnavailable), [0; 3]));
    assert_eq!(seen_with(Arc::new(PlainKeys)), (Ok(vec![TEXT.to_owned(); 4]), [0; 3]));
    fs::remove_file(directory.path().join("keys")).unwrap();
    assert_eq!(seen_with(Arc::new(PlainKeys)), (masked(), [4, 0, 0]));
}

#[test]
fn who_saw_originals_is_known_after_a_restart_and_nobody_sees_them_unnoticed() {
    let directory = TempDir::new().unwrap();
    let world = world_in(&directory);
    unmasked(&world).unwrap();
    drop(world);
    let open = || world_at(directory.path(), with_keys(Durability::Synced)).unwrap();
    let world = open();
    unmasked(&world).unwrap();
    let read = UnmaskedRead {
        principal: Principal::new("ann"),
        log_group: group("/app"),
        events: 4,
        timestamp_ms: NOW,
    };
    let log = world.engine.unmask_log();
    assert_eq!((log.reads, log.dropped), (vec![read; 2], 0));
    drop(world);

    let (path, aside) = (directory.path().join("unmask.ndjson"), directory.path().join("aside"));
    fs::rename(&path, aside).unwrap();
    let world = open();
    fs::create_dir(&path).unwrap();
    assert_eq!(unmasked(&world), Err(ErrorKind::ServiceUnavailable));
    // Masked text needs no trace.
    assert_eq!(world.read("/app", "s"), ["ssn ***********"; 4]);
    fs::remove_dir(&path).unwrap();
    assert_eq!(unmasked(&world).unwrap(), [TEXT; 4]);
}
