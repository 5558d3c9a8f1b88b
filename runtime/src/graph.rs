//! The graph of a job: what the builder writes down, and what it becomes.
//!
//! Operators are written down as nodes with typed ports and edges. [`Plan`] decides which of them
//! are chained into one vertex, and `Plan::deploy` makes the tasks of an attempt. Types
//! stay known throughout: an edge holds the closures that build what stands at its two ends.

mod builder;
mod deploy;
mod edge;
mod explain;
mod placement;
mod plan;
pub(crate) mod side;
mod wiring;

pub(crate) use builder::Node;
pub use builder::{ChainingPolicy, JobGraph, NodeId, NodeRole, Prepare};
pub use deploy::SubtaskBuilder;
pub use edge::{PartitionerFactory, Port, Upstream};
pub use explain::{ExplainedEdge, ExplainedOperator, ExplainedVertex, Explanation};
pub use placement::Placement;
pub(crate) use plan::PlannedNode;
pub use plan::{Plan, PlanSettings, Vertex};
pub use side::{OutputTag, SidePorts};

pub(crate) use deploy::{DeployedTask, Deployment, Preparations};
pub(crate) use side::SideCollector;

#[cfg(test)]
mod tests;
