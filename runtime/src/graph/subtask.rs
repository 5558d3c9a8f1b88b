//! One subtask of one attempt: what it is built from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use millstream_state::snapshot::read::LoadedSnapshot;
use millstream_state::{CheckpointId, OperatorId, stable_hash};

use super::id::{EdgeId, NodeId};
use super::layout::{Layout, PlannedEdge};
use super::placement::Placement;
use super::wiring::Wiring;
use crate::chain::{OperatorInfo, TaskContext, TaskServices};
use crate::error::{Error, Result};

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
        let name: Arc<str> = Arc::from(planned.name.as_str());
        *self.building.borrow_mut() = Some(name.clone());
        let prepared = self.deployment.prepared.get(&planned.operator).cloned();
        Ok(OperatorInfo { name, id: planned.operator, subtask, parallelism, groups, prepared, restore })
    }
}
