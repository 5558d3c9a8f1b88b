//! Where a job begins: settings, sources, and the way to run what has been built.

mod configuration;
mod settings;
mod snapshots;
mod sources;

use std::sync::Arc;

use millstream_runtime::checkpoint::CheckpointConfig;
use millstream_runtime::driver::actor::{JobHandle, JobReport, spawn};
use millstream_runtime::driver::{Job, SnapshotLocation};
use millstream_runtime::graph::{Explanation, Plan, PlanSettings};
use millstream_runtime::job::{MasterConfig, RestartStrategy, RestoreFrom, RestoreMode};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::stores::Stores;

use crate::stream::SharedGraph;

pub use self::configuration::{Configuration, parse_duration};

/// Builds a job and runs it. As Flink's `StreamExecutionEnvironment`.
///
/// Sources are added to it, streams grow from them, and [`Environment::execute`] runs the whole.
/// Settings may be made in any order, before or after the streams.
///
/// ```
/// use millstream::prelude::*;
/// let env = Environment::new().parallelism(2);
/// let squares = env.from_collection(1..=4_u64).map(|n| n * n).collect();
/// env.execute("squares")?;
/// assert_eq!(squares.sorted(), [1, 4, 9, 16]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "StreamExecutionEnvironment")]
pub struct Environment {
    pub(crate) graph: SharedGraph,
    plan: PlanSettings,
    workers: Option<usize>,
    checkpoints: CheckpointConfig,
    restart: Option<RestartStrategy>,
    snapshots: SnapshotLocation,
    stores: Stores,
    restore: RestoreFrom,
    restore_mode: RestoreMode,
    allow_unclaimed_state: bool,
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment {
    /// An environment with Flink's defaults: as many subtasks as cores, 128 key groups, no
    /// checkpoints.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new();
    /// let numbers = env.from_collection([1, 2]).collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "getExecutionEnvironment")]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let parallelism = u32::try_from(cores).unwrap_or(1);
        Self {
            graph: SharedGraph::default(),
            plan: PlanSettings { parallelism, ..PlanSettings::default() },
            workers: None,
            checkpoints: CheckpointConfig::disabled(),
            restart: None,
            snapshots: SnapshotLocation::Memory,
            stores: Stores::default(),
            restore: RestoreFrom::Nothing,
            restore_mode: RestoreMode::NoClaim,
            allow_unclaimed_state: false,
        }
    }

    /// The graph of what has been built so far, in human-readable form.
    ///
    /// # Errors
    /// Mistakes in what was built, as [`Environment::execute`] would report them.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(2);
    /// env.from_collection(1..=9_u64).key_by(|number| number % 2).count().discard();
    /// let graph = env.explain()?;
    /// assert!(graph.to_string().contains("key group"));
    /// assert!(graph.to_mermaid().starts_with("flowchart"));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "getExecutionPlan")]
    pub fn explain(&self) -> Result<Explanation> {
        Plan::explain_graph(&self.graph.lock(), self.plan_settings())
    }

    fn plan_settings(&self) -> PlanSettings {
        PlanSettings { checkpoints: self.checkpoints.interval.is_some(), ..self.plan }
    }

    /// Takes what has been built, as a job that a driver can run.
    ///
    /// # Errors
    /// Mistakes in what was built.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new();
    /// env.from_collection([1, 2]).discard();
    /// assert_eq!(env.job("numbers")?.name, "numbers");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn job(&self, name: &str) -> Result<Job> {
        let graph = self.graph.lock().take();
        if name.is_empty() {
            return Err(Error::new(ErrorKind::InvalidJob, "the job has no name"));
        }
        if let Some(problem) = self.checkpoints.problem() {
            return Err(Error::new(ErrorKind::InvalidJob, problem));
        }
        Ok(Job {
            name: name.to_owned(),
            plan: Arc::new(Plan::new(graph, self.plan_settings())?),
            master: MasterConfig {
                checkpoint: self.checkpoints.clone(),
                restart: self.restart.clone(),
                restore: self.restore.clone(),
                restore_mode: self.restore_mode,
            },
            snapshots: self.snapshots.clone(),
            stores: self.stores.clone(),
            allow_unclaimed_state: self.allow_unclaimed_state,
        })
    }

    /// Runs what has been built to its end. Blocks the thread; inside an async function use
    /// [`Environment::spawn`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidJob`] and [`ErrorKind::InvalidInput`] for mistakes that can be seen before
    /// anything runs; after that, what the job failed with once its restart strategy gave up.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::job::JobOutcome;
    ///
    /// let env = Environment::new();
    /// env.from_collection([1, 2]).discard();
    /// assert_eq!(env.execute("numbers")?.outcome, JobOutcome::Finished);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn execute(&self, name: &str) -> Result<JobReport> {
        self.spawn(name)?.join_blocking()
    }

    /// Starts what has been built, on threads of its own.
    ///
    /// # Errors
    /// Mistakes in what was built. Whatever comes later is reported by the handle.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::job::JobOutcome;
    ///
    /// let env = Environment::new();
    /// env.from_generator(None, |number| number).discard();
    /// let job = env.spawn("numbers without end")?;
    /// job.cancel();
    /// assert_eq!(job.join_blocking()?.outcome, JobOutcome::Cancelled);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "executeAsync")]
    pub fn spawn(&self, name: &str) -> Result<JobHandle> {
        spawn(self.job(name)?, self.workers)
    }
}

#[cfg(test)]
mod tests;
