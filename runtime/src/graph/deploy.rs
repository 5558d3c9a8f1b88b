//! From a plan to the tasks of one attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use millstream_state::snapshot::read::OperatorShare;
use millstream_state::{OperatorId, stable_hash};

use super::id::NodeId;
use super::layout::{PlannedEdge, PlannedNode, Vertex};
use super::placement::Placement;
use super::plan::Plan;
use super::subtask::{Deployment, Preparations, SubtaskBuilder};
use super::wiring::Wiring;
use crate::chain::{SideReads, TaskContext};
use crate::error::{Error, ErrorKind, Result};
use crate::guard::{catch, guarded};
use crate::job::SubtaskId;
use crate::partition::Partitioning;
use crate::task::Task;

/// So many batches fit into all channels of a subtask on one edge together, but for the least that
/// each needs. Room is memory, whether it is used or not.
const OUTGOING_BATCHES: usize = 1_024;

/// How many batches fit into each channel of an edge.
fn capacity(most: usize, planned: &PlannedEdge) -> usize {
    match planned.partitioning {
        Partitioning::Forward | Partitioning::Rescale => most,
        _ => (OUTGOING_BATCHES / (planned.downstream as usize).max(1)).clamp(2.min(most), most),
    }
}

/// A task with its context, ready to run.
pub(crate) struct DeployedTask {
    pub(crate) subtask: SubtaskId,
    pub(crate) name: Arc<str>,
    pub(crate) task: Box<dyn Task>,
    pub(crate) context: TaskContext,
}

impl Plan {
    /// Lays all channels and builds all tasks of an attempt that are to run in this process.
    ///
    /// # Errors
    /// If a task cannot be built or what it restores does not fit it.
    pub(crate) fn deploy(&self, deployment: &Deployment<'_>) -> Result<Vec<DeployedTask>> {
        let wiring = self.wire(deployment)?;
        let side_reads = Arc::new(self.side_reads());
        let mut tasks = Vec::new();
        for (subtask, waker) in self.subtasks_of(deployment.placement).into_iter().zip(deployment.wakers) {
            let Some(vertex) = self.vertices().get(subtask.vertex.0 as usize) else { continue };
            let name: Arc<str> = Arc::from(self.vertex_name(vertex.id));
            let seed = stable_hash(&(deployment.seed, vertex.id.0, subtask.index));
            let mut context = TaskContext::new(subtask, deployment.services.clone(), waker.clone(), seed)
                .with_side_reads(side_reads.clone());
            context.set_latency_interval(self.settings.latency_interval);
            context.set_buffer_timeouts(self.buffer_timeouts(vertex));
            if let (Some(base), Some(snapshot)) = (deployment.base, deployment.restored) {
                context = context.with_base(base, snapshot.as_base_of(&self.shares_of(subtask)));
            }
            let builder = SubtaskBuilder::new(&self.layout, &wiring, deployment, seed, &context);
            // Readers, writers and functions are made by what the user wrote.
            let task = catch(|| self.build_head(vertex, &builder)).map_err(|error| {
                let named = builder.building().filter(|_| error.kind() == ErrorKind::Panic);
                named.map_or(error.clone(), |name| error.in_operator(&name)).in_subtask(subtask.index)
            })?;
            tasks.push(DeployedTask { subtask, name, task, context });
        }
        Ok(tasks)
    }

    /// How long batches may wait on each way out of a vertex.
    fn buffer_timeouts(&self, vertex: &Vertex) -> impl Iterator<Item = Option<Duration>> {
        let edges = self.graph.edges.iter().zip(&self.layout.edges);
        let own = edges.filter(|(edge, planned)| !planned.chained && vertex.nodes.contains(&edge.from));
        own.map(|(_, planned)| planned.buffer_timeout)
    }

