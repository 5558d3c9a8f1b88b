//! The job graph in human-readable form: as text, as JSON, as a Mermaid diagram.

use std::fmt;

use serde::Serialize;

use super::builder::JobGraph;
use super::id::NodeId;
use super::layout::Layout;
use super::plan::Plan;
use super::plan_settings::PlanSettings;
use crate::error::Result;

/// What `explain()` shows of a job.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The vertices, in topological order.
    pub vertices: Vec<ExplainedVertex>,
    /// The edges between them.
    pub edges: Vec<ExplainedEdge>,
}

/// A chain of operators.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedVertex {
    /// Its number.
    pub id: u32,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// Its operators, in order.
    pub operators: Vec<ExplainedOperator>,
}

/// An operator of a chain.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedOperator {
    /// Its name.
    pub name: String,
    /// Its uid, if the user gave one.
    pub uid: Option<String>,
    /// Its identifier in snapshots.
    pub id: String,
    /// The number of its key groups.
    pub max_parallelism: u32,
    /// Whether it may have state: then a uid keeps that where the job is changed.
    pub stateful: bool,
}

/// A connection between two chains.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedEdge {
    /// The vertex that emits.
    pub from: u32,
    /// The vertex that reads.
    pub to: u32,
    /// Which input of the reader, counted from 0.
    pub input: usize,
    /// How records are spread.
    pub partitioning: String,
}

impl Plan {
    /// The job graph in human-readable form.
    pub fn explain(&self) -> Explanation {
        self.layout.explain(&self.graph)
    }

    /// What the plan of a graph would be, in human-readable form.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn explain_graph(graph: &JobGraph, settings: PlanSettings) -> Result<Explanation> {
        Ok(Layout::new(graph, &settings)?.explain(graph))
    }
}

impl Layout {
    fn explain(&self, graph: &JobGraph) -> Explanation {
        let operator = |node: &NodeId| {
            let (planned, node) = (self.nodes.get(node.0)?, graph.nodes.get(node.0)?);
            Some(ExplainedOperator {
                name: planned.name.clone(),
                uid: node.uid.clone(),
                id: planned.operator.to_string(),
                max_parallelism: planned.groups.count(),
                stateful: node.stateful,
            })
        };
        let vertices = self.vertices.iter().map(|vertex| ExplainedVertex {
            id: vertex.id.0,
            parallelism: vertex.parallelism,
            operators: vertex.nodes.iter().filter_map(operator).collect(),
        });
        let vertex_of = |node: NodeId| self.nodes.get(node.0).map(|node| node.vertex.0);
        let edges = graph.edges.iter().zip(&self.edges).filter(|(_, planned)| !planned.chained);
        let edges = edges.filter_map(|(edge, planned)| {
            let (from, to) = (vertex_of(edge.from)?, vertex_of(edge.to)?);
            Some(ExplainedEdge {
                from,
                to,
                input: edge.input,
                partitioning: planned.partitioning.to_string(),
            })
        });
        Explanation { vertices: vertices.collect(), edges: edges.collect() }
    }
}

impl ExplainedVertex {
    fn names(&self, separator: &str) -> String {
        self.operators.iter().map(|operator| operator.name.as_str()).collect::<Vec<_>>().join(separator)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for vertex in &self.vertices {
            writeln!(
                formatter,
                "[{}] {} (parallelism {})",
                vertex.id,
                vertex.names(" -> "),
                vertex.parallelism
            )?;
            for edge in self.edges.iter().filter(|edge| edge.from == vertex.id) {
                writeln!(formatter, "     └─ {} ─> [{}]", edge.partitioning, edge.to)?;
            }
        }
        Ok(())
    }
}

impl Explanation {
    /// The same as JSON.
    pub fn to_json(&self) -> String {
        // Plain strings and numbers: there is nothing in it that serialisation could refuse.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The same as a Mermaid flow chart.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for vertex in &self.vertices {
            let names = vertex.names("<br/>").replace('"', "#quot;");
            text += &format!("    v{}[\"{names}<br/>×{}\"]\n", vertex.id, vertex.parallelism);
        }
        for edge in &self.edges {
            text += &format!("    v{} -->|{}| v{}\n", edge.from, edge.partitioning, edge.to);
        }
        text
    }
}
