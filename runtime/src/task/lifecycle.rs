//! The life of a task, whatever its inputs: opening, the order of the steps of a run, ending, finishing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::inputs::Inputs;
use super::unaligned::UnalignedSnapshot;
use super::{Budget, Progress};
use crate::chain::{Signal, Stage, TaskContext};
use crate::checkpoint::{Barrier, Control, Report};
use crate::error::Result;
use crate::input::Recording;

/// The clock is read once for so many steps; slow operators have it read more often.
const STEPS_PER_READING: u32 = 4;

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    /// All input has ended, but an operator has not let the end pass yet.
    Ending,
    /// All data has been worked off; barriers still pass.
    Ended,
    /// Notified to commit and finish.
    Finishing,
    Finished,
}

/// The part of a task that depends on its inputs' types.
pub(super) trait Body: Stage {
    /// Takes one step: one event or one batch of a source.
    fn step(&mut self, cx: &mut TaskContext) -> Result<StepOutcome>;

    /// The protocol over its inputs, if it has any.
    fn inputs(&mut self) -> Option<&mut Inputs> {
        None
    }

    /// The snapshot that is not to wait for barriers, if one is wanted and possible.
    fn unalign(&mut self, cx: &TaskContext) -> Option<Cut> {
        let _ = cx;
        None
    }

    /// From now on what comes before the awaited barriers is recorded before it is worked off.
    fn begin_recording(&mut self, recording: &mut Recording) -> Result<()> {
        let _ = recording;
        Ok(())
    }

    /// Records what has come, up to the barriers.
    fn record(&mut self, recording: &mut Recording) -> Result<()> {
        let _ = recording;
        Ok(())
    }

    /// What was to be recorded is not needed any more.
    fn end_recording(&mut self) {}

    /// Before a cut that drains the job. A source that has not ended ends, and answers so, when it has emitted the
    /// end of time.
    fn drain_source(&mut self, cx: &mut TaskContext) -> Result<bool> {
        let _ = cx;
        Ok(false)
    }

    /// The state has been cut at this barrier.
    fn after_cut(&mut self, barrier: &Barrier) {
        let _ = barrier;
    }
}

/// What a step came to.
pub(super) enum StepOutcome {
    /// There may be more.
    Done,
    /// There is nothing to do for now.
    Dry,
    /// The stream is to be cut here, before the next step.
    Cut(Cut),
    /// All data has ended, for the first time.
    Ended,
}

/// A snapshot to be taken as soon as no operator has suspended its work.
pub(super) struct Cut {
    pub(super) barrier: Arc<Barrier>,
    pub(super) alignment: Duration,
    /// What has to be recorded after the cut, where the task has not waited for all barriers.
    pub(super) recording: Option<Recording>,
}

/// The life of a task around its body.
pub(super) struct Lifecycle {
    phase: Phase,
    cuts: VecDeque<Cut>,
    /// The snapshot whose records in flight are being recorded.
    unaligned: Option<UnalignedSnapshot>,
}

impl Lifecycle {
    pub(super) const fn new() -> Self {
        Self { phase: Phase::New, cuts: VecDeque::new(), unaligned: None }
    }

    pub(super) fn run(
        &mut self,
        body: &mut impl Body,
        budget: Budget,
        cx: &mut TaskContext,
    ) -> Result<Progress> {
        let progress = self.run_steps(body, budget, cx)?;
        let is_paused = matches!(progress, Progress::Ready | Progress::Blocked);
        // Where there is no room downstream, a batch would only wait somewhere else.
        if is_paused && !cx.is_blocked() && cx.buffers_are_due(progress == Progress::Blocked) {
            body.signal(&Signal::BufferTimeout, cx)?;
            return Ok(paused(cx));
        }
        Ok(progress)
    }

    fn run_steps(&mut self, body: &mut impl Body, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        cx.begin_run(budget);
        if self.phase == Phase::New {
            self.phase = Phase::Running;
            body.signal(&Signal::Open, cx)?;
        }
        body.drain(cx);
        if self.phase == Phase::Finishing {
            return self.finish(body, cx);
        }
        if cx.is_suspended() && !cx.is_blocked() {
            body.resume(cx)?;
        }
        self.record(body, cx)?;
        if self.cuts.is_empty() && !cx.is_suspended() {
            self.cuts.extend(body.unalign(cx));
        }
        if !self.cut_what_is_due(body, cx)? {
            return Ok(paused(cx));
        }
        body.signal(&Signal::Poll, cx)?;
        self.end_if_all_let_it_pass(cx);
        if self.phase == Phase::Finished {
            return Ok(Progress::Finished);
        }
        for step in 0..budget.batches {
            if cx.should_yield() {
                return Ok(paused(cx));
            }
            self.record(body, cx)?;
            match body.step(cx)? {
                StepOutcome::Done => {}
                StepOutcome::Dry => {
                    body.signal(&Signal::Flush, cx)?;
                    let dry = !cx.is_blocked() && !cx.is_suspended();
                    return Ok(if dry { Progress::Waiting } else { paused(cx) });
                }
                StepOutcome::Cut(cut) => {
                    self.cuts.push_back(cut);
                    if !self.cut_what_is_due(body, cx)? {
                        return Ok(paused(cx));
                    }
                }
                StepOutcome::Ended => {
                    self.phase = Phase::Ending;
                    body.signal(&Signal::EndOfData, cx)?;
                    self.end_if_all_let_it_pass(cx);
                }
            }
            // Not after each: reading the clock may take as long as a good part of a step.
            if step % STEPS_PER_READING == STEPS_PER_READING - 1 {
                cx.read_clock();
            }
        }
        Ok(paused(cx))
    }

