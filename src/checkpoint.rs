//! When checkpoints are taken, and what became of them.

pub use millstream_runtime::checkpoint::{
    CheckpointConfig, CheckpointHistory, CheckpointKind, CheckpointMode, CheckpointStatistics,
    CheckpointStatus, SavepointInfo,
};
pub use millstream_runtime::job::RestoreMode;
pub use millstream_state::CheckpointId;
