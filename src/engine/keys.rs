//! The keys of originals, as the host sees them.

use crate::error::Error;
use crate::vault::Rewrapped;

use super::Engine;

impl Engine {
    /// Whether originals are kept: whether the engine has a key provider. Without one they are gone
    /// when their events are put, and [`Engine::authorize_unmask`] says so.
    pub fn keeps_originals(&self) -> bool {
        self.vault.keeps_originals()
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
