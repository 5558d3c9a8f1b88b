//! A list of values for each key.

use super::KeyedState;
use super::slot::Slot;
use crate::backend::expiring::TimedList;
use crate::backend::{Items, KeyedStore, StateAccess, StateDescriptor, StateId, StateRef};
use crate::snapshot::part::StateKind;
use crate::{Record, Result};

/// A list of values for each key. As Flink's `ListState`. A list without values takes no room.
///
/// With a time-to-live, each value expires on its own.
pub struct ListState<V>(Slot<TimedList<V>>);

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
        let (store, at) = cx.store();
        let Some(moment) = self.0.moment(cx) else {
            return store
                .get::<Vec<V>>(self.0.state, at)
                .map_or(StateRef::new(&[]), |it| it.map(Vec::as_slice));
        };
        let Some(list) = store.get::<TimedList<V>>(self.0.state, at) else { return StateRef::new(&[]) };
        let (values, refreshed) = list.inner().read(moment);
        if refreshed {
            store.touch(self.0.state, at);
        }
        StateRef::new(values)
    }

    /// The values in the list of the current key, in order.
    pub fn iter<'c>(&self, cx: &'c impl StateAccess) -> Items<'c, V> {
        self.get(cx).into_iter()
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
    #[doc(alias = "push")]
    pub fn add(&self, cx: &mut impl StateAccess, value: V) {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        match moment {
            None => store.update_or(self.0.state, at, Vec::new, |list: &mut Vec<V>| list.push(value)),
            Some(moment) => {
                store.update_or(self.0.state, at, TimedList::default, |list| list.extend([value], moment));
            }
        }
    }

    /// Appends values, in order.
    #[doc(alias = "extend")]
    pub fn add_all(&self, cx: &mut impl StateAccess, values: impl IntoIterator<Item = V>) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        match moment {
            None => store.update_or(self.0.state, at, Vec::new, |list: &mut Vec<V>| list.extend(values)),
            Some(moment) => {
                store.update_or(self.0.state, at, TimedList::default, |list| list.extend(values, moment));
            }
        }
    }

    /// Puts these values in the place of the list. As Flink's `ListState.update`.
    pub fn set(&self, cx: &mut impl StateAccess, values: Vec<V>) {
        if values.is_empty() {
            return self.clear(cx);
        }
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        match moment {
            None => drop(store.replace(self.0.state, at, values)),
            Some(moment) => {
                let mut list = TimedList::default();
                list.extend(values, moment);
                store.replace(self.0.state, at, list);
            }
        }
    }

    /// Changes the list of the current key, an empty one if there is none. With a time-to-live, all values count as
    /// written.
    #[doc(alias("get_mut", "entry"))]
    pub fn update<R>(&self, cx: &mut impl StateAccess, change: impl FnOnce(&mut Vec<V>) -> R) -> R {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        let (result, is_empty) = match moment {
            None => store.update_or(self.0.state, at, Vec::new, |list| (change(list), list.is_empty())),
            Some(moment) => store.update_or(self.0.state, at, TimedList::default, |list| {
                (list.update(moment, change), list.is_empty())
            }),
        };
        self.0.clear_if(cx, is_empty);
        result
    }

    /// Removes the values from the list of the current key for which `keep` does not hold. With a time-to-live, the
    /// others are kept no longer than before.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// # use millstream::state::{Current, HeapStore, KeyGroups, ListState, StateAccess, StateDescriptor, stable_hash};
    /// # struct At(HeapStore<u64>);
    /// # impl StateAccess for At {
    /// #     type Store = HeapStore<u64>;
    /// #     fn store(&self) -> (&HeapStore<u64>, Current<'_, u64>) {
    /// #         (&self.0, Current { key: &7, hash: stable_hash(&7_u64) })
    /// #     }
    /// #     fn store_mut(&mut self) -> (&mut HeapStore<u64>, Current<'_, u64>) {
    /// #         (&mut self.0, Current { key: &7, hash: stable_hash(&7_u64) })
    /// #     }
    /// # }
    /// # let groups = KeyGroups::new(128);
    /// # let mut store = HeapStore::<u64>::new(groups, groups.range_of(0, 1), Vec::new());
    /// let bids = ListState::<u32>::declare(&mut store, &StateDescriptor::new("bids"))?;
    /// # let mut cx = At(store);
    /// bids.add_all(&mut cx, [5, 20, 7]);
    /// bids.retain(&mut cx, |bid| *bid < 10);
    /// assert_eq!(bids.get(&cx), [5, 7]);
    /// # Ok::<(), millstream::state::StateError>(())
    /// ```
    pub fn retain(&self, cx: &mut impl StateAccess, keep: impl FnMut(&V) -> bool) {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        let is_empty = match moment {
            None => store.update(self.0.state, at, |list: &mut Vec<V>| {
                list.retain(keep);
                list.is_empty()
            }),
            Some(moment) => store.update(self.0.state, at, |list: &mut TimedList<V>| {
                list.retain(moment, keep);
                list.is_empty()
            }),
        };
        self.0.clear_if(cx, is_empty == Some(true));
    }

    /// Removes the list of the current key, and returns it.
    pub fn take(&self, cx: &mut impl StateAccess) -> Vec<V> {
        let moment = self.0.moment(cx);
        let (store, at) = cx.store_mut();
        let Some(moment) = moment else { return store.take(self.0.state, at).unwrap_or_default() };
        let list = store.take::<TimedList<V>>(self.0.state, at);
        list.map(|list| list.into_visible(moment)).unwrap_or_default()
    }

    /// Removes the list of the current key.
    pub fn clear(&self, cx: &mut impl StateAccess) {
        self.0.clear(cx);
    }
}

impl<V: Record> KeyedState for ListState<V> {
    fn id(&self) -> StateId {
        self.0.state
    }
}
