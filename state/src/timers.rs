//! Timers: at most one for each key and point in time, kept by key group, fired in order of time.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasherDefault;

use indexmap::IndexSet;

use crate::codec::{decode_from, encode_into, end};
use crate::grouped::{GroupContent, GroupedState};
use crate::hash::{StableHasher, stable_hash};
use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, Key, KeyGroup, KeyGroupRange, KeyGroups, Result, Shape, Timestamp};

/// Keys with a timer at the same time. An `IndexSet`, for any one of them can be popped at once.
type Bucket<K> = IndexSet<K, BuildHasherDefault<StableHasher>>;

/// The timers of one key group.
#[derive(Clone)]
struct TimerGroup<K>(BTreeMap<Timestamp, Bucket<K>>);

impl<K> Default for TimerGroup<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Key> GroupContent for TimerGroup<K> {
    fn entries(&self) -> usize {
        self.0.values().map(IndexSet::len).sum()
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
        encode_into(&self.0.len(), out)?;
        for (time, keys) in &self.0 {
            encode_into(&(time, keys.len()), out)?;
            keys.iter().try_for_each(|key| encode_into(key, out))?;
        }
        Ok(())
    }

    fn decode(&mut self, mut bytes: &[u8]) -> Result<(), postcard::Error> {
        let times: usize = decode_from(&mut bytes)?;
        for _ in 0..times {
            let (time, keys): (Timestamp, usize) = decode_from(&mut bytes)?;
            let bucket = self.0.entry(time).or_default();
            for _ in 0..keys {
                // Also ends what a forged count makes of keys that take no bytes.
                if !bucket.insert(decode_from(&mut bytes)?) {
                    return Err(postcard::Error::SerdeDeCustom);
                }
            }
        }
        end(bytes)
    }

    fn any_hash(&self) -> Option<u64> {
        self.0.values().find_map(IndexSet::first).map(stable_hash)
    }
}

/// The timers of one subtask in one time domain.
///
/// As in Flink, registering the same key and time twice gives one timer.
pub struct TimerQueue<K> {
    timers: GroupedState<TimerGroup<K>>,
    /// Which slots have a bucket at which time; derived, so it is not part of a snapshot.
    order: BTreeSet<(Timestamp, usize)>,
}

impl<K: Key> TimerQueue<K> {
    /// The name and kind of the event-time timers of an operator.
    pub const EVENT_TIME: (&'static str, StateKind) = ("_event_time_timers", StateKind::EventTimer);
    /// The name and kind of the processing-time timers of an operator.
    pub const PROCESSING_TIME: (&'static str, StateKind) =
        ("_processing_time_timers", StateKind::ProcessingTimer);

    /// An empty queue over the key groups `range` of `groups`;
    /// `domain` is [`TimerQueue::EVENT_TIME`] or [`TimerQueue::PROCESSING_TIME`].
    pub fn new(domain: (&str, StateKind), groups: KeyGroups, range: KeyGroupRange) -> Self {
        let (name, kind) = (domain.0.to_owned(), domain.1);
        let meta = StateMeta { name, kind, key: Shape::of::<K>(), value: Shape::from_text("timer") };
        Self { timers: GroupedState::new(meta, groups, range), order: BTreeSet::new() }
    }

    /// Name, kind and shapes, as a snapshot holds them.
    pub fn meta(&self) -> &StateMeta {
        self.timers.meta()
    }

    /// Checks that keys can be read back from a snapshot.
    ///
    /// # Errors
    /// [`StateError::Unsupported`](crate::StateError::Unsupported) if they cannot.
    pub fn check(&self) -> Result<()> {
        self.meta().check::<K, ()>()
    }

    /// Sets a timer; false if it was set already.
    ///
    /// # Errors
    /// If another subtask owns the key.
    pub fn register(&mut self, hash: u64, key: &K, time: Timestamp) -> Result<bool> {
        // Looked up first: setting a timer again must not copy a key group that a snapshot shares.
        if self.is_set(hash, key, time) {
            return Ok(false);
        }
        let index = self.timers.slot_index(hash);
        let bucket = self.timers.content_mut(hash)?.0.entry(time).or_default();
        if bucket.is_empty() {
            self.order.insert((time, index));
        }
        Ok(bucket.insert(key.clone()))
    }

    /// Removes a timer; false if there was none.
    ///
    /// # Errors
    /// None today: a key that another subtask owns has no timers here.
    pub fn delete(&mut self, hash: u64, key: &K, time: Timestamp) -> Result<bool> {
        if !self.is_set(hash, key, time) {
            return Ok(false);
        }
        let index = self.timers.slot_index(hash);
        let group = &mut self.timers.content_mut(hash)?.0;
        let Some(bucket) = group.get_mut(&time) else { return Ok(false) };
        let removed = bucket.swap_remove(key);
        if bucket.is_empty() {
            group.remove(&time);
            self.order.remove(&(time, index));
        }
        Ok(removed)
    }

    fn is_set(&self, hash: u64, key: &K, time: Timestamp) -> bool {
        let bucket = self.timers.content(hash).and_then(|group| group.0.get(&time));
        bucket.is_some_and(|bucket| bucket.contains(key))
    }

    /// The time of the earliest timer.
    pub fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(time, _)| *time)
    }

    /// Takes the earliest timer at or before `now` out. Taken one at a time, because what fires may
    /// set and delete others.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, K)> {
        let (time, index) = *self.order.first().filter(|(time, _)| *time <= now)?;
        let group = &mut self.timers.slot_mut(index)?.0;
        let bucket = group.get_mut(&time)?;
        let key = bucket.pop();
        if bucket.is_empty() {
            group.remove(&time);
            self.order.remove(&(time, index));
        }
        key.map(|key| (time, key))
    }

    /// How many timers are set.
    pub fn len(&self) -> usize {
        self.timers.entries()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Freezes the timers for a snapshot.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        self.timers.snapshot(checkpoint)
    }

    /// Adds all timers that a snapshot holds for the subtask.
    ///
    /// # Errors
    /// If the type of the key has changed, or the bytes do not decode.
    pub fn restore_all(&mut self, stored: &KeyedRestore) -> Result<()> {
        self.meta().check_unchanged(&stored.meta)?;
        stored.blocks.iter().try_for_each(|(group, bytes)| self.restore(*group, bytes))
    }

    /// Adds the timers that a snapshot holds for a key group.
    ///
    /// # Errors
    /// If the bytes do not decode, or another subtask owns the group.
    pub fn restore(&mut self, group: KeyGroup, bytes: &[u8]) -> Result<()> {
        self.timers.restore(group, bytes, TimerGroup::decode)?;
        let index = self.timers.index_of(group);
        let times = self.timers.slot(index).into_iter().flat_map(|group| group.0.keys());
        self.order.extend(times.map(|time| (*time, index)));
        Ok(())
    }

    /// The hash that [`TimerQueue::register`] takes.
    pub fn hash(key: &K) -> u64 {
        stable_hash(key)
    }
}

#[cfg(test)]
mod tests;
