//! A map for each key.

use super::KeyedState;
use super::slot::Slot;
use crate::backend::expiring::{StableMap, TimedMap};
use crate::backend::ttl::Moment;
use crate::backend::{KeyedStore, StateAccess, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Key, Record, Result};

/// A map for each key. As Flink's `MapState`. A map without entries takes no room.
///
/// With a time-to-live, each entry expires on its own.
pub struct MapState<UK, UV>(Slot<TimedMap<UK, UV>>);

impl<UK, UV> Clone for MapState<UK, UV> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<UK, UV> Copy for MapState<UK, UV> {}

impl<UK: Key, UV: Record> MapState<UK, UV> {
    /// Declares the state.
    ///
    /// # Errors
    /// If the name is taken, or a snapshot holds another type under it.
    pub fn declare(
        store: &mut impl KeyedStore,
        descriptor: &StateDescriptor<StableMap<UK, UV>>,
    ) -> Result<Self> {
        Slot::declare(store, StateKind::Map, descriptor).map(Self)
    }

    /// The value of a user key, under the current key.
    pub fn get<'c>(&self, cx: &'c impl StateAccess, user_key: &UK) -> Option<StateRef<'c, UV>> {
        let (store, at) = cx.store();
        let Some(moment) = self.0.moment(cx) else {
            return store.get::<StableMap<UK, UV>>(self.0.state, at)?.try_map(|map| map.get(user_key));
        };
        let map = store.get::<TimedMap<UK, UV>>(self.0.state, at)?.inner();
        let (value, refreshed) = map.read(user_key, moment)?;
        if refreshed {
            store.touch(self.0.state, at);
        }
        Some(StateRef::new(value))
    }

    /// A copy of the value of a user key, under the current key.
    pub fn cloned(&self, cx: &impl StateAccess, user_key: &UK) -> Option<UV> {
        self.get(cx, user_key).map(StateRef::cloned)
    }

    /// Whether a user key has a value, under the current key.
    #[doc(alias = "contains_key")]
    pub fn contains(&self, cx: &impl StateAccess, user_key: &UK) -> bool {
        self.get(cx, user_key).is_some()
    }

    /// How many entries there are under the current key.
    pub fn len(&self, cx: &impl StateAccess) -> usize {
        match self.0.moment(cx) {
            None => self.plain(cx).map_or(0, |map| map.len()),
            Some(_) => self.iter(cx).count(),
        }
    }

    /// Whether there is no entry under the current key.
    pub fn is_empty(&self, cx: &impl StateAccess) -> bool {
        match self.0.moment(cx) {
            None => self.plain(cx).is_none(),
            Some(_) => self.iter(cx).next().is_none(),
        }
    }

    /// Sets the value of a user key; returns the one before.
    #[doc(alias = "put")]
    pub fn insert(&self, cx: &mut impl StateAccess, user_key: UK, value: UV) -> Option<UV> {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        match moment {
            None => store.update_or(self.0.state, at, StableMap::default, |map| map.insert(user_key, value)),
            Some(moment) => store
                .update_or(self.0.state, at, TimedMap::default, |map| map.insert(user_key, value, moment)),
        }
    }

    /// Sets the values of user keys.
    #[doc(alias("putAll", "extend"))]
    pub fn insert_all(&self, cx: &mut impl StateAccess, entries: impl IntoIterator<Item = (UK, UV)>) {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() {
            return;
        }
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        match moment {
            None => store.update_or(self.0.state, at, StableMap::default, |map| map.extend(entries)),
            Some(moment) => store.update_or(self.0.state, at, TimedMap::default, |map| {
                entries.for_each(|(user_key, value)| drop(map.insert(user_key, value, moment)));
            }),
        }
    }

    /// Changes the value of a user key, if there is one.
    #[doc(alias = "get_mut")]
    pub fn update<R>(
        &self,
        cx: &mut impl StateAccess,
        user_key: &UK,
        change: impl FnOnce(&mut UV) -> R,
    ) -> Option<R> {
        let moment = self.0.moment(cx);
        // Looked up first: changing nothing must not copy a key group that a snapshot shares.
        if !self.has(cx, user_key) {
            return None;
        }
        let (store, at) = cx.store_mut();
        let changed = match moment {
            None => store
                .update(self.0.state, at, |map: &mut StableMap<UK, UV>| map.get_mut(user_key).map(change)),
            Some(moment) => store
                .update(self.0.state, at, |map: &mut TimedMap<UK, UV>| map.update(user_key, moment, change)),
        };
        changed.flatten()
    }

    /// Changes the value of a user key, `init()` if there is none.
    #[doc(alias = "entry")]
    pub fn update_or<R>(
        &self,
        cx: &mut impl StateAccess,
        user_key: UK,
        init: impl FnOnce() -> UV,
        change: impl FnOnce(&mut UV) -> R,
    ) -> R {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        match moment {
            None => store.update_or(self.0.state, at, StableMap::default, |map| {
                change(map.entry(user_key).or_insert_with(init))
            }),
            Some(moment) => store.update_or(self.0.state, at, TimedMap::default, |map| {
                map.update_or(user_key, moment, init, change)
            }),
        }
    }

    /// Changes the value of a user key, the default one if there is none.
    pub fn update_or_default<R>(
        &self,
        cx: &mut impl StateAccess,
        user_key: UK,
        change: impl FnOnce(&mut UV) -> R,
    ) -> R
    where
        UV: Default,
    {
        self.update_or(cx, user_key, UV::default, change)
    }

    /// Removes a user key, and returns its value.
    pub fn remove(&self, cx: &mut impl StateAccess, user_key: &UK) -> Option<UV> {
        let moment = self.0.moment(cx);
        // Looked up first: removing nothing must not copy a key group that a snapshot shares.
        if !self.has(cx, user_key) {
            return None;
        }
        let (store, at) = cx.store_mut();
        let (removed, is_empty) = match moment {
            None => store.update(self.0.state, at, |map: &mut StableMap<UK, UV>| {
                (map.remove(user_key), map.is_empty())
            }),
            Some(moment) => store.update(self.0.state, at, |map: &mut TimedMap<UK, UV>| {
                (map.remove(user_key, moment), map.is_empty())
            }),
        }?;
        self.0.clear_if(cx, is_empty);
        removed
    }

    /// Removes the entries under the current key for which `keep` does not hold. With a time-to-live, the others
    /// are kept no longer than before.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// # use millstream::state::{Current, HeapStore, KeyGroups, MapState, StateAccess, StateDescriptor, stable_hash};
    /// # struct At(HeapStore<u64>);
    /// # impl StateAccess for At {
    /// #     type Store = HeapStore<u64>;
    /// #     fn store(&self) -> (&HeapStore<u64>, Current<'_, u64>) {
    /// #         (&self.0, Current { key: &7, hash: stable_hash(&7_u64) })
    /// #     }
    /// #     fn store_mut(&mut self) -> (&mut HeapStore<u64>, Current<'_, u64>) {
    /// #         (&mut self.0, Current { key: &7, hash: stable_hash(&7_u64) })
    /// #     }
    /// # }
    /// # let groups = KeyGroups::new(128);
    /// # let mut store = HeapStore::<u64>::new(groups, groups.range_of(0, 1), Vec::new());
    /// let visits = MapState::<char, u32>::declare(&mut store, &StateDescriptor::new("visits"))?;
    /// # let mut cx = At(store);
    /// visits.insert_all(&mut cx, [('a', 1), ('b', 2)]);
    /// visits.retain(&mut cx, |_, count| *count > 1);
    /// assert_eq!((visits.len(&cx), visits.cloned(&cx, &'b')), (1, Some(2)));
    /// # Ok::<(), millstream::state::StateError>(())
    /// ```
    pub fn retain(&self, cx: &mut impl StateAccess, mut keep: impl FnMut(&UK, &UV) -> bool) {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        let is_empty = match moment {
            None => store.update(self.0.state, at, |map: &mut StableMap<UK, UV>| {
                map.retain(|user_key, value| keep(user_key, value));
                map.is_empty()
            }),
            Some(moment) => store.update(self.0.state, at, |map: &mut TimedMap<UK, UV>| {
                map.retain(moment, keep);
                map.is_empty()
            }),
        };
        self.0.clear_if(cx, is_empty == Some(true));
    }

    /// All user keys and values under the current key, in no particular order.
    #[doc(alias = "entries")]
    pub fn iter<'c>(
        &self,
        cx: &'c impl StateAccess,
    ) -> impl Iterator<Item = (StateRef<'c, UK>, StateRef<'c, UV>)> {
        let moment = self.0.moment(cx);
        let (plain, timed) = match moment {
            None => (self.plain(cx), None),
            Some(moment) => (None, self.read_all(cx, moment).zip(Some(moment))),
        };
        let plain = plain.into_iter().flatten();
        let timed = timed.into_iter().flat_map(|(map, moment)| map.visible(moment));
        plain.chain(timed).map(|(key, value)| (StateRef::new(key), StateRef::new(value)))
    }

    /// All user keys under the current key, in no particular order.
    pub fn keys<'c>(&self, cx: &'c impl StateAccess) -> impl Iterator<Item = StateRef<'c, UK>> {
        self.iter(cx).map(|(key, _)| key)
    }

    /// All values under the current key, in no particular order.
    pub fn values<'c>(&self, cx: &'c impl StateAccess) -> impl Iterator<Item = StateRef<'c, UV>> {
        self.iter(cx).map(|(_, value)| value)
    }

    /// Removes the map of the current key.
    pub fn clear(&self, cx: &mut impl StateAccess) {
        self.0.clear(cx);
    }

    /// The map of the current key, where entries do not expire.
    fn plain<'c>(&self, cx: &'c impl StateAccess) -> Option<&'c StableMap<UK, UV>> {
        let (store, at) = cx.store();
        store.get(self.0.state, at).map(StateRef::inner)
    }

    /// The map of the current key, all entries of which are read.
    fn read_all<'c>(&self, cx: &'c impl StateAccess, moment: Moment) -> Option<&'c TimedMap<UK, UV>> {
        let (store, at) = cx.store();
        let map = store.get::<TimedMap<UK, UV>>(self.0.state, at)?.inner();
        if map.read_all(moment) {
            store.touch(self.0.state, at);
        }
        Some(map)
    }

    /// Whether a user key has a value that can be seen, without reading it.
    fn has(&self, cx: &impl StateAccess, user_key: &UK) -> bool {
        match self.0.moment(cx) {
            None => self.plain(cx).is_some_and(|map| map.contains_key(user_key)),
            Some(moment) => {
                let (store, at) = cx.store();
                let map = store.get::<TimedMap<UK, UV>>(self.0.state, at);
                map.is_some_and(|map| map.has(user_key, moment))
            }
        }
    }
}

impl<UK: Key, UV: Record> KeyedState for MapState<UK, UV> {
    fn id(&self) -> StateId {
        self.0.state
    }
}
