//! The task of a chain whose head has two inputs.

use super::common::{Body, Inputs, Lifecycle, Step, act};
use super::{Budget, Progress, Task};
use crate::chain::{Signal, TaskContext, TwoInputCollector};
use crate::checkpoint::Control;
use crate::error::Result;
use crate::event::Event;
use crate::input::InputGate;

/// Takes events from two input gates, in turn, into a chain.
pub struct TwoInputTask<A, B> {
    lifecycle: Lifecycle,
    body: TwoInputs<A, B>,
}

struct TwoInputs<A, B> {
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
        let body = TwoInputs { first, second, first_open, second_open, second_is_next: false, inputs, chain };
        Self { lifecycle: Lifecycle::new(), body }
    }
}

fn count_in<T>(records: usize, cx: &TaskContext) {
    cx.metrics().records_in.add(records as u64);
    cx.metrics().bytes_in.add((records * size_of::<T>()) as u64);
}

impl<A, B> TwoInputs<A, B> {
    fn poll_first(&mut self, cx: &mut TaskContext) -> Result<bool> {
        let Some((input, event)) = self.first.poll(&self.inputs.alignment) else { return Ok(false) };
        if let Event::Batch(mut batch) = event {
            count_in::<A>(batch.len(), cx);
            self.chain.first(&mut batch, cx)?;
            self.first.give_back(input, batch);
        } else {
            if matches!(event, Event::EndOfData) {
                self.first_open = self.first_open.saturating_sub(1);
                if self.first_open == 0 {
                    // Before the watermark that may rise now: what the operator held back for
                    // this input belongs before it.
                    self.chain.first_ended(cx)?;
                }
            }
            let action = self.inputs.note(input, &event, cx);
            act(self, action, cx)?;
        }
        Ok(true)
    }

    fn poll_second(&mut self, cx: &mut TaskContext) -> Result<bool> {
        let Some((input, event)) = self.second.poll(&self.inputs.alignment) else { return Ok(false) };
        if let Event::Batch(mut batch) = event {
            count_in::<B>(batch.len(), cx);
            self.chain.second(&mut batch, cx)?;
            self.second.give_back(input, batch);
        } else {
            if matches!(event, Event::EndOfData) {
                self.second_open = self.second_open.saturating_sub(1);
                if self.second_open == 0 {
                    // Before the watermark that may rise now: what the operator held back for
                    // this input belongs before it.
                    self.chain.second_ended(cx)?;
                }
            }
            let action = self.inputs.note(input, &event, cx);
            act(self, action, cx)?;
        }
        Ok(true)
    }
}

impl<A, B> Body for TwoInputs<A, B> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.chain.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.chain.drain(cx);
    }

    fn step(&mut self, cx: &mut TaskContext) -> Result<Step> {
        self.second_is_next = !self.second_is_next;
        let mut found = false;
        for turn in 0..2 {
            let first = self.second_is_next == (turn == 0);
            found = found || if first { self.poll_first(cx)? } else { self.poll_second(cx)? };
        }
        Ok(match (self.inputs.just_ended(), found) {
            (true, _) => Step::Ended,
            (false, true) => Step::Done,
            (false, false) => Step::Dry,
        })
    }
}

impl<A: Send, B: Send> Task for TwoInputTask<A, B> {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.body, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        if let Control::CheckpointAborted(checkpoint) = message {
            self.body.inputs.alignment.abort(checkpoint);
            cx.waker().wake_by_ref();
        }
        self.lifecycle.control(&mut self.body, &message, cx)
    }
}
