//! What tasks of all kinds share: opening, ending, finishing, and the order of the steps of a run.

use std::sync::Arc;
use std::time::Duration;

use super::{Budget, Progress};
use crate::chain::{Signal, TaskContext};
use crate::checkpoint::{Barrier, Control, Report};
use crate::driver::Sabotage;
use crate::error::Result;
use crate::event::Event;
use crate::input::{Alignment, BarrierAction, Merged, WatermarkMerger};

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    /// All data has been worked off; barriers still pass.
    Ended,
    /// Told to commit and go.
    Finishing,
    Finished,
}

/// The part of a task that does not depend on its inputs' types.
pub(super) trait Body {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()>;
    fn drain(&mut self, cx: &mut TaskContext);
    /// Takes one step: one event or one batch of a source.
    fn step(&mut self, cx: &mut TaskContext) -> Result<Step>;
}

/// What a step came to.
pub(super) enum Step {
    /// There may be more.
    Done,
    /// There is nothing to do for now.
    Dry,
    /// All data has ended, for the first time.
    Ended,
}

/// The life of a task around its body.
pub(super) struct Lifecycle {
    phase: Phase,
}

impl Lifecycle {
    pub(super) const fn new() -> Self {
        Self { phase: Phase::New }
    }

    pub(super) fn run(
        &mut self,
        body: &mut impl Body,
        budget: Budget,
        cx: &mut TaskContext,
    ) -> Result<Progress> {
        if self.phase == Phase::New {
            self.phase = Phase::Running;
            body.signal(&Signal::Open, cx)?;
        }
        cx.clear_blocked();
        body.drain(cx);
        body.signal(&Signal::Poll, cx)?;
        if self.phase == Phase::Finishing {
            body.signal(&Signal::Finish, cx)?;
            if !cx.take_finish_held() {
                self.phase = Phase::Finished;
                cx.report(Report::Finished);
            }
        }
        if self.phase == Phase::Finished {
            return Ok(Progress::Finished);
        }
        for _ in 0..budget.batches {
            if cx.is_blocked() {
                return Ok(Progress::Blocked);
            }
            match body.step(cx)? {
                Step::Done => {}
                Step::Dry => {
                    body.signal(&Signal::Flush, cx)?;
                    return Ok(if cx.is_blocked() { Progress::Blocked } else { Progress::Waiting });
                }
                Step::Ended => {
                    body.signal(&Signal::EndOfData, cx)?;
                    self.phase = Phase::Ended;
                    cx.report(Report::EndOfData);
                }
            }
        }
        Ok(Progress::Ready)
    }

    /// Handles what all tasks handle alike.
    pub(super) fn control(
        &mut self,
        body: &mut impl Body,
        message: &Control,
        cx: &mut TaskContext,
    ) -> Result<()> {
        match message {
            Control::Trigger(_) => Ok(()),
            Control::CheckpointCompleted(checkpoint) => body.signal(&Signal::Completed(*checkpoint), cx),
            Control::CheckpointAborted(checkpoint) => body.signal(&Signal::Aborted(*checkpoint), cx),
            Control::Finish => {
                self.phase = Phase::Finishing;
                cx.waker().wake_by_ref();
                Ok(())
            }
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::New)
    }
}

/// Cuts the stream: every operator of the chain hands its state over, and the barrier goes on.
pub(super) fn snapshot(
    body: &mut impl Body,
    barrier: &Arc<Barrier>,
    alignment: Duration,
    cx: &mut TaskContext,
) -> Result<()> {
    body.signal(&Signal::Barrier(barrier.clone()), cx)?;
    cx.upload(barrier, alignment);
    Ok(())
}

/// The protocol over all inputs of a task, whatever their types.
pub(super) struct Inputs {
    pub(super) alignment: Alignment,
    watermarks: WatermarkMerger,
    open: usize,
    ended: bool,
}

/// What an event other than records asks of the task.
pub(super) enum InputAction {
    Nothing,
    Merged(Merged),
    Snapshot(Arc<Barrier>, Duration),
}

impl Inputs {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            alignment: Alignment::new(channels),
            watermarks: WatermarkMerger::new(channels),
            open: channels,
            ended: false,
        }
    }

    /// Whether all inputs have ended; true once.
    pub(super) const fn just_ended(&mut self) -> bool {
        if self.open == 0 && !self.ended {
            self.ended = true;
            return true;
        }
        false
    }

    /// Takes note of an event of input `input` that carries no records.
    pub(super) fn note<T>(&mut self, input: usize, event: &Event<T>, cx: &TaskContext) -> InputAction {
        match event {
            Event::Batch(_) => InputAction::Nothing,
            Event::Watermark(watermark) => InputAction::Merged(self.watermarks.watermark(input, *watermark)),
            Event::Status(status) => InputAction::Merged(self.watermarks.status(input, *status)),
            Event::EndOfData => {
                self.open = self.open.saturating_sub(1);
                InputAction::Merged(self.watermarks.end(input))
            }
            Event::Barrier(barrier) if cx.sabotage() == Sabotage::SkipAlignment => {
                if self.alignment.is_first(barrier) {
                    InputAction::Snapshot(barrier.clone(), Duration::ZERO)
                } else {
                    InputAction::Nothing
                }
            }
            Event::Barrier(barrier) => match self.alignment.barrier(input, barrier.clone(), cx.monotonic()) {
                BarrierAction::Wait => InputAction::Nothing,
                BarrierAction::Snapshot { barrier, alignment } => InputAction::Snapshot(barrier, alignment),
            },
        }
    }
}

/// Carries out what [`Inputs::note`] asked for.
pub(super) fn act(body: &mut impl Body, action: InputAction, cx: &mut TaskContext) -> Result<()> {
    match action {
        InputAction::Nothing => Ok(()),
        InputAction::Merged(merged) => {
            if let Some(status) = merged.status {
                body.signal(&Signal::Status(status), cx)?;
            }
            if let Some(watermark) = merged.watermark {
                cx.metrics().set_watermark(watermark);
                body.signal(&Signal::Watermark(watermark), cx)?;
            }
            Ok(())
        }
        InputAction::Snapshot(barrier, alignment) => snapshot(body, &barrier, alignment, cx),
    }
}
