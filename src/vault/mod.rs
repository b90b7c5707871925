//! Seals the originals and opens them for readers with a grant.
//!
//! Originals are sealed per event, under a data key for the log group and the UTC day of the
//! event's timestamp, and bound to their place: account, Region, log group, log stream, event id
//! and masked text. Data keys are kept wrapped by the host's [`KeyProvider`]; destroying one makes
//! that day's originals unreadable, wherever copies of them lie.

mod book;
mod cache;
mod ephemeral;
mod file;
mod provider;
mod record;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use book::Kept;
pub(crate) use ephemeral::Ephemeral;
pub use provider::{DataKey, KeyContext, KeyError, KeyProvider, WrappedKey};

use crate::arn::{Home, LogGroupName};
use crate::cipher::{self, Binding, Key, NONCE_BYTES};
use crate::error::{Error, ErrorKind};
use crate::limits::{KEY_ID_BYTES_MAX, WRAPPED_KEY_BYTES_MAX};
use crate::message::{MaskedMessage, Originals, UnmaskedMessage};
use book::{Book, KeyName, day_of};
use cache::Cache;

/// Holds the data keys of one store. Shared by all threads.
pub(crate) struct Vault {
    home: Home,
    /// Without one originals are not kept.
    provider: Option<Arc<dyn KeyProvider>>,
    /// Held while keys are looked up or written down, never while the provider is asked.
    book: Mutex<Book>,
    /// Locked after the book when both are. What is in it is safe on disk.
    cache: Mutex<Cache>,
    damaged_records: usize,
    unopened: [AtomicU64; 3],
}

/// A log group as the vault knows it: one made again under the same name has another number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyGroup<'a> {
    pub(crate) name: &'a LogGroupName,
    pub(crate) number: u64,
}

/// Where an event lies in its log group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The log stream's number.
    pub(crate) stream: u64,
    /// The two halves of the event's id.
    pub(crate) timestamp: i64,
    pub(crate) sequence: u64,
}

/// Originals that a reader with a grant did not get to see, since the vault was opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Unopened {
    /// Their key was destroyed, or the vault has no provider.
    pub(crate) without_key: u64,
    /// The provider did not open their key.
    pub(crate) refused: u64,
    /// They are not what was sealed, or lie where they were not sealed for.
    pub(crate) damaged: u64,
}

/// Answer of [`crate::Engine::rewrap_keys`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rewrapped {
    /// Keys that are under the provider's present key now and were not before.
    pub rewrapped: usize,
    /// Keys that the provider does not open; they stay as they are.
    pub refused: usize,
}

/// Why originals are not shown; the index of its count.
#[derive(Clone, Copy)]
enum Why {
    WithoutKey,
    Refused,
    Damaged,
}

impl Vault {
    /// Opens the vault of the store in `directory`, which exists and belongs to this process.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the key file cannot be read; InvalidOperation when it has another
    /// format.
    pub(crate) fn open(
        directory: &Path,
        provider: Option<Arc<dyn KeyProvider>>,
        home: Home,
    ) -> Result<Self, Error> {
        let (book, damaged_records) = Book::open(directory)?;
        let (book, cache, unopened) = (Mutex::new(book), Mutex::default(), Default::default());
        Ok(Self { home, provider, book, cache, damaged_records, unopened })
    }

    /// Whether originals are kept: whether there is a key provider.
    pub(crate) fn keeps_originals(&self) -> bool {
        self.provider.is_some()
    }

    /// How many stretches of the key file were damaged when it was opened. An end that a crash cut
    /// short held no key that was used, and is not counted.
    pub(crate) fn damaged_records(&self) -> usize {
        self.damaged_records
    }

    /// What was not opened so far.
    pub(crate) fn unopened(&self) -> Unopened {
        let [without_key, refused, damaged] =
            [0, 1, 2].map(|why: usize| self.unopened[why].load(Ordering::Relaxed));
        Unopened { without_key, refused, damaged }
    }

    /// The keys to seal one batch with: for each day of `timestamps`, those of the events that have
    /// originals. A new key is safe on disk when this returns. `None` when originals are not kept.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the provider gives no key, or a new one cannot be written down.
    pub(crate) fn sealer(
        &self,
        group: KeyGroup<'_>,
        retention_days: Option<u32>,
        timestamps: impl IntoIterator<Item = i64>,
    ) -> Result<Option<Sealer>, Error> {
        let Some(provider) = &self.provider else { return Ok(None) };
        let mut keys: Vec<(i64, Arc<Key>)> = Vec::new();
        for day in timestamps.into_iter().map(day_of) {
            if keys.iter().all(|(known, _)| *known != day) {
                let kept = Kept::from(retention_days);
                keys.push((day, self.key_to_seal(&**provider, group, day, kept)?));
            }
        }
        let place = Binding::new("originals").home(&self.home).group(group);
        Ok(Some(Sealer { place, keys, nonce: *cipher::random()?, sealed: AtomicU64::new(0) }))
    }

