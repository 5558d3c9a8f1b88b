//! From what was written down to what will run: parallelism, chains, identifiers, and all mistakes found.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_state::{KeyGroups, UPPER_MAX_PARALLELISM};

use super::builder::JobGraph;
use super::check::{check, check_records, display_name, invalid};
use super::edge::EdgeSpec;
use super::id::NodeId;
use super::identify::identify;
use super::layout::{Layout, PlannedEdge, PlannedNode, Vertex};
use super::node::{ChainingPolicy, Node, NodeRole};
use super::placement::Placement;
use super::plan_settings::PlanSettings;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{SubtaskId, VertexId};
use crate::partition::Partitioning;

/// So many operators follow each other in a chain at most. They call one another, and a stack has
/// 2 MiB: without optimisation a call from one to the next takes some KiB of it.
const LONGEST_CHAIN: usize = 100;

/// A job, ready to be deployed any number of times.
pub struct Plan {
    pub(crate) graph: Arc<JobGraph>,
    pub(crate) settings: PlanSettings,
    pub(crate) layout: Layout,
}

impl Plan {
    /// Plans a job.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidJob`] for the first mistake found: no operators, a name or uid used twice,
    /// a parallelism that cannot be, a forward edge between different parallelisms, an event-time
    /// operator on a stream without timestamps, records that cannot be read back from their encoding.
    pub fn new(graph: JobGraph, settings: PlanSettings) -> Result<Self> {
        let layout = Layout::new(&graph, &settings)?;
        check_records(&graph, &layout.edges)?;
        Ok(Self { graph: Arc::new(graph), settings, layout })
    }

    /// Plans the same job once more, with other settings: for another parallelism, without building
    /// the graph again.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn relayout(&self, settings: PlanSettings) -> Result<Self> {
        let layout = Layout::new(&self.graph, &settings)?;
        check_records(&self.graph, &layout.edges)?;
        Ok(Self { graph: self.graph.clone(), settings, layout })
    }

    /// The vertices, in topological order.
    pub fn vertices(&self) -> &[Vertex] {
        &self.layout.vertices
    }

    /// All subtasks, in topological order.
    pub fn subtasks(&self) -> Vec<SubtaskId> {
        let of = |vertex: &Vertex| {
            let vertex_id = vertex.id;
            (0..vertex.parallelism).map(move |index| SubtaskId { vertex: vertex_id, index })
        };
        self.vertices().iter().flat_map(of).collect()
    }

    /// Those of them that a process runs, in the same order.
    pub fn subtasks_of(&self, placement: &Placement) -> Vec<SubtaskId> {
        let mut subtasks = self.subtasks();
        subtasks.retain(|subtask| placement.contains(*subtask));
        subtasks
    }

    /// Whether a subtask is one of a source.
    pub fn is_source(&self, subtask: SubtaskId) -> bool {
        self.vertices().get(subtask.vertex.0 as usize).is_some_and(|vertex| vertex.is_source)
    }

    /// A vertex's name: the names of its operators.
    pub fn vertex_name(&self, vertex: VertexId) -> String {
        let nodes = self.vertices().get(vertex.0 as usize).map_or(&[][..], |vertex| &vertex.nodes);
        let names =
            nodes.iter().filter_map(|node| self.layout.nodes.get(node.0)).map(|node| node.name.as_str());
        names.collect::<Vec<_>>().join(" -> ")
    }

    /// All operators, as planned and as written down.
    pub(crate) fn operators(&self) -> impl Iterator<Item = (&PlannedNode, &Node)> {
        self.layout.nodes.iter().zip(&self.graph.nodes)
    }
}

impl Layout {
    pub(crate) fn new(graph: &JobGraph, settings: &PlanSettings) -> Result<Self> {
        check(graph, settings)?;
        let sizes = sizes_of_nodes(graph, settings)?;
        let edges = plan_edges(graph, settings, &sizes)?;
        let identifiers = identify(graph)?;
        let mut vertices: Vec<Vertex> = Vec::new();
        let mut nodes: Vec<PlannedNode> = Vec::new();
        for (index, ((node, (parallelism, groups)), operator)) in
            graph.nodes.iter().zip(sizes).zip(identifiers).enumerate()
        {
            let mut incoming = graph.edges.iter().zip(&edges).filter(|(edge, _)| edge.to.0 == index);
            let chained_to = incoming.find(|(_, planned)| planned.chained).map(|(edge, _)| edge.from);
            let vertex = match chained_to.and_then(|from| nodes.get(from.0)) {
                Some(upstream) => upstream.vertex,
                None => VertexId(u32::try_from(vertices.len()).unwrap_or(u32::MAX)),
            };
            match vertices.get_mut(vertex.0 as usize) {
                Some(vertex) => vertex.nodes.push(graph.node(index)),
                None => vertices.push(Vertex {
                    id: vertex,
                    nodes: vec![graph.node(index)],
                    parallelism,
                    is_source: node.role == NodeRole::Source,
                }),
            }
            nodes.push(PlannedNode {
                name: display_name(node).to_owned(),
                operator,
                parallelism,
                groups,
                vertex,
            });
        }
        Ok(Self { nodes, edges, vertices })
    }
}

