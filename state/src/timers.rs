//! Timers: at most one for each key and point in time, kept by key group, fired in order of time.

mod group;
mod radix_group;
mod tournament;

use std::marker::PhantomData;

use self::group::TimerGroup;
use self::radix_group::RadixGroup;
use self::tournament::Tournament;
use crate::grouped::{GroupContent, GroupedState};
use crate::snapshot::part::{KeyedStateSnapshot, StateKind, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, Key, KeyGroup, KeyGroupRange, KeyGroups, Result, Shape, Timestamp};

/// The timers of one key group.
pub trait TimerContent<K>: GroupContent {
    /// The time of the earliest timer.
    fn next(&self) -> Option<Timestamp>;

    /// Takes a timer of the earliest time out.
    fn pop(&mut self) -> Option<K>;
}

/// The timers of one subtask in one time domain.
///
/// As in Flink, registering the same key and time twice gives one timer; but see [`DueQueue`].
pub struct TimerQueue<K, G = TimerGroup<K>> {
    timers: GroupedState<G>,
    /// The time of each slot's earliest timer; derived, so it is not part of a snapshot.
    order: Tournament,
    _keys: PhantomData<fn() -> K>,
}

/// Timers for operators that do whatever is due for a key when they look at it, and to which a timer that fires twice is
/// the same as one: it is not checked whether there is the same already, which costs far less where there are many.
///
/// They are the same in snapshots.
pub type DueQueue<K> = TimerQueue<K, RadixGroup<K>>;

impl<K: Key, G: TimerContent<K>> TimerQueue<K, G> {
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
        let timers = GroupedState::new(meta, groups, range);
        Self { order: Tournament::of(timers.slots()), timers, _keys: PhantomData }
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

    /// A timer of a key with this hash has been set.
    #[inline]
    fn is_set(&mut self, hash: u64, time: Timestamp) {
        let index = self.timers.slot_index(hash);
        if self.order.is_before(time, index) {
            self.order.set(index, Some(time));
        }
    }

    /// The time of the earliest timer.
    pub fn next(&self) -> Option<Timestamp> {
        self.order.first()
    }

    /// Takes the earliest timer at or before `now` out. Taken one at a time, because what fires may
    /// set and delete others.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, K)> {
        let time = self.order.first().filter(|time| *time <= now)?;
        let index = self.order.first_slot();
        let group = self.timers.slot_mut(index)?;
        let key = group.pop()?;
        self.order.set(index, group.next());
        Some((time, key))
    }

    /// How many timers are set.
    pub fn len(&self) -> usize {
        self.timers.entries()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.order.first().is_none()
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
        stored.into_whole_groups()?.try_for_each(|(group, bytes)| self.restore(group, &bytes))
    }

    /// Adds the timers that a snapshot holds for a key group.
    ///
    /// # Errors
    /// If the bytes do not decode, or another subtask owns the group.
    pub fn restore(&mut self, group: KeyGroup, bytes: &[u8]) -> Result<()> {
        let index = self.timers.index_of(group);
        self.timers.restore(group, bytes, G::decode)?;
        self.order.set(index, self.timers.slot(index).and_then(G::next));
        Ok(())
    }
}

impl<K: Key> TimerQueue<K> {
    /// Sets a timer; false if it was set already.
    ///
    /// # Errors
    /// If another subtask owns the key.
    pub fn register(&mut self, hash: u64, key: &K, time: Timestamp) -> Result<bool> {
        // Setting a timer again must not copy a key group that a snapshot shares.
        let is_new = |group: &TimerGroup<K>| !group.is_set(key, time);
        let Some(group) = self.timers.content_mut_if(hash, is_new)? else { return Ok(false) };
        let added = group.insert(key.clone(), time);
        self.is_set(hash, time);
        Ok(added)
    }

    /// Removes a timer; false if there was none.
    ///
    /// # Errors
    /// If another subtask owns the key.
    pub fn delete(&mut self, hash: u64, key: &K, time: Timestamp) -> Result<bool> {
        let is_set = |group: &TimerGroup<K>| group.is_set(key, time);
        let Some(group) = self.timers.content_mut_if(hash, is_set)? else { return Ok(false) };
        let removed = group.remove(key, time);
        let first = group.next();
        self.order.set(self.timers.slot_index(hash), first);
        Ok(removed)
    }
}

impl<K: Key> DueQueue<K> {
    /// Sets a timer.
    ///
    /// # Errors
    /// If another subtask owns the key.
    pub fn push(&mut self, hash: u64, key: &K, time: Timestamp) -> Result<()> {
        self.timers.content_mut(hash)?.push(key.clone(), time);
        self.is_set(hash, time);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
