//! From a plan to the tasks of one attempt.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;

use millstream_state::snapshot::read::{LoadedSnapshot, OperatorShare};
use millstream_state::{CheckpointId, OperatorId, stable_hash};

use super::edge::{Edge, EdgeId};
use super::node::NodeId;
use super::placement::Placement;
use super::plan::{Plan, PlannedEdge, PlannedNode, Vertex};
use super::side::SideReads;
use super::wiring::Wiring;
use crate::chain::{OperatorInfo, TaskContext, TaskServices};
use crate::channel::ChannelReceiver;
use crate::error::{Error, ErrorKind, Result};
use crate::guard::{catch, guarded};
use crate::job::SubtaskId;
use crate::partition::Partitioning;
use crate::task::Task;

/// What the preparations of an attempt have answered, by operator.
pub(crate) type Preparations = BTreeMap<OperatorId, Arc<[u8]>>;

/// What an attempt needs to be deployed in one process.
pub(crate) struct Deployment<'a> {
    pub(crate) services: &'a TaskServices,
    /// Which subtasks are to be built.
    pub(crate) placement: &'a Placement,
    /// Those of [`Plan::subtasks_of`] the placement, in the same order.
    pub(crate) wakers: &'a [Waker],
    pub(crate) restored: Option<&'a LoadedSnapshot>,
    /// What was restored, where the job owns it, so that the next checkpoint may refer to its files.
    pub(crate) base: Option<CheckpointId>,
    pub(crate) prepared: &'a Preparations,
    pub(crate) seed: u64,
}

/// Builds one subtask of one attempt.
pub struct SubtaskBuilder<'a> {
    plan: &'a Plan,
    wiring: &'a Wiring,
    deployment: &'a Deployment<'a>,
    subtask: SubtaskId,
    seed: u64,
    cx: &'a TaskContext,
    /// The operator that is being made.
    building: RefCell<Option<Arc<str>>>,
}

impl SubtaskBuilder<'_> {
    /// Which of its vertex's subtasks this is.
    pub const fn index(&self) -> u32 {
        self.subtask.index
    }

    pub(crate) const fn wiring(&self) -> &Wiring {
        self.wiring
    }

    /// The channels of an edge into this subtask.
    pub(crate) fn incoming<T: 'static>(&self, edge: &Edge<T>) -> Vec<ChannelReceiver<T>> {
        self.wiring.take_incoming(edge.id, self.index())
    }

    /// The task's context.
    pub const fn context(&self) -> &TaskContext {
        self.cx
    }

    pub(crate) fn seed(&self, salt: u64) -> u64 {
        stable_hash(&(self.seed, self.subtask.vertex.0, self.subtask.index, salt))
    }

    pub(crate) fn edge(&self, edge: EdgeId) -> Result<PlannedEdge> {
        self.plan.planned_edge(edge)
    }

    /// Who an operator of this subtask is, with what the snapshot holds for it.
    pub(crate) fn operator(&self, node: NodeId) -> Result<OperatorInfo> {
        let planned = self.plan.layout.nodes.get(node.0);
        let planned = planned
            .ok_or_else(|| Error::new(ErrorKind::Internal, "an operator that the plan does not know"))?;
        let (parallelism, groups, subtask) = (planned.parallelism, planned.groups, self.subtask.index);
        let restore = match self.deployment.restored {
            None => None,
            Some(snapshot) => snapshot
                .for_subtask(planned.operator, subtask, parallelism, groups.count())
                .map_err(|error| Error::from(error).in_operator(&planned.name))?,
        };
        let name: Arc<str> = Arc::from(planned.name.as_str());
        *self.building.borrow_mut() = Some(name.clone());
        let prepared = self.deployment.prepared.get(&planned.operator).cloned();
        Ok(OperatorInfo { name, id: planned.operator, subtask, parallelism, groups, prepared, restore })
    }
}

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
            if let (Some(base), Some(snapshot)) = (deployment.base, deployment.restored) {
                context = context.with_base(base, snapshot.as_base_of(&self.shares_of(subtask)));
            }
            let (cx, building) = (&context, RefCell::default());
            let builder =
                SubtaskBuilder { plan: self, wiring: &wiring, deployment, subtask, seed, cx, building };
            // Readers, writers and functions are made by what the user wrote.
            let task = catch(|| self.build_head(vertex, &builder)).map_err(|error| {
                let name = builder.building.borrow().clone();
                let named = name.filter(|_| error.kind() == ErrorKind::Panic);
                named.map_or(error.clone(), |name| error.in_operator(&name)).in_subtask(subtask.index)
            })?;
            tasks.push(DeployedTask { subtask, name, task, context });
        }
        Ok(tasks)
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
