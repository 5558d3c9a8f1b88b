//! A checkpoint or savepoint under way: what it is for and what has come back so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;
use millstream_state::snapshot::part::SubtaskPart;

use super::retention::{files_of, own_files};
use super::{AfterSavepoint, Barrier, CheckpointKind, RequestId, SnapshotTarget};
use crate::clock::Moment;
use crate::job::{AttemptId, SubtaskId};

/// Why a snapshot is made.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// For recovery.
    Checkpoint {
        /// The latest completed checkpoint of the same attempt at the time of the trigger.
        base: Option<CheckpointId>,
        /// Whether it is the one before the job finishes.
        last: bool,
        /// Those who have asked for it.
        requests: Vec<RequestId>,
    },
    /// For the user.
    Savepoint { request: RequestId, path: Arc<str>, then: AfterSavepoint },
}

impl Purpose {
    pub(super) fn target(&self) -> SnapshotTarget {
        match self {
            Self::Checkpoint { base, .. } => SnapshotTarget::Checkpoint { base: *base },
            Self::Savepoint { path, then, .. } => {
                SnapshotTarget::Savepoint { path: path.clone(), then: *then }
            }
        }
    }

    pub(super) const fn kind(&self) -> CheckpointKind {
        match self {
            Self::Checkpoint { last: false, .. } => CheckpointKind::Periodic,
            Self::Checkpoint { last: true, .. } => CheckpointKind::Final,
            Self::Savepoint { then: AfterSavepoint::GoOn, .. } => CheckpointKind::Savepoint,
            Self::Savepoint { .. } => CheckpointKind::StopWithSavepoint,
        }
    }
}

/// How far it has come.
pub(super) enum PendingProgress {
    /// Subtasks are still to acknowledge it.
    Collecting(BTreeMap<SubtaskId, SubtaskPart>),
    /// All have; the manifest is being written, and refers to these files.
    Writing(BTreeSet<Arc<str>>),
}

pub(super) struct PendingCheckpoint {
    pub(super) id: CheckpointId,
    pub(super) attempt: AttemptId,
    pub(super) purpose: Purpose,
    pub(super) triggered: Moment,
    pub(super) total_bytes: u64,
    /// When tasks are to stop waiting for barriers, on the monotonic clock, and for which.
    pub(super) unalign: Option<(Duration, Arc<Barrier>)>,
    pub(super) progress: PendingProgress,
}

impl PendingCheckpoint {
    pub(super) const fn is_checkpoint(&self) -> bool {
        matches!(self.purpose, Purpose::Checkpoint { .. })
    }

    pub(super) const fn is_writing(&self) -> bool {
        matches!(self.progress, PendingProgress::Writing(_))
    }

    pub(super) const fn base(&self) -> Option<CheckpointId> {
        match self.purpose {
            Purpose::Checkpoint { base, .. } => base,
            Purpose::Savepoint { .. } => None,
        }
    }

    /// How long it has been under way.
    pub(super) const fn age(&self, now: Moment) -> Duration {
        now.monotonic.saturating_sub(self.triggered.monotonic)
    }

    /// Whether a subtask's part is waited for.
    pub(super) fn is_awaited(&self, subtask: SubtaskId) -> bool {
        matches!(&self.progress, PendingProgress::Collecting(parts) if !parts.contains_key(&subtask))
    }

    /// Takes in the part of a subtask that is waited for.
    pub(super) fn add(&mut self, subtask: SubtaskId, part: SubtaskPart) {
        if let PendingProgress::Collecting(parts) = &mut self.progress {
            self.total_bytes += part.total_bytes;
            parts.insert(subtask, part);
        }
    }

    /// Goes on to writing the manifest and hands out what belongs into it, once all `expected`
    /// subtasks have acknowledged.
    pub(super) fn seal(&mut self, expected: usize) -> Option<Vec<(SubtaskId, SubtaskPart)>> {
        let PendingProgress::Collecting(parts) = &mut self.progress else { return None };
        if parts.len() < expected {
            return None;
        }
        let parts = std::mem::take(parts);
        self.progress = PendingProgress::Writing(parts.values().flat_map(files_of).cloned().collect());
        Some(parts.into_iter().collect())
    }

    /// The files known to have been written for it and to be of no use without it. A savepoint's
    /// lie in the user's folder and are left alone.
    pub(super) fn droppable_files(&self) -> BTreeSet<Arc<str>> {
        match (&self.progress, &self.purpose) {
            (PendingProgress::Collecting(parts), Purpose::Checkpoint { .. }) => {
                parts.values().flat_map(|part| own_files(self.id, part)).collect()
            }
            _ => BTreeSet::new(),
        }
    }
}
