//! The settings of a job that its plan depends on.

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
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self { parallelism: 1, max_parallelism: DEFAULT_MAX_PARALLELISM, chaining: true, channel_batches: 16 }
    }
}
