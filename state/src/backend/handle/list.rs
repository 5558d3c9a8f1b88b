//! A list of values for each key.

use super::Slot;
use crate::backend::{KeyedStore, StateAccess, StateDescriptor, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Record, Result};

/// A list of values for each key. As Flink's `ListState`. A list without values takes no room.
pub struct ListState<V>(Slot<Vec<V>>);

impl<V> Clone for ListState<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for ListState<V> {}

impl<V: Record> ListState<V> {
    /// Declares the state.
    ///
    /// # Errors
    /// If the name is taken, or a snapshot holds another type under it.
    pub fn declare(store: &mut impl KeyedStore, descriptor: &StateDescriptor<Vec<V>>) -> Result<Self> {
        Slot::declare(store, StateKind::List, descriptor).map(Self)
    }

    /// The list of the current key; empty if there is none.
    pub fn get<'c>(&self, cx: &'c impl StateAccess) -> StateRef<'c, [V]> {
        self.0.get(cx).map_or(StateRef::new(&[]), |list| list.map(Vec::as_slice))
    }

    /// How many values the list of the current key has.
    pub fn len(&self, cx: &impl StateAccess) -> usize {
        self.get(cx).len()
    }

    /// Whether the current key has no list.
    pub fn is_empty(&self, cx: &impl StateAccess) -> bool {
        self.get(cx).is_empty()
    }

    /// Appends a value.
    pub fn add(&self, cx: &mut impl StateAccess, value: V) {
        self.0.update_or(cx, Vec::new, |list| list.push(value));
    }

    /// Appends values, in order.
    pub fn add_all(&self, cx: &mut impl StateAccess, values: impl IntoIterator<Item = V>) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_some() {
            self.0.update_or(cx, Vec::new, |list| list.extend(values));
        }
    }

    /// Puts these values in the place of the list. As Flink's `ListState.update`.
    pub fn set(&self, cx: &mut impl StateAccess, values: Vec<V>) {
        if values.is_empty() {
            self.0.take(cx);
        } else {
            self.0.replace(cx, values);
        }
    }

    /// Changes the list of the current key, an empty one if there is none.
    pub fn update<R>(&self, cx: &mut impl StateAccess, change: impl FnOnce(&mut Vec<V>) -> R) -> R {
        let changed = |list: &mut Vec<V>| (change(list), list.is_empty());
        let (result, is_empty) = self.0.update_or(cx, Vec::new, changed);
        if is_empty {
            self.0.take(cx);
        }
        result
    }

    /// Removes the list of the current key, and returns it.
    pub fn take(&self, cx: &mut impl StateAccess) -> Vec<V> {
        self.0.take(cx).unwrap_or_default()
    }

    /// Removes the list of the current key.
    pub fn clear(&self, cx: &mut impl StateAccess) {
        self.0.take(cx);
    }
}
