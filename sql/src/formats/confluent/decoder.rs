//! Messages to rows, whatever they have as values.

use super::{ConfluentOptions, Messages};
use crate::chunk::{ChunkBuilder, RowKind, ValueError};
use crate::formats::avro::RegisteredAvroDecoder;
use crate::formats::json::RegisteredJsonDecoder;
#[cfg(feature = "protobuf")]
use crate::formats::protobuf::RegisteredProtobufDecoder;
use crate::formats::registry::split;
use crate::types::Schema;

/// Reads a format with a registry.
pub struct ConfluentDecoder(Decoding);

enum Decoding {
    Avro(RegisteredAvroDecoder),
    Json(RegisteredJsonDecoder),
    #[cfg(feature = "protobuf")]
    Protobuf(RegisteredProtobufDecoder),
}

impl ConfluentDecoder {
    /// Reads these columns.
    pub(in crate::formats) fn new(options: &ConfluentOptions, columns: &Schema) -> Self {
        Self(match &options.messages {
            Messages::Avro(avro) => Decoding::Avro(RegisteredAvroDecoder::new(avro, columns)),
            Messages::Json(json) => Decoding::Json(RegisteredJsonDecoder::new(json, columns)),
            #[cfg(feature = "protobuf")]
            Messages::Protobuf(protobuf) => {
                Decoding::Protobuf(RegisteredProtobufDecoder::new(protobuf, columns))
            }
        })
    }

    /// Appends the rows of a message: none, if it is empty, as a tombstone is.
    pub(in crate::formats) fn decode(
        &mut self,
        message: &[u8],
        rows: &mut ChunkBuilder,
    ) -> Result<(), ValueError> {
        if message.is_empty() {
            return Ok(());
        }
        let (id, value) = split(message).map_err(ValueError::new)?;
        match &mut self.0 {
            Decoding::Avro(decoder) => decoder.decode(id, value, rows),
            Decoding::Json(decoder) => {
                rows.append(RowKind::Insert, |columns| decoder.decode(id, value, columns))
            }
            #[cfg(feature = "protobuf")]
            Decoding::Protobuf(decoder) => {
                rows.append(RowKind::Insert, |columns| decoder.decode(id, value, columns))
            }
        }
    }
}
