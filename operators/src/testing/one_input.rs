//! Pushing records into a function with one input.

use millstream_runtime::Result;
use millstream_state::{Record, Timestamp};

use super::FunctionHarness;
use super::input::Input;

impl<T: Record, R: Record, O: Send + 'static> FunctionHarness<Input<T, R>, O> {
    /// Pushes a record without a timestamp.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    #[doc(alias = "processElement")]
    pub fn push(&mut self, record: T) -> Result<()> {
        self.push_at(record, Timestamp::MIN)
    }

    /// Pushes a record with a timestamp.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn push_at(&mut self, record: T, timestamp: Timestamp) -> Result<()> {
        let places = self.places();
        let routed = self.inputs.route(record, places);
        self.deliver(0, routed, |subtask, record| subtask.push(record, timestamp))
    }

    /// Pushes records without timestamps, one after the other.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn push_all(&mut self, records: impl IntoIterator<Item = T>) -> Result<()> {
        records.into_iter().try_for_each(|record| self.push(record))
    }

    /// Ends the input: event time comes to its end, then the data. Timers in event time fire.
    ///
    /// # Errors
    /// What the function returns, or if the input has ended.
    pub fn end_of_data(&mut self) -> Result<()> {
        self.end_of(0, |_| Ok(()))
    }
}
