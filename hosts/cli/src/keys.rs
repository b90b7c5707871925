//! Key-encryption keys of this machine: in a file, in the environment, in memory.
//!
//! Both hold entries `ID:KEY`, one a line or separated by commas, KEY as 64 hexadecimal digits. The
//! last one wraps new data keys; the others stay for the data keys that they wrapped. A key is
//! rotated by adding a line.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use logveil::{DataKey, KeyContext, KeyError, KeyProvider, WrappedKey, Zeroizing};

use crate::output::{Failure, shown};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Longer than any list of keys; a larger file is none.
const FILE_BYTES_MAX: u64 = 64 * 1024;

type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Key-encryption keys in memory, each with its id; the last is the present one. Data keys are
/// wrapped with XChaCha20-Poly1305, bound to their context.
pub(crate) struct KeyRing(Vec<(String, Key)>);

impl KeyRing {
    /// One random key that nobody else has.
    pub(crate) fn random() -> Result<Self, Failure> {
        let id = random::<4>().map_err(no_random)?;
        Ok(Self(vec![(hex(&*id), random().map_err(no_random)?)]))
    }

    /// A random key under an id that tells that it is lost with the process.
    pub(crate) fn of_this_process() -> Result<Self, Failure> {
        let key = random().map_err(no_random)?;
        Ok(Self(vec![(logveil_server::MEMORY_KEY_ID.to_owned(), key)]))
    }

    /// The keys in a file that nobody but its owner may read.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::reading(shown(path), &error);
        let file = File::open(path).map_err(failed)?;
        check_private(&file, path)?;
        // Room for all of it at once: growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize + 1));
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text).map_err(|why| Failure::because(format!("{}: {why}", shown(path))))
    }

    /// Makes a file with one random key, readable by its owner only, and loads it. A file that is
    /// there already is left alone: that is an error.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::writing(shown(path), &error);
        let ring = Self::random()?;
        let mut file =
            private(OpenOptions::new().write(true).create_new(true)).open(path).map_err(failed)?;
        let written = file.write_all(ring.print().as_bytes()).and_then(|()| file.sync_all());
        written.map_err(failed)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_folder(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        Ok(ring)
    }

    /// The keys in an environment variable.
    pub(crate) fn from_environment(variable: &str) -> Result<Self, Failure> {
        let text = std::env::var(variable).map(Zeroizing::new);
        let text = text.map_err(|_| Failure::because(format!("{variable} is not set to text")))?;
        Self::parse(&text).map_err(|why| Failure::because(format!("{variable}: {why}")))
    }

    /// Reads `ID:KEY` entries. Errors name the entry by its number and quote nothing.
    fn parse(text: &str) -> Result<Self, String> {
        let mut keys: Vec<(String, Key)> = Vec::new();
        let entries = text.split(['\n', ',']).map(str::trim);
        for (index, entry) in entries.filter(|entry| !entry.is_empty()).enumerate() {
            let fault = |what| format!("key {} {what}", index + 1);
            let (id, digits) = entry.split_once(':').ok_or_else(|| fault("is not ID:KEY"))?;
            let fits =
                (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
            if !fits {
                return Err(fault("has an ID that is not 1 to 64 letters, digits or marks"));
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(fault("has the ID of another one"));
            }
            let key = unhex(digits).ok_or_else(|| fault("is not 64 hexadecimal digits"))?;
            keys.push((id.to_owned(), key));
        }
        if keys.is_empty() { Err("there is no key in it".to_owned()) } else { Ok(Self(keys)) }
    }

    /// What [`Self::parse`] reads.
    fn print(&self) -> Zeroizing<String> {
        let line = |(id, _): &(String, Key)| id.len() + 2 + 2 * KEY_BYTES;
        let mut text = Zeroizing::new(String::with_capacity(self.0.iter().map(line).sum()));
        for (id, key) in &self.0 {
            text.push_str(id);
            text.push(':');
            key.iter().for_each(|byte| push_hex(*byte, &mut text));
            text.push('\n');
        }
        text
    }

    fn present(&self) -> &(String, Key) {
        self.0.last().expect("a ring has a key")
    }

    fn wrap(&self, plaintext: &Key, context: &KeyContext) -> Result<WrappedKey, KeyError> {
        let (id, key) = self.present();
        let nonce = *random::<NONCE_BYTES>().map_err(|_| KeyError::Unavailable)?;
        let mut bytes = Vec::with_capacity(NONCE_BYTES + KEY_BYTES + TAG_BYTES);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plaintext.as_slice());
        let text = bytes.get_mut(NONCE_BYTES..).expect("the nonce is there");
        let cipher = XChaCha20Poly1305::new(&(**key).into());
        let nonce = XNonce::from(nonce);
        let tag = cipher.encrypt_inout_detached(&nonce, &binding(id, context), text.into());
        bytes.extend_from_slice(&tag.expect("a key is short"));
        Ok(WrappedKey { key_id: id.clone(), bytes })
    }
}

