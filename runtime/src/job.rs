//! A running job: its names, its settings, and the master that keeps it alive.

mod identifier;
mod master;
mod restart;

pub use identifier::{AttemptId, SubtaskId, VertexId};
pub use master::{
    JobMaster, JobOutcome, JobStatus, MasterCommand, MasterConfig, MasterEvent, RestoreFrom, RestoreMode,
};
pub use restart::{ExponentialDelay, RestartDecision, RestartState, RestartStrategy};