fn sizes_of_nodes(graph: &JobGraph, settings: &PlanSettings) -> Result<Vec<(u32, KeyGroups)>> {
    let mut sizes = Vec::<(u32, KeyGroups)>::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let mut inputs = graph.edges.iter().filter(|edge| edge.to.0 == index);
        // Inputs come before what reads them: their sizes are known.
        let input = match (inputs.next(), inputs.next()) {
            (Some(edge), None) if node.follows_input => match edge.partitioning {
                None | Some(Partitioning::Forward) => sizes.get(edge.from.0),
                Some(_) => None,
            },
            _ => None,
        };
        sizes.push(size_of_node(node, input.copied(), settings)?);
    }
    Ok(sizes)
}

fn size_of_node(
    node: &Node,
    followed: Option<(u32, KeyGroups)>,
    settings: &PlanSettings,
) -> Result<(u32, KeyGroups)> {
    if let (None, None, Some(size)) = (node.parallelism, node.max_parallelism, followed) {
        return Ok(size);
    }
    let name = display_name(node);
    let max = node.max_parallelism.unwrap_or(settings.max_parallelism);
    let parallelism = node.parallelism.unwrap_or(settings.parallelism);
    if max == 0 || max > UPPER_MAX_PARALLELISM {
        let problem = format!("a max parallelism of {max}: it must be from 1 to {UPPER_MAX_PARALLELISM}");
        return Err(invalid(name, problem));
    }
    if parallelism == 0 {
        return Err(invalid(name, "a parallelism of 0: it must be at least 1"));
    }
    if parallelism > max {
        let problem = format!("a parallelism of {parallelism} is above the max parallelism of {max}");
        return Err(invalid(name, problem));
    }
    Ok((parallelism, KeyGroups::new(max)))
}

fn plan_edges(
    graph: &JobGraph,
    settings: &PlanSettings,
    sizes: &[(u32, KeyGroups)],
) -> Result<Vec<PlannedEdge>> {
    let mut inputs = BTreeMap::<NodeId, usize>::new();
    graph.edges.iter().for_each(|edge| *inputs.entry(edge.to).or_default() += 1);
    // How many operators of its chain lie before each, itself included.
    let mut depths = vec![1; graph.nodes.len()];
    // Edges come in the order of the operators that they lead to: of each the upstream's depth is known.
    let mut places = BTreeMap::<NodeId, u32>::new();
    let plan_edge = |edge: &EdgeSpec| {
        let ends = (graph.nodes.get(edge.from.0), graph.nodes.get(edge.to.0));
        let sizes = (sizes.get(edge.from.0), sizes.get(edge.to.0));
        let ((Some(from), Some(to)), (Some(upstream), Some(downstream))) = (ends, sizes) else {
            return Err(Error::new(ErrorKind::Internal, "an edge leads to an operator that does not exist"));
        };
        let equal = upstream.0 == downstream.0;
        let unset = if equal { Partitioning::Forward } else { Partitioning::Rebalance };
        let partitioning = edge.partitioning.unwrap_or(unset);
        if partitioning == Partitioning::Forward && !equal {
            let problem = format!(
                "a forward edge from `{}` with parallelism {} to parallelism {}: make them equal, or rebalance",
                display_name(from),
                upstream.0,
                downstream.0
            );
            return Err(invalid(display_name(to), problem));
        }
        let allowed = from.chaining != ChainingPolicy::Never && to.chaining == ChainingPolicy::Always;
        let alone = inputs.get(&edge.to).copied() == Some(1);
        let depth = depths.get(edge.from.0).copied().unwrap_or(LONGEST_CHAIN);
        let chained = settings.chaining
            && allowed
            && alone
            && partitioning == Partitioning::Forward
            && depth < LONGEST_CHAIN;
        if let Some(downstream) = depths.get_mut(edge.to.0).filter(|_| chained) {
            *downstream = depth + 1;
        }
        let places = places.entry(edge.to).or_default();
        let (to, place) = (edge.to, *places);
        *places += 1;
        let (upstream, (downstream, groups)) = (upstream.0, *downstream);
        let buffer_timeout = from.buffer_timeout.unwrap_or(settings.buffer_timeout);
        Ok(PlannedEdge { to, place, partitioning, chained, groups, upstream, downstream, buffer_timeout })
    };
    graph.edges.iter().map(plan_edge).collect()
}
