//! What is decided about a graph: the parallelism, identifier and vertex of each of its operators.

use std::time::Duration;

use millstream_state::{KeyGroups, OperatorId};

use super::id::{EdgeId, NodeId};
use crate::error::{Error, ErrorKind, Result};
use crate::job::VertexId;
use crate::partition::Partitioning;

/// An operator, planned.
pub(crate) struct PlannedNode {
    pub(crate) name: String,
    pub(crate) operator: OperatorId,
    pub(crate) parallelism: u32,
    pub(crate) groups: KeyGroups,
    pub(crate) vertex: VertexId,
}

/// An edge, planned.
#[derive(Clone, Copy)]
pub(crate) struct PlannedEdge {
    /// The operator it leads to, and which of the edges that lead there it is.
    pub(crate) to: NodeId,
    pub(crate) place: u32,
    pub(crate) partitioning: Partitioning,
    pub(crate) chained: bool,
    pub(crate) groups: KeyGroups,
    /// How many subtasks send, and how many receive.
    pub(crate) upstream: u32,
    pub(crate) downstream: u32,
    /// How long a batch that is not full may wait in a subtask that has more to do; `None` for as long as it has.
    pub(crate) buffer_timeout: Option<Duration>,
}

/// A run of chained operators, deployed as one task a subtask.
#[derive(Clone, Debug)]
pub struct Vertex {
    /// Its number, in topological order.
    pub id: VertexId,
    /// Its operators, in the order they were made; the first is the head.
    pub nodes: Vec<NodeId>,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// Whether it is a source.
    pub is_source: bool,
}

/// What the plan of a graph adds to it: the same nodes and edges, decided upon.
pub(crate) struct Layout {
    pub(crate) nodes: Vec<PlannedNode>,
    pub(crate) edges: Vec<PlannedEdge>,
    pub(crate) vertices: Vec<Vertex>,
}

impl Layout {
    pub(super) fn node(&self, node: NodeId) -> Result<&PlannedNode> {
        let planned = self.nodes.get(node.0);
        planned.ok_or_else(|| Error::new(ErrorKind::Internal, "an operator that the plan does not know"))
    }

    pub(super) fn edge(&self, edge: EdgeId) -> Result<PlannedEdge> {
        let planned = self.edges.get(edge.0).copied();
        planned.ok_or_else(|| Error::new(ErrorKind::Internal, "an edge that the plan does not know"))
    }
}
