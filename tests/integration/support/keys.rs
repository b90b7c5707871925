//! A key-encryption key that every process of a test has.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use logveil::{DataKey, KeyContext, KeyError, KeyProvider, WrappedKey, Zeroizing};

/// Wraps data keys under a key that is no secret.
pub struct KnownKey;

impl KnownKey {
    fn cipher() -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&[0x5A; 32].into())
    }

    fn random<const N: usize>() -> Result<[u8; N], KeyError> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).map_err(|_| KeyError::Unavailable)?;
        Ok(bytes)
    }

    fn wrap(key: &[u8; 32], context: &KeyContext) -> Result<WrappedKey, KeyError> {
        let nonce: [u8; 24] = Self::random()?;
        let (mut text, bound) = (*key, format!("{context:?}"));
        let buffer = text.as_mut_slice().into();
        let sealed =
            Self::cipher().encrypt_inout_detached(&XNonce::from(nonce), bound.as_bytes(), buffer);
        let tag = sealed.map_err(|_| KeyError::Refused)?;
        let bytes = [&nonce[..], &text, &tag].concat();
        Ok(WrappedKey { key_id: "known".to_owned(), bytes })
    }
}

impl KeyProvider for KnownKey {
    fn key_id(&self) -> String {
        "known".to_owned()
    }

    fn generate_data_key(&self, context: &KeyContext) -> Result<DataKey, KeyError> {
        let plaintext = Zeroizing::new(Self::random()?);
        let wrapped = Self::wrap(&plaintext, context)?;
        Ok(DataKey { plaintext, wrapped })
    }

    fn decrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let bytes: &[u8; 72] =
            wrapped.bytes.as_slice().try_into().map_err(|_| KeyError::Refused)?;
        let (nonce, text, tag) = (&bytes[..24], &bytes[24..56], &bytes[56..]);
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(text);
        let nonce: [u8; 24] = nonce.try_into().expect("24 bytes");
        let tag: [u8; 16] = tag.try_into().expect("16 bytes");
        let opened = Self::cipher().decrypt_inout_detached(
            &XNonce::from(nonce),
            format!("{context:?}").as_bytes(),
            key.as_mut_slice().into(),
            &Tag::from(tag),
        );
        opened.map_err(|_| KeyError::Refused)?;
        Ok(key)
    }

    fn re_encrypt(
        &self,
        wrapped: &WrappedKey,
        context: &KeyContext,
    ) -> Result<WrappedKey, KeyError> {
        Self::wrap(&*self.decrypt(wrapped, context)?, context)
    }
}
