//! What a task and its operators may ask of the world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use futures::future::BoxFuture;
use millstream_state::codec::{decode, encode};
use millstream_state::snapshot::part::{
    KeyedStateSnapshot, ListItems, ListStateSnapshot, OperatorSnapshot, Redistribution, SubtaskPart,
};
use millstream_state::snapshot::read::{KeyedRestore, OperatorRestore};
use millstream_state::snapshot::storage::SnapshotHome;
use millstream_state::snapshot::write::write_subtask;
use millstream_state::{
    CheckpointId, KeyGroupRange, KeyGroups, OperatorId, Record, Shape, StateError, Timestamp,
};
use parking_lot::Mutex;

use crate::checkpoint::{Barrier, Report, SnapshotTarget};
use crate::clock::{Clock, IoHandle, IoPool, Random};
use crate::error::{Error, ErrorKind, Result};
use crate::job::SubtaskId;
use crate::metrics::{MetricsRegistry, SubtaskCounters};

/// Who hears what subtasks report.
pub(crate) trait Reporter: Send + Sync {
    fn report(&self, subtask: SubtaskId, report: Report);
}

/// Opens the folder that a snapshot goes to.
pub(crate) trait SnapshotFolders: Send + Sync {
    /// The folder for a target, and the name of `file` within it.
    fn locate(
        &self,
        target: &SnapshotTarget,
        checkpoint: CheckpointId,
        file: &str,
    ) -> Result<(SnapshotHome, String)>;
}

/// What all tasks of an attempt share.
#[derive(Clone)]
pub(crate) struct TaskServices {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) io: Arc<dyn IoPool>,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) folders: Arc<dyn SnapshotFolders>,
    pub(crate) metrics: Arc<MetricsRegistry>,
    pub(crate) allow_unclaimed_state: bool,
    pub(crate) sabotage: crate::driver::Sabotage,
}

/// What one task may ask of the world: time, wake-ups, I/O, randomness, counters.
pub struct TaskContext {
    subtask: SubtaskId,
    services: TaskServices,
    waker: Waker,
    random: Random,
    counters: Arc<SubtaskCounters>,
    blocked: bool,
    finish_held: bool,
    wake_at: Option<Timestamp>,
    /// What the operators of the chain have handed over for the barrier that passes right now.
    snapshots: Vec<OperatorSnapshot>,
    /// What was written for earlier checkpoints, that later ones may refer to.
    written: Arc<Mutex<BTreeMap<CheckpointId, Arc<SubtaskPart>>>>,
}

impl TaskContext {
    pub(crate) fn new(subtask: SubtaskId, services: TaskServices, waker: Waker, seed: u64) -> Self {
        let counters = services.metrics.register(subtask);
        let written = Arc::default();
        let (random, snapshots) = (Random::new(seed), Vec::new());
        Self {
            subtask,
            services,
            waker,
            random,
            counters,
            blocked: false,
            finish_held: false,
            wake_at: None,
            snapshots,
            written,
        }
    }

    /// Which subtask this is.
    pub const fn subtask(&self) -> SubtaskId {
        self.subtask
    }

    /// The processing time.
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// Time for measuring durations.
    pub fn monotonic(&self) -> Duration {
        self.services.clock.monotonic()
    }

    /// Random numbers; the simulation's are the same for the same seed.
    pub const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Wakes this task, from anywhere.
    pub const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Starts work that must not run on an arbiter. The task is woken when it is done.
    pub fn spawn_io<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> IoHandle<T> {
        IoHandle::spawn(self.services.io.as_ref(), self.waker.clone(), work)
    }

    /// Asks to be woken at a point of processing time. Holds for one wake-up: who still waits after
    /// being polled asks again.
    pub fn wake_at(&mut self, time: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(time, |earlier| earlier.min(time)));
    }

    /// The subtask's counters.
    #[inline]
    pub fn metrics(&self) -> &SubtaskCounters {
        &self.counters
    }

    /// Marks the task as unable to take input, because something found no room downstream.
    #[inline]
    pub const fn set_blocked(&mut self) {
        self.blocked = true;
    }

    /// Asks that the job's end wait for this task, which is not done committing.
    pub const fn hold_finish(&mut self) {
        self.finish_held = true;
    }

    pub(crate) const fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) const fn clear_blocked(&mut self) {
        self.blocked = false;
    }

    pub(crate) const fn take_finish_held(&mut self) -> bool {
        std::mem::replace(&mut self.finish_held, false)
    }

    pub(crate) const fn take_wake_at(&mut self) -> Option<Timestamp> {
        self.wake_at.take()
    }

    pub(crate) const fn sabotage(&self) -> crate::driver::Sabotage {
        self.services.sabotage
    }

    /// What the operators have handed over at the barrier, for whoever does not upload it.
    pub(crate) fn take_snapshots(&mut self) -> Vec<OperatorSnapshot> {
        std::mem::take(&mut self.snapshots)
    }

    pub(crate) fn report(&self, report: Report) {
        self.services.reporter.report(self.subtask, report);
    }

    /// Uploads in the background what the chain has handed over, and reports when it is there.
    pub(crate) fn upload(&mut self, barrier: &Barrier, alignment: Duration) {
        let snapshots = std::mem::take(&mut self.snapshots);
        let (checkpoint, target) = (barrier.checkpoint, barrier.target.clone());
        let (services, subtask, written) = (self.services.clone(), self.subtask, self.written.clone());
        // A name of its own: a write that a dead process has left on its way may arrive at any time,
        // and must not replace the file of the same checkpoint number in the next life.
        let file = format!("{subtask}-{:016x}.state", self.random.next());
        let base = match &target {
            SnapshotTarget::Checkpoint { base: Some(base) } => {
                let mut written = written.lock();
                // No later checkpoint has an earlier base.
                *written = written.split_off(base);
                written.get(base).map(|part| (*base, part.clone()))
            }
            _ => None,
        };
        self.services.io.spawn(Box::pin(async move {
            let write = async {
                let (home, file) = services.folders.locate(&target, checkpoint, &file)?;
                let base = base.as_ref().map(|(base, part)| (*base, part.as_ref()));
                Ok::<_, Error>(write_subtask(&home, &file, snapshots, base).await?)
            };
            let report = match write.await {
                Ok(part) => {
                    if matches!(target, SnapshotTarget::Checkpoint { .. }) {
                        written.lock().insert(checkpoint, Arc::new(part.clone()));
                    }
                    Report::Acknowledged { checkpoint, part, alignment }
                }
                Err(error) => Report::Declined { checkpoint, error: error.in_subtask(subtask.index) },
            };
            services.reporter.report(subtask, report);
        }));
    }
}

