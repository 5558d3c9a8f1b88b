//! One value for each key.

use super::{KeyedState, Slot};
use crate::backend::expiring::Timed;
use crate::backend::{KeyedStore, StateAccess, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Record, Result};

/// One value for each key. As Flink's `ValueState`.
pub struct ValueState<V>(Slot<Timed<V>>);

impl<V> Clone for ValueState<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for ValueState<V> {}

impl<V: Record> ValueState<V> {
    /// Declares the state.
    ///
    /// # Errors
    /// If the name is taken, or a snapshot holds another type under it.
    pub fn declare(store: &mut impl KeyedStore, descriptor: &StateDescriptor<V>) -> Result<Self> {
        Slot::declare(store, StateKind::Value, descriptor).map(Self)
    }

    /// The value of the current key, if there is one.
    #[doc(alias = "value")]
    #[inline]
    pub fn get<'c>(&self, cx: &'c impl StateAccess) -> Option<StateRef<'c, V>> {
        self.0.get(cx)
    }

    /// A copy of the value of the current key, if there is one.
    #[inline]
    pub fn cloned(&self, cx: &impl StateAccess) -> Option<V> {
        self.0.get(cx).map(StateRef::cloned)
    }

    /// Sets the value of the current key.
    #[doc(alias = "update")]
    #[inline]
    pub fn set(&self, cx: &mut impl StateAccess, value: V) {
        self.0.replace(cx, value);
    }

    /// Sets the value of the current key, and returns the one before.
    #[inline]
    pub fn replace(&self, cx: &mut impl StateAccess, value: V) -> Option<V> {
        self.0.replace(cx, value)
    }

    /// Changes the value of the current key, if there is one.
    #[inline]
    pub fn update<R>(&self, cx: &mut impl StateAccess, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.0.update(cx, change)
    }

    /// Changes the value of the current key, `init()` if there is none.
    #[inline]
    pub fn update_or<R>(
        &self,
        cx: &mut impl StateAccess,
        init: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        self.0.update_or(cx, init, change)
    }

    /// Changes the value of the current key, the default one if there is none.
    #[inline]
    pub fn update_or_default<R>(&self, cx: &mut impl StateAccess, change: impl FnOnce(&mut V) -> R) -> R
    where
        V: Default,
    {
        self.0.update_or(cx, V::default, change)
    }

    /// Calls `change` with the current key and its value, of which there may be none before and after. It is looked up once.
    #[inline]
    pub fn change<C: StateAccess>(
        &self,
        cx: &mut C,
        change: impl FnOnce(&<C::Store as KeyedStore>::Key, &mut Option<V>),
    ) {
        self.0.change(cx, change);
    }

    /// Removes the value of the current key, and returns it.
    #[inline]
    pub fn take(&self, cx: &mut impl StateAccess) -> Option<V> {
        self.0.take(cx)
    }

    /// Removes the value of the current key.
    #[inline]
    pub fn clear(&self, cx: &mut impl StateAccess) {
        self.0.clear(cx);
    }
}

impl<V: Record> KeyedState for ValueState<V> {
    fn id(&self) -> StateId {
        self.0.state
    }
}
