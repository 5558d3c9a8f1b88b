//! Markers that tell operators to work on the rows that they have collected.

use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_state::Timestamp;

use crate::chunk::Chunk;

/// Emits a watermark each interval of the clock: as Flink's `ProcTimeMiniBatchAssignerOperator`. Those of the input mean
/// nothing to what comes after.
#[derive(Clone, Debug)]
pub struct ClockMarkers {
    /// In milliseconds, above 0.
    interval: i64,
    emitted: i64,
    /// When the next is due, by the monotonic clock.
    due: Option<Duration>,
}

impl ClockMarkers {
    /// With an interval in milliseconds.
    pub fn new(interval: u64) -> Self {
        let interval = i64::try_from(interval).unwrap_or(i64::MAX).max(1);
        Self { interval, emitted: 0, due: None }
    }

    /// Emits the marker of the interval that has begun, if it has not been.
    fn advance(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let now = output.context().now().as_millis();
        let began = now - now.rem_euclid(self.interval);
        if began <= self.emitted {
            return Ok(());
        }
        self.emitted = began;
        output.emit_watermark(Timestamp::from_millis(began))
    }
}

impl OperatorHooks<Chunk> for ClockMarkers {
    /// The end of the input is the end of time.
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        if watermark == Timestamp::MAX { output.emit_watermark(watermark) } else { Ok(()) }
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let now = output.context().monotonic();
        if self.due.is_none_or(|due| due <= now) {
            self.advance(output)?;
            // Intervals begin at multiples of their length.
            let since = output.context().now().as_millis().rem_euclid(self.interval);
            let left = Duration::from_millis(u64::try_from(self.interval - since).unwrap_or(1));
            self.due = Some(now + left);
            output.context().wake_after(left);
        }
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for ClockMarkers {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.advance(output)?;
        output.forward(batch)
    }
}

/// Lets through one watermark of the input for each interval of event time: as Flink's
/// `RowTimeMiniBatchAssginerOperator`.
#[derive(Clone, Debug)]
pub struct WatermarkMarkers {
    /// In milliseconds, above 0.
    interval: i64,
    watermark: i64,
    /// The watermark from which on one is let through.
    next: i64,
}

impl WatermarkMarkers {
    /// With an interval in milliseconds.
    pub fn new(interval: u64) -> Self {
        let interval = i64::try_from(interval).unwrap_or(i64::MAX).max(1);
        Self { interval, watermark: 0, next: interval - 1 }
    }

    /// The last moment of the interval of a time; of the next interval if it is that moment.
    const fn end_after(&self, time: i64) -> i64 {
        let end = time.saturating_sub(time.rem_euclid(self.interval)).saturating_add(self.interval - 1);
        if end > time { end } else { end.saturating_add(self.interval) }
    }
}

impl OperatorHooks<Chunk> for WatermarkMarkers {
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        // The end of the input is the end of time.
        if watermark == Timestamp::MAX {
            return output.emit_watermark(watermark);
        }
        self.watermark = self.watermark.max(watermark.as_millis());
        if self.watermark < self.next {
            return Ok(());
        }
        self.next = self.end_after(self.watermark);
        output.emit_watermark(Timestamp::from_millis(self.watermark))
    }
}

impl Operator<Chunk, Chunk> for WatermarkMarkers {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        output.forward(batch)
    }
}

#[cfg(test)]
mod tests;
