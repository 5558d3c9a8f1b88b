//! Rows that travel together, as columns.

mod builder;
mod display_text;
mod exchange;
mod grouping;
pub(crate) mod keys;
mod kinds;
pub mod row_codec;
mod row_text;
mod scalar;
mod wire;

use std::sync::Arc;

use arrow_array::UInt32Array;
use arrow_array::{ArrayRef, BooleanArray, new_empty_array};
use arrow_select::concat::concat;
use arrow_select::filter::{FilterBuilder, FilterPredicate};
use arrow_select::take::take;
use millstream_runtime::batch::Batch;
use millstream_runtime::{Error, ErrorKind, Result};

pub use builder::{ChunkBuilder, ColumnBuilder, ValueError};
pub use display_text::DisplayText;
pub use exchange::exchange;
pub(crate) use grouping::Grouping;
pub use keys::{KeyLayout, Keys};
pub use kinds::{Kinds, RowKind};
pub use row_codec::{EncodedRows, RowCodec};
pub use row_text::{RowText, write_value};
pub use scalar::Scalar;
pub(crate) use scalar::{no_value, quoted};

use crate::types::Schema;

/// Rows that travel together: columns, and what each row does to the table.
///
/// A chunk is one record of the runtime, which weighs as much as its rows do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chunk {
    columns: Arc<[ArrayRef]>,
    rows: usize,
    kinds: Kinds,
}

impl Chunk {
    /// How many rows sources put into a chunk. Operators may emit up to twice as many.
    pub const ROWS: usize = 4096;

    /// Rows that are inserted. `rows` counts where there are no columns; each column must have that many values.
    pub fn new(columns: impl Into<Arc<[ArrayRef]>>, rows: usize) -> Self {
        Self { columns: columns.into(), rows, kinds: Kinds::Insert }
    }

    /// No rows of these columns.
    pub fn empty(schema: &Schema) -> Self {
        let columns = schema.fields().map(|field| new_empty_array(&field.data_type.arrow()));
        Self::new(columns.collect::<Vec<_>>(), 0)
    }

    /// The same rows with other kinds, one for each row.
    #[must_use]
    pub fn with_kinds(self, kinds: Kinds) -> Self {
        Self { kinds, ..self }
    }

    /// The same rows with other columns of as many values.
    #[must_use]
    pub fn with_columns(&self, columns: impl Into<Arc<[ArrayRef]>>) -> Self {
        Self { columns: columns.into(), rows: self.rows, kinds: self.kinds.clone() }
    }

    /// The columns.
    pub fn columns(&self) -> &[ArrayRef] {
        &self.columns
    }

    /// A column.
    ///
    /// # Errors
    /// If there is none: a fault of the planner.
    pub fn column(&self, index: usize) -> Result<&ArrayRef> {
        self.columns.get(index).ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("column {index} of a chunk with {}", self.columns.len()))
        })
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// What each row does.
    pub const fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The bytes of the values, roughly: what is shared with other chunks counts for each of them.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.get_buffer_memory_size()).sum()
    }

    /// The rows that the mask has `true` for; NULL counts as `false`.
    ///
    /// # Errors
    /// If the mask has another length.
    pub fn filter(&self, mask: &BooleanArray) -> Result<Self> {
        self.filter_by(&FilterBuilder::new(mask).optimize().build())
    }

    /// The rows that a prepared filter keeps.
    ///
    /// # Errors
    /// If the filter is for another number of rows.
    pub fn filter_by(&self, filter: &FilterPredicate) -> Result<Self> {
        let columns = self.columns.iter().map(|column| filter.filter(column).map_err(arrow_error));
        Ok(Self {
            columns: columns.collect::<Result<Arc<[_]>>>()?,
            rows: filter.count(),
            kinds: self.kinds.filter(filter)?,
        })
    }

    /// The rows at these positions, in this order, each as often as it is named.
    ///
    /// # Errors
    /// If a position is out of range.
    pub fn take(&self, positions: &UInt32Array) -> Result<Self> {
        let columns = self.columns.iter().map(|column| take(column, positions, None).map_err(arrow_error));
        Ok(Self {
            columns: columns.collect::<Result<Arc<[_]>>>()?,
            rows: arrow_array::Array::len(positions),
            kinds: self.kinds.take(positions.values()),
        })
    }

    /// `rows` rows from `start` on; they share memory with this chunk.
    #[must_use]
    pub fn slice(&self, start: usize, rows: usize) -> Self {
        let start = start.min(self.rows);
        let rows = rows.min(self.rows - start);
        let columns = self.columns.iter().map(|column| column.slice(start, rows)).collect();
        Self { columns, rows, kinds: self.kinds.slice(start, rows) }
    }

    /// All rows of all chunks, in order; `None` if there is no chunk. All have the same columns.
    ///
    /// # Errors
    /// If they do not.
    pub fn concat(chunks: &[Self]) -> Result<Option<Self>> {
        let [first, others @ ..] = chunks else { return Ok(None) };
        if others.is_empty() {
            return Ok(Some(first.clone()));
        }
        let columns = (0..first.columns.len()).map(|index| {
            let parts = chunks.iter().map(|chunk| chunk.column(index).map(AsRef::as_ref));
            concat(&parts.collect::<Result<Vec<_>>>()?).map_err(arrow_error)
        });
        Ok(Some(Self {
            columns: columns.collect::<Result<Arc<[_]>>>()?,
            rows: chunks.iter().map(Self::rows).sum(),
            kinds: Kinds::concat(chunks.iter().map(|chunk| (chunk.kinds(), chunk.rows()))),
        }))
    }

    /// The same rows, without the memory of texts that are not among them, where that is most of it: rows that wait or
    /// travel must not hold on to what they were cut from.
    #[must_use]
    pub fn compacted(self) -> Self {
        let columns = self.columns.iter().map(exchange::compact).collect();
        Self { columns, ..self }
    }

    /// The chunk as a batch of the runtime, with the weight of its rows.
    pub fn into_batch(self) -> Batch<Self> {
        let (rows, bytes) = (self.rows as u64, self.bytes() as u64);
        Batch::weighing(vec![self], rows, bytes)
    }
}

/// What arrow's kernels refuse is a fault of ours: types were checked when the plan was made.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn arrow_error(error: arrow_schema::ArrowError) -> Error {
    let kind = match error {
        arrow_schema::ArrowError::DivideByZero | arrow_schema::ArrowError::ArithmeticOverflow(_) => {
            ErrorKind::Function
        }
        _ => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string())
}

#[cfg(test)]
mod tests;
