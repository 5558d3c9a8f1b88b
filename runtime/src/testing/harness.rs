//! The harness: feeds an operator, moves its clock, runs its I/O, and keeps what it emits.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use millstream_state::{CheckpointId, Record, Timestamp};

use super::capture::{Captured, Emitted};
use super::head::{Head, NoInput, OneInput, TwoInputs};
use super::services::{EndOfServices, HarnessServices};
use super::setup::HarnessSetup;
use super::snapshot::HarnessSnapshot;
use crate::chain::side::UnreadRecords;
use crate::chain::{Collector, OperatorInfo, Signal, TaskContext};
use crate::chain::{OutputTag, SideCollector};
use crate::checkpoint::{Barrier, CheckpointMode, SnapshotTarget};
use crate::clock::{Alarm, Clock, IoPool};
use crate::error::Result;
use crate::event::StreamStatus;
use crate::job::{SubtaskId, VertexId};
use crate::metrics::{MetricsRegistry, OperatorMetrics};
use crate::task::Budget;

/// Tests an operator with one input, or a sink (`O` is `()` then).
pub type OperatorHarness<I, O> = Harness<OneInput<I>, O>;
/// Tests an operator with two inputs.
pub type TwoInputHarness<A, B, O> = Harness<TwoInputs<A, B>, O>;
/// Tests a source.
pub type SourceHarness<O> = Harness<NoInput, O>;

/// After so many polls in a row an operator that always wakes itself is left alone.
const POLLS_IN_A_ROW: usize = 100;

/// An operator under test. All methods that let it work return its errors.
pub struct Harness<H, O> {
    head: H,
    cx: TaskContext,
    services: Arc<HarnessServices>,
    pub(super) manual_io: bool,
    place: (u32, u32, u32),
    alarm: Alarm,
    budget: Budget,
    runs: usize,
    emitted: Captured<O>,
    sides: UnreadRecords,
    metrics: Arc<MetricsRegistry>,
    /// After the operator.
    _end: EndOfServices,
}

