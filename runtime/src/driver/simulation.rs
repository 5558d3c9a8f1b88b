//! The simulation driver: a whole job in one thread, in an order that a seed decides.
//!
//! Tasks, messages, I/O completions, the clock, faults of the store and crashes of the process all
//! happen one at a time, and which comes next is drawn from the seed. The same tasks, the same job
//! master and the same snapshot code run as in production; a seed that fails replays exactly.
//! After FoundationDB's simulation, and SlateDB's.

mod clock;
mod pool;
mod process;
mod store;
mod world;

use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;

use self::world::World;
use super::Job;
pub use super::Sabotage;
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobOutcome;

/// What goes wrong in a simulation, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// The process dies about once in so many steps; 0 for never.
    pub crash_every: u32,
    /// At most so many times.
    pub crashes: u32,
    /// Of 100 processes that are believed dead so many live on for a while beside their successors.
    pub zombies_per_cent: u32,
    /// A user takes a savepoint, stops the job with one or cancels it, and starts it again, about once in so
    /// many steps; 0 for never.
    pub request_every: u32,
    /// At most so many times.
    pub requests: u32,
    /// A subtask fails about once in so many steps; 0 for never.
    pub failure_every: u32,
    /// At most so many times.
    pub failures: u32,
    /// A task gets no time for a while about once in so many steps; 0 for never.
    pub stall_every: u32,
    /// The time of day steps forward or back about once in so many steps; 0 for never.
    pub clock_step_every: u32,
    /// Of 1,000 requests to the store so many fail, before or after they took effect.
    pub store_errors_per_mille: u32,
    /// Of 1,000 requests to the store so many make the caller that waits for them panic.
    pub io_panics_per_mille: u32,
    /// A request to the store takes up to so many steps there, and as many back.
    pub store_delay: u32,
    /// Records are encoded and decoded on their way through channels, as between processes.
    pub encode_records: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            crash_every: 0,
            crashes: 0,
            zombies_per_cent: 0,
            request_every: 0,
            requests: 0,
            failure_every: 0,
            failures: 0,
            stall_every: 0,
            clock_step_every: 0,
            store_errors_per_mille: 0,
            io_panics_per_mille: 0,
            store_delay: 3,
            encode_records: false,
        }
    }
}

impl Faults {
    /// Everything that can go wrong does, several times in a job of a few thousand steps.
    pub const fn all() -> Self {
        Self {
            crash_every: 400,
            crashes: 4,
            zombies_per_cent: 50,
            request_every: 400,
            requests: 4,
            failure_every: 500,
            failures: 3,
            stall_every: 300,
            clock_step_every: 300,
            store_errors_per_mille: 20,
            io_panics_per_mille: 5,
            store_delay: 8,
            encode_records: true,
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
    pub const fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// With a deliberate mistake.
    #[must_use]
    pub const fn sabotage(mut self, sabotage: Sabotage) -> Self {
        self.sabotage = sabotage;
        self
    }

    /// Runs the job to its end, through as many crashes of the process as the seed has. `make`
    /// builds the job anew for each process, and is given the store, which outlives them: the job's
    /// checkpoints lie there, wherever its own settings would have put them. Each process but the
    /// first goes on from where the job's folder says, or from the savepoint with which the job was
    /// stopped. When the job is over the store
    /// answers at once and without faults, for the test to look at what is there.
    ///
    /// # Errors
    /// What the job failed with, or [`ErrorKind::Internal`] if it is stuck.
    pub fn run(&self, make: impl Fn(Arc<dyn ObjectStore>) -> Result<Job>) -> Result<SimulationReport> {
        let mut world = World::new(self);
        loop {
            let job = make(world.begin_process())?;
            if let Some(outcome) = world.live(job)? {
                world.end();
                return Ok(world.report(outcome));
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
    /// How much simulated time passed.
    pub elapsed: Duration,
    /// How often the process died.
    pub crashes: u32,
    /// How often it lived on although it was believed dead.
    pub zombies: u32,
    /// How often one that lived on found out that it had been replaced.
    pub fenced: u32,
    /// How often a user asked for a savepoint or for the end of the job.
    pub requests: u32,
    /// How many savepoints were complete, those included that stopped the job.
    pub savepoints: u32,
    /// How often the job was stopped with a savepoint, or cancelled, and started again.
    pub stops: u32,
    /// How often a subtask was made to fail.
    pub failures: u32,
    /// How often the time of day stepped.
    pub clock_steps: u64,
    /// How often the job was restarted within a process, for whatever reason.
    pub restarts: u32,
    /// How often an attempt began from a checkpoint.
    pub restores: u64,
    /// How many checkpoints were completed.
    pub checkpoints: u64,
    /// How many checkpoints were given up.
    pub failed_checkpoints: u64,
    /// How many blocks of state checkpoints have taken over from earlier ones.
    pub reused_blocks: u64,
    /// How many blocks of checkpoints hold only what has changed in a key group.
    pub blocks_of_changes: u64,
    /// How many checkpoints hold records that were in flight.
    pub unaligned_checkpoints: u64,
    /// How many requests to the store failed.
    pub store_errors: u64,
    /// How many pieces of work on the I/O pool panicked.
    pub io_panics: u64,
    /// Files that were uploaded in parts, and completed.
    pub multipart_uploads: u64,
    /// How many requests were on their way when their process died, and went on.
    pub orphaned_requests: u64,
}

impl Default for SimulationReport {
    fn default() -> Self {
        Self {
            outcome: JobOutcome::Cancelled,
            steps: 0,
            elapsed: Duration::ZERO,
            crashes: 0,
            zombies: 0,
            fenced: 0,
            requests: 0,
            savepoints: 0,
            stops: 0,
            failures: 0,
            clock_steps: 0,
            restarts: 0,
            restores: 0,
            checkpoints: 0,
            failed_checkpoints: 0,
            reused_blocks: 0,
            blocks_of_changes: 0,
            unaligned_checkpoints: 0,
            store_errors: 0,
            io_panics: 0,
            multipart_uploads: 0,
            orphaned_requests: 0,
        }
    }
}

/// With what tells a job that waits for something from one that makes no headway against its faults.
fn stuck(seed: u64, report: &SimulationReport) -> Error {
    let SimulationReport { steps, restarts, checkpoints, failed_checkpoints, store_errors, .. } = report;
    let problem = format!(
        "seed {seed}: the job is stuck after {steps} steps, {restarts} restarts, {checkpoints} checkpoints, \
         {failed_checkpoints} failed ones and {store_errors} errors of the store"
    );
    Error::new(ErrorKind::Internal, problem)
}
