//! Chunks to what requests carry.

use arrow_array::ArrayRef;
use millstream_connectors::http::RecordSerializer;

use super::columns::MessageColumns;
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::formats::{Format, RowEncoder};
use crate::types::Schema;

/// Makes a message of each row.
#[derive(Clone)]
pub(super) struct RowMessages {
    encoder: RowEncoder,
    /// Where the columns of messages are in rows.
    positions: Vec<usize>,
    content_type: &'static str,
}

impl RowMessages {
    /// For rows of `schema`, which has the columns of the table that are written.
    pub(super) fn new(columns: &MessageColumns, schema: &Schema) -> SqlResult<Self> {
        let position = |name: &str| {
            schema
                .position(name)
                .ok_or_else(|| SqlError::validation(format!("column '{name}' is not written")))
        };
        let content_type = match &columns.format {
            Format::Json(_) | Format::Changelog(_) => "application/json",
            Format::Csv(_) => "text/csv",
            _ => "application/octet-stream",
        };
        Ok(Self {
            encoder: columns.format.encoder(&columns.schema)?,
            positions: columns.schema.names().map(position).collect::<SqlResult<_>>()?,
            content_type,
        })
    }
}

impl RecordSerializer for RowMessages {
    type Record = Chunk;

    fn serialize(&mut self, chunk: Chunk, into: &mut Vec<Vec<u8>>) -> Result<(), String> {
        let columns = self.positions.iter().map(|position| chunk.column(*position).cloned());
        let columns = columns.collect::<millstream_runtime::Result<Vec<ArrayRef>>>();
        let rows = chunk.with_columns(columns.map_err(|error| error.to_string())?);
        into.reserve(rows.rows());
        for row in 0..rows.rows() {
            let mut message = Vec::new();
            self.encoder.encode(&rows, row, &mut message)?;
            into.push(message);
        }
        Ok(())
    }

    fn content_type(&self) -> Option<&'static str> {
        Some(self.content_type)
    }
}
