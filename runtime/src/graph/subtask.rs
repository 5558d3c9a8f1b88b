//! One subtask of one attempt: what it is built from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;

use millstream_state::snapshot::read::{ListRestore, LoadedSnapshot, OperatorRestore};
use millstream_state::{CheckpointId, OperatorId, Record, Timestamp, stable_hash};

use super::id::{EdgeId, NodeId};
use super::layout::{Layout, PlannedEdge, PlannedNode};
use super::placement::Placement;
use super::wiring::Wiring;
use crate::chain::{OperatorInfo, Replay, TaskContext, TaskServices, watermark_of};
use crate::error::{Error, Result};
use crate::input::{HeadOperator, edge_of_state, in_flight_state};
use crate::task::TaskInputs;

/// What the preparations of an attempt have answered, by operator.
pub(crate) type Preparations = BTreeMap<OperatorId, Arc<[u8]>>;

/// What an attempt needs to be deployed in one process.
pub(crate) struct Deployment<'a> {
    pub(crate) services: &'a TaskServices,
    /// Which subtasks are to be built.
    pub(crate) placement: &'a Placement,
    /// Those of [`Plan::subtasks_of`](super::Plan::subtasks_of) the placement, in the same order.
    pub(crate) wakers: &'a [Waker],
    pub(crate) restored: Option<&'a LoadedSnapshot>,
    /// What was restored, where the job owns it, so that the next checkpoint may refer to its files.
    pub(crate) base: Option<CheckpointId>,
    pub(crate) prepared: &'a Preparations,
    pub(crate) seed: u64,
}

/// Builds one subtask of one attempt.
pub struct SubtaskBuilder<'a> {
    layout: &'a Layout,
    wiring: &'a Wiring,
    deployment: &'a Deployment<'a>,
    seed: u64,
    cx: &'a TaskContext,
    /// The operator that is being made.
    building: RefCell<Option<Arc<str>>>,
}

impl<'a> SubtaskBuilder<'a> {
    /// The builder of the subtask whose context `cx` is.
    pub(super) fn new(
        layout: &'a Layout,
        wiring: &'a Wiring,
        deployment: &'a Deployment<'a>,
        seed: u64,
        cx: &'a TaskContext,
    ) -> Self {
        Self { layout, wiring, deployment, seed, cx, building: RefCell::default() }
    }

    /// The name of the operator that was made last, if one was.
    pub(super) fn building(&self) -> Option<Arc<str>> {
        self.building.borrow().clone()
    }

    /// Which of its vertex's subtasks this is.
    pub const fn index(&self) -> u32 {
        self.cx.subtask().index
    }

    pub(crate) const fn wiring(&self) -> &Wiring {
        self.wiring
    }

    /// The task's context.
    pub const fn context(&self) -> &TaskContext {
        self.cx
    }

    pub(crate) fn seed(&self, salt: u64) -> u64 {
        let subtask = self.cx.subtask();
        stable_hash(&(self.seed, subtask.vertex.0, subtask.index, salt))
    }

    pub(crate) fn edge(&self, edge: EdgeId) -> Result<PlannedEdge> {
        self.layout.edge(edge)
    }

    /// An operator of this subtask, with what the snapshot holds for it.
    pub(crate) fn operator(&self, node: NodeId) -> Result<OperatorInfo> {
        let planned = self.layout.node(node)?;
        let (parallelism, groups, subtask) = (planned.parallelism, planned.groups, self.index());
        let restore = match self.deployment.restored {
            None => None,
            Some(snapshot) => snapshot
                .for_subtask(planned.operator, subtask, parallelism, groups.count())
                .map_err(|error| Error::from(error).in_operator(&planned.name))?,
        };
        let restore = restore.and_then(|restore| self.without_in_flight(node, restore));
        let name: Arc<str> = Arc::from(planned.name.as_str());
        *self.building.borrow_mut() = Some(name.clone());
        let prepared = self.deployment.prepared.get(&planned.operator).cloned();
        Ok(OperatorInfo {
            name,
            id: planned.operator,
            subtask,
            parallelism,
            groups,
            prepared,
            restore,
            registered: Vec::new(),
        })
    }

    /// What an operator restores itself: records in flight to it are sent again by those before it. Those of edges
    /// that there are no more stay, and are nobody's.
    fn without_in_flight(&self, node: NodeId, mut restore: OperatorRestore) -> Option<OperatorRestore> {
        let before = restore.lists.len();
        restore.lists.retain(|list| {
            let edge = edge_of_state(&list.name);
            !edge.is_some_and(|edge| self.layout.edges.iter().any(|it| it.to == node && it.place == edge))
        });
        let nothing_else = restore.keyed.is_empty() && restore.lists.is_empty() && before > 0;
        (!nothing_else).then_some(restore)
    }

    /// What a task is to know whose head an operator is.
    pub(crate) fn inputs(&self, node: NodeId) -> Result<TaskInputs> {
        let planned = self.layout.node(node)?;
        let head = HeadOperator { id: planned.operator, name: Arc::from(planned.name.as_str()) };
        Ok(TaskInputs { head, replays: !self.rounds_to(node)?.is_empty() })
    }

    /// The watermarks behind which records are sent again that were in flight to an operator.
    fn rounds_to(&self, node: NodeId) -> Result<BTreeSet<Timestamp>> {
        let (planned, mut rounds) = (self.layout.node(node)?, BTreeSet::new());
        for edge in self.layout.edges.iter().filter(|edge| edge.to == node) {
            for item in &self.in_flight(planned, edge)?.map(|list| list.items).unwrap_or_default() {
                rounds.insert(watermark_of(item, edge.place)?);
            }
        }
        Ok(rounds)
    }

    fn in_flight(&self, to: &PlannedNode, edge: &PlannedEdge) -> Result<Option<ListRestore>> {
        let Some(snapshot) = self.deployment.restored else { return Ok(None) };
        Ok(snapshot.list(to.operator, &in_flight_state(edge.place))?)
    }

    /// The share of this subtask in what was in flight on one of its edges.
    ///
    /// # Errors
    /// If the type of the records has changed, or they do not decode.
    pub(crate) fn replay<T: Record>(&self, edge: &PlannedEdge) -> Result<Option<Replay<T>>> {
        let rounds = self.rounds_to(edge.to)?;
        if rounds.is_empty() {
            return Ok(None);
        }
        let to = self.layout.node(edge.to)?;
        let list = self.in_flight(to, edge)?;
        let replay = Replay::new(rounds, list, (self.index(), edge.upstream));
        replay.map(Some).map_err(|error| error.in_operator(&to.name))
    }
}
