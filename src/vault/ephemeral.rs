//! A key-encryption key that lives as long as the process, for a store that does not outlive it.

use zeroize::Zeroizing;

use super::provider::{DataKey, KeyContext, KeyError, KeyProvider, WrappedKey};
use crate::cipher::{self, Binding, Key};
use crate::error::Error;

const ID: &str = "ephemeral";

/// Wraps data keys by one random key, made with it and lost with it.
pub(crate) struct Ephemeral(Key);

impl Ephemeral {
    /// # Errors
    ///
    /// ServiceUnavailable when the system gives no random bytes.
    pub(crate) fn new() -> Result<Self, Error> {
        cipher::random().map(Self)
    }

    pub(super) fn wrap(
        &self,
        plaintext: &Key,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError> {
        let nonce = *cipher::random().map_err(|_| KeyError::Unavailable)?;
        let write = |out: &mut Vec<u8>| out.extend_from_slice(plaintext.as_slice());
        let bytes = cipher::seal(&self.0, nonce, &binding(context), plaintext.len(), write);
        Ok(WrappedKey { key_id: ID.to_owned(), bytes })
    }
}

impl KeyProvider for Ephemeral {
    fn key_id(&self) -> String {
        ID.to_owned()
    }

    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError> {
        let plaintext = cipher::random().map_err(|_| KeyError::Unavailable)?;
        let wrapped = self.wrap(&plaintext, context)?;
        Ok(DataKey { plaintext, wrapped })
    }

    fn decrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let opened = cipher::open(&self.0, &binding(context), &wrapped.bytes);
        let opened = opened.ok_or(KeyError::Refused)?;
        let bytes = opened.as_slice().try_into().map_err(|_| KeyError::Refused)?;
        Ok(Zeroizing::new(bytes))
    }

    fn re_encrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError> {
        self.wrap(&self.decrypt(wrapped, context)?, context)
    }
}

fn binding(context: &KeyContext) -> Binding {
    let pairs = context.pairs();
    pairs
        .iter()
        .fold(Binding::new("data key"), |binding, (name, value)| binding.text(name).text(value))
}

#[cfg(test)]
mod tests {
    use crate::arn::{AccountId, LogGroupName, Region};

    use super::*;

    #[test]
    fn debug_prints_no_key() {
        let context = KeyContext {
            account: AccountId::new("123456789012").unwrap(),
            region: Region::new("eu-west-1").unwrap(),
            log_group: LogGroupName::new("/app").unwrap(),
            log_group_number: 1,
            day: 2,
        };
        let key = Ephemeral::new().unwrap().generate_data_key(&context).unwrap();
        assert_eq!(format!("{key:?}"), "DataKey(wrapped by ephemeral)");
    }
}
