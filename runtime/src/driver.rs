//! Drivers: who runs tasks and the job master, and lends them time, threads and a store.
//!
//! - [`actor`]: production. Every subtask and the coordinator is an actix actor.
//! - `simulation`, behind the feature of this name: tests. One thread, a seeded order of events, a virtual
//!   clock, faults and crashes.
//!
//! Both carry out the same [`MasterCommand`](crate::job::MasterCommand)s on the same tasks; what
//! they share of that stands in `storage`.

pub mod actor;
mod ownership;
mod retry;
mod sabotage;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod storage;

use std::sync::Arc;

pub use sabotage::Sabotage;
pub use storage::SnapshotLocation;

use millstream_state::stores::Stores;

use crate::graph::Plan;
use crate::job::MasterConfig;

/// A job, ready to be run by either driver.
pub struct Job {
    /// Its name; its checkpoints lie in a folder of this name.
    pub name: String,
    /// What to run.
    pub plan: Arc<Plan>,
    /// Checkpoints, restarts, and what to restore first.
    pub master: MasterConfig,
    /// Where checkpoints lie.
    pub snapshots: SnapshotLocation,
    /// The stores that locations of checkpoints, savepoints and restores mean.
    pub stores: Stores,
    /// Whether state in a snapshot that no operator claims is dropped instead of an error.
    pub allow_unclaimed_state: bool,
}
