//! The life of a task, whatever its inputs: opening, the order of the steps of a run, ending, finishing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Budget, Progress};
use crate::chain::{Signal, Stage, TaskContext};
use crate::checkpoint::{Barrier, Control, Report};
use crate::error::Result;
use crate::input::Alignment;

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

    /// The barriers of its inputs, if it has any.
    fn alignment(&mut self) -> Option<&mut Alignment> {
        None
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
}

/// The life of a task around its body.
pub(super) struct Lifecycle {
    phase: Phase,
    cuts: VecDeque<Cut>,
}

impl Lifecycle {
    pub(super) const fn new() -> Self {
        Self { phase: Phase::New, cuts: VecDeque::new() }
    }

    pub(super) fn run(
        &mut self,
        body: &mut impl Body,
        budget: Budget,
        cx: &mut TaskContext,
    ) -> Result<Progress> {
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
            body.signal(&Signal::BeforeBarrier, cx)?;
            if cx.is_suspended() {
                break;
            }
            body.signal(&Signal::Barrier(cut.barrier.clone()), cx)?;
            cx.upload(&cut.barrier, cut.alignment);
            body.after_cut(&cut.barrier);
            self.cuts.pop_front();
        }
        Ok(false)
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
        if let Control::CheckpointAborted(checkpoint) = message
            && let Some(alignment) = body.alignment()
        {
            alignment.abort(*checkpoint);
            cx.waker().wake_by_ref();
        }
        match message {
            Control::Trigger(barrier) => {
                self.cuts.push_back(Cut { barrier: barrier.clone(), alignment: Duration::ZERO });
                cx.waker().wake_by_ref();
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
    if cx.is_blocked() { Progress::Blocked } else { Progress::Ready }
}
