//! Chunks to messages of NATS.

use arrow_array::ArrayRef;
use millstream_connectors::nats::{MessageSerializer, NatsMessage};

use super::super::metadata::MetadataKey;
use super::Payload;
use super::metadata::Metadata;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::formats::RowEncoder;
use crate::types::Schema;

/// Makes a message of each row.
#[derive(Clone)]
pub(super) struct RowSerializer {
    encoder: RowEncoder,
    /// Where the columns of the payload are in rows.
    positions: Vec<usize>,
    /// What is set beside the payload, and from which column of the rows.
    metadata: Vec<(Metadata, usize)>,
}

impl RowSerializer {
    /// For rows of `schema`, which has the columns of the table that are written.
    pub(super) fn new(payload: &Payload, table: &Table, schema: &Schema) -> SqlResult<Self> {
        let position_of = |column: usize| {
            let name = table.columns.get(column).map(|column| &*column.name).unwrap_or_default();
            schema
                .position(name)
                .ok_or_else(|| SqlError::validation(format!("column '{name}' is not written")))
        };
        let mut metadata = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            if let ColumnSource::Metadata { key, is_virtual: false } = &column.source {
                metadata.push((Metadata::to_write(key, column)?, position_of(position)?));
            }
        }
        let positions =
            payload.positions.iter().map(|column| position_of(*column)).collect::<SqlResult<_>>()?;
        Ok(Self { encoder: payload.format.encoder(&payload.schema)?, positions, metadata })
    }
}

impl MessageSerializer for RowSerializer {
    type Record = Chunk;

    fn serialize(&mut self, chunk: Chunk, messages: &mut Vec<NatsMessage>) -> Result<(), String> {
        let columns = self.positions.iter().map(|position| chunk.column(*position).cloned());
        let columns = columns.collect::<millstream_runtime::Result<Vec<ArrayRef>>>();
        let values = chunk.with_columns(columns.map_err(|error| error.to_string())?);
        messages.reserve(chunk.rows());
        for row in 0..chunk.rows() {
            let mut bytes = Vec::new();
            self.encoder.encode(&values, row, &mut bytes)?;
            let mut message = NatsMessage::new(bytes);
            for (metadata, position) in &self.metadata {
                let column = chunk.column(*position).map_err(|error| error.to_string())?;
                message = metadata.set(message, column, row);
            }
            messages.push(message);
        }
        Ok(())
    }
}
