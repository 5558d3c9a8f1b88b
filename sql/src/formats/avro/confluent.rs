//! Messages of `avro-confluent` and `debezium-avro-confluent`: values of Avro, behind the number of their schema.
//!
//! What is read is resolved with the columns of the table; what is written has the schema of the table.

mod changes;
mod decoder;
mod encoder;

use std::collections::HashMap;
use std::sync::Arc;

use super::{AvroSchema, TableSchema};
use crate::error::{SqlError, SqlResult};
use crate::formats::options::FormatOptions;
use crate::formats::registry::{ParsedSchema, References, RegisteredSchemas, SchemaRegistry, SchemaType};
use crate::types::{Field, NamedField, Schema, SqlType};

pub(in crate::formats) use decoder::RegisteredAvroDecoder;

impl ParsedSchema for AvroSchema {
    const TYPE: SchemaType = SchemaType::Avro;
    const REFERENCES: References = References::Refused;

    fn parse(text: &str, _imports: &HashMap<String, String>) -> Result<Self, String> {
        Self::parse(text)
    }
}

/// The options of a format with a registry, and what is known of its schemas.
#[derive(Clone, Debug)]
pub(in crate::formats) struct RegisteredAvro {
    /// Whether messages are changes, and not rows.
    is_changelog: bool,
    /// What is written: rows, or changes of them.
    written: TableSchema,
    columns: Schema,
    schemas: Option<Arc<RegisteredSchemas<AvroSchema>>>,
}

impl RegisteredAvro {
    /// Takes the options, but for those of the registry.
    pub(in crate::formats) fn new(
        is_changelog: bool,
        options: &mut FormatOptions<'_>,
        columns: &Schema,
    ) -> SqlResult<Self> {
        if options.take("schema").is_some() {
            let key = options.key("schema");
            let problem =
                format!("option '{key}' is not supported: the schema is that of the table's columns");
            return Err(SqlError::unsupported(problem));
        }
        let written = if is_changelog { changes_of(columns) } else { columns.clone() };
        Ok(Self {
            is_changelog,
            written: TableSchema::derive(&written, true)?,
            columns: columns.clone(),
            schemas: None,
        })
    }

    /// Whether messages are changes, and not rows.
    pub(in crate::formats) const fn is_changelog(&self) -> bool {
        self.is_changelog
    }

    /// The schema of written messages, as JSON.
    pub(in crate::formats) fn schema(&self) -> &str {
        &self.written.json
    }

    pub(in crate::formats) fn with_registry(self, registry: Arc<dyn SchemaRegistry>) -> Self {
        Self { schemas: Some(Arc::new(RegisteredSchemas::new(registry))), ..self }
    }

    pub(in crate::formats) fn schemas(&self) -> Option<Arc<RegisteredSchemas<AvroSchema>>> {
        self.schemas.clone()
    }
}

/// The columns of a change: the row before and after it, and what happened.
fn changes_of(columns: &Schema) -> Schema {
    let row = SqlType::Row(columns.iter().cloned().collect());
    [
        NamedField::new("before", Field::nullable(row.clone())),
        NamedField::new("after", Field::nullable(row)),
        NamedField::new("op", Field::nullable(SqlType::STRING)),
    ]
    .into_iter()
    .collect()
}
