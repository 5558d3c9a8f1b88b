//! Formats `avro-confluent` and `debezium-avro-confluent`: messages whose schema a registry has.
//!
//! As Flink's [Confluent Avro](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/avro-confluent/)
//! and [Debezium](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/debezium/) formats. What is
//! read is resolved with the columns of the table; what is written has the schema of the table, registered under the subject.

mod changes;
mod decoder;
mod encoder;
mod options;

use std::sync::Arc;

use super::TableSchema;
use crate::error::SqlResult;
use crate::formats::options::FormatOptions;
use crate::formats::registry::{RegisteredSchemas, SchemaRegistry};
use crate::types::{Field, NamedField, Schema, SqlType};

pub use decoder::ConfluentDecoder;
pub use encoder::ConfluentEncoder;
pub use options::{Authorization, RegistryAddress};

/// The options of a format with a registry.
#[derive(Clone, Debug)]
pub struct ConfluentOptions {
    /// Whether messages are changes, and not rows.
    is_changelog: bool,
    address: RegistryAddress,
    subject: Option<String>,
    /// What is written: rows, or changes of them.
    written: TableSchema,
    columns: Schema,
    schemas: Option<Arc<RegisteredSchemas>>,
}

impl ConfluentOptions {
    /// Takes the options.
    pub(in crate::formats) fn new(
        is_changelog: bool,
        options: &mut FormatOptions<'_>,
        columns: &Schema,
    ) -> SqlResult<Self> {
        let (address, subject) = options::take(options)?;
        let written = if is_changelog { changes_of(columns) } else { columns.clone() };
        Ok(Self {
            is_changelog,
            address,
            subject,
            written: TableSchema::derive(&written, true)?,
            columns: columns.clone(),
            schemas: None,
        })
    }

    pub(in crate::formats) const fn name(&self) -> &'static str {
        if self.is_changelog { "debezium-avro-confluent" } else { "avro-confluent" }
    }

    /// Whether messages are changes, and not rows.
    pub const fn is_changelog(&self) -> bool {
        self.is_changelog
    }

    /// Where the registry is.
    pub const fn address(&self) -> &RegistryAddress {
        &self.address
    }

    /// Under which subject the schema of written messages is registered, if the table says it; otherwise that is the
    /// connector's to say, `<topic>-value` with Kafka.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The schema of written messages, as JSON.
    pub fn schema(&self) -> &str {
        &self.written.json
    }

    /// With this registry.
    #[must_use]
    pub fn with_registry(self, registry: Arc<dyn SchemaRegistry>) -> Self {
        Self { schemas: Some(Arc::new(RegisteredSchemas::new(registry))), ..self }
    }

    /// What is known of the registry's schemas; `None` without a [registry](Self::with_registry).
    pub const fn schemas(&self) -> Option<&Arc<RegisteredSchemas>> {
        self.schemas.as_ref()
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
