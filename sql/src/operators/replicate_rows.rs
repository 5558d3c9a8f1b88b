//! Rows that are there several times: what INTERSECT ALL and EXCEPT ALL make of their counts.

use arrow_array::UInt32Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::{Error, ErrorKind, Result};

use crate::chunk::Chunk;

/// Emits each row as often as its first column says, never if that is not above 0, and behind its columns those but the
/// first once more. A change of a row is one of each of its copies. As Flink's `ReplicateRowsFunction` in a `Correlate`.
#[derive(Clone, Copy, Debug)]
pub struct ReplicateRows;

impl OperatorHooks<Chunk> for ReplicateRows {}

impl Operator<Chunk, Chunk> for ReplicateRows {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        for chunk in batch.drain() {
            let counts = chunk.column(0)?.as_primitive_opt::<Int64Type>().cloned().ok_or_else(|| {
                Error::new(ErrorKind::Internal, "the number of times that a row is there is no BIGINT")
            })?;
            let mut positions = Vec::new();
            for (position, count) in (0_u32..).zip(&counts) {
                for _ in 0..count.unwrap_or_default() {
                    positions.push(position);
                    if positions.len() == Chunk::ROWS {
                        emit(&chunk, std::mem::take(&mut positions), output)?;
                    }
                }
            }
            emit(&chunk, positions, output)?;
        }
        Ok(())
    }
}

/// Emits the rows at these positions of a chunk.
fn emit(chunk: &Chunk, positions: Vec<u32>, output: &mut Output<'_, Chunk>) -> Result<()> {
    if positions.is_empty() {
        return Ok(());
    }
    let taken = chunk.take(&UInt32Array::from(positions))?;
    let columns = taken.columns().iter().chain(taken.columns().iter().skip(1)).cloned();
    output.forward(&mut taken.with_columns(columns.collect::<Vec<_>>()).into_batch())
}

#[cfg(test)]
mod tests;
