//! Rows to messages, whatever they have as values.

use std::sync::Arc;

use super::{ConfluentOptions, Messages};
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::formats::avro::RegisteredAvro;
use crate::formats::json::JsonEncoder;
#[cfg(feature = "protobuf")]
use crate::formats::protobuf::RegisteredProtobufEncoder;
use crate::formats::registry::{SchemaRegistration, write_id};
use crate::types::Schema;

/// Writes a format with a registry, once the schema has its number.
#[derive(Clone)]
pub struct ConfluentEncoder {
    registration: SchemaRegistration,
    encoding: Encoding,
}

#[derive(Clone)]
enum Encoding {
    Avro(RegisteredAvro),
    Json(Arc<JsonEncoder>),
    #[cfg(feature = "protobuf")]
    Protobuf(RegisteredProtobufEncoder),
}

impl ConfluentEncoder {
    /// Writes rows of the table.
    ///
    /// # Errors
    /// If the columns have a type that there is no schema for.
    pub(in crate::formats) fn new(options: &ConfluentOptions, columns: &Schema) -> SqlResult<Self> {
        let encoding = match &options.messages {
            Messages::Avro(avro) => Encoding::Avro(avro.clone()),
            Messages::Json(json) => Encoding::Json(Arc::new(JsonEncoder::new(json.options(), columns))),
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(protobuf) => Encoding::Protobuf(protobuf.encoder()?),
        };
        Ok(Self { registration: SchemaRegistration::default(), encoding })
    }

    /// What will have the number of the schema.
    pub(in crate::formats) fn set_registration(&mut self, registration: SchemaRegistration) {
        self.registration = registration;
    }

    /// Appends the message of a row; `text` is where text is made.
    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        text: &mut String,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let id = self.registration.id().ok_or("the schema has not been registered")?;
        write_id(id, out);
        match &self.encoding {
            Encoding::Avro(avro) => avro.encode(chunk, row, out),
            Encoding::Json(encoder) => {
                encoder.encode(chunk, row, text)?;
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            #[cfg(feature = "protobuf")]
            Encoding::Protobuf(encoder) => encoder.encode(chunk, row, out),
        }
    }
}
