//! The task of a source that is handed its splits while it runs, and what is chained to it.

use super::inputs::{InputAction, Inputs, TaskInputs};
use super::latency_markers::LatencyMarkers;
use super::lifecycle::{Body, Lifecycle, StepOutcome};
use super::source_task::end_source;
use super::{Budget, Progress, Task};
use crate::chain::{Signal, SourceStatus, SplitReaderHead, Stage, TaskContext};
use crate::checkpoint::{Barrier, Control};
use crate::error::Result;
use crate::event::Event;
use crate::input::{InputGate, Merged};

/// Asks a source for records as a [`SourceTask`](super::SourceTask) does, and gives it the splits that come
/// through an input gate.
///
/// It is cut by the barriers that come with the splits, so that a split is in the snapshot of the operator that
/// hands it out or in that of its reader, never in both or in none.
pub struct SplitReaderTask<S> {
    lifecycle: Lifecycle,
    body: SplitReaderBody<S>,
}

struct SplitReaderBody<S> {
    gate: InputGate<S>,
    inputs: Inputs,
    head: Box<dyn SplitReaderHead<S>>,
    markers: Option<LatencyMarkers>,
    /// No split follows.
    is_complete: bool,
    /// The source has ended, or has been notified to stop: it is asked no more.
    silent: bool,
}

impl<S> SplitReaderTask<S> {
    pub(crate) fn new(
        gate: InputGate<S>,
        inputs: TaskInputs,
        head: Box<dyn SplitReaderHead<S>>,
        markers: Option<LatencyMarkers>,
    ) -> Self {
        let inputs = Inputs::new(gate.len(), inputs);
        let body = SplitReaderBody { gate, inputs, head, markers, is_complete: false, silent: false };
        Self { lifecycle: Lifecycle::new(), body }
    }
}

impl<S: Send> Stage for SplitReaderBody<S> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.head.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.head.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.head.resume(cx)
    }
}

impl<S: Send> SplitReaderBody<S> {
    /// Takes an event of the gate. The splits' own event time means nothing: a reader makes that of its records.
    fn take(&mut self, input: usize, event: Event<S>, cx: &mut TaskContext) -> Result<StepOutcome> {
        if let Event::Batch(mut splits) = event {
            cx.count_in(&splits);
            self.head.splits(&mut splits, cx)?;
            self.gate.give_back(input, splits);
            return Ok(StepOutcome::Done);
        }
        let action = self.inputs.note(input, &event, cx);
        self.is_complete |= self.inputs.just_ended();
        match action {
            InputAction::Cut(cut) => return Ok(StepOutcome::Cut(cut)),
            InputAction::Merged(Merged { status: Some(status), .. }) => {
                self.head.splits_status(status, cx)?
            }
            // Those of what hands out the splits: nobody waits for a split as for a record.
            InputAction::Nothing | InputAction::Merged(_) | InputAction::LatencyMarker(_) => {}
        }
        Ok(StepOutcome::Done)
    }
}

impl<S: Send> Body for SplitReaderBody<S> {
    fn inputs(&mut self) -> Option<&mut Inputs> {
        Some(&mut self.inputs)
    }

    fn step(&mut self, cx: &mut TaskContext) -> Result<StepOutcome> {
        if let Some((input, event)) = self.gate.poll(&self.inputs.alignment) {
            return self.take(input, event, cx);
        }
        if self.silent {
            return Ok(StepOutcome::Dry);
        }
        if let Some(markers) = &mut self.markers {
            markers.send_if_due(self.head.as_mut(), cx)?;
        }
        match self.head.next(cx)? {
            SourceStatus::More => Ok(StepOutcome::Done),
            SourceStatus::Ended if self.is_complete => {
                end_source(&mut self.silent, self.head.as_mut(), cx)?;
                Ok(StepOutcome::Ended)
            }
            SourceStatus::Waiting | SourceStatus::Ended => {
                self.markers.iter().for_each(|markers| markers.wake(cx));
                Ok(StepOutcome::Dry)
            }
        }
    }

    fn drain_source(&mut self, cx: &mut TaskContext) -> Result<bool> {
        end_source(&mut self.silent, self.head.as_mut(), cx)
    }

    fn after_cut(&mut self, barrier: &Barrier) {
        self.silent |= barrier.stops_sources();
    }
}

impl<S: Send> Task for SplitReaderTask<S> {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.body, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        self.lifecycle.control(&mut self.body, &message, cx)
    }
}

#[cfg(test)]
mod tests;
