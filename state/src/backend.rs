//! The keyed states of a user's function: declared by name, reached through typed handles.
//!
//! Values stay real Rust values in memory: reading one deserialises nothing.

use std::any::Any;
use std::collections::HashMap;

use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::table::KeyedTable;
use crate::{CheckpointId, Key, KeyGroupRange, KeyGroups, Record, Result, StateError};

mod descriptor;
mod handle;

pub use descriptor::StateDescriptor;
pub use handle::{AggregatingState, ListState, MapState, ReducingState, StateAccess, ValueState};

/// A state whose value type only its handle knows.
trait DynamicState: Any + Send {
    fn name(&self) -> &str;
    fn entries(&self) -> usize;
    fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
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
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// All keyed states of one function in one subtask.
pub struct KeyedBackend<K> {
    groups: KeyGroups,
    range: KeyGroupRange,
    states: Vec<Box<dyn DynamicState>>,
    /// What the snapshot holds and no state has claimed yet.
    unclaimed: HashMap<String, KeyedRestore>,
    _key: std::marker::PhantomData<fn(K)>,
}

impl<K: Key> KeyedBackend<K> {
    /// A backend over the key groups `range` of `groups`, with what a snapshot holds for them.
    pub fn new(groups: KeyGroups, range: KeyGroupRange, restored: Vec<KeyedRestore>) -> Self {
        let unclaimed = restored.into_iter().map(|state| (state.meta.name.clone(), state)).collect();
        Self { groups, range, states: Vec::new(), unclaimed, _key: std::marker::PhantomData }
    }

    /// Declares a state, and restores what the snapshot holds of it.
    ///
    /// # Errors
    /// If the name is taken, key or value cannot be read back from a snapshot, or the snapshot holds
    /// another type under the name and no migration fits.
    fn declare<V: Record>(&mut self, kind: StateKind, descriptor: &StateDescriptor<V>) -> Result<usize> {
        let name = descriptor.name();
        if self.states.iter().any(|state| state.name() == name) {
            return Err(StateError::Usage(format!("state `{name}` is declared twice in one function")));
        }
        let meta = StateMeta::declare::<K, V>(name, kind)?;
        let mut table = KeyedTable::<K, V>::new(meta, self.groups, self.range);
        if let Some(stored) = self.unclaimed.remove(name) {
            descriptor.restore_into(&mut table, &stored)?;
        }
        self.states.push(Box::new(table));
        Ok(self.states.len() - 1)
    }

    fn table<V: Record>(&self, index: usize) -> Option<&KeyedTable<K, V>> {
        self.states.get(index)?.as_any().downcast_ref()
    }

    fn table_mut<V: Record>(&mut self, index: usize) -> Option<&mut KeyedTable<K, V>> {
        self.states.get_mut(index)?.as_any_mut().downcast_mut()
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
}

#[cfg(test)]
mod tests;
