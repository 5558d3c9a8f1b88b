//! The task of a chain with one input.

use super::inputs::{Inputs, act};
use super::lifecycle::{Body, Lifecycle, StepOutcome};
use super::{Budget, Progress, Task};
use crate::chain::{Collector, Signal, Stage, TaskContext};
use crate::checkpoint::Control;
use crate::error::Result;
use crate::event::Event;
use crate::input::{Alignment, InputGate};

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
    pub(crate) fn new(gate: InputGate<T>, chain: Box<dyn Collector<T>>) -> Self {
        let inputs = Inputs::new(gate.len());
        Self { lifecycle: Lifecycle::new(), body: OperatorBody { gate, inputs, chain } }
    }
}

impl<T: Send> Stage for OperatorBody<T> {
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

impl<T: Send> Body for OperatorBody<T> {
    fn alignment(&mut self) -> Option<&mut Alignment> {
        Some(&mut self.inputs.alignment)
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

impl<T: Send> Task for OperatorTask<T> {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.body, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        self.lifecycle.control(&mut self.body, &message, cx)
    }
}
