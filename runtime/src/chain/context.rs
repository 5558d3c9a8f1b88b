//! The context of a task: time, wake-ups, I/O, randomness and counters.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use millstream_state::snapshot::part::{OperatorSnapshot, SubtaskPart};
use millstream_state::snapshot::write::write_subtask;
use millstream_state::{CheckpointId, Timestamp};
use parking_lot::Mutex;

use super::output_tag::SideReads;
use super::pacer::FIRST_PIECE;
use super::services::TaskServices;
use super::snapshot_context::NamedSnapshot;
use crate::batch::Batch;
use crate::checkpoint::{Barrier, Report, SnapshotTarget};
use crate::clock::{Alarm, Clock, IoHandle, Moment, Random};
use crate::driver::Sabotage;
use crate::error::Result;
use crate::guard::guarded;
use crate::job::{AttemptId, SubtaskId};
use crate::metrics::SubtaskCounters;
use crate::task::Budget;

/// The clock is read once for so many batches that operators hand on.
const BATCHES_PER_READING: u32 = 16;

/// What a task may use up in one run.
#[derive(Default)]
struct Share {
    /// What the clock said when it was read last.
    now: Duration,
    end: Duration,
    /// How many batches its operators may hand on.
    batches: u32,
}

/// How many records a source should emit at a time, so that no operator of its chain needs long for them.
struct Pace {
    now: usize,
    /// What the operators have needed since the source was asked last.
    next: usize,
}

