//! Calc: rows for which a condition holds, and expressions over them.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_select::filter::FilterBuilder;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::Expression;

/// Filters rows and computes expressions over those that are left. As Flink's `StreamExecCalc`.
#[derive(Clone)]
pub struct Calc {
    condition: Option<Program>,
    projection: Program,
    /// The columns that the projection reads, by position: no other is filtered.
    read: Vec<usize>,
    /// What CURRENT_WATERMARK gives: event time so far, in milliseconds.
    watermark: Option<i64>,
}

impl Calc {
    /// A filter and a projection.
    ///
    /// # Errors
    /// If a function refuses a constant.
    pub fn new(
        condition: Option<&Expression>,
        projection: &[Expression],
        cx: &BuildContext,
    ) -> SqlResult<Self> {
        let mut read = Vec::new();
        let mut note = |column| {
            if !read.contains(&column) {
                read.push(column);
            }
        };
        projection.iter().for_each(|expression| expression.visit_columns(&mut note));
        let local =
            projection.iter().map(|expression| expression.over(&read).unwrap_or_else(|| expression.clone()));
        let local: Vec<_> = local.collect();
        Ok(Self {
            condition: condition.map(|condition| Program::compile([condition], cx)).transpose()?,
            projection: Program::compile(&local, cx)?,
            read,
            watermark: None,
        })
    }

    fn apply(&self, chunk: &Chunk, cx: &EvalContext) -> Result<Option<Chunk>> {
        if chunk.is_empty() {
            return Ok(None);
        }
        let read = self
            .read
            .iter()
            .map(|column| chunk.column(*column).cloned())
            .collect::<Result<Vec<ArrayRef>>>()?;
        let mut rows = chunk.with_columns(read);
        if let Some(condition) = &self.condition {
            let mut mask = condition.evaluate_columns(chunk.columns(), chunk.rows(), cx)?;
            let mask =
                mask.pop().ok_or_else(|| Error::new(ErrorKind::Internal, "a filter without a condition"))?;
            let mask = mask.as_boolean_opt().ok_or_else(|| {
                Error::new(ErrorKind::Internal, format!("a condition of type {}", mask.data_type()))
            })?;
            let kept = mask.true_count();
            if kept == 0 {
                return Ok(None);
            }
            if kept < rows.rows() {
                rows = rows.filter_by(&FilterBuilder::new(mask).optimize().build())?;
            }
        }
        let columns = self.projection.evaluate_columns(rows.columns(), rows.rows(), cx)?;
        Ok(Some(rows.with_columns(columns)))
    }
}

impl OperatorHooks<Chunk> for Calc {
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.watermark = Some(watermark.as_millis());
        output.emit_watermark(watermark)
    }
}

impl Operator<Chunk, Chunk> for Calc {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let cx = EvalContext { now: output.context().now().as_millis(), watermark: self.watermark };
        for chunk in batch.drain() {
            if let Some(result) = self.apply(&chunk, &cx)? {
                output.forward(&mut result.into_batch())?;
            }
        }
        Ok(())
    }
}
