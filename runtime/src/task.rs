//! A task: one subtask's work, as a state machine that never blocks.
//!
//! It knows nothing of threads, actors or wall clocks: a driver calls it, and it says whether to
//! call again, to wait for a wake-up, or that it is done.

mod inputs;
mod latency_markers;
mod lifecycle;
mod operator_task;
mod source_task;
mod split_reader_task;
mod two_input_task;
mod unaligned;

pub(crate) use inputs::TaskInputs;
pub(crate) use latency_markers::LatencyMarkers;
pub use operator_task::OperatorTask;
pub use source_task::SourceTask;
pub use split_reader_task::SplitReaderTask;
pub use two_input_task::TwoInputTask;

use std::time::Duration;

use crate::chain::TaskContext;
use crate::checkpoint::Control;
use crate::error::{ErrorKind, Result};
use crate::guard::catch;

/// How much a task may do before it lets its neighbours run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// It takes at most this many batches.
    pub batches: u32,
    /// Its operators hand on at most about this many, each counted at each operator.
    pub emitted: u32,
    /// It begins nothing new after this time.
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { batches: 16, emitted: u32::MAX, time: Duration::from_millis(10) }
    }
}

impl Budget {
    /// So little that the scheduler of the task decides about every batch.
    pub const fn one_batch() -> Self {
        Self { batches: 1, emitted: 2, time: Duration::MAX }
    }
}

/// What a task says after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Call me again.
    Ready,
    /// I wait for input; I will be woken.
    Waiting,
    /// I wait for room downstream; I will be woken.
    Blocked,
    /// I am done.
    Finished,
}

/// Lets a task work for its driver: a panic is an error, and names the operator that it came out of.
pub(crate) fn guarded<R>(
    task: &mut dyn Task,
    cx: &mut TaskContext,
    work: impl FnOnce(&mut dyn Task, &mut TaskContext) -> Result<R>,
) -> Result<R> {
    cx.metrics().running.begin(cx.monotonic());
    let done = catch(|| work(task, cx));
    cx.metrics().running.end();
    done.map_err(|error| match cx.metrics().running_operator() {
        Some(name) if error.kind() == ErrorKind::Panic => error.in_operator(&name),
        _ => error,
    })
}

/// One subtask's work.
pub trait Task: Send {
    /// Does at most `budget` batches of work, never blocking.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress>;
    /// Handles a message of the coordinator.
    ///
    /// # Errors
    /// Whatever fails the attempt.
    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()>;
}

#[cfg(test)]
mod tests;
