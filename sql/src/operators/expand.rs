//! Several rows for each row.

use arrow_array::UInt32Array;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};

use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::Expression;

/// Emits a row for each row and projection; those of a row stand next to each other. As Flink's `StreamExecExpand`.
#[derive(Clone)]
pub struct Expand(Vec<Program>);

impl Expand {
    /// With these projections, which all have the same types.
    ///
    /// # Errors
    /// If a function refuses a constant.
    pub fn new(projections: &[Vec<Expression>], cx: &BuildContext) -> SqlResult<Self> {
        projections.iter().map(|columns| Program::compile(columns, cx)).collect::<SqlResult<_>>().map(Self)
    }

    fn expand(&self, chunk: &Chunk, cx: &EvalContext) -> Result<Option<Chunk>> {
        let each = self.0.iter().map(|projection| {
            Ok(chunk.with_columns(projection.evaluate_columns(chunk.columns(), chunk.rows(), cx)?))
        });
        let each = each.collect::<Result<Vec<_>>>()?;
        let (rows, copies) = (chunk.rows(), each.len());
        let positions = (0..rows).flat_map(|row| (0..copies).map(move |copy| copy * rows + row));
        let positions = positions.map(|position| u32::try_from(position).unwrap_or(u32::MAX));
        let positions = UInt32Array::from_iter_values(positions);
        Chunk::concat(&each)?.map(|expanded| expanded.take(&positions)).transpose()
    }
}

impl OperatorHooks<Chunk> for Expand {}

impl Operator<Chunk, Chunk> for Expand {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let cx = EvalContext { now: output.context().now().as_millis(), watermark: None };
        // What comes out is no larger than other chunks.
        let rows = (Chunk::ROWS / self.0.len().max(1)).max(1);
        for chunk in batch.drain() {
            for start in (0..chunk.rows()).step_by(rows) {
                if let Some(expanded) = self.expand(&chunk.slice(start, rows), &cx)? {
                    output.forward(&mut expanded.into_batch())?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
