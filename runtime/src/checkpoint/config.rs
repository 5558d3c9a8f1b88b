//! How often checkpoints are made, and how much trouble with them is borne.

use std::time::Duration;

use super::CheckpointMode;

/// When checkpoints are made and how many are kept.
///
/// The names and defaults are Flink's (`execution.checkpointing.*`). Without an interval no
/// checkpoint is made by itself; savepoints are possible all the same.
///
/// ```
/// # extern crate millstream_runtime as millstream;
/// use std::time::Duration;
/// use millstream::checkpoint::CheckpointConfig;
///
/// let config = CheckpointConfig::every(Duration::from_secs(10)).min_pause(Duration::from_secs(5)).retained(3);
/// assert_eq!(config.interval, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointConfig {
    /// From one trigger to the next, at least 1 ms. `None`, the default: no automatic checkpoints.
    pub interval: Option<Duration>,
    /// From the completion of one automatic checkpoint to the next trigger, at least. Default: none.
    pub min_pause: Duration,
    /// A checkpoint or savepoint that takes longer is given up. Default: 10 minutes.
    pub timeout: Duration,
    /// How many automatic checkpoints may be under way at a time, at least 1. Default: 1.
    pub max_concurrent: usize,
    /// How many automatic checkpoints in a row may fail before the attempt fails. Default: 0.
    pub tolerable_failures: u32,
    /// How many completed checkpoints are kept on the store, at least 1. Default: 1.
    pub retained: usize,
    /// Whether the job's checkpoints are deleted when a user cancels it. Default: they are kept.
    pub deleted_on_cancellation: bool,
    /// Whether tasks with several inputs align their barriers. Default: exactly once.
    pub mode: CheckpointMode,
    /// How long the tasks of an automatic checkpoint wait for barriers. Those that still wait then take their
    /// snapshots [unaligned](Self::unaligned). `None`, the default: until the barriers come.
    pub aligned_timeout: Option<Duration>,
    /// Whether state is [compressed](Self::compressed). Default: no.
    pub compressed: bool,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            interval: None,
            min_pause: Duration::ZERO,
            timeout: Duration::from_secs(600),
            max_concurrent: 1,
            tolerable_failures: 0,
            retained: 1,
            deleted_on_cancellation: false,
            mode: CheckpointMode::ExactlyOnce,
            aligned_timeout: None,
            compressed: false,
        }
    }
}

impl CheckpointConfig {
    /// No automatic checkpoints.
    pub fn disabled() -> Self {
        Self::default()
    }

    /// An automatic checkpoint every `interval`.
    #[doc(alias("enableCheckpointing", "setCheckpointInterval"))]
    pub fn every(interval: Duration) -> Self {
        // Time is counted in milliseconds: anything shorter would be no interval at all.
        Self { interval: Some(interval.max(Duration::from_millis(1))), ..Self::default() }
    }

    /// Lets at least this much time pass between a checkpoint's completion and the next trigger.
    #[doc(alias = "setMinPauseBetweenCheckpoints")]
    #[must_use]
    pub fn min_pause(self, min_pause: Duration) -> Self {
        Self { min_pause, ..self }
    }

    /// Gives up a checkpoint or savepoint that takes longer.
    #[doc(alias = "setCheckpointTimeout")]
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Allows this many automatic checkpoints at a time; 0 counts as 1.
    #[doc(alias = "setMaxConcurrentCheckpoints")]
    #[must_use]
    pub fn max_concurrent(self, max_concurrent: usize) -> Self {
        Self { max_concurrent: max_concurrent.max(1), ..self }
    }

    /// Bears this many failed automatic checkpoints in a row.
    #[doc(alias = "setTolerableCheckpointFailureNumber")]
    #[must_use]
    pub fn tolerable_failures(self, tolerable_failures: u32) -> Self {
        Self { tolerable_failures, ..self }
    }

    /// Keeps this many completed checkpoints on the store; 0 counts as 1.
    #[doc(alias = "MAX_RETAINED_CHECKPOINTS")]
    #[must_use]
    pub fn retained(self, retained: usize) -> Self {
        Self { retained: retained.max(1), ..self }
    }

