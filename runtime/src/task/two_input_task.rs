//! The task of a chain whose head has two inputs.

use millstream_state::{Record, Timestamp};

use super::inputs::{Inputs, TaskInputs, act};
use super::lifecycle::{Body, Cut, Lifecycle, StepOutcome};
use super::{Budget, Progress, Task};
use crate::chain::{Signal, Stage, TaskContext, TwoInputCollector};
use crate::checkpoint::Control;
use crate::error::Result;
use crate::event::Event;
use crate::input::{InputGate, Recording, WatermarkMerger};

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
    /// How far each gate has come in event time.
    first_time: WatermarkMerger,
    second_time: WatermarkMerger,
    second_is_next: bool,
    inputs: Inputs,
    chain: Box<dyn TwoInputCollector<A, B>>,
}

impl<A, B> TwoInputTask<A, B> {
    pub(crate) fn new(
        first: InputGate<A>,
        second: InputGate<B>,
        inputs: TaskInputs,
        chain: Box<dyn TwoInputCollector<A, B>>,
    ) -> Self {
        let inputs = Inputs::new(first.len() + second.len(), inputs);
        let (first_open, second_open) = (first.len(), second.len());
        let body = TwoInputBody {
            first,
            second,
            first_open,
            second_open,
            first_time: WatermarkMerger::new(first_open),
            second_time: WatermarkMerger::new(second_open),
            second_is_next: false,
            inputs,
            chain,
        };
        Self { lifecycle: Lifecycle::new(), body }
    }
}

/// How far a gate has come in event time, if that is further than before; the event is one of its channel `channel`.
fn risen<T>(time: &mut WatermarkMerger, channel: usize, event: &Event<T>) -> Option<Timestamp> {
    let merged = match event {
        Event::Watermark(watermark) => time.watermark(channel, *watermark),
        Event::Status(status) => time.status(channel, *status),
        Event::EndOfData => time.end(channel),
        _ => return None,
    };
    merged.watermark
}

impl<A: Record, B: Record> TwoInputBody<A, B> {
    fn poll_first(&mut self, cx: &mut TaskContext) -> Result<Option<StepOutcome>> {
        let Some((input, event)) = self.first.poll(&self.inputs.alignment) else { return Ok(None) };
        if let Event::Batch(mut batch) = event {
            cx.count_in(&batch);
            self.chain.first(&mut batch, cx)?;
            self.first.give_back(input, batch);
            return Ok(Some(StepOutcome::Done));
        }
        if let Some(watermark) = risen(&mut self.first_time, input, &event) {
            self.chain.first_watermark(watermark, cx)?;
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
        if let Some(watermark) = risen(&mut self.second_time, input - self.first.len(), &event) {
            self.chain.second_watermark(watermark, cx)?;
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

impl<A: Record, B: Record> Stage for TwoInputBody<A, B> {
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

impl<A: Record, B: Record> Body for TwoInputBody<A, B> {
    fn inputs(&mut self) -> Option<&mut Inputs> {
        Some(&mut self.inputs)
    }

    fn unalign(&mut self, cx: &TaskContext) -> Option<Cut> {
        self.inputs.unalign(self.first.can_unalign().chain(self.second.can_unalign()), cx)
    }

    fn begin_recording(&mut self, recording: &mut Recording) -> Result<()> {
        self.first.begin_recording(recording)?;
        self.second.begin_recording(recording)
    }

    fn record(&mut self, recording: &mut Recording) -> Result<()> {
        self.first.record(recording)?;
        self.second.record(recording)
    }

    fn end_recording(&mut self) {
        self.first.end_recording();
        self.second.end_recording();
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

impl<A: Record, B: Record> Task for TwoInputTask<A, B> {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.body, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        self.lifecycle.control(&mut self.body, &message, cx)
    }
}

#[cfg(test)]
mod tests;
