//! Formats with a schema registry: `avro-confluent`, `debezium-avro-confluent`, `json-confluent` and `protobuf-confluent`.
//!
//! As Flink's [Confluent Avro](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/avro-confluent/)
//! and [Debezium](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/debezium/) formats; those of
//! JSON and Protobuf are not in Flink, and have the same options. What is read has the schema of its number; what is written
//! has the schema of the table, registered under the subject.

mod decoder;
mod encoder;

use std::sync::Arc;

use super::avro::RegisteredAvro;
use super::json::RegisteredJson;
use super::options::FormatOptions;
#[cfg(feature = "protobuf")]
use super::protobuf::RegisteredProtobuf;
use super::registry::{
    MessageSchemas, RegistryAddress, SchemaRegistry, SchemaText, SchemaType, take_address,
};
use crate::error::SqlResult;
use crate::types::Schema;

pub use decoder::ConfluentDecoder;
pub use encoder::ConfluentEncoder;

/// The options of a format with a registry.
#[derive(Clone, Debug)]
pub struct ConfluentOptions {
    address: RegistryAddress,
    subject: Option<String>,
    messages: Messages,
}

/// What messages have as values.
#[derive(Clone, Debug)]
enum Messages {
    Avro(RegisteredAvro),
    Json(RegisteredJson),
    #[cfg(feature = "protobuf")]
    Protobuf(RegisteredProtobuf),
}

impl ConfluentOptions {
    /// Takes the options of the format of this name; `None` if it is another's.
    pub(super) fn new(
        name: &str,
        options: &mut FormatOptions<'_>,
        columns: &Schema,
    ) -> Option<SqlResult<Self>> {
        let messages: fn(&mut FormatOptions<'_>, &Schema) -> SqlResult<Messages> = match name {
            "avro-confluent" => {
                |options, columns| RegisteredAvro::new(false, options, columns).map(Messages::Avro)
            }
            "debezium-avro-confluent" => {
                |options, columns| RegisteredAvro::new(true, options, columns).map(Messages::Avro)
            }
            "json-confluent" => |options, columns| RegisteredJson::new(options, columns).map(Messages::Json),
            #[cfg(feature = "protobuf")]
            "protobuf-confluent" => {
                |options, columns| RegisteredProtobuf::new(options, columns).map(Messages::Protobuf)
            }
            #[cfg(not(feature = "protobuf"))]
            "protobuf-confluent" => |_, _| {
                Err(crate::error::SqlError::unsupported(
                    "the format 'protobuf-confluent' is not built in: the cargo feature 'protobuf' is off",
                ))
            },
            _ => return None,
        };
        Some(take_address(options).and_then(|(address, subject)| {
            Ok(Self { address, subject, messages: messages(options, columns)? })
        }))
    }

    pub(super) const fn name(&self) -> &'static str {
        match &self.messages {
            Messages::Avro(avro) if avro.is_changelog() => "debezium-avro-confluent",
            Messages::Avro(_) => "avro-confluent",
            Messages::Json(_) => "json-confluent",
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(_) => "protobuf-confluent",
        }
    }

    /// Whether messages are changes, and not rows.
    pub const fn is_changelog(&self) -> bool {
        matches!(&self.messages, Messages::Avro(avro) if avro.is_changelog())
    }

    /// Whether messages that cannot be read are passed over.
    pub const fn ignores_parse_errors(&self) -> bool {
        match &self.messages {
            Messages::Avro(_) => false,
            Messages::Json(json) => json.options().ignore_parse_errors,
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(protobuf) => protobuf.ignores_parse_errors(),
        }
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

    /// The schema of written messages.
    ///
    /// # Errors
    /// If the columns have a type that there is no schema for.
    pub fn schema(&self) -> SqlResult<SchemaText> {
        let (schema_type, text) = match &self.messages {
            Messages::Avro(avro) => (SchemaType::Avro, avro.schema().to_owned()),
            Messages::Json(json) => (SchemaType::Json, json.schema().to_owned()),
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(protobuf) => (SchemaType::Protobuf, protobuf.schema()?.to_owned()),
        };
        Ok(SchemaText { schema_type, text, references: Vec::new() })
    }

    /// With this registry.
    #[must_use]
    pub fn with_registry(self, registry: Arc<dyn SchemaRegistry>) -> Self {
        let messages = match self.messages {
            Messages::Avro(avro) => Messages::Avro(avro.with_registry(registry)),
            Messages::Json(json) => Messages::Json(json.with_registry(registry)),
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(protobuf) => Messages::Protobuf(protobuf.with_registry(registry)),
        };
        Self { messages, ..self }
    }

    /// With the registry at the [address](Self::address), which is asked over HTTP.
    ///
    /// # Errors
    /// If this was built without the feature `schema-registry`, or the authorization cannot be sent.
    pub fn connected(self) -> SqlResult<Self> {
        #[cfg(feature = "schema-registry")]
        {
            let registry = super::registry::HttpRegistry::new(&self.address)?;
            Ok(self.with_registry(Arc::new(registry)))
        }
        #[cfg(not(feature = "schema-registry"))]
        Err(crate::error::SqlError::unsupported(format!(
            "format '{}' asks a schema registry, which this build cannot",
            self.name()
        ))
        .with_hint("build with the feature `schema-registry`"))
    }

    /// What is known of the registry's schemas; `None` without a [registry](Self::with_registry).
    pub fn schemas(&self) -> Option<Arc<dyn MessageSchemas>> {
        match &self.messages {
            Messages::Avro(avro) => avro.schemas().map(|schemas| schemas as Arc<dyn MessageSchemas>),
            Messages::Json(json) => json.schemas().map(|schemas| schemas as Arc<dyn MessageSchemas>),
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(protobuf) => {
                protobuf.schemas().map(|schemas| schemas as Arc<dyn MessageSchemas>)
            }
        }
    }
}
