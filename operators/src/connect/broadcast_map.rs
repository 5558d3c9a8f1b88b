//! A map that every subtask holds alike.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{Key, Record, StableHasher};

/// Without a seed, so that a run can be repeated exactly.
pub(super) type Entries<K, V> = HashMap<K, V, BuildHasherDefault<StableHasher>>;

/// A map that every subtask holds alike, because every subtask sees the same broadcast records.
#[derive(Clone, Debug)]
pub(super) struct BroadcastMap<K, V> {
    /// Shared with snapshots that are being written; a change copies it then.
    entries: Arc<Entries<K, V>>,
}

impl<K, V> Default for BroadcastMap<K, V> {
    fn default() -> Self {
        Self { entries: Arc::default() }
    }
}

impl<K: Key, V: Record> BroadcastMap<K, V> {
    #[inline]
    pub(super) fn entries(&self) -> &Entries<K, V> {
        &self.entries
    }

    /// For changes, which copy the map if a snapshot holds it.
    pub(super) fn entries_mut(&mut self) -> &mut Entries<K, V> {
        Arc::make_mut(&mut self.entries)
    }

    /// Removes all keys; copies nothing.
    pub(super) fn clear(&mut self) {
        self.entries = Arc::default();
    }

    pub(super) fn restore(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        if let Some(entries) = cx.take_list::<(K, V)>(name)? {
            self.entries = Arc::new(entries.into_iter().collect());
        }
        Ok(())
    }

    pub(super) fn snapshot(&self, name: &str, cx: &mut SnapshotContext<'_>) {
        let entries = self.entries.clone();
        let items =
            async move { Ok(entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect()) };
        cx.list_deferred::<(K, V)>(name, Redistribution::Broadcast, Box::pin(items));
    }
}
