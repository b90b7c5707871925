//! Where keys come from: the host's key management, in the shape of AWS KMS.

use std::fmt;

use zeroize::Zeroizing;

use crate::arn::{AccountId, LogGroupName, Region};

/// Makes and opens data keys under key-encryption keys that never reach the library: AWS KMS, a
/// file, whatever the host has. The three operations are KMS's of the same names, and a
/// [`KeyContext`] is its encryption context: a wrapped key opens in its own context only.
///
/// They are called when a data key is not in memory, not for every batch, and from many threads.
pub trait KeyProvider: Send + Sync {
    /// The id of the key-encryption key that new data keys are wrapped with. When it changes, the
    /// next data keys are wrapped with the new one, and older ones can be wrapped again.
    fn key_id(&self) -> String;

    /// A new random data key, as it is and wrapped by the key of [`Self::key_id`].
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError>;

    /// The data key inside `wrapped`.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; Refused when it was wrapped in another context, too.
    fn decrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// The same data key, wrapped by the key of [`Self::key_id`].
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    fn re_encrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError>;
}

/// A new data key.
pub struct DataKey {
    /// The key; overwritten when dropped.
    pub plaintext: Zeroizing<[u8; 32]>,
    /// The same, wrapped.
    pub wrapped: WrappedKey,
}

/// A data key that only its key-encryption key opens; no secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrappedKey {
    /// The id of the key-encryption key, at most 2,048 bytes.
    pub key_id: String,
    /// The wrapped key, at most 6,144 bytes. What they are is the provider's affair.
    pub bytes: Vec<u8>,
}

/// What a data key is for: one UTC day of one log group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyContext {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The log group.
    pub log_group: LogGroupName,
    /// Its number in the store: a log group made again under the same name has another one.
    pub log_group_number: u64,
    /// Days since 1970-01-01 UTC, of the events' timestamps.
    pub day: i64,
}

/// Why a provider gave no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyError {
    /// It cannot be asked now; later it may answer.
    Unavailable,
    /// It answered no: the key-encryption key is not there or may not be used, or the wrapped key
    /// was changed or belongs to another context.
    Refused,
}

impl KeyContext {
    /// Names and values, as KMS takes an encryption context.
    pub fn pairs(&self) -> [(&'static str, String); 5] {
        [
            ("logveil:account", self.account.to_string()),
            ("logveil:region", self.region.to_string()),
            ("logveil:log-group", self.log_group.to_string()),
            ("logveil:log-group-number", self.log_group_number.to_string()),
            ("logveil:day", self.day.to_string()),
        ]
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey(wrapped by {})", self.wrapped.key_id)
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the key provider cannot be asked now",
            Self::Refused => "the key provider does not open the key",
        })
    }
}

impl std::error::Error for KeyError {}
