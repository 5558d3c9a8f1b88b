//! The settings of a job that its plan depends on.

use std::time::Duration;

use millstream_state::DEFAULT_MAX_PARALLELISM;

/// Settings of a job that the plan depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanSettings {
    /// The parallelism of operators that set none.
    pub parallelism: u32,
    /// The number of key groups of operators that set none.
    pub max_parallelism: u32,
    /// Whether operators are chained at all.
    pub chaining: bool,
    /// How many batches fit into a channel.
    pub channel_batches: usize,
    /// How long a batch that is not full may wait in a subtask that has more to do; `None` for as long as it has.
    pub buffer_timeout: Option<Duration>,
    /// From one latency marker of each source to the next; `None` where latencies are not tracked.
    pub latency_interval: Option<Duration>,
    /// Whether the job takes checkpoints by itself.
    pub checkpoints: bool,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            parallelism: 1,
            max_parallelism: DEFAULT_MAX_PARALLELISM,
            chaining: true,
            channel_batches: 16,
            buffer_timeout: Some(Duration::from_millis(100)),
            latency_interval: None,
            checkpoints: false,
        }
    }
}
