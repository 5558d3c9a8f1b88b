//! Messages of `protobuf-confluent`: behind the number of a file of Protobuf, and which of its messages the value is.

mod derive;
mod indexes;
mod schema;

use std::collections::HashMap;
use std::sync::Arc;

use super::Message;
use super::decoder::MessageReader;
use super::plan::{self, Rules};
use super::schema as files;
use super::writer::MessageWriter;
use crate::chunk::{Chunk, ColumnBuilder, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::formats::options::FormatOptions;
use crate::formats::registry::{ParsedSchema as _, RegisteredSchemas, SchemaId, SchemaRegistry};
use crate::types::Schema;
use schema::ProtobufSchema;

/// The options of `protobuf-confluent`, and what is known of its schemas.
#[derive(Clone, Debug)]
pub(in crate::formats) struct RegisteredProtobuf {
    rules: Rules,
    ignore_parse_errors: bool,
    null_literal: Arc<str>,
    columns: Schema,
    /// What is written, or why nothing can be: tables that are only read have types that no schema is made for.
    written: SqlResult<Written>,
    schemas: Option<Arc<RegisteredSchemas<ProtobufSchema>>>,
}

/// A file of Protobuf, and the message in it that is written.
#[derive(Clone, Debug)]
struct Written {
    text: Arc<str>,
    message: Message,
}

impl RegisteredProtobuf {
    /// Takes the options, but for those of the registry.
    pub(in crate::formats) fn new(options: &mut FormatOptions<'_>, columns: &Schema) -> SqlResult<Self> {
        let (given, name) = (options.take("schema"), options.take("message-class-name"));
        let written = match given {
            Some(text) => Ok(Written::given(&text, name.as_deref(), options)?),
            None => Written::derived(columns, name.as_deref(), options),
        };
        Ok(Self {
            rules: Rules {
                read_default_values: options.flag("read-default-values")?,
                allow_missing_fields: true,
            },
            ignore_parse_errors: options.flag("ignore-parse-errors")?,
            null_literal: options.take("write-null-string-literal").unwrap_or_default().into(),
            columns: columns.clone(),
            written,
            schemas: None,
        })
    }

    pub(in crate::formats) const fn ignores_parse_errors(&self) -> bool {
        self.ignore_parse_errors
    }

    /// The schema of written messages.
    ///
    /// # Errors
    /// If the columns have a type that there is no schema for.
    pub(in crate::formats) fn schema(&self) -> SqlResult<&str> {
        self.written.as_ref().map(|written| &*written.text).map_err(SqlError::clone)
    }

    pub(in crate::formats) fn with_registry(self, registry: Arc<dyn SchemaRegistry>) -> Self {
        Self { schemas: Some(Arc::new(RegisteredSchemas::new(registry))), ..self }
    }

    pub(in crate::formats) fn schemas(&self) -> Option<Arc<RegisteredSchemas<ProtobufSchema>>> {
        self.schemas.clone()
    }

    /// Writes rows of the table.
    ///
    /// # Errors
    /// If the columns have a type that there is no schema for, or do not fit to the one that is given.
    pub(in crate::formats) fn encoder(&self) -> SqlResult<RegisteredProtobufEncoder> {
        let written = self.written.as_ref().map_err(SqlError::clone)?;
        // What is written must have a place.
        let rules = Rules { allow_missing_fields: false, ..self.rules };
        let plan = plan::resolve(&written.message.0, &self.columns, rules)
            .map_err(|error| SqlError::validation(error.to_string()))?;
        plan.check_writable().map_err(SqlError::validation)?;
        let mut prefix = Vec::new();
        indexes::write(&indexes::of(&written.message.0), &mut prefix);
        Ok(RegisteredProtobufEncoder {
            prefix: prefix.into(),
            writer: Arc::new(MessageWriter::new(plan, self.null_literal.clone())),
        })
    }
}

impl Written {
    /// A message of a file that the table gives: the one of this name, or the first.
    fn given(text: &str, name: Option<&str>, options: &FormatOptions<'_>) -> SqlResult<Self> {
        let invalid = |key: &str, problem: String| {
            SqlError::validation(format!("Invalid value for option '{}': {problem}", options.key(key)))
        };
        let schema =
            ProtobufSchema::parse(text, &HashMap::new()).map_err(|problem| invalid("schema", problem))?;
        let message = match name {
            Some(name) => files::message(schema.pool(), name)
                .map_err(|problem| invalid("message-class-name", problem))?,
            None => schema.message(&[0]).map_err(|problem| invalid("schema", problem))?,
        };
        Ok(Self { text: text.into(), message: Message(message) })
    }

    /// The message that is made of the columns.
    fn derived(columns: &Schema, name: Option<&str>, options: &FormatOptions<'_>) -> SqlResult<Self> {
        let text = derive::derive(columns, name.unwrap_or(derive::ROOT)).map_err(|error| {
            SqlError::unsupported(format!("no schema of Protobuf can be made for the table: {error}"))
                .with_hint(format!("'{}' gives one", options.key("schema")))
        })?;
        Self::given(&text, None, options)
    }
}

/// Reads `protobuf-confluent`.
pub(in crate::formats) struct RegisteredProtobufDecoder {
    columns: Schema,
    rules: Rules,
    schemas: Option<Arc<RegisteredSchemas<ProtobufSchema>>>,
    /// By the number of their schema, and which of its messages it is.
    readers: HashMap<SchemaId, HashMap<Vec<usize>, MessageReader>>,
    indexes: Vec<usize>,
}

impl RegisteredProtobufDecoder {
    /// Reads these columns.
    pub(in crate::formats) fn new(protobuf: &RegisteredProtobuf, columns: &Schema) -> Self {
        Self {
            columns: columns.clone(),
            rules: protobuf.rules,
            schemas: protobuf.schemas.clone(),
            readers: HashMap::new(),
            indexes: Vec::new(),
        }
    }

    /// Appends the values of a message.
    pub(in crate::formats) fn decode(
        &mut self,
        id: SchemaId,
        value: &[u8],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        let value = indexes::read(value, &mut self.indexes).map_err(ValueError::new)?;
        let known = self.readers.entry(id).or_default();
        if let Some(reader) = known.get_mut(self.indexes.as_slice()) {
            return reader.read(value, columns);
        }
        let schemas = self.schemas.as_ref().ok_or_else(|| ValueError::new("there is no schema registry"))?;
        let schema = schemas.get(id).map_err(ValueError::new)?;
        let plan = schema.message(&self.indexes).and_then(|message| {
            plan::resolve(&message, &self.columns, self.rules).map_err(|error| error.to_string())
        });
        let plan =
            plan.map_err(|problem| ValueError::new(format!("schema {id} of the registry: {problem}")))?;
        known.entry(self.indexes.clone()).or_insert(MessageReader::new(plan)).read(value, columns)
    }
}

/// Writes `protobuf-confluent`, behind the number of the schema.
#[derive(Clone, Debug)]
pub(in crate::formats) struct RegisteredProtobufEncoder {
    /// Which message of the schema it is.
    prefix: Arc<[u8]>,
    writer: Arc<MessageWriter>,
}

impl RegisteredProtobufEncoder {
    /// Appends the message of a row.
    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        out.extend_from_slice(&self.prefix);
        self.writer.write(chunk.columns(), row, out)
    }
}
