//! An operator as it is written down.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::id::NodeId;
use super::subtask::SubtaskBuilder;
use crate::chain::OutputTag;
use crate::error::Result;
use crate::task::Task;

/// What part an operator plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeRole {
    /// It brings records in.
    Source,
    /// It turns records into others.
    Operator,
    /// It takes records out.
    Sink,
}

/// Whether an operator may be chained to the one before it.
#[doc(alias = "ChainingStrategy")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChainingPolicy {
    /// Wherever it can be.
    #[default]
    Always,
    /// It begins a chain.
    Head,
    /// It is alone.
    Never,
}

/// Work to be done before an operator is first deployed without restored state: finding splits,
/// checking that files exist. Runs once an attempt, on the I/O pool. What it answers is shipped to
/// all subtasks of the operator, as [`OpenContext::prepared`](crate::chain::OpenContext::prepared).
pub type Prepare = Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<u8>>> + Send + Sync>;

/// Builds the task of a chain that the operator is the head of.
pub(super) type BuildTask = Box<dyn Fn(&SubtaskBuilder<'_>) -> Result<Box<dyn Task>> + Send + Sync>;

/// What is known of an operator.
pub(crate) struct Node {
    pub(crate) role: NodeRole,
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) uid: Option<String>,
    pub(crate) parallelism: Option<u32>,
    pub(crate) follows_input: bool,
    pub(crate) max_parallelism: Option<u32>,
    pub(crate) chaining: ChainingPolicy,
    /// How long its batches that are not full may wait, where that is not up to the job's settings.
    pub(crate) buffer_timeout: Option<Option<Duration>>,
    pub(crate) assigns_timestamps: bool,
    pub(crate) needs_timestamps: bool,
    pub(crate) needs_checkpoints: bool,
    pub(crate) first_input_has_time: bool,
    /// Whether it may have state; see [`JobGraph::mark_stateless`](super::JobGraph::mark_stateless).
    pub(crate) stateful: bool,
    /// All side outputs that it may emit to; `None` where only its function knows.
    pub(crate) side_outputs: Option<Vec<OutputTag<()>>>,
    /// What no other operator may use besides it.
    pub(crate) resources: Vec<String>,
    pub(crate) problem: Option<String>,
    pub(crate) prepare: Option<Prepare>,
    /// What hands out its splits, if it reads splits.
    pub(crate) enumerator: Option<NodeId>,
    pub(crate) build_task: BuildTask,
}
