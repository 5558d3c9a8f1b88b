//! A window of a key.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A window of a key: what timers and states of windows belong to. It lies in the key group of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowKey<K, W> {
    pub(in crate::window) key: K,
    pub(in crate::window) window: W,
}

impl<K: Hash, W> Hash for WindowKey<K, W> {
    /// That of the key: it decides the key group.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
