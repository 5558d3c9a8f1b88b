//! Format `avro`: rows in Avro's binary encoding, as messages or in container files.
//!
//! As Flink's [Avro format](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/avro/): the
//! schema is that of the table's columns. A container file is read with the schema that it has, whose fields are found by
//! their names; a message must have been written with the table's.

mod codec;
mod confluent;
mod container;
mod datum;
mod decoder;
mod derive;
mod encoder;
mod input;
mod plan;
mod schema;
mod writer;

use std::sync::Arc;

use super::options::FormatOptions;
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;
use codec::Codec;
use writer::{ColumnWriter, writers};

pub(super) use confluent::{RegisteredAvro, RegisteredAvroDecoder};
pub use decoder::AvroDecoder;
pub use encoder::AvroEncoder;

/// A schema of Avro.
#[derive(Clone, Debug)]
pub struct AvroSchema(Arc<schema::Schema>);

impl AvroSchema {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &str) -> Result<Self, String> {
        schema::Schema::parse(json).map(|schema| Self(Arc::new(schema)))
    }

    fn shared(&self) -> Arc<schema::Schema> {
        self.0.clone()
    }
}

/// The options of format `avro`.
#[derive(Clone, Debug)]
pub struct AvroOptions {
    codec: Codec,
    rows: TableSchema,
}

/// The schema that Flink derives for rows with these columns, as JSON. With `legacy`, TIMESTAMPs are timestamps of Avro, and
/// not local ones.
///
/// # Errors
/// If a column has a type that Avro does not have, or a name that it does not allow.
pub fn table_schema(columns: &Schema, legacy: bool) -> SqlResult<String> {
    derive::derive(columns, legacy)
}

/// The schema of a table's rows.
#[derive(Clone, Debug)]
struct TableSchema {
    columns: Schema,
    json: Arc<str>,
    parsed: schema::Schema,
}

impl TableSchema {
    /// Derives it. With `legacy`, TIMESTAMPs are timestamps of Avro, and not local ones.
    ///
    /// # Errors
    /// If a column has a type that Avro does not have, or a name that it does not allow.
    fn derive(columns: &Schema, legacy: bool) -> SqlResult<Self> {
        let json = derive::derive(columns, legacy)?;
        let parsed = schema::Schema::parse(&json).map_err(SqlError::validation)?;
        Ok(Self { columns: columns.clone(), json: json.into(), parsed })
    }

    /// What writes the columns of rows.
    ///
    /// # Errors
    /// If they are not those of the table.
    fn writers<'a>(&self, rows: &'a Chunk) -> Result<Vec<ColumnWriter<'a>>, String> {
        writers(rows.columns(), &self.columns)
            .ok_or_else(|| "a column of another type than the table's".to_owned())
    }
}

impl AvroOptions {
    /// Takes the options of format `avro`.
    pub(super) fn new(options: &mut FormatOptions<'_>, schema: &Schema) -> SqlResult<Self> {
        let codec = options.take("codec").map_or(Ok(Codec::Snappy), |name| Codec::of_option(&name))?;
        match options.take("encoding").as_deref() {
            None | Some("binary") => {}
            Some("json") => {
                return Err(SqlError::unsupported(format!(
                    "'{}' = 'json' is not supported: only the binary encoding of Avro is",
                    options.key("encoding")
                )));
            }
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option '{}': it must be binary or json",
                    options.key("encoding")
                )));
            }
        }
        let legacy = options.boolean("timestamp_mapping.legacy")?.unwrap_or(true);
        Ok(Self { codec, rows: TableSchema::derive(schema, legacy)? })
    }
}