impl KeyProvider for KeyRing {
    fn key_id(&self) -> String {
        self.present().0.clone()
    }

    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError> {
        let plaintext = random().map_err(|_| KeyError::Unavailable)?;
        let wrapped = self.wrap(&plaintext, context)?;
        Ok(DataKey { plaintext, wrapped })
    }

    fn decrypt(&self, wrapped: &WrappedKey, context: &KeyContext) -> Result<Key, KeyError> {
        let known = self.0.iter().find(|(id, _)| *id == wrapped.key_id);
        let (id, key) = known.ok_or(KeyError::Refused)?;
        let split = wrapped.bytes.split_first_chunk::<NONCE_BYTES>();
        let split = split.and_then(|(nonce, rest)| Some((nonce, rest.split_last_chunk()?)));
        let (nonce, (text, tag)) = split.ok_or(KeyError::Refused)?;
        let mut plaintext: Key = Zeroizing::new(text.try_into().map_err(|_| KeyError::Refused)?);
        let cipher = XChaCha20Poly1305::new(&(**key).into());
        let (nonce, tag, text) = (XNonce::from(*nonce), Tag::from(*tag), plaintext.as_mut_slice());
        let opened =
            cipher.decrypt_inout_detached(&nonce, &binding(id, context), text.into(), &tag);
        opened.map_err(|_| KeyError::Refused)?;
        Ok(plaintext)
    }

    fn re_encrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError> {
        self.wrap(&self.decrypt(wrapped, context)?, context)
    }
}

/// What a wrapped key is bound to: each name and value with its length before it.
fn binding(id: &str, context: &KeyContext) -> Vec<u8> {
    let pairs = context.pairs();
    let fields = pairs.iter().flat_map(|(name, value)| [*name, value.as_str()]);
    let mut bytes = Vec::new();
    for field in [id].into_iter().chain(fields) {
        bytes.extend((field.len() as u64).to_le_bytes());
        bytes.extend(field.as_bytes());
    }
    bytes
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(bytes)
}

fn no_random(_: getrandom::Error) -> Failure {
    Failure::because("the system gives no random bytes")
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    bytes.iter().for_each(|byte| push_hex(*byte, &mut text));
    text
}

fn push_hex(byte: u8, text: &mut String) {
    let digit = |half| char::from_digit(u32::from(half), 16).expect("a half byte");
    text.push(digit(byte >> 4));
    text.push(digit(byte & 15));
}

fn unhex(digits: &str) -> Option<Key> {
    let digits: &[u8; 2 * KEY_BYTES] = digits.as_bytes().try_into().ok()?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let value = |digit: u8| char::from(digit).to_digit(16);
    for (byte, pair) in key.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = (value(pair[0])? * 16 + value(pair[1])?) as u8;
    }
    Some(key)
}

#[cfg(unix)]
fn check_private(file: &File, path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|error| Failure::reading(shown(path), &error))?;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let path = shown(path);
    Err(Failure::because(format!("{path} may be read by others; do: chmod 600 {path}")))
}

