//! Data keys in the open, a bounded number of them.

use std::collections::HashMap;
use std::sync::Arc;

use super::book::KeyName;
use crate::cipher::Key;
use crate::limits::DATA_KEYS_CACHED_MAX;

/// The keys that were used last. They are overwritten when they leave and nobody uses them.
#[derive(Default)]
pub(super) struct Cache {
    keys: HashMap<KeyName, (Arc<Key>, u64)>,
    /// Counts the uses: the larger, the later.
    uses: u64,
}

impl Cache {
    pub(super) fn get(&mut self, name: KeyName) -> Option<Arc<Key>> {
        self.uses += 1;
        let (key, used) = self.keys.get_mut(&name)?;
        *used = self.uses;
        Some(Arc::clone(key))
    }

    pub(super) fn put(&mut self, name: KeyName, key: Key) -> Arc<Key> {
        if self.keys.len() >= DATA_KEYS_CACHED_MAX
            && let Some(oldest) = self.keys.iter().min_by_key(|(_, (_, used))| used)
        {
            let oldest = *oldest.0;
            self.keys.remove(&oldest);
        }
        self.uses += 1;
        let key = Arc::new(key);
        self.keys.insert(name, (Arc::clone(&key), self.uses));
        key
    }

    /// Forgets the keys that `stays` does not name.
    pub(super) fn retain(&mut self, stays: impl Fn(KeyName) -> bool) {
        self.keys.retain(|name, _| stays(*name));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}
