//! The simulation driver: a whole job in one thread, in an order that a seed decides.
//!
//! Tasks, messages, I/O completions, the clock, faults of the store and crashes of the process all
//! happen one at a time, and which comes next is drawn from the seed. The same tasks, the same job
//! master and the same snapshot code run as in production; a seed that fails replays exactly.
//! After FoundationDB's simulation, and SlateDB's.

mod store;
mod world;

use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;

pub use store::FaultyStore;

use self::world::World;
use super::{Job, Sabotage};
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobOutcome;

/// What goes wrong in a simulation, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// The process dies about once in so many steps; 0 for never.
    pub crash_every: u32,
    /// At most so many times.
    pub crashes: u32,
    /// A subtask fails about once in so many steps; 0 for never.
    pub failure_every: u32,
    /// At most so many times.
    pub failures: u32,
    /// Of 1,000 operations of the store so many fail, before or after they took effect.
    pub store_errors_per_mille: u32,
    /// An operation of the store takes up to so many steps.
    pub store_delay: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            crash_every: 0,
            crashes: 0,
            failure_every: 0,
            failures: 0,
            store_errors_per_mille: 0,
            store_delay: 3,
        }
    }
}

impl Faults {
    /// Everything that can go wrong does, several times in a job of a few thousand steps.
    pub const fn all() -> Self {
        Self {
            crash_every: 400,
            crashes: 4,
            failure_every: 500,
            failures: 3,
            store_errors_per_mille: 20,
            store_delay: 8,
        }
    }
}

/// A simulation of one job.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Decides everything.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// How much time passes in a step at most.
    pub step: Duration,
    /// A job that has not ended after so many steps is stuck.
    pub most_steps: u64,
    /// A deliberate mistake of the engine, to see whether the test notices.
    pub sabotage: Sabotage,
}

impl Simulation {
    /// A simulation without faults.
    pub fn new(seed: u64) -> Self {
        let step = Duration::from_millis(2);
        Self { seed, faults: Faults::default(), step, most_steps: 2_000_000, sabotage: Sabotage::None }
    }

    /// With these faults.
    #[must_use]
    pub const fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// With a deliberate mistake.
    #[must_use]
    pub const fn with_sabotage(mut self, sabotage: Sabotage) -> Self {
        self.sabotage = sabotage;
        self
    }

    /// Runs the job to its end, through as many crashes of the process as the seed has. `make`
    /// builds the job anew for each process, and is given the store, which outlives them.
    ///
    /// # Errors
    /// What the job failed with, or [`ErrorKind::Internal`] if it is stuck.
    pub fn run(&self, make: impl Fn(Arc<dyn ObjectStore>) -> Result<Job>) -> Result<SimulationReport> {
        let store = FaultyStore::new(self.seed ^ 0x5707_E5EE_D000, self.faults);
        let mut world = World::new(self, store);
        loop {
            let job = make(world.store())?;
            if let Some(outcome) = world.live(job)? {
                return Ok(SimulationReport { outcome, ..world.report() });
            }
        }
    }
}

/// What happened in a simulation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SimulationReport {
    /// How the job ended.
    pub outcome: JobOutcome,
    /// How many steps it took.
    pub steps: u64,
    /// How often the process died.
    pub crashes: u32,
    /// How often the job was restarted within a process.
    pub restarts: u32,
    /// How many checkpoints were completed.
    pub checkpoints: u64,
    /// How many operations of the store failed.
    pub store_errors: u64,
}

fn stuck(seed: u64, steps: u64) -> Error {
    Error::new(ErrorKind::Internal, format!("seed {seed}: the job is stuck after {steps} steps"))
}
