//! What a job master needs to know of a job.

use super::{RestoreFrom, RestoreMode};
use crate::checkpoint::CheckpointConfig;
use crate::job::RestartStrategy;

/// What a job master needs to know of a job, besides its subtasks.
#[derive(Clone, Debug, Default)]
pub struct MasterConfig {
    /// When checkpoints are made.
    pub checkpoint: CheckpointConfig,
    /// What happens after a failure; `None`: see [`RestartStrategy::default_for`].
    pub restart: Option<RestartStrategy>,
    /// What the user wants the job to begin from.
    pub restore: RestoreFrom,
    /// Whose that is.
    pub restore_mode: RestoreMode,
}
