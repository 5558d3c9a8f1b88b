//! Where an operator puts its state at a barrier.

use std::sync::Arc;

use futures::TryFutureExt;
use futures::future::BoxFuture;
use millstream_state::codec::encode;
use millstream_state::snapshot::Pieces;
use millstream_state::snapshot::part::{
    EncodeBlock, KeyedStateSnapshot, ListItems, ListStateSnapshot, OperatorSnapshot, Redistribution,
};
use millstream_state::{CheckpointId, KeyGroupRange, Record, Shape, StateError};

use super::open_context::item_shape;
use super::{OperatorInfo, TaskContext};
use crate::checkpoint::Barrier;
use crate::error::Result;
use crate::guard::{catch, guarded};

/// Where an operator puts its state at a barrier.
pub struct SnapshotContext<'a> {
    barrier: &'a Barrier,
    cx: &'a mut TaskContext,
    /// The operator's name.
    operator: Arc<str>,
    range: KeyGroupRange,
    snapshot: OperatorSnapshot,
}

impl<'a> SnapshotContext<'a> {
    pub(crate) fn new(barrier: &'a Barrier, info: &OperatorInfo, cx: &'a mut TaskContext) -> Self {
        let snapshot = OperatorSnapshot { operator: info.id, keyed: Vec::new(), lists: Vec::new() };
        Self { barrier, cx, operator: info.name.clone(), range: info.range(), snapshot }
    }

    /// Which checkpoint or savepoint this is.
    pub const fn checkpoint(&self) -> CheckpointId {
        self.barrier.checkpoint
    }

    /// The key groups of the subtask.
    pub const fn range(&self) -> KeyGroupRange {
        self.range
    }

    /// Clock, waker, I/O pool and randomness of the task.
    pub const fn task(&mut self) -> &mut TaskContext {
        self.cx
    }

    /// Hands a keyed state over.
    pub fn keyed(&mut self, state: KeyedStateSnapshot) {
        self.snapshot.keyed.push(state);
    }

    /// Hands an operator state over.
    ///
    /// # Errors
    /// If an item cannot be encoded.
    pub fn list<'i, T: Record>(
        &mut self,
        name: &str,
        redistribution: Redistribution,
        items: impl IntoIterator<Item = &'i T>,
    ) -> Result<()> {
        let encoded = items.into_iter().map(|item| {
            encode(item).map_err(|source| StateError::Codec {
                state: name.to_owned(),
                action: "encode",
                source,
            })
        });
        let items = ListItems::Ready(encoded.collect::<Result<_, _>>()?);
        let (name, item) = (name.to_owned(), item_shape::<T>(name)?);
        self.snapshot.lists.push(ListStateSnapshot { name, redistribution, item, items });
        Ok(())
    }

    /// Hands over an operator state whose items come out of work that runs on the I/O pool; the
    /// checkpoint is acknowledged after it.
    pub fn list_deferred<T: Record>(
        &mut self,
        name: &str,
        redistribution: Redistribution,
        items: BoxFuture<'static, Result<Vec<T>>>,
    ) {
        let (state, operator) = (name.to_owned(), self.operator.clone());
        let item = item_shape::<T>(name);
        let shape = item.clone().unwrap_or_else(|_| Shape::of::<T>());
        let encoded = guarded(async move {
            item?;
            let items = items.await?;
            let encoded = items.iter().map(|item| {
                encode(item).map_err(|source| StateError::Codec {
                    state: state.clone(),
                    action: "encode",
                    source,
                })
            });
            Ok(encoded.collect::<Result<_, _>>()?)
        });
        let encoded = encoded.map_err(move |error| StateError::Work(Arc::new(error.in_operator(&operator))));
        self.snapshot.lists.push(ListStateSnapshot {
            name: name.to_owned(),
            redistribution,
            item: shape,
            items: ListItems::Deferred(Box::pin(encoded)),
        });
    }

    pub(crate) fn hand_over(self) {
        if !self.snapshot.keyed.is_empty() || !self.snapshot.lists.is_empty() {
            self.cx.snapshots.push(NamedSnapshot { operator: self.operator, snapshot: self.snapshot });
        }
    }
}

/// What an operator has handed over, with its name.
pub(crate) struct NamedSnapshot {
    pub(super) operator: Arc<str>,
    pub(super) snapshot: OperatorSnapshot,
}

impl NamedSnapshot {
    /// What is to be written; what goes wrong while it is encoded bears the operator's name.
    pub(super) fn guarded(self) -> OperatorSnapshot {
        let Self { operator, mut snapshot } = self;
        for group in snapshot.keyed.iter_mut().flat_map(|state| &mut state.groups) {
            group.block = Arc::new(GuardedBlock { operator: operator.clone(), block: group.block.clone() });
        }
        snapshot
    }
}

/// Content that a user's `Serialize` encodes.
struct GuardedBlock {
    operator: Arc<str>,
    block: Arc<dyn EncodeBlock>,
}

impl EncodeBlock for GuardedBlock {
    fn encode(&self, out: &mut Pieces) -> millstream_state::Result<()> {
        let encoded = catch(|| Ok(self.block.encode(out)?));
        encoded.map_err(|error| StateError::Work(Arc::new(error.in_operator(&self.operator))))
    }

    fn entries(&self) -> u64 {
        self.block.entries()
    }

    fn changes_since(&self, base: CheckpointId) -> Option<Arc<dyn EncodeBlock>> {
        let block = self.block.changes_since(base)?;
        Some(Arc::new(Self { operator: self.operator.clone(), block }))
    }
}
