//! Watermarks from a column.

mod emitted;
mod expression;

use std::time::Duration;

use arrow_array::Array;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::event::StreamStatus;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::eval::BuildContext;
use crate::plan::Expression;

pub use emitted::{EmittedWatermarks, forward_from};
pub use expression::{RowWatermarks, WatermarkExpression, watermark_of};

/// Emits watermarks: the largest value of an expression so far. As Flink's `WatermarkAssignerOperator`.
///
/// One is emitted right behind the row that raises the maximum by more than the interval of event time past the last
/// that was emitted, and when the interval has passed in processing time. After a restore it begins anew.
#[derive(Clone)]
pub struct WatermarkAssigner {
    rowtime: usize,
    expression: WatermarkExpression,
    /// In milliseconds.
    interval: i64,
    /// When the next is emitted, by the monotonic clock.
    due: Option<Duration>,
    maximum: Option<i64>,
    emitted: EmittedWatermarks,
    /// After how long without rows the stream is idle.
    idle_timeout: Option<Duration>,
    /// When there was a row last, by the monotonic clock.
    last_row: Option<Duration>,
}

impl WatermarkAssigner {
    /// For the rowtime column at this position. The interval is Flink's `pipeline.auto-watermark-interval`.
    ///
    /// # Errors
    /// If a function refuses a constant.
    pub fn new(
        rowtime: usize,
        expression: &Expression,
        interval: Duration,
        cx: &BuildContext,
    ) -> SqlResult<Self> {
        Ok(Self {
            rowtime,
            expression: WatermarkExpression::new(expression, cx)?,
            interval: i64::try_from(interval.as_millis()).unwrap_or(i64::MAX),
            due: None,
            maximum: None,
            emitted: EmittedWatermarks::new(),
            idle_timeout: None,
            last_row: None,
        })
    }

    /// The same, which says that the stream is idle when no row has come for so long: Flink's
    /// `table.exec.source.idle-timeout`. Zero stands for never.
    #[must_use]
    pub fn idle_after(self, timeout: Duration) -> Self {
        Self { idle_timeout: (!timeout.is_zero()).then_some(timeout), ..self }
    }

    /// Emits the rows of a chunk with the watermarks that come between them.
    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        if chunk.column(self.rowtime)?.null_count() > 0 {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "RowTime field should not be null, please convert it to a non-null long value.",
            ));
        }
        if self.idle_timeout.is_some() {
            self.last_row = Some(output.context().monotonic());
            self.emitted.set_idle(false, output)?;
        }
        let now = output.context().now().as_millis();
        let watermarks = self.expression.evaluate(chunk, now)?;
        let mut start = 0;
        for row in 0..chunk.rows() {
            let Some(watermark) = watermark_of(&watermarks, row) else { continue };
            let maximum = self.maximum.map_or(watermark, |maximum| maximum.max(watermark));
            self.maximum = Some(maximum);
            if self.emitted.last().is_none_or(|last| maximum.saturating_sub(last) > self.interval) {
                output.forward(&mut chunk.slice(start, row + 1 - start).into_batch())?;
                start = row + 1;
                self.emitted.emit(self.maximum, output)?;
            }
        }
        forward_from(chunk, start, output)
    }
}

impl OperatorHooks<Chunk> for WatermarkAssigner {
    /// The end of the input is the end of time; other watermarks from before this operator mean nothing here.
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        if watermark == Timestamp::MAX { output.emit_watermark(watermark) } else { Ok(()) }
    }

    fn status(&mut self, status: StreamStatus, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.last_row = Some(output.context().monotonic());
        self.emitted.set_idle(status == StreamStatus::Idle, output)
    }

    /// There is no input. Only here is the stream found idle: where it is held up, rows wait.
    fn flush(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let Some(timeout) = self.idle_timeout.filter(|_| !self.emitted.is_idle()) else { return Ok(()) };
        let now = output.context().monotonic();
        let idle_at = self.last_row.get_or_insert(now).saturating_add(timeout);
        if now < idle_at {
            output.context().wake_after(idle_at.saturating_sub(now));
            return Ok(());
        }
        // What has come so far still counts.
        self.emitted.emit(self.maximum, output)?;
        self.emitted.set_idle(true, output)
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let interval = Duration::from_millis(u64::try_from(self.interval).unwrap_or(0).max(1));
        let now = output.context().monotonic();
        if self.due.is_none_or(|due| due <= now) {
            if self.due.is_some() {
                self.emitted.emit(self.maximum, output)?;
            }
            self.due = Some(now + interval);
            output.context().wake_after(interval);
        }
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for WatermarkAssigner {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
