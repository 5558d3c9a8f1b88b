//! What a function may ask that has no key, and the loop over its records.

use std::sync::Arc;

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, TaskContext};
use millstream_runtime::clock::Clock;
use millstream_runtime::{Error, Result};
use millstream_state::Timestamp;

use super::{Emitter, FunctionResult};

/// The clock of the task, once the operator is open.
#[derive(Clone, Default)]
pub(crate) struct TimeOfDay(Option<Arc<dyn Clock>>);

impl TimeOfDay {
    pub(crate) fn of(task: &TaskContext) -> Self {
        Self(Some(task.clock()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.as_ref().map_or(Timestamp::MIN, |clock| clock.now())
    }
}

/// What a function without a key may ask about the record that it works on, and about time.
pub struct ProcessContext<'a> {
    clock: &'a TimeOfDay,
    timestamp: Timestamp,
    watermark: Timestamp,
}

impl<'a> ProcessContext<'a> {
    pub(crate) const fn new(clock: &'a TimeOfDay, timestamp: Timestamp, watermark: Timestamp) -> Self {
        Self { clock, timestamp, watermark }
    }

    /// The timestamp of the record that is being worked on, if it has one; in `watermark` and
    /// `end_of_data`, the watermark. What is emitted gets it.
    #[inline]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp.known()
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark,
    /// [`Timestamp::MAX`] when the stream has ended.
    #[doc(alias = "currentWatermark")]
    #[inline]
    pub const fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// The processing time. Reads a clock: not for every record.
    #[doc(alias = "currentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Both kinds of time, as an operator without keys follows them for its function.
pub(crate) struct Times {
    clock: TimeOfDay,
    watermark: Timestamp,
}

impl Default for Times {
    fn default() -> Self {
        Self { clock: TimeOfDay::default(), watermark: Timestamp::MIN }
    }
}

impl Times {
    pub(crate) fn open(&mut self, task: &TaskContext) {
        self.clock = TimeOfDay::of(task);
    }

    /// Does `work` to each record, until all are done or the task should yield.
    #[inline]
    pub(crate) fn for_each<T, O>(
        &self,
        batch: &mut Batch<T>,
        output: &mut Output<'_, O>,
        mut work: impl FnMut(T, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult,
    ) -> Result<()> {
        let mut cx = ProcessContext::new(&self.clock, Timestamp::MIN, self.watermark);
        let mut out = Emitter::new(output, Timestamp::MIN);
        batch.drain_while(|record, timestamp| {
            cx.timestamp = timestamp;
            out.set_timestamp(timestamp);
            work(record, &mut cx, &mut out)?;
            Ok::<_, Error>(out.goes_on())
        })
    }

    /// Does `work` that is about no record.
    pub(crate) fn without_record<O>(
        &self,
        output: &mut Output<'_, O>,
        work: impl FnOnce(&mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult,
    ) -> Result<()> {
        let mut cx = ProcessContext::new(&self.clock, self.watermark, self.watermark);
        Ok(work(&mut cx, &mut Emitter::new(output, self.watermark))?)
    }

    /// Event time has come to `watermark`: does `work` about it, then sends it on.
    pub(crate) fn advance<O>(
        &mut self,
        watermark: Timestamp,
        output: &mut Output<'_, O>,
        work: impl FnOnce(&mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult,
    ) -> Result<()> {
        self.watermark = watermark;
        self.without_record(output, work)?;
        output.emit_watermark(watermark)
    }
}
