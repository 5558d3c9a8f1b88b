//! Broadcast states: maps that every subtask holds alike, and the handles by which functions reach them.

use std::any::Any;
use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::{Key, Record, StateError};

use super::broadcast_map::{BroadcastMap, Entries};

/// A state whose types only its handle knows.
trait DynamicMap: Any + Send {
    fn name(&self) -> &str;
    fn snapshot(&self, cx: &mut SnapshotContext<'_>);
}

struct NamedMap<K, V> {
    name: String,
    map: BroadcastMap<K, V>,
}

impl<K: Key, V: Record> DynamicMap for NamedMap<K, V> {
    fn name(&self) -> &str {
        &self.name
    }

    fn snapshot(&self, cx: &mut SnapshotContext<'_>) {
        self.map.snapshot(&self.name, cx);
    }
}

/// All broadcast states of a function in one subtask: what a [`BroadcastState`] looks its entries up in.
///
/// A function gets it for reading where it works on the main stream, and for writing where it works on a
/// broadcast record. So a record of the main stream, which only one subtask sees, cannot change what all
/// subtasks must hold alike.
#[derive(Default)]
pub struct BroadcastStates {
    states: Vec<Box<dyn DynamicMap>>,
}

impl BroadcastStates {
    /// Declares a state, and restores what the snapshot holds of it.
    pub(crate) fn declare<K: Key, V: Record>(
        &mut self,
        name: &str,
        cx: &mut OpenContext<'_>,
    ) -> Result<BroadcastState<K, V>> {
        if self.states.iter().any(|state| state.name() == name) {
            let problem = format!("broadcast state `{name}` is declared twice in one function");
            return Err(StateError::Usage(problem).into());
        }
        let mut map = BroadcastMap::<K, V>::default();
        map.restore(name, cx)?;
        self.states.push(Box::new(NamedMap { name: name.to_owned(), map }));
        Ok(BroadcastState { index: self.states.len() - 1, _entries: PhantomData })
    }

    pub(crate) fn snapshot(&self, cx: &mut SnapshotContext<'_>) {
        self.states.iter().for_each(|state| state.snapshot(cx));
    }

    #[inline]
    fn map<K: Key, V: Record>(&self, index: usize) -> &BroadcastMap<K, V> {
        let found = self.states.get(index).map(|state| state.as_ref() as &dyn Any);
        let named = found.and_then(<dyn Any>::downcast_ref::<NamedMap<K, V>>);
        named.map_or_else(|| foreign_handle(), |named| &named.map)
    }

