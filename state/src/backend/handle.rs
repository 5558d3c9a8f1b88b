//! Typed handles: what a function keeps to reach its states for the current key.
//!
//! A handle is an index and a type. Reaching a value costs one checked downcast and one look-up.

mod aggregating;
mod list;
mod map;
mod reducing;
mod value;

use std::marker::PhantomData;

pub use aggregating::AggregatingState;
pub use list::ListState;
pub use map::MapState;
pub use reducing::ReducingState;
pub use value::ValueState;

use super::{KeyedStore, StateAccess, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Record, Result};

/// The place of a state in its store, and the operations that all kinds of state share.
struct Slot<V> {
    state: StateId,
    _value: PhantomData<fn() -> V>,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for Slot<V> {}

impl<V: Record> Slot<V> {
    fn declare(
        store: &mut impl KeyedStore,
        kind: StateKind,
        descriptor: &StateDescriptor<V>,
    ) -> Result<Self> {
        Ok(Self { state: store.declare(kind, descriptor)?, _value: PhantomData })
    }

    #[inline]
    fn get<'c>(&self, cx: &'c impl StateAccess) -> Option<StateRef<'c, V>> {
        let (store, current) = cx.store();
        store.get(self.state, current)
    }

    #[inline]
    fn replace(&self, cx: &mut impl StateAccess, value: V) -> Option<V> {
        let (store, current) = cx.store_mut();
        store.replace(self.state, current, value)
    }

    #[inline]
    fn update<R>(&self, cx: &mut impl StateAccess, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        let (store, current) = cx.store_mut();
        store.update(self.state, current, change)
    }

    #[inline]
    fn update_or<R>(
        &self,
        cx: &mut impl StateAccess,
        init: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let (store, current) = cx.store_mut();
        store.update_or(self.state, current, init, change)
    }

    #[inline]
    fn take(&self, cx: &mut impl StateAccess) -> Option<V> {
        let (store, current) = cx.store_mut();
        store.take(self.state, current)
    }
}
