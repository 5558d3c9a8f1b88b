//! Merging the watermarks of several inputs: the minimum over those that are active.

use millstream_state::Timestamp;

use crate::event::StreamStatus;

#[derive(Clone, Copy)]
struct Input {
    watermark: Timestamp,
    idle: bool,
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
pub struct WatermarkMerger {
    inputs: Vec<Input>,
    merged: Timestamp,
    idle: bool,
}

impl WatermarkMerger {
    /// For `inputs` inputs, all active and without a watermark.
    pub fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Input { watermark: Timestamp::MIN, idle: false }; inputs],
            merged: Timestamp::MIN,
            idle: false,
        }
    }

    /// Input `index` has sent a watermark.
    pub fn watermark(&mut self, index: usize, watermark: Timestamp) -> Merged {
        if let Some(input) = self.inputs.get_mut(index) {
            input.watermark = input.watermark.max(watermark);
        }
        self.merge()
    }

    /// Input `index` has become idle or active.
    pub fn status(&mut self, index: usize, status: StreamStatus) -> Merged {
        if let Some(input) = self.inputs.get_mut(index) {
            input.idle = status == StreamStatus::Idle;
        }
        self.merge()
    }

    /// Input `index` has ended: nobody waits for it any more.
    pub fn end(&mut self, index: usize) -> Merged {
        if let Some(input) = self.inputs.get_mut(index) {
            *input = Input { watermark: Timestamp::MAX, idle: false };
        }
        self.merge()
    }

    /// The merged watermark.
    pub fn current(&self) -> Timestamp {
        self.merged
    }

    fn merge(&mut self) -> Merged {
        let mut result = Merged::default();
        let idle = self.inputs.iter().all(|input| input.idle);
        if idle != self.idle {
            self.idle = idle;
            result.status = Some(if idle { StreamStatus::Idle } else { StreamStatus::Active });
        }
        let active = self.inputs.iter().filter(|input| !input.idle).map(|input| input.watermark).min();
        // When the last input goes idle, what the others had reached before is safe to tell.
        let lowest = active.or_else(|| self.inputs.iter().map(|input| input.watermark).max());
        if let Some(lowest) = lowest.filter(|lowest| *lowest > self.merged) {
            self.merged = lowest;
            result.watermark = Some(lowest);
        }
        result
    }
}

#[cfg(test)]
mod tests;
