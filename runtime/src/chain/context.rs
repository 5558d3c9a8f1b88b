//! The context of a task: time, wake-ups, I/O, randomness and counters.

mod buffer_timeout;
mod share;
mod upload;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use futures::channel::oneshot;
use millstream_state::snapshot::part::SubtaskPart;
use millstream_state::{CheckpointId, Timestamp};
use parking_lot::Mutex;

use self::buffer_timeout::BufferTimeouts;
use self::share::{Pace, Share};
use super::output_tag::SideReads;
use super::services::TaskServices;
use super::snapshot_context::NamedSnapshot;
use crate::batch::Batch;
use crate::clock::{Alarm, Clock, IoHandle, Moment, Random, Sleeper};
use crate::driver::Sabotage;
use crate::error::{Error, ErrorKind, Result};
use crate::guard::catch;
use crate::input::{ReaderGroup, ReaderReports, WatermarkGroup};
use crate::job::{AttemptId, SubtaskId};
use crate::metrics::SubtaskCounters;

/// What one task may ask of the world: time, wake-ups, I/O, randomness, counters.
pub struct TaskContext {
    subtask: SubtaskId,
    pub(super) services: TaskServices,
    waker: Waker,
    random: Random,
    counters: Arc<SubtaskCounters>,
    share: Share,
    pace: Pace,
    buffer_timeouts: BufferTimeouts,
    /// From one latency marker of a source to the next; `None` where there are none.
    latency_interval: Option<Duration>,
    blocked: bool,
    /// An operator has all that it can take for now.
    input_held: bool,
    /// Something in the chain has been suspended in this run, or the task's share of time is over.
    pausing: bool,
    /// How many links of the chain have suspended their work.
    suspended: u32,
    /// How many links do not let the end of their input pass.
    ends_held: u32,
    /// The operator that has been notified of the end of its input holds it.
    end_held: bool,
    finish_held: bool,
    /// The job stops with a savepoint.
    stopped: bool,
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
            pace: Pace::default(),
            buffer_timeouts: BufferTimeouts::default(),
            latency_interval: None,
            blocked: false,
            input_held: false,
            pausing: false,
            suspended: 0,
            ends_held: 0,
            end_held: false,
            finish_held: false,
            stopped: false,
            alarm: Alarm::default(),
            side_reads: Arc::default(),
            snapshots,
            written,
        }
    }

    /// Knows which operators the side outputs of the job are read from.
    pub(crate) fn with_side_reads(self, side_reads: Arc<SideReads>) -> Self {
        Self { side_reads, ..self }
    }

    pub(crate) fn side_reads(&self) -> &SideReads {
        &self.side_reads
    }

    pub(crate) const fn latency_interval(&self) -> Option<Duration> {
        self.latency_interval
    }

    /// Lets a source send a latency marker so often.
    pub(crate) const fn set_latency_interval(&mut self, interval: Option<Duration>) {
        self.latency_interval = interval;
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

    /// Starts a call that blocks its thread, of a client that knows no futures for instance. The task is woken when
    /// it has returned, or has panicked. A call that is no longer wanted runs on to its end.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> IoHandle<T> {
        let (answer, returned) = oneshot::channel();
        // Nobody may want the answer any more.
        self.services.io.spawn_blocking(Box::new(move || drop(answer.send(catch(work)))));
        self.spawn_io(async move {
            let given_up =
                |_| Error::new(ErrorKind::Internal, "a blocking call was dropped before it was made");
            returned.await.map_err(given_up)?
        })
    }

    /// Lets [spawned](Self::spawn_io) work sleep.
    pub fn sleeper(&self) -> Sleeper {
        Sleeper::new(self.services.io.clone())
    }

    /// Asks to be woken at a point of processing time; what waits for a duration uses
    /// [`wake_after`](Self::wake_after). Holds for one wake-up: an operator that still waits
    /// after being polled asks again.
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

    /// Asks that no further input come in this run: the operator has all that it can take for now. What is on its way
    /// to it in the chain still comes, so it must have a place for some batches; barriers pass.
    ///
    /// The task rests then until it is woken. To be called only while something is still to come that wakes it, as
    /// of [`set_blocked`](Self::set_blocked), and again in [`poll`](super::OperatorHooks::poll) as long as it holds.
    #[inline]
    pub const fn hold_input(&mut self) {
        self.input_held = true;
    }

    /// Asks that the job's end wait for this task, which is not done committing.
    pub const fn hold_finish(&mut self) {
        self.finish_held = true;
    }

    /// Whether the job that [ends](super::OperatorHooks::finish) stops with a savepoint, though there may be
    /// more data: what has come after the savepoint must stay invisible.
    pub const fn is_stopped_with_savepoint(&self) -> bool {
        self.stopped
    }

    pub(crate) const fn set_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    /// Asks that the end of the operator's input be held: the operator has work in flight. To be called
    /// in [`end_of_data`](super::OperatorHooks::end_of_data), which is called again when the task has
    /// been woken.
    pub const fn hold_end(&mut self) {
        self.end_held = true;
    }

    /// Whether operators should stop emitting: there is no room downstream, an operator further down
    /// has suspended its work or [holds its input](Self::hold_input), or the task has had its share of time.
    #[inline]
    pub const fn should_yield(&self) -> bool {
        self.blocked || self.pausing || self.input_held
    }

    /// Whether the batch that an operator works on has to wait, too.
    #[inline]
    pub(super) const fn should_pause(&self) -> bool {
        self.blocked || self.pausing
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

    /// Whether nothing can be done before the task is woken.
    pub(crate) const fn waits(&self) -> bool {
        self.blocked || self.input_held && !self.pausing
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

    /// The subtasks that align their event time under this name.
    pub fn watermark_group(&self, name: &str) -> Arc<WatermarkGroup> {
        self.services.watermark_groups.group(name)
    }

    /// By what the readers of a source tell its enumerator something; no other source of the job has the same number.
    pub fn reader_group(&self, source: u64) -> Arc<ReaderGroup> {
        self.services.reader_groups.group(source)
    }

    /// What the readers of a source have told its enumerator, which is this task; it is woken when that changes.
    pub fn reader_reports(&self, source: u64) -> ReaderReports {
        let reports = self.reader_group(source).look(&self.waker);
        if self.makes(Sabotage::SwitchTooEarly) {
            return ReaderReports { finished: reports.readers.unwrap_or_default(), ..reports };
        }
        reports
    }

    /// The attempt that the task belongs to, for the names of what it writes.
    pub fn attempt(&self) -> AttemptId {
        self.services.attempt
    }
}
