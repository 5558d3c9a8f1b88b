//! All keys of a state, one after the other.

use super::{Current, HeapStore, KeyedState, StateAccess};
use crate::Key;

/// A key that is being [visited](HeapStore::for_each_key): the context in which handles work on its states.
pub struct VisitedKey<'a, K> {
    store: &'a mut HeapStore<K>,
    at: Current<'a, K>,
}

impl<K> VisitedKey<'_, K> {
    /// The key.
    pub const fn key(&self) -> &K {
        self.at.key
    }
}

impl<K: Key> StateAccess for VisitedKey<'_, K> {
    type Store = HeapStore<K>;

    #[inline]
    fn store(&self) -> (&HeapStore<K>, Current<'_, K>) {
        (self.store, self.at)
    }

    #[inline]
    fn store_mut(&mut self) -> (&mut HeapStore<K>, Current<'_, K>) {
        (self.store, self.at)
    }
}

impl<K: Key> HeapStore<K> {
    /// Visits all keys that a state holds anything for in this subtask: in the order of their key groups, and
    /// in no particular one within. As Flink's `applyToKeyedState`.
    ///
    /// `visit` may read and change all states of the key that it is at, also remove them. At hand are
    /// the keys of one key group at a time, so a key is cloned to be visited; a key group that a snapshot
    /// shares is copied only if something in it changes.
    ///
    /// # Errors
    /// The first that `visit` returns; the keys behind it are not visited.
    ///
    /// # Panics
    /// If another function has declared the state.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// use millstream::state::{HeapStore, KeyGroups, StateDescriptor, ValueState, stable_hash};
    /// # use millstream::state::{Current, StateAccess};
    /// # struct At(HeapStore<u64>, u64);
    /// # impl StateAccess for At {
    /// #     type Store = HeapStore<u64>;
    /// #     fn store(&self) -> (&HeapStore<u64>, Current<'_, u64>) {
    /// #         (&self.0, Current { key: &self.1, hash: stable_hash(&self.1) })
    /// #     }
    /// #     fn store_mut(&mut self) -> (&mut HeapStore<u64>, Current<'_, u64>) {
    /// #         (&mut self.0, Current { key: &self.1, hash: stable_hash(&self.1) })
    /// #     }
    /// # }
    /// let groups = KeyGroups::new(128);
    /// let mut store = HeapStore::<u64>::new(groups, groups.range_of(0, 1), Vec::new());
    /// let count = ValueState::<u32>::declare(&mut store, &StateDescriptor::new("count"))?;
    /// # let mut cx = At(store, 0);
    /// # for key in 1..=3 {
    /// #     cx.1 = key;
    /// #     count.set(&mut cx, 1);
    /// # }
    /// # let mut store = cx.0;
    /// // … the keys 1, 2 and 3 have been counted once each.
    /// let mut keys = Vec::new();
    /// store.for_each_key(&count, |cx| {
    ///     count.update(cx, |count| *count += 1);
    ///     keys.push((*cx.key(), count.cloned(cx)));
    ///     Ok::<(), std::convert::Infallible>(())
    /// }).unwrap();
    /// keys.sort();
    /// assert_eq!(keys, [(1, Some(2)), (2, Some(2)), (3, Some(2))]);
    /// # Ok::<(), millstream::state::StateError>(())
    /// ```
    #[doc(alias("applyToKeyedState", "getKeys"))]
    pub fn for_each_key<E>(
        &mut self,
        state: &impl KeyedState,
        mut visit: impl FnMut(&mut VisitedKey<'_, K>) -> Result<(), E>,
    ) -> Result<(), E> {
        for group in 0..self.key_groups() {
            for key in self.keys_in(state.id(), group) {
                let at = Current { key: &key, hash: crate::stable_hash(&key) };
                visit(&mut VisitedKey { store: self, at })?;
            }
        }
        Ok(())
    }
}
