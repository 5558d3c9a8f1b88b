//! The task of a chain with one input.

use millstream_state::Record;

use super::inputs::{Inputs, TaskInputs, act};
use super::lifecycle::{Body, Cut, Lifecycle, StepOutcome};
use super::{Budget, Progress, Task};
use crate::chain::{Collector, Signal, Stage, TaskContext};
use crate::checkpoint::Control;
use crate::error::Result;
use crate::event::Event;
use crate::input::{InputGate, Recording};

/// Takes events from one input gate into a chain.
pub struct OperatorTask<T> {
    lifecycle: Lifecycle,
    body: OperatorBody<T>,
}

struct OperatorBody<T> {
    gate: InputGate<T>,
    inputs: Inputs,
    chain: Box<dyn Collector<T>>,
}

impl<T> OperatorTask<T> {
    pub(crate) fn new(gate: InputGate<T>, inputs: TaskInputs, chain: Box<dyn Collector<T>>) -> Self {
        let inputs = Inputs::new(gate.len(), inputs);
        Self { lifecycle: Lifecycle::new(), body: OperatorBody { gate, inputs, chain } }
    }
}

impl<T: Record> Stage for OperatorBody<T> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.chain.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.chain.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.chain.resume(cx)
    }
}

impl<T: Record> Body for OperatorBody<T> {
    fn inputs(&mut self) -> Option<&mut Inputs> {
        Some(&mut self.inputs)
    }

    fn unalign(&mut self, cx: &TaskContext) -> Option<Cut> {
        self.inputs.unalign(self.gate.can_unalign(), cx)
    }

    fn begin_recording(&mut self, recording: &mut Recording) -> Result<()> {
        self.gate.begin_recording(recording)
    }

    fn record(&mut self, recording: &mut Recording) -> Result<()> {
        self.gate.record(recording)
    }

    fn end_recording(&mut self) {
        self.gate.end_recording();
    }

    fn step(&mut self, cx: &mut TaskContext) -> Result<StepOutcome> {
        let Some((input, event)) = self.gate.poll(&self.inputs.alignment) else {
            return Ok(StepOutcome::Dry);
        };
        if let Event::Batch(mut batch) = event {
            cx.count_in(&batch);
            self.chain.batch(&mut batch, cx)?;
            self.gate.give_back(input, batch);
            return Ok(StepOutcome::Done);
        }
        let action = self.inputs.note(input, &event, cx);
        let step = act(self, action, cx)?;
        Ok(if self.inputs.just_ended() { StepOutcome::Ended } else { step })
    }
}

impl<T: Record> Task for OperatorTask<T> {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.body, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        self.lifecycle.control(&mut self.body, &message, cx)
    }
}
