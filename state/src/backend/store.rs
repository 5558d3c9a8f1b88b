//! The boundary between the handles of states and where their values live.

use std::ops::Deref;
use std::{fmt, iter, slice};

use super::{Expiring, StateDescriptor};
use crate::snapshot::part::StateKind;
use crate::{Key, Record, Result, Timestamp};

/// Names a state within the store that it was declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateId(pub(super) usize);

/// The key that a function works on, with its [`stable_hash`](crate::stable_hash).
#[derive(Debug)]
pub struct Current<'a, K> {
    /// The key.
    pub key: &'a K,
    /// Its hash.
    pub hash: u64,
}

impl<K> Clone for Current<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Current<'_, K> {}

/// Where the keyed states of a function live; [`HeapStore`](super::HeapStore) is the one there is.
///
/// Handles work through it alone. Values go in whole, come out behind a [`StateRef`], and change
/// within a call: so a store may keep them as real values, as rows in pages or on disk, and knows of
/// every change. What is not there is not written: looking for a value marks nothing as changed.
///
/// All but `declare` panic, and so fail the attempt, if the key belongs to another subtask because
/// its `Hash` has changed, or the state was declared in another store.
pub trait KeyedStore: Send {
    /// The type of the keys.
    type Key: Key;

    /// Declares a state, and restores what the snapshot holds of it. Its values are of the type `T` where the
    /// descriptor has a time-to-live, and plain ones where it has none.
    ///
    /// # Errors
    /// If the name is taken, key or value cannot be read back from a snapshot, or the snapshot holds
    /// another type under the name and no migration fits.
    fn declare<T: Expiring>(
        &mut self,
        kind: StateKind,
        descriptor: &StateDescriptor<T::Plain>,
    ) -> Result<StateId>;

    /// The processing time, as far as states that expire know. It never goes back.
    fn now(&self) -> Timestamp;

    /// Notes that reading a state has changed it: some part of what the key has is kept for longer.
    fn touch(&self, state: StateId, at: Current<'_, Self::Key>);

    /// The value of a key.
    fn get<V: Record>(&self, state: StateId, at: Current<'_, Self::Key>) -> Option<StateRef<'_, V>>;

    /// Sets the value of a key; returns the one before.
    fn replace<V: Record>(&mut self, state: StateId, at: Current<'_, Self::Key>, value: V) -> Option<V>;

    /// Changes the value of a key, if there is one.
    fn update<V: Record, R>(
        &mut self,
        state: StateId,
        at: Current<'_, Self::Key>,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R>;

    /// Changes the value of a key, `init()` if there is none.
    fn update_or<V: Record, R>(
        &mut self,
        state: StateId,
        at: Current<'_, Self::Key>,
        init: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R;

    /// Changes the value of a key, of which there may be none before and after.
    fn change<V: Record>(
        &mut self,
        state: StateId,
        at: Current<'_, Self::Key>,
        change: impl FnOnce(&mut Option<V>),
    );

    /// Removes the value of a key, and returns it.
    fn take<V: Record>(&mut self, state: StateId, at: Current<'_, Self::Key>) -> Option<V>;
}

/// A context in which a key is current: what handles work on.
#[diagnostic::on_unimplemented(
    message = "there is no current key in `{Self}`",
    note = "keyed state is reached with the context of a keyed function, `cx` of its `process` or `on_timer`"
)]
pub trait StateAccess {
    /// Where the states live.
    type Store: KeyedStore;
    /// The states, and the current key.
    fn store(&self) -> (&Self::Store, Current<'_, <Self::Store as KeyedStore>::Key>);
    /// The states for writing, and the current key.
    fn store_mut(&mut self) -> (&mut Self::Store, Current<'_, <Self::Store as KeyedStore>::Key>);
}

/// A value in state, for reading. Behaves as a reference to it.
///
/// What is read from it is [cloned](StateRef::cloned) or copied out before the state changes.
pub struct StateRef<'c, V: ?Sized>(&'c V);

impl<'c, V: ?Sized> StateRef<'c, V> {
    pub(super) const fn new(value: &'c V) -> Self {
        Self(value)
    }

    /// Goes on with a part of the value.
    pub(super) fn map<U: ?Sized>(self, part: impl FnOnce(&'c V) -> &'c U) -> StateRef<'c, U> {
        StateRef(part(self.0))
    }

    pub(super) fn try_map<U: ?Sized>(
        self,
        part: impl FnOnce(&'c V) -> Option<&'c U>,
    ) -> Option<StateRef<'c, U>> {
        part(self.0).map(StateRef)
    }

    pub(super) const fn inner(self) -> &'c V {
        self.0
    }
}

impl<V: Clone> StateRef<'_, V> {
    /// A copy of the value.
    pub fn cloned(self) -> V {
        self.0.clone()
    }
}

impl<V: ?Sized> Deref for StateRef<'_, V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        self.0
    }
}

impl<V: fmt::Debug + ?Sized> fmt::Debug for StateRef<'_, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<V: fmt::Display + ?Sized> fmt::Display for StateRef<'_, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<V: PartialEq<U> + ?Sized, U: ?Sized> PartialEq<U> for StateRef<'_, V> {
    fn eq(&self, other: &U) -> bool {
        self.0 == other
    }
}

/// The items of a list, as [`StateRef`]s.
pub type Items<'c, V> = iter::Map<slice::Iter<'c, V>, fn(&'c V) -> StateRef<'c, V>>;

impl<'c, V> IntoIterator for StateRef<'c, [V]> {
    type Item = StateRef<'c, V>;
    type IntoIter = Items<'c, V>;

    fn into_iter(self) -> Items<'c, V> {
        self.0.iter().map(StateRef::new)
    }
}
