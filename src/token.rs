//! Paging tokens: where the next page begins, for nobody to read or to change.
//!
//! A token is sealed under a secret of the store and bound to its operation and parameters, so that
//! none can be made, changed or carried over to another request. It expires after 24 hours of the
//! engine's clock.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cipher::{self, Binding, KEY_BYTES, Key};
use crate::error::{Error, ErrorKind};
use crate::limits::PAGING_TOKEN_MS_MAX;

/// Longer than any token that was made; a longer one is not looked at.
const TOKEN_CHARS_MAX: usize = 4096;

const TIME_BYTES: usize = 8;

/// Makes and reads the tokens of one store.
pub(crate) struct Tokens(Key);

impl Tokens {
    /// The tokens of the store in `directory`, which exists. Their secret lies in a file of its
    /// own; without it, or when it is damaged, a new one is made: older tokens are worth nothing
    /// then, and nothing else is.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("tokens");
        if let Ok(bytes) = fs::read(&path)
            && let Ok(key) = <[u8; KEY_BYTES]>::try_from(bytes.as_slice())
        {
            return Ok(Self(Key::new(key)));
        }
        let key: Key = cipher::random()?;
        let new = directory.join("tokens.new");
        let written = write_private(&new, key.as_slice()).and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| {
            let text = format!("the secret of paging tokens cannot be written: {}", error.kind());
            Error::new(ErrorKind::ServiceUnavailable, text)
        })?;
        Ok(Self(key))
    }

    /// The tokens of one operation, at the time of the engine's clock. Its parameters follow.
    pub(crate) fn of(&self, operation: &str, now_ms: i64) -> Paging<'_> {
        Paging { key: &self.0, binding: Binding::new("token").text(operation), now_ms }
    }
}

/// Makes and reads the tokens of one request.
pub(crate) struct Paging<'a> {
    key: &'a Key,
    binding: Binding,
    now_ms: i64,
}

impl Paging<'_> {
    /// A parameter that the next request must have as well.
    pub(crate) fn with(mut self, parameter: &str) -> Self {
        self.binding = self.binding.text(parameter);
        self
    }

    /// The same for one that may be absent.
    pub(crate) fn with_time(mut self, parameter: Option<i64>) -> Self {
        let (given, time) = (u64::from(parameter.is_some()), parameter.unwrap_or(0));
        self.binding = self.binding.number(given).number(time.cast_unsigned());
        self
    }

    /// A token that says where the next page begins.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the system gives no random bytes.
    pub(crate) fn print(&self, place: &[u8]) -> Result<String, Error> {
        let sealed = cipher::seal(
            self.key,
            *cipher::random()?,
            &self.binding,
            TIME_BYTES + place.len(),
            |out| {
                out.extend(self.now_ms.to_le_bytes());
                out.extend_from_slice(place);
            },
        );
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What [`Self::print`] was told.
    ///
    /// # Errors
    ///
    /// InvalidParameter when the token was made by nobody or for another request, or has expired.
    pub(crate) fn parse(&self, token: &str) -> Result<Vec<u8>, Error> {
        self.parse_within(token, PAGING_TOKEN_MS_MAX)
    }

    /// The same for tokens that expire after so many milliseconds.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub(crate) fn parse_within(&self, token: &str, age_ms_max: i64) -> Result<Vec<u8>, Error> {
        let sealed = Some(token).filter(|token| token.len() <= TOKEN_CHARS_MAX);
        let sealed = sealed.and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
        let opened = sealed.and_then(|sealed| cipher::open(self.key, &self.binding, &sealed));
        let opened = opened.ok_or_else(foreign)?;
        let (made_ms, place) = opened.split_first_chunk::<TIME_BYTES>().ok_or_else(foreign)?;
        let age_ms = self.now_ms.saturating_sub(i64::from_le_bytes(*made_ms));
        if age_ms > age_ms_max {
            let hours = age_ms_max / (60 * 60 * 1000);
            return Err(Error::invalid(format!("nextToken is older than {hours} hours")));
        }
        Ok(place.to_vec())
    }

    /// The same for a place that is a name.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub(crate) fn parse_name<T>(
        &self,
        token: &str,
        read: impl Fn(&str) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let place = String::from_utf8(self.parse(token)?).map_err(|_| foreign())?;
        read(&place).map_err(|_| foreign())
    }
}

/// What is wrong with a token that this request never got.
pub(crate) fn foreign() -> Error {
    Error::invalid("nextToken is none that this operation returned for these parameters")
}

/// Writes a file that its owner only may read. Losing it is no harm, so it is not synced.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, bytes)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn a_token_is_read_by_its_own_request_only_and_survives_the_process() {
        let (directory, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let tokens = Tokens::open(directory.path()).unwrap();
        let of = |tokens: &Tokens, operation: &str, parameter: &str, time| {
            let paging = tokens.of(operation, NOW).with(parameter).with_time(time);
            paging.print(b"here").unwrap()
        };
        let token = of(&tokens, "Get", "/app", Some(0));
        assert_ne!(token, of(&tokens, "Get", "/app", Some(0)), "nothing can be told from a token");
        for tokens in [tokens, Tokens::open(directory.path()).unwrap()] {
            let read = |operation: &str, parameter: &str, time, token: &str| {
                tokens.of(operation, NOW).with(parameter).with_time(time).parse(token)
            };
            assert_eq!(read("Get", "/app", Some(0), &token).unwrap(), b"here");
            let refused = [
                read("Filter", "/app", Some(0), &token),
                read("Get", "/ap", Some(0), &token),
                read("Get", "/app", Some(1), &token),
                read("Get", "/app", None, &token),
                tokens.of("Get", NOW).with("/app").parse(&token),
                Tokens::open(other.path()).unwrap().of("Get", NOW).with("/app").parse(&token),
                read("Get", "/app", Some(0), ""),
                read("Get", "/app", Some(0), "aa="),
                read("Get", "/app", Some(0), &token[1..]),
                read("Get", "/app", Some(0), &token.repeat(100)),
            ];
            for refused in refused {
                let error = refused.unwrap_err();
                assert_eq!(
                    (error.kind(), error.message()),
                    (
                        ErrorKind::InvalidParameter,
                        "nextToken is none that this operation returned for these parameters"
                    )
                );
            }
            for at in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert!(read("Get", "/app", Some(0), &changed).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn a_token_expires_after_24_hours() {
        let directory = TempDir::new().unwrap();
        let tokens = Tokens::open(directory.path()).unwrap();
        let token = tokens.of("Get", NOW).print(b"").unwrap();
        let at = |now_ms| tokens.of("Get", now_ms).parse(&token).is_ok();
        assert!(at(NOW) && at(NOW + PAGING_TOKEN_MS_MAX));
        assert!(!at(NOW + PAGING_TOKEN_MS_MAX + 1) && !at(i64::MAX));
        // A clock that went back does not make a token old.
        assert!(at(NOW - 1) && at(i64::MIN));
    }

    #[test]
    fn a_damaged_secret_costs_old_tokens_only() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("tokens");
        let token = Tokens::open(directory.path()).unwrap().of("Get", NOW).print(b"").unwrap();
        let secret = fs::read(&path).unwrap();
        fs::write(&path, &secret[1..]).unwrap();
        let tokens = Tokens::open(directory.path()).unwrap();
        assert!(tokens.of("Get", NOW).parse(&token).is_err());
        let token = tokens.of("Get", NOW).print(b"").unwrap();
        assert!(Tokens::open(directory.path()).unwrap().of("Get", NOW).parse(&token).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
