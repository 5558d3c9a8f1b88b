//! How many rows each key group has, since which snapshot it has not changed, and which keys have since others.

use super::row_changes::RowChanges;
use crate::changes::{Noting, Pause};
use crate::{CheckpointId, KeyGroup, KeyGroupRange, KeyGroups};

/// How many slots there are for a row at most, before noting begins anew with fewer.
const MOST_SLOTS: u64 = 32;

#[derive(Clone, Copy, Debug)]
struct Group {
    rows: u64,
    /// The snapshot that first held what the group holds, unless it has changed since.
    since: CheckpointId,
    pause: Pause,
}

/// A key group in a snapshot.
pub(super) struct SnapshottedGroup {
    pub(super) group: KeyGroup,
    pub(super) rows: u64,
    pub(super) unchanged_since: CheckpointId,
    /// Which keys have changed, where it is noted.
    pub(super) changes: Option<RowChanges>,
}

/// What is known of the key groups of a subtask.
#[derive(Debug)]
pub(super) struct GroupChanges {
    groups: KeyGroups,
    range: KeyGroupRange,
    /// Apart from the rest, for each write marks its group.
    changed: Box<[bool]>,
    known: Box<[Group]>,
    /// Of each group, where it is noted; empty before the first snapshot.
    noted: Vec<Option<RowChanges>>,
}

impl GroupChanges {
    pub(super) fn new(groups: KeyGroups, range: KeyGroupRange) -> Self {
        let group = Group { rows: 0, since: CheckpointId::new(0), pause: Pause::default() };
        Self {
            groups,
            range,
            changed: vec![true; range.len()].into(),
            known: vec![group; range.len()].into(),
            noted: Vec::new(),
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
        if let Some(Some(noted)) = self.noted.get_mut(index) {
            noted.changed(hash);
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

    /// Notes from now on what changes in a group, which holds what the snapshot held that is being restored.
    pub(super) fn watch_restored(&mut self, group: KeyGroup) {
        let index = self.index(group);
        self.noted.resize_with(self.range.len(), || None);
        if let (Some(noted), Some(known)) = (self.noted.get_mut(index), self.known.get(index)) {
            *noted = Some(RowChanges::since(CheckpointId::new(0), known.rows));
        }
    }

    /// Whether a group has changed since this was asked last, and how many rows it has: for a part of a state
    /// of which a whole keeps track.
    pub(super) fn take_changed(&mut self) -> impl Iterator<Item = (bool, u64)> {
        self.changed.iter_mut().zip(&self.known).map(|(changed, known)| (std::mem::take(changed), known.rows))
    }

    /// For a snapshot: the groups that have rows.
    pub(super) fn snapshot(&mut self, checkpoint: CheckpointId) -> impl Iterator<Item = SnapshottedGroup> {
        self.noted.resize_with(self.range.len(), || None);
        let groups = self.range.iter().zip(&mut self.changed).zip(&mut self.known).zip(&mut self.noted);
        groups.filter(|((_, known), _)| known.rows > 0).map(move |(((group, changed), known), noted)| {
            if std::mem::take(changed) {
                known.since = checkpoint;
                snapshotted(noted, known, checkpoint);
            }
            let (rows, unchanged_since, changes) = (known.rows, known.since, noted.clone());
            SnapshottedGroup { group, rows, unchanged_since, changes }
        })
    }
}

/// A snapshot holds what a group holds now: goes on noting changes, begins, or stops for a while.
fn snapshotted(noted: &mut Option<RowChanges>, known: &mut Group, checkpoint: CheckpointId) {
    let changed = noted.as_ref().map(RowChanges::in_last_interval);
    let slots = known.rows..=known.rows * MOST_SLOTS + MOST_SLOTS;
    match (known.pause.at_snapshot(changed, usize::try_from(known.rows).unwrap_or(usize::MAX)), &mut *noted) {
        (Noting::GoOn, Some(changes)) if slots.contains(&changes.slots()) => changes.snapshotted(checkpoint),
        (Noting::No, noted) => *noted = None,
        (_, noted) => *noted = Some(RowChanges::since(checkpoint, known.rows)),
    }
}
