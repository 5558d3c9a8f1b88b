//! Timers: at most one for each key and point in time, kept by key group, fired in order of time.

mod group;

use std::collections::BTreeSet;

use self::group::TimerGroup;
use crate::grouped::{GroupContent, GroupedState};
use crate::hash::stable_hash;
use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, Key, KeyGroup, KeyGroupRange, KeyGroups, Result, Shape, Timestamp};

/// The timers of one subtask in one time domain.
///
/// As in Flink, registering the same key and time twice gives one timer.
pub struct TimerQueue<K> {
    timers: GroupedState<TimerGroup<K>>,
    /// For each slot with timers the time of its earliest; derived, so it is not part of a snapshot.
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
        // Setting a timer again must not copy a key group that a snapshot shares.
        let is_new = |group: &TimerGroup<K>| !group.is_set(key, time);
        let Some(group) = self.timers.content_mut_if(hash, is_new)? else { return Ok(false) };
        let first = group.next();
        let added = group.insert(key.clone(), time);
        if first.is_none_or(|first| time < first) {
            self.move_in_order(self.timers.slot_index(hash), first, Some(time));
        }
        Ok(added)
    }

    /// Removes a timer; false if there was none.
    ///
    /// # Errors
    /// If another subtask owns the key.
    pub fn delete(&mut self, hash: u64, key: &K, time: Timestamp) -> Result<bool> {
        let is_set = |group: &TimerGroup<K>| group.is_set(key, time);
        let Some(group) = self.timers.content_mut_if(hash, is_set)? else { return Ok(false) };
        let first = group.next();
        let removed = group.remove(key, time);
        let now_first = group.next();
        if now_first != first {
            self.move_in_order(self.timers.slot_index(hash), first, now_first);
        }
        Ok(removed)
    }

    /// The earliest timer of a slot is another one than before.
    fn move_in_order(&mut self, slot: usize, from: Option<Timestamp>, to: Option<Timestamp>) {
        if let Some(from) = from {
            self.order.remove(&(from, slot));
        }
        if let Some(to) = to {
            self.order.insert((to, slot));
        }
    }

    /// The time of the earliest timer.
    pub fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(time, _)| *time)
    }

    /// Takes the earliest timer at or before `now` out. Taken one at a time, because what fires may
    /// set and delete others.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, K)> {
        let (time, index) = *self.order.first().filter(|(time, _)| *time <= now)?;
        let group = self.timers.slot_mut(index)?;
        let key = group.pop()?;
        let next = group.next();
        if next != Some(time) {
            self.move_in_order(index, Some(time), next);
        }
        Some((time, key))
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
    pub fn restore_all(&mut self, stored: KeyedRestore) -> Result<()> {
        self.meta().check_unchanged(&stored.meta)?;
        stored.blocks.into_iter().try_for_each(|(group, bytes)| self.restore(group, &bytes))
    }

    /// Adds the timers that a snapshot holds for a key group.
    ///
    /// # Errors
    /// If the bytes do not decode, or another subtask owns the group.
    pub fn restore(&mut self, group: KeyGroup, bytes: &[u8]) -> Result<()> {
        let index = self.timers.index_of(group);
        let first = self.timers.slot(index).and_then(TimerGroup::next);
        self.timers.restore(group, bytes, TimerGroup::decode)?;
        self.move_in_order(index, first, self.timers.slot(index).and_then(TimerGroup::next));
        Ok(())
    }

    /// The hash that [`TimerQueue::register`] takes.
    pub fn hash(key: &K) -> u64 {
        stable_hash(key)
    }
}

#[cfg(test)]
mod tests;
