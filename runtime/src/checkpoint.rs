//! Checkpoints: barriers, and the coordinator that sends them and counts what comes back.

mod barrier;
mod command;
mod config;
mod coordinator;
mod pending;
mod retention;
mod statistics;

pub use barrier::{AfterSavepoint, Barrier, CheckpointMode, Control, Report, SnapshotTarget};
pub use command::{CheckpointCommand, Recipients, RequestId, SavepointInfo};
pub use config::CheckpointConfig;
pub use coordinator::CheckpointCoordinator;
pub use retention::FoundCheckpoints;
pub use statistics::{CheckpointHistory, CheckpointKind, CheckpointStatistics, CheckpointStatus};
