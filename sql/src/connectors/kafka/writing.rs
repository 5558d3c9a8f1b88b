//! Chunks to records of Kafka.

use arrow_array::ArrayRef;
use millstream_connectors::kafka::{ProducerRecord, RecordSerializer};

use super::columns::{Columns, Part};
use super::metadata::Metadata;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, RowKind};
use crate::error::{SqlError, SqlResult};
use crate::formats::RowEncoder;
use crate::types::Schema;

/// Makes a record of each row.
#[derive(Clone)]
pub(super) struct RowSerializer {
    key: Option<Encoding>,
    value: Encoding,
    /// What is set beside key and value, from columns of the rows.
    metadata: Vec<(Metadata, usize)>,
    is_upsert: bool,
}

/// Writes a part of a record.
#[derive(Clone)]
struct Encoding {
    encoder: RowEncoder,
    /// Where its columns are in rows.
    positions: Vec<usize>,
}

impl Encoding {
    fn new(part: &Part, table: &Table, schema: &Schema) -> SqlResult<Self> {
        let position = |column: &usize| position_of(table, schema, *column);
        let positions = part.positions.iter().map(position).collect::<SqlResult<Vec<_>>>()?;
        Ok(Self { encoder: part.format.encoder(&part.schema)?, positions })
    }

    /// The columns of a chunk that are written.
    fn columns_of(&self, chunk: &Chunk) -> Result<Chunk, String> {
        let columns = self.positions.iter().map(|position| chunk.column(*position).cloned());
        let columns = columns.collect::<millstream_runtime::Result<Vec<ArrayRef>>>();
        columns.map(|columns| chunk.with_columns(columns)).map_err(|error| error.to_string())
    }
}

fn position_of(table: &Table, schema: &Schema, column: usize) -> SqlResult<usize> {
    let name = table.columns.get(column).map(|column| &*column.name).unwrap_or_default();
    schema.position(name).ok_or_else(|| SqlError::validation(format!("column '{name}' is not written")))
}

impl RowSerializer {
    /// For rows of `schema`, which has the columns of the table that are written.
    pub(super) fn new(columns: &Columns, table: &Table, schema: &Schema, is_upsert: bool) -> SqlResult<Self> {
        let mut metadata = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            if let ColumnSource::Metadata { key, is_virtual: false } = &column.source {
                metadata.push((Metadata::to_write(key, column)?, position_of(table, schema, position)?));
            }
        }
        let key = columns.key.as_ref().map(|key| Encoding::new(key, table, schema)).transpose()?;
        Ok(Self { key, value: Encoding::new(&columns.value, table, schema)?, metadata, is_upsert })
    }
}

impl RecordSerializer for RowSerializer {
    type Record = Chunk;

    fn serialize(&mut self, chunk: Chunk, records: &mut Vec<ProducerRecord>) -> Result<(), String> {
        let keys = self.key.as_ref().map(|key| key.columns_of(&chunk)).transpose()?;
        let values = self.value.columns_of(&chunk)?;
        records.reserve(chunk.rows());
        for row in 0..chunk.rows() {
            let kind = chunk.kinds().get(row);
            if self.is_upsert && kind == RowKind::UpdateBefore {
                continue;
            }
            let mut record = if self.is_upsert && kind == RowKind::Delete {
                ProducerRecord::default()
            } else {
                let mut bytes = Vec::new();
                self.value.encoder.encode(&values, row, &mut bytes)?;
                ProducerRecord::new(bytes)
            };
            if let (Some(key), Some(keys)) = (&mut self.key, &keys) {
                let mut bytes = Vec::new();
                key.encoder.encode(keys, row, &mut bytes)?;
                record = record.key(bytes);
            }
            for (metadata, position) in &self.metadata {
                let column = chunk.column(*position).map_err(|error| error.to_string())?;
                record = metadata.set(record, column, row);
            }
            records.push(record);
        }
        Ok(())
    }
}
