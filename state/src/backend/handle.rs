//! Typed handles: what a function keeps to reach its states for the current key.
//!
//! A handle is an index and a type. Reaching a value costs one checked downcast and one look-up.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{KeyedBackend, StateDescriptor};
use crate::aggregate::AggregateFunction;
use crate::hash::StableHasher;
use crate::snapshot::part::StateKind;
use crate::table::KeyedTable;
use crate::{Key, Record, Result};

/// A context in which a key is current: what handles work on.
pub trait StateAccess {
    /// The type of the key.
    type Key: Key;
    /// The states, the current key and its [`stable_hash`](crate::stable_hash).
    fn keyed(&self) -> (&KeyedBackend<Self::Key>, &Self::Key, u64);
    /// The states for writing, the current key and its [`stable_hash`](crate::stable_hash).
    fn keyed_mut(&mut self) -> (&mut KeyedBackend<Self::Key>, &Self::Key, u64);
}

/// The place of a state in its backend, and the operations that all kinds of state share.
struct Slot<V> {
    index: usize,
    _value: PhantomData<fn() -> V>,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for Slot<V> {}

impl<V: Record> Slot<V> {
    fn declare<K: Key>(
        backend: &mut KeyedBackend<K>,
        kind: StateKind,
        descriptor: &StateDescriptor<V>,
    ) -> Result<Self> {
        Ok(Self { index: backend.declare(kind, descriptor)?, _value: PhantomData })
    }

    fn get<'c, C: StateAccess>(&self, context: &'c C) -> Option<&'c V> {
        let (backend, key, hash) = context.keyed();
        own(backend.table(self.index)).get(hash, key)
    }

    fn get_mut<'c, C: StateAccess>(&self, context: &'c mut C) -> Option<&'c mut V> {
        // Looked up first: changing nothing must not copy a key group that a snapshot shares.
        self.get(context)?;
        let (backend, key, hash) = context.keyed_mut();
        let table: &mut KeyedTable<C::Key, V> = own(backend.table_mut(self.index));
        own(table.content_mut(hash).ok()).get_mut(hash, key)
    }

    fn with<C: StateAccess, R>(
        &self,
        context: &mut C,
        work: impl FnOnce(&mut crate::table::KeyTable<C::Key, V>, u64, &C::Key) -> R,
    ) -> R {
        let (backend, key, hash) = context.keyed_mut();
        let table: &mut KeyedTable<C::Key, V> = own(backend.table_mut(self.index));
        work(own(table.content_mut(hash).ok()), hash, key)
    }

    fn clear<C: StateAccess>(&self, context: &mut C) -> Option<V> {
        // Looked up first: removing nothing must not copy a key group that a snapshot shares.
        self.get(context)?;
        self.with(context, |table, hash, key| table.remove(hash, key))
    }

    fn entry<'c, C: StateAccess>(&self, context: &'c mut C, init: impl FnOnce() -> V) -> &'c mut V {
        let (backend, key, hash) = context.keyed_mut();
        let table: &mut KeyedTable<C::Key, V> = own(backend.table_mut(self.index));
        let content = own(table.content_mut(hash).ok());
        if content.get(hash, key).is_none() {
            content.insert(hash, key.clone(), init());
        }
        own(content.get_mut(hash, key))
    }
}

/// A handle only ever meets the backend it was declared in.
#[allow(clippy::expect_used, reason = "no input can cause it: only handing a handle to another function can")]
fn own<T>(found: Option<T>) -> T {
    found.expect("a state handle is used in the function and for the key it belongs to")
}

/// One value for each key. As Flink's `ValueState`.
pub struct ValueState<V>(Slot<V>);

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
    pub fn declare<K: Key>(backend: &mut KeyedBackend<K>, descriptor: &StateDescriptor<V>) -> Result<Self> {
        Slot::declare(backend, StateKind::Value, descriptor).map(Self)
    }

    /// The value of the current key.
    pub fn get<'c>(&self, context: &'c impl StateAccess) -> Option<&'c V> {
        self.0.get(context)
    }

    /// The value of the current key for changing in place, if there is one.
    pub fn get_mut<'c>(&self, context: &'c mut impl StateAccess) -> Option<&'c mut V> {
        self.0.get_mut(context)
    }

    /// Sets the value of the current key; returns the one before.
    pub fn set(&self, context: &mut impl StateAccess, value: V) -> Option<V> {
        self.0.with(context, |table, hash, key| table.insert(hash, key.clone(), value))
    }

    /// The value of the current key for changing in place, `init()` if there was none.
    pub fn get_or_insert_with<'c>(
        &self,
        context: &'c mut impl StateAccess,
        init: impl FnOnce() -> V,
    ) -> &'c mut V {
        self.0.entry(context, init)
    }

    /// Removes and returns the value of the current key.
    pub fn clear(&self, context: &mut impl StateAccess) -> Option<V> {
        self.0.clear(context)
    }
}

