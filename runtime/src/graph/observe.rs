//! What the plan says about a running job: what each subtask reads, and how much has come in and gone out.

use std::collections::BTreeMap;

use super::id::NodeId;
use super::node::NodeRole;
use super::plan::Plan;
use crate::job::SubtaskId;
use crate::metrics::{OperatorMetrics, SubtaskMetrics};

impl Plan {
    /// The input channels of a subtask in order: which of its inputs each belongs to, and where it comes from. None of a
    /// source, though splits may come through channels.
    pub(crate) fn inputs_of(&self, subtask: SubtaskId) -> Vec<(usize, SubtaskId)> {
        let vertex = self.vertices().get(subtask.vertex.0 as usize);
        let head = vertex.and_then(|vertex| vertex.nodes.first());
        let Some(head) = head.filter(|head| !self.brings_records_in(**head)) else { return Vec::new() };
        let edges = self.graph.edges.iter().zip(&self.layout.edges);
        let mut edges: Vec<_> =
            edges.filter(|(edge, planned)| edge.to == *head && !planned.chained).collect();
        // Within an input in the order in which they were connected, as the gates have them.
        edges.sort_by_key(|(edge, _)| edge.input);
        let mut inputs = Vec::new();
        for (edge, planned) in edges {
            let Some(from) = self.layout.nodes.get(edge.from.0) else { continue };
            let connects = |index: &u32| {
                planned.partitioning.connects(*index, from.parallelism, subtask.index, planned.downstream)
            };
            let upstream = (0..from.parallelism).filter(connects);
            inputs.extend(upstream.map(|index| (edge.input, SubtaskId { vertex: from.vertex, index })));
        }
        inputs
    }

    /// Whether an operator is a source, and not one that only hands out splits to another.
    fn brings_records_in(&self, node: NodeId) -> bool {
        let hands_out_splits = || self.graph.nodes.iter().any(|other| other.enumerator == Some(node));
        self.graph.nodes.get(node.0).is_some_and(|own| {
            own.enumerator.is_some() || own.role == NodeRole::Source && !hands_out_splits()
        })
    }

    /// How many records sources have brought in, and sinks have taken.
    pub(crate) fn records(&self, subtasks: &BTreeMap<SubtaskId, SubtaskMetrics>) -> (u64, u64) {
        let (mut records_in, mut records_out) = (0, 0);
        for (subtask, metrics) in subtasks {
            let Some(vertex) = self.vertices().get(subtask.vertex.0 as usize) else { continue };
            for id in &vertex.nodes {
                let Some((planned, node)) = self.layout.nodes.get(id.0).zip(self.graph.nodes.get(id.0))
                else {
                    continue;
                };
                let named = metrics.operators.iter().filter(|(name, _)| *name == planned.name);
                let sum = |count: fn(&OperatorMetrics) -> u64| {
                    named.map(|(_, operator)| count(operator)).sum::<u64>()
                };
                if self.brings_records_in(*id) {
                    records_in += sum(|operator| operator.records_out);
                } else if node.role == NodeRole::Sink {
                    records_out += sum(|operator| operator.records_in);
                }
            }
        }
        (records_in, records_out)
    }
}
