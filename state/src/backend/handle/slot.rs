//! The place of a state in its store, and the operations that all kinds of state with one value have in common.

use std::marker::PhantomData;

use crate::backend::expiring::{Expiring, Seen, Timed};
use crate::backend::ttl::{Moment, Ttl};
use crate::backend::{Current, KeyedStore, StateAccess, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Record, Result};

/// The place of a state that holds a `T` for a key where it has a time-to-live, and a `T::Plain` otherwise.
pub(super) struct Slot<T> {
    pub(super) state: StateId,
    ttl: Option<Ttl>,
    _content: PhantomData<fn() -> T>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Slot<T> {}

impl<T: Expiring> Slot<T> {
    pub(super) fn declare(
        store: &mut impl KeyedStore,
        kind: StateKind,
        descriptor: &StateDescriptor<T::Plain>,
    ) -> Result<Self> {
        let ttl = descriptor.time_to_live();
        Ok(Self { state: store.declare::<T>(kind, descriptor)?, ttl, _content: PhantomData })
    }

    /// What has expired by now, if anything ever does.
    #[inline]
    pub(super) fn moment(&self, cx: &impl StateAccess) -> Option<Moment> {
        self.ttl.map(|ttl| ttl.at(cx.store().0.now()))
    }

    /// Removes what the current key has, whether it has expired or not.
    #[inline]
    pub(super) fn clear(&self, cx: &mut impl StateAccess) {
        let (store, at) = cx.store_mut();
        match self.ttl {
            None => drop(store.take::<T::Plain>(self.state, at)),
            Some(_) => drop(store.take::<T>(self.state, at)),
        }
    }

    /// Removes what the current key has if nothing is left in it, as `is_empty` says.
    pub(super) fn clear_if(&self, cx: &mut impl StateAccess, is_empty: bool) {
        if is_empty {
            self.clear(cx);
        }
    }
}

impl<V: Record> Slot<Timed<V>> {
    #[inline]
    pub(super) fn get<'c>(&self, cx: &'c impl StateAccess) -> Option<StateRef<'c, V>> {
        let (store, at) = cx.store();
        match self.ttl {
            None => store.get(self.state, at),
            Some(ttl) => self.get_timed(store, at, ttl.at(store.now())),
        }
    }

    #[inline]
    pub(super) fn replace(&self, cx: &mut impl StateAccess, value: V) -> Option<V> {
        let (store, at) = cx.store_mut();
        match self.ttl {
            None => store.replace(self.state, at, value),
            Some(ttl) => self.replace_timed(store, at, ttl.at(store.now()), value),
        }
    }

    #[inline]
    pub(super) fn update<R>(&self, cx: &mut impl StateAccess, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        let (store, at) = cx.store_mut();
        match self.ttl {
            None => store.update(self.state, at, change),
            Some(ttl) => self.update_timed(store, at, ttl.at(store.now()), change),
        }
    }

    #[inline]
    pub(super) fn update_or<R>(
        &self,
        cx: &mut impl StateAccess,
        init: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        let (store, at) = cx.store_mut();
        match self.ttl {
            None => store.update_or(self.state, at, init, change),
            Some(ttl) => self.update_timed_or(store, at, ttl.at(store.now()), init, change),
        }
    }

    #[inline]
    pub(super) fn take(&self, cx: &mut impl StateAccess) -> Option<V> {
        let (store, at) = cx.store_mut();
        match self.ttl {
            None => store.take(self.state, at),
            Some(ttl) => self.take_timed(store, at, ttl.at(store.now())),
        }
    }

    #[inline]
    pub(super) fn change<C: StateAccess>(
        &self,
        cx: &mut C,
        change: impl FnOnce(&<C::Store as KeyedStore>::Key, &mut Option<V>),
    ) {
        if self.ttl.is_none() {
            let (store, at) = cx.store_mut();
            return store.change(self.state, at, |value| change(at.key, value));
        }
        let mut value = self.take(cx);
        change(cx.store().1.key, &mut value);
        if let Some(value) = value {
            self.replace(cx, value);
        }
    }

    #[inline(never)]
    fn get_timed<'c, S: KeyedStore>(
        &self,
        store: &'c S,
        at: Current<'_, S::Key>,
        moment: Moment,
    ) -> Option<StateRef<'c, V>> {
        let timed = store.get::<Timed<V>>(self.state, at)?.inner();
        match timed.stamp.read(moment) {
            Seen::Hidden => return None,
            Seen::Visible => {}
            Seen::Refreshed => store.touch(self.state, at),
        }
        Some(StateRef::new(&timed.value))
    }

    /// Whether there is a value to be seen.
    fn has_timed<S: KeyedStore>(&self, store: &S, at: Current<'_, S::Key>, moment: Moment) -> bool {
        store.get::<Timed<V>>(self.state, at).is_some_and(|timed| timed.stamp.is_visible(moment))
    }

    #[inline(never)]
    fn replace_timed<S: KeyedStore>(
        &self,
        store: &mut S,
        at: Current<'_, S::Key>,
        moment: Moment,
        value: V,
    ) -> Option<V> {
        let before = store.replace(self.state, at, Timed::stamped(value, moment.now))?;
        before.stamp.is_visible(moment).then_some(before.value)
    }

    #[inline(never)]
    fn update_timed<S: KeyedStore, R>(
        &self,
        store: &mut S,
        at: Current<'_, S::Key>,
        moment: Moment,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R> {
        // Looked up first: changing nothing must not copy a key group that a snapshot shares.
        if !self.has_timed(store, at, moment) {
            return None;
        }
        store.update(self.state, at, |timed: &mut Timed<V>| {
            timed.stamp.set(moment.now);
            change(&mut timed.value)
        })
    }

    #[inline(never)]
    fn update_timed_or<S: KeyedStore, R>(
        &self,
        store: &mut S,
        at: Current<'_, S::Key>,
        moment: Moment,
        init: impl FnOnce() -> V,
        change: impl FnOnce(&mut V) -> R,
    ) -> R {
        if !self.has_timed(store, at, moment) {
            let mut value = init();
            let result = change(&mut value);
            store.replace(self.state, at, Timed::stamped(value, moment.now));
            return result;
        }
        // What is there is changed, so that nothing is put in its place.
        let init = || Timed::stamped(init(), moment.now);
        store.update_or(self.state, at, init, |timed| {
            timed.stamp.set(moment.now);
            change(&mut timed.value)
        })
    }

    #[inline(never)]
    fn take_timed<S: KeyedStore>(&self, store: &mut S, at: Current<'_, S::Key>, moment: Moment) -> Option<V> {
        let timed = store.take::<Timed<V>>(self.state, at)?;
        timed.stamp.is_visible(moment).then_some(timed.value)
    }
}
