//! The task of a chain whose head has two inputs.

use super::inputs::{Inputs, act};
use super::lifecycle::{Body, Lifecycle, StepOutcome};
use super::{Budget, Progress, Task};
use crate::chain::{Signal, Stage, TaskContext, TwoInputCollector};
use crate::checkpoint::Control;
use crate::error::Result;
use crate::event::Event;
use crate::input::{Alignment, InputGate};

/// Takes events from two input gates, in turn, into a chain.
pub struct TwoInputTask<A, B> {
    lifecycle: Lifecycle,
    body: TwoInputBody<A, B>,
}

struct TwoInputBody<A, B> {
    first: InputGate<A>,
    second: InputGate<B>,
    /// How many channels of each gate have not ended.
    first_open: usize,
    second_open: usize,
    second_is_next: bool,
    inputs: Inputs,
    chain: Box<dyn TwoInputCollector<A, B>>,
}

impl<A, B> TwoInputTask<A, B> {
    pub(crate) fn new(
        first: InputGate<A>,
        second: InputGate<B>,
        chain: Box<dyn TwoInputCollector<A, B>>,
    ) -> Self {
        let inputs = Inputs::new(first.len() + second.len());
        let (first_open, second_open) = (first.len(), second.len());
        let body =
            TwoInputBody { first, second, first_open, second_open, second_is_next: false, inputs, chain };
        Self { lifecycle: Lifecycle::new(), body }
    }
}

impl<A: Send, B: Send> TwoInputBody<A, B> {
    fn poll_first(&mut self, cx: &mut TaskContext) -> Result<Option<StepOutcome>> {
        let Some((input, event)) = self.first.poll(&self.inputs.alignment) else { return Ok(None) };
        if let Event::Batch(mut batch) = event {
            cx.count_in(&batch);
            self.chain.first(&mut batch, cx)?;
            self.first.give_back(input, batch);
            return Ok(Some(StepOutcome::Done));
        }
        if matches!(event, Event::EndOfData) {
            self.first_open = self.first_open.saturating_sub(1);
            if self.first_open == 0 {
                // Before the watermark that may rise now: what the operator held back for this
                // input belongs before it.
                self.chain.first_ended(cx)?;
            }
        }
        let action = self.inputs.note(input, &event, cx);
        act(self, action, cx).map(Some)
    }

    fn poll_second(&mut self, cx: &mut TaskContext) -> Result<Option<StepOutcome>> {
        let Some((input, event)) = self.second.poll(&self.inputs.alignment) else { return Ok(None) };
        if let Event::Batch(mut batch) = event {
            cx.count_in(&batch);
            self.chain.second(&mut batch, cx)?;
            self.second.give_back(input, batch);
            return Ok(Some(StepOutcome::Done));
        }
        if matches!(event, Event::EndOfData) {
            self.second_open = self.second_open.saturating_sub(1);
            if self.second_open == 0 {
                self.chain.second_ended(cx)?;
            }
        }
        let action = self.inputs.note(input, &event, cx);
        act(self, action, cx).map(Some)
    }
}

impl<A: Send, B: Send> Stage for TwoInputBody<A, B> {
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

impl<A: Send, B: Send> Body for TwoInputBody<A, B> {
    fn alignment(&mut self) -> Option<&mut Alignment> {
        Some(&mut self.inputs.alignment)
    }

    fn step(&mut self, cx: &mut TaskContext) -> Result<StepOutcome> {
        self.second_is_next = !self.second_is_next;
        let mut taken = if self.second_is_next { self.poll_first(cx)? } else { self.poll_second(cx)? };
        if taken.is_none() {
            taken = if self.second_is_next { self.poll_second(cx)? } else { self.poll_first(cx)? };
        }
        Ok(if self.inputs.just_ended() { StepOutcome::Ended } else { taken.unwrap_or(StepOutcome::Dry) })
    }
}

impl<A: Send, B: Send> Task for TwoInputTask<A, B> {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.body, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        self.lifecycle.control(&mut self.body, &message, cx)
    }
}