#[cfg(not(unix))]
fn check_private(_: &File, _: &Path) -> Result<(), Failure> {
    Ok(())
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use logveil::{AccountId, LogGroupName, Region};
    use tempfile::TempDir;

    use super::*;

    fn context(day: i64) -> KeyContext {
        KeyContext {
            account: AccountId::new("123456789012").unwrap(),
            region: Region::new("eu-west-1").unwrap(),
            log_group: LogGroupName::new("/app").unwrap(),
            log_group_number: 1,
            day,
        }
    }

    fn why(failed: Result<KeyRing, Failure>) -> String {
        match failed.map(drop) {
            Err(Failure::Because(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_data_key_opens_under_its_key_and_in_its_context_only() {
        let (ring, other) = (KeyRing::random().unwrap(), KeyRing::random().unwrap());
        let DataKey { plaintext, wrapped } = ring.generate_data_key(&context(1)).unwrap();
        assert_eq!(ring.decrypt(&wrapped, &context(1)).unwrap(), plaintext);
        assert_eq!(ring.decrypt(&wrapped, &context(2)).unwrap_err(), KeyError::Refused);
        assert_eq!(other.decrypt(&wrapped, &context(1)).unwrap_err(), KeyError::Refused);
        let renamed = KeyRing(vec![(ring.key_id(), other.0[0].1.clone())]);
        assert_eq!(renamed.decrypt(&wrapped, &context(1)).unwrap_err(), KeyError::Refused);
        // The same key under another ID does not open it either: the ID is bound as well.
        let again = KeyRing(vec![("again".to_owned(), ring.0[0].1.clone())]);
        let relabelled = WrappedKey { key_id: again.key_id(), ..wrapped.clone() };
        assert_eq!(again.decrypt(&relabelled, &context(1)).unwrap_err(), KeyError::Refused);
        for at in 0..wrapped.bytes.len() {
            let mut wrapped = wrapped.clone();
            wrapped.bytes[at] ^= 1;
            assert!(ring.decrypt(&wrapped, &context(1)).is_err(), "byte {at}");
            wrapped.bytes.truncate(at);
            assert!(ring.decrypt(&wrapped, &context(1)).is_err(), "{at} bytes");
        }
        let again = ring.generate_data_key(&context(1)).unwrap();
        assert!(again.plaintext != plaintext && again.wrapped != wrapped);
        // A nonce is never used twice: the same key wrapped once more gives other bytes.
        assert_ne!(ring.re_encrypt(&wrapped, &context(1)).unwrap(), wrapped);
    }

    #[test]
    fn a_second_line_rotates_the_key_and_the_first_still_opens() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("key");
        let first = KeyRing::create(&path).unwrap();
        let DataKey { plaintext, wrapped } = first.generate_data_key(&context(1)).unwrap();
        let line = KeyRing::random().unwrap();
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(line.print().as_bytes())
            .unwrap();
        let both = KeyRing::load(&path).unwrap();
        assert_eq!(both.key_id(), line.key_id());
        assert_eq!(both.decrypt(&wrapped, &context(1)).unwrap(), plaintext);
        let newer = both.re_encrypt(&wrapped, &context(1)).unwrap();
        assert_eq!(newer.key_id, line.key_id());
        assert_eq!(line.decrypt(&newer, &context(1)).unwrap(), plaintext);
        assert_eq!(both.decrypt(&newer, &context(1)).unwrap(), plaintext, "each by its own ID");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_its_owners_and_is_never_written_over() {
        use std::fs::{Permissions, set_permissions};
        use std::os::unix::fs::PermissionsExt;
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("key");
        let ring = KeyRing::create(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(why(KeyRing::create(&path)).starts_with("cannot write"));
        assert_eq!(KeyRing::load(&path).unwrap().print(), ring.print());
        for mode in [0o640, 0o604, 0o660] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(why(KeyRing::load(&path)).contains("chmod 600"));
        }
    }

    #[test]
    fn the_environment_holds_keys_as_the_file_does() {
        // Set whenever cargo runs a test; it holds no key.
        let set = why(KeyRing::from_environment("CARGO_PKG_NAME"));
        assert_eq!(set, "CARGO_PKG_NAME: key 1 is not ID:KEY");
        let unset = why(KeyRing::from_environment("LOGVEIL_NO_SUCH_VARIABLE"));
        assert_eq!(unset, "LOGVEIL_NO_SUCH_VARIABLE is not set to text");
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused_without_quoting_it() {
        let key = "ab".repeat(KEY_BYTES);
        let ring = KeyRing::parse(&format!(" a:{key},b:{key}\n\n")).unwrap();
        assert_eq!((ring.0.len(), ring.key_id()), (2, "b".to_owned()));
        let cases = [
            (String::new(), "there is no key in it"),
            (key.clone(), "key 1 is not ID:KEY"),
            (format!("a:{key}\nb:{}", &key[1..]), "key 2 is not 64 hexadecimal digits"),
            (format!("a:{}é", &key[2..]), "key 1 is not 64 hexadecimal digits"),
            (format!("a:{}g", &key[1..]), "key 1 is not 64 hexadecimal digits"),
            (format!("a:{key},a:{key}"), "key 2 has the ID of another one"),
            (format!(":{key}"), "key 1 has an ID that is not 1 to 64 letters, digits or marks"),
        ];
        for (text, expected) in cases {
            assert_eq!(KeyRing::parse(&text).map(drop).unwrap_err(), expected);
        }
    }
}
