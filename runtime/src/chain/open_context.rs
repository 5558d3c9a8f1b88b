//! What an operator is given, and may take out of a snapshot, when it opens.

use std::sync::Arc;

use millstream_state::codec::decode;
use millstream_state::snapshot::part::Redistribution;
use millstream_state::snapshot::read::{KeyedRestore, ListRestore, OperatorRestore};
use millstream_state::{KeyGroupRange, KeyGroups, OperatorId, Record, Shape, StateError};

use super::TaskContext;
use super::operator_state::{OperatorListState, RegisteredState};
use crate::driver::Sabotage;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{MetricGroup, OperatorCounters};

/// Who an operator is, and what it gets back from a snapshot.
pub struct OperatorInfo {
    /// Its human-readable name.
    pub name: Arc<str>,
    /// Its identifier in snapshots.
    pub id: OperatorId,
    /// Which of its subtasks this is.
    pub subtask: u32,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// Its key groups.
    pub groups: KeyGroups,
    /// What its preparation has answered; `None` where it has none, or was restored.
    pub(crate) prepared: Option<Arc<[u8]>>,
    /// What a snapshot holds for it; `None` where nothing is restored.
    pub(crate) restore: Option<OperatorRestore>,
    /// The operator states that were declared as handles, which are handed over with every snapshot.
    pub(crate) registered: Vec<Box<dyn RegisteredState>>,
}

impl OperatorInfo {
    /// The key groups that this subtask owns.
    pub fn range(&self) -> KeyGroupRange {
        self.groups.range_of(self.subtask, self.parallelism)
    }
}

/// The shape of the items of an operator state.
pub(crate) fn item_shape<T: Record>(state: &str) -> Result<Shape, StateError> {
    Shape::checked::<T>(&format_args!("the items of state `{state}`"))
}

/// The items of an operator state, which must be of the shape that is expected.
pub(super) fn read_items<T: Record>(list: ListRestore, expected: &Shape) -> Result<Vec<T>, StateError> {
    let ListRestore { name: state, item, items, .. } = list;
    if item != *expected {
        let (stored, expected) = (item.to_string(), expected.to_string());
        return Err(StateError::ShapeChanged { state, stored, expected });
    }
    let read = |bytes| {
        decode(bytes).map_err(|source| StateError::Codec { state: state.clone(), action: "decode", source })
    };
    items.iter().map(|bytes| read(bytes)).collect()
}

/// What an operator may ask when it opens.
pub struct OpenContext<'a> {
    info: &'a mut OperatorInfo,
    counters: &'a Arc<OperatorCounters>,
    cx: &'a mut TaskContext,
}

impl<'a> OpenContext<'a> {
    pub(crate) fn new(
        info: &'a mut OperatorInfo,
        counters: &'a Arc<OperatorCounters>,
        cx: &'a mut TaskContext,
    ) -> Self {
        if cx.makes(Sabotage::LoseChanges)
            && let Some(restore) = &mut info.restore
        {
            restore.keyed.iter_mut().for_each(|state| state.blocks.dedup_by_key(|(group, _)| *group));
        }
        Self { info, counters, cx }
    }

