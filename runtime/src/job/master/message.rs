//! Events that the job master takes in, and commands that the driver executes for it.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;

use super::super::{AttemptId, SubtaskId};
use crate::checkpoint::{AfterSavepoint, CheckpointCommand, FoundCheckpoints, Report, RequestId};
use crate::error::{Error, Result};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Not started.
    Created,
    /// Its tasks are being created and their state restored.
    Deploying,
    /// Its tasks are at work.
    Running,
    /// An attempt has failed; the next one is being prepared or put off.
    Restarting,
    /// It is being cancelled, is stopping with a savepoint, or has failed for good and its tasks are
    /// being stopped.
    Stopping,
    /// All its input is worked off and committed, or it has stopped with a savepoint.
    Finished,
    /// It was cancelled.
    Cancelled,
    /// It has failed, and no restart is to come.
    Failed,
}

impl JobStatus {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled | Self::Failed)
    }
}

/// How a job has ended that has not failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobOutcome {
    /// All its input is worked off and committed.
    Finished,
    /// It was cancelled.
    Cancelled,
    /// It has stopped with a savepoint, from which it can be started again.
    StoppedWithSavepoint,
}

/// Whose the snapshot is that a job begins from (Flink's `execution.savepoint-restore-mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestoreMode {
    /// The user's, unless it is the job's own: it is never deleted.
    #[default]
    NoClaim,
    /// The job's from now on: it is deleted when it is superseded. For checkpoints in the job's folder.
    Claim,
}

/// Which snapshot an attempt begins from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RestoreFrom {
    /// None: state is empty, sources start where they are told to.
    #[default]
    Nothing,
    /// The checkpoint or savepoint the user named, or what the folder the user named goes on from.
    Path(Arc<str>),
    /// The same, or where nothing is given the job's own folder; nothing, if there is no snapshot there.
    IfAny(Option<Arc<str>>),
    /// A checkpoint in the job's own folder.
    Checkpoint(CheckpointId),
}

/// An event that the driver delivers to the job master.
#[derive(Clone, Debug)]
pub enum MasterEvent {
    /// Begin.
    Start,
    /// All tasks of an attempt are in place and restored.
    Deployed {
        /// Which attempt.
        attempt: AttemptId,
        /// A number above those of all checkpoints on the store, whether complete or not.
        next_checkpoint_id: CheckpointId,
        /// The checkpoints that the job owns on the store.
        found: FoundCheckpoints,
    },
    /// An attempt could not be deployed, and nothing of it is left.
    DeployFailed {
        /// Which attempt.
        attempt: AttemptId,
        /// Why.
        error: Error,
    },
    /// Time has passed; welcome at any time.
    Tick,
    /// A subtask reports.
    Report {
        /// The attempt it belongs to.
        attempt: AttemptId,
        /// Which subtask.
        subtask: SubtaskId,
        /// What it says.
        report: Report,
    },
    /// The answer to [`CheckpointCommand::WriteManifest`]; there must be exactly one, also after
    /// [`MasterCommand::StopTasks`].
    ManifestWritten {
        /// The attempt in the command.
        attempt: AttemptId,
        /// The checkpoint in the command.
        checkpoint: CheckpointId,
        /// Whether the snapshot is complete. After an error it may be or not.
        result: Result<()>,
    },
    /// The answer to [`MasterCommand::StopTasks`]: no task of the attempt runs any more.
    TasksStopped {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The answer to [`MasterCommand::DiscardCheckpoints`]. What could not be deleted is left behind.
    CheckpointsDiscarded,
    /// The user wants a savepoint.
    SavepointRequested {
        /// Comes back with the answer.
        request: RequestId,
        /// Where to.
        path: Arc<str>,
        /// Whether the job is to stop with it.
        then: AfterSavepoint,
    },
    /// The user wants a checkpoint now.
    CheckpointRequested {
        /// Comes back with the answer.
        request: RequestId,
    },
    /// The user wants the job to end now.
    CancelRequested,
}

/// What the job master wants done.
#[derive(Clone, Debug)]
pub enum MasterCommand {
    /// Create the tasks of an attempt and restore their state; answer with [`MasterEvent::Deployed`] or
    /// [`MasterEvent::DeployFailed`].
    Deploy {
        /// Which attempt.
        attempt: AttemptId,
        /// What it begins from.
        restore: RestoreFrom,
    },
    /// What the checkpoint coordinator wants done; a
    /// [`WriteManifest`](CheckpointCommand::WriteManifest) is answered with
    /// [`MasterEvent::ManifestWritten`].
    Checkpoint(CheckpointCommand),
    /// Drop all tasks of an attempt, also while it is being deployed; answer with
    /// [`MasterEvent::TasksStopped`] in any case.
    StopTasks {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// The job was cancelled: say in the journal that it owns no checkpoints any more, and then delete them; answer
    /// with [`MasterEvent::CheckpointsDiscarded`], also after an error. No task runs and no manifest is being written.
    DiscardCheckpoints,
    /// Send a [`MasterEvent::Tick`] at this time of the monotonic clock or soon after, not earlier.
    /// Replaces no earlier request.
    WakeAt(Duration),
    /// The job is over. Afterwards only savepoint requests are still answered, with errors.
    Done(Result<JobOutcome>),
}
