//! Authenticated encryption: XChaCha20-Poly1305.
//!
//! Its nonce of 24 bytes is drawn at random, so that no counter has to survive a crash, a restored
//! backup or a second process; it is fast without special instructions and has no table look-ups
//! that timing could tell. Whatever is sealed is bound to its place by associated data.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 24;

const TAG_BYTES: usize = 16;

/// A secret key; overwritten when it is dropped.
pub(crate) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// What a sealed value is bound to: fields with their lengths before them, so that no two lists of
/// fields give the same bytes.
#[derive(Clone)]
pub(crate) struct Binding(Vec<u8>);

impl Binding {
    /// `purpose` separates the uses of one key.
    pub(crate) fn new(purpose: &str) -> Self {
        Self(Vec::with_capacity(256)).text(purpose)
    }

    pub(crate) fn text(mut self, field: &str) -> Self {
        self.0.extend_from_slice(&(field.len() as u64).to_le_bytes());
        self.0.extend_from_slice(field.as_bytes());
        self
    }

    pub(crate) fn number(mut self, field: u64) -> Self {
        self.0.extend_from_slice(&field.to_le_bytes());
        self
    }
}

/// Nonce, ciphertext and tag of the `len` bytes that `write` appends. They are encrypted where they
/// are written: no copy of them is made.
pub(crate) fn seal(
    key: &Key,
    nonce: [u8; NONCE_BYTES],
    binding: &Binding,
    len: usize,
    write: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(NONCE_BYTES + len + TAG_BYTES);
    sealed.extend_from_slice(&nonce);
    write(&mut sealed);
    assert_eq!(sealed.len(), NONCE_BYTES + len, "as many bytes as announced");
    let cipher = XChaCha20Poly1305::new(&(**key).into());
    let text = sealed.get_mut(NONCE_BYTES..).expect("the nonce is there");
    let tag = cipher.encrypt_inout_detached(&XNonce::from(nonce), &binding.0, text.into());
    sealed.extend_from_slice(&tag.expect("less than 256 GiB"));
    sealed
}

/// The bytes that were sealed; `None` when they were sealed by another key, for another place, or
/// have changed.
pub(crate) fn open(key: &Key, binding: &Binding, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    let mut text = Zeroizing::new(text.to_vec());
    let cipher = XChaCha20Poly1305::new(&(**key).into());
    let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
    cipher.decrypt_inout_detached(&nonce, &binding.0, text.as_mut_slice().into(), &tag).ok()?;
    Some(text)
}

/// Random bytes from the system.
///
/// # Errors
///
/// ServiceUnavailable when the system has none.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| {
        Error::new(ErrorKind::ServiceUnavailable, "the system gives no random bytes")
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &Key, binding: &Binding, text: &[u8]) -> Vec<u8> {
        let nonce = *random().unwrap();
        seal(key, nonce, binding, text.len(), |out| out.extend_from_slice(text))
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_key_in_its_place_only() {
        let (key, other) = (random().unwrap(), random().unwrap());
        let place = || Binding::new("test").text("ab").text("c").number(7);
        for text in [&b""[..], b"canary", &[7; 1000]] {
            let sealed = sealed(&key, &place(), text);
            assert_eq!(sealed.len(), text.len() + NONCE_BYTES + TAG_BYTES);
            assert_eq!(open(&key, &place(), &sealed).as_deref().map(Vec::as_slice), Some(text));
            assert!(open(&other, &place(), &sealed).is_none());
            let elsewhere = [
                Binding::new("test").text("a").text("bc").number(7),
                Binding::new("test").text("ab").text("c").number(8),
                Binding::new("tes").text("ab").text("c").number(7),
                Binding::new("test").text("ab").text("c"),
            ];
            assert!(elsewhere.iter().all(|place| open(&key, place, &sealed).is_none()));
            for at in 0..sealed.len() {
                let mut sealed = sealed.clone();
                sealed[at] ^= 1;
                assert!(open(&key, &place(), &sealed).is_none(), "byte {at} was changed");
            }
            assert!(open(&key, &place(), &sealed[..sealed.len() - 1]).is_none());
        }
        assert!(open(&key, &place(), b"").is_none());
    }

    /// The test vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn the_published_vector_comes_out() {
        let key = Zeroizing::new(std::array::from_fn(|at| 0x80 + at as u8));
        let nonce = std::array::from_fn(|at| 0x40 + at as u8);
        let associated = [0x50, 0x51, 0x52, 0x53, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7];
        let text: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you only \
            one tip for the future, sunscreen would be it.";
        let write = |out: &mut Vec<u8>| out.extend_from_slice(text);
        let sealed = seal(&key, nonce, &Binding(associated.to_vec()), text.len(), write);
        assert_eq!(sealed[NONCE_BYTES..][..8], [0xBD, 0x6D, 0x17, 0x9D, 0x3E, 0x83, 0xD4, 0x3B]);
        assert_eq!(sealed[sealed.len() - 4..], [0x78, 0x0A, 0xCF, 0x49]);
    }
}
