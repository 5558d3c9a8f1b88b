//! Rows to bytes, whatever the format.

use std::sync::Arc;

use super::Format;
use super::avro::AvroEncoder;
use super::changelog::ChangelogEncoder;
use super::confluent::ConfluentEncoder;
use super::csv::CsvEncoder;
use super::json::JsonEncoder;
#[cfg(feature = "protobuf")]
use super::protobuf::ProtobufEncoder;
use super::raw::RawEncoder;
use super::registry::SchemaRegistration;
use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::types::Schema;

/// Writes rows: one a message, or many into a file.
#[derive(Clone)]
pub struct RowEncoder {
    encoding: Encoding,
    /// What is written of a message, for formats of text.
    text: String,
    /// The line that a file begins with.
    header: Option<String>,
}

#[derive(Clone)]
enum Encoding {
    Json(Arc<JsonEncoder>),
    Csv(Arc<CsvEncoder>),
    Raw(Arc<RawEncoder>),
    Changelog(Arc<ChangelogEncoder>),
    Avro(Box<AvroEncoder>),
    Confluent(Box<ConfluentEncoder>),
    #[cfg(feature = "protobuf")]
    Protobuf(ProtobufEncoder),
}

impl RowEncoder {
    pub(super) fn new(format: &Format, schema: &Schema) -> SqlResult<Self> {
        let mut header = None;
        let encoding = match format {
            Format::Json(options) => Encoding::Json(Arc::new(JsonEncoder::new(options, schema))),
            Format::Csv(options) => {
                let encoder = CsvEncoder::new(options, schema);
                if options.has_header() {
                    encoder.header(schema.names(), header.get_or_insert_default());
                }
                Encoding::Csv(Arc::new(encoder))
            }
            Format::Raw(options) => Encoding::Raw(Arc::new(RawEncoder::new(options, schema))),
            Format::Changelog(options) => {
                options.check_encoding()?;
                Encoding::Changelog(Arc::new(ChangelogEncoder::new(options, schema)))
            }
            Format::Avro(options) => Encoding::Avro(Box::new(AvroEncoder::new(options))),
            Format::Confluent(options) => {
                Encoding::Confluent(Box::new(ConfluentEncoder::new(options, schema)?))
            }
            #[cfg(feature = "protobuf")]
            Format::Protobuf(options) => Encoding::Protobuf(ProtobufEncoder::new(options, schema)?),
        };
        Ok(Self { encoding, text: String::new(), header })
    }

    /// What will have the number of the messages' schema in its registry, for formats that have one: without it they cannot be
    /// written.
    pub fn set_registration(&mut self, registration: SchemaRegistration) {
        if let Encoding::Confluent(encoder) = &mut self.encoding {
            encoder.set_registration(registration);
        }
    }

    /// Appends the message of a row, which its kind is a part of if the format has [changelogs](Format::changelog_mode).
    ///
    /// # Errors
    /// If a value cannot be written in the format.
    pub fn encode(&mut self, chunk: &Chunk, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let text = &mut self.text;
        text.clear();
        match &self.encoding {
            Encoding::Json(encoder) => encoder.encode(chunk, row, text)?,
            Encoding::Csv(encoder) => encoder.encode(chunk, row, text)?,
            Encoding::Raw(encoder) => return encoder.encode(chunk, row, out),
            Encoding::Changelog(encoder) => encoder.encode(chunk, row, text)?,
            Encoding::Avro(encoder) => return encoder.encode(chunk, row, out),
            Encoding::Confluent(encoder) => return encoder.encode(chunk, row, text, out),
            #[cfg(feature = "protobuf")]
            Encoding::Protobuf(encoder) => return encoder.encode(chunk, row, out),
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Appends rows to a file, with its header if they are its first: lines, or what else the format makes files of.
    ///
    /// # Errors
    /// If a value cannot be written in the format.
    pub fn encode_file(&mut self, chunk: &Chunk, starts_file: bool, out: &mut Vec<u8>) -> Result<(), String> {
        if let Encoding::Avro(encoder) = &mut self.encoding {
            return encoder.encode_file(chunk, starts_file, out);
        }
        if let Some(header) = self.header.as_ref().filter(|_| starts_file) {
            out.extend_from_slice(header.as_bytes());
        }
        for row in 0..chunk.rows() {
            self.encode(chunk, row, out)?;
            out.push(b'\n');
        }
        Ok(())
    }
}