impl<H: Head, O: Send + 'static> Harness<H, O> {
    pub(super) fn build(
        setup: HarnessSetup<'_>,
        head: impl FnOnce(OperatorInfo, Box<dyn Collector<O>>, Vec<Box<dyn SideCollector>>, &TaskContext) -> H,
    ) -> Result<Self> {
        let (services, info) = (Arc::new(HarnessServices::default()), setup.info()?);
        services.advance(setup.clock);
        let end = EndOfServices(services.clone());
        let for_task = services.for_task(setup.sabotage);
        let metrics = for_task.metrics.clone();
        let subtask = SubtaskId { vertex: VertexId(0), index: setup.subtask };
        let cx = TaskContext::new(subtask, for_task, Waker::from(services.clone()), u64::from(setup.subtask));
        let (emitted, sides) = (Captured::default(), UnreadRecords::default());
        let mut harness = Self {
            head: head(info, Box::new(emitted.clone()), vec![Box::new(sides.clone())], &cx),
            cx,
            services,
            manual_io: setup.manual_io,
            place: (setup.subtask, setup.parallelism, setup.max_parallelism),
            alarm: Alarm::default(),
            budget: setup.budget,
            runs: 0,
            emitted,
            sides,
            metrics,
            _end: end,
        };
        harness.signal(&Signal::Open)?;
        Ok(harness)
    }

    /// Lets the operator work, then sees to I/O and wake-ups as a driver would.
    pub(super) fn work<R>(&mut self, work: impl FnOnce(&mut H, &mut TaskContext) -> Result<R>) -> Result<R> {
        self.cx.begin_run(self.budget);
        let result = work(&mut self.head, &mut self.cx)?;
        self.resume_all()?;
        self.note_wake_up();
        for _ in 0..POLLS_IN_A_ROW {
            if self.manual_io {
                break;
            }
            self.services.run_io()?;
            if !self.services.take_woken() {
                break;
            }
            self.poll_once()?;
        }
        Ok(result)
    }

    /// Goes on, in as many runs as it takes, with what the operator has suspended.
    fn resume_all(&mut self) -> Result<()> {
        while self.cx.is_suspended() {
            self.runs += 1;
            self.cx.begin_run(self.budget);
            self.head.stage().resume(&mut self.cx)?;
        }
        Ok(())
    }

    fn signal(&mut self, signal: &Signal) -> Result<()> {
        self.work(|head, cx| head.stage().signal(signal, cx))
    }

    fn note_wake_up(&mut self) {
        self.alarm.merge(self.cx.take_alarm());
    }

    fn poll_once(&mut self) -> Result<()> {
        self.alarm = Alarm::default();
        self.cx.begin_run(self.budget);
        self.head.stage().signal(&Signal::Poll, &mut self.cx)?;
        self.resume_all()?;
        self.note_wake_up();
        Ok(())
    }

    /// Brings event time of one of two inputs, 0 or 1, to `watermark`; that of the operator is the earlier of the two, and
    /// [`watermark`](Self::watermark) sets it.
    pub fn input_watermark(&mut self, input: usize, watermark: Timestamp) -> Result<()> {
        self.work(|head, cx| head.input_watermark(input, watermark, cx))
    }

    /// Brings event time to `watermark`.
    pub fn watermark(&mut self, watermark: Timestamp) -> Result<()> {
        self.signal(&Signal::Watermark(watermark))
    }

    /// Notifies the operator that the input has become idle or active.
    pub fn status(&mut self, status: StreamStatus) -> Result<()> {
        self.signal(&Signal::Status(status))
    }

    /// Ends the input, as a task does: the watermark goes to [`Timestamp::MAX`] first.
    pub fn end_of_data(&mut self) -> Result<()> {
        self.watermark(Timestamp::MAX)?;
        self.signal(&Signal::EndOfData)
    }

    /// Lets the operator see to timers and finished I/O.
    pub fn poll(&mut self) -> Result<()> {
        self.alarm = Alarm::default();
        self.signal(&Signal::Poll)
    }

    /// Notifies the operator that there is no input for now.
    pub fn flush(&mut self) -> Result<()> {
        self.signal(&Signal::Flush)
    }

    /// Moves the clock forward, and polls if a wake-up was asked for until then. I/O that has
    /// [slept](crate::clock::Sleeper) until then goes on. The clock begins at the Unix epoch.
    pub fn advance(&mut self, duration: Duration) -> Result<()> {
        self.services.advance(duration);
        if self.alarm.rings(self.services.moment()) {
            self.poll()
        } else if self.services.has_slept() {
            self.work(|_, _| Ok(()))
        } else {
            Ok(())
        }
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        self.services.now()
    }

    /// Runs the I/O that was started, and polls if that woke the task. Only needed with
    /// [`HarnessSetup::manual_io`].
    pub fn run_io(&mut self) -> Result<()> {
        self.services.run_io()?;
        if self.services.take_woken() { self.poll() } else { Ok(()) }
    }

    /// Takes a snapshot, as checkpoint `checkpoint`.
    pub fn snapshot(&mut self, checkpoint: u64) -> Result<HarnessSnapshot> {
        let barrier = Arc::new(Barrier {
            checkpoint: CheckpointId::new(checkpoint),
            triggered: self.now(),
            mode: CheckpointMode::ExactlyOnce,
            target: SnapshotTarget::Checkpoint { base: None },
        });
        self.signal(&Signal::BeforeBarrier)?;
        // Not through `work`: it would poll before the state is taken off the context.
        self.head.stage().signal(&Signal::Barrier(barrier), &mut self.cx)?;
        let (snapshot, work) = HarnessSnapshot::new(self.place, self.cx.take_snapshots());
        work.into_iter().for_each(|work| self.services.spawn(work));
        self.work(|_, _| Ok(()))?;
        Ok(snapshot)
    }

    /// Notifies the operator that checkpoint `checkpoint` is complete.
    pub fn completed(&mut self, checkpoint: u64) -> Result<()> {
        self.signal(&Signal::Completed(CheckpointId::new(checkpoint)))
    }

    /// Notifies the operator that checkpoint `checkpoint` is aborted.
    pub fn aborted(&mut self, checkpoint: u64) -> Result<()> {
        self.signal(&Signal::Aborted(CheckpointId::new(checkpoint)))
    }

    /// Notifies the operator that the job ends; true if the operator is done, false if it asks for more time:
    /// run its I/O and call this again.
    pub fn finish(&mut self) -> Result<bool> {
        self.signal(&Signal::Finish)?;
        Ok(!self.cx.take_finish_held())
    }

    /// As [`finish`](Self::finish), of a job that stops with a savepoint.
    pub fn finish_with_savepoint(&mut self) -> Result<bool> {
        self.cx.set_stopped(true);
        self.finish()
    }

    /// When the operator has asked to be woken, or I/O that it has started goes on.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let now = self.services.moment();
        let slept = self
            .services
            .next_wake_up()
            .map(|time| now.wall.saturating_add(time.saturating_sub(now.monotonic)));
        self.alarm.expected(now).into_iter().chain(slept).min()
    }

    /// Whether an operator holds the end of its input: run its I/O or move its clock, and
    /// [poll](Self::poll) it.
    pub const fn is_end_held(&self) -> bool {
        self.cx.is_end_held()
    }

    /// How many further runs the operator has needed to finish work that it had suspended.
    pub const fn resumed_runs(&self) -> usize {
        self.runs
    }

    /// Whether the operator can take no more for now.
    pub const fn is_blocked(&self) -> bool {
        self.cx.waits()
    }

    /// The operator's counters.
    pub fn counters(&self) -> OperatorMetrics {
        let metrics = self.metrics.read();
        let operator = metrics.values().flat_map(|subtask| &subtask.operators).next();
        operator.map(|(_, counters)| counters.clone()).unwrap_or_default()
    }

    /// Takes the records emitted since the last time.
    pub fn take_records(&self) -> Vec<O> {
        self.take_timed().into_iter().map(|(record, _)| record).collect()
    }

    /// Takes the records emitted since the last time, with their timestamps.
    pub fn take_timed(&self) -> Vec<(O, Timestamp)> {
        self.emitted.take_records()
    }

    /// Takes everything emitted since the last time, in order.
    pub fn take_emitted(&self) -> Vec<Emitted<O>> {
        self.emitted.take()
    }

    /// Takes the records emitted to a side output since the last time.
    pub fn take_side<S: Record>(&self, tag: &OutputTag<S>) -> Vec<S> {
        self.take_side_timed(tag).into_iter().map(|(record, _)| record).collect()
    }

    /// Takes the records emitted to a side output since the last time, with their timestamps.
    pub fn take_side_timed<S: Record>(&self, tag: &OutputTag<S>) -> Vec<(S, Timestamp)> {
        self.sides.take(tag)
    }
}
