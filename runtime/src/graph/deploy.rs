//! From a plan to the tasks of one attempt.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::Waker;

use millstream_state::snapshot::read::LoadedSnapshot;
use millstream_state::stable_hash;

use super::builder::NodeId;
use super::edge::EdgeId;
use super::plan::{Plan, PlannedEdge, Vertex};
use crate::chain::{OperatorInfo, TaskContext, TaskServices};
use crate::error::{Error, ErrorKind, Result};
use crate::guard::catch;
use crate::job::SubtaskId;
use crate::task::Task;

/// Builds one subtask of one attempt.
pub struct SubtaskBuilder<'a> {
    plan: &'a Plan,
    subtask: SubtaskId,
    restored: Option<&'a LoadedSnapshot>,
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
        let restore = match self.restored {
            None => None,
            Some(snapshot) => snapshot
                .for_subtask(planned.operator, subtask, parallelism, groups.count())
                .map_err(|error| Error::from(error).in_operator(&planned.name))?,
        };
        let name: Arc<str> = Arc::from(planned.name.as_str());
        *self.building.borrow_mut() = Some(name.clone());
        Ok(OperatorInfo { name, id: planned.operator, subtask, parallelism, groups, restore })
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
    /// Lays all channels and builds all tasks of an attempt. `wakers` are those of
    /// [`Plan::subtasks`], in the same order.
    pub(crate) fn deploy(
        &self,
        services: &TaskServices,
        wakers: &[Waker],
        restored: Option<&LoadedSnapshot>,
        seed: u64,
    ) -> Result<Vec<DeployedTask>> {
        self.wire(wakers);
        let mut wakers = wakers.iter();
        let mut tasks = Vec::new();
        for vertex in self.vertices() {
            let name: Arc<str> = Arc::from(self.vertex_name(vertex.id));
            for index in 0..vertex.parallelism {
                let subtask = SubtaskId { vertex: vertex.id, index };
                let waker = wakers.next().cloned().unwrap_or_else(|| Waker::noop().clone());
                let seed = stable_hash(&(seed, vertex.id.0, index));
                let context = TaskContext::new(subtask, services.clone(), waker, seed);
                let building = RefCell::default();
                let builder = SubtaskBuilder { plan: self, subtask, restored, seed, cx: &context, building };
                // Readers, writers and functions are made by what the user wrote.
                let task = catch(|| self.build_head(vertex, &builder)).map_err(|error| {
                    let name = builder.building.borrow().clone();
                    let named = name.filter(|_| error.kind() == ErrorKind::Panic);
                    named.map_or(error.clone(), |name| error.in_operator(&name)).in_subtask(index)
                })?;
                tasks.push(DeployedTask { subtask, name: name.clone(), task, context });
            }
        }
        Ok(tasks)
    }

    fn build_head(&self, vertex: &Vertex, builder: &SubtaskBuilder<'_>) -> Result<Box<dyn Task>> {
        let head = vertex.nodes.first().and_then(|head| self.graph.nodes.get(head.0));
        let head = head.ok_or_else(|| Error::new(ErrorKind::Internal, "a vertex without operators"))?;
        (head.build_task)(builder)
    }

    fn wire(&self, wakers: &[Waker]) {
        let mut first = 0;
        let wakers_of: Vec<&[Waker]> = self
            .vertices()
            .iter()
            .map(|vertex| {
                let own = wakers.get(first..first + vertex.parallelism as usize).unwrap_or_default();
                first += vertex.parallelism as usize;
                own
            })
            .collect();
        let of_node = |node: NodeId| {
            let vertex = self.layout.nodes.get(node.0).map(|node| node.vertex.0 as usize);
            vertex.and_then(|vertex| wakers_of.get(vertex)).copied().unwrap_or_default()
        };
        for (edge, planned) in
            self.graph.edges.iter().zip(&self.layout.edges).filter(|(_, planned)| !planned.chained)
        {
            let (producers, consumers) = (of_node(edge.from), of_node(edge.to));
            edge.typed.wire(planned.partitioning, self.settings.channel_batches, producers, consumers);
        }
    }

    /// Everything to be done before operators without restored state can start, with their names.
    pub(crate) fn preparations(&self, restored: Option<&LoadedSnapshot>) -> Vec<(String, super::Prepare)> {
        let is_restored = |operator| {
            restored.is_some_and(|snapshot| snapshot.operators().any(|(restored, _)| restored == operator))
        };
        self.operators()
            .filter(|(planned, _)| !is_restored(planned.operator))
            .filter_map(|(planned, node)| Some((planned.name.clone(), node.prepare.clone()?)))
            .collect()
    }
}
