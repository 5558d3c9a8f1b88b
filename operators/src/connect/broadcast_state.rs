//! Broadcast state: a map that every subtask holds alike.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{Key, Record, StableHasher};

const BROADCAST: &str = "broadcast";

/// Without a seed, so that a run can be repeated exactly.
type Entries<K, V> = HashMap<K, V, BuildHasherDefault<StableHasher>>;

/// A map that every subtask holds alike, because every subtask sees the same broadcast records. As
/// Flink's `BroadcastState`.
///
/// It must be changed by broadcast records alone, and in the same way in every subtask. Where the
/// broadcast stream comes out of several subtasks, their records may come in another order to each
/// reader: what depends on that order differs between subtasks.
#[derive(Clone, Debug)]
pub struct BroadcastState<K, V> {
    /// Shared with snapshots that are being written; a change copies it then.
    entries: Arc<Entries<K, V>>,
}

impl<K, V> Default for BroadcastState<K, V> {
    fn default() -> Self {
        Self { entries: Arc::default() }
    }
}

impl<K: Key, V: Record> BroadcastState<K, V> {
    /// The value of a key.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// Whether a key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All keys and values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// Sets the value of a key; returns the one before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        Arc::make_mut(&mut self.entries).insert(key, value)
    }

    /// Removes a key; returns its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        Arc::make_mut(&mut self.entries).remove(key)
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.entries = Arc::default();
    }

    pub(super) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        if let Some(entries) = cx.take_list::<(K, V)>(BROADCAST)? {
            self.entries = Arc::new(entries.into_iter().collect());
        }
        Ok(())
    }

    pub(super) fn snapshot(&self, cx: &mut SnapshotContext<'_>) {
        let entries = self.entries.clone();
        let items =
            async move { Ok(entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect()) };
        cx.list_deferred::<(K, V)>(BROADCAST, Redistribution::Broadcast, Box::pin(items));
    }
}
