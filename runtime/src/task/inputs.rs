//! The protocol over all inputs of a task, whatever their types.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;
#[cfg(test)]
use millstream_state::OperatorId;

use super::lifecycle::{Body, Cut, StepOutcome};
use crate::chain::{LatencyMarker, Signal, TaskContext};
use crate::checkpoint::Barrier;
use crate::driver::Sabotage;
use crate::error::Result;
use crate::event::Event;
use crate::input::{Alignment, BarrierAction, HeadOperator, Merged, Recording, Unalignment, WatermarkMerger};

/// The protocol over all inputs of a task, whatever their types.
pub(super) struct Inputs {
    pub(super) alignment: Alignment,
    watermarks: WatermarkMerger,
    open: usize,
    ended: bool,
    /// The checkpoint whose barriers the task is not to wait for.
    unalign: Option<Arc<Barrier>>,
    head: HeadOperator,
}

/// What a task is to know of its inputs.
pub(crate) struct TaskInputs {
    /// The operator at its head.
    pub(crate) head: HeadOperator,
    /// Whether records come first that were in flight when the snapshot was taken that the job is restored from.
    pub(crate) replays: bool,
}

/// What an event other than records asks of the task.
pub(super) enum InputAction {
    Nothing,
    Merged(Merged),
    LatencyMarker(LatencyMarker),
    Cut(Cut),
}

#[cfg(test)]
impl TaskInputs {
    /// Those of a task of any operator, which has not been restored.
    pub(super) fn for_test() -> Self {
        let head = HeadOperator { id: OperatorId::from_uid("head"), name: Arc::from("head") };
        Self { head, replays: false }
    }
}

impl Inputs {
    pub(super) fn new(channels: usize, inputs: TaskInputs) -> Self {
        let alignment = Alignment::new(channels);
        Self {
            alignment: if inputs.replays { alignment.expecting_replay() } else { alignment },
            watermarks: WatermarkMerger::new(channels),
            open: channels,
            ended: false,
            unalign: None,
            head: inputs.head,
        }
    }

    /// The task is not to wait for the barriers of a checkpoint.
    pub(super) fn request_unaligned(&mut self, barrier: &Arc<Barrier>) {
        self.unalign = Some(barrier.clone());
    }

    /// The checkpoint will never be.
    pub(super) fn abort(&mut self, checkpoint: CheckpointId) {
        self.alignment.abort(checkpoint);
        self.unalign.take_if(|barrier| barrier.checkpoint == checkpoint);
    }

    /// The snapshot that is not to wait for barriers, if one is wanted and possible; `can` says which inputs may be
    /// unaligned.
    pub(super) fn unalign(&mut self, can: impl Iterator<Item = bool>, cx: &TaskContext) -> Option<Cut> {
        let barrier = self.unalign.take()?;
        match self.alignment.unalign(barrier.checkpoint, can, cx.monotonic()) {
            Unalignment::Settled => None,
            Unalignment::Later => {
                self.unalign = Some(barrier);
                None
            }
            Unalignment::Now { awaited, alignment } => {
                let loses_records = cx.makes(Sabotage::LoseInFlight);
                let (head, watermarks) = (self.head.clone(), self.watermarks.clone());
                let recording = Recording::new(&barrier, head, awaited, watermarks, loses_records);
                Some(Cut { barrier, alignment, recording: Some(recording) })
            }
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

    /// Shows where input `input` stands, after what it meant for the whole.
    fn merged(&self, input: usize, merged: Merged, cx: &TaskContext) -> InputAction {
        let (watermark, state) = self.watermarks.input(input);
        cx.metrics().set_input_watermark(input, self.watermarks.inputs(), watermark, state);
        InputAction::Merged(merged)
    }

    /// Takes note of an event of input `input` that carries no records.
    pub(super) fn note<T>(&mut self, input: usize, event: &Event<T>, cx: &TaskContext) -> InputAction {
        match event {
            Event::Batch(_) => InputAction::Nothing,
            Event::Watermark(watermark) => {
                let merged = self.watermarks.watermark(input, *watermark);
                self.merged(input, merged, cx)
            }
            Event::Status(status) => {
                let merged = self.watermarks.status(input, *status);
                self.merged(input, merged, cx)
            }
            Event::LatencyMarker(marker) => InputAction::LatencyMarker(marker.clone()),
            Event::EndOfData => {
                self.open = self.open.saturating_sub(1);
                let merged = self.watermarks.end(input);
                self.merged(input, merged, cx)
            }
            Event::Replayed { last } => {
                self.alignment.replayed(input, *last);
                InputAction::Nothing
            }
            Event::Barrier(barrier) if cx.makes(Sabotage::SkipAlignment) => {
                if self.alignment.is_first(barrier) {
                    InputAction::Cut(Cut {
                        barrier: barrier.clone(),
                        alignment: Duration::ZERO,
                        recording: None,
                    })
                } else {
                    InputAction::Nothing
                }
            }
            Event::Barrier(barrier) => match self.alignment.barrier(input, barrier.clone(), cx.monotonic()) {
                BarrierAction::Wait => InputAction::Nothing,
                BarrierAction::Snapshot { barrier, alignment } => {
                    InputAction::Cut(Cut { barrier, alignment, recording: None })
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
        InputAction::LatencyMarker(marker) => body.signal(&Signal::LatencyMarker(marker), cx)?,
        InputAction::Cut(cut) => return Ok(StepOutcome::Cut(cut)),
    }
    Ok(StepOutcome::Done)
}