    fn side_reads(&self) -> SideReads {
        let name_of = |node: &NodeId| Some(format!("`{}`", self.layout.nodes.get(node.0)?.name));
        let readers = |nodes: &BTreeSet<NodeId>| nodes.iter().filter_map(name_of).collect::<Vec<_>>();
        self.graph.side_reads.iter().map(|(tag, nodes)| (*tag, readers(nodes).join(" and "))).collect()
    }

    fn build_head(&self, vertex: &Vertex, builder: &SubtaskBuilder<'_>) -> Result<Box<dyn Task>> {
        let head = vertex.nodes.first().and_then(|head| self.graph.nodes.get(head.0));
        let head = head.ok_or_else(|| Error::new(ErrorKind::Internal, "a vertex without operators"))?;
        (head.build_task)(builder)
    }

    fn wire(&self, deployment: &Deployment<'_>) -> Result<Wiring> {
        let local = self.subtasks_of(deployment.placement);
        let wakers: BTreeMap<SubtaskId, &Waker> = local.into_iter().zip(deployment.wakers).collect();
        let of_vertex = |vertex: &Vertex| {
            let subtasks = (0..vertex.parallelism).map(|index| SubtaskId { vertex: vertex.id, index });
            subtasks.map(|subtask| wakers.get(&subtask).map(|waker| Waker::clone(waker))).collect()
        };
        let ends: Vec<Vec<Option<Waker>>> = self.vertices().iter().map(of_vertex).collect();
        let of_node = |node: NodeId| {
            let vertex = self.layout.nodes.get(node.0).map(|node| node.vertex.0 as usize);
            vertex.and_then(|vertex| ends.get(vertex)).map_or(&[][..], Vec::as_slice)
        };
        let wiring = Wiring::default();
        for (edge, planned) in
            self.graph.edges.iter().zip(&self.layout.edges).filter(|(_, planned)| !planned.chained)
        {
            let (producers, consumers) = (of_node(edge.from), of_node(edge.to));
            let capacity = capacity(self.settings.channel_batches, planned);
            let laid = edge.typed.wire(&wiring, planned.partitioning, capacity, producers, consumers);
            laid.map_err(|error| match self.layout.nodes.get(edge.to.0) {
                Some(reader) => error.in_operator(&reader.name),
                None => error,
            })?;
        }
        Ok(wiring)
    }

    /// What one subtask restores.
    fn shares_of(&self, subtask: SubtaskId) -> Vec<OperatorShare> {
        let own = self.layout.nodes.iter().filter(|planned| planned.vertex == subtask.vertex);
        let share = |planned: &PlannedNode| OperatorShare {
            operator: planned.operator,
            subtask: subtask.index,
            parallelism: planned.parallelism,
        };
        own.map(share).collect()
    }

    /// What the subtasks of a process restore: each operator of each of them, as the snapshot is to
    /// be shared out.
    pub(crate) fn shares(&self, placement: &Placement) -> Vec<OperatorShare> {
        let of_node = |planned: &PlannedNode| {
            let (operator, parallelism, vertex) = (planned.operator, planned.parallelism, planned.vertex);
            let local =
                (0..parallelism).filter(move |index| placement.contains(SubtaskId { vertex, index: *index }));
            local.map(move |subtask| OperatorShare { operator, subtask, parallelism }).collect::<Vec<_>>()
        };
        self.layout.nodes.iter().flat_map(of_node).collect()
    }

    /// Does everything that is to be done before operators without restored state can start.
    ///
    /// # Errors
    /// The first that one of them failed with.
    pub(crate) async fn run_preparations(
        &self,
        is_restored: impl Fn(OperatorId) -> bool,
    ) -> Result<Preparations> {
        let mut prepared = Preparations::new();
        for (planned, node) in self.operators().filter(|(planned, _)| !is_restored(planned.operator)) {
            if let Some(prepare) = &node.prepare {
                let answer = guarded(async { prepare().await })
                    .await
                    .map_err(|error| error.in_operator(&planned.name))?;
                prepared.insert(planned.operator, answer.into());
            }
        }
        Ok(prepared)
    }
}
