//! Rows into a chunk.

use arrow_array::BooleanArray;
use millstream_runtime::Result;

use super::{ColumnBuilder, ValueError};
use crate::chunk::{Chunk, Kinds, RowKind};
use crate::types::Schema;

/// A chunk under construction.
pub struct ChunkBuilder {
    columns: Vec<ColumnBuilder>,
    rows: usize,
    kinds: Vec<RowKind>,
    /// Which rows are in: those that could be made.
    made: Vec<bool>,
    left_out: usize,
}

impl ChunkBuilder {
    /// A chunk of these columns.
    pub fn new(schema: &Schema) -> Self {
        let columns = schema.fields().map(ColumnBuilder::new).collect();
        Self { columns, rows: 0, kinds: Vec::new(), made: Vec::new(), left_out: 0 }
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows - self.left_out
    }

    /// Adds a row. What `fill` does not append is NULL.
    ///
    /// # Errors
    /// What `fill` says, or that a column that it leaves out is NOT NULL; the row is then left out.
    #[inline]
    pub fn append(
        &mut self,
        kind: RowKind,
        fill: impl FnOnce(&mut [ColumnBuilder]) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let mut filled = fill(&mut self.columns);
        self.rows += 1;
        for (index, column) in self.columns.iter_mut().enumerate() {
            if column.len() < self.rows {
                filled = filled.and(column.append_null().map_err(|error| error.in_column(index)));
            }
        }
        self.kinds.push(kind);
        self.made.push(filled.is_ok());
        self.left_out += usize::from(filled.is_err());
        filled
    }

    /// Adds the rows of a message that has several: all that `fill` appends, or none.
    ///
    /// # Errors
    /// What `fill` says; all rows are then left out.
    pub fn append_all(
        &mut self,
        fill: impl FnOnce(&mut Self) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let first = self.rows;
        let filled = fill(self);
        if filled.is_err() {
            for made in self.made.iter_mut().skip(first) {
                self.left_out += usize::from(std::mem::take(made));
            }
        }
        filled
    }

    /// The rows; there are none then.
    ///
    /// # Errors
    /// If arrow refuses a column.
    pub fn finish(&mut self) -> Result<Chunk> {
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect::<Result<Vec<_>>>()?;
        let kinds: Kinds = self.kinds.drain(..).collect();
        let chunk = Chunk::new(columns, self.rows).with_kinds(kinds);
        let made = std::mem::take(&mut self.made);
        let left_out = std::mem::take(&mut self.left_out);
        self.rows = 0;
        if left_out == 0 { Ok(chunk) } else { chunk.filter(&BooleanArray::from(made)) }
    }
}