    /// What opens the originals of one page of one log group.
    pub(crate) fn opener<'a>(&'a self, group: KeyGroup<'a>) -> Opener<'a> {
        let place = Binding::new("originals").home(&self.home).group(group);
        Opener { vault: self, group, place, keys: Vec::new() }
    }

    /// Destroys the keys of days of which no event is kept any more, and returns how many. A
    /// retention that became shorter, or a log group that is gone, counts from `grace_ms` after
    /// the first call that saw it: until then `kept` is asked in vain. 0 is no grace.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable. The keys are not used any more, and the next call removes them.
    pub(crate) fn sweep(
        &self,
        now_ms: i64,
        grace_ms: i64,
        kept: impl Fn(u64, &LogGroupName) -> Kept,
    ) -> Result<usize, Error> {
        let mut book = self.book();
        let swept = book.sweep(now_ms, grace_ms, kept);
        self.cache().retain(|name| book.key(name).is_some());
        Ok(swept?.len())
    }

    /// The ids of the key-encryption keys that data keys lie wrapped by.
    pub(crate) fn key_ids(&self) -> BTreeSet<String> {
        self.book().keys().map(|(_, _, wrapped)| wrapped.key_id.clone()).collect()
    }

    /// Destroys the data keys that a key-encryption key of that id wraps, and returns how many.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable, as for [`Self::sweep`].
    pub(crate) fn destroy_under(&self, key_id: &str) -> Result<usize, Error> {
        let mut book = self.book();
        let destroyed = book.destroy_under(key_id);
        self.cache().retain(|name| book.key(name).is_some());
        Ok(destroyed?.len())
    }

    /// Wraps every data key that is under an older key-encryption key by the provider's present
    /// one. No event is touched. What was done before an error stays done.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the provider cannot be asked or the file cannot be written.
    pub(crate) fn rewrap(&self) -> Result<Rewrapped, Error> {
        let Some(provider) = &self.provider else { return Ok(Rewrapped::default()) };
        let present = provider.key_id();
        let older: Vec<_> = {
            let book = self.book();
            let keys = book.keys().filter(|(_, _, wrapped)| wrapped.key_id != present);
            keys.map(|(name, group, wrapped)| (name, group.clone(), wrapped.clone())).collect()
        };
        let (mut done, mut refused, mut stopped) = (Vec::new(), 0, None);
        for (name, group, wrapped) in older {
            let context = self.context(KeyGroup { name: &group, number: name.0 }, name.1);
            match provider.re_encrypt(&wrapped, &context).and_then(checked) {
                Ok(wrapped) => done.push((name, wrapped)),
                Err(KeyError::Refused) => refused += 1,
                Err(KeyError::Unavailable) => {
                    stopped = Some(no_key(KeyError::Unavailable));
                    break;
                }
            }
        }
        let rewrapped = done.len();
        self.book().replace(done)?;
        stopped.map_or(Ok(Rewrapped { rewrapped, refused }), Err)
    }

    /// The key that events of that day are sealed with; a new one when there is none.
    fn key_to_seal(
        &self,
        provider: &dyn KeyProvider,
        group: KeyGroup<'_>,
        day: i64,
        kept: Kept,
    ) -> Result<Arc<Key>, Error> {
        let (name, context) = ((group.number, day), self.context(group, day));
        loop {
            if let Some(key) = self.cache().get(name) {
                return Ok(key);
            }
            // Bound by a `let`, so that the book is free while the provider is asked.
            let wrapped = self.book().key(name).cloned();
            if let Some(wrapped) = wrapped {
                let key = provider.decrypt(&wrapped, &context).map_err(no_key)?;
                if let Some(key) = self.keep(name, &wrapped, key) {
                    return Ok(key);
                }
                continue;
            }
            let DataKey { plaintext, wrapped } =
                provider.generate_data_key(&context).map_err(no_key)?;
            let wrapped = checked(wrapped).map_err(no_key)?;
            let mut book = self.book();
            // Another thread may have been faster: there is one key for a day.
            if book.key(name).is_none() {
                book.add(name, group.name, kept, wrapped)?;
                return Ok(self.cache().put(name, plaintext));
            }
        }
    }

    /// Remembers an opened key unless it was destroyed meanwhile.
    fn keep(&self, name: KeyName, wrapped: &WrappedKey, key: Key) -> Option<Arc<Key>> {
        let book = self.book();
        (book.key(name) == Some(wrapped)).then(|| self.cache().put(name, key))
    }

