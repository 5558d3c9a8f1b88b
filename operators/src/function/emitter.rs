//! Where a function puts its records.

use millstream_runtime::chain::Output;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Record, Timestamp};

use super::FunctionResult;

/// Where a function puts its records. As Flink's `Collector`, and the `output` of its contexts.
#[doc(alias = "Collector")]
pub struct Emitter<'a, O> {
    output: Output<'a, O>,
    timestamp: Timestamp,
}

impl<'a, O> Emitter<'a, O> {
    /// An emitter whose records get `timestamp`.
    pub(crate) fn new(output: &'a mut Output<'_, O>, timestamp: Timestamp) -> Self {
        Self { output: output.reborrow(), timestamp }
    }

    /// Goes on to the next record.
    #[inline]
    pub(crate) const fn set_timestamp(&mut self, timestamp: Timestamp) {
        self.timestamp = timestamp;
    }

    /// Whether the operator may go on with the next record or timer; if not, its work is suspended,
    /// because there is no room downstream or the task has had its share of time.
    #[inline]
    pub(crate) const fn goes_on(&mut self) -> bool {
        self.output.goes_on()
    }

    /// Emits a record, with the timestamp of what is being worked on.
    ///
    /// # Errors
    /// If an operator further down fails.
    #[doc(alias = "collect")]
    #[inline]
    pub fn emit(&mut self, record: O) -> FunctionResult {
        Ok(self.output.emit(record, self.timestamp)?)
    }

    /// Emits a record with a timestamp of its own.
    ///
    /// # Errors
    /// If an operator further down fails.
    #[inline]
    pub fn emit_at(&mut self, record: O, timestamp: Timestamp) -> FunctionResult {
        Ok(self.output.emit(record, timestamp)?)
    }

    /// Emits a record to a side output, with the timestamp of what is being worked on. As the
    /// `output` of Flink's contexts.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn emit_side<S: Record>(&mut self, tag: &OutputTag<S>, record: S) -> FunctionResult {
        Ok(self.output.emit_side(tag, record, self.timestamp)?)
    }
}
