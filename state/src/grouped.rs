//! The heap backend's mechanism: one content for each key group, copied only when a snapshot needs it.
//!
//! A snapshot moves each content behind an `Arc` and keeps a second handle to it, so the task stops
//! for microseconds whatever the size. The first write to a content that a snapshot still holds
//! copies it; a content that nobody has written to since is known to be unchanged, and an
//! incremental checkpoint does not upload it again.

use std::sync::Arc;

use crate::snapshot::Pieces;
use crate::snapshot::part::{EncodeBlock, GroupSnapshot, KeyedStateSnapshot, StateMeta};
use crate::snapshot::read::{KeyedRestore, StoredGroup};
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
    /// Snapshot `checkpoint` holds exactly this: from now on it may note what changes.
    fn snapshotted(&mut self, _checkpoint: CheckpointId) {}
    /// How many entries have changed since snapshot `base`, which may be an earlier one than the last; `None` where
    /// that is not known.
    fn changes_since(&self, _base: CheckpointId) -> Option<usize> {
        None
    }
    /// Appends what has changed since snapshot `base` to `out`; not called where that is not known.
    fn encode_changes(&self, _base: CheckpointId, _out: &mut Pieces) -> Result<(), postcard::Error> {
        Err(postcard::Error::SerdeSerCustom)
    }
    /// Makes of the content of a snapshot that of a later one: changes what
    /// [`encode_changes`](GroupContent::encode_changes) wrote.
    fn decode_changes(&mut self, _bytes: &[u8]) -> Result<(), postcard::Error> {
        Err(postcard::Error::SerdeDeCustom)
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
        if let Self::Owned(mut content) = std::mem::take(self) {
            let since = CheckpointId::new(0);
            content.snapshotted(since);
            *self = Self::Shared { content: Arc::new(content), since };
        }
    }

    fn share(&mut self, checkpoint: CheckpointId) -> (Arc<C>, CheckpointId) {
        let (content, since) = match std::mem::take(self) {
            Self::Owned(mut content) => {
                content.snapshotted(checkpoint);
                (Arc::new(content), checkpoint)
            }
            Self::Shared { content, since } => (content, since),
        };
        *self = Self::Shared { content: content.clone(), since };
        (content, since)
    }

    /// What it holds has changed while it was shared.
    fn is_touched(&mut self, checkpoint: CheckpointId) {
        if let Self::Shared { since, .. } = self {
            *since = checkpoint;
        }
    }
}

struct Block<C>(Arc<C>, Arc<str>);

impl<C: GroupContent> EncodeBlock for Block<C> {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.0.encode(out).map_err(|source| not_encoded(&self.1, source))
    }

    fn entries(&self) -> u64 {
        self.0.entries() as u64
    }

    fn changes_since(&self, base: CheckpointId) -> Option<Arc<dyn EncodeBlock>> {
        let changes = self.0.changes_since(base)? as u64;
        Some(Arc::new(Changes { content: self.0.clone(), state: self.1.clone(), base, changes }))
    }
}

/// What has changed in a content since a snapshot.
struct Changes<C> {
    content: Arc<C>,
    state: Arc<str>,
    base: CheckpointId,
    changes: u64,
}

impl<C: GroupContent> EncodeBlock for Changes<C> {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.content.encode_changes(self.base, out).map_err(|source| not_encoded(&self.state, source))
    }

    fn entries(&self) -> u64 {
        self.changes
    }
}

/// The error of a state that cannot be encoded.
pub(crate) fn not_encoded(state: &str, source: postcard::Error) -> StateError {
    StateError::Codec { state: state.to_owned(), action: "encode", source }
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
    ///
    /// # Errors
    /// If another subtask owns their key group.
    #[inline]
    pub fn content_mut_if(&mut self, hash: u64, is_worth: impl FnOnce(&C) -> bool) -> Result<Option<&mut C>> {
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
        self.snapshot_as(checkpoint, |_| false, |_, content| Arc::new(Block(content, name.clone())))
    }

    /// As [`snapshot`](Self::snapshot), with blocks that `block` makes of the places of key groups in the range and
    /// their contents; those for whose place `is_touched` holds count as changed.
    pub(crate) fn snapshot_as(
        &mut self,
        checkpoint: CheckpointId,
        is_touched: impl Fn(usize) -> bool,
        block: impl Fn(usize, Arc<C>) -> Arc<dyn EncodeBlock>,
    ) -> KeyedStateSnapshot {
        let slots = self.range.iter().zip(&mut self.slots).enumerate();
        let filled = slots.filter(|(_, (_, slot))| slot.get().entries() > 0);
        let groups = filled
            .map(|(index, (group, slot))| {
                if is_touched(index) {
                    slot.is_touched(checkpoint);
                }
                let (content, unchanged_since) = slot.share(checkpoint);
                GroupSnapshot { group, unchanged_since, block: block(index, content) }
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
        self.restore_groups(stored, C::decode, C::decode_changes)
    }

    /// Adds all that a snapshot holds for the subtask: contents read by `decode`, and then what `decode_changes` reads of
    /// what has changed in them. Each block is given back as soon as it is decoded.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub(crate) fn restore_groups(
        &mut self,
        stored: KeyedRestore,
        decode: impl Fn(&mut C, &[u8]) -> Result<(), postcard::Error>,
        decode_changes: impl Fn(&mut C, &[u8]) -> Result<(), postcard::Error>,
    ) -> Result<()> {
        for StoredGroup { group, content, changes } in stored.into_groups() {
            self.restore(group, &content, &decode)?;
            drop(content);
            changes.into_iter().try_for_each(|changes| self.restore(group, &changes, &decode_changes))?;
        }
        Ok(())
    }

    /// Adds what a snapshot holds for `group`, read by `decode`, or changes what has been restored of it.
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
