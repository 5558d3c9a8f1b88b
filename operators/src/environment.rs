//! Where a job begins: settings, sources, and the way to run what has been built.

mod sources;

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::checkpoint::CheckpointConfig;
use millstream_runtime::driver::actor::{JobHandle, JobReport, spawn};
use millstream_runtime::driver::{Job, SnapshotLocation};
use millstream_runtime::graph::{Explanation, Plan, PlanSettings};
use millstream_runtime::job::{MasterConfig, RestartStrategy, RestoreFrom, RestoreMode};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::snapshot::storage::{SnapshotHome, Stores};
use object_store::ObjectStore;

use crate::stream::SharedGraph;

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

    /// Sets how many subtasks operators have that do not say otherwise.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// // With one subtask, records keep the order of the collection.
    /// let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([3, 1, 2]).collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.to_vec(), [3, 1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setParallelism")]
    #[must_use]
    pub const fn parallelism(mut self, parallelism: u32) -> Self {
        self.plan.parallelism = parallelism;
        self
    }

    /// Sets how many key groups operators have that do not say otherwise: the highest parallelism
    /// that a restore can ever go to, for it cannot be changed for an operator that has keyed state.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// // 1,024 subtasks at most, now and after any restore.
    /// let env = Environment::new().parallelism(2).max_parallelism(1_024);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setMaxParallelism")]
    #[must_use]
    pub const fn max_parallelism(mut self, max_parallelism: u32) -> Self {
        self.plan.max_parallelism = max_parallelism;
        self
    }

    /// Sets how many threads run the subtasks; by default as many as there are cores.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(4).workers(1);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Sets how many batches fit into each channel between two subtasks (16 if not set), at least 1.
    /// Where a subtask sends to more than 64 others, fewer fit into each channel, but never less than 2
    /// unless it is set so.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// // Less in flight: barriers get through sooner, and channels run dry more easily.
    /// let env = Environment::new().channel_batches(2);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn channel_batches(mut self, batches: usize) -> Self {
        self.plan.channel_batches = batches;
        self
    }

    /// Gives each operator a task of its own; for finding out which one is slow.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().disable_operator_chaining();
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "disableOperatorChaining")]
    #[must_use]
    pub const fn disable_operator_chaining(mut self) -> Self {
        self.plan.chaining = false;
        self
    }

    /// Takes a checkpoint every `interval`, with defaults for everything else.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10));
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "enableCheckpointing")]
    #[must_use]
    pub fn checkpoint_every(self, interval: Duration) -> Self {
        self.checkpointing(CheckpointConfig::every(interval))
    }

    /// Sets when and how checkpoints are taken.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let config = CheckpointConfig::every(Duration::from_secs(10)).min_pause(Duration::from_secs(5)).retained(3);
    /// let env = Environment::new().checkpointing(config);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "getCheckpointConfig")]
    #[must_use]
    pub fn checkpointing(mut self, config: CheckpointConfig) -> Self {
        self.checkpoints = config;
        self
    }

    /// Sets what happens after a failure. Not set: exponential delay with checkpoints on, none without.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let strategy = RestartStrategy::fixed_delay(3, Duration::from_secs(1));
    /// let env = Environment::new().restart_strategy(strategy);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setRestartStrategy")]
    #[must_use]
    pub fn restart_strategy(mut self, strategy: impl Into<RestartStrategy>) -> Self {
        self.restart = Some(strategy.into());
        self
    }

    /// Sets where checkpoints lie: a path, or the URL of an object store. Within that folder the job
    /// has one of its own. Not set: in memory, where they survive a failure of the job, but not the
    /// process.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(path);
    /// env.from_collection([1, 2]).discard();
    /// env.execute("numbers")?;
    /// // The last checkpoint, taken when all data had ended.
    /// assert!(folder.path().join("numbers/chk-1-e1/manifest").exists());
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("setCheckpointStorage", "CheckpointStorage"))]
    #[must_use]
    pub fn snapshot_folder(mut self, path_or_url: impl Into<String>) -> Self {
        self.snapshots = SnapshotLocation::Folder(path_or_url.into());
        self
    }

    /// Sets the open folder in which checkpoints lie; for stores that no URL describes.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::state::snapshot::open_url;
    /// let home = open_url("memory:///", true)?;
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_home(home);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn snapshot_home(mut self, home: SnapshotHome) -> Self {
        self.snapshots = SnapshotLocation::Opened(home);
        self
    }

    /// Lets `url` (scheme and authority, such as `s3://bucket`) and everything below it mean `store`:
    /// for checkpoints, savepoints and restores, where no URL describes the store or it needs more than
    /// the environment and [options](Self::store_option) say.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use millstream::prelude::*;
    /// let store = Arc::new(object_store::memory::InMemory::new());
    /// let environment = || Environment::new().register_store("vault://blue", store.clone());
    /// let env = environment().checkpoint_every(Duration::from_secs(10)).snapshot_folder("vault://blue/jobs");
    /// env.from_collection([1, 2]).uid("numbers").discard();
    /// env.execute("numbers")?;
    ///
    /// let env = environment().restore_from("vault://blue/jobs");
    /// let left = env.from_collection([1, 2]).uid("numbers").collect();
    /// env.execute("numbers")?;
    /// assert!(left.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn register_store(mut self, url: &str, store: Arc<dyn ObjectStore>) -> Self {
        self.stores.register(url, store);
        self
    }

    /// Sets an option of the stores that URLs of snapshots describe, under the names that the crate
    /// `object_store` gives them. Not set: what the environment says (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// // With the feature `s3`, this would reach a MinIO on the same machine.
    /// let env = Environment::new()
    ///     .store_option("aws_endpoint", "http://localhost:9000")
    ///     .store_option("aws_allow_http", "true");
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn store_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.stores.set_option(name, value);
        self
    }

    /// Begins from a snapshot: the folder of a checkpoint or a savepoint, the folder of a job, or the
    /// folder that holds those of several jobs. In the last two cases the job goes on where the last run
    /// left off; another job's snapshot is found by its own path only.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
    /// env.from_collection([1, 2]).uid("numbers").discard();
    /// env.execute("numbers")?;
    ///
    /// // The checkpoint was taken when everything had been read: nothing is left to read.
    /// let env = Environment::new().restore_from(&path);
    /// let left = env.from_collection([1, 2]).uid("numbers").collect();
    /// env.execute("numbers")?;
    /// assert!(left.is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "fromSavepoint")]
    #[must_use]
    pub fn restore_from(mut self, path_or_url: impl Into<String>) -> Self {
        self.restore = RestoreFrom::Path(path_or_url.into().into());
        self
    }

    /// As [`Environment::restore_from`], but where there is nothing to restore the job begins afresh: for
    /// programs that a supervisor starts again whenever they end.
    ///
    /// ```
    /// # use millstream_operators::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let run = || {
    ///     let env = Environment::new().enable_checkpointing(Duration::from_secs(10)).set_snapshot_folder(&path);
    ///     let env = env.restore_or_start(&path);
    ///     env.from_collection([1, 2]).uid("numbers").discard();
    ///     env.execute("numbers")
    /// };
    /// run()?;
    /// run()?; // goes on where the first has ended
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn restore_or_start(mut self, path_or_url: impl Into<String>) -> Self {
        self.restore = RestoreFrom::IfAny(Some(path_or_url.into().into()));
        self
    }

    /// Sets whose the snapshot is that the job begins from. Not set: the user's, who may restore it again
    /// and has to delete it. The job's own checkpoints are its own in any case, when it goes on from
    /// where the last run left off.
    ///
    /// ```
    /// # use millstream_operators::prelude::*;
    /// use millstream_runtime::job::RestoreMode;
    /// let env = Environment::new().set_restore_mode(RestoreMode::Claim);
    /// # let numbers = env.from_collection([1, 2]).collect();
    /// # env.execute("numbers")?;
    /// # assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn set_restore_mode(mut self, mode: RestoreMode) -> Self {
        self.restore_mode = mode;
        self
    }

    /// Drops state that the snapshot holds and no operator claims, instead of failing.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::External, error.to_string()))?;
    /// # let path = folder.path().to_string_lossy().into_owned();
    /// let env = Environment::new().checkpoint_every(Duration::from_secs(10)).snapshot_folder(&path);
    /// env.from_collection([1, 2]).uid("old numbers").discard();
    /// env.execute("numbers")?;
    ///
    /// // The position of the old source belongs to nobody in the new job.
    /// let restored = || Environment::new().restore_from(&path);
    /// let env = restored();
    /// env.from_collection([3]).uid("new numbers").discard();
    /// assert_eq!(env.execute("numbers").unwrap_err().kind(), ErrorKind::Restore);
    ///
    /// let env = restored().allow_unclaimed_state();
    /// let numbers = env.from_collection([3]).uid("new numbers").collect();
    /// env.execute("numbers")?;
    /// assert_eq!(numbers.sorted(), [3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "allowNonRestoredState")]
    #[must_use]
    pub const fn allow_unclaimed_state(mut self) -> Self {
        self.allow_unclaimed_state = true;
        self
    }

    /// The graph of what has been built so far, for people.
    ///
    /// # Errors
    /// Mistakes in what was built, as [`Environment::execute`] would tell them.
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
        Plan::explain_graph(&self.graph.lock(), self.plan)
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
        Ok(Job {
            name: name.to_owned(),
            plan: Arc::new(Plan::new(graph, self.plan)?),
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
    /// Mistakes in what was built. Whatever comes later is told by the handle.
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