    /// The same context for a shorter time, for those who keep it in a context of their own.
    pub const fn reborrow(&mut self) -> OpenContext<'_> {
        OpenContext { info: self.info, counters: self.counters, cx: self.cx }
    }

    /// Who the operator is.
    pub const fn info(&self) -> &OperatorInfo {
        self.info
    }

    /// Clock, waker, I/O pool and randomness of the task.
    pub const fn task(&mut self) -> &mut TaskContext {
        self.cx
    }

    /// Where the operator has metrics of its own.
    pub fn metric_group(&self) -> MetricGroup {
        MetricGroup::new(self.counters.clone(), self.cx.clock())
    }

    /// Whether a snapshot holds state of this operator.
    pub const fn is_restored(&self) -> bool {
        self.info.restore.is_some()
    }

    /// What the operator's [preparation](crate::graph::Prepare) has answered; `None` where it has none,
    /// or was restored.
    pub fn prepared(&self) -> Option<Arc<[u8]>> {
        self.info.prepared.clone()
    }

    /// Whether a test has asked that sources forget where they were; never in production.
    pub fn forgets_source_position(&self) -> bool {
        self.cx.makes(Sabotage::ForgetSourcePosition)
    }

    /// Whether a test has asked that timers be lost; never in production.
    pub fn drops_timers(&self) -> bool {
        self.cx.makes(Sabotage::DropTimers)
    }

    /// Takes one keyed state out of the snapshot, for this subtask's key groups.
    pub fn take_keyed(&mut self, name: &str) -> Option<KeyedRestore> {
        let keyed = &mut self.info.restore.as_mut()?.keyed;
        let position = keyed.iter().position(|state| state.meta.name == name)?;
        Some(keyed.swap_remove(position))
    }

    /// Takes all keyed states out of the snapshot.
    pub fn take_all_keyed(&mut self) -> Vec<KeyedRestore> {
        self.info.restore.as_mut().map(|restore| std::mem::take(&mut restore.keyed)).unwrap_or_default()
    }

    /// Gives back keyed states that were taken and turned out to belong to nobody: unless the user
    /// allows unclaimed state, the restore fails and names them.
    pub fn put_back_keyed(&mut self, states: Vec<KeyedRestore>) {
        if let Some(restore) = self.info.restore.as_mut() {
            restore.keyed.extend(states);
        }
    }

    /// Takes this subtask's items of an operator state out of the snapshot; `None` if the snapshot
    /// has no such state. An operator calls this for each of its states when it opens, whether or
    /// not it is restored: that declares them.
    ///
    /// # Errors
    /// If the items cannot be read back from a snapshot, their type has changed, or they do not decode.
    pub fn take_list<T: Record>(&mut self, name: &str) -> Result<Option<Vec<T>>> {
        let expected = item_shape::<T>(name)?;
        let Some(restore) = self.info.restore.as_mut() else { return Ok(None) };
        let Some(position) = restore.lists.iter().position(|list| list.name == name) else { return Ok(None) };
        Ok(Some(read_items(restore.lists.swap_remove(position), &expected)?))
    }

    /// Declares an operator state as a handle: it has what the snapshot holds for this subtask, and is part of
    /// every snapshot from then on.
    ///
    /// # Errors
    /// If the name is taken, the items cannot be read back from a snapshot, their type has changed, or they do
    /// not decode.
    #[doc(alias("OperatorStateStore", "CheckpointedFunction", "getListState", "getUnionListState"))]
    pub fn operator_list_state<T: Record>(
        &mut self,
        name: &str,
        redistribution: Redistribution,
    ) -> Result<OperatorListState<T>> {
        if self.info.registered.iter().any(|state| state.name() == name) {
            let problem = format!("operator state `{name}` is declared twice in one function");
            return Err(StateError::Usage(problem).into());
        }
        let state = OperatorListState::new(self.take_list(name)?.unwrap_or_default());
        self.info.registered.push(state.registered(name, redistribution));
        Ok(state)
    }

    /// Fails if the snapshot holds state of this operator that it did not take, unless the user allows that.
    pub(crate) fn check_all_claimed(&self) -> Result<()> {
        let Some(restore) = self.info.restore.as_ref().filter(|_| !self.cx.services.allow_unclaimed_state)
        else {
            return Ok(());
        };
        let keyed = restore.keyed.iter().map(|state| state.meta.name.as_str());
        let left: Vec<&str> = keyed.chain(restore.lists.iter().map(|list| list.name.as_str())).collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Restore,
            format!(
                "the snapshot holds state that the operator no longer has: `{}`; \
                 allow unclaimed state to drop it",
                left.join("`, `")
            ),
        ))
    }
}
