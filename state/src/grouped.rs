//! The heap backend's mechanism: one content for each key group, copied only when a snapshot needs it.
//!
//! A snapshot moves each content behind an `Arc` and keeps a second handle to it, so the task stops
//! for microseconds whatever the size. The first write to a content that a snapshot still holds
//! copies it; a content that nobody has written to since is known to be unchanged, and an
//! incremental checkpoint does not upload it again.

use std::sync::Arc;

use crate::snapshot::Pieces;
use crate::snapshot::part::{EncodeBlock, GroupSnapshot, KeyedStateSnapshot, StateMeta};
use crate::snapshot::read::KeyedRestore;
use crate::{CheckpointId, KeyGroup, KeyGroupRange, KeyGroups, Result, StateError};

/// What a keyed state holds for one key group.
pub trait GroupContent: Clone + Default + Send + Sync + 'static {
    /// How many entries there are.
    fn entries(&self) -> usize;
    /// Appends all entries to `out`, a few at a time.
    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error>;
    /// Adds the entries that [`GroupContent::encode`] wrote.
    fn decode(&mut self, bytes: &[u8]) -> Result<(), postcard::Error>;
    /// The [`stable_hash`](crate::stable_hash) of any one key that is there. A restore checks by it
    /// that the key type's `Hash` still spreads keys as it did; `None` leaves that out.
    fn any_hash(&self) -> Option<u64> {
        None
    }
}

/// One content, either the task's own or shared with snapshots.
#[derive(Debug)]
pub(crate) enum StateSlot<C> {
    /// Written to since the last snapshot (or never snapshotted).
    Owned(C),
    /// Not written to since snapshot `since`, which first held exactly this.
    Shared { content: Arc<C>, since: CheckpointId },
}

impl<C: Default> Default for StateSlot<C> {
    fn default() -> Self {
        Self::Owned(C::default())
    }
}

impl<C: GroupContent> StateSlot<C> {
    #[inline]
    pub(crate) fn get(&self) -> &C {
        match self {
            Self::Owned(content) => content,
            Self::Shared { content, .. } => content,
        }
    }

    /// The content for writing: a branch, and no atomic operation, unless a snapshot came between.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut C {
        if let Self::Shared { .. } = self {
            self.take_back();
        }
        match self {
            Self::Owned(content) => content,
            Self::Shared { content, .. } => Arc::make_mut(content),
        }
    }

    /// The content for writing, unless a snapshot shares it and `is_worth` does not hold for it.
    #[inline]
    fn get_mut_if(&mut self, is_worth: impl FnOnce(&C) -> bool) -> Option<&mut C> {
        match self {
            Self::Shared { content, .. } if !is_worth(content) => None,
            _ => Some(self.get_mut()),
        }
    }

    #[cold]
    fn take_back(&mut self) {
        if let Self::Shared { content, .. } = std::mem::take(self) {
            *self = Self::Owned(Arc::try_unwrap(content).unwrap_or_else(|shared| C::clone(&shared)));
        }
    }

    /// What it holds is what the snapshot held that is being restored: a snapshot that builds on
    /// that one, under whatever number, need not write it again.
    fn is_as_restored(&mut self) {
        if let Self::Owned(content) = std::mem::take(self) {
            *self = Self::Shared { content: Arc::new(content), since: CheckpointId::new(0) };
        }
    }

    fn share(&mut self, checkpoint: CheckpointId) -> (Arc<C>, CheckpointId) {
        let (content, since) = match std::mem::take(self) {
            Self::Owned(content) => (Arc::new(content), checkpoint),
            Self::Shared { content, since } => (content, since),
        };
        *self = Self::Shared { content: content.clone(), since };
        (content, since)
    }
}

struct Block<C>(Arc<C>, Arc<str>);

impl<C: GroupContent> EncodeBlock for Block<C> {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.0.encode(out).map_err(|source| StateError::Codec {
            state: self.1.to_string(),
            action: "encode",
            source,
        })
    }

    fn entries(&self) -> u64 {
        self.0.entries() as u64
    }
}

/// One keyed state of one subtask: a content for each key group the subtask owns.
pub struct GroupedState<C> {
    meta: StateMeta,
    groups: KeyGroups,
    range: KeyGroupRange,
    slots: Vec<StateSlot<C>>,
}

impl<C: GroupContent> GroupedState<C> {
    /// An empty state over the key groups `range` of `groups`.
    pub fn new(meta: StateMeta, groups: KeyGroups, range: KeyGroupRange) -> Self {
        Self { meta, groups, range, slots: range.iter().map(|_| StateSlot::default()).collect() }
    }

    /// Name, kind and shapes.
    pub fn meta(&self) -> &StateMeta {
        &self.meta
    }

    /// How many entries there are in all key groups.
    pub fn entries(&self) -> usize {
        self.slots.iter().map(|slot| slot.get().entries()).sum()
    }

    #[inline]
    pub(crate) fn slot_index(&self, hash: u64) -> usize {
        self.index_of(self.groups.of_hash(hash))
    }

    /// The slot of a group; for a group below the range, an index that no slot has.
    #[inline]
    pub(crate) fn index_of(&self, group: KeyGroup) -> usize {
        group.index().wrapping_sub(self.range.start())
    }

    /// The content that keys with this [`stable_hash`](crate::stable_hash) belong to, for reading;
    /// `None` if another subtask owns their key group.
    #[inline]
    pub fn content(&self, hash: u64) -> Option<&C> {
        self.slots.get(self.slot_index(hash)).map(StateSlot::get)
    }

