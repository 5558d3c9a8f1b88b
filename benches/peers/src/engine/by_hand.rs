//! What users write by hand on engines without timers: operators that give results as event time advances.

/// Keyed state of one subtask, and what becomes of it in event time.
pub trait TimedOperator<K, V>: Clone + Send + 'static {
    /// What it gives.
    type Result;

    /// Takes a record.
    fn add(&mut self, key: K, time: u64, value: V, results: &mut impl FnMut(Self::Result));

    /// No record is to come whose time is before `watermark`; [`u64::MAX`] at the end of the input.
    fn advance(&mut self, watermark: u64, results: &mut impl FnMut(Self::Result));
}
