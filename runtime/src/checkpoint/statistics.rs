//! What the last checkpoints were like, for humans and metrics.

use std::collections::VecDeque;
use std::time::Duration;

use millstream_state::snapshot::part::SubtaskPart;
use millstream_state::{CheckpointId, Timestamp};

use crate::error::Error;
use crate::input::in_flight_bytes;

/// How many checkpoints are remembered one by one (Flink's `web.checkpoints.history`).
const REMEMBERED: usize = 10;

/// Why a snapshot was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckpointKind {
    /// The interval had passed.
    Periodic,
    /// All input had ended.
    Final,
    /// The user asked.
    Savepoint,
    /// The user asked, and the job is to stop with it.
    StopWithSavepoint,
}

/// What has become of a snapshot.
#[derive(Clone, Debug)]
pub enum CheckpointStatus {
    /// Subtasks are at work on it, or its manifest is being written.
    InProgress,
    /// Its manifest is on the store.
    Completed,
    /// It has been given up.
    Failed(Error),
}

/// One checkpoint or savepoint.
#[derive(Clone, Debug)]
pub struct CheckpointStatistics {
    /// Its number.
    pub id: CheckpointId,
    /// Why it was made.
    pub kind: CheckpointKind,
    /// What has become of it.
    pub status: CheckpointStatus,
    /// When it was triggered.
    pub triggered: Timestamp,
    /// From its trigger to its completion or failure; `None` while it is in progress.
    pub duration: Option<Duration>,
    /// Bytes written for it.
    pub written_bytes: u64,
    /// Bytes of all its state, written for it or referred to.
    pub total_bytes: u64,
    /// Of these, bytes of records in flight: of an unaligned checkpoint.
    pub in_flight_bytes: u64,
    /// The longest time a subtask waited from the first barrier to the last.
    pub max_alignment: Duration,
    /// How many subtasks have acknowledged it.
    pub acknowledged: usize,
    /// How many subtasks must acknowledge it.
    pub expected: usize,
}

/// The last ten checkpoints and savepoints, and how many there have been.
#[derive(Clone, Debug, Default)]
pub struct CheckpointHistory {
    recent: VecDeque<CheckpointStatistics>,
    triggered: u64,
    completed: u64,
    failed: u64,
}

impl CheckpointHistory {
    /// The last ten, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &CheckpointStatistics> {
        self.recent.iter()
    }

    /// How many have been triggered.
    pub const fn triggered(&self) -> u64 {
        self.triggered
    }

    /// How many have been completed.
    pub const fn completed(&self) -> u64 {
        self.completed
    }

    /// How many have failed, or were discarded because the attempt was over.
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// How many are in progress.
    pub const fn in_progress(&self) -> u64 {
        self.triggered - self.completed - self.failed
    }

    pub(super) fn begin(
        &mut self,
        id: CheckpointId,
        kind: CheckpointKind,
        triggered: Timestamp,
        expected: usize,
    ) {
        self.triggered += 1;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(CheckpointStatistics {
            id,
            kind,
            status: CheckpointStatus::InProgress,
            triggered,
            duration: None,
            written_bytes: 0,
            total_bytes: 0,
            in_flight_bytes: 0,
            max_alignment: Duration::ZERO,
            acknowledged: 0,
            expected,
        });
    }

    pub(super) fn acknowledge(&mut self, id: CheckpointId, part: &SubtaskPart, alignment: Duration) {
        if let Some(entry) = self.entry(id) {
            entry.acknowledged += 1;
            entry.written_bytes += part.written_bytes;
            entry.total_bytes += part.total_bytes;
            entry.in_flight_bytes += in_flight_bytes(part);
            entry.max_alignment = entry.max_alignment.max(alignment);
        }
    }

    pub(super) fn complete(&mut self, id: CheckpointId, duration: Duration) {
        self.completed += 1;
        self.end(id, duration, CheckpointStatus::Completed);
    }

    pub(super) fn fail(&mut self, id: CheckpointId, duration: Duration, error: Error) {
        self.failed += 1;
        self.end(id, duration, CheckpointStatus::Failed(error));
    }

    fn end(&mut self, id: CheckpointId, duration: Duration, status: CheckpointStatus) {
        if let Some(entry) = self.entry(id) {
            entry.status = status;
            entry.duration = Some(duration);
        }
    }

    fn entry(&mut self, id: CheckpointId) -> Option<&mut CheckpointStatistics> {
        self.recent.iter_mut().find(|entry| entry.id == id)
    }
}
