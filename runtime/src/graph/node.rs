//! An operator as it is written down.

use std::sync::atomic::{AtomicU64, Ordering};

use super::builder::Prepare;
use super::deploy::SubtaskBuilder;
use crate::error::Result;
use crate::task::Task;

/// An operator of one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize, pub(super) GraphId);

/// Tells the graphs of a process apart: a stream belongs to the one it was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GraphId(u64);

impl GraphId {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

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
    pub(crate) assigns_timestamps: bool,
    pub(crate) needs_timestamps: bool,
    pub(crate) first_input_has_time: bool,
    /// Whether it may have state; see [`JobGraph::mark_stateless`].
    pub(crate) stateful: bool,
    /// What no other operator may use besides it.
    pub(crate) resources: Vec<String>,
    pub(crate) problem: Option<String>,
    pub(crate) prepare: Option<Prepare>,
    pub(crate) build_task: BuildTask,
}