    fn map_mut<K: Key, V: Record>(&mut self, index: usize) -> &mut BroadcastMap<K, V> {
        let found = self.states.get_mut(index).map(|state| state.as_mut() as &mut dyn Any);
        let named = found.and_then(<dyn Any>::downcast_mut::<NamedMap<K, V>>);
        named.map_or_else(|| foreign_handle(), |named| &mut named.map)
    }
}

#[cold]
#[allow(clippy::panic, reason = "no input can cause it: only handing a handle to another function can")]
fn foreign_handle() -> ! {
    panic!("a handle of broadcast state is used in another function than the one that has declared it")
}

/// A map that every subtask holds alike, because every subtask sees the same broadcast records: the handle
/// by which a function reaches it. As Flink's `BroadcastState`. It is declared in `open`, by
/// [`broadcast_state`](super::BroadcastOpenContext::broadcast_state).
///
/// It must be changed in the same way in every subtask. Where the broadcast stream comes out of several
/// subtasks, their records may come in another order to each reader: what depends on that order differs
/// between subtasks. All of it lies in memory, in each subtask.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::broadcast_operator;
///
/// /// The limit of each product, and how often each was set.
/// #[derive(Clone)]
/// struct Limits;
///
/// type States = (BroadcastState<String, u32>, BroadcastState<String, u64>);
///
/// impl BroadcastProcessFunction<String, (String, u32), String> for Limits {
///     type State = States;
///
///     fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<States> {
///         Ok((cx.broadcast_state("limits")?, cx.broadcast_state("times set")?))
///     }
///
///     fn process(
///         &mut self,
///         product: String,
///         (limits, times_set): &States,
///         broadcast: &BroadcastStates,
///         _: &mut ProcessContext<'_>,
///         out: &mut Emitter<'_, String>,
///     ) -> FunctionResult {
///         let (limit, times) = (limits.get(broadcast, &product), times_set.get(broadcast, &product));
///         out.emit(format!("{product}: {limit:?}, set {} times", times.unwrap_or(&0)))
///     }
///
///     fn process_broadcast(
///         &mut self,
///         (product, limit): (String, u32),
///         (limits, times_set): &States,
///         broadcast: &mut BroadcastStates,
///         _: &mut ProcessContext<'_>,
///         _: &mut Emitter<'_, String>,
///     ) -> FunctionResult {
///         limits.insert(broadcast, product.clone(), limit);
///         times_set.update_or_default(broadcast, product, |times| *times += 1);
///         Ok(())
///     }
/// }
///
/// let mut harness = broadcast_operator(Limits).parallelism(2).open()?;
/// harness.push_second(("tea".to_owned(), 3))?;
/// harness.push_second(("tea".to_owned(), 5))?;
/// harness.push_first("tea".to_owned())?;
/// harness.push_first("milk".to_owned())?;
/// assert_eq!(harness.take_records(), ["tea: Some(5), set 2 times", "milk: None, set 0 times"]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "MapStateDescriptor")]
pub struct BroadcastState<K, V> {
    index: usize,
    _entries: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for BroadcastState<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for BroadcastState<K, V> {}

impl<K: Key, V: Record> BroadcastState<K, V> {
    #[inline]
    fn entries<'s>(&self, states: &'s BroadcastStates) -> &'s Entries<K, V> {
        states.map(self.index).entries()
    }

    /// For changes, which copy the map if a snapshot holds it.
    fn entries_mut<'s>(&self, states: &'s mut BroadcastStates) -> &'s mut Entries<K, V> {
        states.map_mut(self.index).entries_mut()
    }

    /// The value of a key.
    #[inline]
    pub fn get<'s>(&self, states: &'s BroadcastStates, key: &K) -> Option<&'s V> {
        self.entries(states).get(key)
    }

    /// Whether a key has a value.
    #[doc(alias = "contains")]
    pub fn contains_key(&self, states: &BroadcastStates, key: &K) -> bool {
        self.entries(states).contains_key(key)
    }

    /// How many keys there are.
    pub fn len(&self, states: &BroadcastStates) -> usize {
        self.entries(states).len()
    }

    /// Whether there is none.
    pub fn is_empty(&self, states: &BroadcastStates) -> bool {
        self.entries(states).is_empty()
    }

    /// All keys and values, in no particular order.
    #[doc(alias("entries", "immutableEntries"))]
    pub fn iter<'s>(
        &self,
        states: &'s BroadcastStates,
    ) -> impl Iterator<Item = (&'s K, &'s V)> + use<'s, K, V> {
        self.entries(states).iter()
    }

    /// Sets the value of a key; returns the one before.
    #[doc(alias = "put")]
    pub fn insert(&self, states: &mut BroadcastStates, key: K, value: V) -> Option<V> {
        self.entries_mut(states).insert(key, value)
    }

    /// Changes the value of a key, if there is one.
    pub fn update<R>(
        &self,
        states: &mut BroadcastStates,
        key: &K,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R> {
        // Looked up first: changing nothing must not copy a map that a snapshot shares.
        self.get(states, key)?;
        self.entries_mut(states).get_mut(key).map(change)
    }

    /// Changes the value of a key, the default one if there is none.
    pub fn update_or_default<R>(
        &self,
        states: &mut BroadcastStates,
        key: K,
        change: impl FnOnce(&mut V) -> R,
    ) -> R
    where
        V: Default,
    {
        change(self.entries_mut(states).entry(key).or_default())
    }

    /// Removes a key; returns its value.
    pub fn remove(&self, states: &mut BroadcastStates, key: &K) -> Option<V> {
        self.get(states, key)?;
        self.entries_mut(states).remove(key)
    }

    /// Removes all keys.
    pub fn clear(&self, states: &mut BroadcastStates) {
        states.map_mut::<K, V>(self.index).clear();
    }
}