    /// The key that events of that day were sealed with.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the provider cannot be asked now.
    fn key_to_open(&self, group: KeyGroup<'_>, day: i64) -> Result<Result<Arc<Key>, Why>, Error> {
        let name = (group.number, day);
        let Some(provider) = &self.provider else { return Ok(Err(Why::WithoutKey)) };
        loop {
            if let Some(key) = self.cache().get(name) {
                return Ok(Ok(key));
            }
            let Some(wrapped) = self.book().key(name).cloned() else {
                return Ok(Err(Why::WithoutKey));
            };
            match provider.decrypt(&wrapped, &self.context(group, day)) {
                Ok(key) => {
                    if let Some(key) = self.keep(name, &wrapped, key) {
                        return Ok(Ok(key));
                    }
                }
                Err(KeyError::Refused) => return Ok(Err(Why::Refused)),
                Err(error @ KeyError::Unavailable) => return Err(no_key(error)),
            }
        }
    }

    fn context(&self, group: KeyGroup<'_>, day: i64) -> KeyContext {
        KeyContext {
            account: self.home.account.clone(),
            region: self.home.region.clone(),
            log_group: group.name.clone(),
            log_group_number: group.number,
            day,
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seals the originals of one batch; made by [`Vault::sealer`]. Shared by threads.
pub(crate) struct Sealer {
    place: Binding,
    /// A batch spans two days at most.
    keys: Vec<(i64, Arc<Key>)>,
    /// Random; the last 8 bytes then count the batch's events, so that the system is asked once.
    nonce: [u8; NONCE_BYTES],
    sealed: AtomicU64,
}

impl Sealer {
    /// The originals of one event, sealed: nonce, ciphertext and tag.
    ///
    /// # Panics
    ///
    /// Panics when the event's day is none of those that the sealer was made for.
    pub(crate) fn seal(
        &self,
        place: Place,
        masked: &MaskedMessage,
        originals: &Originals,
    ) -> Vec<u8> {
        let day = day_of(place.timestamp);
        let key = self.keys.iter().find(|(known, _)| *known == day);
        let (_, key) = key.expect("the sealer was made for this day");
        let mut nonce = self.nonce;
        let counter = nonce.last_chunk_mut().expect("longer than 8 bytes");
        let sealed = self.sealed.fetch_add(1, Ordering::Relaxed);
        *counter = u64::from_le_bytes(*counter).wrapping_add(sealed).to_le_bytes();
        let len = originals.encoded_len();
        cipher::seal(key, nonce, &self.place.event(place, masked), len, |out| originals.encode(out))
    }
}

/// Opens the originals of one page; made by [`Vault::opener`]. Each key is looked for once.
pub(crate) struct Opener<'a> {
    vault: &'a Vault,
    group: KeyGroup<'a>,
    place: Binding,
    keys: Vec<(i64, Result<Arc<Key>, Why>)>,
}

impl Opener<'_> {
    /// The original text of an event; `None`, counted, when it cannot be shown.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the key provider cannot be asked now.
    pub(crate) fn open(
        &mut self,
        place: Place,
        masked: &MaskedMessage,
        sealed: &[u8],
    ) -> Result<Option<UnmaskedMessage>, Error> {
        let opened = self.key(day_of(place.timestamp))?.and_then(|key| {
            let bytes = cipher::open(&key, &self.place.event(place, masked), sealed);
            let originals = bytes.and_then(|bytes| Originals::decode(&bytes, masked));
            originals.ok_or(Why::Damaged)
        });
        Ok(match opened {
            Ok(originals) => Some(originals.restore(masked)),
            Err(why) => {
                self.vault.unopened[why as usize].fetch_add(1, Ordering::Relaxed);
                None
            }
        })
    }

    fn key(&mut self, day: i64) -> Result<Result<Arc<Key>, Why>, Error> {
        let known = self.keys.iter().rev().find(|(known, _)| *known == day);
        if let Some((_, key)) = known {
            return Ok(key.clone());
        }
        let key = self.vault.key_to_open(self.group, day)?;
        self.keys.push((day, key.clone()));
        Ok(key)
    }
}

impl Binding {
    fn home(self, home: &Home) -> Self {
        self.text(home.account.as_str()).text(home.region.as_str())
    }

    fn group(self, group: KeyGroup<'_>) -> Self {
        self.text(group.name.as_str()).number(group.number)
    }

    fn event(&self, place: Place, masked: &MaskedMessage) -> Self {
        let id = self.clone().number(place.stream).number(place.timestamp.cast_unsigned());
        id.number(place.sequence).text(masked.as_str())
    }
}

/// A wrapped key that can be written down; a larger one is none of KMS's shape.
fn checked(wrapped: WrappedKey) -> Result<WrappedKey, KeyError> {
    let fits = wrapped.bytes.len() <= WRAPPED_KEY_BYTES_MAX
        && wrapped.key_id.len() <= KEY_ID_BYTES_MAX
        && !wrapped.bytes.is_empty();
    fits.then_some(wrapped).ok_or(KeyError::Refused)
}

fn no_key(error: KeyError) -> Error {
    Error::new(ErrorKind::ServiceUnavailable, error.to_string())
}

#[cfg(test)]
mod tests;
