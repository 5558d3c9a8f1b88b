//! The watermark of each row of a chunk.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, PrimitiveArray};
use millstream_runtime::{Error, ErrorKind, Result};

use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::Expression;

/// What WATERMARK FOR says of each row. As Flink's generated `WatermarkGenerator`.
#[derive(Clone)]
pub struct WatermarkExpression(Program);

/// The watermarks of a chunk's rows, in milliseconds; NULL for a row that has none.
pub type RowWatermarks = PrimitiveArray<TimestampMillisecondType>;

impl WatermarkExpression {
    /// An expression over the columns of chunks.
    ///
    /// # Errors
    /// If a function refuses a constant.
    pub fn new(expression: &Expression, cx: &BuildContext) -> SqlResult<Self> {
        Program::compile([expression], cx).map(Self)
    }

    /// The watermark of each row; `now` is the wall clock in milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// What fails the job.
    pub fn evaluate(&self, chunk: &Chunk, now: i64) -> Result<RowWatermarks> {
        let cx = EvalContext { now, watermark: None };
        let watermarks = self.0.evaluate_columns(chunk.columns(), chunk.rows(), &cx)?;
        let watermarks = watermarks.first().and_then(AsArray::as_primitive_opt::<TimestampMillisecondType>);
        watermarks.cloned().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a watermark that is no timestamp in milliseconds")
        })
    }
}

/// The watermark of a row, if it has one.
pub fn watermark_of(watermarks: &RowWatermarks, row: usize) -> Option<i64> {
    watermarks.is_valid(row).then(|| watermarks.value(row))
}
