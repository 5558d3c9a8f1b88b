//! Commands that the driver executes for the coordinator: messages, manifests, deletions, answers.

use std::sync::Arc;

use millstream_state::snapshot::part::SubtaskPart;
use millstream_state::{CheckpointId, Timestamp};

use super::{Control, SnapshotTarget};
use crate::error::Result;
use crate::job::{AttemptId, SubtaskId};

/// Names a savepoint request, so that its answer finds the caller. Chosen by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Which subtasks a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipients {
    /// All subtasks of all sources.
    Sources,
    /// All subtasks of the job.
    All,
}

/// A savepoint that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavepointInfo {
    /// Its number among the job's checkpoints and savepoints.
    pub checkpoint: CheckpointId,
    /// Where it lies.
    pub path: Arc<str>,
    /// Bytes of state it holds.
    pub total_bytes: u64,
}

/// A command of the coordinator, which the driver executes.
#[derive(Clone, Debug)]
pub enum CheckpointCommand {
    /// Send a control message to subtasks of the current attempt.
    Send {
        /// Which subtasks.
        to: Recipients,
        /// The message.
        control: Control,
    },
    /// Write a manifest, and list the checkpoint in the journal; report how that went to
    /// [`CheckpointCoordinator::manifest_written`], exactly once.
    ///
    /// [`CheckpointCoordinator::manifest_written`]: super::CheckpointCoordinator::manifest_written
    WriteManifest {
        /// The attempt that made the snapshot.
        attempt: AttemptId,
        /// Which checkpoint or savepoint.
        checkpoint: CheckpointId,
        /// Where it goes.
        target: SnapshotTarget,
        /// When it was triggered.
        triggered: Timestamp,
        /// What it consists of, ordered by subtask.
        parts: Vec<(SubtaskId, SubtaskPart)>,
    },
    /// Delete from the job's own folder: first the manifests, and only once they are gone the files.
    /// Deletions are carried out one after another, in order. A failed one may be dropped: it only leaks.
    Delete {
        /// The checkpoints whose manifests go.
        checkpoints: Vec<CheckpointId>,
        /// The files, relative to the folder that holds the job's checkpoints.
        files: Vec<Arc<str>>,
    },
    /// Answer a savepoint request.
    AnswerSavepoint {
        /// Which request.
        request: RequestId,
        /// The savepoint, or why there is none.
        result: Result<SavepointInfo>,
    },
    /// Answer a request for a checkpoint.
    AnswerCheckpoint {
        /// Which request.
        request: RequestId,
        /// The checkpoint, or why there is none.
        result: Result<CheckpointId>,
    },
}
