//! How a job runs: how parallel, with which checkpoints, and what happens after a failure.

use std::time::Duration;

use millstream_runtime::checkpoint::CheckpointConfig;
use millstream_runtime::job::RestartStrategy;

use super::Environment;

impl Environment {
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
    /// env.from_collection([1, 2]).discard();
    /// assert_eq!(env.explain()?.vertices[0].operators[0].max_parallelism, 1_024);
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
    /// let threads = env.from_collection(0..100).rebalance();
    /// let threads = threads.map(|_| format!("{:?}", std::thread::current().id())).collect();
    /// env.execute("threads")?;
    /// let mut threads = threads.sorted();
    /// threads.dedup();
    /// assert_eq!(threads.len(), 1);
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

    /// Sets how long a batch that is not full may wait in a subtask that is busy: 100 ms if not set. `None`: for as long as
    /// the subtask has more to do. As Flink's `setBufferTimeout`.
    ///
    /// Records travel in batches of up to 1,024, each for one subtask downstream. One that is not full is sent at once when
    /// its subtask has nothing more to do, and with each watermark and each barrier. So this matters to a subtask that always
    /// has more to read and seldom something to send: behind a filter that lets little pass, or to a subtask that few keys
    /// belong to. The time is looked at when a subtask gives way to others, some ten milliseconds after it did so last, and later
    /// where a function of yours takes longer; with [`Duration::ZERO`] a batch is sent each time.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    ///
    /// /// Whether the only record of a source that is always busy gets to the next subtask.
    /// fn arrives(timeout: Option<Duration>) -> Result<bool> {
    ///     static HAS_ARRIVED: AtomicBool = AtomicBool::new(false);
    ///     HAS_ARRIVED.store(false, Relaxed);
    ///     let env = Environment::new().parallelism(1).buffer_timeout(timeout);
    ///     let rare = env.from_generator(None, |number| number).filter(|number| *number == 7);
    ///     rare.rebalance().for_each(|_| HAS_ARRIVED.store(true, Relaxed));
    ///     let job = env.spawn("rare records")?;
    ///     std::thread::sleep(Duration::from_millis(500));
    ///     job.cancel();
    ///     job.join_blocking()?;
    ///     Ok(HAS_ARRIVED.load(Relaxed))
    /// }
    ///
    /// assert!(arrives(Some(Duration::from_millis(10)))?);
    /// assert!(!arrives(None)?);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("setBufferTimeout", "execution.buffer-timeout"))]
    #[must_use]
    pub fn buffer_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.plan.buffer_timeout = timeout.into();
        self
    }

    /// Measures how long records take from each source to each operator: every `interval`, at least a millisecond, each subtask of
    /// a source sends a marker. As Flink's `metrics.latency.interval`; off unless set.
    ///
    /// Markers go with the records, through the same channels, and not into functions. So they tell how long records wait
    /// for room, for a barrier or for slow functions, and not how long in windows, nor in batches that are not full: a marker sends
    /// on what is before it. Where records could go several ways, a marker goes one, at random. The
    /// [metrics](millstream_runtime::driver::actor::JobHandle::metrics) of each operator have a histogram for each source; for Prometheus it has Flink's
    /// name, `flink_taskmanager_job_latency_source_id_operator_id_operator_subtask_index_latency`. Meant for finding out where time goes: each marker
    /// costs about as much as a batch.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().latency_tracking_interval(Duration::from_millis(10));
    /// let numbers = env.from_source(GeneratorSource::new(Some(100), |number| number).rate(1_000.0)).name("numbers");
    /// numbers.rebalance().map(|number| number + 1).name("add").discard();
    /// let metrics = env.execute("numbers")?.metrics;
    /// let latency = metrics.operator("add").latency_from("numbers").cloned().ok_or("no latencies")?;
    /// assert!(latency.count() > 0 && latency.quantile(0.5) < Some(1_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("setLatencyTrackingInterval", "metrics.latency.interval", "LatencyMarker"))]
    #[must_use]
    pub fn latency_tracking_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.plan.latency_interval = interval.into();
        self
    }

    /// Gives each operator a task of its own; for finding out which one is slow.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1).disable_operator_chaining();
    /// env.from_collection([1, 2]).map(|number| number + 1).discard();
    /// assert_eq!(env.explain()?.vertices.len(), 3);
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
    /// env.from_collection([1, 2]).discard();
    /// let job = env.spawn("numbers")?;
    /// job.join_blocking()?;
    /// // A bounded job makes a last one at its end.
    /// assert_eq!(job.metrics().checkpoints.completed(), 1);
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
    /// env.from_collection([1, 2]).discard();
    /// let job = env.spawn("numbers")?;
    /// job.join_blocking()?;
    /// assert_eq!(job.metrics().checkpoints.completed(), 1);
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
    /// # use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    /// static WORKS: AtomicBool = AtomicBool::new(false);
    /// let strategy = RestartStrategy::fixed_delay(3, Duration::from_millis(1));
    /// let env = Environment::new().restart_strategy(strategy);
    /// // Fails the first time.
    /// let numbers = env.from_collection([1, 2]).try_map(|number| match WORKS.swap(true, Relaxed) {
    ///     true => Ok(number),
    ///     false => Err("not yet".into()),
    /// });
    /// numbers.discard();
    /// assert_eq!(env.execute("numbers")?.restarts, 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "setRestartStrategy")]
    #[must_use]
    pub fn restart_strategy(mut self, strategy: impl Into<RestartStrategy>) -> Self {
        self.restart = Some(strategy.into());
        self
    }
}
