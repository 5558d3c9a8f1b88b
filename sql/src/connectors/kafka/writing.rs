//! Chunks to records of Kafka.

use std::sync::Arc;

use arrow_array::ArrayRef;
use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_connectors::kafka::{ProducerRecord, RecordSerializer};

use super::super::metadata::MetadataKey;
use super::columns::{Columns, Part};
use super::metadata::Metadata;
use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, RowKind};
use crate::error::{SqlError, SqlResult};
use crate::formats::registry::{SchemaRegistration, SchemaRegistry, SchemaText};
use crate::formats::{Format, RowEncoder};
use crate::types::zone::Zone;
use crate::types::{Schema, SqlType};

/// Makes a record of each row.
#[derive(Clone)]
pub(super) struct RowSerializer {
    key: Option<Encoding>,
    value: Encoding,
    /// What is set beside key and value, from columns of the rows.
    metadata: Vec<Written>,
    is_upsert: bool,
}

/// Metadata, from a column of the rows.
#[derive(Clone)]
struct Written {
    metadata: Metadata,
    position: usize,
    /// Where the column has no zone: on whose clock it is.
    zone: Option<Zone>,
}

/// Writes a part of a record.
#[derive(Clone)]
struct Encoding {
    encoder: RowEncoder,
    /// Where its columns are in rows.
    positions: Vec<usize>,
    /// What must be registered before the first row.
    subject: Option<Subject>,
}

/// A schema, and where it belongs.
#[derive(Clone)]
struct Subject {
    registry: Arc<dyn SchemaRegistry>,
    name: String,
    schema: SchemaText,
}

impl Encoding {
    /// `subject` is that of the part, unless its format says another.
    fn new(part: &Part, table: &Table, schema: &Schema, subject: String) -> SqlResult<Self> {
        let position = |column: &usize| position_of(table, schema, *column);
        let positions = part.positions.iter().map(position).collect::<SqlResult<Vec<_>>>()?;
        let subject = match &part.format {
            Format::Confluent(options) => match options.schemas() {
                Some(schemas) => Some(Subject {
                    registry: schemas.registry().clone(),
                    name: options.subject().map_or(subject, str::to_owned),
                    schema: options.schema()?,
                }),
                None => None,
            },
            _ => None,
        };
        Ok(Self { encoder: part.format.encoder(&part.schema)?, positions, subject })
    }

    /// Registers the schema, if there is one. The encoder has its number when the future ends.
    fn register(&mut self) -> Option<BoxFuture<'static, millstream_runtime::Result<()>>> {
        let Subject { registry, name, schema } = self.subject.clone()?;
        let registration = SchemaRegistration::default();
        self.encoder.set_registration(registration.clone());
        Some(async move { registration.register(registry, &name, &schema).await }.boxed())
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
    pub(super) fn new(
        columns: &Columns,
        table: &Table,
        schema: &Schema,
        topic: &str,
        zone: &Zone,
        is_upsert: bool,
    ) -> SqlResult<Self> {
        let mut metadata = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            if let ColumnSource::Metadata { key, is_virtual: false } = &column.source {
                let is_local = matches!(column.field.data_type, SqlType::Timestamp(..));
                metadata.push(Written {
                    metadata: Metadata::to_write(key, column)?,
                    position: position_of(table, schema, position)?,
                    zone: is_local.then(|| zone.clone()),
                });
            }
        }
        let encoding =
            |part: &Part, name: &str| Encoding::new(part, table, schema, format!("{topic}-{name}"));
        let key = columns.key.as_ref().map(|key| encoding(key, "key")).transpose()?;
        Ok(Self { key, value: encoding(&columns.value, "value")?, metadata, is_upsert })
    }
}

impl RecordSerializer for RowSerializer {
    type Record = Chunk;

    fn prepare(&mut self) -> Option<BoxFuture<'static, millstream_runtime::Result<()>>> {
        let of_key = self.key.as_mut().and_then(Encoding::register);
        match (of_key, self.value.register()) {
            (Some(key), Some(value)) => Some(
                async move {
                    key.await?;
                    value.await
                }
                .boxed(),
            ),
            (key, value) => key.or(value),
        }
    }

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
            for Written { metadata, position, zone } in &self.metadata {
                let column = chunk.column(*position).map_err(|error| error.to_string())?;
                record = metadata.set(record, column, row, zone.as_ref());
            }
            records.push(record);
        }
        Ok(())
    }
}