    /// Waits for what operators still commit, and for nothing else.
    ///
    /// All that counts has been committed or lies in the snapshot that the job ends with. What comes after
    /// that, such as what a processing-time timer has emitted meanwhile, waits for room in vain: those that
    /// would take it may have finished. It does not count either: a job that restores the snapshot emits it
    /// again.
    fn finish(&mut self, body: &mut impl Body, cx: &mut TaskContext) -> Result<Progress> {
        body.signal(&Signal::Poll, cx)?;
        body.signal(&Signal::Finish, cx)?;
        if cx.take_finish_held() {
            return Ok(Progress::Waiting);
        }
        self.phase = Phase::Finished;
        cx.report(Report::Finished);
        Ok(Progress::Finished)
    }

    /// Takes the snapshots that wait; false if they must wait on, for an operator has suspended its work.
    fn cut_what_is_due(&mut self, body: &mut impl Body, cx: &mut TaskContext) -> Result<bool> {
        while !cx.is_suspended() {
            let Some(cut) = self.cuts.front() else { return Ok(true) };
            if cut.barrier.drains_sources() && body.drain_source(cx)? {
                self.phase = Phase::Ending;
                body.signal(&Signal::EndOfData, cx)?;
                self.end_if_all_let_it_pass(cx);
                continue;
            }
            body.signal(&Signal::BeforeBarrier, cx)?;
            if cx.is_suspended() {
                break;
            }
            body.signal(&Signal::Barrier(cut.barrier.clone()), cx)?;
            let Some(cut) = self.cuts.pop_front() else { return Ok(true) };
            body.after_cut(&cut.barrier);
            match cut.recording {
                None => cx.upload(&cut.barrier, cut.alignment),
                Some(recording) => {
                    let taken = cx.take_handed_over();
                    let mut snapshot = UnalignedSnapshot::new(cut.barrier, cut.alignment, recording, taken);
                    body.begin_recording(snapshot.recording())?;
                    self.unaligned = Some(snapshot);
                    self.record(body, cx)?;
                }
            }
        }
        Ok(false)
    }

    /// Records what has come of the records in flight, and hands the snapshot on when it has all of them.
    #[inline]
    fn record(&mut self, body: &mut impl Body, cx: &mut TaskContext) -> Result<()> {
        if self.unaligned.is_some() { self.record_in_flight(body, cx) } else { Ok(()) }
    }

    #[cold]
    fn record_in_flight(&mut self, body: &mut impl Body, cx: &mut TaskContext) -> Result<()> {
        let Some(snapshot) = &mut self.unaligned else { return Ok(()) };
        body.record(snapshot.recording())?;
        if snapshot.recording().is_complete() {
            self.unaligned.take().map_or(Ok(()), |snapshot| snapshot.upload(cx))
        } else {
            if snapshot.recording().is_abandoned() {
                self.unaligned = None;
                body.end_recording();
            }
            Ok(())
        }
    }

    fn end_if_all_let_it_pass(&mut self, cx: &TaskContext) {
        if self.phase == Phase::Ending && !cx.is_end_held() && !cx.is_suspended() {
            self.phase = Phase::Ended;
            cx.report(Report::EndOfData);
        }
    }

    /// Handles what all tasks handle alike.
    pub(super) fn control(
        &mut self,
        body: &mut impl Body,
        message: &Control,
        cx: &mut TaskContext,
    ) -> Result<()> {
        if let Control::CheckpointAborted(checkpoint) = message {
            if let Some(inputs) = body.inputs() {
                inputs.abort(*checkpoint);
                cx.waker().wake_by_ref();
            }
            if self.unaligned.take_if(|snapshot| snapshot.is_of(*checkpoint)).is_some() {
                body.end_recording();
            }
        }
        match message {
            Control::Trigger(barrier) => {
                let (barrier, alignment) = (barrier.clone(), Duration::ZERO);
                self.cuts.push_back(Cut { barrier, alignment, recording: None });
                cx.waker().wake_by_ref();
                Ok(())
            }
            Control::Unalign(barrier) => {
                if let Some(inputs) = body.inputs() {
                    inputs.request_unaligned(barrier);
                    cx.waker().wake_by_ref();
                }
                Ok(())
            }
            // There is nothing yet that it could concern.
            Control::CheckpointCompleted(_) | Control::CheckpointAborted(_) if self.phase == Phase::New => {
                Ok(())
            }
            Control::CheckpointCompleted(checkpoint) => body.signal(&Signal::Completed(*checkpoint), cx),
            Control::CheckpointAborted(checkpoint) => body.signal(&Signal::Aborted(*checkpoint), cx),
            Control::Finish { stopped } => {
                cx.set_stopped(*stopped);
                self.phase = Phase::Finishing;
                cx.waker().wake_by_ref();
                Ok(())
            }
        }
    }
}

/// What a task says that has stopped in the middle of its work.
const fn paused(cx: &TaskContext) -> Progress {
    if cx.waits() { Progress::Blocked } else { Progress::Ready }
}
