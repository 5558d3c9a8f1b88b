//! How many rows each key group has, and since which snapshot it has not changed.

use crate::{CheckpointId, KeyGroup, KeyGroupRange, KeyGroups};

#[derive(Clone, Copy, Debug)]
struct Group {
    rows: u64,
    /// The snapshot that first held what the group holds, unless it has changed since.
    since: CheckpointId,
}

/// What is known of the key groups of a subtask.
#[derive(Debug)]
pub(super) struct GroupChanges {
    groups: KeyGroups,
    range: KeyGroupRange,
    /// Apart from the rest, for each write marks its group.
    changed: Box<[bool]>,
    known: Box<[Group]>,
}

impl GroupChanges {
    pub(super) fn new(groups: KeyGroups, range: KeyGroupRange) -> Self {
        let group = Group { rows: 0, since: CheckpointId::new(0) };
        Self {
            groups,
            range,
            changed: vec![true; range.len()].into(),
            known: vec![group; range.len()].into(),
        }
    }

    pub(super) fn groups(&self) -> KeyGroups {
        self.groups
    }

    pub(super) fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// Whether a key with this hash belongs to the subtask.
    pub(super) fn owns(&self, hash: u64) -> bool {
        self.range.contains(self.groups.of_hash(hash))
    }

    /// Which of the range's groups it is; behind the last for one of another subtask.
    #[inline]
    fn index(&self, group: KeyGroup) -> usize {
        group.index().wrapping_sub(self.range.start())
    }

    /// A row with this hash is written to.
    #[inline]
    pub(super) fn mark(&mut self, hash: u64) {
        let index = self.index(self.groups.of_hash(hash));
        if let Some(changed) = self.changed.get_mut(index) {
            *changed = true;
        }
    }

    fn rows_mut(&mut self, hash: u64) -> Option<&mut u64> {
        self.mark(hash);
        let index = self.index(self.groups.of_hash(hash));
        self.known.get_mut(index).map(|group| &mut group.rows)
    }

    /// A row with this hash is added.
    pub(super) fn add(&mut self, hash: u64) {
        if let Some(rows) = self.rows_mut(hash) {
            *rows += 1;
        }
    }

    /// A row with this hash is removed.
    pub(super) fn subtract(&mut self, hash: u64) {
        if let Some(rows) = self.rows_mut(hash) {
            *rows = rows.saturating_sub(1);
        }
    }

    /// A group holds what the snapshot held that is being restored: a snapshot that builds on that one,
    /// under whatever number, need not write it again.
    pub(super) fn is_as_restored(&mut self, group: KeyGroup) {
        let index = self.index(group);
        if let (Some(changed), Some(known)) = (self.changed.get_mut(index), self.known.get_mut(index)) {
            *changed = false;
            known.since = CheckpointId::new(0);
        }
    }

    /// Whether a group has changed since this was asked last, and how many rows it has: for a part of a state
    /// of which a whole keeps track.
    pub(super) fn take_changed(&mut self) -> impl Iterator<Item = (bool, u64)> {
        self.changed.iter_mut().zip(&self.known).map(|(changed, known)| (std::mem::take(changed), known.rows))
    }

    /// For a snapshot: the groups that have rows, how many, and since which snapshot they are unchanged.
    pub(super) fn snapshot(
        &mut self,
        checkpoint: CheckpointId,
    ) -> impl Iterator<Item = (KeyGroup, u64, CheckpointId)> {
        let groups = self.range.iter().zip(&mut self.changed).zip(&mut self.known);
        groups.filter(|(_, known)| known.rows > 0).map(move |((group, changed), known)| {
            if std::mem::take(changed) {
                known.since = checkpoint;
            }
            (group, known.rows, known.since)
        })
    }
}
