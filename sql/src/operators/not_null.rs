//! Rows with NULL in a column that takes none do not get into a table: as Flink's `ConstraintEnforcer`.

use arrow_array::{Array, BooleanArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_runtime::{Error, ErrorKind, Result};

use crate::chunk::Chunk;

/// Fails at a row with NULL where there must be none, or drops it.
#[derive(Clone, Debug)]
pub struct NotNullEnforcer {
    /// The columns and their names.
    columns: Vec<(usize, String)>,
    drop: bool,
}

impl NotNullEnforcer {
    /// For columns with these names; with `drop`, rows are left out instead of failing the job.
    pub const fn new(columns: Vec<(usize, String)>, drop: bool) -> Self {
        Self { columns, drop }
    }

    fn chunk(&self, chunk: Chunk) -> Result<Chunk> {
        let mut all: Option<NullBuffer> = None;
        for (column, name) in &self.columns {
            let nulls = chunk.column(*column)?.nulls().filter(|nulls| nulls.null_count() > 0);
            if nulls.is_some() && !self.drop {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    format!(
                        "Column '{name}' is NOT NULL, however, a null value is being written into it. You can set job \
                         configuration 'table.exec.sink.not-null-enforcer'='DROP' to suppress this exception and drop \
                         such records silently."
                    ),
                ));
            }
            all = NullBuffer::union(all.as_ref(), nulls);
        }
        let valid: Option<BooleanBuffer> = all.map(NullBuffer::into_inner);
        match valid {
            None => Ok(chunk),
            Some(valid) => chunk.filter(&BooleanArray::new(valid, None)),
        }
    }
}

impl OperatorHooks<Chunk> for NotNullEnforcer {}

impl Operator<Chunk, Chunk> for NotNullEnforcer {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.into_iter().try_for_each(|chunk| {
            let kept = self.chunk(chunk)?;
            if kept.is_empty() { Ok(()) } else { output.forward(&mut kept.into_batch()) }
        })
    }
}

#[cfg(test)]
mod tests;
