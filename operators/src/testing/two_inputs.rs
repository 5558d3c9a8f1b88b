//! Pushing records into a function with two inputs.

use millstream_runtime::Result;
use millstream_runtime::event::StreamStatus;
use millstream_state::{Record, Timestamp};

use super::FunctionHarness;
use super::input::Input;

impl<A, RA, B, RB, O> FunctionHarness<(Input<A, RA>, Input<B, RB>), O>
where
    A: Record,
    RA: Record,
    B: Record,
    RB: Record,
    O: Send + 'static,
{
    /// Pushes a record without a timestamp into the first input.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    #[doc(alias = "processElement1")]
    pub fn push_first(&mut self, record: A) -> Result<()> {
        self.push_first_at(record, Timestamp::MIN)
    }

    /// Pushes a record with a timestamp into the first input.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn push_first_at(&mut self, record: A, timestamp: Timestamp) -> Result<()> {
        let places = self.places();
        let routed = self.inputs.0.route(record, places);
        self.deliver(0, routed, |subtask, record| subtask.push_first(record, timestamp))
    }

    /// Pushes a record without a timestamp into the second input, that of the broadcast stream where
    /// there is one.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    #[doc(alias = "processElement2")]
    #[doc(alias = "processBroadcastElement")]
    pub fn push_second(&mut self, record: B) -> Result<()> {
        self.push_second_at(record, Timestamp::MIN)
    }

    /// Pushes a record with a timestamp into the second input.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn push_second_at(&mut self, record: B, timestamp: Timestamp) -> Result<()> {
        let places = self.places();
        let routed = self.inputs.1.route(record, places);
        self.deliver(1, routed, |subtask, record| subtask.push_second(record, timestamp))
    }

    /// Brings event time of the first input to `watermark`; that of the function is the earlier of
    /// the two.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    #[doc(alias = "processWatermark1")]
    pub fn watermark_first(&mut self, watermark: Timestamp) -> Result<()> {
        self.watermark_of(0, watermark)
    }

    /// Brings event time of the second input to `watermark`.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    #[doc(alias = "processWatermark2")]
    pub fn watermark_second(&mut self, watermark: Timestamp) -> Result<()> {
        self.watermark_of(1, watermark)
    }

    /// Notifies the operator that the first input has become idle, so that its watermarks are
    /// ignored, or active.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn status_first(&mut self, status: StreamStatus) -> Result<()> {
        self.status_of(0, status)
    }

    /// Notifies the operator that the second input has become idle or active.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn status_second(&mut self, status: StreamStatus) -> Result<()> {
        self.status_of(1, status)
    }

    /// Ends the first input.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn end_first(&mut self) -> Result<()> {
        self.end_of(0, |subtask| subtask.end_first())
    }

    /// Ends the second input.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn end_second(&mut self) -> Result<()> {
        self.end_of(1, |subtask| subtask.end_second())
    }

    /// Ends the inputs that have not ended: event time comes to its end, then the data.
    ///
    /// # Errors
    /// What the function returns.
    pub fn end_of_data(&mut self) -> Result<()> {
        if !self.has_ended(0) {
            self.end_first()?;
        }
        if self.has_ended(1) { Ok(()) } else { self.end_second() }
    }
}
