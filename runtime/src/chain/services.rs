//! What all tasks of an attempt share: clock, pools, reports, snapshot folders, metrics.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use millstream_state::CheckpointId;
use millstream_state::snapshot::storage::SnapshotHome;
use millstream_state::snapshot::write::CpuPool;

use crate::checkpoint::{Report, SnapshotTarget};
use crate::clock::{Clock, IoPool};
use crate::error::Result;
use crate::input::{ReaderGroups, WatermarkGroups};
use crate::job::{AttemptId, SubtaskId};
use crate::metrics::MetricsRegistry;

/// Receives what subtasks report.
pub(crate) trait Reporter: Send + Sync {
    fn report(&self, subtask: SubtaskId, report: Report);
}

/// Opens the folder that a snapshot goes to.
pub(crate) trait SnapshotFolders: Send + Sync {
    /// The folder for a target, and the name of `file` within it.
    fn locate(
        &self,
        target: &SnapshotTarget,
        checkpoint: CheckpointId,
        file: &str,
    ) -> Result<(SnapshotHome, String)>;
}

/// What all tasks of an attempt share.
#[derive(Clone)]
pub(crate) struct TaskServices {
    /// Which attempt it is.
    pub(crate) attempt: AttemptId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) io: Arc<dyn IoPool>,
    pub(crate) cpu: Arc<dyn CpuPool>,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) folders: Arc<dyn SnapshotFolders>,
    pub(crate) metrics: Arc<MetricsRegistry>,
    /// Sources whose event time is to be aligned.
    pub(crate) watermark_groups: Arc<WatermarkGroups>,
    /// Sources whose enumerators wait for their readers.
    pub(crate) reader_groups: Arc<ReaderGroups>,
    /// Raised when the attempt is over: its tasks need not do anything any more.
    pub(crate) cancelled: Arc<AtomicBool>,
    pub(crate) allow_unclaimed_state: bool,
    /// Whether records are encoded and decoded on their way through channels.
    pub(crate) encodes_records: bool,
    pub(crate) sabotage: crate::driver::Sabotage,
}
