//! The store that keeps values as real Rust values in memory: reading one deserialises nothing.

use std::any::Any;
use std::collections::HashMap;

use super::expiring::Expiring;
use super::sweep::{ExpiringState, SweepPosition};
use super::{Current, KeyedStore, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::table::{KeyTable, KeyedTable};
use crate::{CheckpointId, Key, KeyGroupRange, KeyGroups, Record, Result, StateError, Timestamp};

/// A state whose value type only its handle knows.
pub(super) trait DynamicState<K>: Any + Send + Sync {
    fn name(&self) -> &str;
    fn entries(&self) -> usize;
    fn remove(&mut self, at: Current<'_, K>) -> Result<()>;
    /// The keys of the `group`-th key group of the range.
    fn keys(&self, group: usize) -> Vec<K>;
    fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot;
}

impl<K: Key, V: Record> DynamicState<K> for KeyedTable<K, V> {
    fn name(&self) -> &str {
        &self.meta().name
    }
    fn entries(&self) -> usize {
        KeyedTable::entries(self)
    }
    fn remove(&mut self, at: Current<'_, K>) -> Result<()> {
        let has_key = |content: &KeyTable<K, V>| content.get(at.hash, at.key).is_some();
        if let Some(content) = self.content_mut_if(at.hash, has_key)? {
            content.remove(at.hash, at.key);
        }
        Ok(())
    }
    fn keys(&self, group: usize) -> Vec<K> {
        self.slot(group).into_iter().flat_map(KeyTable::iter).map(|(key, _)| key.clone()).collect()
    }
    fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        KeyedTable::snapshot(self, checkpoint)
    }
}

/// A state of whatever type.
pub(super) type AnyState<K> = dyn DynamicState<K>;

/// All keyed states of one function in one subtask, in memory.
pub struct HeapStore<K> {
    groups: KeyGroups,
    range: KeyGroupRange,
    pub(super) states: Vec<Box<AnyState<K>>>,
    /// Those of them that expire.
    pub(super) expiring: Vec<ExpiringState<K>>,
    /// How far the removal of what has expired has come.
    pub(super) swept: SweepPosition,
    /// The processing time; the latest that was ever told.
    pub(super) now: Timestamp,
    /// What the snapshot holds and no state has claimed yet.
    unclaimed: HashMap<String, KeyedRestore>,
}

impl<K: Key> HeapStore<K> {
    /// A store over the key groups `range` of `groups`, with what a snapshot holds for them.
    pub fn new(groups: KeyGroups, range: KeyGroupRange, restored: Vec<KeyedRestore>) -> Self {
        let unclaimed = restored.into_iter().map(|state| (state.meta.name.clone(), state)).collect();
        Self {
            groups,
            range,
            states: Vec::new(),
            expiring: Vec::new(),
            swept: SweepPosition::default(),
            now: Timestamp::MIN,
            unclaimed,
        }
    }

    /// States that the snapshot holds and the function did not declare.
    pub fn unclaimed(&self) -> impl Iterator<Item = &str> {
        self.unclaimed.keys().map(String::as_str)
    }

    /// Takes the states out that the snapshot holds and the function did not declare.
    pub fn take_unclaimed(&mut self) -> Vec<KeyedRestore> {
        self.unclaimed.drain().map(|(_, state)| state).collect()
    }

    /// The names of the states that the function has declared.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.states.iter().map(|state| state.name())
    }

    /// Removes what all states hold for a key.
    ///
    /// # Errors
    /// If another subtask owns the key.
    pub fn remove_all(&mut self, at: Current<'_, K>) -> Result<()> {
        self.states.iter_mut().try_for_each(|state| state.remove(at))
    }

    /// How many entries all states hold.
    pub fn entries(&self) -> usize {
        self.states.iter().map(|state| state.entries()).sum()
    }

    /// Freezes all states for a snapshot.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> Vec<KeyedStateSnapshot> {
        let mut snapshots = Vec::with_capacity(self.states.len());
        for (index, state) in self.states.iter_mut().enumerate() {
            let expiring = self.expiring.iter().find(|it| it.state == StateId(index));
            snapshots.push(match expiring {
                None => state.snapshot(checkpoint),
                Some(expiring) => expiring.snapshot(state.as_mut(), checkpoint, self.now),
            });
        }
        snapshots
    }

    /// How many key groups the subtask has.
    pub(super) fn key_groups(&self) -> usize {
        self.range.len()
    }

    /// The keys of a state in the `group`-th of them.
    pub(super) fn keys_in(&self, state: StateId, group: usize) -> Vec<K> {
        let Some(found) = self.states.get(state.0) else { foreign_handle() };
        match self.expiring.iter().find(|it| it.state == state) {
            None => found.keys(group),
            Some(expiring) => expiring.keys(found.as_ref(), group, self.now),
        }
    }

    /// Restores what the snapshot holds of a state that is declared.
    fn restore<V: Record>(
        &mut self,
        meta: StateMeta,
        restore: impl FnOnce(&mut KeyedTable<K, V>, KeyedRestore) -> Result<()>,
    ) -> Result<StateId> {
        let stored = self.unclaimed.remove(&meta.name);
        let mut table = KeyedTable::<K, V>::new(meta, self.groups, self.range);
        if let Some(stored) = stored {
            restore(&mut table, stored)?;
        }
        self.states.push(Box::new(table));
        Ok(StateId(self.states.len() - 1))
    }

    #[inline]
    pub(super) fn table<V: Record>(&self, state: StateId) -> &KeyedTable<K, V> {
        let found = self.states.get(state.0).map(|state| state.as_ref() as &dyn Any);
        found.and_then(<dyn Any>::downcast_ref).unwrap_or_else(|| foreign_handle())
    }

    #[inline]
    fn table_mut<V: Record>(&mut self, state: StateId) -> &mut KeyedTable<K, V> {
        let found = self.states.get_mut(state.0).map(|state| state.as_mut() as &mut dyn Any);
        found.and_then(<dyn Any>::downcast_mut).unwrap_or_else(|| foreign_handle())
    }

    /// The content of the current key's group, for writing.
    #[inline]
    fn content_mut<V: Record>(&mut self, state: StateId, hash: u64) -> &mut KeyTable<K, V> {
        let content = self.table_mut(state).content_mut(hash);
        content.unwrap_or_else(|error| foreign_key(&error))
    }

    /// The content of the current key's group for writing, if the key is there: changing nothing must
    /// not copy a content that a snapshot shares.
    #[inline]
    fn content_with<V: Record>(&mut self, state: StateId, at: Current<'_, K>) -> Option<&mut KeyTable<K, V>> {
        let has_key = |content: &KeyTable<K, V>| content.get(at.hash, at.key).is_some();
        let content = self.table_mut(state).content_mut_if(at.hash, has_key);
        content.unwrap_or_else(|error| foreign_key(&error))
    }
}