    /// The content that keys with this [`stable_hash`](crate::stable_hash) belong to, for writing.
    ///
    /// # Errors
    /// If another subtask owns their key group.
    #[inline]
    pub fn content_mut(&mut self, hash: u64) -> Result<&mut C> {
        let index = self.slot_index(hash);
        match self.slots.get_mut(index) {
            Some(slot) => Ok(slot.get_mut()),
            None => Err(foreign_key(&self.meta.name, self.groups.of_hash(hash), self.range)),
        }
    }

    /// As [`content_mut`](Self::content_mut), but `None` where a snapshot shares the content and
    /// `is_worth` does not hold for it: what is looked for in vain must not copy it.
    #[inline]
    pub(crate) fn content_mut_if(
        &mut self,
        hash: u64,
        is_worth: impl FnOnce(&C) -> bool,
    ) -> Result<Option<&mut C>> {
        let index = self.slot_index(hash);
        match self.slots.get_mut(index) {
            Some(slot) => Ok(slot.get_mut_if(is_worth)),
            None => Err(foreign_key(&self.meta.name, self.groups.of_hash(hash), self.range)),
        }
    }

    /// What is wrong with a key with this hash, which another subtask owns.
    #[cold]
    pub(crate) fn foreign(&self, hash: u64) -> StateError {
        foreign_key(&self.meta.name, self.groups.of_hash(hash), self.range)
    }

    /// The contents for writing, for a loop over many records: all that finding one takes is at hand.
    pub fn contents_by_hash(&mut self) -> ContentsByHash<'_, C> {
        ContentsByHash { slots: &mut self.slots, groups: self.groups, start: self.range.start() }
    }

    /// How many key groups the range has.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The content of the `index`-th key group of the range, for reading.
    pub fn slot(&self, index: usize) -> Option<&C> {
        self.slots.get(index).map(StateSlot::get)
    }

    /// The content of the `index`-th key group of the range, for writing.
    pub(crate) fn slot_mut(&mut self, index: usize) -> Option<&mut C> {
        self.slots.get_mut(index).map(StateSlot::get_mut)
    }

    /// The contents of all key groups of the range, in order, for reading.
    pub fn contents(&self) -> impl Iterator<Item = &C> {
        self.slots.iter().map(StateSlot::get)
    }

    /// The contents for which `touch` holds, for writing; the others are not marked as changed.
    pub fn contents_mut_if(&mut self, touch: impl Fn(&C) -> bool) -> impl Iterator<Item = &mut C> {
        self.slots.iter_mut().filter(move |slot| touch(slot.get())).map(StateSlot::get_mut)
    }

    /// Freezes the content for snapshot `checkpoint`: takes microseconds, copies and encodes nothing.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> KeyedStateSnapshot {
        let name: Arc<str> = Arc::from(self.meta.name.as_str());
        let filled = self.range.iter().zip(&mut self.slots).filter(|(_, slot)| slot.get().entries() > 0);
        let groups = filled
            .map(|(group, slot)| {
                let (content, unchanged_since) = slot.share(checkpoint);
                GroupSnapshot { group, unchanged_since, block: Arc::new(Block(content, name.clone())) }
            })
            .collect();
        KeyedStateSnapshot { meta: self.meta.clone(), groups }
    }

    /// Adds all that a snapshot holds of this state for the subtask. Each block is given back as soon as it is
    /// decoded.
    ///
    /// # Errors
    /// If the type of key or value has changed, or the bytes do not decode.
    pub fn restore_all(&mut self, stored: KeyedRestore) -> Result<()> {
        self.meta.check_unchanged(&stored.meta)?;
        stored.blocks.into_iter().try_for_each(|(group, bytes)| self.restore(group, &bytes, C::decode))
    }

    /// Adds what a snapshot holds for `group`, read by `decode`.
    ///
    /// # Errors
    /// If the bytes do not decode, another subtask owns the group, or the keys are of another group
    /// by now because their `Hash` has changed.
    pub fn restore(
        &mut self,
        group: KeyGroup,
        bytes: &[u8],
        decode: impl FnOnce(&mut C, &[u8]) -> Result<(), postcard::Error>,
    ) -> Result<()> {
        let index = self.index_of(group);
        let Some(slot) = self.slots.get_mut(index) else {
            return Err(foreign_key(&self.meta.name, group, self.range));
        };
        decode(slot.get_mut(), bytes).map_err(|source| StateError::Codec {
            state: self.meta.name.clone(),
            action: "decode",
            source,
        })?;
        slot.is_as_restored();
        match slot.get().any_hash().map(|hash| self.groups.of_hash(hash)) {
            Some(other) if other != group => Err(StateError::Usage(format!(
                "state `{}`: a key that the snapshot holds in key group {group} belongs to {other}: the \
                 `Hash` of the key's type has changed since, so its state cannot be found again",
                self.meta.name
            ))),
            _ => Ok(()),
        }
    }
}

/// The contents of a keyed state, for writing.
pub struct ContentsByHash<'a, C> {
    slots: &'a mut [StateSlot<C>],
    groups: KeyGroups,
    start: usize,
}

impl<C: GroupContent> ContentsByHash<'_, C> {
    /// The content that keys with this [`stable_hash`](crate::stable_hash) belong to; `None` if
    /// another subtask owns their key group.
    #[inline(always)]
    pub fn get(&mut self, hash: u64) -> Option<&mut C> {
        let index = self.groups.of_hash(hash).index().wrapping_sub(self.start);
        self.slots.get_mut(index).map(StateSlot::get_mut)
    }
}

#[cold]
fn foreign_key(state: &str, group: KeyGroup, range: KeyGroupRange) -> StateError {
    StateError::Usage(format!(
        "state `{state}`: a key of key group {group} came to the subtask that owns {range}; \
         the key's `Hash` must give the same value each time"
    ))
}

#[cfg(test)]
mod tests;