/// A list of values for each key. As Flink's `ListState`.
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
    pub fn declare<K: Key>(
        backend: &mut KeyedBackend<K>,
        descriptor: &StateDescriptor<Vec<V>>,
    ) -> Result<Self> {
        Slot::declare(backend, StateKind::List, descriptor).map(Self)
    }

    /// The list of the current key; empty if there is none.
    pub fn get<'c>(&self, context: &'c impl StateAccess) -> &'c [V] {
        self.0.get(context).map_or(&[], Vec::as_slice)
    }

    /// Appends a value.
    pub fn add(&self, context: &mut impl StateAccess, value: V) {
        self.0.entry(context, Vec::new).push(value);
    }

    /// Removes and returns the list of the current key.
    pub fn clear(&self, context: &mut impl StateAccess) -> Vec<V> {
        self.0.clear(context).unwrap_or_default()
    }
}

type UserMap<UK, UV> = HashMap<UK, UV, BuildHasherDefault<StableHasher>>;

/// A map for each key. As Flink's `MapState`.
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
    pub fn declare<K: Key>(backend: &mut KeyedBackend<K>, name: &str) -> Result<Self> {
        Slot::declare(backend, StateKind::Map, &StateDescriptor::new(name)).map(Self)
    }

    /// The value of a user key, under the current key.
    pub fn get<'c>(&self, context: &'c impl StateAccess, user_key: &UK) -> Option<&'c UV> {
        self.0.get(context)?.get(user_key)
    }

    /// Sets the value of a user key; returns the one before.
    pub fn insert(&self, context: &mut impl StateAccess, user_key: UK, value: UV) -> Option<UV> {
        self.0.entry(context, UserMap::default).insert(user_key, value)
    }

    /// Removes a user key; the map goes with its last one.
    pub fn remove(&self, context: &mut impl StateAccess, user_key: &UK) -> Option<UV> {
        self.get(context, user_key)?;
        let map = self.0.entry(context, UserMap::default);
        let removed = map.remove(user_key);
        if map.is_empty() {
            self.0.clear(context);
        }
        removed
    }

    /// All user keys and values under the current key, in no particular order.
    pub fn iter<'c>(&self, context: &'c impl StateAccess) -> impl Iterator<Item = (&'c UK, &'c UV)> {
        self.0.get(context).into_iter().flatten()
    }

    /// Removes the map of the current key.
    pub fn clear(&self, context: &mut impl StateAccess) {
        self.0.clear(context);
    }
}

/// One value for each key, combined from everything added. As Flink's `ReducingState`.
pub struct ReducingState<V> {
    slot: Slot<V>,
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
    pub fn declare<K: Key>(
        backend: &mut KeyedBackend<K>,
        descriptor: &StateDescriptor<V>,
        reduce: impl Fn(V, V) -> V + Send + Sync + 'static,
    ) -> Result<Self> {
        Ok(Self { slot: Slot::declare(backend, StateKind::Reducing, descriptor)?, reduce: Arc::new(reduce) })
    }

    /// The combined value of the current key.
    pub fn get<'c>(&self, context: &'c impl StateAccess) -> Option<&'c V> {
        self.slot.get(context)
    }

    /// Adds a value.
    pub fn add(&self, context: &mut impl StateAccess, value: V) {
        self.slot.with(context, |table, hash, key| {
            let value = match table.remove(hash, key) {
                Some(present) => (self.reduce)(present, value),
                None => value,
            };
            table.insert(hash, key.clone(), value);
        });
    }

    /// Removes and returns the combined value of the current key.
    pub fn clear(&self, context: &mut impl StateAccess) -> Option<V> {
        self.slot.clear(context)
    }
}

/// One accumulator for each key. As Flink's `AggregatingState`.
pub struct AggregatingState<A: AggregateFunction> {
    slot: Slot<A::Accumulator>,
    function: Arc<A>,
}

impl<A: AggregateFunction> Clone for AggregatingState<A> {
    fn clone(&self) -> Self {
        Self { slot: self.slot, function: self.function.clone() }
    }
}

impl<A: AggregateFunction> AggregatingState<A> {
    /// Declares the state.
    ///
    /// # Errors
    /// If the name is taken, or a snapshot holds another type under it.
    pub fn declare<K: Key>(
        backend: &mut KeyedBackend<K>,
        descriptor: &StateDescriptor<A::Accumulator>,
        function: A,
    ) -> Result<Self> {
        let slot = Slot::declare(backend, StateKind::Aggregating, descriptor)?;
        Ok(Self { slot, function: Arc::new(function) })
    }

    /// The result for the current key.
    pub fn get(&self, context: &impl StateAccess) -> Option<A::Output> {
        self.slot.get(context).map(|accumulator| self.function.result(accumulator))
    }

    /// Adds a record.
    pub fn add(&self, context: &mut impl StateAccess, input: &A::Input) {
        let accumulator = self.slot.entry(context, || self.function.create_accumulator());
        self.function.add(input, accumulator);
    }

    /// Removes the accumulator of the current key.
    pub fn clear(&self, context: &mut impl StateAccess) {
        self.slot.clear(context);
    }
}