/// Who an operator is, and what it gets back from a snapshot.
pub struct OperatorInfo {
    /// Its name, for people.
    pub name: Arc<str>,
    /// Its identifier in snapshots.
    pub id: OperatorId,
    /// Which of its subtasks this is.
    pub subtask: u32,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// Its key groups.
    pub groups: KeyGroups,
    /// What a snapshot holds for it; `None` where nothing is restored.
    pub(crate) restore: Option<OperatorRestore>,
}

impl OperatorInfo {
    /// The key groups that this subtask owns.
    pub fn range(&self) -> KeyGroupRange {
        self.groups.range_of(self.subtask, self.parallelism)
    }
}

/// What an operator may ask when it opens.
pub struct OpenContext<'a> {
    info: &'a mut OperatorInfo,
    cx: &'a mut TaskContext,
}

impl<'a> OpenContext<'a> {
    pub(crate) const fn new(info: &'a mut OperatorInfo, cx: &'a mut TaskContext) -> Self {
        Self { info, cx }
    }

    /// Who the operator is.
    pub const fn info(&self) -> &OperatorInfo {
        self.info
    }

    /// Clock, waker, I/O pool and randomness of the task.
    pub const fn task(&mut self) -> &mut TaskContext {
        self.cx
    }

    /// Whether a snapshot holds state of this operator.
    pub const fn is_restored(&self) -> bool {
        self.info.restore.is_some()
    }

    /// Whether a test has asked that sources forget where they were; never in production.
    pub fn forgets_source_position(&self) -> bool {
        self.cx.sabotage() == crate::driver::Sabotage::ForgetSourcePosition
    }

    /// Whether a test has asked that timers be lost; never in production.
    pub fn drops_timers(&self) -> bool {
        self.cx.sabotage() == crate::driver::Sabotage::DropTimers
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
    /// has no such state.
    ///
    /// # Errors
    /// If the type of the items has changed, or they do not decode.
    pub fn take_list<T: Record>(&mut self, name: &str) -> Result<Option<Vec<T>>> {
        let Some(restore) = self.info.restore.as_mut() else { return Ok(None) };
        let Some(position) = restore.lists.iter().position(|list| list.name == name) else { return Ok(None) };
        let list = restore.lists.swap_remove(position);
        let expected = Shape::of::<T>();
        if list.item != expected {
            return Err(StateError::ShapeChanged {
                state: name.to_owned(),
                stored: list.item.to_string(),
                expected: expected.to_string(),
            }
            .into());
        }
        let items = list.items.iter().map(|bytes| {
            decode(bytes).map_err(|source| StateError::Codec {
                state: name.to_owned(),
                action: "decode",
                source,
            })
        });
        Ok(Some(items.collect::<Result<_, _>>()?))
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

/// Where an operator puts its state at a barrier.
pub struct SnapshotContext<'a> {
    barrier: &'a Barrier,
    cx: &'a mut TaskContext,
    /// The operator's name.
    operator: Arc<str>,
    snapshot: OperatorSnapshot,
}

impl<'a> SnapshotContext<'a> {
    pub(crate) fn new(barrier: &'a Barrier, info: &OperatorInfo, cx: &'a mut TaskContext) -> Self {
        let snapshot = OperatorSnapshot { operator: info.id, keyed: Vec::new(), lists: Vec::new() };
        Self { barrier, cx, operator: info.name.clone(), snapshot }
    }

    /// Which checkpoint or savepoint this is.
    pub const fn checkpoint(&self) -> CheckpointId {
        self.barrier.checkpoint
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
        let (name, item) = (name.to_owned(), Shape::of::<T>());
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
        let encoded = async move {
            let failed = |error: Error| StateError::Work(Arc::new(error.in_operator(&operator)));
            let items = items.await.map_err(failed)?;
            let encoded = items.iter().map(|item| {
                encode(item).map_err(|source| StateError::Codec {
                    state: state.clone(),
                    action: "encode",
                    source,
                })
            });
            encoded.collect()
        };
        self.snapshot.lists.push(ListStateSnapshot {
            name: name.to_owned(),
            redistribution,
            item: Shape::of::<T>(),
            items: ListItems::Deferred(Box::pin(encoded)),
        });
    }

    pub(crate) fn hand_over(self) {
        if !self.snapshot.keyed.is_empty() || !self.snapshot.lists.is_empty() {
            self.cx.snapshots.push(self.snapshot);
        }
    }
}
