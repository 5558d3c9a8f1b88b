//! The store that keeps values as real Rust values in memory: reading one deserialises nothing.

use std::any::Any;
use std::collections::HashMap;
use std::marker::PhantomData;

use super::{Current, KeyedStore, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::table::{KeyTable, KeyedTable};
use crate::{CheckpointId, Key, KeyGroupRange, KeyGroups, Record, Result, StateError};

/// A state whose value type only its handle knows.
trait DynamicState: Any + Send {
    fn name(&self) -> &str;
    fn entries(&self) -> usize;
    fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot;
}

impl<K: Key, V: Record> DynamicState for KeyedTable<K, V> {
    fn name(&self) -> &str {
        &self.meta().name
    }
    fn entries(&self) -> usize {
        KeyedTable::entries(self)
    }
    fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        KeyedTable::snapshot(self, checkpoint)
    }
}

/// All keyed states of one function in one subtask, in memory.
pub struct HeapStore<K> {
    groups: KeyGroups,
    range: KeyGroupRange,
    states: Vec<Box<dyn DynamicState>>,
    /// What the snapshot holds and no state has claimed yet.
    unclaimed: HashMap<String, KeyedRestore>,
    _key: PhantomData<fn(K)>,
}

impl<K: Key> HeapStore<K> {
    /// A store over the key groups `range` of `groups`, with what a snapshot holds for them.
    pub fn new(groups: KeyGroups, range: KeyGroupRange, restored: Vec<KeyedRestore>) -> Self {
        let unclaimed = restored.into_iter().map(|state| (state.meta.name.clone(), state)).collect();
        Self { groups, range, states: Vec::new(), unclaimed, _key: PhantomData }
    }

    /// States that the snapshot holds and the function did not declare.
    pub fn unclaimed(&self) -> impl Iterator<Item = &str> {
        self.unclaimed.keys().map(String::as_str)
    }

    /// Takes the states out that the snapshot holds and the function did not declare.
    pub fn take_unclaimed(&mut self) -> Vec<KeyedRestore> {
        self.unclaimed.drain().map(|(_, state)| state).collect()
    }

    /// How many entries all states hold.
    pub fn entries(&self) -> usize {
        self.states.iter().map(|state| state.entries()).sum()
    }

    /// Freezes all states for a snapshot.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> Vec<KeyedStateSnapshot> {
        self.states.iter_mut().map(|state| state.snapshot(checkpoint)).collect()
    }

    #[inline]
    fn table<V: Record>(&self, state: StateId) -> &KeyedTable<K, V> {
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

    fn declare<V: Record>(&mut self, kind: StateKind, descriptor: &StateDescriptor<V>) -> Result<StateId> {
        let name = descriptor.name();
        if self.states.iter().any(|state| state.name() == name) {
            return Err(StateError::Usage(format!("state `{name}` is declared twice in one function")));
        }
        let meta = StateMeta::declare::<K, V>(name, kind)?;
        let mut table = KeyedTable::<K, V>::new(meta, self.groups, self.range);
        if let Some(stored) = self.unclaimed.remove(name) {
            descriptor.restore_into(&mut table, stored)?;
        }
        self.states.push(Box::new(table));
        Ok(StateId(self.states.len() - 1))
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
    fn take<V: Record>(&mut self, state: StateId, at: Current<'_, K>) -> Option<V> {
        self.content_with(state, at)?.remove(at.hash, at.key)
    }
}
