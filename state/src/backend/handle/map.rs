//! A map for each key.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::Slot;
use crate::backend::{KeyedStore, StateAccess, StateDescriptor, StateRef};
use crate::hash::StableHasher;
use crate::snapshot::part::StateKind;
use crate::{Key, Record, Result};

type UserMap<UK, UV> = HashMap<UK, UV, BuildHasherDefault<StableHasher>>;

/// A map for each key. As Flink's `MapState`. A map without entries takes no room.
pub struct MapState<UK, UV>(Slot<UserMap<UK, UV>>);

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
    pub fn declare(store: &mut impl KeyedStore, name: &str) -> Result<Self> {
        Slot::declare(store, StateKind::Map, &StateDescriptor::new(name)).map(Self)
    }

    /// The value of a user key, under the current key.
    pub fn get<'c>(&self, cx: &'c impl StateAccess, user_key: &UK) -> Option<StateRef<'c, UV>> {
        self.0.get(cx)?.try_map(|map| map.get(user_key))
    }

    /// A copy of the value of a user key, under the current key.
    pub fn cloned(&self, cx: &impl StateAccess, user_key: &UK) -> Option<UV> {
        self.get(cx, user_key).map(StateRef::cloned)
    }

    /// Whether a user key has a value, under the current key.
    pub fn contains(&self, cx: &impl StateAccess, user_key: &UK) -> bool {
        self.get(cx, user_key).is_some()
    }

    /// How many entries there are under the current key.
    pub fn len(&self, cx: &impl StateAccess) -> usize {
        self.0.get(cx).map_or(0, |map| map.len())
    }

    /// Whether there is no entry under the current key.
    pub fn is_empty(&self, cx: &impl StateAccess) -> bool {
        self.0.get(cx).is_none()
    }

    /// Sets the value of a user key; returns the one before.
    #[doc(alias = "put")]
    pub fn insert(&self, cx: &mut impl StateAccess, user_key: UK, value: UV) -> Option<UV> {
        self.0.update_or(cx, UserMap::default, |map| map.insert(user_key, value))
    }

    /// Sets the values of user keys.
    #[doc(alias = "putAll")]
    pub fn insert_all(&self, cx: &mut impl StateAccess, entries: impl IntoIterator<Item = (UK, UV)>) {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_some() {
            self.0.update_or(cx, UserMap::default, |map| map.extend(entries));
        }
    }

    /// Changes the value of a user key, if there is one.
    pub fn update<R>(
        &self,
        cx: &mut impl StateAccess,
        user_key: &UK,
        change: impl FnOnce(&mut UV) -> R,
    ) -> Option<R> {
        // Looked up first: changing nothing must not copy a key group that a snapshot shares.
        self.get(cx, user_key)?;
        self.0.update(cx, |map| map.get_mut(user_key).map(change)).flatten()
    }

    /// Changes the value of a user key, `init()` if there is none.
    pub fn update_or<R>(
        &self,
        cx: &mut impl StateAccess,
        user_key: UK,
        init: impl FnOnce() -> UV,
        change: impl FnOnce(&mut UV) -> R,
    ) -> R {
        self.0.update_or(cx, UserMap::default, |map| change(map.entry(user_key).or_insert_with(init)))
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
        // Looked up first: removing nothing must not copy a key group that a snapshot shares.
        self.get(cx, user_key)?;
        let (removed, is_empty) = self.0.update(cx, |map| (map.remove(user_key), map.is_empty()))?;
        if is_empty {
            self.0.take(cx);
        }
        removed
    }

    /// All user keys and values under the current key, in no particular order.
    #[doc(alias = "entries")]
    pub fn iter<'c>(
        &self,
        cx: &'c impl StateAccess,
    ) -> impl Iterator<Item = (StateRef<'c, UK>, StateRef<'c, UV>)> {
        let map = self.0.get(cx).map(StateRef::inner);
        map.into_iter().flatten().map(|(key, value)| (StateRef::new(key), StateRef::new(value)))
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
        self.0.take(cx);
    }
}
