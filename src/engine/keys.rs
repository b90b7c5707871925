//! The keys of originals, as the host sees them.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::vault::Rewrapped;

use super::Engine;

impl Engine {
    /// Whether originals are kept: whether the engine has a key provider. Without one they are gone
    /// when their events are put, and [`Engine::authorize_unmask`] says so.
    pub fn keeps_originals(&self) -> bool {
        self.vault.keeps_originals()
    }

    /// The ids of the key-encryption keys that data keys lie wrapped by.
    pub fn key_ids(&self) -> BTreeSet<String> {
        self.vault.key_ids()
    }

    /// Destroys the data keys that the key-encryption key of that id wraps, and returns how many:
    /// for one that is lost, or has to be. The originals that they sealed are noise from then on,
    /// and new events of those days get keys of their own. As long as a data key lies under a key
    /// that the provider does not have, events of its day that have originals are refused.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the key file cannot be written; the keys are not used any more.
    pub fn destroy_keys_under(&self, key_id: &str) -> Result<usize, Error> {
        self.vault.destroy_under(key_id)
    }

    /// After the provider's key-encryption key has changed: wraps the data keys of all days by the
    /// present one, so that the older one can be given up. No event is touched; data keys of new
    /// days are under the present one in any case. Cost: a request to the provider for each key.
    ///
    /// # Errors
    ///
    /// ServiceUnavailable when the provider cannot be asked or the key file not be written; what
    /// was done until then stays done.
    pub fn rewrap_keys(&self) -> Result<Rewrapped, Error> {
        self.vault.rewrap()
    }
}
