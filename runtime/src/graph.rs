//! The graph of a job: what the builder writes down, and what it becomes.
//!
//! Operators are written down as nodes with typed ports and edges. [`Plan`] decides which of them
//! are chained into one vertex, and `Plan::deploy` makes the tasks of an attempt. Types
//! stay known throughout: an edge holds the closures that build what stands at its two ends.

mod builder;
mod check;
mod deploy;
mod edge;
mod explain;
mod identify;
mod node;
mod placement;
mod plan;
mod settings;
pub(crate) mod side;
mod wiring;

pub use builder::{JobGraph, Prepare};
pub use deploy::SubtaskBuilder;
pub use edge::{PartitionerFactory, Port, Upstream};
pub use explain::{ExplainedEdge, ExplainedOperator, ExplainedVertex, Explanation};
pub(crate) use node::Node;
pub use node::{ChainingPolicy, NodeId, NodeRole};
pub use placement::Placement;
pub(crate) use plan::PlannedNode;
pub use plan::{Plan, PlanSettings, Vertex};
pub use side::{OutputTag, SidePorts};

pub(crate) use deploy::{DeployedTask, Deployment, Preparations};
pub(crate) use side::{SideCollector, SideReads};

#[cfg(test)]
mod tests;
