//! Format `protobuf`: rows as messages of Protocol Buffers.
//!
//! As Flink's [Protobuf format](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/protobuf/),
//! except that the message is found in a file of descriptors, and not on a class path.

mod confluent;
mod declaration;
mod decoder;
mod plan;
mod schema;
mod value;
mod wire;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use prost_reflect::MessageDescriptor;

use super::options::FormatOptions;
use crate::chunk::{Chunk, ColumnBuilder, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;
pub(super) use confluent::{RegisteredProtobuf, RegisteredProtobufDecoder, RegisteredProtobufEncoder};
use decoder::MessageReader;
use plan::Rules;
use writer::MessageWriter;

/// The options of format `protobuf`.
#[derive(Clone, Debug)]
pub struct ProtobufOptions {
    message: Message,
    rules: Rules,
    pub(super) ignore_parse_errors: bool,
    null_literal: Arc<str>,
}

/// What a message looks like.
#[derive(Clone)]
struct Message(MessageDescriptor);

impl fmt::Debug for Message {
    /// The name alone: a message may have itself as a part, and its descriptor would print that part, and so on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Message").field(&self.0.full_name()).finish()
    }
}

impl ProtobufOptions {
    /// Takes the options of format `protobuf`.
    pub(super) fn new(options: &mut FormatOptions<'_>, columns: &Schema) -> SqlResult<Self> {
        let (file, name) = (options.take("schema-file"), options.take("message-class-name"));
        let (Some(file), Some(name)) = (&file, &name) else {
            let missing = [("message-class-name", name.is_none()), ("schema-file", file.is_none())];
            let missing: Vec<_> =
                missing.iter().filter(|(_, missing)| *missing).map(|(key, _)| options.key(key)).collect();
            return Err(SqlError::validation(format!(
                "One or more required options are missing. Missing required options are: {}",
                missing.join(", ")
            ))
            .with_hint(
                "there is no class path: 'protobuf.schema-file' is a .proto file, or what `protoc --include_imports \
                 --descriptor_set_out` writes, and 'protobuf.message-class-name' is the full name of a message in it",
            ));
        };
        let invalid = |key: &str, value: &str, problem: String| {
            SqlError::validation(format!("Invalid value '{value}' for option '{key}': {problem}"))
        };
        let pool = schema::read(Path::new(file))
            .map_err(|problem| invalid(&options.key("schema-file"), file, problem))?;
        let message = schema::message(&pool, name)
            .map_err(|problem| invalid(&options.key("message-class-name"), name, problem))?;
        let rules =
            Rules { read_default_values: options.flag("read-default-values")?, allow_missing_fields: false };
        plan::resolve(&message, columns, rules).map_err(|error| SqlError::validation(error.to_string()))?;
        Ok(Self {
            message: Message(message),
            rules,
            ignore_parse_errors: options.flag("ignore-parse-errors")?,
            null_literal: options.take("write-null-string-literal").unwrap_or_default().into(),
        })
    }
}

/// Reads format `protobuf`.
pub struct ProtobufDecoder(Result<MessageReader, String>);

impl ProtobufDecoder {
    /// Reads these columns.
    pub(super) fn new(options: &ProtobufOptions, columns: &Schema) -> Self {
        let plan = plan::resolve(&options.message.0, columns, options.rules);
        Self(plan.map(MessageReader::new).map_err(|error| error.to_string()))
    }

    /// Appends the values of a message.
    pub(super) fn decode(&mut self, message: &[u8], columns: &mut [ColumnBuilder]) -> Result<(), ValueError> {
        match &mut self.0 {
            Ok(reader) => reader.read(message, columns),
            Err(problem) => Err(ValueError::new(problem.clone())),
        }
    }
}

/// Writes format `protobuf`.
#[derive(Clone, Debug)]
pub struct ProtobufEncoder(Arc<MessageWriter>);

impl ProtobufEncoder {
    /// Writes rows of the table.
    ///
    /// # Errors
    /// If messages must have a field that the table does not have.
    pub(super) fn new(options: &ProtobufOptions, columns: &Schema) -> SqlResult<Self> {
        let plan = plan::resolve(&options.message.0, columns, options.rules);
        let plan = plan.map_err(|error| SqlError::validation(error.to_string()))?;
        plan.check_writable().map_err(SqlError::validation)?;
        Ok(Self(Arc::new(MessageWriter::new(plan, options.null_literal.clone()))))
    }

    /// Appends the message of a row.
    pub(super) fn encode(&self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        self.0.write(chunk.columns(), row, out)
    }
}
