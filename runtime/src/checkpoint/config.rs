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
    /// Whether tasks with several inputs align their barriers. Default: exactly once.
    pub mode: CheckpointMode,
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
            mode: CheckpointMode::ExactlyOnce,
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

    /// Chooses whether tasks align.
    #[doc(alias("setCheckpointingConsistencyMode", "setCheckpointingMode"))]
    #[must_use]
    pub fn mode(self, mode: CheckpointMode) -> Self {
        Self { mode, ..self }
    }
}