#[cold]
#[allow(clippy::panic, reason = "no input can cause it: only handing a handle to another function can")]
fn foreign_handle() -> ! {
    panic!("a state handle is used in another function than the one that has declared it")
}

#[cold]
#[allow(clippy::panic, reason = "a mistake in the program, which every access to state would have to return")]
fn foreign_key(error: &StateError) -> ! {
    panic!("{error}")
}

impl<K: Key> KeyedStore for HeapStore<K> {
    type Key = K;

    fn declare<T: Expiring>(
        &mut self,
        kind: StateKind,
        descriptor: &StateDescriptor<T::Plain>,
    ) -> Result<StateId> {
        let name = descriptor.name();
        if self.states.iter().any(|state| state.name() == name) {
            return Err(StateError::Usage(format!("state `{name}` is declared twice in one function")));
        }
        let mut meta = StateMeta::declare::<K, T::Plain>(name, kind)?;
        let Some(ttl) = descriptor.time_to_live() else {
            return self.restore(meta, |table, stored| descriptor.restore_into(table, stored));
        };
        ttl.check(name)?;
        let Some(now) = self.now.known() else {
            return Err(StateError::Usage(format!(
                "state `{name}` expires, but nobody has said what time it is: call `HeapStore::set_now` before it \
                 is declared"
            )));
        };
        meta.value = meta.value.expiring();
        let restore = |table: &mut _, stored| descriptor.restore_expiring_into::<K, T>(table, stored, now);
        let state = self.restore(meta, restore)?;
        self.expiring.push(ExpiringState::new::<T>(state, ttl, self.key_groups()));
        Ok(state)
    }

    #[inline]
    fn now(&self) -> Timestamp {
        self.now
    }

    fn touch(&self, state: StateId, at: Current<'_, K>) {
        let group = self.groups.of_hash(at.hash).index().wrapping_sub(self.range.start());
        if let Some(expiring) = self.expiring.iter().find(|it| it.state == state) {
            expiring.touch(group);
        }
    }

    #[inline]
    fn get<V: Record>(&self, state: StateId, at: Current<'_, K>) -> Option<StateRef<'_, V>> {
        let table = self.table::<V>(state);
        let Some(content) = table.content(at.hash) else { foreign_key(&table.foreign(at.hash)) };
        content.get(at.hash, at.key).map(StateRef::new)
    }

    #[inline]
    fn replace<V: Record>(&mut self, state: StateId, at: Current<'_, K>, value: V) -> Option<V> {
        let content = self.content_mut::<V>(state, at.hash);
        match content.get_mut(at.hash, at.key) {
            Some(present) => Some(std::mem::replace(present, value)),
            None => content.insert(at.hash, at.key.clone(), value),
        }
    }

    #[inline]
    fn update<V: Record, R>(
        &mut self,
        state: StateId,
        at: Current<'_, K>,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R> {
        self.content_with(state, at)?.get_mut(at.hash, at.key).map(change)
    }

    #[inline]
    fn update_or<V: Record, R>(
        &mut self,
        state: StateId,
        at: Current<'_, K>,
        init: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let content = self.content_mut(state, at.hash);
        if let Some(value) = content.get_mut(at.hash, at.key) {
            return change(value);
        }
        let mut value = init();
        let result = change(&mut value);
        content.insert_new(at.hash, at.key.clone(), value);
        result
    }

    #[inline]
    fn change<V: Record>(&mut self, state: StateId, at: Current<'_, K>, change: impl FnOnce(&mut Option<V>)) {
        if let Some(content) = self.content_with(state, at) {
            return content.change(at.hash, at.key, change);
        }
        let mut value = None;
        change(&mut value);
        if let Some(value) = value {
            self.content_mut(state, at.hash).insert_new(at.hash, at.key.clone(), value);
        }
    }

    #[inline]
    fn take<V: Record>(&mut self, state: StateId, at: Current<'_, K>) -> Option<V> {
        self.content_with(state, at)?.remove(at.hash, at.key)
    }
}
