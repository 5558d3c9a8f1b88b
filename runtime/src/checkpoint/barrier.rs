//! The barrier: what flows between the records and cuts a stream into before and after a snapshot.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::snapshot::part::SubtaskPart;
use millstream_state::{CheckpointId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Whether a task with several inputs waits for all barriers of a checkpoint.
#[doc(alias = "CheckpointingMode")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckpointMode {
    /// It stops reading an input whose barrier has come: state holds every record exactly once.
    #[default]
    ExactlyOnce,
    /// It reads on: no alignment pause, but after a failure records may be counted twice.
    AtLeastOnce,
}

/// Whether a job goes on after a savepoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterSavepoint {
    /// It goes on.
    #[default]
    GoOn,
    /// It stops: its sources emit nothing after the barrier.
    Stop,
    /// It stops as if its sources had come to their end before the barrier: all windows and event-time timers fire
    /// (Flink's `--drain`).
    Drain,
}

impl AfterSavepoint {
    /// Whether the job stops.
    pub const fn stops(self) -> bool {
        matches!(self, Self::Stop | Self::Drain)
    }
}

/// The purpose of a snapshot, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotTarget {
    /// A checkpoint in the job's own folder; blocks unchanged since `base` are referred to.
    Checkpoint {
        /// The latest completed checkpoint at the time of the trigger.
        base: Option<CheckpointId>,
    },
    /// A self-contained savepoint at a path or URL.
    Savepoint {
        /// Where the user wants it.
        path: Arc<str>,
        /// Whether the job goes on.
        then: AfterSavepoint,
    },
}

/// Cuts a stream: everything before it belongs to the snapshot, everything after it does not.
///
/// After Chandy and Lamport (1985), as in Carbone et al., "Lightweight Asynchronous Snapshots for
/// Distributed Dataflows" (2015).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier {
    /// Which checkpoint or savepoint.
    pub checkpoint: CheckpointId,
    /// When it was triggered, in processing time.
    pub triggered: Timestamp,
    /// Whether tasks align.
    pub mode: CheckpointMode,
    /// What it is for.
    pub target: SnapshotTarget,
}

impl Barrier {
    /// Whether sources emit nothing after it.
    pub const fn stops_sources(&self) -> bool {
        matches!(self.target, SnapshotTarget::Savepoint { then, .. } if then.stops())
    }

    /// Whether sources come to their end before it.
    pub(crate) const fn drains_sources(&self) -> bool {
        matches!(self.target, SnapshotTarget::Savepoint { then: AfterSavepoint::Drain, .. })
    }
}

/// A control message from the coordinator to a subtask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Control {
    /// To sources: cut the stream here.
    Trigger(Arc<Barrier>),
    /// Do not wait for the barriers of this checkpoint any longer: take the snapshot now, and record what comes
    /// before them.
    Unalign(Arc<Barrier>),
    /// The checkpoint is complete: the journal lists it. Commit what it covers.
    CheckpointCompleted(CheckpointId),
    /// The checkpoint will never be: forget it, unblock inputs that wait for it.
    CheckpointAborted(CheckpointId),
    /// The job is at its end and everything before it is safe: commit what is pending, then finish.
    Finish {
        /// It stops with a savepoint: what has come after that belongs to the job that restores it.
        stopped: bool,
    },
}

/// What a subtask reports to the coordinator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Report {
    /// Its part of the snapshot is on the store.
    Acknowledged {
        /// Which snapshot.
        checkpoint: CheckpointId,
        /// What was written.
        part: SubtaskPart,
        /// From the first barrier's arrival to the last one's.
        alignment: Duration,
    },
    /// Its part of the snapshot could not be written.
    Declined {
        /// Which snapshot.
        checkpoint: CheckpointId,
        /// Why.
        error: Error,
    },
    /// All its input has ended and been worked off; it waits for [`Control::Finish`].
    EndOfData,
    /// It has finished, everything committed.
    Finished,
    /// It has failed: an error, or a panic in a function.
    Failed(Error),
}
