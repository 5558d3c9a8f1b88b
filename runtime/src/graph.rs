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
mod id;
mod identify;
mod layout;
mod node;
mod observe;
mod placement;
mod plan;
mod plan_settings;
mod settings;
mod side;
mod subtask;
mod wiring;

pub use crate::chain::OutputTag;
pub use builder::JobGraph;
pub use edge::{PartitionerFactory, Port, Upstream};
pub use explain::{ExplainedEdge, ExplainedOperator, ExplainedVertex, Explanation};
pub use id::NodeId;
pub use layout::Vertex;
pub use node::{ChainingPolicy, NodeRole, Prepare};
pub use placement::Placement;
pub use plan::Plan;
pub use plan_settings::PlanSettings;
pub use side::SidePorts;
pub use subtask::SubtaskBuilder;

pub(crate) use deploy::DeployedTask;
pub(crate) use layout::PlannedNode;
pub(crate) use node::Node;
pub(crate) use subtask::{Deployment, Preparations};

#[cfg(test)]
mod tests;
