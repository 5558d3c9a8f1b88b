//! What a function under test has emitted.

use millstream_runtime::graph::OutputTag;
use millstream_runtime::testing::Emitted;
use millstream_state::{Record, Timestamp};

use super::{FunctionHarness, Inputs};

impl<I: Inputs, O: Send + 'static> FunctionHarness<I, O> {
    /// How many records came too late for all their windows, and went to no side output.
    pub fn late_records(&self) -> u64 {
        self.subtasks.iter().map(|subtask| subtask.counters().late_records).sum()
    }

    /// Takes the records emitted since the last time.
    #[doc(alias = "extractOutputValues")]
    pub fn take_records(&mut self) -> Vec<O> {
        self.take_timed().into_iter().map(|(record, _)| record).collect()
    }

    /// Takes the records emitted since the last time, with the timestamps of those that have one.
    pub fn take_timed(&mut self) -> Vec<(O, Option<Timestamp>)> {
        self.take_some(|emitted| match emitted {
            Emitted::Record(record, timestamp) => Ok((record, timestamp.known())),
            other => Err(other),
        })
    }

    /// Takes the watermarks emitted since the last time, those of each subtask.
    pub fn take_watermarks(&mut self) -> Vec<Timestamp> {
        self.take_some(|emitted| match emitted {
            Emitted::Watermark(watermark) => Ok(watermark),
            other => Err(other),
        })
    }

    /// Takes everything emitted since the last time, in order: records, watermarks, idleness and the
    /// end of the data.
    #[doc(alias = "getOutput")]
    pub fn take_emitted(&mut self) -> Vec<Emitted<O>> {
        std::mem::take(&mut self.emitted)
    }

    /// Takes what `take` accepts, and leaves the rest.
    fn take_some<R>(&mut self, take: impl Fn(Emitted<O>) -> Result<R, Emitted<O>>) -> Vec<R> {
        let mut taken = Vec::new();
        for emitted in std::mem::take(&mut self.emitted) {
            match take(emitted) {
                Ok(wanted) => taken.push(wanted),
                Err(other) => self.emitted.push(other),
            }
        }
        taken
    }

    /// Takes the records emitted to a side output since the last time.
    #[doc(alias = "getSideOutput")]
    pub fn take_side_output<S: Record>(&mut self, tag: &OutputTag<S>) -> Vec<S> {
        self.take_side_output_timed(tag).into_iter().map(|(record, _)| record).collect()
    }

    /// Takes the records emitted to a side output since the last time, with the timestamps of those
    /// that have one.
    pub fn take_side_output_timed<S: Record>(&mut self, tag: &OutputTag<S>) -> Vec<(S, Option<Timestamp>)> {
        let records = self.subtasks.iter().flat_map(|subtask| subtask.take_side_timed(tag));
        records.map(|(record, timestamp)| (record, timestamp.known())).collect()
    }
}
