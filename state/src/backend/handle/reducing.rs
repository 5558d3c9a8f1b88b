//! One value for each key, combined from everything added.

use std::sync::Arc;

use super::{KeyedState, Slot};
use crate::backend::expiring::Timed;
use crate::backend::{KeyedStore, StateAccess, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Record, Result};

/// One value for each key, combined from everything added. As Flink's `ReducingState`.
pub struct ReducingState<V> {
    slot: Slot<Timed<V>>,
    reduce: Arc<dyn Fn(V, V) -> V + Send + Sync>,
}

impl<V> Clone for ReducingState<V> {
    fn clone(&self) -> Self {
        Self { slot: self.slot, reduce: self.reduce.clone() }
    }
}

impl<V: Record> ReducingState<V> {
    /// Declares the state; `reduce` combines what is there with what is added.
    ///
    /// # Errors
    /// If the name is taken, or a snapshot holds another type under it.
    pub fn declare(
        store: &mut impl KeyedStore,
        descriptor: &StateDescriptor<V>,
        reduce: impl Fn(V, V) -> V + Send + Sync + 'static,
    ) -> Result<Self> {
        Ok(Self { slot: Slot::declare(store, StateKind::Reducing, descriptor)?, reduce: Arc::new(reduce) })
    }

    /// The combined value of the current key.
    pub fn get<'c>(&self, cx: &'c impl StateAccess) -> Option<StateRef<'c, V>> {
        self.slot.get(cx)
    }

    /// A copy of the combined value of the current key.
    pub fn cloned(&self, cx: &impl StateAccess) -> Option<V> {
        self.get(cx).map(StateRef::cloned)
    }

    /// Adds a value.
    pub fn add(&self, cx: &mut impl StateAccess, value: V) {
        let value = match self.slot.take(cx) {
            Some(present) => (self.reduce)(present, value),
            None => value,
        };
        self.slot.replace(cx, value);
    }

    /// Removes the combined value of the current key, and returns it.
    pub fn take(&self, cx: &mut impl StateAccess) -> Option<V> {
        self.slot.take(cx)
    }

    /// Removes the combined value of the current key.
    pub fn clear(&self, cx: &mut impl StateAccess) {
        self.slot.clear(cx);
    }
}

impl<V: Record> KeyedState for ReducingState<V> {
    fn id(&self) -> StateId {
        self.slot.state
    }
}
