//! Watermarks from a column.

use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::Expression;

/// Emits watermarks: the largest value of an expression so far. As Flink's `WatermarkAssignerOperator`.
///
/// One is emitted right behind the row that raises the maximum by more than the interval of event time past the last
/// that was emitted, and when the interval has passed in processing time.
#[derive(Clone)]
pub struct WatermarkAssigner {
    rowtime: usize,
    expression: Program,
    /// In milliseconds.
    interval: i64,
    /// When the next is emitted, by the monotonic clock.
    due: Option<Duration>,
    maximum: Option<i64>,
    emitted: Option<i64>,
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
        let expression = Program::compile([expression], cx)?;
        let interval = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        Ok(Self { rowtime, expression, interval, due: None, maximum: None, emitted: None })
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
        let cx = EvalContext { now: output.context().now().as_millis(), watermark: None };
        let mut watermarks = self.expression.evaluate_columns(chunk.columns(), chunk.rows(), &cx)?;
        let watermarks = watermarks.pop().ok_or_else(no_watermark)?;
        let watermarks = millis(&watermarks)?;
        let mut start = 0;
        for row in 0..chunk.rows() {
            if watermarks.is_null(row) {
                continue;
            }
            let maximum =
                self.maximum.map_or(watermarks.value(row), |maximum| maximum.max(watermarks.value(row)));
            self.maximum = Some(maximum);
            if self.emitted.is_none_or(|emitted| maximum.saturating_sub(emitted) > self.interval) {
                output.forward(&mut chunk.slice(start, row + 1 - start).into_batch())?;
                start = row + 1;
                self.emit(output)?;
            }
        }
        if start == 0 {
            return output.forward(&mut chunk.clone().into_batch());
        }
        if start < chunk.rows() {
            output.forward(&mut chunk.slice(start, chunk.rows() - start).into_batch())?;
        }
        Ok(())
    }

    fn emit(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        match self.maximum {
            Some(maximum) if self.emitted.is_none_or(|emitted| maximum > emitted) => {
                self.emitted = Some(maximum);
                output.emit_watermark(Timestamp::from_millis(maximum))
            }
            _ => Ok(()),
        }
    }
}

fn millis(values: &ArrayRef) -> Result<PrimitiveArray<TimestampMillisecondType>> {
    values.as_primitive_opt::<TimestampMillisecondType>().cloned().ok_or_else(no_watermark)
}

fn no_watermark() -> Error {
    Error::new(ErrorKind::Internal, "a watermark that is no timestamp in milliseconds")
}

impl OperatorHooks<Chunk> for WatermarkAssigner {
    /// The end of the input is the end of time; other watermarks from before this operator mean nothing here.
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        if watermark == Timestamp::MAX { output.emit_watermark(watermark) } else { Ok(()) }
    }

    fn poll(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        let interval = Duration::from_millis(u64::try_from(self.interval).unwrap_or(0).max(1));
        let now = output.context().monotonic();
        if self.due.is_none_or(|due| due <= now) {
            if self.due.is_some() {
                self.emit(output)?;
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
