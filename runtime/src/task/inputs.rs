//! The protocol over all inputs of a task, whatever their types.

use std::time::Duration;

use super::lifecycle::{Body, Cut, StepOutcome};
use crate::chain::{Signal, TaskContext};
use crate::driver::Sabotage;
use crate::error::Result;
use crate::event::Event;
use crate::input::{Alignment, BarrierAction, Merged, WatermarkMerger};

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
    Cut(Cut),
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
            Event::Barrier(barrier) if cx.makes(Sabotage::SkipAlignment) => {
                if self.alignment.is_first(barrier) {
                    InputAction::Cut(Cut { barrier: barrier.clone(), alignment: Duration::ZERO })
                } else {
                    InputAction::Nothing
                }
            }
            Event::Barrier(barrier) => match self.alignment.barrier(input, barrier.clone(), cx.monotonic()) {
                BarrierAction::Wait => InputAction::Nothing,
                BarrierAction::Snapshot { barrier, alignment } => {
                    InputAction::Cut(Cut { barrier, alignment })
                }
            },
        }
    }
}

/// Carries out what [`Inputs::note`] asked for.
pub(super) fn act(body: &mut impl Body, action: InputAction, cx: &mut TaskContext) -> Result<StepOutcome> {
    match action {
        InputAction::Nothing => {}
        InputAction::Merged(Merged { watermark, status }) => {
            if let Some(status) = status {
                body.signal(&Signal::Status(status), cx)?;
            }
            if let Some(watermark) = watermark {
                cx.metrics().set_watermark(watermark);
                body.signal(&Signal::Watermark(watermark), cx)?;
            }
        }
        InputAction::Cut(cut) => return Ok(StepOutcome::Cut(cut)),
    }
    Ok(StepOutcome::Done)
}