/// What one task may ask of the world: time, wake-ups, I/O, randomness, counters.
pub struct TaskContext {
    subtask: SubtaskId,
    pub(super) services: TaskServices,
    waker: Waker,
    random: Random,
    counters: Arc<SubtaskCounters>,
    share: Share,
    pace: Pace,
    blocked: bool,
    /// Something in the chain has been suspended in this run, or the task's share of time is over.
    pausing: bool,
    /// How many links of the chain have suspended their work.
    suspended: u32,
    /// How many links do not let the end of their input pass.
    ends_held: u32,
    /// The operator that has been told of the end of its input holds it.
    end_held: bool,
    finish_held: bool,
    alarm: Alarm,
    side_reads: Arc<SideReads>,
    /// What the operators of the chain have handed over for the barrier that passes right now.
    pub(super) snapshots: Vec<NamedSnapshot>,
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
            share: Share::default(),
            pace: Pace { now: FIRST_PIECE, next: FIRST_PIECE },
            blocked: false,
            pausing: false,
            suspended: 0,
            ends_held: 0,
            end_held: false,
            finish_held: false,
            alarm: Alarm::default(),
            side_reads: Arc::default(),
            snapshots,
            written,
        }
    }

    /// Knows what the checkpoint holds of the subtask that it was restored from.
    pub(crate) fn with_base(self, checkpoint: CheckpointId, part: SubtaskPart) -> Self {
        self.written.lock().insert(checkpoint, Arc::new(part));
        self
    }

    /// Knows which operators the side outputs of the job are read from.
    pub(crate) fn with_side_reads(self, side_reads: Arc<SideReads>) -> Self {
        Self { side_reads, ..self }
    }

    pub(crate) fn side_reads(&self) -> &SideReads {
        &self.side_reads
    }

    /// Which subtask this is.
    pub const fn subtask(&self) -> SubtaskId {
        self.subtask
    }

    /// The processing time. It may step either way: durations are measured by
    /// [`monotonic`](Self::monotonic).
    pub fn now(&self) -> Timestamp {
        self.services.clock.now()
    }

    /// The clock, for those who look at it while something else has the context.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.services.clock.clone()
    }

    /// Time for intervals, delays, rates and everything else that is a duration; never goes back.
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

    /// Starts work that must not run on an arbiter. The task is woken when it is done, or has panicked.
    pub fn spawn_io<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> IoHandle<T> {
        IoHandle::spawn(self.services.io.as_ref(), self.waker.clone(), work)
    }

    /// Asks to be woken at a point of processing time; what waits for a duration uses
    /// [`wake_after`](Self::wake_after). Holds for one wake-up: who still waits after
    /// being polled asks again.
    pub fn wake_at(&mut self, time: Timestamp) {
        self.alarm.at(time);
    }

    /// Asks to be woken when `delay` has passed. Holds for one wake-up, as [`wake_at`](Self::wake_at).
    pub fn wake_after(&mut self, delay: Duration) {
        let deadline = self.monotonic().saturating_add(delay);
        self.alarm.at_monotonic(deadline);
    }

    /// The subtask's counters.
    #[inline]
    pub fn metrics(&self) -> &SubtaskCounters {
        &self.counters
    }

    /// Counts a batch that has come through a channel.
    #[inline]
    pub(crate) fn count_in<T>(&self, batch: &Batch<T>) {
        self.counters.records_in.add(batch.rows());
        self.counters.bytes_in.add(batch.bytes());
    }

    /// Marks the task as unable to take input, because something found no room downstream.
    ///
    /// The task rests then until it is woken. To be called only while something is still to come that wakes
    /// it, such as [I/O](Self::spawn_io) that is not done: what was done before this run has woken the task
    /// already, and does so once.
    #[inline]
    pub const fn set_blocked(&mut self) {
        self.blocked = true;
    }

    /// Asks that the job's end wait for this task, which is not done committing.
    pub const fn hold_finish(&mut self) {
        self.finish_held = true;
    }

    /// Asks that the end of the operator's input be held: the operator has work in flight. To be called
    /// in [`end_of_data`](super::OperatorHooks::end_of_data), which is called again when the task has
    /// been woken.
    pub const fn hold_end(&mut self) {
        self.end_held = true;
    }

    /// Whether operators should stop emitting: there is no room downstream, an operator further down
    /// has suspended its work, or the task has had its share of time.
    #[inline]
    pub const fn should_yield(&self) -> bool {
        self.blocked || self.pausing
    }

    /// A run begins, with this share of time and batches.
    pub(crate) fn begin_run(&mut self, budget: Budget) {
        (self.blocked, self.pausing) = (false, false);
        let now = self.monotonic();
        self.share = Share { now, end: now.saturating_add(budget.time), batches: budget.emitted };
    }

    /// Notes that an operator has handed a batch on.
    #[inline]
    pub(super) fn spend_batch(&mut self) {
        self.share.batches = self.share.batches.saturating_sub(1);
        self.pausing |= self.share.batches == 0;
        if self.share.batches.is_multiple_of(BATCHES_PER_READING) {
            self.read_clock();
        }
    }

    /// Reads the clock, and notes whether the task's share of time is over.
    #[inline]
    pub(crate) fn read_clock(&mut self) -> Duration {
        self.share.now = self.services.clock.monotonic();
        self.pausing |= self.share.now >= self.share.end;
        self.share.now
    }

    /// How many records a source should emit at a time at most.
    #[inline]
    pub(super) const fn source_pace(&self) -> usize {
        self.pace.now
    }

    /// A source is asked for records: what the operators of its chain have needed counts from now on.
    #[inline]
    pub(super) const fn begin_source_batch(&mut self) {
        self.pace = Pace { now: self.pace.next, next: usize::MAX };
    }

    /// An operator of the chain takes so many records at a time.
    #[inline]
    pub(super) const fn note_piece(&mut self, piece: usize) {
        if piece < self.pace.next {
            self.pace.next = piece;
        }
    }

    /// A link suspends its work, unless it has done so.
    pub(super) const fn suspend(&mut self, suspended: &mut bool) {
        if !*suspended {
            *suspended = true;
            self.suspended += 1;
        }
        self.pausing = true;
    }

    /// A link goes on with what it had suspended.
    pub(super) const fn resume(&mut self, suspended: &mut bool) {
        *suspended = false;
        self.suspended -= 1;
    }

    /// Whether a link of the chain has suspended its work.
    #[inline]
    pub(crate) const fn is_suspended(&self) -> bool {
        self.suspended > 0
    }

    pub(super) const fn take_end_held(&mut self) -> bool {
        std::mem::replace(&mut self.end_held, false)
    }

    /// A link does not let the end of its input pass.
    pub(super) const fn hold_end_of_chain(&mut self) {
        self.ends_held += 1;
    }

    /// The link asks its operator again.
    pub(super) const fn release_end_of_chain(&mut self) {
        self.ends_held -= 1;
    }

    /// Whether a link of the chain does not let the end of its input pass.
    pub(crate) const fn is_end_held(&self) -> bool {
        self.ends_held > 0
    }

    pub(crate) const fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(crate) const fn take_finish_held(&mut self) -> bool {
        std::mem::replace(&mut self.finish_held, false)
    }

    pub(crate) fn take_alarm(&mut self) -> Alarm {
        std::mem::take(&mut self.alarm)
    }

    pub(crate) fn moment(&self) -> Moment {
        self.services.clock.moment()
    }

    /// Whether the attempt is over, so that nothing the task does counts any more.
    #[inline]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.services.cancelled.load(Ordering::Relaxed)
    }

    /// Notes which operator works from now on, by its place in the chain; returns the one before.
    #[inline]
    pub(crate) fn enter(&self, operator: u32) -> u32 {
        self.counters.running.enter(operator)
    }

    pub(crate) const fn encodes_records(&self) -> bool {
        self.services.encodes_records
    }

    /// Whether a test has asked for this mistake.
    pub(crate) fn makes(&self, mistake: Sabotage) -> bool {
        self.services.sabotage.makes(mistake)
    }

    /// The attempt that the task belongs to, for whoever gives names to what it writes.
    pub fn attempt(&self) -> AttemptId {
        self.services.attempt
    }

    /// What the operators have handed over at the barrier, for whoever does not upload it.
    pub(crate) fn take_snapshots(&mut self) -> Vec<OperatorSnapshot> {
        std::mem::take(&mut self.snapshots).into_iter().map(|named| named.snapshot).collect()
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
        let file = format!("{subtask}-{}-{:016x}.state", services.attempt, self.random.next());
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
            let snapshots = snapshots.into_iter().map(NamedSnapshot::guarded).collect();
            let write = guarded(async {
                let (home, file) = services.folders.locate(&target, checkpoint, &file)?;
                let base = base.as_ref().map(|(base, part)| (*base, part.as_ref()));
                Ok(write_subtask(services.cpu.as_ref(), &home, &file, snapshots, base).await?)
            });
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
