//! Merging the watermarks of several inputs: the minimum over those that are active.

use millstream_state::Timestamp;

use crate::event::StreamStatus;

#[derive(Clone, Copy)]
struct Input {
    watermark: Timestamp,
    state: InputState,
}

/// Whether event time waits for an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputState {
    /// It does.
    #[default]
    Active,
    /// It does not, as long as the input is idle.
    Idle,
    /// The input has ended, or its event time has.
    Ended,
}

/// What a change of one input means for the merged stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The merged watermark, if it has risen.
    pub watermark: Option<Timestamp>,
    /// The merged status, if it has changed.
    pub status: Option<StreamStatus>,
}

/// Merges the watermarks of a task's inputs.
///
/// The merged watermark never falls: an input that wakes up behind the others is ignored until it
/// has caught up, as in Flink's `StatusWatermarkValve`.
#[derive(Clone)]
pub struct WatermarkMerger {
    inputs: Vec<Input>,
    merged: Timestamp,
    idle: bool,
}

impl WatermarkMerger {
    /// For `inputs` inputs, all active and without a watermark.
    pub fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Input { watermark: Timestamp::MIN, state: InputState::Active }; inputs],
            merged: Timestamp::MIN,
            idle: false,
        }
    }

    /// Input `index` has sent a watermark. One of [`Timestamp::MAX`] says that its event time is over.
    pub fn watermark(&mut self, index: usize, watermark: Timestamp) -> Merged {
        if watermark == Timestamp::MAX {
            return self.end(index);
        }
        if let Some(input) = self.inputs.get_mut(index) {
            input.watermark = input.watermark.max(watermark);
        }
        self.merge()
    }

    /// Input `index` has become idle or active.
    pub fn status(&mut self, index: usize, status: StreamStatus) -> Merged {
        if let Some(input) = self.inputs.get_mut(index).filter(|input| input.state != InputState::Ended) {
            input.state = match status {
                StreamStatus::Idle => InputState::Idle,
                StreamStatus::Active => InputState::Active,
            };
        }
        self.merge()
    }

    /// Input `index` has ended, or its event time has: nobody waits for it any more, and what others
    /// that are merely idle have not reached is not skipped for it.
    pub fn end(&mut self, index: usize) -> Merged {
        if let Some(input) = self.inputs.get_mut(index) {
            input.state = InputState::Ended;
        }
        self.merge()
    }

    /// What input `index` has reached, and whether it counts.
    pub(crate) fn input(&self, index: usize) -> (Timestamp, InputState) {
        self.inputs
            .get(index)
            .map_or((Timestamp::MIN, InputState::Ended), |input| (input.watermark, input.state))
    }

    /// How many inputs there are.
    pub(crate) const fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// The merged watermark.
    pub fn current(&self) -> Timestamp {
        self.merged
    }

    fn merge(&mut self) -> Merged {
        let mut result = Merged::default();
        let of = |state: InputState| self.inputs.iter().filter(move |input| input.state == state);
        let ended = of(InputState::Ended).count() == self.inputs.len();
        let idle = !ended && of(InputState::Active).next().is_none();
        let lowest = match (ended, idle) {
            (true, _) => Some(Timestamp::MAX),
            // Without an active input, what any has reached is safe to emit: it would have been emitted at
            // once had the others been idle by then. That event time is over for an input that has ended
            // says nothing for those that may come back.
            (false, true) => self.inputs.iter().map(|input| input.watermark).max(),
            (false, false) => of(InputState::Active).map(|input| input.watermark).min(),
        };
        if idle != self.idle {
            self.idle = idle;
            result.status = Some(if idle { StreamStatus::Idle } else { StreamStatus::Active });
        }
        if let Some(lowest) = lowest.filter(|lowest| *lowest > self.merged) {
            self.merged = lowest;
            result.watermark = Some(lowest);
        }
        result
    }
}

#[cfg(test)]
mod tests;