    /// Deletes the job's checkpoints when a user cancels it, as Flink's `DELETE_ON_CANCELLATION`. Otherwise they are
    /// kept, and the job can be started again from the last of them.
    ///
    /// What a job owns is deleted: the checkpoints that it or earlier runs have completed and that newer ones would
    /// have replaced. Savepoints stay, and so do snapshots that the job was restored from without owning them. A job that has
    /// failed, or stops with a savepoint, keeps its checkpoints. What sinks have not committed when the job is
    /// cancelled is lost with them.
    ///
    /// ```
    /// # extern crate millstream_runtime as millstream;
    /// use std::time::Duration;
    /// use millstream::checkpoint::CheckpointConfig;
    ///
    /// let config = CheckpointConfig::every(Duration::from_secs(10));
    /// assert!(!config.deleted_on_cancellation);
    /// assert!(config.delete_on_cancellation().deleted_on_cancellation);
    /// ```
    #[doc(alias(
        "ExternalizedCheckpointRetention",
        "setExternalizedCheckpointRetention",
        "DELETE_ON_CANCELLATION",
        "execution.checkpointing.externalized-checkpoint-retention"
    ))]
    #[must_use]
    pub fn delete_on_cancellation(self) -> Self {
        Self { deleted_on_cancellation: true, ..self }
    }

    /// Lets automatic checkpoints overtake the records that wait in channels, which become part of the checkpoint
    /// instead. A checkpoint takes no longer then where a slow operator holds up those before it, but
    /// is larger. As Flink's unaligned checkpoints, for exactly-once, and one checkpoint at a time.
    ///
    /// What waits in channels of forward, rescale and broadcast edges is worked off all the same. Savepoints are
    /// always aligned. A record in flight that was late for a watermark in flight is late after a restore, too.
    ///
    /// ```
    /// # extern crate millstream_runtime as millstream;
    /// use std::time::Duration;
    /// use millstream::checkpoint::CheckpointConfig;
    ///
    /// let config = CheckpointConfig::every(Duration::from_secs(10)).unaligned();
    /// assert_eq!(config.aligned_timeout, Some(Duration::ZERO));
    /// ```
    #[doc(alias("enableUnalignedCheckpoints", "execution.checkpointing.unaligned.enabled"))]
    #[must_use]
    pub fn unaligned(self) -> Self {
        self.unaligned_after(Duration::ZERO)
    }

    /// As [`unaligned`](Self::unaligned), where a checkpoint has not been completed after so long: those that are
    /// quick stay small.
    #[doc(alias("setAlignedCheckpointTimeout", "execution.checkpointing.aligned-checkpoint-timeout"))]
    #[must_use]
    pub fn unaligned_after(self, timeout: Duration) -> Self {
        Self { aligned_timeout: Some(timeout), ..self }
    }

    /// Compresses state in checkpoints and savepoints, with LZ4: they take less room and less time on their way, and
    /// more processor time. Snapshots are read whether they are compressed or not, and a checkpoint may build on one
    /// that is not.
    ///
    /// ```
    /// # extern crate millstream_runtime as millstream;
    /// use std::time::Duration;
    /// use millstream::checkpoint::CheckpointConfig;
    ///
    /// let config = CheckpointConfig::every(Duration::from_secs(10)).compressed();
    /// assert!(config.compressed);
    /// ```
    #[doc(alias("setUseSnapshotCompression", "execution.checkpointing.snapshot-compression"))]
    #[must_use]
    pub fn compressed(self) -> Self {
        Self { compressed: true, ..self }
    }

    /// What is wrong with it, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        self.aligned_timeout?;
        match (self.mode, self.max_concurrent) {
            (CheckpointMode::AtLeastOnce, _) => {
                Some("unaligned checkpoints with at-least-once, which never aligns: choose one of them")
            }
            (CheckpointMode::ExactlyOnce, 2..) => {
                Some("unaligned checkpoints, more than one at a time: set `max_concurrent` to 1")
            }
            _ => None,
        }
    }

    /// Chooses whether tasks align.
    #[doc(alias("setCheckpointingConsistencyMode", "setCheckpointingMode"))]
    #[must_use]
    pub fn mode(self, mode: CheckpointMode) -> Self {
        Self { mode, ..self }
    }
}
